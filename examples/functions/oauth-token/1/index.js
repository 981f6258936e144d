const HOUR_MS = 60 * 60 * 1000;

// Globals live as long as the isolate, so one token serves many events. The promise is kept, not the token: of
// events that come while it is fetched, only the first fetches.
let token = null;

async function requestToken({ tokenUrl, clientId, clientSecret }) {
  const response = await fetch(tokenUrl, {
    method: 'POST',
    body: new URLSearchParams({ grant_type: 'client_credentials', client_id: clientId, client_secret: clientSecret }),
  });
  if (response.status === 429 || response.status >= 500) throw new RetryError(`Token endpoint: HTTP ${response.status}`);
  if (!response.ok) throw new ValidationError(`The client was refused a token: HTTP ${response.status}`);
  return (await response.json()).access_token;
}

function accessToken(settings) {
  const now = Date.now();
  if (token === null || now >= token.expires) {
    const fetched = { value: requestToken(settings), expires: now + (settings.tokenLifetimeMs ?? HOUR_MS) };
    // A failure is nothing to keep for an hour.
    fetched.value.catch(() => { if (token === fetched) token = null; });
    token = fetched;
  }
  return token.value;
}

async function post(event, settings) {
  return fetch(`${settings.apiUrl}/events`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', Authorization: `Bearer ${await accessToken(settings)}` },
    body: JSON.stringify({ name: event.event ?? event.type, user: event.userId, at: event.timestamp }),
  });
}

async function send(event, settings) {
  let response;
  try {
    response = await post(event, settings);
    if (response.status === 401) {
      // Withdrawn before its hour was over: one try with a new one.
      token = null;
      response = await post(event, settings);
    }
  } catch (error) {
    if (error.name === 'FetchError') throw new RetryError(error.message);
    throw error;
  }
  if (response.status === 429 || response.status >= 500) throw new RetryError(`HTTP ${response.status}`);
  if (!response.ok) throw new Error(`HTTP ${response.status}: ${(await response.text()).slice(0, 200)}`);
  return event;
}

const onTrack = send;
const onIdentify = send;
