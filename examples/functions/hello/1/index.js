async function onTrack(event) {
  event.properties = { ...event.properties, greeting: 'Hello from Penstock' };
  console.log('greeted', event.event);
  return event;
}
