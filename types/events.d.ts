// The events of the Segment spec, as handlers get them. What Segment's own libraries always send is not optional here;
// of an event only `type` is certain, so look before you rely on what others send.

/** The fields that all events have. */
interface EventFields {
  /** Ids of users are strings; one of `userId` and `anonymousId` is there. */
  userId?: string | null;
  anonymousId?: string | null;
  messageId: string;
  context: EventContext;
  /** Destinations to send the event to, or not, by name; `All` for the rest. */
  integrations: Integrations;
  /** When it happened, by the sender's clock corrected: ISO 8601. */
  timestamp: string;
  /** When it happened, by the sender's clock. */
  originalTimestamp?: string;
  sentAt?: string;
  receivedAt?: string;
  channel?: string;
  projectId?: string;
  version?: number | string;
  writeKey?: string;
  [field: string]: any;
}

interface Integrations {
  All?: boolean;
  [destination: string]: boolean | { [option: string]: any } | undefined;
}

/** Who somebody is. */
interface IdentifyEvent<T extends object = Traits> extends EventFields {
  type: 'identify';
  traits: T;
}

/** What somebody did. */
interface TrackEvent<P extends object = Properties> extends EventFields {
  type: 'track';
  /** The name of what was done, such as `Order Completed`. */
  event: string;
  properties: P;
}

/** What page of a site somebody saw. */
interface PageEvent<P extends object = PageProperties> extends EventFields {
  type: 'page';
  name?: string | null;
  category?: string | null;
  properties: P;
}

/** What screen of an app somebody saw. */
interface ScreenEvent<P extends object = Properties> extends EventFields {
  type: 'screen';
  name?: string | null;
  category?: string | null;
  properties: P;
}

/** What account somebody belongs to. */
interface GroupEvent<T extends object = GroupTraits> extends EventFields {
  type: 'group';
  groupId: string;
  traits: T;
}

/** That two ids are of one user. */
interface AliasEvent extends EventFields {
  type: 'alias';
  userId: string;
  previousId: string;
}

/** That what is known of a user is to be deleted. */
interface DeleteEvent extends EventFields {
  type: 'delete';
  userId: string;
}

/**
 * Any event; `switch (event.type)` tells which. Its type comes as it was sent, and is matched with a handler without
 * regard to case.
 */
type SegmentEvent =
  | IdentifyEvent
  | TrackEvent
  | PageEvent
  | ScreenEvent
  | GroupEvent
  | AliasEvent
  | DeleteEvent;

interface Address {
  city?: string;
  country?: string;
  postalCode?: string;
  state?: string;
  street?: string;
  [name: string]: any;
}

interface Company {
  id?: string | number;
  name?: string;
  industry?: string;
  employee_count?: number;
  plan?: string;
  [name: string]: any;
}

/** Of a user; those with a meaning in the spec, and any other. */
interface Traits {
  address?: Address;
  age?: number;
  avatar?: string;
  birthday?: string;
  company?: Company;
  createdAt?: string;
  description?: string;
  email?: string;
  firstName?: string;
  gender?: string;
  id?: string;
  lastName?: string;
  name?: string;
  phone?: string;
  title?: string;
  username?: string;
  website?: string;
  [name: string]: any;
}

/** Of an account. */
interface GroupTraits {
  address?: Address;
  avatar?: string;
  createdAt?: string;
  description?: string;
  email?: string;
  employees?: string | number;
  id?: string;
  industry?: string;
  name?: string;
  phone?: string;
  plan?: string;
  website?: string;
  [name: string]: any;
}

/** Of what was done; those with a meaning in the spec, and any other. */
interface Properties {
  /** What it brought in; a number by the spec, and text from some senders. */
  revenue?: number | string;
  /** ISO 4217, such as `EUR`. */
  currency?: string;
  value?: number | string;
  [name: string]: any;
}

interface PageProperties {
  keywords?: string[];
  name?: string;
  path?: string;
  referrer?: string;
  search?: string;
  title?: string;
  url?: string;
  [name: string]: any;
}

/** Where and with what it happened. */
interface EventContext {
  active?: boolean;
  app?: { name?: string; version?: string; build?: string; namespace?: string; [name: string]: any };
  campaign?: {
    name?: string;
    source?: string;
    medium?: string;
    term?: string;
    content?: string;
    [name: string]: any;
  };
  device?: {
    id?: string;
    advertisingId?: string;
    adTrackingEnabled?: boolean;
    manufacturer?: string;
    model?: string;
    name?: string;
    token?: string;
    type?: string;
    version?: string;
    [name: string]: any;
  };
  groupId?: string;
  ip?: string;
  library?: { name?: string; version?: string; [name: string]: any };
  locale?: string;
  location?: {
    city?: string;
    country?: string;
    latitude?: number;
    longitude?: number;
    region?: string;
    speed?: number;
    [name: string]: any;
  };
  network?: { bluetooth?: boolean; carrier?: string; cellular?: boolean; wifi?: boolean; [name: string]: any };
  os?: { name?: string; version?: string; [name: string]: any };
  page?: {
    path?: string;
    referrer?: string;
    search?: string;
    title?: string;
    url?: string;
    [name: string]: any;
  };
  referrer?: { id?: string; type?: string; name?: string; url?: string; link?: string; [name: string]: any };
  screen?: { width?: number; height?: number; density?: number; [name: string]: any };
  sessionId?: number | string;
  timezone?: string;
  /** Of the user, where the event itself carries none. */
  traits?: Traits;
  userAgent?: string;
  userAgentData?: {
    brands?: { brand: string; version: string }[];
    mobile?: boolean;
    platform?: string;
    [name: string]: any;
  };
  [name: string]: any;
}
