// What a run came to: the outcome, what changed, logs, requests, what it cost.

import { fromBytes } from './api.js';
import { changes } from './changes.js';
import { element } from './elements.js';
import { fileName } from './functions.js';
import { requests } from './requests.js';
import { bare, milliseconds, size, time } from './units.js';

/** Lines shown around a fault. */
const AROUND = 2;

const FILTERED = {
  NO_RETURN: 'The handler returned nothing.',
  DROP_EVENT: 'The handler threw DropEvent.',
  NOT_RETURNED: 'onBatch returned nothing for this event.',
};

/** What one event came to: its kind, and that in words. */
function cameTo(result) {
  if (result.error) return { kind: 'failed', title: result.error.label };
  if (result.filtered) return { kind: 'filtered', title: 'Filtered' };
  return { kind: 'delivered', title: 'Delivered' };
}

/** What a run came to, in as many words. */
export function summary(run) {
  if (run.fault) return { kind: 'failed', title: run.fault.code ?? 'Not run' };
  if (!run.response.results) return cameTo(run.response);
  const kinds = run.response.results.map(result => cameTo(result).kind);
  const counts = ['delivered', 'filtered', 'failed'].map(kind => [kind, kinds.filter(other => other === kind).length]);
  const told = counts.filter(([, number]) => number > 0);
  const worst = told.at(-1)?.[0] ?? 'delivered';
  return { kind: worst, title: told.map(([kind, number]) => `${number} ${kind}`).join(', ') };
}

/** The parts of the page that tell of a run. `goTo(line, column)` shows a place in the source. */
export function told(run, goTo) {
  if (run.fault) return [banner(summary(run), [], run.fault.message), ...statusDetails(run.fault)];
  const { response } = run;
  const parts = response.results ? batch(run, goTo) : single(run, goTo);
  return [
    ...parts,
    section('Logs', logs(response.logs), count(response.logs)),
    response.requests?.length > 0 && section('Requests', requests(response.requests), count(response.requests)),
  ].filter(Boolean);
}

/** What is shown before anything has run. */
export function nothingYet() {
  return element(
    'div',
    { class: 'empty' },
    element('p', {}, 'Run the function to see what becomes of the event:'),
    element('p', { class: 'hint' }, 'its outcome, what changed in it, logs, requests, and what it cost.'),
  );
}

function single(run, goTo) {
  const { response } = run;
  const { error, filtered } = response;
  const chips = error ? errorChips(error) : [];
  const said = filtered ? filteredText(filtered) : error?.message;
  const [before] = run.events;
  const after = delivered(response);
  return [
    banner(cameTo(response), chips, said, response.usage),
    error && errorDetails(error, run, goTo),
    after !== undefined && section('Event', changes(before, after)),
    after !== undefined && whole(after),
  ].filter(Boolean);
}

function batch(run, goTo) {
  const { results, usage } = run.response;
  const rows = results.map((result, index) => {
    const came = cameTo(result);
    const event = run.events[index];
    const named = [event?.type, event?.event ?? event?.name].filter(text => typeof text === 'string').join(' · ');
    const said = result.error?.message ?? (result.filtered && filteredText(result.filtered));
    const after = delivered(result);
    return element(
      'li',
      {},
      element(
        'details',
        { open: results.length < 3 },
        element(
          'summary',
          {},
          element('span', { class: `dot ${came.kind}`, 'aria-hidden': 'true' }),
          element('span', { class: 'what' }, `${index} `, element('b', {}, named)),
          element('span', { class: `chip ${came.kind}` }, came.title),
        ),
        element(
          'div',
          { class: 'details' },
          said && element('p', { class: result.error ? 'fault' : 'hint' }, said),
          result.error && errorDetails(result.error, run, goTo),
          after !== undefined && changes(event, after),
        ),
      ),
    );
  });
  return [banner(summary(run), [], '', usage), section('Events', element('ol', { class: 'events' }, rows), results.length)];
}

function banner({ kind, title }, chips, said, usage) {
  return element(
    'div',
    { class: `banner ${kind}`, role: 'status' },
    element('p', { class: 'title' }, element('strong', {}, title), ...chips),
    said && element('p', { class: 'said' }, said),
    usage && costs(usage),
  );
}

function costs(usage) {
  const figures = [
    ['wall', time(milliseconds(usage.wall))],
    ['CPU', time(milliseconds(usage.cpu))],
    ['queued', time(milliseconds(usage.queue))],
    ['heap', size(usage.heapUsedBytes)],
    ['requests', `${usage.requests ?? 0}`],
    ['isolate', usage.coldStart ? 'cold' : 'warm'],
  ];
  const pair = ([name, value]) => element('div', {}, element('dt', {}, name), element('dd', {}, value));
  return element('dl', { class: 'usage', 'aria-label': 'Usage' }, figures.map(pair));
}

function errorChips(error) {
  const retry = error.retryable && `retryable${error.retryAfter ? ` after ${time(milliseconds(error.retryAfter))}` : ''}`;
  return [
    error.name && element('span', { class: 'chip' }, error.name),
    retry && element('span', { class: 'chip warn' }, retry),
  ];
}

function errorDetails(error, run, goTo) {
  const frames = error.frames ?? [];
  const ours = frames.find(frame => run.source !== undefined && frame.file === fileName(run.reference));
  const inTypeScript = frames.find(frame => run.source !== undefined && frame.file?.startsWith(`${run.reference.function_id}/index.`));
  const frame = ours ?? inTypeScript;
  return element(
    'div',
    { class: 'error' },
    frame && codeFrame(run.source, frame, goTo),
    error.limit && element('p', { class: 'hint' }, `Limit ${error.limit.name}: ${error.limit.value} ${error.limit.unit}, set by ${error.limit.knob}`),
    violations((error.violations ?? []).map(({ field, description }) => [field, description])),
    error.stack && element('details', {}, element('summary', {}, 'Stack'), element('pre', { tabindex: '0' }, error.stack)),
  );
}

function codeFrame(source, { line, column, file }, goTo) {
  const lines = source.split('\n');
  const first = Math.max(line - AROUND, 1);
  const shown = lines.slice(first - 1, line + AROUND);
  const digits = `${first + shown.length - 1}`.length;
  const rows = shown.map((text, index) => {
    const number = first + index;
    const row = `${number}`.padStart(digits);
    if (number !== line) return `  ${row} | ${text}\n`;
    // As wide as what stands before it, tabs included.
    const before = text.slice(0, column - 1).replace(/[^\t]/g, ' ');
    return element('mark', {}, `> ${row} | ${text}\n  ${' '.repeat(digits)} | ${before}^`);
  });
  return element(
    'figure',
    { class: 'frame' },
    element(
      'figcaption',
      {},
      element('button', { type: 'button', class: 'link', onclick: () => goTo(line, column) }, `${file}:${line}:${column}`),
    ),
    element('pre', { tabindex: '0', 'aria-label': `Code around line ${line}` }, ...rows),
  );
}

function violations(pairs) {
  if (pairs.length === 0) return undefined;
  const row = ([field, description]) => element('li', {}, element('code', {}, field), ` ${description}`);
  return element('ul', { class: 'violations' }, pairs.map(row));
}

/** What came with a gRPC status. */
function statusDetails(fault) {
  const details = fault.details ?? [];
  const faults = details.flatMap(detail => detail.fieldViolations ?? []);
  const retry = details.find(detail => detail.retryDelay)?.retryDelay;
  return [
    violations(faults.map(({ field, description }) => [field, description])),
    retry && element('p', { class: 'hint' }, `Come again in ${time(milliseconds(retry))}.`),
  ].filter(Boolean);
}

function filteredText({ reason, message }) {
  return message || FILTERED[bare(reason, 'REASON_')] || '';
}

/** The event that goes on, if it does. */
function delivered(result) {
  return result.eventJson === undefined ? undefined : JSON.parse(fromBytes(result.eventJson));
}

function whole(event) {
  return element(
    'details',
    { class: 'whole' },
    element('summary', {}, 'The event as delivered'),
    element('pre', { tabindex: '0' }, JSON.stringify(event, null, 2)),
  );
}

function logs(lines = []) {
  if (lines.length === 0) return element('p', { class: 'hint' }, 'Nothing was logged.');
  const row = ({ level, time: at, message, eventIndex }) => {
    const name = bare(level, 'LOG_LEVEL_').toLowerCase();
    return element(
      'li',
      { class: name },
      element('time', { class: 'hint' }, (at ?? '').slice(11, 23)),
      element('span', { class: 'level' }, name),
      eventIndex !== undefined && element('span', { class: 'chip' }, `event ${eventIndex}`),
      element('span', { class: 'message' }, message ?? ''),
    );
  };
  return element('ol', { class: 'logs' }, lines.map(row));
}

const count = list => list?.length ?? 0;

function section(title, content, number) {
  const heading = element('h3', {}, title, number > 0 && element('span', { class: 'count' }, `${number}`));
  return element('section', { class: 'panel part' }, element('header', {}, heading), content);
}
