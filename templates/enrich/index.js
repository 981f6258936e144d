// Adds to an event what an API knows of its user. A user is asked for once in five minutes, however many events come.

/** @param {string} userId @param {Settings} settings */
async function plan(userId, settings) {
  const url = `https://api.example.com/users/${encodeURIComponent(userId)}`;
  const headers = { Authorization: `Bearer ${settings.apiKey}` };
  const response = await fetch(url, { headers, timeout: 2000 });
  // The router sends the event again, after as long as the API asks for.
  if (response.status === 429 || response.status >= 500) {
    const seconds = Number(response.headers.get('retry-after'));
    throw new RetryError(`HTTP ${response.status}`, { retryAfter: seconds * 1000 || 1000 });
  }
  if (response.status === 404) return null;
  if (!response.ok) throw new Error(`HTTP ${response.status}`);
  return (await response.json()).plan;
}

/** @param {TrackEvent} event @param {Settings} settings */
async function onTrack(event, settings) {
  const { userId } = event;
  if (!userId) return event;
  const found = await cache.load(`plan:${userId}`, 5 * 60 * 1000, () => plan(userId, settings));
  if (found) event.properties = { ...event.properties, plan: found };
  return event;
}
