// What a handler returns goes on. An event that there is no handler for ends with UNSUPPORTED_EVENT_TYPE, so remove those
// whose events you do not want.

/** @param {TrackEvent} event @param {Settings} settings */
function onTrack(event, settings) {
  if (!event.userId && !event.anonymousId) throw new InvalidEventPayload('userId or anonymousId is required');
  event.properties = { ...event.properties, plan: settings.plan };
  return event;
}

/** @param {IdentifyEvent} event @param {Settings} settings */
function onIdentify(event, settings) {
  event.traits = { plan: settings.plan, ...event.traits };
  return event;
}

/** @param {PageEvent} event */
function onPage(event) {
  return event;
}

/** @param {ScreenEvent} event */
function onScreen(event) {
  return event;
}

/** @param {GroupEvent} event */
function onGroup(event) {
  return event;
}

/** @param {AliasEvent} event */
function onAlias(event) {
  return event;
}

/** @param {DeleteEvent} event */
function onDelete(event) {
  return event;
}
