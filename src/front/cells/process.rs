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

use super::{CellPlan, Link, link::End};
use crate::wire::{CellFrame, FrameCodec, FrameError, FrontFrame, ToCell, ToFront};

/// How long a cell may take to be ready; it takes tens of milliseconds.
const START_PATIENCE: Duration = Duration::from_secs(30);

/// A cell that is ready for invocations.
#[derive(Debug)]
pub struct CellProcess {
    child: Child,
    pid: u32,
    link: Arc<Link>,
    link_end: JoinHandle<End>,
}

/// Why a cell did not come up.
#[derive(Debug, thiserror::Error)]
pub enum NotStarted {
    #[error("a cell process could not be started: {0}")]
    Spawn(#[from] io::Error),
    #[error("a cell's socket failed: {0}")]
    Frame(#[from] FrameError),
    #[error("a cell ended before it was ready; its standard error says why")]
    EndedEarly,
    #[error("a cell was not ready within {} s", START_PATIENCE.as_secs())]
    TooSlow,
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
            .send(CellFrame::Configure(plan.configure.clone()).into())
            .await?;
        match read.next().await.transpose()?.and_then(|frame| frame.frame) {
            Some(FrontFrame::Ready(_)) => {}
            _ => return Err(NotStarted::EndedEarly),
        }
        let pid = child.id().unwrap_or_default();
        let (link, link_end) = Link::open(read, write);
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

    /// Waits until the cell has ended or its link has failed, and makes sure that it is gone. Tells how.
    pub async fn ended(mut self) -> String {
        let end = match (&mut self.link_end).await {
            Ok(end) => end.to_string(),
            Err(error) => error.to_string(),
        };
        let _ = self.child.start_kill();
        match self.child.wait().await {
            Ok(status) => format!("{end}; {status}"),
            Err(error) => format!("{end}; {error}"),
        }
    }
}

/// Starts `penstock cell` with its end of the socketpair as standard input and nothing of our environment.
fn spawn(plan: &CellPlan, socket: OwnedFd) -> io::Result<Child> {
    Command::new(&plan.program)
        .arg("cell")
        .env_clear()
        .stdin(Stdio::from(socket))
        .stdout(Stdio::null())
        .stderr(Stdio::inherit())
        .kill_on_drop(true)
        .spawn()
}
