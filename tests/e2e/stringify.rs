//! That an event leaves as JSON.stringify has it, whatever the function did to it first: V8 has a fast way and a thorough one,
//! and which of them it goes is no business of a function's.

use crate::check::{Call, TRACK, delivers};

/// Compares both ways on a great many values of all shapes, from a seed. What is given a replacer goes the thorough way.
const COMPARES: &str = r#"
let seed
const below = bound => {
  seed = (Math.imul(seed, 1103515245) + 12345) >>> 0
  return (seed >>> 8) % bound
}
const one = list => list[below(list.length)]
const words = ['a', 'email', 'properties', 'ключ', '日本', 'é', 'quo"te', 'line\nend', '', 'toString', '42', '4294967296', 'long'.repeat(12)]
const texts = ['amelie.brandt@example.com', 'Straße nach Köln', '漢字かな and more of it', 'a "quoted" \\ text', '\u0001\u001f\u007f', '\ud800 lone', '🇩🇪 flag of some length']

function text() {
  const long = one(texts) + one(words)
  switch (below(8)) {
    case 0: return one(words)
    case 1: return long
    case 2: return '***' + long + one(texts)
    case 3: return (long + long).slice(below(3), 15 + below(8))
    case 4: { let sum = ''; for (let i = below(60); i > 0; i--) sum = below(2) ? sum + one(texts) : one(words) + sum; return sum }
    case 5: { const name = long + long; ({})[name] = 1; return name }
    case 6: return one(texts).repeat(below(20) ? 2 : 900) + long
    default: return one(texts).replace(/^(.)[^@ ]*/, '$1***')
  }
}

function value(depth) {
  switch (below(depth > 0 ? 12 : 8)) {
    case 0: case 1: case 2: return text()
    case 3: return below(2) ? below(1000) - 500 : below(1000) / 7
    case 4: return one([true, false, null, undefined, NaN, -0, Infinity])
    case 5: return one([Symbol('s'), () => 1, new Date(below(1e9)), new Map([[1, 2]]), Object('boxed'), Object(7)])
    case 6: return one([[], {}, [undefined], [[]]])
    case 7: return text()
    case 8: return Array.from({ length: below(5) }, () => value(depth - 1))
    default: return object(depth - 1)
  }
}

function object(depth) {
  const made = below(20) === 0 ? Object.create(below(2) ? null : { inherited: 1 }) : {}
  const names = []
  const put = () => { const name = one(words) + (below(3) ? below(99) : ''); names.push(name); made[name] = value(depth) }
  for (let i = below(depth > 0 || below(9) ? 9 : 400); i > 0; i--) put()
  // An object that properties were deleted from is a dictionary from then on.
  for (let i = below(4); i > 0 && names.length > 0; i--) delete made[one(names)]
  for (let i = below(3); i > 0; i--) put()
  switch (below(24)) {
    case 0: Object.defineProperty(made, 'hidden', { value: 1, configurable: true }); break
    case 1: Object.defineProperty(made, 'got', { get: () => 'got', enumerable: true, configurable: true }); break
    case 2: made.toJSON = () => 'its own'; break
    case 3: made[Symbol('key')] = 1; break
    case 4: Object.defineProperty(made, 'toJSON', { value: () => 'hidden', configurable: true }); break
    case 5: made[7] = 'element'; break
    case 6: made.twin = made.first = value(depth); break
    case 7: made.self = below(4) ? 1 : made; break
    case 8: Object.freeze(made); break
  }
  return made
}

const written = way => {
  try { return way() } catch (error) { return 'throws ' + error.message }
}

function onTrack(event) {
  seed = event.seed
  const differ = []
  let length = 0
  let thrown = 0
  for (let round = 0; round < event.rounds; round++) {
    const root = object(3)
    const fast = written(() => JSON.stringify(root))
    const thorough = written(() => JSON.stringify(root, null))
    length += thorough?.length ?? 0
    thrown += thorough?.startsWith?.('throws') ? 1 : 0
    if (fast !== thorough && differ.length < 3) differ.push({ round, fast, thorough })
  }
  return { differ, enough: length > 2e4, some: thrown > 0 }
}
"#;

#[test]
fn both_ways_lead_to_the_same_text() {
    for seed in 1..=24 {
        let event = format!(r#"{{"type":"track","seed":{seed},"rounds":60}}"#);
        delivers(
            COMPARES,
            &event,
            r#"{"differ":[],"enough":true,"some":true}"#,
        );
    }
}

#[track_caller]
fn leaves(statements: &str, expected: &str) {
    let source = format!("function onTrack(e) {{ {statements}; return e }}");
    let event = r#"{"type":"track","a":1,"b":{"x":"y"},"c":[2],"d":"text that is long enough"}"#;
    let found = Call::of(&source).event(event).run().delivered();
    assert_eq!(found, expected, "after {statements}");
}

#[test]
fn what_a_function_did_to_an_event_shows_in_order() {
    leaves(
        "delete e.a; e.a = 2",
        r#"{"type":"track","b":{"x":"y"},"c":[2],"d":"text that is long enough","a":2}"#,
    );
    leaves(
        "delete e.a; delete e.b.x; e.b.z = { deep: e.c }; e.last = e.b",
        r#"{"type":"track","b":{"z":{"deep":[2]}},"c":[2],"d":"text that is long enough","last":{"z":{"deep":[2]}}}"#,
    );
    leaves(
        "delete e.a; e.d = '***' + e.d.slice(4, 20) + '\"'; e['ключ'] = e.d.slice(2, 17) + '日本'",
        r#"{"type":"track","b":{"x":"y"},"c":[2],"d":"*** that is long en\"","ключ":"* that is long 日本"}"#,
    );
    leaves(
        "delete e.a; e.b = undefined; e.c = Symbol(); e.d = [undefined]",
        r#"{"type":"track","d":[null]}"#,
    );
    leaves(
        "delete e.a; delete e.b; delete e.c; delete e.d; delete e.type",
        "{}",
    );
}

#[test]
fn a_cycle_through_what_was_deleted_from_is_an_error_that_names_its_place() {
    crate::check::fails(
        "function onTrack(e) { e.a = 1; e.b = { c: 1 }; delete e.a; delete e.b.c; e.b.e = e; return e }",
        TRACK,
        crate::check::Code::InvalidResult,
        "result.b.e",
    );
}
