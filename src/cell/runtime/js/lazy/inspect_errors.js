// Errors as text: their stack with the name put right, without the frames of this runtime or those the cause repeats.
(function (primordials, host, exports) {
  'use strict';

  const {
    ArrayIsArray,
    ArrayPrototypeJoin,
    MathMin,
    StringPrototypeCharCodeAt,
    StringPrototypeEndsWith,
    StringPrototypeIncludes,
    StringPrototypeIndexOf,
    StringPrototypeRepeat,
    StringPrototypeSlice,
    StringPrototypeStartsWith,
  } = primordials;
  const { append, createList, isObject, removeAt } = host.basics;
  const { indentLines, splitLines, textOf } = host.use('text');
  const { withoutRuntimeFrames } = host.use('frames');
  const { findDescriptor, indexOfKey, lineageOf, readProperty, unwrapProxy } = host.use('inspect_reading');
  const { brandOf, findConstructor, prefixOf } = host.use('inspect_brands');

  const FRAME_START = '\n    at';
  // Fewer frames in common with the cause than this are shown again.
  const FEWEST_REPEATED = 4;

  // As Error.prototype.toString, which would run the traps of a proxy among the prototypes.
  function headerOf(lineage) {
    const name = textOf(readProperty(lineage, 'name') ?? 'Error');
    const message = textOf(readProperty(lineage, 'message') ?? '');
    return name === '' || message === '' ? name + message : name + ': ' + message;
  }

  function stackOf(lineage) {
    const stack = readProperty(lineage, 'stack');
    const text = stack ? textOf(stack) : headerOf(lineage);
    return withoutRuntimeFrames(text);
  }

  // What the stack says already is not shown as a property again.
  function removeShownKeys(lineage, keys, stack) {
    const names = ['name', 'message', 'stack'];
    for (let index = 0; index < names.length; index++) {
      const position = indexOfKey(keys, names[index]);
      if (position === -1) continue;
      const text = textOf(readProperty(lineage, names[index]));
      if (StringPrototypeIncludes(stack, text)) removeAt(keys, position);
    }
  }

  // Both are not enumerable, yet tell more than most that is.
  function addHiddenKeys(lineage, keys) {
    if (findDescriptor(lineage, 'cause') !== undefined && indexOfKey(keys, 'cause') === -1) append(keys, 'cause');
    const errors = readProperty(lineage, 'errors');
    const isList = isObject(errors) && ArrayIsArray(unwrapProxy(errors));
    if (isList && indexOfKey(keys, 'errors') === -1) append(keys, 'errors');
  }

  function isNameCharacter(code) {
    return (code >= 48 && code <= 57) || (code >= 65 && code <= 93 && code !== 92) || (code >= 97 && code <= 122) ||
      code === 32 || code === 40 || code === 41 || code === 45 || code === 95;
  }

  // The name that a stack begins with, for errors that lost their prototype.
  function leadingName(stack) {
    let end = 0;
    while (end < stack.length && isNameCharacter(StringPrototypeCharCodeAt(stack, end))) end++;
    const first = StringPrototypeCharCodeAt(stack, 0);
    const isEnd = end === stack.length || stack[end] === ':' ||
      StringPrototypeStartsWith(StringPrototypeSlice(stack, end), FRAME_START);
    const name = StringPrototypeSlice(stack, 0, end);
    if (!isEnd || end < 2 || first < 65 || first > 90) return '';
    return end < stack.length || StringPrototypeEndsWith(name, 'Error') ? name : '';
  }

  function beginsWithName(stack, name) {
    if (!StringPrototypeEndsWith(name, 'Error') || !StringPrototypeStartsWith(stack, name)) return false;
    return stack.length === name.length || stack[name.length] === ':' || stack[name.length] === '\n';
  }

  // A stack begins with error.name; the class may tell more.
  function putNameRight(stack, name, constructorName, tag) {
    if (constructorName !== null && !beginsWithName(stack, name)) return stack;
    const leading = constructorName === null ? leadingName(stack) : name;
    const fallback = constructorName === null && leading !== '' ? leading : 'Error';
    const prefix = StringPrototypeSlice(prefixOf(constructorName, tag, fallback), 0, -1);
    if (prefix === name) return stack;
    const rest = StringPrototypeSlice(stack, leading.length);
    if (!StringPrototypeIncludes(prefix, name)) return prefix + ' [' + name + ']' + rest;
    return leading === '' ? prefix + ': ' + stack : prefix + rest;
  }

  function framesOf(stack) {
    const start = StringPrototypeIndexOf(stack, FRAME_START);
    return start === -1 ? createList() : splitLines(StringPrototypeSlice(stack, start + 1));
  }

  function countCommon(frames, index, others, position) {
    const most = MathMin(frames.length - index, others.length - position);
    let count = 0;
    while (count < most && frames[index + count] === others[position + count]) count++;
    return count;
  }

  function framesOfCause(lineage) {
    const cause = readProperty(lineage, 'cause');
    const target = isObject(cause) ? unwrapProxy(cause) : null;
    if (target === null) return createList();
    const causeLineage = lineageOf(target);
    const isError = brandOf(causeLineage, findConstructor(causeLineage)?.name ?? null) === 'Error';
    return isError ? framesOf(stackOf(causeLineage)) : createList();
  }

  // The first and the last of the frames that the cause has too stay, to tell where the two join.
  function withoutRepeatedFrames(frames, causeFrames) {
    for (let index = 0; index + FEWEST_REPEATED <= frames.length; index++) {
      const position = indexOfKey(causeFrames, frames[index]);
      const count = position === -1 ? 0 : countCommon(frames, index, causeFrames, position);
      if (count < FEWEST_REPEATED) continue;
      const kept = createList();
      for (let other = 0; other <= index; other++) append(kept, frames[other]);
      append(kept, '    ... ' + (count - 2) + ' lines matching cause stack trace ...');
      for (let other = index + count - 1; other < frames.length; other++) append(kept, frames[other]);
      return kept;
    }
    return frames;
  }

  function layOutStack(lineage, stack) {
    const message = readProperty(lineage, 'message');
    const shown = typeof message === 'string' && message !== '' ? StringPrototypeIndexOf(stack, message) : -1;
    const start = StringPrototypeIndexOf(stack, FRAME_START, shown === -1 ? 0 : shown + message.length);
    // Brackets, as nothing else would tell the text from a string.
    if (start === -1) return '[' + stack + ']';
    const frames = splitLines(StringPrototypeSlice(stack, start + 1));
    const distinct = withoutRepeatedFrames(frames, framesOfCause(lineage));
    return StringPrototypeSlice(stack, 0, start) + '\n' + ArrayPrototypeJoin(distinct, '\n');
  }

  // Changes keys to those that are left to show.
  exports.formatError = function formatError(context, subject) {
    const { lineage, keys, constructorName, tag } = subject;
    const name = textOf(readProperty(lineage, 'name') ?? 'Error');
    const stack = stackOf(lineage);
    if (!context.showHidden) removeShownKeys(lineage, keys, stack);
    addHiddenKeys(lineage, keys);
    const text = layOutStack(lineage, putNameRight(stack, name, constructorName, tag));
    return context.indentation === 0 ? text : indentLines(text, StringPrototypeRepeat(' ', context.indentation));
  };
})
