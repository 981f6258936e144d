interface Plan {
  readonly tier: string;
  readonly seats?: number;
}

type Plans = Record<string, Plan>;

interface Settings {
  plans: Plans;
  fallback?: string;
}

interface TrackEvent {
  type: 'track';
  event: string;
  properties?: Record<string, unknown>;
}

function planOf(event: TrackEvent, plans: Plans): Plan | undefined;
function planOf(event: TrackEvent, plans: Plans, fallback: string): Plan;
function planOf(event: TrackEvent, plans: Plans, fallback?: string): Plan | undefined {
  const name = event.properties?.plan;
  if (typeof name === 'string' && Object.hasOwn(plans, name)) return plans[name]!;
  return fallback === undefined ? undefined : { tier: fallback };
}

const pick = <T extends object, K extends keyof T>(value: T, ...keys: K[]): Pick<T, K> =>
  Object.fromEntries(keys.map(key => [key, value[key]])) as Pick<T, K>;

export async function onTrack(event: TrackEvent, settings: Settings): Promise<TrackEvent> {
  const plan = planOf(event, settings.plans, settings.fallback ?? 'unknown');
  const added = pick(plan, 'tier', 'seats') satisfies Partial<Plan>;
  // What the event already says wins.
  event.properties = { ...added, ...event.properties };
  return event;
}
