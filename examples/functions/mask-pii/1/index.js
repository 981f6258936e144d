// Every quantifier is bounded, so a long hostile string cannot make a match take quadratic time.
// %40 and %2B are the @ and + of an address that sits in a URL's query.
const EMAIL = /((?:[\p{L}\p{N}._+-]|%2B){1,64})(@|%40)((?:[\p{L}\p{N}-]{1,63}\.){1,8}\p{L}{2,63})/giu;
const CARD = /(?<![\w.-])[2-6]\d{3}(?:[ -]?\d){9,15}(?![\w-])/g;
// In free text only unmistakable numbers: international, or North American with separators.
// Anything looser would also hit order numbers, versions and timestamps.
const PHONE = /(?:\+|%2B)\d(?:[ .()-]{0,2}\d){7,14}|(?<![\w.-])\(?\d{3}\)?[ .-]{1,2}\d{3}[ .-]\d{4}(?![\w-])/gi;
const PHONE_KEY = /(?:phone|mobile|fax|msisdn)(?:_?number)?s?$/i;

const digitCount = text => text.replace(/\D/g, '').length;

// Separators stay, so that a masked value still has the length and form its readers expect.
function maskDigits(text, keep) {
  let left = digitCount(text) - keep;
  return text.replace(/\d/g, digit => (left-- > 0 ? '*' : digit));
}

function maskPhone(text) {
  const encoded = /^%2B/i.test(text) ? text.slice(0, 3) : '';
  return encoded + maskDigits(text.slice(encoded.length), 2);
}

// Luhn: tells a card from any other long number.
function isCard(text) {
  const digits = [...text.replace(/\D/g, '')].reverse().map(Number);
  const sum = digits.reduce((total, d, i) => total + (i % 2 ? (d * 2 > 9 ? d * 2 - 9 : d * 2) : d), 0);
  return sum % 10 === 0;
}

function maskText(text, key) {
  const masked = text
    .replace(EMAIL, (_, local, at, domain) => `${[...local][0]}***${at}${domain}`)
    .replace(CARD, match => (isCard(match) ? maskDigits(match, 4) : match))
    .replace(PHONE, maskPhone);
  return masked === text && PHONE_KEY.test(key) && digitCount(text) >= 7 ? maskPhone(text) : masked;
}

function mask(value, key = '') {
  if (typeof value === 'string') return maskText(value, key);
  if (typeof value === 'number') {
    const masked = maskText(String(value), key);
    return masked === String(value) ? value : masked;
  }
  if (Array.isArray(value)) return value.map(item => mask(item, key));
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, mask(v, k)]));
}

function maskEvent(event) {
  const out = { ...event };
  for (const part of ['traits', 'properties', 'context']) {
    if (part in event) out[part] = mask(event[part]);
  }
  return out;
}

function onIdentify(event) { return maskEvent(event); }
function onTrack(event) { return maskEvent(event); }
function onPage(event) { return maskEvent(event); }
function onScreen(event) { return maskEvent(event); }
function onGroup(event) { return maskEvent(event); }
function onAlias(event) { return maskEvent(event); }
function onDelete(event) { return maskEvent(event); }
