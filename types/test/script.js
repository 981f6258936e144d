// @ts-check
// The same in JavaScript: types come from comments.

/** @typedef {{ apiKey: string, retries?: number }} Settings */

/** @satisfies {TrackHandler<Settings>} */
const onTrack = async (event, settings) => {
  const { createHash } = require('crypto');
  event.properties.user = createHash('sha256').update(settings.apiKey).digest('hex');
  // @ts-expect-error: no such setting
  settings.apikey;
  // @ts-expect-error: no such member
  require('crypto').createHush;
  return event;
};

/** @type {IdentifyHandler<Settings>} */
function onIdentify(event) {
  event.traits.email = event.traits.email?.toLowerCase();
  return event;
}

/**
 * @param {GroupEvent<{ plan?: string }>} event
 * @param {Settings} settings
 */
async function onGroup(event, settings) {
  event.traits.plan ??= settings.apiKey;
  // @ts-expect-error: no such trait
  event.traits.plna;
  return event;
}

/**
 * @param {SegmentEvent[]} events
 * @param {Settings} settings
 */
function onBatch(events, settings) {
  const retries = settings.retries ?? 0;
  return events.map(event => (event.userId ? event : { status: 400, errormessage: `no user after ${retries}` }));
}

/** @type {Handlers<Settings>} */
const checked = { onTrack, onIdentify, onGroup, onBatch };
// @ts-expect-error: a list is no event
/** @type {PageHandler<Settings>} */ const onPage = event => [event];
