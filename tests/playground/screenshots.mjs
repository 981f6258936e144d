// Pictures of the page to look at, in both schemes, on a desktop and on a phone: node screenshots.mjs DIRECTORY

import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';

import { DESKTOP, Desk, PHONE, browser } from './desk.mjs';
import { Executor, upstream } from './executor.mjs';

const [directory = 'target/screenshots'] = process.argv.slice(2);

/** What is done on the page before its picture is taken. */
const SCENES = {
  begin: async () => {},
  delivered: async desk => {
    await desk.choose('mask-pii');
    await desk.run();
  },
  failed: async desk => {
    await desk.choose(' new');
    await desk.type('source', 'const tiers = { free: 1 };\n\nfunction onTrack(event) {\n  console.warn("no tier for", event.userId);\n  return tiers[event.plan].name;\n}\n');
    await desk.run();
  },
  wrong: async desk => {
    await desk.choose(' new');
    await desk.type('source', 'function ontrack(event) {\n  return event;\n}\n\nfunction onPage(event) {\n  return event;\n}\n');
    await desk.until('#findings', text => text.includes('warning'));
  },
  requests: async (desk, server) => {
    await desk.choose(' new');
    await desk.type(
      'source',
      `async function onTrack(event) {\n  const [user] = await Promise.all([fetch('${server}/users/1'), fetch('${server}/slow')]);\n  await fetch('${server}/bad', { method: 'POST', body: '{}' });\n  event.company = (await user.json()).company;\n  return event;\n}\n`,
    );
    await desk.run();
    await desk.page.$eval('.requests', found => found.scrollIntoView({ block: 'end' }));
  },
  batch: async desk => {
    await desk.choose('filter-by-rule');
    await desk.sample('batch');
    await desk.page.click('#settings-tab');
    await desk.page.waitForSelector('#settings-form .field');
    await desk.run();
    await desk.page.click('.events li:nth-child(2) summary');
  },
  settings: async desk => {
    await desk.choose('tokenise');
    await desk.page.click('#settings-tab');
    await desk.page.waitForSelector('#setting-secret');
    await desk.page.$eval('#settings-tab', tab => tab.scrollIntoView());
  },
  history: async desk => {
    await desk.choose('mask-pii');
    await desk.run();
    await desk.page.click('#open-history');
  },
};

await mkdir(directory, { recursive: true });
const [chromium, executor, server] = await Promise.all([browser(), Executor.serve(), upstream()]);
for (const [scene, act] of Object.entries(SCENES)) {
  for (const scheme of ['light', 'dark']) {
    for (const [size, viewport] of [['desktop', DESKTOP], ['phone', PHONE]]) {
      const desk = await Desk.open(chromium, executor.origin, { viewport, scheme });
      await act(desk, server.origin);
      await new Promise(resolve => setTimeout(resolve, 500));
      await desk.page.screenshot({ path: join(directory, `${scene}-${size}-${scheme}.png`) });
      await desk.close();
    }
  }
}
await chromium.close();
await executor.stop();
server.close();
