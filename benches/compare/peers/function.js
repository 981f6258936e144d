async function onTrack(event, settings) {
  const { traits } = event.context;
  traits.email = traits.email.replace(/^(.)[^@]*/, '$1***');
  delete event.properties.payment;
  event.properties.region = settings.region;
  event.properties.masked = true;
  return event;
}
