// Sends a whole batch in one request. The API answers with a status for each item, and so does the function: 2xx sends the
// event on, 429 and 5xx have it retried, any other is an error of this event alone.

/** @param {SegmentEvent[]} events @param {Settings} settings */
async function onBatch(events, settings) {
  const response = await fetch('https://api.example.com/batch', {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', Authorization: `Bearer ${settings.apiKey}` },
    body: JSON.stringify({ items: events.map(event => ({ id: event.messageId, user: event.userId })) }),
    timeout: 3000,
  });
  // Of the whole batch there is one thing to say.
  if (response.status === 429 || response.status >= 500) throw new RetryError(`HTTP ${response.status}`);
  if (!response.ok) throw new Error(`HTTP ${response.status}`);
  const { statuses } = await response.json();
  if (statuses?.length !== events.length) throw new Error(`${statuses?.length} answers to ${events.length} items`);
  return events.map((_, index) => ({ status: statuses[index] }));
}

// An event that comes alone is a batch of one.
/** @param {TrackEvent} event @param {Settings} settings */
async function onTrack(event, settings) {
  const [{ status }] = await onBatch([event], settings);
  if (status === 429 || status >= 500) throw new RetryError(`status ${status}`);
  if (status >= 400) throw new Error(`status ${status}`);
  return event;
}
