//! V8 itself, set up once per process, and the snapshot every isolate starts from.

#![allow(unsafe_code, reason = "external references are raw addresses")]

use std::sync::{Arc, Once};

use crate::cell::{
    libraries::Libraries,
    runtime::{self, Entry, RuntimeBroken},
};

/// V8's worker threads for garbage collection and compilation, whatever the machine has.
const WORKER_THREADS: u32 = 1;

/// Loop unrolling is off because it breaks termination. The phase marks short counted loops as in no need
/// of an interrupt check and then drops the next check it meets; where the short loop is one that a
/// builtin was inlined as, and has no check of its own, that is the check of the loop around it. So
/// `for (;;) new Array(1000).fill(1)`, once optimised, would never end.
///
/// `JSON.stringify` goes V8's fast way only where V8 is the one in `third_party/v8`. As released, that way writes without end what
/// contains itself or is very long, outside of the heap and not to be interrupted: gigabytes a second.
const FLAGS: &str = match cfg!(all(
    target_arch = "x86_64",
    target_os = "linux",
    target_env = "gnu"
)) {
    true => "--no-turboshaft-loop-unrolling",
    false => "--no-turboshaft-loop-unrolling --no-json-stringify-fast-path",
};

/// What every isolate is made from.
#[derive(Debug)]
pub struct Engine {
    /// Shared by all isolates: 0.4 MiB less for each than a copy would cost.
    snapshot: &'static [u8],
    external_references: &'static [v8::ExternalReference],
    heap_bytes: usize,
    libraries: Arc<Libraries>,
}

// SAFETY: an ExternalReference is a raw address of a static function or of nothing, and only read.
unsafe impl Send for Engine {}
// SAFETY: as above; nothing in an Engine changes after it is made.
unsafe impl Sync for Engine {}

/// V8 did not do what it always does: our own bug.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    #[error(transparent)]
    Runtime(#[from] RuntimeBroken),
    #[error("V8 made no snapshot")]
    NoSnapshot,
    #[error("the snapshot lacks a way into the runtime")]
    EntryMissing,
    #[error("V8 does not part with {0}")]
    Stays(&'static str),
    #[error("V8 refused to share a fresh isolate between threads")]
    NotShareable,
}

impl Engine {
    /// Sets V8 up and makes the snapshot, about 30 ms. To be called before any thread is started that
    /// will enter an isolate: V8's memory protection keys pass from thread to thread at creation.
    /// The snapshot is kept for the life of the process.
    ///
    /// # Errors
    /// [`EngineError`] when the runtime's scripts do not load.
    pub fn start(heap_bytes: usize, libraries: Libraries) -> Result<Self, EngineError> {
        initialize_v8();
        let external_references = runtime::external_references().into_owned().leak();
        let snapshot = make_snapshot(external_references, &libraries)?.leak();
        Ok(Self {
            snapshot,
            external_references,
            heap_bytes,
            libraries: Arc::new(libraries),
        })
    }

    pub fn snapshot(&self) -> &'static [u8] {
        self.snapshot
    }

    pub fn external_references(&self) -> &'static [v8::ExternalReference] {
        self.external_references
    }

    /// Heap limit of one isolate.
    pub fn heap_bytes(&self) -> usize {
        self.heap_bytes
    }

    /// What functions find besides the runtime's own.
    pub fn libraries(&self) -> Arc<Libraries> {
        self.libraries.clone()
    }
}

/// V8's version, such as 15.2.124.1.
pub fn v8_version() -> &'static str {
    v8::V8::get_version()
}

fn initialize_v8() {
    static INITIALIZED: Once = Once::new();
    INITIALIZED.call_once(|| {
        v8::V8::set_flags_from_string(FLAGS);
        let platform = v8::new_default_platform(WORKER_THREADS, false).make_shared();
        v8::V8::initialize_platform(platform);
        v8::V8::initialize();
    });
}

fn make_snapshot(
    external_references: &'static [v8::ExternalReference],
    libraries: &Libraries,
) -> Result<Vec<u8>, EngineError> {
    let mut creator = v8::Isolate::snapshot_creator(Some(external_references.into()), None);
    let installed = install_runtime(&mut creator, libraries);
    // Made even when the runtime is broken: V8 wants a creator to be used before it is dropped.
    let snapshot = creator.create_blob(v8::FunctionCodeHandling::Keep);
    installed?;
    snapshot
        .map(|blob| blob.to_vec())
        .ok_or(EngineError::NoSnapshot)
}

fn install_runtime(
    creator: &mut v8::OwnedIsolate,
    libraries: &Libraries,
) -> Result<(), EngineError> {
    v8::scope!(let scope, creator);
    let context = v8::Context::new(scope, v8::ContextOptions::default());
    scope.set_default_context(context);
    let scope = &mut v8::ContextScope::new(scope, context);
    let entries = runtime::install(scope, libraries)?;
    debug_assert_eq!(entries.len(), Entry::ALL.len());
    for entry in entries {
        scope.add_context_data(context, entry);
    }
    Ok(())
}

/// A context, and the ways into its scripts.
pub type Entered = (v8::Global<v8::Context>, Vec<v8::Global<v8::Function>>);

/// The snapshot's context and the ways into its scripts, in a new isolate.
///
/// # Errors
/// [`EngineError`] when V8 does not give back what the snapshot was made with.
pub fn enter_snapshot(isolate: &mut v8::OwnedIsolate) -> Result<Entered, EngineError> {
    v8::scope!(let scope, isolate);
    let context = v8::Context::new(scope, v8::ContextOptions::default());
    let scope = &mut v8::ContextScope::new(scope, context);
    remove_globals(scope, context)?;
    let entries = (0..Entry::ALL.len())
        .map(|index| {
            let entry = scope.get_context_data_from_snapshot_once::<v8::Function>(index);
            entry
                .map(|entry| v8::Global::new(scope, entry))
                .map_err(|_| EngineError::EntryMissing)
        })
        .collect::<Result<_, _>>()?;
    Ok((v8::Global::new(scope, context), entries))
}

/// What functions do not get: WebAssembly, whose code and memory are beyond the limits of an isolate, and
/// shared buffers, which can grow beyond them and have nobody to be shared with. V8 installs both with
/// every context, whatever the snapshot says.
const REMOVED: [&str; 2] = ["WebAssembly", "SharedArrayBuffer"];

fn remove_globals<'s>(
    scope: &v8::PinScope<'s, '_>,
    context: v8::Local<'s, v8::Context>,
) -> Result<(), EngineError> {
    for name in REMOVED {
        let key = v8::String::new(scope, name);
        let removed = key.and_then(|key| context.global(scope).delete(scope, key.into()));
        if removed != Some(true) {
            return Err(EngineError::Stays(name));
        }
    }
    Ok(())
}
