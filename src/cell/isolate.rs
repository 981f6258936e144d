//! An isolate that runs one function: made from the snapshot, loaded with a source, entered turn by turn.
//!
//! Only this module and [`super::runtime`] name `v8::`. Scheduling sees [`FunctionIsolate`],
//! [`TurnEnd`] and [`Terminator`].

use std::{
    borrow::Cow,
    sync::Arc,
    time::{Duration, Instant},
};

use super::{
    invocation::Delivery,
    record::Record,
    runtime::{self, Entry, EventContexts, HostState},
};
use crate::{
    invocation::{ErrorCode, FunctionError, Input, LimitExceeded, Outcome, SettingsJson},
    wire::Fetched,
};

mod buffers;
mod describe;
mod engine;
pub mod fatal;
mod heap;
mod source;

pub use engine::{Engine, EngineError, v8_version};
pub use source::FunctionSource;

use buffers::Buffers;
use engine::enter_snapshot;
use heap::HeapGuard;

/// A turn of less CPU time is quick.
const QUICK: Duration = Duration::from_micros(500);

/// Quick turns in a row that make the next one likely to be quick.
const QUICK_TURNS: u32 = 8;

/// How a turn left the isolate.
#[derive(Debug, PartialEq)]
pub enum TurnEnd {
    /// Every event has its outcome; the isolate may serve the next invocation.
    Settled,
    /// The handler awaits something. The invocation's next timer is due then, if it has one.
    Waiting(Option<Instant>),
    /// Execution was terminated from outside, or at the heap limit. The isolate is to be condemned.
    Terminated,
}

/// How loading a source ended.
#[derive(Debug, PartialEq)]
pub enum LoadEnd {
    /// The handlers are known.
    Loaded,
    /// The source can't run, now or ever; every event has that for its outcome.
    Failed,
    /// It was described, and nobody is served here any more.
    Described,
    /// As [`TurnEnd::Terminated`].
    Terminated,
}

/// What an isolate holds when an invocation ends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Held {
    /// In use on the heap and in buffers.
    pub bytes: u64,
    /// Whether the heap passed its limit, be it that V8 noticed only now: a single large object can.
    pub over_limit: bool,
}

/// What handlers are called with.
#[derive(Clone, Debug)]
pub struct Call {
    pub input: Input,
    pub settings: SettingsJson,
}

/// Stops the JavaScript that an isolate runs, from any thread.
#[derive(Clone, Debug)]
pub struct Terminator(v8::IsolateHandle);

impl Terminator {
    /// Ends the running turn as [`TurnEnd::Terminated`]. The caller makes sure that the turn it means is
    /// the one that runs.
    pub fn terminate(&self) {
        self.0.terminate_execution();
    }
}

/// An isolate with the runtime's globals and at most one function.
///
/// V8 forgets a termination when an isolate is entered: it counts only from then on. So whatever enters asks once more,
/// by `is_stopped`, whether it is to run at all.
#[derive(Debug)]
pub struct FunctionIsolate {
    // Dropped in this order: handles, then the isolate, then what its callbacks point to.
    entries: Vec<v8::Global<v8::Function>>,
    context: v8::Global<v8::Context>,
    isolate: v8::SharedIsolate,
    heap_guard: Arc<HeapGuard>,
    buffers: Arc<Buffers>,
    /// Those of the last batch.
    contexts: EventContexts,
    /// How many of the last turns were quick, in a row.
    quick_turns: u32,
    /// What it holds, as long as the last invocation's part is over and nobody has asked.
    held: Option<Held>,
}

impl FunctionIsolate {
    /// An isolate with no function yet.
    ///
    /// # Errors
    /// [`EngineError`] when V8 does not give back what the snapshot was made with: our own bug.
    pub fn blank(engine: &Engine) -> Result<Self, EngineError> {
        let buffers = Buffers::with_limit(engine.heap_bytes());
        let parameters = v8::Isolate::create_params()
            .snapshot_blob(engine.snapshot().into())
            .external_references(Cow::Borrowed(engine.external_references()))
            .heap_limits(0, engine.heap_bytes())
            .array_buffer_allocator(buffers.allocator())
            .allow_atomics_wait(false);
        #[allow(
            clippy::needless_late_init,
            reason = "declared before the isolate, hence dropped after it, should anything below fail"
        )]
        let heap_guard;
        let mut isolate = v8::Isolate::new(parameters);
        isolate.set_microtasks_policy(v8::MicrotasksPolicy::Explicit);
        isolate.set_promise_reject_callback(runtime::on_promise_reject);
        isolate.set_host_import_module_dynamically_callback(runtime::refuse_dynamic_import);
        isolate.set_oom_error_handler(fatal::on_out_of_memory);
        heap_guard = HeapGuard::install(&mut isolate);
        isolate.set_slot(engine.libraries());
        let (context, entries) = enter_snapshot(&mut isolate)?;
        // SAFETY: the only state attached to the isolate, now and later, is HostState (made of Send
        // types; its Globals may be dropped on any thread), Codecs with their tokens, which are Send, the
        // Libraries, which are Sync, the HeapGuard and the Buffers, which are Sync and outlive the isolate. The snapshot and the references are 'static.
        #[allow(unsafe_code, reason = "V8 cannot see what is attached to the isolate")]
        let isolate =
            unsafe { isolate.try_into_shared() }.map_err(|_| EngineError::NotShareable)?;
        Ok(Self {
            entries,
            context,
            isolate,
            heap_guard,
            buffers,
            contexts: EventContexts::default(),
            quick_turns: 0,
            held: None,
        })
    }

    /// A way to stop what runs here.
    pub fn terminator(&self) -> Terminator {
        Terminator(self.isolate.thread_safe_handle())
    }

    /// Whether the isolate's heap came to its limit.
    pub fn reached_heap_limit(&self) -> bool {
        self.heap_guard.reached()
    }

    /// Runs the source's top level and finds its handlers, on behalf of the invocation that `host` is of:
    /// what it logs and starts belongs to that one.
    pub fn load(
        &mut self,
        source: &FunctionSource,
        host: HostState,
        is_stopped: impl FnOnce() -> bool,
    ) -> LoadEnd {
        let record = host.record.clone();
        let loaded = self.enter(|scope, entries| {
            if is_stopped() {
                return LoadEnd::Terminated;
            }
            scope.set_slot(host);
            v8::tc_scope!(let scope, scope);
            let loaded = source::load(scope, entries, source);
            if scope.has_terminated() {
                return LoadEnd::Terminated;
            }
            let Err(fault) = loaded.handlers else {
                return LoadEnd::Loaded;
            };
            fault.settle(source, &record);
            LoadEnd::Failed
        });
        if loaded == LoadEnd::Failed && self.buffers.take_refused() {
            blame_buffers(&record, self.buffers.limit());
        }
        loaded
    }

    /// The first turn of an invocation: calls the handler, or for a batch the handlers. `host` is of that
    /// invocation; nothing if the isolate has it from [`Self::load`].
    pub fn begin(
        &mut self,
        call: &Call,
        host: Option<HostState>,
        is_stopped: impl FnOnce() -> bool,
    ) -> TurnEnd {
        let contexts = self.contexts.next(&call.input);
        self.contexts = contexts;
        self.take_turn(|scope, entries| {
            if is_stopped() {
                return TurnEnd::Terminated;
            }
            if let Some(host) = host {
                scope.set_slot(host);
            }
            v8::tc_scope!(let scope, scope);
            if enter_handler(scope, entries, call, contexts).is_none()
                && !scope.has_terminated()
                && let Some(host) = scope.get_slot_mut::<HostState>()
            {
                host.record.settle_rest(&host_failure());
            }
            end_turn(scope, entries)
        })
    }

    /// A further turn: hands over what the invocation has waited for, then fires the timers that are due.
    pub fn resume(
        &mut self,
        deliveries: Vec<Delivery>,
        is_stopped: impl FnOnce() -> bool,
    ) -> TurnEnd {
        self.take_turn(|scope, entries| {
            if is_stopped() {
                return TurnEnd::Terminated;
            }
            v8::tc_scope!(let scope, scope);
            let now = Instant::now();
            for delivery in deliveries {
                if scope.has_terminated() {
                    return TurnEnd::Terminated;
                }
                match delivery {
                    Delivery::Fetched(fetched) => hand_over(scope, entries, *fetched),
                    Delivery::Cache(id, news) => {
                        let arguments = runtime::news_arguments(scope, id, news);
                        let _ = call_entry(scope, entries, Entry::CacheNews, &arguments);
                    }
                }
                drain_microtasks(scope);
            }
            while !scope.has_terminated()
                && let Some(id) = pop_due_timer(scope, now)
            {
                let id = v8::Number::new(scope, id as f64).into();
                let _ = call_entry(scope, entries, Entry::FireTimer, &[id]);
                drain_microtasks(scope);
            }
            end_turn(scope, entries)
        })
    }

    /// Notes the CPU time of a turn that is over.
    pub fn note_turn(&mut self, cpu: Duration) {
        self.quick_turns = match cpu < QUICK {
            true => self.quick_turns.saturating_add(1),
            false => 0,
        };
    }

    /// Whether the next turn will be over so soon, as far as the last ones tell, that others can wait for it.
    pub fn is_quick(&self) -> bool {
        self.quick_turns >= QUICK_TURNS
    }

    /// Ends an invocation's part here: cancels what it left pending, and tells what the isolate holds.
    pub fn close(&mut self) -> Held {
        if let Some(held) = self.held.take() {
            return held;
        }
        let mut locker = self.isolate.lock();
        close(&mut locker, &self.buffers, &self.heap_guard)
    }

    /// What is left to do when every event has its outcome is done while the isolate is entered, to enter it once.
    fn take_turn(
        &mut self,
        turn: impl FnOnce(&mut v8::PinScope<'_, '_>, &[v8::Global<v8::Function>]) -> TurnEnd,
    ) -> TurnEnd {
        let (buffers, heap_guard) = (&self.buffers, &self.heap_guard);
        let (end, held) = enter(&mut self.isolate, &self.context, |scope| {
            let end = turn(scope, &self.entries);
            if end != TurnEnd::Settled {
                return (end, None);
            }
            if buffers.take_refused()
                && let Some(host) = scope.get_slot_mut::<HostState>()
            {
                blame_buffers(&host.record, buffers.limit());
            }
            (end, Some(close(scope, buffers, heap_guard)))
        });
        self.held = held;
        end
    }

    fn enter<R>(
        &mut self,
        body: impl FnOnce(&mut v8::PinScope<'_, '_>, &[v8::Global<v8::Function>]) -> R,
    ) -> R {
        let entries = &self.entries;
        enter(&mut self.isolate, &self.context, |scope| {
            body(scope, entries)
        })
    }
}

fn enter<R>(
    isolate: &mut v8::SharedIsolate,
    context: &v8::Global<v8::Context>,
    body: impl FnOnce(&mut v8::PinScope<'_, '_>) -> R,
) -> R {
    let mut locker = isolate.lock();
    v8::scope_with_context!(let scope, &mut *locker, context);
    body(scope)
}

/// Ends an invocation's part in an isolate.
fn close(isolate: &mut v8::Isolate, buffers: &Buffers, heap_guard: &HeapGuard) -> Held {
    let heap = isolate.get_heap_statistics().used_heap_size();
    if let Some(host) = isolate.get_slot_mut::<HostState>() {
        host.close();
    }
    buffers.note_heap(heap);
    Held {
        bytes: (heap + buffers.used()) as u64,
        over_limit: heap > buffers.limit() || heap_guard.reached(),
    }
}

/// What V8 says when an array buffer can't be had.
const BUFFER_REFUSED: &str = "Array buffer allocation failed";

/// A failure that comes of a refused array buffer is one of memory. V8 asks the heap guard first, which
/// terminates, but the `RangeError` it throws then may settle an event before that is seen.
fn blame_buffers(record: &Record, heap_bytes: usize) {
    record.revise(|outcome| {
        if let Outcome::Failed(error) = outcome
            && error.message == BUFFER_REFUSED
        {
            **error = FunctionError {
                name: std::mem::take(&mut error.name),
                stack: std::mem::take(&mut error.stack),
                frames: std::mem::take(&mut error.frames),
                ..heap_limit_error(heap_bytes)
            };
        }
    });
}

/// The error for an isolate that came to its heap limit.
pub fn heap_limit_error(heap_bytes: usize) -> FunctionError {
    FunctionError::limit_exceeded(
        ErrorCode::MemoryLimitExceeded,
        "the function",
        LimitExceeded::heap(heap_bytes as u64),
    )
}

fn enter_handler<'s>(
    scope: &mut v8::PinScope<'s, '_>,
    entries: &[v8::Global<v8::Function>],
    call: &Call,
    contexts: EventContexts,
) -> Option<v8::Local<'s, v8::Value>> {
    runtime::enter_context(scope, None);
    let settings = json_string(scope, call.settings.bytes())?.into();
    match &call.input {
        Input::Event(json) => {
            let event = json_string(scope, json)?.into();
            call_entry(scope, entries, Entry::Begin, &[event, settings])
        }
        Input::Describe => None,
        Input::Batch { json, .. } => {
            scope.get_slot_mut::<HostState>()?.contexts = contexts;
            let events = json_string(scope, json)?.into();
            let first = v8::Integer::new_from_unsigned(scope, contexts.first()).into();
            call_entry(
                scope,
                entries,
                Entry::BeginBatch,
                &[events, settings, first],
            )
        }
    }
}

fn call_entry<'s>(
    scope: &v8::PinScope<'s, '_>,
    entries: &[v8::Global<v8::Function>],
    entry: Entry,
    arguments: &[v8::Local<'s, v8::Value>],
) -> Option<v8::Local<'s, v8::Value>> {
    let function = v8::Local::new(scope, entries.get(entry as usize)?);
    function.call(scope, v8::undefined(scope).into(), arguments)
}

/// UTF-8 as a V8 string: one byte a character where the text is ASCII, which most events are.
fn json_string<'s>(scope: &v8::PinScope<'s, '_>, text: &[u8]) -> Option<v8::Local<'s, v8::String>> {
    if text.is_ascii() {
        v8::String::new_from_one_byte(scope, text, v8::NewStringType::Normal)
    } else {
        v8::String::new_from_utf8(scope, text, v8::NewStringType::Normal)
    }
}

type TryCatch<'a, 'b, 's, 'i> = v8::PinnedRef<'a, v8::TryCatch<'b, 's, v8::HandleScope<'i>>>;

/// Runs microtasks until there are none. Not after a termination: V8 forgets it once it has unwound, and
/// what is entered then has no alarm.
fn drain_microtasks(scope: &mut TryCatch<'_, '_, '_, '_>) {
    if !scope.has_terminated() {
        scope.perform_microtask_checkpoint();
    }
}

/// Drains the microtasks, reports what nobody handled, and tells how the turn ended.
fn end_turn(scope: &mut TryCatch<'_, '_, '_, '_>, entries: &[v8::Global<v8::Function>]) -> TurnEnd {
    drain_microtasks(scope);
    report_rejections(scope, entries);
    if scope.has_terminated() {
        return TurnEnd::Terminated;
    }
    match scope.get_slot_mut::<HostState>() {
        Some(host) if !host.record.is_settled() => TurnEnd::Waiting(host.timers.next_due()),
        _ => TurnEnd::Settled,
    }
}

fn report_rejections(scope: &mut TryCatch<'_, '_, '_, '_>, entries: &[v8::Global<v8::Function>]) {
    let rejections = match scope.get_slot_mut::<HostState>() {
        Some(host) => std::mem::take(&mut host.rejections),
        None => return,
    };
    for rejection in rejections {
        if scope.has_terminated() {
            return;
        }
        let reason = v8::Local::new(scope, &rejection.reason);
        runtime::enter_context(scope, rejection.context);
        let _ = call_entry(scope, entries, Entry::ReportRejection, &[reason]);
        runtime::enter_context(scope, None);
    }
}

/// Gives the function what a request of its came to, unless it no longer waits for it.
fn hand_over(
    scope: &mut TryCatch<'_, '_, '_, '_>,
    entries: &[v8::Global<v8::Function>],
    fetched: Fetched,
) {
    let waits = scope
        .get_slot_mut::<HostState>()
        .is_some_and(|host| host.fetches.finish(fetched.id));
    if !waits {
        return;
    }
    if let Some(outcome) = fetched.outcome
        && let Some((entry, arguments)) = runtime::end_of_fetch(scope, fetched.id, outcome)
    {
        let _ = call_entry(scope, entries, entry, &arguments);
    }
}

fn pop_due_timer(scope: &mut v8::PinScope<'_, '_>, now: Instant) -> Option<u64> {
    scope.get_slot_mut::<HostState>()?.timers.pop_due(now)
}

/// The runtime itself threw, which no function can make it do short of its limits: a stack that was all
/// but used up when the handler was entered, or a text longer than V8's longest string.
fn host_failure() -> Outcome {
    FunctionError::new(ErrorCode::BadRequest, "the handler could not be entered").into()
}
