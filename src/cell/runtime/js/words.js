// What puts values and errors into words, loaded once there is something to say: most events end without.
(function (primordials, host) {
  'use strict';

  // Any value as text, the way Node's util.inspect shows it.
  host.inspect = function inspect(value, options) {
    return host.use('inspect').inspect(value, options);
  };

  // Ends an event with what was thrown; all that have no outcome yet with -1.
  host.fail = function fail(event, error) {
    host.use('report').fail(event, error);
  };

  // Ends an event with an error that nobody threw.
  host.failWith = function failWith(event, code, message) {
    host.use('report').failWith(event, code, message);
  };

  // Where in a result, of which `value` is at `place`, the fault lies that JSON.stringify threw about.
  host.locateFault = function locateFault(value, place, error) {
    return host.use('faults').locateFault(value, place, error);
  };

  // Entered by the cell with what the source threw before any handler could be called.
  host.failLoad = function failLoad(error) {
    host.use('report').failLoad(error);
  };

  // Entered by the cell with what a promise was rejected with that nobody listened to.
  host.reportRejection = function reportRejection(reason) {
    host.use('report').reportRejection(reason);
  };

  // Forgets what the console keeps of an invocation: nothing, until its script is there and puts its own in place.
  host.resetConsole = function resetConsole() {};
})
