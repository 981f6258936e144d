//! Tables of facts: what expressions of JavaScript come to in a function.

use serde_json::Value;

use super::check::{Call, TRACK};

/// What the expressions may call: `thrown(f)` and `rejected(promise)` are the error as text, `plain(text)` has no
/// boundaries of multipart bodies in it.
const VOCABULARY: &str = "
    function thrown(f) { try { f() } catch (error) { return String(error) } return 'nothing' }
    async function rejected(promise) { try { await promise } catch (error) { return String(error) } return 'nothing' }
    function plain(text) { return text.replace(/-{20,}[0-9a-zA-Z]+/g, 'BOUNDARY') }
";

/// Evaluates all of them in one call, and compares what each comes to, or the error it throws as text, with
/// the JSON beside it.
#[track_caller]
pub fn facts(table: &[(&str, &str)]) {
    let cases: String = table
        .iter()
        .map(|(expression, _)| format!("async () => ({expression}),\n"))
        .collect();
    let source = format!(
        "{VOCABULARY}
        const cases = [{cases}]
        async function onTrack() {{
          const found = []
          for (const evaluate of cases) {{
            try {{ found.push(JSON.stringify(await evaluate()) ?? 'null') }} catch (error) {{ found.push(JSON.stringify(String(error))) }}
          }}
          return {{ found }}
        }}"
    );
    let reply = Call::of(&source).event(TRACK).run().delivered();
    let reply: Value = serde_json::from_str(&reply).expect("JSON");
    let found = reply["found"].as_array().expect("an array");
    assert_eq!(found.len(), table.len());
    let faults: Vec<String> = table
        .iter()
        .zip(found)
        .filter_map(|(&(expression, expected), found)| fault(expression, expected, found))
        .collect();
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

fn fault(expression: &str, expected: &str, found: &Value) -> Option<String> {
    let found = found.as_str().expect("text");
    let is_same = serde_json::from_str::<Value>(found).expect("JSON")
        == serde_json::from_str::<Value>(expected).expect("the table has JSON");
    (!is_same).then(|| format!("{expression}\n  expected {expected}\n  found    {found}"))
}
