//! The globals of the web platform that functions find, and how they are there.

use crate::check::{Call, Code, assert_at, delivers};

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

#[test]
fn what_a_listener_throws_ends_the_invocation_as_an_uncaught_error_does() {
    let source = "async function onTrack() {
          const target = new EventTarget(), order = []
          target.addEventListener('x', () => { throw new RangeError('from a listener') })
          target.addEventListener('x', () => console.log('the second hears it'))
          target.dispatchEvent(new Event('x'))
          await new Promise(() => {}) }";
    let reply = Call::of(source).run();
    let error = reply.failed(Code::BadRequest, "from a listener");
    assert_eq!(error.name, "RangeError");
    assert_at(&error, 3, 54);
    assert_eq!(reply.logs(), ["the second hears it"]);
}

#[test]
fn nobody_is_told_of_a_signals_timer_that_is_left() {
    let source = "function onTrack(event) { const signal = AbortSignal.timeout(60_000); return { aborted: signal.aborted } }";
    let reply = Call::of(source).capture().run();
    reply.delivers(r#"{"aborted":false}"#);
    assert_eq!(reply.logs(), [""; 0]);
}

#[test]
fn inspect_tells_what_they_hold() {
    let source = "function onTrack() {
          console.log(new Headers([['B', '1'], ['set-cookie', 'x'], ['set-cookie', 'y']]))
          console.log(new Response('x', { status: 404 }))
          console.log(new Request('http://a/', { method: 'POST', body: 'x' }))
          const form = new FormData(); form.append('a', '1'); form.append('a', '2'); console.log(form, form.entries())
          console.log(new Blob(['x'], { type: 'a/b' }), [[[new Blob([])]]], AbortSignal.abort())
          console.log(new Headers({ a: '1' }).keys())
          return {} }";
    let reply = Call::of(source).capture().run();
    assert_eq!(
        reply.logs(),
        [
            "Headers { b: '1', 'set-cookie': [ 'x', 'y' ] }",
            "Response {\n  status: 404,\n  statusText: '',\n  headers: Headers { 'content-type': 'text/plain;charset=UTF-8' },\n  \
             bodyUsed: false,\n  ok: false,\n  redirected: false,\n  type: 'default',\n  url: ''\n}",
            "Request {\n  method: 'POST',\n  url: 'http://a/',\n  headers: Headers { 'content-type': 'text/plain;charset=UTF-8' },\n  \
             redirect: 'follow',\n  bodyUsed: false\n}",
            "FormData { a: [ '1', '2' ] } FormData Iterator { [ 'a', '1' ], [ 'a', '2' ] }",
            "Blob { size: 1, type: 'a/b' } [ [ [ [Blob] ] ] ] AbortSignal { aborted: true }",
            "Headers Iterator { 'a' }",
        ]
    );
}
