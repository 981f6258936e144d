// What was written last, kept in this browser so that a reload loses nothing. Settings are not: they may be secret.

const KEY = 'penstock.playground.desk';

const PAUSE_MS = 400;

export class Desk {
  #now;
  #pause;

  /** `now` says what is to be kept. */
  constructor(now) {
    this.#now = now;
    addEventListener('pagehide', () => this.#pause !== undefined && this.#write());
  }

  /** What was kept; nothing, if that can't be read. */
  last() {
    try {
      const kept = JSON.parse(localStorage.getItem(KEY) ?? '{}');
      return kept !== null && typeof kept === 'object' ? kept : {};
    } catch {
      return {};
    }
  }

  /** Keeps what there is, a moment after the last change. */
  keep() {
    clearTimeout(this.#pause);
    this.#pause = setTimeout(() => this.#write(), PAUSE_MS);
  }

  #write() {
    this.#pause = undefined;
    try {
      localStorage.setItem(KEY, JSON.stringify(this.#now()));
    } catch {
      // The browser keeps nothing, or not so much.
    }
  }
}
