// The last runs, kept in this browser: what ran on which event, and what it came to. Never a secret, nor what came back.

import { element } from './elements.js';

const KEY = 'penstock.playground.runs';

/** Runs kept, and characters that all of them and each of their texts may take. */
const MOST = 30;
const MOST_CHARACTERS = 400_000;
const LONGEST_TEXT = 60_000;

/** The runs, the last one first. */
export function runs() {
  try {
    const kept = JSON.parse(localStorage.getItem(KEY) ?? '[]');
    return Array.isArray(kept) ? kept : [];
  } catch {
    return [];
  }
}

/** Keeps a run, as far as it is short enough; the oldest go for it. */
export function keep(run) {
  const short = text => (text !== undefined && text.length <= LONGEST_TEXT ? text : undefined);
  const kept = [{ ...run, source: short(run.source), event: short(run.event) }, ...runs()].slice(0, MOST);
  while (JSON.stringify(kept).length > MOST_CHARACTERS) kept.pop();
  try {
    localStorage.setItem(KEY, JSON.stringify(kept));
  } catch {
    // The browser keeps nothing, as it may.
  }
}

export function clear() {
  localStorage.removeItem(KEY);
}

/** The runs as a list, of which one can be chosen. */
export function list(chosen) {
  const all = runs();
  if (all.length === 0) return [element('li', { class: 'hint' }, 'Nothing has run yet.')];
  return all.map(run =>
    element(
      'li',
      {},
      element(
        'button',
        { type: 'button', class: 'run', onclick: () => chosen(run) },
        element('span', { class: `dot ${run.kind}`, 'aria-hidden': 'true' }),
        element('span', { class: 'what' }, run.title),
        element('span', { class: 'hint' }, run.outcome),
        element('time', { datetime: run.at, class: 'hint' }, new Date(run.at).toLocaleString()),
      ),
    ),
  );
}
