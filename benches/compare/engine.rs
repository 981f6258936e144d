//! The JavaScript's floor: `JSON.parse`, the function, `JSON.stringify` in a loop in one isolate of the same V8, with
//! no limits, no gRPC and no other process.

use std::time::{Duration, Instant};

use crate::usage::own_cpu_time;
use crate::work;

const RUN_FOR: Duration = Duration::from_secs(2);

/// Prints the microseconds of CPU time of one event, alone and as one of a batch.
pub fn run() {
    v8::V8::initialize_platform(v8::new_default_platform(1, false).make_shared());
    v8::V8::initialize();
    let alone = one_loop(work::event(), 1, "onTrack(JSON.parse(text), settings)");
    let array = format!("[{}]", vec![work::event(); work::BATCH].join(","));
    let batched = one_loop(
        &array,
        work::BATCH,
        "Promise.all(JSON.parse(text).map(event => onTrack(event, settings)))",
    );
    println!("{alone} {batched}");
}

/// Microseconds of CPU time per event.
fn one_loop(text: &str, events_each: usize, call: &str) -> f64 {
    let isolate = &mut v8::Isolate::new(v8::CreateParams::default());
    isolate.set_microtasks_policy(v8::MicrotasksPolicy::Explicit);
    v8::scope!(let scope, isolate);
    let context = v8::Context::new(scope, v8::ContextOptions::default());
    let scope = &mut v8::ContextScope::new(scope, context);
    let source = format!(
        "{}; const settings = {};
        let answer; async text => {{ answer = JSON.stringify(await {call}) }}",
        work::FUNCTION,
        work::SETTINGS
    );
    let source = v8::String::new(scope, &source).unwrap();
    let script = v8::Script::compile(scope, source, None).unwrap();
    let function = script.run(scope).unwrap();
    let function = v8::Local::<v8::Function>::try_from(function).unwrap();
    let undefined = v8::undefined(scope).into();
    let mut rounds = |time: Duration| {
        let (ends, mut events) = (Instant::now() + time, 0);
        let before = own_cpu_time();
        while Instant::now() < ends {
            v8::scope!(let scope, scope);
            // As the text of every call is new to the engine.
            let text = v8::String::new(scope, text).unwrap();
            assert!(function.call(scope, undefined, &[text.into()]).is_some());
            scope.perform_microtask_checkpoint();
            events += events_each;
        }
        own_cpu_time().saturating_sub(before).as_secs_f64() * 1e6 / events as f64
    };
    rounds(RUN_FOR / 2);
    rounds(RUN_FOR)
}
