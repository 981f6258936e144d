//! The cell processes: started, watched, replaced; and the choice of one for a function key.

use std::{
    env, fs,
    hash::{DefaultHasher, Hash, Hasher},
    io,
    os::unix::fs::MetadataExt,
    path::PathBuf,
    sync::Arc,
    time::Duration,
};

use tokio::{sync::watch, task::JoinSet, time};

use super::{libraries::LibraryImage, quarantine::Quarantine};
use crate::{config::LogFormat, invocation::FunctionKey, wire::Configure};

mod cache_account;
mod census;
mod fetches;
mod link;
mod loaded;
mod process;
mod supervisor;
mod ticks;

pub use cache_account::CacheAccount;
pub use census::{CellEnd, CellState, Census};
pub use fetches::{Fetcher, RequestTrace, Requests, SHOWN_BODY_BYTES};
pub use link::{Answered, Call, Link, Lost};
use process::{CellProcess, NotStarted};
use supervisor::Supervisor;
pub use ticks::Ticks;

/// Invocations under way for each JS thread at which a cell counts as saturated: new ones go to the next
/// choice of their key. Many, for as a rule each cell has a thread for each core: what another makes of the same
/// function is more isolates and colder caches, and no more work.
const SATURATED_PER_THREAD: usize = 64;

/// How cells are started.
#[derive(Clone, Debug)]
pub struct CellPlan {
    /// The executor's own binary.
    pub program: PathBuf,
    /// How their own log looks.
    pub log_format: LogFormat,
    /// Cells that take invocations.
    pub cells: usize,
    /// Cells kept ready beside them.
    pub spares: usize,
    /// How long a cell that is being replaced may go on with what it has.
    pub drain: Duration,
    /// Without what is in `libraries`.
    pub configure: Configure,
    /// Bytes of sources that the front keeps: a cell keeps no more.
    pub source_bytes: u64,
    /// What functions find besides the runtime's own.
    pub libraries: Option<Arc<LibraryImage>>,
    /// What makes the requests of their functions.
    pub fetcher: Fetcher,
    pub cache: Arc<CacheAccount>,
    pub ticks: Ticks,
}

/// The cells of this executor. Dropping it ends them.
#[derive(Debug)]
pub struct Cells {
    live: watch::Receiver<Places>,
    census: Arc<Census>,
    cache: Arc<CacheAccount>,
    /// Load at which a cell is passed over.
    saturated: usize,
    _supervisor: JoinSet<()>,
}

/// The live cells by place; empty while a place's cell is being replaced.
pub type Places = Arc<[Option<Arc<Link>>]>;

/// No cell is up, and none came up in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no cell is up at the moment")]
pub struct NoCell;

impl Cells {
    /// Starts the cells, and a task that keeps them going. Versions that cost cells are told to
    /// `quarantine`.
    ///
    /// # Errors
    /// When the first cell can't be started: then none can.
    pub async fn start(plan: CellPlan, quarantine: Arc<Quarantine>) -> Result<Self, NotStarted> {
        let first = CellProcess::start(&plan).await?;
        let saturated = plan.configure.threads as usize * SATURATED_PER_THREAD;
        let places: Places = vec![None; plan.cells].into();
        let (publish, live) = watch::channel(places);
        let census = Arc::new(Census::default());
        let cache = plan.cache.clone();
        let mut supervisor = JoinSet::new();
        supervisor.spawn(Supervisor::new(plan, publish, quarantine, census.clone()).run(first));
        Ok(Self {
            live,
            census,
            cache,
            saturated,
            _supervisor: supervisor,
        })
    }

    /// The live cell that a function key belongs to, so that its isolates are warm and its harm stays
    /// there; its next choice when that one is saturated. Waits up to `patience` for one to come up when
    /// none is.
    ///
    /// # Errors
    /// [`NoCell`] when the patience is at its end.
    pub async fn route(&self, key: &FunctionKey, patience: Duration) -> Result<Arc<Link>, NoCell> {
        let chosen = self.choose(key, &self.live.borrow());
        match chosen {
            Some(link) => Ok(link),
            None => Box::pin(self.wait_for(key, patience)).await,
        }
    }

    async fn wait_for(&self, key: &FunctionKey, patience: Duration) -> Result<Arc<Link>, NoCell> {
        let mut live = self.live.clone();
        let chosen = time::timeout(patience, async {
            loop {
                let chosen = self.choose(key, &live.borrow_and_update());
                match chosen {
                    Some(link) => return Ok(link),
                    None => live.changed().await.map_err(|_| NoCell)?,
                }
            }
        });
        chosen.await.unwrap_or(Err(NoCell))
    }

    /// Tells when cells come and go.
    pub fn watch(&self) -> watch::Receiver<Places> {
        self.live.clone()
    }

    /// What the caches of all cells are of use, and hold.
    pub fn cache(&self) -> Arc<CacheAccount> {
        self.cache.clone()
    }

    /// The account of all cells.
    pub fn census(&self) -> Arc<Census> {
        self.census.clone()
    }

    /// Rendezvous hashing: each live place draws a number for the key and the highest wins, so that a
    /// place that comes or goes moves only its own keys.
    fn choose(&self, key: &FunctionKey, places: &Places) -> Option<Arc<Link>> {
        let links = places.iter().enumerate();
        let open = links.filter_map(|(place, link)| Some((place, link.as_ref()?)));
        open.filter(|(_, link)| link.is_open())
            .max_by_key(|(place, link)| (link.load() < self.saturated, draw(key, *place)))
            .map(|(_, link)| link.clone())
    }
}

fn draw(key: &FunctionKey, place: usize) -> u64 {
    let mut hasher = DefaultHasher::new();
    (key, place).hash(&mut hasher);
    hasher.finish()
}

/// The binary that cells are started from: this one, even after its file was replaced.
///
/// # Errors
/// When the system does not tell.
pub fn own_program() -> io::Result<PathBuf> {
    let link = PathBuf::from("/proc/self/exe");
    let told = env::current_exe();
    let Ok(linked) = fs::metadata(&link) else {
        return told;
    };
    // Under an emulator, such as valgrind, the link leads to the emulator's own binary; what it is said to be is ours
    // all the same. Once our file was replaced, there is none where it is said to be.
    match told.and_then(|told| Ok((fs::metadata(&told)?, told))) {
        Ok((file, told)) if (file.dev(), file.ino()) != (linked.dev(), linked.ino()) => Ok(told),
        _ => Ok(link),
    }
}
