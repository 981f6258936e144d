//! `AbortController`, `AbortSignal`, `Event` and `EventTarget`.

use crate::facts::facts;

#[test]
fn a_controller_aborts_once() {
    facts(&[
        (
            "(() => { const c = new AbortController(), seen = []; c.signal.addEventListener('abort', e => seen.push(e.type, e.target === c.signal, e.isTrusted, e.bubbles, e.cancelable)); const before = [c.signal.aborted, c.signal.reason === undefined]; c.abort(); c.abort('again'); return [before, seen, c.signal.aborted, c.signal.reason.name, c.signal.reason.code, c.signal.reason instanceof DOMException] })()",
            r#"[[false,true],["abort",true,true,false,false],true,"AbortError",20,true]"#,
        ),
        (
            "(() => { const c = new AbortController(); c.abort('why'); return c.signal.reason })()",
            r#""why""#,
        ),
        (
            "[null, 0, false].map(r => { const c = new AbortController(); c.abort(r); return c.signal.reason })",
            "[null,0,false]",
        ),
        (
            "(() => { const c = new AbortController(); c.abort(undefined); return c.signal.reason.message })()",
            r#""This operation was aborted""#,
        ),
        (
            "(() => { const c = new AbortController(); return [c.signal === c.signal, thrown(() => { 'use strict'; c.signal = 1 }).split(':')[0]] })()",
            r#"[true,"TypeError"]"#,
        ),
        (
            "thrown(() => new AbortSignal())",
            r#""TypeError: Illegal constructor""#,
        ),
        (
            "thrown(() => AbortController.prototype.abort.call({})).split(':')[0]",
            r#""TypeError""#,
        ),
        (
            "[Object.prototype.toString.call(new AbortController()), Object.prototype.toString.call(AbortSignal.abort())]",
            r#"["[object AbortController]","[object AbortSignal]"]"#,
        ),
        (
            "(() => { const c = new AbortController(), order = []; c.signal.onabort = () => order.push('handler'); c.signal.addEventListener('abort', () => order.push('first')); c.signal.onabort = () => order.push('replaced'); c.abort(); return order })()",
            r#"["replaced","first"]"#,
        ),
        (
            "(() => { const c = new AbortController(); c.signal.onabort = 5; const a = c.signal.onabort; c.signal.onabort = {}; return [a, typeof c.signal.onabort] })()",
            r#"[null,"object"]"#,
        ),
    ]);
}

#[test]
fn reasons_are_thrown() {
    facts(&[
        (
            "thrown(() => AbortSignal.abort().throwIfAborted())",
            r#""AbortError: This operation was aborted""#,
        ),
        (
            "(() => { try { AbortSignal.abort(7).throwIfAborted() } catch (e) { return e } })()",
            "7",
        ),
        (
            "new AbortController().signal.throwIfAborted() === undefined",
            "true",
        ),
        (
            "[AbortSignal.abort().aborted, AbortSignal.abort('x').reason, AbortSignal.abort().reason.name]",
            r#"[true,"x","AbortError"]"#,
        ),
        (
            "(() => { const s = AbortSignal.abort(); let n = 0; s.addEventListener('abort', () => n++); s.dispatchEvent(new Event('abort')); return n })()",
            "1",
        ),
    ]);
}

#[test]
fn a_timeout_aborts() {
    facts(&[
        (
            "(async () => { const s = AbortSignal.timeout(5); const early = s.aborted; await new Promise(r => s.onabort = r); return [early, s.aborted, s.reason.name, s.reason.message, s.reason.code] })()",
            r#"[false,true,"TimeoutError","The operation was aborted due to timeout",23]"#,
        ),
        (
            "[-1, NaN, Infinity, 'x', 2 ** 53].map(v => thrown(() => AbortSignal.timeout(v)).split(':')[0])",
            r#"["TypeError","TypeError","TypeError","TypeError","TypeError"]"#,
        ),
        (
            "thrown(() => AbortSignal.timeout()).split(':')[0]",
            r#""TypeError""#,
        ),
        ("AbortSignal.timeout(2 ** 40).aborted", "false"),
        (
            "(async () => { const order = []; const a = AbortSignal.timeout(6), b = AbortSignal.timeout(2); a.onabort = () => order.push('a'); b.onabort = () => order.push('b'); await new Promise(r => setTimeout(r, 30)); return order })()",
            r#"["b","a"]"#,
        ),
    ]);
}

#[test]
fn any_follows_the_first() {
    facts(&[
        ("AbortSignal.any([]).aborted", "false"),
        (
            "(() => { const a = new AbortController(), b = new AbortController(), s = AbortSignal.any([a.signal, b.signal]); let n = 0; s.onabort = () => n++; b.abort('b'); a.abort('a'); return [s.aborted, s.reason, n] })()",
            r#"[true,"b",1]"#,
        ),
        (
            "(() => { const s = AbortSignal.any([new AbortController().signal, AbortSignal.abort('early')]); return [s.aborted, s.reason] })()",
            r#"[true,"early"]"#,
        ),
        (
            "(() => { const a = new AbortController(), s = AbortSignal.any([AbortSignal.any([a.signal]), new AbortController().signal]); a.abort('deep'); return [s.aborted, s.reason] })()",
            r#"[true,"deep"]"#,
        ),
        (
            "(() => { const a = new AbortController(), order = [], s = AbortSignal.any([a.signal]); s.onabort = () => order.push('dependent'); a.signal.onabort = () => order.push('source', s.aborted); a.abort(); return order })()",
            r#"["source",true,"dependent"]"#,
        ),
        (
            "(() => { const a = new AbortController(), s = AbortSignal.any([a.signal, a.signal]); let n = 0; s.onabort = () => n++; a.abort(); return n })()",
            "1",
        ),
        (
            "[undefined, null, 5, [5], [{}]].map(v => thrown(() => AbortSignal.any(v)).split(':')[0])",
            r#"["TypeError","TypeError","TypeError","TypeError","TypeError"]"#,
        ),
        (
            "(() => { const a = new AbortController(); for (let i = 0; i < 5000; i++) AbortSignal.any([a.signal]).onabort = () => {}; let n = 0; for (let i = 0; i < 3; i++) AbortSignal.any([a.signal]).onabort = () => n++; a.abort(); return n })()",
            "3",
        ),
        (
            "(async () => { const s = AbortSignal.any([AbortSignal.timeout(3)]); await new Promise(r => s.onabort = r); return s.reason.name })()",
            r#""TimeoutError""#,
        ),
        (
            "(() => { const a = new AbortController(), s = AbortSignal.any(new Set([a.signal])); a.abort(1); return s.reason })()",
            "1",
        ),
    ]);
}

#[test]
fn events_reach_their_listeners() {
    facts(&[
        (
            "(() => { const t = new EventTarget(), seen = []; t.addEventListener('x', function (e) { seen.push(this === t, e.type, e.currentTarget === t, e.eventPhase) }); const e = new Event('x'); const r = t.dispatchEvent(e); return [seen, r, e.currentTarget, e.eventPhase, e.target === t] })()",
            r#"[[true,"x",true,2],true,null,0,true]"#,
        ),
        (
            "(() => { const t = new EventTarget(), f = () => n++; let n = 0; t.addEventListener('x', f); t.addEventListener('x', f); t.addEventListener('x', f, true); t.dispatchEvent(new Event('x')); t.removeEventListener('x', f); t.dispatchEvent(new Event('x')); return n })()",
            "3",
        ),
        (
            "(() => { const t = new EventTarget(); let n = 0; t.addEventListener('x', () => n++, { once: true }); t.dispatchEvent(new Event('x')); t.dispatchEvent(new Event('x')); return n })()",
            "1",
        ),
        (
            "(() => { const t = new EventTarget(), e = new Event('x', { cancelable: true }); t.addEventListener('x', e => e.preventDefault(), { passive: true }); const a = t.dispatchEvent(e); t.addEventListener('x', e => e.preventDefault()); return [a, t.dispatchEvent(e), e.defaultPrevented, e.returnValue] })()",
            "[true,false,true,false]",
        ),
        (
            "(() => { const t = new EventTarget(), seen = []; t.addEventListener('x', e => { seen.push(1); e.stopImmediatePropagation() }); t.addEventListener('x', () => seen.push(2)); t.dispatchEvent(new Event('x')); return seen })()",
            "[1]",
        ),
        (
            "(() => { const t = new EventTarget(), seen = []; t.addEventListener('x', { handleEvent(e) { seen.push(e.type, this === undefined) } }); t.dispatchEvent(new Event('x')); return seen })()",
            r#"["x",false]"#,
        ),
        (
            "(() => { const t = new EventTarget(), c = new AbortController(); let n = 0; t.addEventListener('x', () => n++, { signal: c.signal }); t.dispatchEvent(new Event('x')); c.abort(); t.dispatchEvent(new Event('x')); t.addEventListener('x', () => n++, { signal: AbortSignal.abort() }); t.dispatchEvent(new Event('x')); return n })()",
            "1",
        ),
        (
            "(() => { const t = new EventTarget(), e = new Event('x'); let name; t.addEventListener('x', () => { try { t.dispatchEvent(e) } catch (error) { name = error instanceof Error } }); t.dispatchEvent(e); return name })()",
            "true",
        ),
        (
            "(() => { const t = new EventTarget(), seen = []; t.addEventListener('x', () => { seen.push(1); t.removeEventListener('x', second); t.addEventListener('x', () => seen.push(3)) }); const second = () => seen.push(2); t.addEventListener('x', second); t.dispatchEvent(new Event('x')); return seen })()",
            "[1]",
        ),
        (
            "thrown(() => new EventTarget().dispatchEvent({ type: 'x' })).split(':')[0]",
            r#""TypeError [ERR_INVALID_ARG_TYPE]""#,
        ),
        ("thrown(() => new Event()).split(':')[0]", r#""TypeError""#),
        (
            "(() => { const e = new CustomEvent('x', { detail: { a: 1 }, bubbles: true }); return [e.detail, e.bubbles, e.isTrusted, e.type, e instanceof Event, new CustomEvent('y').detail] })()",
            r#"[{"a":1},true,false,"x",true,null]"#,
        ),
        (
            "(() => { class Own extends EventTarget { fire() { return this.dispatchEvent(new Event('go')) } } const t = new Own(); let n = 0; t.addEventListener('go', () => n++); t.fire(); return n })()",
            "1",
        ),
        (
            "[Event.AT_TARGET, new Event('x').BUBBLING_PHASE, new Event('x').composedPath(), typeof new Event('x').timeStamp]",
            r#"[2,3,[],"number"]"#,
        ),
        (
            "(() => { const t = new EventTarget(); t.addEventListener('x', null); t.addEventListener('x', undefined); return t.dispatchEvent(new Event('x')) })()",
            "true",
        ),
        (
            "thrown(() => new EventTarget().addEventListener('x', 'no')).split(':')[0]",
            r#""TypeError [ERR_INVALID_ARG_TYPE]""#,
        ),
    ]);
}

#[test]
fn what_follows_two_lets_go_of_both() {
    facts(&[
        (
            "(() => { const a = new AbortController(), b = new AbortController(), s = AbortSignal.any([a.signal, b.signal]), f = () => n++; let n = 0; s.addEventListener('abort', f); a.abort(); s.removeEventListener('abort', f); s.addEventListener('abort', f); b.abort(); return [n, s.reason === a.signal.reason] })()",
            "[1,true]",
        ),
        (
            "(() => { const a = new AbortController(), b = new AbortController(), s = AbortSignal.any([a.signal, b.signal]); s.addEventListener('abort', () => {}, { once: true }); a.abort(); b.abort(); return s.aborted })()",
            "true",
        ),
    ]);
}
