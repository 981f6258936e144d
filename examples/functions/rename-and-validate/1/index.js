const malformed = (at, what, value) =>
  new InvalidEventPayload(`${at} must be ${what}, got ${JSON.stringify(value).slice(0, 40)}`);

const matches = (pattern, value) => typeof value === 'string' && pattern.test(value);

const text = (value, at) => {
  if (typeof value === 'number') return String(value);
  if (typeof value !== 'string') throw malformed(at, 'a string', value);
  return value.trim();
};

const number = (value, at) => {
  if (typeof value === 'number') return value;
  if (typeof value === 'string' && /^-?\d+(\.\d+)?$/.test(value.trim())) return Number(value);
  throw malformed(at, 'a number', value);
};

const count = (value, at) => {
  const n = number(value, at);
  if (!Number.isInteger(n) || n < 1) throw malformed(at, 'a whole number above zero', value);
  return n;
};

const currency = (value, at) => {
  if (!matches(/^[a-z]{3}$/i, value)) throw malformed(at, 'a three-letter currency code', value);
  return value.toUpperCase();
};

const date = (value, at) => {
  const time = matches(/^\d{4}-\d\d-\d\d/, value) ? Date.parse(value) : NaN;
  if (Number.isNaN(time)) throw malformed(at, 'an ISO 8601 date', value);
  return new Date(time).toISOString();
};

const email = (value, at) => {
  // Unlike the others, this message leaves the value out: it ends up in logs.
  if (!matches(/^[^\s@]{1,64}@[^\s@]{1,190}\.[^\s@]{1,63}$/, value)) {
    throw new InvalidEventPayload(`${at} must be an e-mail address`);
  }
  return value.toLowerCase();
};

const listOf = fields => (value, at) => {
  if (!Array.isArray(value) || value.length === 0) throw malformed(at, 'a list with at least one item', value);
  return value.map((item, i) => convert(item, fields, `${at}[${i}]`));
};

const PRODUCT = {
  product_id: { to: 'ProductCode', as: text, required: true },
  name: { to: 'Description', as: text },
  price: { to: 'UnitPrice', as: number, required: true },
  quantity: { to: 'Quantity', as: count, required: true },
};

const ORDER = {
  order_id: { to: 'OrderNumber', as: text, required: true },
  total: { to: 'Amount', as: number, required: true },
  currency: { to: 'CurrencyIsoCode', as: currency, required: true },
  shipping: { to: 'ShippingCost', as: number },
  tax: { to: 'TaxAmount', as: number },
  coupon: { to: 'PromotionCode', as: text },
  products: { to: 'OrderLines', as: listOf(PRODUCT), required: true },
};

const REFUND = {
  order_id: { to: 'OrderNumber', as: text, required: true },
  total: { to: 'RefundAmount', as: number, required: true },
  currency: { to: 'CurrencyIsoCode', as: currency, required: true },
};

const CONTACT = {
  email: { to: 'Email', as: email, required: true },
  firstName: { to: 'FirstName', as: text },
  lastName: { to: 'LastName', as: text },
  phone: { to: 'Phone', as: text },
  createdAt: { to: 'CreatedDate', as: date },
};

const TRACK_FIELDS = new Map([
  ['Order Completed', ORDER],
  ['Order Refunded', REFUND],
]);

// Only the listed fields go on: the destination rejects a record with a field it does not know.
function convert(source, fields, path) {
  const out = {};
  for (const [from, { to, as, required }] of Object.entries(fields)) {
    const at = `${path}.${from}`;
    const value = source?.[from] ?? '';
    const blank = typeof value === 'string' && value.trim() === '';
    if (!blank) out[to] = as(value, at);
    else if (required) throw new InvalidEventPayload(`${at} is required`);
  }
  return out;
}

export async function onTrack(event) {
  const fields = TRACK_FIELDS.get(event.event);
  if (!fields) throw new EventNotSupported(`Track event "${event.event}" has no mapping`);
  return { ...event, properties: convert(event.properties, fields, 'properties') };
}

export async function onIdentify(event) {
  return { ...event, traits: convert(event.traits, CONTACT, 'traits') };
}

async function unsupported(event) {
  throw new EventNotSupported(`This destination takes orders and contacts, not ${event.type} events`);
}

export {
  unsupported as onPage,
  unsupported as onScreen,
  unsupported as onGroup,
  unsupported as onAlias,
  unsupported as onDelete,
};
