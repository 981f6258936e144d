//! `AbortController`, `AbortSignal`, `Event` and `EventTarget`, by a table of facts.

use crate::check::{Call, Code, TRACK, delivers};
use crate::facts::hold;

#[test]
fn signals_and_events_are_as_the_table_says() {
    hold(include_str!("facts/web_abort.txt"));
}

/// The functions of Node's that wait for a signal and then call what is the author's.
#[test]
fn what_is_thrown_on_an_abort_harms_nobody_else_and_ends_the_invocation() {
    for waits in [
        "events.addAbortListener(signal, throws)",
        "finished(new PassThrough(), { signal }, throws)",
        "Object.assign(new PassThrough({ signal }), { destroy: throws })",
        "addAbortSignal(signal, Object.assign(new PassThrough(), { destroy: throws }))",
        "Object.assign(http.get({ host: 'nowhere.invalid', signal }), { destroy: throws }).on('error', () => {})",
        "signal.addEventListener('abort', throws)",
    ] {
        let source = format!(
            "const events = require('events'), {{ PassThrough, addAbortSignal, finished }} = require('stream'), http = require('http')
            async function onTrack() {{
              const controller = new AbortController(), {{ signal }} = controller
              const throws = () => {{ throw new RangeError('on an abort') }}
              {waits}
              events.addAbortListener(signal, () => console.log('another'))
              controller.abort()
              console.log('after it')
              await new Promise(() => {{}})
            }}"
        );
        let reply = Call::of(&source).run();
        reply.failed(Code::BadRequest, "on an abort");
        let logs = reply.logs();
        assert!(
            logs.starts_with(&["another", "after it"].map(Into::into)),
            "{waits}: {logs:?}"
        );
    }
}

#[test]
fn a_signal_keeps_nothing_that_is_over() {
    for ends in [
        "finished(large(), { signal }, () => {})()",
        "const stream = large(); stream.end(); stream.resume(); await promises.finished(stream, { signal })",
        "await promises.pipeline(['a'], large(), async source => { for await (const part of source); }, { signal })",
        "await promises.pipeline(large().end(), async source => { for await (const part of source); }, { signal })",
    ] {
        let source = format!(
            "const {{ PassThrough, finished, promises }} = require('stream')
            const large = () => Object.assign(new PassThrough(), {{ payload: Buffer.alloc(4e6) }})
            async function onTrack() {{
              const {{ signal }} = new AbortController()
              for (let round = 0; round < 100; round++) {{ {ends} }}
              return {{ aborted: signal.aborted }}
            }}"
        );
        delivers(&source, TRACK, r#"{"aborted":false}"#);
    }
}
