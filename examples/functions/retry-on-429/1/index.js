const DEFAULT_DELAY_MS = 30 * 1000;
const LONGEST_DELAY_MS = 15 * 60 * 1000;

// Retry-After is a number of seconds or a date.
function retryDelay(response) {
  const told = response.headers.get('retry-after');
  if (told === null) return DEFAULT_DELAY_MS;
  const delay = /^\d+$/.test(told) ? Number(told) * 1000 : Date.parse(told) - Date.now();
  return Number.isNaN(delay) ? DEFAULT_DELAY_MS : Math.min(Math.max(delay, 0), LONGEST_DELAY_MS);
}

async function send(event, settings) {
  let response;
  try {
    response = await fetch(`${settings.apiUrl}/events`, {
      method: 'POST',
      // A retry must not count twice, so the receiver gets something to know it by.
      headers: { 'Content-Type': 'application/json', 'Idempotency-Key': event.messageId },
      body: JSON.stringify({ name: event.event, user: event.userId, properties: event.properties }),
    });
  } catch (error) {
    // The connection failed: the router sends the event again.
    throw new RetryError(error.message);
  }

  const { status } = response;
  if (status === 429 || status >= 500) throw new RetryError(`HTTP ${status}`, { retryAfter: retryDelay(response) });
  if (status === 400 || status === 422) throw new InvalidEventPayload(`HTTP ${status}: ${await response.text()}`);
  // Whatever else was refused stays refused: no use in sending it again.
  if (!response.ok) throw new Error(`HTTP ${status}`);
  return event;
}

const onTrack = send;
