// The settings: a form made of the function's schema, or JSON where there is none.

import { byId, element, say, show } from './elements.js';
import { Editor } from './editor.js';

/** Settings that can't be sent as they are. */
class SettingsFault extends Error {}

export class Settings {
  #schema = [];
  #fields = new Map();
  #isForm = false;
  #json;

  constructor() {
    this.#json = new Editor(byId('settings-editor'), {
      id: 'settings-text',
      label: 'Settings as JSON',
      language: 'json',
      changed: () => say(byId('settings-fault')),
    });
    this.#json.text = '{}';
    byId('settings-form').addEventListener('submit', event => event.preventDefault());
    byId('settings-form-mode').addEventListener('click', () => this.#switch(!this.#isForm));
    this.#switch(false);
  }

  /** Whether there is a form to fill in. */
  get hasSchema() {
    return this.#schema.length > 0;
  }

  /** Makes the form anew, if it is for other settings; what was filled in stays. */
  set schema(schema) {
    if (JSON.stringify(schema) === JSON.stringify(this.#schema)) return;
    const filledIn = this.#texts();
    const hadForm = this.hasSchema;
    this.#schema = schema;
    this.#fields = new Map(schema.map(setting => [setting.name, field(setting)]));
    byId('settings-form').replaceChildren(...[...this.#fields.values()].map(made => made.row));
    this.#fillIn(filledIn);
    this.#switch(this.hasSchema && (this.#isForm || !hadForm));
  }

  /** Fills in values, as JSON or form take them. */
  set values(values) {
    this.#json.text = JSON.stringify(values, null, 2);
    for (const [name, made] of this.#fields) made.input.value = shown(made.setting, values[name]);
  }

  /**
   * What the function gets. With `withDefaults`, what the schema gives where nothing is filled in, too.
   * Throws [`SettingsFault`].
   */
  read(withDefaults) {
    return this.#isForm ? this.#readForm(withDefaults) : this.#readJson();
  }

  /** Names of the settings that are nobody's to read. */
  get secretNames() {
    const encrypted = this.#schema.filter(setting => setting.encrypted).map(setting => setting.name);
    const named = this.#isForm ? [] : byId('secret-names').value.split(',');
    return [...new Set([...encrypted, ...named.map(name => name.trim()).filter(name => name !== '')])];
  }

  set secretNames(names) {
    byId('secret-names').value = names.join(', ');
  }

  /** What may be kept of the settings: of a form, what is not encrypted; of JSON, which may hold anything, nothing. */
  get keepable() {
    if (!this.#isForm) return undefined;
    const open = [...this.#fields.values()].filter(made => !made.setting.encrypted && made.input.value !== '');
    return Object.fromEntries(open.map(made => [made.setting.name, made.input.value]));
  }

  set keepable(texts) {
    this.#fillIn(texts ?? {});
  }

  #texts() {
    return Object.fromEntries([...this.#fields].map(([name, made]) => [name, made.input.value]));
  }

  #fillIn(texts) {
    for (const [name, made] of this.#fields) made.input.value = texts[name] ?? made.input.value;
  }

  #switch(isForm) {
    if (isForm !== this.#isForm && this.hasSchema && !isForm) this.#formToJson();
    this.#isForm = isForm;
    show(byId('settings-form'), isForm);
    show(byId('settings-json'), !isForm);
    const mode = byId('settings-form-mode');
    show(mode, this.hasSchema);
    mode.textContent = isForm ? 'Edit as JSON' : 'Fill in the form';
  }

  /** Without the secrets, which would be there to read. */
  #formToJson() {
    const filledIn = [...this.#fields.values()].filter(made => made.input.value !== '' && !made.setting.encrypted);
    const values = filledIn.flatMap(made => {
      try {
        return [[made.setting.name, parse(made.setting, made.input.value)]];
      } catch {
        return [];
      }
    });
    this.#json.text = JSON.stringify(Object.fromEntries(values), null, 2);
  }

  #readForm(withDefaults) {
    const values = {};
    for (const { setting, input, fault } of this.#fields.values()) {
      say(fault);
      input.removeAttribute('aria-invalid');
      if (input.value === '') {
        if (withDefaults && setting.default !== undefined) values[setting.name] = setting.default;
        continue;
      }
      try {
        values[setting.name] = parse(setting, input.value);
      } catch (error) {
        say(fault, error.message);
        input.setAttribute('aria-invalid', 'true');
        input.focus();
        throw new SettingsFault(`${setting.name}: ${error.message}`);
      }
    }
    return values;
  }

  #readJson() {
    const fault = byId('settings-fault');
    say(fault);
    let values;
    try {
      values = JSON.parse(this.#json.text.trim() || '{}');
    } catch (error) {
      say(fault, error.message);
      throw new SettingsFault(error.message);
    }
    if (values === null || typeof values !== 'object' || Array.isArray(values)) {
      say(fault, 'Settings are a JSON object.');
      throw new SettingsFault('settings are a JSON object');
    }
    return values;
  }
}

/** A row of the form, with its input and the place to say what is wrong with it. */
function field(setting) {
  const id = `setting-${setting.name}`;
  const isLong = setting.type === 'SETTING_TYPE_MAP' || setting.type === 'SETTING_TYPE_STRING_LIST';
  const attributes = {
    id,
    'aria-describedby': `${id}-about`,
    'aria-required': setting.required ? 'true' : undefined,
    placeholder: setting.default === undefined ? undefined : `${shown(setting, setting.default)}`,
    autocomplete: setting.encrypted ? 'new-password' : 'off',
    spellcheck: 'false',
  };
  const input = inputOf(setting, isLong, attributes);
  const fault = element('p', { class: 'fault', role: 'alert', hidden: true });
  const row = element(
    'div',
    { class: 'field' },
    element(
      'label',
      { for: id },
      setting.label || setting.name,
      element('code', {}, setting.name),
      setting.required && element('span', { class: 'chip' }, 'required'),
      setting.encrypted && element('span', { class: 'chip' }, 'secret'),
    ),
    setting.encrypted && !isLong ? element('div', { class: 'secret' }, input, reveal(input)) : input,
    element('p', { id: `${id}-about`, class: 'hint' }, [setting.description, HINTS[setting.type]].filter(Boolean).join(' ')),
    fault,
  );
  return { setting, input, row, fault };
}

const HINTS = {
  SETTING_TYPE_STRING_LIST: 'One a line.',
  SETTING_TYPE_MAP: 'A JSON object.',
  SETTING_TYPE_NUMBER: 'A number.',
};

function inputOf(setting, isLong, attributes) {
  if (setting.type === 'SETTING_TYPE_BOOLEAN' && !setting.encrypted) {
    const options = [['', 'not set'], ['true', 'true'], ['false', 'false']];
    return element('select', attributes, options.map(([value, name]) => element('option', { value }, name)));
  }
  if (isLong) return element('textarea', { ...attributes, rows: 3, class: setting.encrypted ? 'masked' : undefined });
  return element('input', { ...attributes, type: setting.encrypted ? 'password' : 'text' });
}

function reveal(input) {
  return element(
    'button',
    {
      type: 'button',
      class: 'quiet small',
      'aria-pressed': 'false',
      onclick: event => {
        const isShown = input.type === 'text';
        input.type = isShown ? 'password' : 'text';
        event.currentTarget.setAttribute('aria-pressed', `${!isShown}`);
      },
    },
    'Show',
  );
}

/** A value as the form has it. */
function shown(setting, value) {
  if (value === undefined || value === null) return '';
  if (setting.type === 'SETTING_TYPE_STRING_LIST' && Array.isArray(value)) return value.join('\n');
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function parse(setting, text) {
  switch (setting.type) {
    case 'SETTING_TYPE_NUMBER': {
      const number = Number(text);
      if (!Number.isFinite(number)) throw new Error('This is no number.');
      return number;
    }
    case 'SETTING_TYPE_BOOLEAN':
      if (text !== 'true' && text !== 'false') throw new Error('This is neither true nor false.');
      return text === 'true';
    case 'SETTING_TYPE_STRING_LIST':
      return text.split('\n').filter(line => line !== '');
    case 'SETTING_TYPE_MAP':
      return JSON.parse(text);
    default:
      return text;
  }
}
