// What changed between two JSON values, as lines to read: those that went, those that came, and some of those around.

import { element } from './elements.js';
import { plural } from './units.js';

/** Lines kept around a change. */
const AROUND = 3;

/** Lines drawn at once. */
const MOST = 2000;

/** Pairs of elements that two lists are compared by; longer ones are compared place by place. */
const MOST_PAIRS = 250_000;

/** The change from one value to another, or a word that there is none. */
export function changes(before, after) {
  const rows = [];
  compare(before, after, '', 0, rows);
  const [gone, come] = ['-', '+'].map(sign => rows.filter(row => row.sign === sign).length);
  if (gone + come === 0) return element('p', { class: 'hint' }, 'Delivered as it came.');
  return element(
    'div',
    { class: 'changes' },
    element('p', { class: 'hint' }, `${plural(come, 'line')} added, ${plural(gone, 'line')} removed`),
    drawn(rows),
  );
}

const isObject = value => value !== null && typeof value === 'object' && !Array.isArray(value);

const same = (one, other) => JSON.stringify(one) === JSON.stringify(other);

function compare(before, after, label, depth, rows) {
  if (isObject(before) && isObject(after)) {
    rows.push({ sign: ' ', depth, text: `${label}{` });
    for (const key of keysOfBoth(before, after)) {
      const keyLabel = `${JSON.stringify(key)}: `;
      if (!Object.hasOwn(after, key)) write('-', before[key], keyLabel, depth + 1, rows);
      else if (!Object.hasOwn(before, key)) write('+', after[key], keyLabel, depth + 1, rows);
      else compare(before[key], after[key], keyLabel, depth + 1, rows);
    }
    rows.push({ sign: ' ', depth, text: '}' });
  } else if (Array.isArray(before) && Array.isArray(after)) {
    rows.push({ sign: ' ', depth, text: `${label}[` });
    compareLists(before, after, depth + 1, rows);
    rows.push({ sign: ' ', depth, text: ']' });
  } else if (same(before, after)) {
    write(' ', after, label, depth, rows);
  } else {
    write('-', before, label, depth, rows);
    write('+', after, label, depth, rows);
  }
}

/** As the value after has them, with those that went where they were. */
function keysOfBoth(before, after) {
  const keys = Object.keys(after);
  let previous;
  for (const key of Object.keys(before)) {
    if (!Object.hasOwn(after, key)) keys.splice(previous === undefined ? 0 : keys.indexOf(previous) + 1, 0, key);
    previous = key;
  }
  return keys;
}

function compareLists(before, after, depth, rows) {
  let [at, to] = [0, 0];
  for (const [keptBefore, keptAfter] of [...kept(before, after), [before.length, after.length]]) {
    // What stands at the same place between two that were kept is taken for the same one, changed.
    while (at < keptBefore && to < keptAfter) compare(before[at++], after[to++], '', depth, rows);
    while (at < keptBefore) write('-', before[at++], '', depth, rows);
    while (to < keptAfter) write('+', after[to++], '', depth, rows);
    if (at < before.length) write(' ', before[at], '', depth, rows);
    at += 1;
    to += 1;
  }
}

/** The places of the longest common subsequence of two lists. */
function kept(before, after) {
  if (before.length * after.length > MOST_PAIRS) return [];
  const [ones, others] = [before, after].map(list => list.map(value => JSON.stringify(value)));
  const lengths = ones.map(() => new Uint32Array(others.length + 1));
  lengths.push(new Uint32Array(others.length + 1));
  for (let at = ones.length - 1; at >= 0; at -= 1) {
    for (let to = others.length - 1; to >= 0; to -= 1) {
      const [below, right] = [lengths[at + 1][to], lengths[at][to + 1]];
      lengths[at][to] = ones[at] === others[to] ? lengths[at + 1][to + 1] + 1 : Math.max(below, right);
    }
  }
  const places = [];
  for (let at = 0, to = 0; at < ones.length && to < others.length; ) {
    if (ones[at] === others[to]) places.push([at++, to++]);
    else if (lengths[at + 1][to] >= lengths[at][to + 1]) at += 1;
    else to += 1;
  }
  return places;
}

function write(sign, value, label, depth, rows) {
  const lines = (JSON.stringify(value, null, 2) ?? 'undefined').split('\n');
  for (const [number, line] of lines.entries()) {
    const text = line.trimStart();
    const deeper = (line.length - text.length) / 2;
    rows.push({ sign, depth: depth + deeper, text: (number === 0 ? label : '') + text.replace(/,$/, '') });
  }
}

/** The rows as lines, with long runs of unchanged ones folded. */
function drawn(rows) {
  const lines = element('div', { class: 'lines', tabindex: '0', role: 'group', 'aria-label': 'What changed' });
  let at = 0;
  while (at < rows.length && lines.childElementCount < MOST) {
    let end = at;
    while (end < rows.length && rows[end].sign === ' ') end += 1;
    const [first, last] = [at === 0 ? at : at + AROUND, end === rows.length ? end : end - AROUND];
    if (last - first > 2) {
      lines.append(...rows.slice(at, first).map(line), fold(rows.slice(first, last)), ...rows.slice(last, end).map(line));
    } else {
      lines.append(...rows.slice(at, end).map(line));
    }
    if (end < rows.length) lines.append(line(rows[end]));
    at = end + 1;
  }
  if (at < rows.length) lines.append(element('p', { class: 'hint' }, `and ${plural(rows.length - at, 'more line')}`));
  return lines;
}

function line({ sign, depth, text }) {
  const name = { '+': 'ins', '-': 'del' }[sign] ?? 'span';
  return element(name, { 'data-sign': sign }, `${'  '.repeat(depth)}${text}`);
}

function fold(rows) {
  const unfold = event => event.currentTarget.replaceWith(...rows.slice(0, MOST).map(line));
  return element('button', { type: 'button', class: 'fold', onclick: unfold }, `${plural(rows.length, 'unchanged line')}`);
}
