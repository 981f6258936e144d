// Stacks as customers see them: without the frames of this runtime.
(function (primordials, host, exports) {
  'use strict';

  const { ArrayPrototypeJoin, StringPrototypeIncludes, StringPrototypeStartsWith, StringPrototypeTrimStart } = primordials;
  const { append, createList } = host.basics;
  const { splitLines } = host.use('text');

  function isRuntimeFrame(line) {
    if (!StringPrototypeIncludes(line, 'penstock:')) return false;
    const frame = StringPrototypeTrimStart(line);
    if (!StringPrototypeStartsWith(frame, 'at ')) return false;
    return StringPrototypeIncludes(frame, '(penstock:') ||
      StringPrototypeStartsWith(frame, 'at penstock:') ||
      StringPrototypeStartsWith(frame, 'at async penstock:');
  }

  exports.withoutRuntimeFrames = function withoutRuntimeFrames(stack) {
    if (!StringPrototypeIncludes(stack, 'penstock:')) return stack;
    const lines = splitLines(stack);
    const kept = createList();
    for (let index = 0; index < lines.length; index++) {
      if (!isRuntimeFrame(lines[index])) append(kept, lines[index]);
    }
    return ArrayPrototypeJoin(kept, '\n');
  };
})
