//! Tables of facts about JavaScript: on each line an expression, and after `==>` what it comes to.
//!
//! A value is written as JSON, with words for what JSON lacks and hexadecimal digits for bytes; what is
//! thrown as `! name code message`, with `\n` for line ends. Lines that begin with `//` are for people, or
//! `// let` for the function: the rest of such a line is put before the expressions.

use std::fmt::Write as _;

use super::check::{TRACK, delivers};

/// What an expression comes to, as it stands in a table.
const SHOW: &str = r"
    function show(value) {
      const words = function (key, shown) {
        const value = this[key]
        if (value instanceof Uint8Array) return '<' + Buffer.from(value).toString('hex') + '>'
        if (typeof value === 'bigint') return value + 'n'
        if (value === undefined || typeof value === 'function' || typeof value === 'symbol') return '<' + (value?.name ?? String(value)) + '>'
        if (typeof value === 'number' && (!Number.isFinite(value) || Object.is(value, -0))) return Object.is(value, -0) ? '<-0>' : '<' + value + '>'
        return shown
      }
      return JSON.stringify(value, words)
    }
    function thrown(error) {
      const parts = [error?.name, error?.code, error?.message].filter(part => part !== undefined)
      return '! ' + parts.join(' ').replaceAll('\n', '\\n')
    }
    function result(expression) {
      try { return show(expression()) } catch (error) { return thrown(error) }
    }
    async function settled(expression) {
      try { return show(await expression()) } catch (error) { return thrown(error) }
    }
";

/// Every line of the table is true.
#[track_caller]
pub fn hold(table: &str) {
    hold_in_parts(table, usize::MAX);
}

/// As [`hold`], so many lines at once: for those that take so long together that a busy machine does not get through
/// them in the time of one invocation.
#[track_caller]
pub fn hold_in_parts(table: &str, lines_each: usize) {
    let mut before = String::new();
    let mut facts = Vec::new();
    for line in table.lines() {
        if let Some(statement) = line.strip_prefix("// let ") {
            let _ = writeln!(before, "{statement}");
        } else if let Some((expression, expected)) = line.rsplit_once(" ==> ")
            && !line.starts_with("//")
        {
            let expected = serde_json::to_string(expected).expect("text is JSON");
            facts.push(format!("[() => ({expression}), {expected}],\n"));
        } else {
            assert!(line.is_empty() || line.starts_with("//"), "no fact: {line}");
        }
    }
    assert!(!facts.is_empty(), "a table without facts");
    for part in facts.chunks(lines_each) {
        hold_part(&before, part);
    }
}

#[track_caller]
fn hold_part(before: &str, facts: &[String]) {
    let count = facts.len();
    let facts = facts.concat();
    let source = format!(
        "{SHOW}{before}
        const facts = [{facts}]
        async function onTrack() {{
          const wrong = []
          for (const [expression, expected] of facts) {{
            const found = String(expected.startsWith('~') ? '~' + await settled(expression) : result(expression))
            if (found !== expected) wrong.push({{ expression: String(expression).slice(6, -1), expected, found }})
          }}
          return {{ wrong, count: facts.length }}
        }}"
    );
    delivers(
        &source,
        TRACK,
        &format!(r#"{{"wrong":[],"count":{count}}}"#),
    );
}
