function required(settings, name, type) {
  const value = settings[name];
  if (value === undefined || value === null || value === '') {
    throw new ValidationError(`Setting "${name}" is required`);
  }
  if (typeof value !== type || Array.isArray(value)) {
    throw new ValidationError(`Setting "${name}" must be ${type === 'object' ? 'a map' : `a ${type}`}`);
  }
  return value;
}

const enrich = section => async (event, settings = {}) => {
  const region = required(settings, 'region', 'string');
  const defaultPlan = required(settings, 'plan', 'string');
  const tiers = required(settings, 'tiers', 'object');

  const sent = event[section] ?? {};
  const plan = sent.plan ?? event.context?.traits?.plan ?? defaultPlan;
  const tier = Object.hasOwn(tiers, plan) ? tiers[plan] : 'unknown';

  // What the event already says wins over what the settings assume.
  event[section] = { region, plan, tier, ...sent };
  return event;
};

// Aliases and deletes carry neither traits nor properties, and a plan would mean nothing on them.
const addRegion = async (event, settings = {}) => {
  event.context = { region: required(settings, 'region', 'string'), ...event.context };
  return event;
};

const onIdentify = enrich('traits');
const onGroup = enrich('traits');
const onTrack = enrich('properties');
const onPage = enrich('properties');
const onScreen = enrich('properties');
const onAlias = addRegion;
const onDelete = addRegion;
