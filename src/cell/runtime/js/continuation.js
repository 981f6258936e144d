// Async contexts: which event of a batch the code that runs belongs to. V8 carries the number from an await
// to what comes after it; what is called back otherwise is bound to its context here.
(function (primordials, host) {
  'use strict';

  const { ReflectApply } = primordials;
  const {
    getContinuationPreservedEmbedderData: currentContext,
    setContinuationPreservedEmbedderData: enterContext,
  } = host.extras;

  // The context that runs; undefined for code that belongs to no event.
  host.currentContext = currentContext;

  // Has what is called next run in a context. Whoever enters one leaves it by entering undefined.
  host.enterContext = enterContext;

  // A function that runs `callback` in the context of now, and returns to the caller's.
  host.bindContinuation = function bindContinuation(callback) {
    const context = currentContext();
    return function bound(...parameters) {
      const before = currentContext();
      enterContext(context);
      try {
        return ReflectApply(callback, this, parameters);
      } finally {
        enterContext(before);
      }
    };
  };
})
