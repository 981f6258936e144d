// Which function runs: one as the executor has it, or what was made of it here, under a version of its own.

/** What edited sources run as. */
const PLAYGROUND = 'playground';

/** Isolates and caches of the page are shared with no caller of the API. */
const INSTANCE = 'playground';

const BLANK = `// Called for each track event. What it returns goes on; nothing, or a DropEvent, ends the event here.
async function onTrack(event, settings) {
  event.properties = { ...event.properties, seen: true };
  console.log('saw', event.event);
  return event;
}
`;

export class Functions {
  #shown;
  #base = { source: BLANK, typescript: false };

  /** Those that are shown, with `base` taken up. */
  constructor(shown, base) {
    this.#shown = shown;
    this.#base = base ?? this.#base;
  }

  /** What is edited: one that is shown, a stored version, or something new. */
  get base() {
    return this.#base;
  }

  /** Takes up one that is shown, by its id; else something new. */
  takeUp(functionId) {
    const found = this.#shown.find(shown => shown.functionId === functionId);
    this.#base = found ?? { source: BLANK, typescript: false };
    return this.#base;
  }

  /** Takes up a version of which only the store has the source. */
  takeUpStored(functionId, version) {
    this.#base = { functionId, version };
    return this.#base;
  }

  /** Whether this is no longer what was taken up. */
  isEdited(source, isTypeScript) {
    const { source: taken, typescript } = this.#base;
    return taken !== undefined && (source !== taken || isTypeScript !== typescript);
  }

  /** What the API is to be told of the function: where it is known there, its name alone. */
  reference(source, isTypeScript) {
    const { functionId, version } = this.#base;
    if (functionId !== undefined && !this.isEdited(source, isTypeScript)) {
      return { function_id: functionId, version, instance_id: INSTANCE };
    }
    const language = isTypeScript ? 'SOURCE_LANGUAGE_TYPESCRIPT' : 'SOURCE_LANGUAGE_JAVASCRIPT';
    return { function_id: PLAYGROUND, version: digest(language + source), instance_id: INSTANCE, source, language };
  }
}

/** The name of the source in stacks. */
export function fileName(reference) {
  return `${reference.function_id}/index.${reference.language === 'SOURCE_LANGUAGE_TYPESCRIPT' ? 'ts' : 'js'}`;
}

/**
 * A version for a source, the same each time. It need not withstand anybody (the executor refuses another source for a
 * known version), and the browser's own digests are missing where a page came over plain HTTP.
 */
function digest(text) {
  let [one, other] = [0x811c9dc5, 0x9e3779b9];
  for (let at = 0; at < text.length; at += 1) {
    const unit = text.charCodeAt(at);
    one = Math.imul(one ^ unit, 0x01000193);
    other = Math.imul(other ^ unit, 0x85ebca6b) + (other >>> 13);
  }
  const hex = number => (number >>> 0).toString(16).padStart(8, '0');
  return `edit-${hex(one)}${hex(other)}`;
}
