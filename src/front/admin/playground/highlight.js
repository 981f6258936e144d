// What the parts of a text are, for its colours: enough to read by, and no parser.

/** Longer texts are shown as they are. */
const LONGEST = 200_000;

const JAVASCRIPT =
  /(?<comment>\/\/[^\n]*|\/\*[^]*?(?:\*\/|$))|(?<string>"(?:\\[^]|[^"\\\n])*"?|'(?:\\[^]|[^'\\\n])*'?|`(?:\\[^]|[^`\\])*`?)|(?<number>\b(?:0[xXbBoO][\da-fA-F_]+|\d[\d_]*(?:\.[\d_]+)?(?:[eE][+-]?\d+)?)n?\b)|(?<word>[\p{ID_Start}$_][\p{ID_Continue}$]*)|(?<space>\s+)|(?<mark>[^])/gu;

const JSON_TEXT =
  /(?<string>"(?:\\[^]|[^"\\\n])*"?)|(?<number>-?\b\d[\d.eE+-]*)|(?<word>\b(?:true|false|null)\b)|(?<space>\s+)|(?<mark>[^])/gu;

const REGULAR_EXPRESSION = /\/(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\[\n])+\/[a-z]*/y;

const KEYWORDS = new Set(
  ('as async await break case catch class const continue debugger default delete do else export extends finally for from ' +
    'function get if implements import in instanceof interface let new of private public readonly return satisfies set ' +
    'static super switch this throw try type typeof var void while with yield').split(' '),
);

const LITERALS = new Set(['true', 'false', 'null', 'undefined', 'NaN', 'Infinity']);

const HANDLERS = new Set(
  ['onIdentify', 'onTrack', 'onPage', 'onScreen', 'onGroup', 'onAlias', 'onDelete', 'onBatch'],
);

/** After these a slash begins a regular expression. */
const BEFORE_EXPRESSION = new Set([...'(,=:[!&|?{};+-*%<>~^', 'return', 'typeof', 'case', 'of', 'in', 'await', 'throw']);

/** Calls `take(kind, text)` for each part of a text; the kind is empty for what has no colour. */
export function parts(text, language, take) {
  if (text.length > LONGEST) take('', text);
  else if (language === 'json') json(text, take);
  else javascript(text, take);
}

function javascript(text, take) {
  let before = '';
  JAVASCRIPT.lastIndex = 0;
  for (let found = JAVASCRIPT.exec(text); found !== null; found = JAVASCRIPT.exec(text)) {
    const { comment, string, number, word, space } = found.groups;
    if (comment || space) {
      take(comment ? 'comment' : '', found[0]);
      continue;
    }
    if (found[0] === '/' && (before === '' || BEFORE_EXPRESSION.has(before))) {
      REGULAR_EXPRESSION.lastIndex = found.index;
      const expression = REGULAR_EXPRESSION.exec(text);
      if (expression !== null) {
        JAVASCRIPT.lastIndex = REGULAR_EXPRESSION.lastIndex;
        take('string', expression[0]);
        before = ')';
        continue;
      }
    }
    take(string ? 'string' : number ? 'number' : word ? kindOf(word) : '', found[0]);
    before = found[0];
  }
}

function kindOf(word) {
  if (KEYWORDS.has(word)) return 'keyword';
  if (LITERALS.has(word)) return 'number';
  return HANDLERS.has(word) ? 'handler' : '';
}

function json(text, take) {
  for (const found of text.matchAll(JSON_TEXT)) {
    const { string, number, word } = found.groups;
    const isKey = string && /^\s*:/.test(text.slice(found.index + string.length, found.index + string.length + 20));
    take(isKey ? 'key' : string ? 'string' : number || word ? 'number' : '', found[0]);
  }
}
