function list(settings, name) {
  const value = settings[name] ?? [];
  // A bare string would pass for a list: it has `includes` too, which then matches substrings.
  if (!Array.isArray(value)) throw new ValidationError(`Setting "${name}" must be a list`);
  return value;
}

// 'Debug *' denies every name that starts with 'Debug '.
function denies(pattern, name) {
  return pattern.endsWith('*') ? name.startsWith(pattern.slice(0, -1)) : name === pattern;
}

function emailHosts(event) {
  return [event.traits?.email, event.properties?.email, event.context?.traits?.email, event.userId]
    .filter(value => typeof value === 'string' && value.includes('@'))
    .map(email => email.slice(email.lastIndexOf('@') + 1).toLowerCase());
}

function filter(event, settings = {}) {
  if (list(settings, 'testUsers').includes(event.userId)) {
    throw new DropEvent(`Test user ${event.userId}`);
  }

  const hosts = emailHosts(event);
  const domain = list(settings, 'internalDomains')
    .find(domain => hosts.some(host => host === domain || host.endsWith(`.${domain}`)));
  // The reason names the domain, never the address: reasons are read by more people than events are.
  if (domain) throw new DropEvent(`Internal e-mail domain ${domain}`);

  // Denied names are expected noise; returning nothing filters them without a reason to read.
  const name = event.event ?? event.name ?? '';
  if (list(settings, 'denyEvents').some(pattern => denies(pattern, name))) return;

  return event;
}

function onIdentify(event, settings) { return filter(event, settings); }
function onTrack(event, settings) { return filter(event, settings); }
function onPage(event, settings) { return filter(event, settings); }
function onScreen(event, settings) { return filter(event, settings); }
function onGroup(event, settings) { return filter(event, settings); }
function onAlias(event, settings) { return filter(event, settings); }

// A request to delete a user has to arrive, whoever the user is.
function onDelete(event) { return event; }
