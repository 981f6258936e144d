// The console of customers' functions: every call becomes one entry of the invocation's log.
(function (primordials, host, exports) {
  'use strict';

  const {
    ErrorCaptureStackTrace,
    MathFloor,
    NumberPrototypeToFixed,
    ObjectDefineProperty,
    String,
    StringPrototypeIndexOf,
    StringPrototypePadStart,
    StringPrototypeRepeat,
    StringPrototypeSlice,
    SymbolToStringTag,
  } = primordials;
  const { ops } = host;
  const { append, createList, isObject } = host.basics;
  const { indentLines, limitText, LONGEST_TEXT, showPrimitive, textOf } = host.use('text');

  const TRACE = 0;
  const DEBUG = 1;
  const INFO = 2;
  const WARN = 3;
  const ERROR = 4;

  const GROUP_INDENTATION = 2;
  const MOST_INDENTATION = 1000;
  const SECOND = 1000;
  const MINUTE = 60 * SECOND;
  const HOUR = 60 * MINUTE;

  let indentation;
  let counts;
  let timers;

  // Forgets groups, counts and timers of the invocation before.
  function reset() {
    indentation = '';
    counts = { __proto__: null };
    timers = { __proto__: null };
  }
  reset();

  function write(level, text) {
    ops.log(level, limitText(indentation === '' ? text : indentation + indentLines(text, indentation)));
  }

  // A log of primitives, as most are, without all that it takes to show objects and to fill placeholders; undefined
  // where it takes that.
  function formatPrimitives(values) {
    const hasPlaceholders = values.length > 1 && typeof values[0] === 'string' && StringPrototypeIndexOf(values[0], '%') !== -1;
    if (hasPlaceholders) return undefined;
    let text = '';
    for (let index = 0; index < values.length && text.length <= LONGEST_TEXT; index++) {
      if (isObject(values[index])) return undefined;
      text += (index === 0 ? '' : ' ') + showPrimitive(values[index]);
    }
    return limitText(text);
  }

  function format(values) {
    return formatPrimitives(values) ?? host.use('format').formatValues(undefined, values);
  }

  function writeValues(level, values) {
    write(level, format(values));
  }

  function labelText(label) {
    return label === undefined ? 'default' : textOf(label);
  }

  function padded(number) {
    return StringPrototypePadStart(String(number), 2, '0');
  }

  // 12ms, 1.234s, 1:05.000 (m:ss.mmm) or 1:01:05.000 (h:mm:ss.mmm).
  function formatElapsed(milliseconds) {
    if (milliseconds < SECOND) return milliseconds + 'ms';
    const seconds = NumberPrototypeToFixed((milliseconds % MINUTE) / SECOND, 3);
    if (milliseconds < MINUTE) return seconds + 's';
    const minutes = MathFloor((milliseconds % HOUR) / MINUTE);
    const paddedSeconds = StringPrototypePadStart(seconds, 6, '0');
    if (milliseconds < HOUR) return minutes + ':' + paddedSeconds + ' (m:ss.mmm)';
    return MathFloor(milliseconds / HOUR) + ':' + padded(minutes) + ':' + paddedSeconds + ' (h:mm:ss.mmm)';
  }

  // Writes how long the timer has run, then data; false where there is no such timer.
  function writeElapsed(method, label, data) {
    const started = timers[label];
    if (started === undefined) {
      write(WARN, "No such label '" + label + "' for console." + method + '()');
      return false;
    }
    const values = createList();
    append(values, '%s: %s');
    append(values, label);
    append(values, formatElapsed(ops.now() - started));
    for (let index = 0; index < data.length; index++) append(values, data[index]);
    writeValues(INFO, values);
    return true;
  }

  function writeFailedAssertion(data) {
    const values = createList();
    const hasMessage = data.length > 0 && typeof data[0] === 'string';
    if (hasMessage) append(values, 'Assertion failed: ' + data[0]);
    else append(values, data.length === 0 ? 'Assertion failed' : 'Assertion failed:');
    for (let index = hasMessage ? 1 : 0; index < data.length; index++) append(values, data[index]);
    writeValues(WARN, values);
  }

  // The frames above method's caller, each on a line of its own; '' where the customer replaced how stacks are made.
  function captureFrames(method) {
    const holder = { __proto__: null, name: 'Trace', stack: '' };
    try {
      ErrorCaptureStackTrace(holder, method);
      const stack = host.use('frames').withoutRuntimeFrames(textOf(holder.stack));
      const start = StringPrototypeIndexOf(stack, '\n    at');
      return start === -1 ? '' : StringPrototypeSlice(stack, start);
    } catch {
      return '';
    }
  }

  function openGroup(data) {
    if (data.length > 0) writeValues(INFO, data);
    if (indentation.length >= MOST_INDENTATION) return;
    indentation = StringPrototypeRepeat(' ', indentation.length + GROUP_INDENTATION);
  }

  // Methods do without this, so that they can be passed around on their own.
  const console = {
    log(...data) {
      writeValues(INFO, data);
    },
    info(...data) {
      writeValues(INFO, data);
    },
    warn(...data) {
      writeValues(WARN, data);
    },
    error(...data) {
      writeValues(ERROR, data);
    },
    debug(...data) {
      writeValues(DEBUG, data);
    },
    trace(...data) {
      const message = format(data);
      write(TRACE, (message === '' ? 'Trace' : 'Trace: ' + message) + captureFrames(methods.trace));
    },
    assert(condition, ...data) {
      if (!condition) writeFailedAssertion(data);
    },
    dir(value, options) {
      write(INFO, host.use('inspect').inspectPlainly(value, options));
    },
    dirxml(...data) {
      writeValues(INFO, data);
    },
    table(data, properties) {
      const text = host.use('console_table').drawTable(data, properties);
      if (text === undefined) writeValues(INFO, [data]);
      else write(INFO, text);
    },
    group(...data) {
      openGroup(data);
    },
    groupCollapsed(...data) {
      openGroup(data);
    },
    groupEnd() {
      indentation = StringPrototypeSlice(indentation, GROUP_INDENTATION);
    },
    count(label) {
      const name = labelText(label);
      counts[name] = (counts[name] ?? 0) + 1;
      write(INFO, name + ': ' + counts[name]);
    },
    countReset(label) {
      const name = labelText(label);
      if (counts[name] === undefined) write(WARN, "Count for '" + name + "' does not exist");
      else delete counts[name];
    },
    time(label) {
      const name = labelText(label);
      if (timers[name] === undefined) timers[name] = ops.now();
      else write(WARN, "Label '" + name + "' already exists for console.time()");
    },
    timeLog(label, ...data) {
      writeElapsed('timeLog', labelText(label), data);
    },
    timeEnd(label) {
      const name = labelText(label);
      if (writeElapsed('timeEnd', name, [])) delete timers[name];
    },
    // There is no screen to clear and no inspector to profile with.
    clear() {},
    profile() {},
    profileEnd() {},
    timeStamp() {},
  };
  const methods = { trace: console.trace };

  ObjectDefineProperty(console, SymbolToStringTag, {
    __proto__: null, value: 'console', configurable: true, enumerable: false, writable: false,
  });

  host.resetConsole = reset;
  exports.console = console;
})
