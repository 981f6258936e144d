// Types for functions: what a handler gets, what it may return and throw, `cache`, and the globals and modules that there
// are. Made for TypeScript 5.8 and newer with `"lib": ["ESNext"]`, without the DOM and without @types/node.

/// <reference path="events.d.ts" />
/// <reference path="libraries.d.ts" />
/// <reference path="runtime/assert.d.ts" />
/// <reference path="runtime/buffer.d.ts" />
/// <reference path="runtime/console.d.ts" />
/// <reference path="runtime/crypto.d.ts" />
/// <reference path="runtime/crypto_keys.d.ts" />
/// <reference path="runtime/encoding.d.ts" />
/// <reference path="runtime/events.d.ts" />
/// <reference path="runtime/fetch.d.ts" />
/// <reference path="runtime/http.d.ts" />
/// <reference path="runtime/modules.d.ts" />
/// <reference path="runtime/process.d.ts" />
/// <reference path="runtime/stream.d.ts" />
/// <reference path="runtime/text.d.ts" />
/// <reference path="runtime/timers.d.ts" />
/// <reference path="runtime/url.d.ts" />
/// <reference path="runtime/util.d.ts" />
/// <reference path="runtime/web.d.ts" />
/// <reference path="runtime/zlib.d.ts" />

/** The settings of a function. One that declares an `interface Settings` of its own is held to it. */
interface Settings {
  [name: string]: any;
}

type Awaitable<T> = T | PromiseLike<T>;

/** What goes on as the event: any object that JSON can hold, but no array, Map or other list. */
interface Delivered {
  [field: string]: any;
  [Symbol.iterator]?: never;
  /** Else a promise of a text would pass for an object. */
  then?: never;
}

/** What a handler may return. `undefined` and `null` filter the event, as `NO_RETURN`. */
type Handled = Delivered | null | undefined | void;

/** Of an event, at its place in an array as long as the batch: 2xx sends it on, 429 and 5xx have it retried. */
interface BatchStatus {
  status: number;
  /** Lower case throughout, as the router knows it. */
  errormessage?: string;
}

/**
 * What `onBatch` may return. An event that was passed in stands for itself, another object for the event with its
 * `messageId`, or, where none has one and there are as many, for the event at its place. Events that nothing stands for
 * are filtered.
 */
type BatchHandled = readonly (Delivered | BatchStatus | null | undefined)[] | null | undefined | void;

type Handler<E extends SegmentEvent, S = Settings> = (event: E, settings: S) => Awaitable<Handled>;

type IdentifyHandler<S = Settings> = Handler<IdentifyEvent, S>;
type TrackHandler<S = Settings> = Handler<TrackEvent, S>;
type PageHandler<S = Settings> = Handler<PageEvent, S>;
type ScreenHandler<S = Settings> = Handler<ScreenEvent, S>;
type GroupHandler<S = Settings> = Handler<GroupEvent, S>;
type AliasHandler<S = Settings> = Handler<AliasEvent, S>;
type DeleteHandler<S = Settings> = Handler<DeleteEvent, S>;
type BatchHandler<S = Settings> = (events: SegmentEvent[], settings: S) => Awaitable<BatchHandled>;

/** The handlers of a module that exports them as its default: `export default { … } satisfies Handlers<Settings>`. */
interface Handlers<S = Settings> {
  onIdentify?(event: IdentifyEvent, settings: S): Awaitable<Handled>;
  onTrack?(event: TrackEvent, settings: S): Awaitable<Handled>;
  onPage?(event: PageEvent, settings: S): Awaitable<Handled>;
  onScreen?(event: ScreenEvent, settings: S): Awaitable<Handled>;
  onGroup?(event: GroupEvent, settings: S): Awaitable<Handled>;
  onAlias?(event: AliasEvent, settings: S): Awaitable<Handled>;
  onDelete?(event: DeleteEvent, settings: S): Awaitable<Handled>;
  onBatch?(events: SegmentEvent[], settings: S): Awaitable<BatchHandled>;
}

interface ErrorClass<E extends Error, O extends ErrorOptions = ErrorOptions> {
  readonly prototype: E;
  new (message?: string, options?: O): E;
}

/** Says that the function does not take events of this type: `UNSUPPORTED_EVENT_TYPE`, not retried. */
declare var EventNotSupported: ErrorClass<EventNotSupported>;
interface EventNotSupported extends Error {}

/** Says that the event is wrong: `MESSAGE_REJECTED`, not retried. */
declare var InvalidEventPayload: ErrorClass<InvalidEventPayload>;
interface InvalidEventPayload extends Error {}

/** Says that the event, or what is needed for it, is not valid: `MESSAGE_REJECTED`, not retried. */
declare var ValidationError: ErrorClass<ValidationError>;
interface ValidationError extends Error {}

/** Filters the event, as `DROP_EVENT`, with the message for its reason. */
declare var DropEvent: ErrorClass<DropEvent>;
interface DropEvent extends Error {}

interface RetryErrorOptions extends ErrorOptions {
  /** Milliseconds until the event is to be sent again; without it the router decides. */
  retryAfter?: number;
}

/** Asks for the event to be sent again: `RETRY`. */
declare var RetryError: ErrorClass<RetryError, RetryErrorOptions>;
interface RetryError extends Error {
  retryAfter?: number;
}

/** As V8 has it. */
interface ErrorConstructor {
  stackTraceLimit: number;
  captureStackTrace(target: object, above?: Function): void;
}

/** Values shared by all isolates of this instance of the function in a process, and by nobody else. */
interface Cache {
  /**
   * The value kept under the key, else what `load` resolves to, which is kept for `ttl` milliseconds; -1 is for as long
   * as there is room. Who asks while `load` runs waits for it. What it throws goes to all who wait and is not kept. Values
   * come back as structured clones, and may go at any time.
   */
  load<T>(key: string, ttl: number | null | undefined, load: () => Awaitable<T>): Promise<T>;
  /** The same, without expiry. */
  load<T>(key: string, load: () => Awaitable<T>): Promise<T>;
  /** Forgets the value now. */
  delete(key: string): void;
}

declare var cache: Cache;
