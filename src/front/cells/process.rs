//! One cell process: started on one end of a socketpair, ended when dropped.

use std::{io, os::fd::OwnedFd, process::Stdio, sync::Arc, time::Duration};

use futures_util::{SinkExt, StreamExt};
use rustix::net::{AddressFamily, SocketFlags, SocketType, socketpair};
use tokio::{
    net::UnixStream,
    process::{Child, Command},
    task::JoinHandle,
    time,
};
use tokio_util::codec::{FramedRead, FramedWrite};

use super::{
    CellPlan, Link,
    cache_account::CellCache,
    link::{Ended, Told},
    loaded::Loaded,
    ticks::CellTicks,
};
use crate::wire::{
    CellFrame, Configure, FrameCodec, FrameError, FrontFrame, Ready, ToCell, ToFront,
};

/// How long a cell may take to be ready; it takes tens of milliseconds.
const START_PATIENCE: Duration = Duration::from_secs(30);

/// A cell that is ready for invocations.
#[derive(Debug)]
pub struct CellProcess {
    child: Child,
    pid: u32,
    link: Arc<Link>,
    link_end: JoinHandle<Ended>,
}

/// Why a cell did not come up.
#[derive(Debug, thiserror::Error)]
pub enum NotStarted {
    #[error("a cell process could not be started: {0}")]
    Spawn(#[from] io::Error),
    #[error("a cell broke the protocol: {0}")]
    Frame(FrameError),
    #[error("a cell ended before it was ready; its standard error says why")]
    EndedEarly,
    #[error("a cell was not ready within {} s", START_PATIENCE.as_secs())]
    TooSlow,
}

impl From<FrameError> for NotStarted {
    fn from(error: FrameError) -> Self {
        match error {
            FrameError::Io(_) => Self::EndedEarly,
            broken => Self::Frame(broken),
        }
    }
}

impl CellProcess {
    /// Starts a cell and waits until it is ready.
    ///
    /// # Errors
    /// [`NotStarted`]; nothing is left running then.
    pub async fn start(plan: &CellPlan) -> Result<Self, NotStarted> {
        let (ours, theirs) = socketpair(
            AddressFamily::UNIX,
            SocketType::STREAM,
            SocketFlags::CLOEXEC | SocketFlags::NONBLOCK,
            None,
        )
        .map_err(io::Error::from)?;
        let child = spawn(plan, theirs)?;
        let socket = UnixStream::from_std(ours.into())?;
        time::timeout(START_PATIENCE, Self::handshake(plan, child, socket))
            .await
            .unwrap_or(Err(NotStarted::TooSlow))
    }

    async fn handshake(
        plan: &CellPlan,
        child: Child,
        socket: UnixStream,
    ) -> Result<Self, NotStarted> {
        let (read, write) = socket.into_split();
        let mut read = FramedRead::new(read, FrameCodec::<ToCell, ToFront>::default());
        let mut write = FramedWrite::new(write, FrameCodec::<ToCell, ToFront>::default());
        write
            .send(CellFrame::Configure(plan.configuration()).into())
            .await?;
        match read.next().await.transpose()?.and_then(|frame| frame.frame) {
            Some(FrontFrame::Ready(ready)) => tell_of_lockdown(&ready),
            _ => return Err(NotStarted::EndedEarly),
        }
        let pid = child.id().unwrap_or_default();
        let (link, link_end) = Link::open(
            read,
            write,
            Loaded::within(plan.source_bytes),
            plan.fetcher.clone(),
            Told {
                cache: CellCache::new(plan.cache.clone()),
                ticks: CellTicks::new(plan.ticks.clone()),
            },
        );
        Ok(Self {
            child,
            pid,
            link,
            link_end,
        })
    }

    pub fn pid(&self) -> u32 {
        self.pid
    }

    /// The way to the cell, to be shared by all who call it.
    pub fn link(&self) -> Arc<Link> {
        self.link.clone()
    }

    /// Waits until the link to the cell ends, by its death or its fault. To be called once to its end.
    pub async fn link_ended(&mut self) -> Ended {
        (&mut self.link_end)
            .await
            .unwrap_or_else(|_| Ended::unknown())
    }

    /// Makes sure that the process is gone, and tells how it went.
    pub async fn reap(mut self) -> String {
        let _ = self.child.start_kill();
        match self.child.wait().await {
            Ok(status) => status.to_string(),
            Err(error) => error.to_string(),
        }
    }
}

impl CellPlan {
    /// What a cell is told first.
    fn configuration(&self) -> Configure {
        let libraries = self.libraries.as_ref();
        Configure {
            libraries: libraries.map_or_else(Vec::new, |image| image.libraries().to_vec()),
            ..self.configure.clone()
        }
    }
}

/// Operators have to know when functions run in a cell that is not locked down.
fn tell_of_lockdown(ready: &Ready) {
    if !ready.not_locked_down.is_empty() {
        tracing::warn!(
            reason = ready.not_locked_down,
            "the cell is NOT locked down; --require-lockdown refuses such cells"
        );
    }
}

/// Starts `penstock cell` with its end of the socketpair as standard input, the memory of the libraries as standard
/// output, and nothing of our environment.
fn spawn(plan: &CellPlan, socket: OwnedFd) -> io::Result<Child> {
    let libraries = match &plan.libraries {
        Some(libraries) => libraries.hand_over()?,
        None => Stdio::null(),
    };
    Command::new(&plan.program)
        .arg0("penstock")
        .args(["cell", "--log-format", plan.log_format.name()])
        .env_clear()
        .stdin(Stdio::from(socket))
        .stdout(libraries)
        .stderr(Stdio::inherit())
        .kill_on_drop(true)
        .spawn()
}

#[cfg(test)]
mod tests {
    use std::{fs, os::unix::fs::PermissionsExt, path::Path};

    use bytes::BytesMut;
    use tokio_util::codec::Encoder;

    use super::*;
    use crate::{
        config::LogFormat,
        front::cells::{Fetcher, Ticks},
        wire::Configure,
    };

    /// A cell that runs `script` with its socket as standard input.
    fn plan(folder: &Path, script: &str) -> CellPlan {
        let mut ready = BytesMut::new();
        let frame = FrontFrame::Ready(Ready::default());
        FrameCodec::<ToFront, ToCell>::default()
            .encode(frame.into(), &mut ready)
            .unwrap();
        fs::write(folder.join("ready"), ready).unwrap();
        let program = folder.join("cell.sh");
        fs::write(
            &program,
            format!("#!/bin/sh\ncd {}\n{script}\n", folder.display()),
        )
        .unwrap();
        fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
        CellPlan {
            program,
            log_format: LogFormat::Text,
            cells: 1,
            spares: 0,
            drain: Duration::ZERO,
            configure: Configure::default(),
            source_bytes: 0,
            libraries: None,
            fetcher: Fetcher::switched_off(),
            cache: Arc::default(),
            ticks: Ticks::default(),
        }
    }

    #[tokio::test]
    async fn hostile_cells_are_ended_and_the_front_goes_on() {
        let folder = tempfile::tempdir().unwrap();
        let not_started = async |script: &str, expect: &str| {
            let error = CellProcess::start(&plan(folder.path(), script))
                .await
                .unwrap_err();
            assert!(error.to_string().contains(expect), "{script}: {error}");
        };
        not_started("exit 3", "ended before it was ready").await;
        not_started(
            "printf '\\377\\377\\377\\377' >&0; sleep 60",
            "over the bound",
        )
        .await;
        not_started(
            "printf '\\0\\0\\0\\1\\377' >&0; sleep 60",
            "does not decode",
        )
        .await;

        let ended = async |script: &str, expect: &str| {
            let mut cell = CellProcess::start(&plan(folder.path(), script))
                .await
                .unwrap();
            let pid = cell.pid();
            let end = cell.link_ended().await.to_string();
            cell.reap().await;
            assert!(end.contains(expect), "{script}: {end}");
            assert!(
                !Path::new(&format!("/proc/{pid}")).exists(),
                "{script}: still there"
            );
        };
        ended(
            "cat ready >&0; dd bs=65536 count=1 <&0 >configuration 2>dd",
            "hung up",
        )
        .await;
        ended("cat ready ready >&0; sleep 60", "unexpected frame").await;
        ended(
            "cat ready >&0; printf '\\377\\377\\377\\377' >&0; sleep 60",
            "over the bound",
        )
        .await;
        ended(
            "cat ready >&0; printf '\\0\\0\\0\\0' >&0; sleep 60",
            "unexpected frame",
        )
        .await;
    }
}
