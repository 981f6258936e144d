// Lets events through, or not. Throwing DropEvent filters an event with a reason to read; returning nothing, without.

interface Settings {
  dropEvents: string[];
  testAddresses: string[];
}

export function onTrack(event: TrackEvent, settings: Settings) {
  if (settings.dropEvents.includes(event.event)) throw new DropEvent(`${event.event} is not wanted`);
  if (event.context?.ip && settings.testAddresses.includes(event.context.ip)) return;
  return event;
}

export const onDelete = (event: DeleteEvent) => event;
