// One request for a whole batch; the API answers with a status for each item.
async function onBatch(events, settings) {
  let response;
  try {
    response = await fetch(`${settings.apiUrl}/batch`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ items: events.map(({ messageId, userId, event }) => ({ id: messageId, user: userId, name: event })) }),
    });
  } catch (error) {
    throw new RetryError(error.message);
  }
  // Of the whole batch there is one thing to say.
  if (response.status === 429 || response.status >= 500) throw new RetryError(`HTTP ${response.status}`);
  if (!response.ok) throw new Error(`HTTP ${response.status}`);

  const { items } = await response.json();
  if (items?.length !== events.length) throw new Error(`${items?.length} answers to ${events.length} items`);
  // 2xx sends the event on, 429 and 5xx have it retried, any other is an error of this event alone.
  return items.map(({ status, error }) => ({ status, errormessage: error }));
}

// A lone event is a batch of one.
async function onTrack(event, settings) {
  const [{ status, errormessage }] = await onBatch([event], settings);
  if (status === 429 || status >= 500) throw new RetryError(errormessage);
  if (status >= 400) throw new Error(errormessage);
  return event;
}
