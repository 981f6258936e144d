const PATIENCE_MS = 2000;

function required(settings, name) {
  const value = settings?.[name];
  if (typeof value !== 'string' || value === '') throw new ValidationError(`Setting "${name}" is required`);
  return value;
}

// What the account service knows of a user; null when it knows nobody by this id.
async function accountOf(userId, settings) {
  const url = `${required(settings, 'apiUrl')}/users/${encodeURIComponent(userId)}`;
  const headers = { Accept: 'application/json', Authorization: `Bearer ${required(settings, 'apiKey')}` };

  let response;
  try {
    response = await fetch(url, { headers, timeout: PATIENCE_MS });
  } catch (error) {
    // No connection, or no answer in time: the event is fine and may be sent again.
    throw new RetryError(`Account service: ${error.message}`);
  }
  if (response.status === 404) return null;
  if (response.status === 401 || response.status === 403) {
    throw new ValidationError(`Setting "apiKey" was refused with ${response.status}`);
  }
  if (response.status === 429 || response.status >= 500) {
    const seconds = Number(response.headers.get('retry-after'));
    const options = seconds > 0 ? { retryAfter: seconds * 1000 } : undefined;
    throw new RetryError(`Account service: HTTP ${response.status}`, options);
  }
  if (!response.ok) throw new Error(`Account service: HTTP ${response.status}`);
  return response.json();
}

const enrich = section => async (event, settings) => {
  // An anonymous visitor has no account yet.
  if (!event.userId) return event;

  const account = await accountOf(event.userId, settings);
  if (account === null) {
    console.warn('no account');
    return event;
  }
  // Only what is asked for, never all that an API happens to tell.
  const { company, plan } = account;
  event[section] = { company, plan, ...event[section] };
  return event;
};

const onIdentify = enrich('traits');
const onTrack = enrich('properties');
const onPage = enrich('properties');
const onScreen = enrich('properties');
const onGroup = event => event;
const onAlias = event => event;
const onDelete = event => event;
