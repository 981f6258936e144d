// Libraries with types, of which some ask for Node's.

moment.tz('2024-01-01', 'Europe/London').utc() satisfies import('moment').Moment;
moment.default === moment;
_.chain([1, 2]).map(x => x + 1).value() satisfies number[];
require('lodash').capitalize('a') satisfies string;
jsonwebtoken.sign({ a: 1 }, 'key', { algorithm: 'HS256' }) satisfies string;
// Not installed here: anything.
winstonlib.winston.anything.at.all;
require('xml2js').anything.at.all;
google.cloud.storage.anything.at.all;

// @ts-expect-error: no such method
_.chian([1]);
// @ts-expect-error: nor one of moment's
moment.tzz('2024-01-01');
// @ts-expect-error: what is absent stays so, whatever the packages ask for
process.stdin;
// @ts-expect-error: and so do files
require('fs');
