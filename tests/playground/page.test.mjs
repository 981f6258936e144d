// The playground's page in a real browser: what a person does on it, and what comes of that.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { after, before, test } from 'node:test';

import { Desk, PHONE, browser } from './desk.mjs';
import { Executor, directory, upstream } from './executor.mjs';

const NEW = ' new';
const SECRET = 'sk-live-0123456789abcdef';

let chromium;
let executor;

before(async () => {
  [chromium, executor] = await Promise.all([browser(), Executor.serve()]);
});

after(async () => {
  await chromium?.close();
  await executor?.stop();
});

/** A test on a page of its own, which has to end without a fault on the console. */
function onPage(name, options, body) {
  test(name, async () => {
    const desk = await Desk.open(chromium, executor.origin, options);
    try {
      await body(desk);
      desk.isSound();
    } finally {
      await desk.close();
    }
  });
}

onPage('a function that is typed is run, and what changed is shown', {}, async desk => {
  await desk.choose(NEW);
  await desk.type('source', 'function onTrack(event) {\nconsole.log("saw", event.event);\nevent.plan = "gold";\ndelete event.userId;\nreturn event;\n}');
  assert.equal(await desk.run(), 'Delivered');
  assert.deepEqual(await desk.texts('.lines ins'), ['  "plan": "gold"']);
  assert.deepEqual(await desk.texts('.lines del'), ['  "userId": "usr_7Qm2xK9d"']);
  assert.deepEqual(await desk.texts('.logs .message'), ['saw Order Completed']);
  assert.match(await desk.text('.usage'), /wall[\d.]+ m?s.*CPU.*heap.*isolatecold/);
  const folded = await desk.texts('.fold');
  assert.ok(folded.length > 0 && folded.every(text => /^\d+ unchanged lines$/.test(text)), `${folded}`);
  const lines = async () => (await desk.texts('.lines > span, .lines > ins')).length;
  const before = await lines();
  await desk.page.click('.fold');
  assert.ok((await lines()) > before);
});

onPage('an error is shown with the code around it', {}, async desk => {
  await desk.choose(NEW);
  await desk.type('source', '// plans\nfunction onTrack(event) {\n  const plan = {};\n  return plan.level.name;\n}');
  assert.equal(await desk.run(), 'Bad Request');
  assert.match(await desk.text('.banner'), /TypeError.*reading 'name'/);
  assert.match(await desk.text('.frame'), /playground\/index\.js:4:21.*\n> 4 \|   return plan\.level\.name;\n {4}\| {21}\^/s);
  assert.equal(await desk.text('.numbers .marked'), '4');
  await desk.page.click('.frame .link');
  const caret = await desk.page.$eval('#source', area => area.value.slice(area.selectionStart, area.selectionStart + 5));
  assert.equal(caret, 'name;');
});

onPage('what is wrong with a source is told while it is written', {}, async desk => {
  await desk.choose(NEW);
  await desk.type('source', 'function onTrack(event) {\n  return evnt event\n}');
  await desk.until('#findings', text => text === '1 error');
  assert.match(await desk.text('#diagnostics'), /SyntaxError: Unexpected identifier 'event'playground\/index\.js:2:15/);
  assert.equal(await desk.text('#source-editor .marked'), '2');
  await desk.type('source', 'function ontrack(event) {}\nfunction onPage() {}');
  await desk.until('#findings', text => text === '1 warningonPage');
  assert.match(await desk.text('#diagnostics'), /did you mean onTrack\?/);
  await desk.page.select('#language', 'typescript');
  await desk.type('source', 'export const onTrack = (event: object): object => event;');
  await desk.until('#findings', text => text === 'onTrack');
  assert.equal(await desk.run(), 'Delivered');
});

onPage('a filtered event says why', {}, async desk => {
  await desk.choose(NEW);
  await desk.type('source', 'function onTrack() { throw new DropEvent("internal traffic") }');
  assert.equal(await desk.run(), 'Filtered');
  assert.equal(await desk.text('.banner .said'), 'internal traffic');
});

onPage('every sample event runs', {}, async desk => {
  await desk.choose('mask-pii');
  for (const name of ['identify', 'track', 'page', 'screen', 'group', 'alias', 'delete']) {
    await desk.sample(name);
    assert.equal(await desk.run(), 'Delivered', name);
  }
});

onPage('a batch has a result for each event', {}, async desk => {
  await desk.choose(NEW);
  await desk.sample('batch');
  await desk.type('source', 'const onBatch = events => events.slice(1).map(event => ({ ...event, seen: true }));');
  assert.equal(await desk.run(), '7 delivered, 1 filtered');
  const events = await desk.texts('.events summary');
  assert.equal(events.length, 8);
  assert.match(events[0], /^0 identifyFiltered$/);
  assert.match(events[1], /^1 track · Session HeartbeatDelivered$/);
  await desk.page.click('.events li:nth-child(2) summary');
  assert.deepEqual(await desk.texts('.events li:nth-child(2) ins'), ['  "seen": true']);
});

test('requests are shown on one scale of time, with what was sent and came back', async () => {
  const server = await upstream();
  const desk = await Desk.open(chromium, executor.origin);
  try {
    await desk.choose(NEW);
    await desk.type(
      'source',
      `async function onTrack(event) {
        await fetch('${server.origin}/slow');
        await fetch('${server.origin}/bad', { method: 'POST', body: 'sent' });
        return event;
      }`,
    );
    assert.equal(await desk.run(), 'Delivered');
    const rows = await desk.texts('.requests summary');
    assert.match(rows[0], new RegExp(`^200GET ${server.origin}/slow[\\d.]+ m?s$`));
    assert.match(rows[1], new RegExp(`^503POST ${server.origin}/bad`));
    const bars = await desk.page.$$eval('.piece', all => all.map(bar => [bar.offsetLeft, bar.offsetWidth]));
    assert.ok(bars[1][0] >= bars[0][0] + bars[0][1], `the second begins after the first: ${bars}`);
    const [longer, shorter] = (await desk.texts('.took')).map(text => Number.parseFloat(text) * (text.endsWith(' ms') ? 1 : 1000));
    assert.equal(bars[0][1] >= bars[1][1], longer >= shorter, `as long as what it took: ${bars}`);
    await desk.page.click('.requests li:nth-child(2) summary');
    assert.match(await desk.text('.requests li:nth-child(2) .details'), /sent.*\{"company":"Acme"\}/s);
    desk.isSound();
  } finally {
    await desk.close();
    server.close();
  }
});

onPage('what functions and events say stays text', {}, async desk => {
  await desk.choose(NEW);
  const markup = '<img src=x onerror=alert(1)><b>bold</b>';
  await desk.type('source', `function onTrack(event) { console.log(${JSON.stringify(markup)}); event.html = ${JSON.stringify(markup)}; return event }`);
  assert.equal(await desk.run(), 'Delivered');
  assert.deepEqual(await desk.texts('.logs .message'), [markup]);
  assert.equal(await desk.page.$('#outcome img'), null);
});

onPage('an event that is no JSON is not sent', {}, async desk => {
  await desk.type('event', '{\n  "type": "track",\n}');
  await desk.page.click('#run');
  assert.match(await desk.text('#event-fault'), /line 3/);
  assert.equal(await desk.text('#event-editor .marked'), '3');
  assert.equal(await desk.page.$('.banner'), null);
});

onPage('a call that is refused says why', {}, async desk => {
  await desk.choose(NEW);
  await desk.type('event', '{"event": "without a type"}');
  assert.equal(await desk.run(), 'INVALID_ARGUMENT');
  assert.match(await desk.text('.violations'), /event\.type/);
});

onPage('a run can be stopped', {}, async desk => {
  await desk.choose(NEW);
  await desk.type('source', 'async function onTrack(event) { await new Promise(done => setTimeout(done, 50_000)); return event }');
  await desk.page.click('#run');
  await desk.until('#run', text => text.startsWith('Stop'));
  await desk.page.click('#run');
  await desk.until('.banner .said', text => text === 'Stopped.');
});

onPage('history brings back what ran, after a reload too', {}, async desk => {
  await desk.choose(NEW);
  const source = 'const onTrack = event => ({ ...event, first: true });';
  await desk.type('source', source);
  await desk.run();
  await desk.type('source', 'const onTrack = () => null;');
  await desk.run();
  await desk.page.reload({ waitUntil: 'networkidle0' });
  await desk.until('#findings', text => text === 'onTrack');
  assert.equal(await desk.value('#source'), 'const onTrack = () => null;', 'the desk is as it was left');
  await desk.page.click('#open-history');
  assert.deepEqual(await desk.texts('.run .what'), ['new function on track', 'new function on track']);
  assert.deepEqual(await desk.texts('.run > .hint:not(time)'), ['Filtered', 'Delivered']);
  await desk.page.click('#history-list li:nth-child(2) button');
  await desk.page.waitForFunction(source => document.querySelector('#source').value === source, {}, source);
  await desk.page.click('#open-history');
  await desk.page.click('#clear-history');
  assert.match(await desk.text('#history-list'), /Nothing has run yet/);
});

onPage('settings have a form where there is a schema, and secrets are masked and kept nowhere', {}, async desk => {
  await desk.choose('tokenise');
  await desk.page.click('#settings-tab');
  await desk.page.waitForSelector('#setting-secret');
  const kind = await desk.page.$eval('#setting-secret', input => input.type);
  assert.equal(kind, 'password');
  await desk.page.$eval('#setting-secret', (input, secret) => (input.value = secret.repeat(2)), SECRET);
  await desk.type('source', 'function onTrack(event, settings) { console.log("with", settings.secret); return event }');
  assert.equal(await desk.run(), 'Delivered');
  assert.deepEqual(await desk.texts('.logs .message'), ['with [redacted:secret]'], 'though edited, it stays secret');
  await desk.page.waitForFunction(() => localStorage.length === 2);
  assert.ok(!(await desk.kept()).includes(SECRET), await desk.kept());
  await desk.page.click('#copy');
  await desk.until('#notice', text => text.startsWith('Copied'));
  const copied = await desk.page.evaluate(() => navigator.clipboard.readText());
  assert.ok(copied.includes('FILL_IN_secret') && !copied.includes(SECRET), copied);
  await desk.page.click('#settings-form-mode');
  assert.ok(!(await desk.value('#settings-text')).includes(SECRET));
  await desk.type('settings-text', `{"secret": "${SECRET}"}`);
  await desk.run();
  assert.deepEqual(await desk.texts('.logs .message'), ['with [redacted:secret]']);
  assert.ok(!(await desk.kept()).includes(SECRET), await desk.kept());
});

onPage('settings that do not fit are named, and not sent when they can not be', {}, async desk => {
  await desk.choose('enrich-from-setting');
  await desk.page.click('#settings-tab');
  await desk.page.waitForSelector('#setting-tiers');
  assert.match(await desk.value('#setting-tiers'), /bronze/, 'there is something to try');
  await desk.page.$eval('#setting-tiers', input => (input.value = '{'));
  await desk.page.click('#run');
  assert.match(await desk.text('#settings-form .fault:not([hidden])'), /Expected property name/);
  assert.equal(await desk.page.$('.banner'), null);
  await desk.page.$eval('#setting-tiers', input => (input.value = ''));
  assert.equal(await desk.run(), 'Invalid Settings');
  assert.match(await desk.text('.violations'), /settings\.tiers/);
});

onPage('a version in the store runs by its name', {}, async desk => {
  await desk.page.select('#function', ' stored');
  assert.equal(await desk.page.$eval('#source-editor', editor => editor.hidden), true);
  await desk.page.type('#stored-id', 'hello');
  await desk.page.type('#stored-version', '1');
  await desk.until('#findings', text => text.includes('onTrack'));
  assert.equal(await desk.run(), 'Delivered');
  await desk.page.$eval('#stored-version', input => (input.value = ''));
  await desk.page.type('#stored-version', '2');
  assert.equal(await desk.run(), 'NOT_FOUND');
});

onPage('the same call from a shell', {}, async desk => {
  await desk.choose('mask-pii');
  await desk.page.click('#copy');
  await desk.until('#notice', text => text.startsWith('Copied'));
  const copied = await desk.page.evaluate(() => navigator.clipboard.readText());
  assert.match(copied, /^grpcurl -plaintext -d @ 127\.0\.0\.1:\d+ \\\n {2}penstock\.executor\.v1\.ExecutorService\/Invoke <<'EOF'\n\{/);
  try {
    execFileSync('grpcurl', ['-version'], { stdio: 'ignore' });
  } catch {
    console.log('grpcurl is not here: what was copied was read, and not run');
    return;
  }
  assert.match(execFileSync('bash', ['-c', copied], { encoding: 'utf8' }), /\*\*\*\* \*\*\*\* \*\*\*\* 4242/);
});

onPage('all of it can be used from the keyboard', {}, async desk => {
  const focused = () => desk.page.evaluate(() => document.activeElement.id);
  await desk.choose(NEW);
  await desk.type('source', '');
  await desk.page.keyboard.press('Backspace');
  await desk.page.keyboard.type('function onTrack() {');
  await desk.page.keyboard.press('Enter');
  await desk.page.keyboard.type('return 1;');
  assert.equal(await desk.value('#source'), 'function onTrack() {\n  return 1;', 'a new line is as far in as it should be');
  await desk.page.keyboard.press('Tab');
  assert.equal(await focused(), 'source');
  assert.ok((await desk.value('#source')).endsWith('1;  '), 'Tab indents');
  await desk.page.keyboard.press('Escape');
  await desk.page.keyboard.press('Tab');
  assert.notEqual(await focused(), 'source', 'Escape and Tab leave');
  await desk.page.focus('#event-tab');
  await desk.page.keyboard.press('ArrowRight');
  assert.equal(await focused(), 'settings-tab');
  assert.equal(await desk.page.$eval('#settings-panel', panel => panel.hidden), false);
  await desk.page.focus('#open-history');
  await desk.page.keyboard.press('Enter');
  await desk.page.keyboard.press('Escape');
  assert.equal(await desk.page.$eval('#history', dialog => dialog.open), false);
});

onPage('every control has a name', {}, async desk => {
  await desk.choose('tokenise');
  await desk.page.click('#settings-tab');
  await desk.page.waitForSelector('#setting-secret');
  await desk.run();
  const nameless = await desk.page.evaluate(() => {
    const controls = [...document.querySelectorAll('button, input, select, textarea')];
    const isNamed = control => control.textContent.trim() || control.getAttribute('aria-label') || control.labels?.length > 0;
    return controls.filter(control => control.tagName === 'SELECT' || control.tagName === 'TEXTAREA'
      ? !(control.getAttribute('aria-label') || control.labels.length > 0)
      : !isNamed(control)).map(control => control.outerHTML);
  });
  assert.deepEqual(nameless, []);
});

for (const scheme of ['light', 'dark']) {
  onPage(`nothing hangs over the side of a phone, in ${scheme}`, { viewport: PHONE, scheme }, async desk => {
    assert.equal(await desk.overhang(), 0);
    await desk.choose('mask-pii');
    await desk.run();
    assert.equal(await desk.overhang(), 0, 'after an event');
    await desk.sample('batch');
    await desk.run();
    await desk.page.$$eval('details', all => all.forEach(one => (one.open = true)));
    assert.equal(await desk.overhang(), 0, 'after a batch');
    await desk.choose(NEW);
    await desk.sample('track');
    await desk.type('source', `function onTrack() { console.log('${'x'.repeat(300)}'); throw new Error('${'y'.repeat(300)}') }`);
    await desk.run();
    assert.equal(await desk.overhang(), 0, 'after an error');
    await desk.page.click('#settings-tab');
    await desk.page.click('#open-history');
    assert.equal(await desk.overhang(), 0, 'with settings and history');
  });
}

test('who calls is asked for where it has to be known, and kept nowhere', async () => {
  const token = 'pst_of-somebody-who-tries-functions';
  const hash = createHash('sha256').update(token).digest('hex');
  const access = `[[token]]\nname = "somebody"\nsha256 = "${hash}"\nroles = ["invoke", "describe"]\n`;
  const folder = await directory({ 'access.toml': access });
  const guarded = await Executor.serve('--access', `${folder.path}/access.toml`);
  const desk = await Desk.open(chromium, guarded.origin);
  try {
    assert.equal(await desk.run(), 'UNAUTHENTICATED');
    await desk.page.type('#token', token);
    await desk.until('#findings', text => text.includes('onTrack'));
    assert.equal(await desk.run(), 'Delivered');
    assert.ok(!(await desk.kept()).includes(token));
    await desk.page.click('#copy');
    await desk.until('#notice', text => text.startsWith('Copied'));
    const copied = await desk.page.evaluate(() => navigator.clipboard.readText());
    assert.ok(copied.includes('-H "authorization: Bearer $TOKEN"') && !copied.includes(token), copied);
    desk.isSound();
  } finally {
    await desk.close();
    await guarded.stop();
    await folder.remove();
  }
});

test('what is saved is taken up, and what is edited on the page is not lost to it', async () => {
  const saved = version => `function onTrack(event) { event.revision = ${version}; return event }\n`;
  const manifest = JSON.stringify({ settings: [{ name: 'key', type: 'string', encrypted: true, required: true }] });
  const folder = await directory({ 'index.js': saved(1), 'function.json': manifest });
  const dev = await Executor.dev(folder.path);
  const desk = await Desk.open(chromium, dev.origin);
  try {
    assert.equal(await desk.value('#source'), saved(1));
    await desk.page.waitForSelector('#setting-key');
    await desk.page.$eval('#setting-key', (input, secret) => (input.value = secret), SECRET);
    await desk.page.click('#run-on-save');
    await folder.write('index.js', saved(2));
    await desk.until('.lines ins', text => text.includes('"revision": 2'));
    assert.equal(await desk.value('#source'), saved(2));
    assert.equal(await desk.page.$eval('#edited', chip => chip.hidden), true);
    await desk.type('source', saved(3));
    await folder.write('index.js', saved(4));
    await desk.until('#notice', text => text.includes('was saved'));
    assert.equal(await desk.value('#source'), saved(3));
    await desk.page.click('#notice button');
    assert.equal(await desk.value('#source'), saved(4));
    assert.ok(!(await desk.kept()).includes(SECRET));
    desk.isSound();
  } finally {
    await desk.close();
    await dev.stop();
    await folder.remove();
  }
});
