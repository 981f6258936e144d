// What a handler returns goes on. An event that there is no handler for ends with UNSUPPORTED_EVENT_TYPE, so remove those
// whose events you do not want.

interface Settings {
  plan: string;
}

export function onTrack(event: TrackEvent, settings: Settings) {
  if (!event.userId && !event.anonymousId) throw new InvalidEventPayload('userId or anonymousId is required');
  event.properties = { ...event.properties, plan: settings.plan };
  return event;
}

export function onIdentify(event: IdentifyEvent, settings: Settings) {
  event.traits = { plan: settings.plan, ...event.traits };
  return event;
}

export const onPage = (event: PageEvent) => event;
export const onScreen = (event: ScreenEvent) => event;
export const onGroup = (event: GroupEvent) => event;
export const onAlias = (event: AliasEvent) => event;
export const onDelete = (event: DeleteEvent) => event;
