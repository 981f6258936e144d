// @ts-check
// The same in JavaScript: types come from comments.

/** @typedef {{ apiKey: string, retries?: number }} Settings */

/** @type {TrackHandler<Settings>} */
async function onTrack(event, settings) {
  const { createHash } = require('crypto');
  event.properties.user = createHash('sha256').update(settings.apiKey).digest('hex');
  // @ts-expect-error: no such setting
  settings.apikey;
  // @ts-expect-error: no such member
  require('crypto').createHush;
  return event;
}

/** @type {IdentifyHandler<Settings>} */
const onIdentify = event => {
  event.traits.email = event.traits.email?.toLowerCase();
  return event;
};

/**
 * @param {SegmentEvent[]} events
 * @param {Settings} settings
 */
function onBatch(events, settings) {
  const retries = settings.retries ?? 0;
  return events.map(event => (event.userId ? event : { status: 400, errormessage: `no user after ${retries}` }));
}

/** @type {BatchHandler<Settings>} */
const checked = onBatch;
// @ts-expect-error: a list is no event
/** @type {PageHandler<Settings>} */ const onPage = event => [event];
