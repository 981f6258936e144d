// The page in a browser, as somebody uses it.

import assert from 'node:assert/strict';

import puppeteer from 'puppeteer-core';

/** How long anything may take on a machine that has much else to do, in milliseconds. */
const PATIENCE_MS = 120_000;

/** A browser that keeps nothing from one page to the next. */
export function browser() {
  // Chromium's own sandbox is not to be had for root.
  const forRoot = process.getuid?.() === 0 ? ['--no-sandbox'] : [];
  return puppeteer.launch({
    executablePath: process.env.CHROMIUM,
    args: [...forRoot, '--disable-dev-shm-usage'],
    timeout: PATIENCE_MS,
    protocolTimeout: PATIENCE_MS,
  });
}

export const DESKTOP = { width: 1360, height: 860 };
export const PHONE = { width: 375, height: 812, isMobile: true, hasTouch: true };

/** The page, open, with all that went wrong on it. */
export class Desk {
  #faults = [];

  constructor(page, context, origin) {
    this.page = page;
    this.#watch(origin);
    this.close = () => context.close();
  }

  static async open(browser, origin, { viewport = DESKTOP, scheme = 'light' } = {}) {
    const context = await browser.createBrowserContext();
    await context.overridePermissions(origin, ['clipboard-read', 'clipboard-sanitized-write']);
    const page = await context.newPage();
    page.setDefaultTimeout(PATIENCE_MS);
    await page.setViewport(viewport);
    await page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: scheme }]);
    const desk = new Desk(page, context, origin);
    await page.goto(origin, { waitUntil: 'networkidle0' });
    await page.waitForFunction(() => document.querySelector('#source')?.value !== '' && document.querySelector('#event').value !== '');
    return desk;
  }

  #watch(origin) {
    const wrong = what => this.#faults.push(what);
    this.page.on('pageerror', error => wrong(`${error}`));
    this.page.on('console', line => ['error', 'warn'].includes(line.type()) && wrong(line.text()));
    this.page.on('request', request => request.url().startsWith(`${origin}/`) || wrong(`asks ${request.url()}`));
  }

  /** No error on the console, and nothing asked of another origin. */
  isSound() {
    assert.deepEqual(this.#faults, []);
  }

  /** Replaces an editor's text as a person does, by typing. */
  async type(editor, text) {
    await this.page.focus(`#${editor}`);
    await this.page.keyboard.down('Control');
    await this.page.keyboard.press('KeyA');
    await this.page.keyboard.up('Control');
    await this.page.keyboard.sendCharacter(text);
  }

  async choose(functionId) {
    await this.page.select('#function', functionId);
    await this.page.waitForFunction(() => document.querySelector('#findings').textContent !== '');
  }

  async sample(name) {
    const start = name === 'batch' ? '[' : `{\n  "type": "${name}"`;
    await this.page.select('#sample', name);
    await this.page.waitForFunction(start => document.querySelector('#event').value.startsWith(start), {}, start);
  }

  /** Runs, and waits for what it comes to. */
  async run() {
    await this.page.evaluate(() => document.querySelector('#outcome').replaceChildren());
    await this.page.keyboard.down('Control');
    await this.page.keyboard.press('Enter');
    await this.page.keyboard.up('Control');
    await this.page.waitForSelector('#outcome .banner');
    return this.text('.banner strong');
  }

  text(selector) {
    return this.page.$eval(selector, found => found.textContent);
  }

  texts(selector) {
    return this.page.$$eval(selector, all => all.map(found => found.textContent));
  }

  value(selector) {
    return this.page.$eval(selector, found => found.value);
  }

  /** Waits until this holds of the texts that a selector finds. */
  async until(selector, holds) {
    for (const end = Date.now() + PATIENCE_MS; Date.now() < end; ) {
      if (holds((await this.texts(selector)).join('\n'))) return;
      await new Promise(resolve => setTimeout(resolve, 50));
    }
    assert.fail(`${selector}: ${await this.texts(selector)}`);
  }

  /** What the browser keeps of all that was done. */
  kept() {
    return this.page.evaluate(() => JSON.stringify({ ...localStorage, ...sessionStorage }));
  }

  /** How far the page is wider than the window, or anything on it than what cuts it off, in pixels. */
  overhang() {
    return this.page.evaluate(() => {
      const cuts = one => ['hidden', 'clip'].includes(getComputedStyle(one).overflowX) && !one.matches('textarea, .hidden');
      const cutting = [...document.querySelectorAll('main *, dialog *')].filter(cuts);
      const beyond = cutting.map(one => one.scrollWidth - one.clientWidth);
      return Math.max(document.documentElement.scrollWidth - window.innerWidth, ...beyond);
    });
  }
}
