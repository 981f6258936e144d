// What the author of a function writes, right and wrong: each wrong use is marked as one, and tsc objects if it is none.

interface Settings {
  apiKey: string;
  tiers?: Record<string, string>;
}

export async function onTrack(event: TrackEvent, settings: Settings): Promise<TrackEvent | undefined> {
  event.event satisfies string;
  event.properties.plan = settings.tiers?.free ?? 'free';
  event.greeting = 'any field may be added';
  if (event.userId == null) throw new InvalidEventPayload('userId is required', { cause: event });
  if (event.properties.internal) throw new DropEvent('internal traffic');

  // @ts-expect-error: no such setting
  settings.apiKye;
  // @ts-expect-error: an event of this type has a name
  event.event = 5;
  // @ts-expect-error: a handler is given events of its own type
  event.type = 'identify';
  return event;
}

export const onIdentify: IdentifyHandler<Settings> = (event, settings) => {
  event.traits.email satisfies string | undefined;
  event.context.page?.url satisfies string | undefined;
  settings.apiKey satisfies string;
  return { ...event, traits: { ...event.traits, plan: 'free' } };
};

export function onGroup(event: GroupEvent<{ plan: string }>) {
  event.groupId satisfies string;
  event.traits.plan satisfies string;
  // @ts-expect-error: traits that are given are all there are
  event.traits.seats;
  return event;
}

// What may be returned.
(() => undefined) satisfies TrackHandler;
(() => null) satisfies TrackHandler;
(() => {}) satisfies TrackHandler;
(async () => {}) satisfies TrackHandler;
(event => event) satisfies TrackHandler;
(async event => ({ ...event })) satisfies TrackHandler;
(() => ({ any: 'object' })) satisfies TrackHandler;
// @ts-expect-error: a text is no object
(() => 'text') satisfies TrackHandler;
// @ts-expect-error: nor is a number
(async () => 5) satisfies TrackHandler;
// @ts-expect-error: nor true
(() => true) satisfies TrackHandler;
// @ts-expect-error: nor a list of events
(event => [event]) satisfies TrackHandler;
// @ts-expect-error: a Map comes out empty
(() => new Map()) satisfies TrackHandler;

// Batches.
const onBatch: BatchHandler<Settings> = async events => {
  for (const event of events) {
    switch (event.type) {
      case 'track':
        event.event satisfies string;
        break;
      case 'alias':
        event.previousId satisfies string;
        break;
      // @ts-expect-error: no such type
      case 'trak':
        break;
    }
  }
  return events.filter(event => event.type !== 'page');
};
((events) => events.map(() => ({ status: 429, errormessage: 'slow down' }))) satisfies BatchHandler;
(() => [undefined, null, {}]) satisfies BatchHandler;
(() => {}) satisfies BatchHandler;
// @ts-expect-error: a batch is answered with a list
(events => events[0]) satisfies BatchHandler;
// @ts-expect-error: of objects
(() => ['text']) satisfies BatchHandler;
// @ts-expect-error: it may have none
(events => events[0].type) satisfies BatchHandler;

export default { onBatch, onIdentify, async onPage(event) { return event; } } satisfies Handlers<Settings>;
// @ts-expect-error: there is no such handler
({ onTrak: () => {} }) satisfies Handlers;

// Errors.
const again = new RetryError('busy', { retryAfter: 1000, cause: new Error('429') });
again.retryAfter satisfies number | undefined;
again satisfies Error;
new EventNotSupported();
new ValidationError('no');
// @ts-expect-error: milliseconds
new RetryError('busy', { retryAfter: '1s' });
// @ts-expect-error: no such option
new DropEvent('gone', { retryAfter: 1 });

// The cache.
const company = await cache.load('company', 60_000, async () => ({ name: 'Fernhill' }));
company.name satisfies string;
(await cache.load('count', () => 5)) satisfies number;
(await cache.load('count', -1, () => 5)) satisfies number;
cache.delete('count') satisfies void;
// @ts-expect-error: keys are strings
await cache.load(5, () => 5);
// @ts-expect-error: there is no set
cache.set('count', 5);
// @ts-expect-error: nor get
cache.get('count');

// Settings that are not declared are anything.
((_event, settings) => { settings.whatever.it.is; }) satisfies TrackHandler;
