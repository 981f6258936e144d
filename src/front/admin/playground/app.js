// The page: what is written on it, what is run of it, and what is shown for it.

import * as api from './api.js';
import { Desk } from './desk.js';
import { byId, element, say, show } from './elements.js';
import { Editor } from './editor.js';
import { Functions } from './functions.js';
import { grpcurl } from './grpcurl.js';
import * as history from './history.js';
import { nothingYet, summary, told } from './outcome.js';
import { Settings } from './settings.js';
import { bare, plural, size } from './units.js';

/** How long after the last key a source is looked at. */
const PAUSE_MS = 600;

/** How often a function under work is looked after. */
const LOOK_MS = 1000;

const SAMPLES = ['track', 'identify', 'page', 'screen', 'group', 'alias', 'delete', 'batch'];

/** Functions for which there are settings to try. */
const WITH_SETTINGS = [
  'batch-to-api', 'cached-lookup', 'enrich-from-api', 'enrich-from-setting', 'filter-by-rule', 'oauth-token', 'retry-on-429',
  'tokenise', 'typed-enrich',
];

/** What stands for a version of the store, and for something new, among the functions. */
const STORED = ' stored';
const NEW = ' new';

let executor = { functions: [], grpc: '' };
let functions = new Functions([]);
let token = '';
let running;
let looking;
let pause;
let noticed;
let lookingAt = new AbortController();

const source = new Editor(byId('source-editor'), {
  id: 'source',
  label: 'Source of the function',
  language: 'javascript',
  changed: sourceChanged,
});
const event = new Editor(byId('event-editor'), {
  id: 'event',
  label: 'Event as JSON',
  language: 'json',
  changed: () => {
    say(byId('event-fault'));
    byId('sample').value = '';
    desk.keep();
  },
});
const settings = new Settings();
const desk = new Desk(() => ({
  functionId: functions.base.functionId,
  source: isEdited() ? source.text : undefined,
  typescript: isTypeScript(),
  event: event.text,
}));

const isTypeScript = () => byId('language').value === 'typescript';
const isStored = () => functions.base.source === undefined;
const isEdited = () => functions.isEdited(source.text, isTypeScript());
const isEditedVersion = () => functions.base.functionId !== undefined && isEdited();
const reference = () => functions.reference(source.text, isTypeScript());

async function start() {
  listen();
  byId('outcome').replaceChildren(nothingYet());
  if (navigator.platform.startsWith('Mac')) byId('run-keys').textContent = '⌘ ↵';
  byId('sample').append(
    element('option', { value: '', hidden: true }, 'own event'),
    ...SAMPLES.map(name => element('option', { value: name }, name)),
  );
  try {
    executor = await api.executor();
  } catch {
    notice('The executor does not answer.');
    return;
  }
  functions = new Functions(executor.functions);
  listFunctions();
  show(byId('access'), executor.token);
  await layOut();
  if (executor.draft) watchDraft();
  show(byId('on-save'), Boolean(executor.draft));
}

/** Puts on the desk what was on it last, or what there is to begin with. */
async function layOut() {
  const last = desk.last();
  const [first] = executor.functions;
  const begin = executor.draft ? first?.functionId : last.functionId;
  await choose(begin ?? (last.source === undefined ? undefined : NEW) ?? 'mask-pii');
  if (!executor.draft && last.source !== undefined) {
    byId('language').value = last.typescript ? 'typescript' : 'javascript';
    source.text = last.source;
    sourceChanged();
  }
  if (last.event === undefined) await takeSample('track');
  else event.text = last.event;
}

function listen() {
  byId('run').addEventListener('click', run);
  byId('copy').addEventListener('click', copy);
  byId('function').addEventListener('change', chosen => choose(chosen.target.value));
  byId('revert').addEventListener('click', () => take(functions.base));
  byId('language').addEventListener('change', sourceChanged);
  byId('sample').addEventListener('change', chosen => takeSample(chosen.target.value));
  byId('stored').addEventListener('submit', submitted => submitted.preventDefault());
  for (const id of ['stored-id', 'stored-version']) byId(id).addEventListener('input', storedChanged);
  byId('access').addEventListener('submit', submitted => submitted.preventDefault());
  byId('token').addEventListener('input', () => {
    token = byId('token').value.trim();
    lookSoon();
  });
  document.addEventListener('keydown', key => {
    if (key.key === 'Enter' && (key.ctrlKey || key.metaKey)) {
      key.preventDefault();
      run();
    }
  });
  listenToTabs();
  listenToHistory();
}

function listenToTabs() {
  const tabs = [byId('event-tab'), byId('settings-tab')];
  for (const tab of tabs) {
    tab.addEventListener('click', () => openTab(tab.id));
    tab.addEventListener('keydown', key => {
      if (key.key !== 'ArrowLeft' && key.key !== 'ArrowRight') return;
      const other = tabs.find(one => one !== tab);
      openTab(other.id);
      other.focus();
    });
  }
}

function openTab(opened) {
  for (const name of ['event', 'settings']) {
    const isOpen = `${name}-tab` === opened;
    const tab = byId(`${name}-tab`);
    tab.setAttribute('aria-selected', `${isOpen}`);
    tab.tabIndex = isOpen ? 0 : -1;
    show(byId(`${name}-panel`), isOpen);
    show(byId(`${name}-tools`), isOpen);
  }
}

function listenToHistory() {
  const dialog = byId('history');
  const draw = () => byId('history-list').replaceChildren(...history.list(restore));
  byId('open-history').addEventListener('click', () => {
    draw();
    dialog.showModal();
  });
  byId('close-history').addEventListener('click', () => dialog.close());
  byId('clear-history').addEventListener('click', () => {
    history.clear();
    draw();
  });
}

function listFunctions() {
  const named = ({ functionId }) => element('option', { value: functionId }, functionId);
  const group = executor.draft ? 'Being written' : 'Examples';
  const shown = executor.functions.length > 0 && element('optgroup', { label: group }, executor.functions.map(named));
  const others = [[NEW, 'New function'], [STORED, 'Version in the store…']];
  byId('function').replaceChildren(
    ...[shown].filter(Boolean),
    element('optgroup', { label: 'Others' }, others.map(([value, name]) => element('option', { value }, name))),
  );
}

/** Takes up the function that was chosen. */
async function choose(functionId) {
  if (functionId === STORED) {
    byId('function').value = STORED;
    storedChanged();
    return;
  }
  const { functionId: before } = functions.base;
  const base = functions.takeUp(functionId);
  byId('function').value = base.functionId ?? NEW;
  if (base.functionId !== before) {
    settings.schema = [];
    settings.values = {};
  }
  take(base);
  if (WITH_SETTINGS.includes(base.functionId) && !executor.draft) {
    const sample = JSON.parse(await api.text(`/playground/settings/${base.functionId}.json`));
    // The form is there once the function has been described.
    await looking;
    settings.values = sample;
  }
  if (base.functionId?.startsWith('batch-')) await takeSample('batch');
}

function take(base) {
  byId('language').value = base.typescript ? 'typescript' : 'javascript';
  source.text = base.source;
  notice();
  showBase();
  looking = look();
  desk.keep();
}

function storedChanged() {
  functions.takeUpStored(byId('stored-id').value.trim(), byId('stored-version').value.trim());
  settings.schema = [];
  showBase();
  lookSoon();
}

function sourceChanged() {
  showBase();
  lookSoon();
  desk.keep();
}

function showBase() {
  show(byId('stored'), isStored());
  show(byId('source-editor'), !isStored());
  show(byId('language'), !isStored());
  show(byId('edited'), isEditedVersion());
  show(byId('revert'), isEditedVersion());
}

async function takeSample(name) {
  event.text = await api.text(`/playground/events/${name}.json`);
  byId('sample').value = name;
  say(byId('event-fault'));
  desk.keep();
}

function lookSoon() {
  clearTimeout(pause);
  pause = setTimeout(() => {
    looking = look();
  }, PAUSE_MS);
}

/** Has the executor say what the function is and what is wrong with it. */
async function look() {
  lookingAt.abort();
  lookingAt = new AbortController();
  const { signal } = lookingAt;
  const asked = reference();
  if (!asked.function_id || !asked.version || (executor.token && token === '')) {
    showFindings({});
    return;
  }
  try {
    const description = await api.call('Describe', { function: asked }, { token, signal });
    if (signal.aborted) return;
    // A source that was edited here comes without its manifest, whose settings still are what it takes.
    if (asked.source === undefined) settings.schema = description.settings ?? [];
    else if (functions.base.functionId === undefined) settings.schema = [];
    showFindings(description);
  } catch (fault) {
    if (signal.aborted) return;
    showFindings({});
    byId('findings').replaceChildren(element('span', { class: 'chip warn' }, fault.code ?? 'no answer'), ` ${fault.message}`);
  }
}

function showFindings({ handlers = [], diagnostics = [], sourceKind, sourceBytes, displayName }) {
  const errors = diagnostics.filter(found => found.severity === 'SEVERITY_ERROR').length;
  const warnings = diagnostics.length - errors;
  const chips = [
    errors > 0 && element('span', { class: 'chip bad' }, plural(errors, 'error')),
    warnings > 0 && element('span', { class: 'chip warn' }, plural(warnings, 'warning')),
    ...handlers.map(handler => element('span', { class: 'chip' }, handler)),
  ];
  const kind = bare(sourceKind, 'SOURCE_KIND_').toLowerCase();
  byId('findings').title = [displayName, kind, sourceBytes && size(sourceBytes)].filter(Boolean).join(' · ');
  byId('findings').replaceChildren(...chips.filter(Boolean));
  byId('diagnostics').replaceChildren(...diagnostics.map(diagnostic));
  show(byId('diagnostics'), diagnostics.length > 0);
  const inSource = diagnostics.filter(found => found.line > 0 && /index\.[jt]s$/.test(found.file ?? ''));
  source.mark(inSource.map(found => found.line));
}

function diagnostic({ severity, message, line, column, file, codeFrame }) {
  const isError = severity === 'SEVERITY_ERROR';
  const isHere = /index\.[jt]s$/.test(file ?? '') && !isStored();
  const place = line > 0 && `${file}:${line}:${column}`;
  return element(
    'li',
    { class: isError ? 'bad' : 'warn' },
    element('span', {}, message),
    place && isHere && element('button', { type: 'button', class: 'link', onclick: () => source.goTo(line, column) }, place),
    place && !isHere && element('code', {}, place),
    codeFrame && !isHere && element('pre', { tabindex: '0' }, codeFrame),
  );
}

/** What is to be sent. Throws what keeps it from being sent, which has been said. */
function request() {
  const fault = byId('event-fault');
  let given;
  try {
    given = JSON.parse(event.text);
  } catch (error) {
    openTab('event-tab');
    say(fault, error.message);
    const [, line] = /line (\d+)/.exec(error.message) ?? [];
    if (line) event.mark([Number(line)]);
    byId('event').focus();
    throw error;
  }
  const named = reference();
  const common = { function: named, secret_settings: settings.secretNames, capture: true };
  try {
    common.settings = settings.read(named.source !== undefined);
  } catch (error) {
    openTab('settings-tab');
    throw error;
  }
  return Array.isArray(given)
    ? { method: 'InvokeBatch', events: given, common }
    : { method: 'Invoke', events: [given], common };
}

/** With the events as texts, whose keys keep their order. */
function inBytes({ method, events, common }) {
  const texts = events.map(given => api.toBytes(JSON.stringify(given)));
  return method === 'Invoke' ? { ...common, event_json: texts[0] } : { ...common, events_json: texts };
}

/** Runs the function, or stops the run that is under way. */
async function run() {
  if (running) {
    running.abort();
    return;
  }
  let asked;
  try {
    asked = request();
  } catch {
    return;
  }
  running = new AbortController();
  byId('run').firstChild.data = 'Stop ';
  byId('outcome').setAttribute('aria-busy', 'true');
  const done = { reference: asked.common.function, events: asked.events, source: isStored() ? undefined : source.text };
  try {
    done.response = await api.call(asked.method, inBytes(asked), { token, signal: running.signal });
  } catch (fault) {
    done.fault = fault.name === 'AbortError' ? new Error('Stopped.') : fault;
  }
  running = undefined;
  byId('run').firstChild.data = 'Run ';
  byId('outcome').removeAttribute('aria-busy');
  tell(done);
  remember(asked, done);
}

function tell(done) {
  byId('outcome').replaceChildren(...told(done, (line, column) => source.goTo(line, column)));
  const frames = done.response?.error?.frames ?? [];
  if (frames.length > 0 && !isStored()) source.mark([frames[0].line]);
  // Where the result is below what was written, it would not be seen.
  const { top } = byId('result').getBoundingClientRect();
  if (top > window.innerHeight * 0.6) byId('result').scrollIntoView({ behavior: 'smooth' });
}

function remember(asked, done) {
  const { base } = functions;
  const { kind, title } = summary(done);
  const on = asked.events.length === 1 ? asked.events[0]?.type : plural(asked.events.length, 'event');
  history.keep({
    at: new Date().toISOString(),
    kind,
    outcome: title,
    title: `${base.functionId ?? 'new function'}${isEditedVersion() ? ', edited' : ''} on ${on}`,
    functionId: base.functionId,
    version: isStored() ? base.version : undefined,
    source: isEdited() ? source.text : undefined,
    typescript: isTypeScript(),
    event: event.text,
    settings: settings.keepable,
    secretNames: settings.secretNames,
  });
}

async function restore(kept) {
  byId('history').close();
  if (kept.version !== undefined) {
    byId('stored-id').value = kept.functionId;
    byId('stored-version').value = kept.version;
    await choose(STORED);
  } else {
    await choose(kept.functionId ?? NEW);
  }
  await looking;
  settings.keepable = kept.settings;
  if (!settings.hasSchema) settings.secretNames = kept.secretNames ?? [];
  if (kept.source !== undefined) {
    byId('language').value = kept.typescript ? 'typescript' : 'javascript';
    source.text = kept.source;
    sourceChanged();
  }
  if (kept.event !== undefined) event.text = kept.event;
  byId('sample').value = '';
}

async function copy() {
  let asked;
  try {
    asked = request();
  } catch {
    return;
  }
  const { method, events, common } = asked;
  const sent = method === 'Invoke' ? { ...common, event: events[0] } : { ...common, events };
  const text = grpcurl(executor, method, sent, common.secret_settings);
  try {
    await navigator.clipboard.writeText(text);
    notice('Copied. Secret settings are left for you to fill in.', 4000);
  } catch {
    notice('The browser does not let this page copy.', 4000);
  }
}

/** Says something above all; for a while, if so told. */
function notice(text, forMs, ...more) {
  clearTimeout(noticed);
  byId('notice').replaceChildren(text ?? '', ...more);
  show(byId('notice'), Boolean(text));
  if (forMs) noticed = setTimeout(() => notice(), forMs);
}

/** Takes up what is saved of the function that is being written. */
function watchDraft() {
  setInterval(async () => {
    if (document.hidden) return;
    let now;
    try {
      now = await api.draft();
    } catch {
      notice('penstock dev has ended.');
      return;
    }
    if (now === executor.draft) return;
    executor = await api.executor();
    const { functionId, version } = executor.functions[0];
    const wasEdited = functions.base.functionId === functionId && isEdited();
    const isOther = functions.base.functionId !== functionId;
    functions = new Functions(executor.functions, functions.base);
    if (isOther) return;
    const load = async () => {
      take(functions.takeUp(functionId));
      notice(`Version ${version}, as saved just now.`, 3000);
      // Its settings may be others now.
      await looking;
      if (byId('run-on-save').checked && !running) run();
    };
    if (!wasEdited) load();
    else notice(`Version ${version} was saved. `, 0, element('button', { type: 'button', class: 'link', onclick: load }, 'Drop what is edited here and take it up'));
  }, LOOK_MS);
}

await start();
