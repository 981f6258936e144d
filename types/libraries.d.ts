// The libraries that an executor may bring along. Their types are those of the packages you install, such as
// `npm install --save-dev @types/lodash`; a library whose types are not installed is `any`.

/** By the names that `require` finds them by. */
interface Libraries {
  '@google-cloud/bigquery': typeof import('@google-cloud/bigquery');
  '@google-cloud/storage': typeof import('@google-cloud/storage');
  '@hubspot/api-client': typeof import('@hubspot/api-client');
  '@mailchimp/mailchimp_marketing': typeof import('@mailchimp/mailchimp_marketing');
  '@sendgrid/client': typeof import('@sendgrid/client');
  '@sendgrid/mail': typeof import('@sendgrid/mail');
  'aws-sdk': typeof import('aws-sdk');
  'fetch-retry': typeof import('fetch-retry');
  jsforce: typeof import('jsforce');
  jsonwebtoken: typeof import('jsonwebtoken');
  'libphonenumber-js': typeof import('libphonenumber-js');
  lodash: typeof import('lodash');
  moment: typeof import('moment-timezone');
  'moment-timezone': typeof import('moment-timezone');
  'node-mailjet': typeof import('node-mailjet');
  oauth: typeof import('oauth');
  'skyflow-node': typeof import('skyflow-node');
  stripe: typeof import('stripe');
  twilio: typeof import('twilio');
  uuidv5: typeof import('uuidv5');
  winston: typeof import('winston');
  xml: typeof import('xml');
  xml2js: typeof import('xml2js');
}

/** A library that is a member of itself, too, by another name. */
type Within<Library, Name extends string> = Library & { [N in Name]: Library };

declare var AWS: Libraries['aws-sdk'];
declare var OAuth: Libraries['oauth'];
declare var _: Libraries['lodash'];
declare var fetchretrylib: Within<Libraries['fetch-retry'], 'fetchretry'>;
declare var google: {
  cloud: { bigquery: Libraries['@google-cloud/bigquery']; storage: Libraries['@google-cloud/storage'] };
};
declare var hubspotlib: Within<Libraries['@hubspot/api-client'], 'hubspot'>;
declare var jsforce: Libraries['jsforce'];
declare var jsonwebtoken: Libraries['jsonwebtoken'];
declare var libphonenumberjslib: Within<Libraries['libphonenumber-js'], 'libphonenumberjs'>;
declare var mailchimplib: Within<Libraries['@mailchimp/mailchimp_marketing'], 'mailchimp'>;
declare var moment: Within<Libraries['moment-timezone'], 'default'>;
declare var nodemailjet: Within<Libraries['node-mailjet'], 'nodemailjet'>;
declare var sendgrid: { client: Libraries['@sendgrid/client']; mail: Libraries['@sendgrid/mail'] };
declare var skyflowlib: Within<Libraries['skyflow-node'], 'skyflow'>;
declare var stripe: Libraries['stripe'];
declare var twilio: Libraries['twilio'];
declare var uuidv5: Within<Libraries['uuidv5'], 'uuidv5'>;
declare var winstonlib: Within<Libraries['winston'], 'winston'>;
declare var xml: Libraries['xml'];
declare var xml2js: Libraries['xml2js'];
