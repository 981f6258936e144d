// An isolate for each function, as a team on Node would keep them: compiled once, a time limit on each call, JSON in
// and JSON out.
'use strict';

const fs = require('node:fs');
const path = require('node:path');
const ivm = require('isolated-vm');

const FUNCTION = fs.readFileSync(path.join(__dirname, 'function.js'), 'utf8');
const SETTINGS = '{"region":"eu"}';
const ENTRY = `
const settings = ${SETTINGS};
globalThis.one = async text => JSON.stringify(await onTrack(JSON.parse(text), settings));
globalThis.many = async text =>
  JSON.stringify(await Promise.all(JSON.parse(text).map(event => onTrack(event, settings))));
`;
const CALL = { timeout: 5_000, result: { promise: true } };

const tenants = new Map();

async function start(source) {
  // With 128 MiB an isolate is disposed of now and then where batches come fast: text counts until the next collection.
  const isolate = new ivm.Isolate({ memoryLimit: 512 });
  const context = await isolate.createContext();
  const script = await isolate.compileScript(source + ENTRY);
  await script.run(context, { timeout: 5_000 });
  const get = name => context.global.get(name, { reference: true });
  const [one, many] = await Promise.all([get('one'), get('many')]);
  return {
    one: text => one.apply(undefined, [text], CALL),
    many: text => many.apply(undefined, [text], CALL),
  };
}

// The tenant of this name, started on first sight; a source that comes along is its own.
exports.tenant = (name, source = FUNCTION) => {
  let tenant = tenants.get(name);
  if (!tenant) tenants.set(name, (tenant = start(source)));
  return tenant;
};
