// The flags of a regular expression, whatever became of its prototype.
(function (primordials, host, exports) {
  'use strict';

  const {
    RegExpPrototypeGetDotAll,
    RegExpPrototypeGetGlobal,
    RegExpPrototypeGetHasIndices,
    RegExpPrototypeGetIgnoreCase,
    RegExpPrototypeGetMultiline,
    RegExpPrototypeGetSticky,
    RegExpPrototypeGetUnicode,
    RegExpPrototypeGetUnicodeSets,
  } = primordials;

  // In the order in which the accessor flags puts them.
  const flagGetters = [
    { letter: 'd', isSet: RegExpPrototypeGetHasIndices },
    { letter: 'g', isSet: RegExpPrototypeGetGlobal },
    { letter: 'i', isSet: RegExpPrototypeGetIgnoreCase },
    { letter: 'm', isSet: RegExpPrototypeGetMultiline },
    { letter: 's', isSet: RegExpPrototypeGetDotAll },
    { letter: 'u', isSet: RegExpPrototypeGetUnicode },
    { letter: 'v', isSet: RegExpPrototypeGetUnicodeSets },
    { letter: 'y', isSet: RegExpPrototypeGetSticky },
  ];

  // The accessor flags would read each flag through a prototype that may have been changed.
  function flagsOf(value) {
    let flags = '';
    for (let index = 0; index < flagGetters.length; index++) {
      if (flagGetters[index].isSet(value)) flags += flagGetters[index].letter;
    }
    return flags;
  }

  exports.flagsOf = flagsOf;
})
