// Gives each request to the worker of the function that a header names, and loads it on first sight.
import source from 'function.txt';

const ENTRY = `
const settings = {"region":"eu"};
export default {
  async fetch(request) {
    const input = await request.json();
    const output = Array.isArray(input)
      ? await Promise.all(input.map(event => onTrack(event, settings)))
      : await onTrack(input, settings);
    return new Response(JSON.stringify(output));
  },
};
`;

export default {
  fetch(request, { loader }) {
    const worker = loader.get(request.headers.get('x-function-id'), () => ({
      compatibilityDate: '2026-01-01',
      mainModule: 'main.js',
      modules: { 'main.js': source + ENTRY },
      globalOutbound: null,
    }));
    return worker.getEntrypoint().fetch(request);
  },
};
