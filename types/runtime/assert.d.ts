// `assert`.

declare module 'assert' {
  function assert(value: unknown, message?: string | Error): asserts value;

  namespace assert {
    type Expected = RegExp | Function | Error | object;

    class AssertionError extends Error {
      constructor(options?: {
        message?: string; actual?: unknown; expected?: unknown; operator?: string; stackStartFn?: Function;
      });
      actual: unknown;
      code: 'ERR_ASSERTION';
      expected: unknown;
      generatedMessage: boolean;
      operator: string;
    }

    function ok(value: unknown, message?: string | Error): asserts value;
    function equal(actual: unknown, expected: unknown, message?: string | Error): void;
    function notEqual(actual: unknown, expected: unknown, message?: string | Error): void;
    function strictEqual<T>(actual: unknown, expected: T, message?: string | Error): asserts actual is T;
    function notStrictEqual(actual: unknown, expected: unknown, message?: string | Error): void;
    function deepEqual(actual: unknown, expected: unknown, message?: string | Error): void;
    function notDeepEqual(actual: unknown, expected: unknown, message?: string | Error): void;
    function deepStrictEqual<T>(actual: unknown, expected: T, message?: string | Error): asserts actual is T;
    function notDeepStrictEqual(actual: unknown, expected: unknown, message?: string | Error): void;
    function match(text: string, pattern: RegExp, message?: string | Error): void;
    function doesNotMatch(text: string, pattern: RegExp, message?: string | Error): void;
    function throws(work: () => unknown, message?: string): void;
    function throws(work: () => unknown, expected: Expected, message?: string): void;
    function doesNotThrow(work: () => unknown, expectedOrMessage?: Expected | string, message?: string): void;
    function rejects(work: PromiseLike<unknown> | (() => PromiseLike<unknown>), message?: string): Promise<void>;
    function rejects(
      work: PromiseLike<unknown> | (() => PromiseLike<unknown>), expected: Expected, message?: string
    ): Promise<void>;
    function doesNotReject(
      work: PromiseLike<unknown> | (() => PromiseLike<unknown>), expectedOrMessage?: Expected | string, message?: string
    ): Promise<void>;
    function ifError(value: unknown): asserts value is null | undefined;
    function fail(message?: string | Error): never;
    const strict: typeof assert;
  }

  export = assert;
}

declare module 'assert/strict' {
  import assert = require('assert');
  export = assert.strict;
}
