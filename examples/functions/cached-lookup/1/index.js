const FIVE_MINUTES = 5 * 60 * 1000;

async function fetchProduct(sku, settings) {
  const response = await fetch(`${settings.apiUrl}/products/${encodeURIComponent(sku)}`);
  // That there is none is worth knowing for five minutes, too.
  if (response.status === 404) return null;
  // What the loader throws is kept by nobody; all events that wait for this product get it.
  if (response.status === 429 || response.status >= 500) throw new RetryError(`Catalogue: HTTP ${response.status}`);
  if (!response.ok) throw new Error(`Catalogue: HTTP ${response.status}`);
  const { name, category, price } = await response.json();
  return { name, category, price };
}

// Unlike a global, the cache is shared by all isolates of this instance in a process, and knows of expiry.
function product(sku, settings) {
  const ttl = settings.ttlMs ?? FIVE_MINUTES;
  return cache.load(`product:${sku}`, ttl, () => fetchProduct(sku, settings));
}

async function onTrack(event, settings) {
  const sku = event.properties?.sku;
  if (!sku) return event;

  // The catalogue changed this product: what is kept of it is out of date.
  if (event.event === 'Product Updated') {
    cache.delete(`product:${sku}`);
    return event;
  }

  let found;
  try {
    found = await product(sku, settings);
  } catch (error) {
    if (error.name === 'FetchError') throw new RetryError(error.message);
    throw error;
  }
  if (found === null) throw new InvalidEventPayload(`properties.sku: no product ${sku}`);
  event.properties = { ...event.properties, ...found };
  return event;
}
