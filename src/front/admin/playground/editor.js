// An editor: a text area over its own text in colours, beside the numbers of its lines.
//
// The text area is as large as its text, so that one element scrolls all of it and nothing has to be kept in step.

import { element } from './elements.js';
import { parts } from './highlight.js';

const INDENT = '  ';

export class Editor {
  #area;
  #colours;
  #numbers;
  #language;
  #marked = new Set();
  #leaves = false;

  /** In `place`, named `label`; `changed` is called at each change by hand. */
  constructor(place, { id, label, language, changed }) {
    this.#language = language;
    this.#area = element('textarea', {
      id,
      'aria-label': label,
      'aria-describedby': 'editor-hint',
      spellcheck: 'false',
      autocapitalize: 'off',
      autocomplete: 'off',
      wrap: 'off',
      oninput: () => {
        this.#marked.clear();
        this.#paint();
        changed();
      },
      onkeydown: event => this.#keyDown(event),
      onblur: () => {
        this.#leaves = false;
      },
    });
    this.#colours = element('pre', { 'aria-hidden': 'true' });
    this.#numbers = element('pre', { class: 'numbers', 'aria-hidden': 'true' });
    place.append(this.#numbers, element('div', { class: 'text' }, this.#colours, this.#area));
  }

  get text() {
    return this.#area.value;
  }

  set text(text) {
    this.#marked.clear();
    this.#area.value = text;
    this.#paint();
  }

  set language(language) {
    this.#language = language;
    this.#paint();
  }

  /** Marks lines, from 1, that something is wrong with. */
  mark(lines) {
    this.#marked = new Set(lines);
    this.#paintNumbers();
  }

  /** Puts the caret at a place, both from 1. */
  goTo(line, column) {
    const lines = this.text.split('\n').slice(0, line - 1);
    const at = lines.reduce((sum, text) => sum + text.length + 1, 0) + column - 1;
    this.#area.focus();
    this.#area.setSelectionRange(at, at);
    this.#numbers.children[line - 1]?.scrollIntoView({ block: 'nearest' });
  }

  #paint() {
    const coloured = document.createDocumentFragment();
    parts(this.text, this.#language, (kind, text) => {
      coloured.append(kind ? element('span', { class: kind }, text) : text);
    });
    // A last line that is empty has a height, too.
    coloured.append('\n');
    this.#colours.replaceChildren(coloured);
    this.#paintNumbers();
  }

  #paintNumbers() {
    const lines = this.text.split('\n').length;
    const number = line => element('div', { class: this.#marked.has(line) ? 'marked' : undefined }, `${line}`);
    this.#numbers.replaceChildren(...Array.from({ length: lines }, (_, index) => number(index + 1)));
  }

  #keyDown(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (event.key === 'Escape') {
      this.#leaves = true;
      return;
    }
    if (event.key === 'Tab' && !this.#leaves) {
      event.preventDefault();
      this.#indent(event.shiftKey);
    } else if (event.key === 'Enter') {
      event.preventDefault();
      this.#insert(`\n${this.#indentHere()}`);
    }
    if (event.key !== 'Shift') this.#leaves = false;
  }

  #indentHere() {
    const { selectionStart, value } = this.#area;
    const line = value.slice(value.lastIndexOf('\n', selectionStart - 1) + 1, selectionStart);
    const deeper = /[{[(]\s*$/.test(line) ? INDENT : '';
    return /^\s*/.exec(line)[0] + deeper;
  }

  /** Moves the lines of the selection in or out; with none, and inwards, the rest of the line. */
  #indent(isOutwards) {
    const { selectionStart, selectionEnd, value } = this.#area;
    if (!isOutwards && selectionStart === selectionEnd) {
      this.#insert(INDENT);
      return;
    }
    const from = value.lastIndexOf('\n', selectionStart - 1) + 1;
    const lines = value.slice(from, selectionEnd).split('\n');
    const moved = lines.map(line => (isOutwards ? line.replace(/^ {1,2}|^\t/, '') : INDENT + line));
    this.#area.setSelectionRange(from, selectionEnd);
    this.#insert(moved.join('\n'));
    const first = moved[0].length - lines[0].length;
    const end = from + moved.join('\n').length;
    this.#area.setSelectionRange(Math.max(from, selectionStart + first), end);
  }

  /** In place of the selection, in a way that can be undone. */
  #insert(text) {
    // Deprecated, and the only way that keeps the browser's own undo.
    const isInserted = document.execCommand(text === '' ? 'delete' : 'insertText', false, text);
    if (!isInserted) {
      const { selectionStart, selectionEnd } = this.#area;
      this.#area.setRangeText(text, selectionStart, selectionEnd, 'end');
      this.#area.dispatchEvent(new Event('input'));
    }
  }
}
