// What is built: one file a global. `packages` says what `require` finds in it, by the path of members to it.

// A global that is one package. Some have themselves as a member too: functions written for where the global was
// an object around the package say `winstonlib.winston`, others use `winstonlib` as it is.
function packageAs(global, name, member = undefined) {
  const expose = member === undefined
    ? ''
    : `Object.defineProperty(library, '${member}', { value: library, configurable: true, writable: true });`;
  return {
    name: name.replace(/^@/, '').replace('/', '-'),
    global,
    packages: { [name]: '' },
    entry: `const library = require('${name}'); ${expose} module.exports = library`,
  };
}

// A global that has packages as members, each run when it is first touched.
function packagesIn(global, name, members) {
  const getters = Object.entries(members).map(([member, library]) => `get ${member}() { return require('${library}') }`);
  return {
    name,
    global,
    packages: Object.fromEntries(Object.entries(members).map(([member, library]) => [library, member])),
    entry: `module.exports = { ${getters.join(', ')} }`,
  };
}

// Where a package does what a bundle or a function has no use for: `find`, which must be there, becomes `replacement`.
export const patches = [
  {
    // A locale is read when it is first asked for; so that the bundler sees that there are some.
    file: /[\\/]moment[\\/]moment\.js$/,
    find: "aliasedRequire('./locale/' + normalizedName)",
    replacement: "require('./locale/' + normalizedName + '.js')",
  },
  {
    // Advice to whoever maintains this, that would be in the log of each function.
    file: /[\\/]aws-sdk[\\/]lib[\\/]maintenance_mode_message\.js$/,
    find: 'setTimeout(function () {',
    replacement: '(function () {})(function () {',
  },
];

export const libraries = [
  packageAs('AWS', 'aws-sdk'),
  packageAs('OAuth', 'oauth'),
  packageAs('_', 'lodash'),
  packageAs('fetchretrylib', 'fetch-retry', 'fetchretry'),
  {
    name: 'google-cloud',
    global: 'google',
    packages: { '@google-cloud/bigquery': 'cloud.bigquery', '@google-cloud/storage': 'cloud.storage' },
    file: 'entries/google-cloud.cjs',
  },
  packageAs('hubspotlib', '@hubspot/api-client', 'hubspot'),
  packageAs('jsforce', 'jsforce'),
  packageAs('jsonwebtoken', 'jsonwebtoken'),
  packageAs('libphonenumberjslib', 'libphonenumber-js', 'libphonenumberjs'),
  packageAs('mailchimplib', '@mailchimp/mailchimp_marketing', 'mailchimp'),
  {
    ...packageAs('moment', 'moment-timezone', 'default'),
    packages: { 'moment-timezone': '', moment: '' },
  },
  packageAs('nodemailjet', 'node-mailjet', 'nodemailjet'),
  packagesIn('sendgrid', 'sendgrid', { client: '@sendgrid/client', mail: '@sendgrid/mail' }),
  packageAs('skyflowlib', 'skyflow-node', 'skyflow'),
  packageAs('stripe', 'stripe'),
  packageAs('twilio', 'twilio'),
  packageAs('uuidv5', 'uuidv5', 'uuidv5'),
  packageAs('winstonlib', 'winston', 'winston'),
  packageAs('xml', 'xml'),
  packageAs('xml2js', 'xml2js'),
];
