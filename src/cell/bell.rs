//! What ends the wait of the thread that waits for the front. Knows nothing of V8.

use std::{
    io,
    os::fd::OwnedFd,
    sync::Arc,
    time::{Duration, Instant},
};

use rustix::{
    event::{EventfdFlags, PollFd, PollFlags, Timespec, eventfd, poll},
    io::Errno,
};

/// A counter of the kernel's that can be waited for beside a socket. Clones are the same bell.
#[derive(Clone, Debug)]
pub struct Bell(Arc<OwnedFd>);

impl Bell {
    /// # Errors
    /// When the process may have no further descriptor.
    pub fn new() -> io::Result<Self> {
        let counter = eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)?;
        Ok(Self(Arc::new(counter)))
    }

    /// Ends the wait under way, or else the next one.
    pub fn ring(&self) {
        // It fails only when the counter is full, and then it rings already.
        let _ = rustix::io::write(&*self.0, &1_u64.to_ne_bytes());
    }

    /// What to wait for.
    pub fn rings(&self) -> PollFd<'_> {
        PollFd::new(&*self.0, PollFlags::IN)
    }

    /// The next wait does not end for what rang until now. How often that was.
    pub fn hush(&self) -> u64 {
        let mut rung = [0; size_of::<u64>()];
        // It fails only when nobody has rung.
        let _ = rustix::io::read(&*self.0, &mut rung);
        u64::from_ne_bytes(rung)
    }
}

/// Waits until one of these is ready, or `patience` is over; false when it was that.
///
/// # Errors
/// When the system has no memory for it.
pub fn wait_for(files: &mut [PollFd<'_>], patience: Option<Duration>) -> io::Result<bool> {
    let until = patience.map(|patience| Instant::now() + patience);
    loop {
        let left = until.map(|until| until.saturating_duration_since(Instant::now()));
        let left = left.and_then(|left| Timespec::try_from(left).ok());
        match poll(files, left.as_ref()) {
            Err(Errno::INTR) => {}
            Err(error) => return Err(error.into()),
            Ok(ready) => return Ok(ready > 0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ring_ends_one_wait_however_often_it_rang() {
        let bell = Bell::new().unwrap();
        let waits = || wait_for(&mut [bell.rings()], Some(Duration::ZERO)).unwrap();
        assert!(!waits());
        assert_eq!(bell.hush(), 0);
        bell.ring();
        bell.clone().ring();
        assert!(waits() && waits());
        assert_eq!(bell.hush(), 2);
        assert!(!waits());
    }
}
