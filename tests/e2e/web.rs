//! The globals of the web platform that functions find, and how they are there.

use crate::check::delivers;

const TRACK: &str = r#"{"type":"track"}"#;

#[test]
fn dom_exceptions_are_errors_with_a_name_and_a_number() {
    let source = "function onTrack() {
        const error = new DOMException('gone', 'AbortError'), cause = new DOMException('why', { name: 'DataCloneError', cause: 7 })
        return {
          texts: [String(error), String(new DOMException()), Object.prototype.toString.call(error)],
          codes: [error.code, cause.code, DOMException.TIMEOUT_ERR, new DOMException('', 'Other').code],
          kinds: [error instanceof Error, error instanceof DOMException, error.hasOwnProperty('name')],
          cause: cause.cause, keys: Object.keys(error), stack: error.stack.split('\\n')[0],
        } }";
    delivers(
        source,
        TRACK,
        r#"{"texts":["AbortError: gone","Error","[object DOMException]"],"codes":[20,25,23,0],
            "kinds":[true,true,false],"cause":7,"keys":[],"stack":"AbortError: gone"}"#,
    );
}

#[test]
fn a_lazy_global_is_like_any_other() {
    let source = "
        const before = Object.keys(globalThis).includes('DOMException') || !('DOMException' in globalThis)
        Array.prototype.map = Object.defineProperty = Object.prototype.get = Map.prototype.get = null
        Error = function () { throw 1 }
        const first = DOMException
        function onTrack() {
          const same = first === DOMException && first === globalThis.DOMException
          const works = new first('x', 'AbortError').code
          const { writable, enumerable, configurable } = Object.getOwnPropertyDescriptor(globalThis, 'DOMException')
          DOMException = 5
          return { before, same, works, writable, enumerable, configurable, after: DOMException }
        }";
    delivers(
        source,
        TRACK,
        r#"{"before":false,"same":true,"works":20,"writable":true,"enumerable":false,"configurable":true,"after":5}"#,
    );
}

#[test]
fn a_lazy_global_can_be_replaced_before_it_is_read() {
    for declared in [
        "var DOMException = 5",
        "function DOMException() {}",
        "let DOMException = 5",
        "DOMException = 5",
    ] {
        let source = format!(
            "{declared}\nfunction onTrack() {{ return {{ type: typeof DOMException, text: String(DOMException).slice(0, 8) }} }}"
        );
        let expect = match declared.starts_with("function") {
            true => r#"{"type":"function","text":"function"}"#,
            false => r#"{"type":"number","text":"5"}"#,
        };
        delivers(&source, TRACK, expect);
    }
}
