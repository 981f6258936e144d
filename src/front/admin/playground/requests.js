// The requests a function made: when each was under way, and what was sent and came back.

import { fromBytes } from './api.js';
import { element } from './elements.js';
import { milliseconds, plural, time } from './units.js';

/** The parts of a request's time, in their order, with what each is called. */
const PARTS = [['dns', 'name'], ['connect', 'connect'], ['wait', 'wait'], ['body', 'body']];

/** All requests below each other, on one scale of time. */
export function requests(traces) {
  const spans = traces.map(span);
  const began = Math.min(...spans.map(({ start }) => start));
  const end = Math.max(...spans.map(({ start, total }) => start + total));
  const scale = Math.max(end - began, 0.001);
  const place = ({ start }) => ((start - began) / scale) * 100;
  return element(
    'div',
    { class: 'requests' },
    element('ol', {}, traces.map((trace, index) => request(trace, spans[index], place(spans[index]), scale))),
    element(
      'p',
      { class: 'legend hint' },
      PARTS.map(([part, name]) => element('span', { class: part }, name)),
      element('span', {}, `${time(scale)} in all`),
    ),
  );
}

/** When a request began, in milliseconds since the epoch, and how long its parts took. */
function span(trace) {
  const [dns, connect, first, total] = [trace.dns, trace.connect, trace.firstByte, trace.total].map(milliseconds);
  const known = dns + connect;
  const headers = Math.max(first || total, known);
  const parts = { dns, connect, wait: headers - known, body: Math.max(total - headers, 0) };
  return { start: instant(trace.time), total: Math.max(total, headers), parts };
}

/** A timestamp with all of its digits, of which a Date keeps three. */
function instant(timestamp) {
  const [, seconds, fraction] = /^(.*?)(\.\d+)?Z$/.exec(timestamp) ?? [];
  return Date.parse(`${seconds}Z`) + Number(fraction ?? 0) * 1000;
}

function request(trace, { total, parts }, left, scale) {
  const bar = element('span', { class: 'track', 'aria-hidden': 'true' });
  const piece = element('span', { class: 'piece' });
  // By property: the page allows no style in attributes.
  piece.style.marginLeft = `${left}%`;
  piece.style.width = `${(total / scale) * 100}%`;
  for (const [part] of PARTS) {
    const length = element('i', { class: part });
    length.style.flexGrow = `${parts[part]}`;
    piece.append(length);
  }
  bar.append(piece);
  const said = trace.error ? 'failed' : `${trace.status}`;
  const isGood = !trace.error && trace.status < 400;
  return element(
    'li',
    {},
    element(
      'details',
      {},
      element(
        'summary',
        {},
        element('span', { class: `chip ${isGood ? 'good' : 'bad'}` }, said),
        element('span', { class: 'what' }, element('b', {}, trace.method), ` ${trace.url}`),
        trace.eventIndex !== undefined && element('span', { class: 'chip' }, `event ${trace.eventIndex}`),
        element('span', { class: 'took' }, time(total)),
        bar,
      ),
      details(trace, parts),
    ),
  );
}

function details(trace, parts) {
  const took = PARTS.filter(([part]) => parts[part] > 0).map(([part, name]) => `${name} ${time(parts[part])}`);
  return element(
    'div',
    { class: 'details' },
    trace.error && element('p', { class: 'fault' }, trace.error),
    element('p', { class: 'hint' }, took.join(' · ')),
    half('Request', trace.requestHeaders, trace.requestBody),
    half('Response', trace.responseHeaders, trace.responseBody),
  );
}

function half(title, headers = [], body = '') {
  if (headers.length === 0 && body === '') return undefined;
  const text = fromBytes(body);
  const bytes = Math.floor((body.length * 3) / 4);
  const lines = headers.map(({ name, value }) => `${name}: ${value ?? ''}`);
  return element(
    'div',
    {},
    element('h4', {}, title),
    element('pre', { tabindex: '0' }, lines.join('\n'), body && `\n\n${text ?? plural(bytes, 'byte') + ' that are no text'}`),
  );
}
