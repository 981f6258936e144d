// What there is of Node's API. Node 20 lists it (`node tests/e2e/facts/surface.js > tests/e2e/facts/node20_surface.json`);
// tests/e2e/node_api.rs has a function tell what of that list it has.

const MODULES = [
  'assert', 'assert/strict', 'buffer', 'crypto', 'events', 'http', 'https', 'os', 'path', 'process', 'punycode', 'querystring',
  'stream', 'stream/promises', 'string_decoder', 'timers', 'timers/promises', 'url', 'util', 'util/types', 'zlib',
]
// Names that are of the language, not of Node, are those that a fresh realm has, too.
const LANGUAGE = /^(Aggregate|Array|Async|Atomics|BigInt|BigUint|Boolean|Data|Date|Error|Escape|Eval|Final|Float|Function|Infinity|Int|Intl|Iterator|JSON|Map|Math|NaN|Number|Object|Promise|Proxy|Range|Reference|Reflect|RegExp|Set|Shared|String|Suppressed|Symbol|Syntax|Type|URIError|Uint|Weak|decode|encode|escape|eval|globalThis|is|parse|undefined|unescape|Disposable)/
// Objects whose parts are told one by one.
const HOLDERS = ['promises', 'types', 'posix', 'ucs2', 'webcrypto', 'subtle', 'performance', 'console', 'globalAgent']

function ownNames(value, leftOut) {
  return Object.getOwnPropertyNames(value).filter(name => !name.startsWith('_') && !leftOut.includes(name))
}

function read(holder, name) {
  try { return holder[name] } catch { return undefined }
}

function isClass(value) {
  return typeof value === 'function' && value.prototype && ownNames(value.prototype, ['constructor']).length > 0
}

function partsOf(name, value) {
  const parts = []
  if (isClass(value)) {
    for (const member of ownNames(value.prototype, ['constructor'])) parts.push(name + '#' + member)
    for (const member of ownNames(value, ['length', 'name', 'prototype', 'arguments', 'caller'])) parts.push(name + '.' + member)
  } else if (HOLDERS.includes(name) && value !== null && typeof value === 'object') {
    const prototype = Object.getPrototypeOf(value)
    const inherited = prototype === Object.prototype || prototype === null ? [] : ownNames(prototype, ['constructor'])
    for (const member of new Set([...ownNames(value, []), ...inherited])) parts.push(name + '.' + member)
  }
  return parts
}

function surface(load) {
  const found = {}
  for (const module of MODULES) {
    const value = load(module)
    const names = ownNames(value, ['length', 'name', 'prototype', 'arguments', 'caller', 'default'])
    // An emitter's methods are those of process and of the module events alike.
    const all = names.flatMap(name => [name, ...(value === read(value, name) || module === 'process' ? [] : partsOf(name, read(value, name)))])
    if (isClass(value)) all.push(...partsOf(value.name, value).filter(name => name.includes('#')))
    found[module] = [...new Set(all)].sort()
  }
  const globals = ownNames(globalThis, ['surface', 'global', 'MODULES', 'LANGUAGE', 'HOLDERS', 'onTrack']).filter(name => !LANGUAGE.test(name))
  const detailed = ['process', 'Buffer', 'crypto', 'http', 'https', 'zlib', 'assert', 'events', 'os', 'path', 'util', 'stream', 'url']
  found.globals = [...new Set(globals.flatMap(name => [name, ...(detailed.includes(name) ? [] : partsOf(name, read(globalThis, name)))]))].sort()
  return found
}

function has(holder, name) {
  const [, owner, mark, part] = /^([^#.]+)([#.])?(.*)$/.exec(name)
  const value = read(holder, owner)
  if (mark === undefined) return owner in Object(holder)
  if (value === undefined || value === null) return false
  return part in Object(mark === '#' ? value.prototype : value)
}

// Of what Node has, that which is here.
function present(load, node) {
  return Object.fromEntries(Object.entries(node).map(([module, names]) => {
    const holder = module === 'globals' ? globalThis : load(module)
    return [module, names.filter(name => has(holder, name))]
  }))
}

if (typeof module !== 'undefined' && module.exports) process.stdout.write(JSON.stringify(surface(require), undefined, 1) + '\n')
