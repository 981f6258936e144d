// One update per user is enough: the latest identify goes on, with the traits of those before it.
async function identifyBatch(events) {
  const latest = new Map();
  const byTime = [...events].sort((a, b) => Date.parse(a.timestamp) - Date.parse(b.timestamp));
  for (const event of byTime) {
    const user = event.userId ?? event.anonymousId ?? event.messageId;
    event.traits = { ...latest.get(user)?.traits, ...event.traits };
    latest.set(user, event);
  }
  return [...latest.values()];
}

async function trackBatch(events) {
  return events.filter(event => event.event !== 'Session Heartbeat');
}

async function keepAll(events) {
  return events;
}

const SUB_BATCHES = { identify: identifyBatch, track: trackBatch };

async function onBatch(events, settings) {
  const byType = new Map();
  for (const event of events) {
    const type = event.type.toLowerCase();
    if (!byType.has(type)) byType.set(type, []);
    byType.get(type).push(event);
  }

  const results = await Promise.all(
    [...byType].map(([type, group]) => (SUB_BATCHES[type] ?? keepAll)(group, settings)),
  );
  const kept = results.flat();
  console.log('%d of %d events kept', kept.length, events.length);
  return kept;
}

// A lone event is a batch of one; an empty answer makes the handler return nothing, which filters it.
const single = subBatch => async (event, settings) => (await subBatch([event], settings))[0];

const onIdentify = single(identifyBatch);
const onTrack = single(trackBatch);
const onPage = single(keepAll);
const onScreen = single(keepAll);
const onGroup = single(keepAll);
const onAlias = single(keepAll);
const onDelete = single(keepAll);
