//! The cell processes: started, watched, replaced; and the choice of one for a function key.

use std::{
    hash::{DefaultHasher, Hash, Hasher},
    io,
    path::PathBuf,
    sync::Arc,
    time::Duration,
};

use tokio::{sync::watch, task::JoinSet, time};

use crate::{invocation::FunctionKey, wire::Configure};

mod link;
mod loaded;
mod process;

pub use link::{Call, Link, Lost};
use process::{CellProcess, NotStarted};

/// The wait before a cell that died at once is started again; doubled up to the longest.
const SHORTEST_BACKOFF: Duration = Duration::from_millis(50);
const LONGEST_BACKOFF: Duration = Duration::from_secs(5);

/// A cell that lived this long died of something new: its successor starts at once.
const SETTLED_AFTER: Duration = Duration::from_secs(10);

/// How cells are started.
#[derive(Clone, Debug)]
pub struct CellPlan {
    /// The executor's own binary.
    pub program: PathBuf,
    pub cells: usize,
    pub configure: Configure,
}

/// The cells of this executor. Dropping it ends them.
#[derive(Debug)]
pub struct Cells {
    /// One place a cell; empty while its cell is being replaced.
    live: watch::Receiver<Places>,
    _supervisors: JoinSet<()>,
}

/// The live cells by place.
pub type Places = Arc<[Option<Arc<Link>>]>;

/// No cell is up, and none came up in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no cell is up at the moment")]
pub struct NoCell;

impl Cells {
    /// Starts the cells, each watched by a task of its own.
    ///
    /// # Errors
    /// When the first cell can't be started: then none can.
    pub async fn start(plan: CellPlan) -> Result<Self, NotStarted> {
        let first = CellProcess::start(&plan).await?;
        let places: Places = vec![None; plan.cells].into();
        let (publish, live) = watch::channel(places);
        let publish = Arc::new(publish);
        let mut supervisors = JoinSet::new();
        let mut first = Some(first);
        for place in 0..plan.cells {
            let supervisor = Supervisor {
                plan: plan.clone(),
                place,
                publish: publish.clone(),
            };
            supervisors.spawn(supervisor.run(first.take()));
        }
        Ok(Self {
            live,
            _supervisors: supervisors,
        })
    }

    /// The live cell that a function key belongs to, so that its isolates are warm and its harm stays
    /// there. Waits up to `patience` for one to come up when none is.
    ///
    /// # Errors
    /// [`NoCell`] when the patience is at its end.
    pub async fn route(&self, key: &FunctionKey, patience: Duration) -> Result<Arc<Link>, NoCell> {
        let mut live = self.live.clone();
        let chosen = time::timeout(patience, async {
            loop {
                let chosen = choose(key, &live.borrow_and_update());
                match chosen {
                    Some(link) => return Ok(link),
                    None => live.changed().await.map_err(|_| NoCell)?,
                }
            }
        });
        chosen.await.unwrap_or(Err(NoCell))
    }

    /// Tells when cells come and go: the number of live ones.
    pub fn watch(&self) -> watch::Receiver<Places> {
        self.live.clone()
    }
}

/// Rendezvous hashing: each live place draws a number for the key and the highest wins, so that a place
/// that comes or goes moves only its own keys.
fn choose(key: &FunctionKey, places: &Places) -> Option<Arc<Link>> {
    let links = places
        .iter()
        .enumerate()
        .filter_map(|(place, link)| Some((place, link.as_ref()?)));
    let live = links.filter(|(_, link)| link.is_open());
    live.max_by_key(|(place, _)| draw(key, *place))
        .map(|(_, link)| link.clone())
}

fn draw(key: &FunctionKey, place: usize) -> u64 {
    let mut hasher = DefaultHasher::new();
    (key, place).hash(&mut hasher);
    hasher.finish()
}

/// Keeps one place filled.
struct Supervisor {
    plan: CellPlan,
    place: usize,
    publish: Arc<watch::Sender<Places>>,
}

impl Supervisor {
    async fn run(self, mut started: Option<CellProcess>) {
        let mut backoff = SHORTEST_BACKOFF;
        loop {
            let cell = match started.take() {
                Some(cell) => Ok(cell),
                None => CellProcess::start(&self.plan).await,
            };
            let began = time::Instant::now();
            match cell {
                Ok(cell) => self.serve(cell).await,
                Err(error) => tracing::error!(place = self.place, %error, "a cell did not start"),
            }
            if began.elapsed() >= SETTLED_AFTER {
                backoff = SHORTEST_BACKOFF;
                continue;
            }
            time::sleep(backoff).await;
            backoff = (backoff * 2).min(LONGEST_BACKOFF);
        }
    }

    /// Publishes the cell until it ends.
    async fn serve(&self, cell: CellProcess) {
        let pid = cell.pid();
        tracing::info!(place = self.place, pid, "cell up");
        self.fill(Some(cell.link()));
        let end = cell.ended().await;
        self.fill(None);
        tracing::warn!(
            place = self.place,
            pid,
            end,
            "cell ended; it will be replaced"
        );
    }

    fn fill(&self, link: Option<Arc<Link>>) {
        self.publish.send_modify(|places| {
            let mut changed = places.to_vec();
            if let Some(place) = changed.get_mut(self.place) {
                *place = link;
            }
            *places = changed.into();
        });
    }
}

/// The binary that cells are started from: this one, even after its file was replaced.
///
/// # Errors
/// When the system does not tell.
pub fn own_program() -> io::Result<PathBuf> {
    let own = PathBuf::from("/proc/self/exe");
    if own.exists() {
        Ok(own)
    } else {
        std::env::current_exe()
    }
}
