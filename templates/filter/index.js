// Lets events through, or not. Throwing DropEvent filters an event with a reason to read; returning nothing, without.

/** @param {TrackEvent} event @param {Settings} settings */
function onTrack(event, settings) {
  if (settings.dropEvents.includes(event.event)) throw new DropEvent(`${event.event} is not wanted`);
  if (event.context?.ip && settings.testAddresses.includes(event.context.ip)) return;
  return event;
}

/** @param {DeleteEvent} event */
function onDelete(event) {
  return event;
}
