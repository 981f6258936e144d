//! One thread that rings alarms: deadlines of invocations and the timers they wait for.

use std::{
    collections::BTreeMap,
    fmt, io,
    sync::{Arc, Weak},
    thread,
    time::{Duration, Instant},
};

use crate::lock::{Lock, Signal};

/// How long the thread sleeps when nothing is set; any bound would do.
const IDLE_SLEEP: Duration = Duration::from_hours(1);

/// Alarms of type `A`, rung on the watchdog's thread when their time has come.
pub struct Watchdog<A> {
    schedule: Lock<Schedule<A>>,
    changed: Signal,
}

struct Schedule<A> {
    /// By time; the number tells alarms of one time apart.
    alarms: BTreeMap<(Instant, u64), A>,
    last_number: u64,
    /// When the thread will look again by itself. It is woken only for what is earlier, so that setting
    /// and unsetting a deadline costs no system call.
    looks_at: Instant,
}

impl<A> fmt::Debug for Watchdog<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Watchdog").finish_non_exhaustive()
    }
}

impl<A: Send + 'static> Watchdog<A> {
    /// Starts the thread. `ring` is called outside of the lock and must not block: it delays every other
    /// alarm.
    ///
    /// # Errors
    /// When the system has no thread left.
    pub fn start(ring: impl Fn(&Arc<Self>, A) + Send + 'static) -> io::Result<Arc<Self>> {
        let watchdog = Arc::new(Self {
            schedule: Lock::new(Schedule {
                alarms: BTreeMap::new(),
                last_number: 0,
                looks_at: Instant::now(),
            }),
            changed: Signal::new(),
        });
        let watched = Arc::downgrade(&watchdog);
        thread::Builder::new()
            .name("watchdog".into())
            .spawn(move || {
                while let Some(watchdog) = Weak::upgrade(&watched) {
                    ring(&watchdog, watchdog.wait());
                }
            })?;
        Ok(watchdog)
    }

    /// Has `alarm` rung at `at`, unless the guard is dropped before.
    pub fn set(self: &Arc<Self>, at: Instant, alarm: A) -> Alarm<A> {
        let mut schedule = self.schedule.lock();
        schedule.last_number += 1;
        let place = (at, schedule.last_number);
        schedule.alarms.insert(place, alarm);
        let too_late = at < schedule.looks_at;
        drop(schedule);
        if too_late {
            self.changed.notify_one();
        }
        Alarm {
            watchdog: Arc::downgrade(self),
            place,
        }
    }

    fn wait(&self) -> A {
        let mut schedule = self.schedule.lock();
        loop {
            let now = Instant::now();
            let next = schedule.alarms.first_key_value().map(|(&(at, _), _)| at);
            if next.is_some_and(|at| at <= now)
                && let Some((_, alarm)) = schedule.alarms.pop_first()
            {
                // Until the thread is back here, whoever sets an alarm need not wake it.
                schedule.looks_at = now;
                return alarm;
            }
            schedule.looks_at = next.unwrap_or(now + IDLE_SLEEP);
            let until = schedule.looks_at;
            schedule = self.changed.wait_until(schedule, until);
        }
    }
}

/// An alarm that is set; dropping it unsets it.
pub struct Alarm<A> {
    watchdog: Weak<Watchdog<A>>,
    place: (Instant, u64),
}

impl<A> fmt::Debug for Alarm<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Alarm")
            .field("at", &self.place.0)
            .finish_non_exhaustive()
    }
}

impl<A> Drop for Alarm<A> {
    fn drop(&mut self) {
        if let Some(watchdog) = self.watchdog.upgrade() {
            let alarm = watchdog.schedule.lock().alarms.remove(&self.place);
            drop(alarm);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    const SOON: Duration = Duration::from_millis(20);
    const PATIENCE: Duration = Duration::from_secs(20);

    #[test]
    fn alarms_ring_in_order_of_their_time() {
        let (rung, rings) = mpsc::channel();
        let watchdog = Watchdog::start(move |_, alarm| rung.send(alarm).unwrap()).unwrap();
        let now = Instant::now();
        let _second = watchdog.set(now + SOON * 2, "second");
        let _first = watchdog.set(now + SOON, "first");
        assert_eq!(rings.recv_timeout(PATIENCE), Ok("first"));
        assert_eq!(rings.recv_timeout(PATIENCE), Ok("second"));
        assert!(now.elapsed() >= SOON * 2);
    }

    #[test]
    fn a_dropped_alarm_never_rings() {
        let (rung, rings) = mpsc::channel();
        let watchdog = Watchdog::start(move |_, alarm| rung.send(alarm).unwrap()).unwrap();
        let now = Instant::now();
        drop(watchdog.set(now + SOON, "dropped"));
        let _kept = watchdog.set(now + SOON * 2, "kept");
        assert_eq!(rings.recv_timeout(PATIENCE), Ok("kept"));
    }

    #[test]
    fn an_earlier_alarm_is_not_kept_waiting_by_a_later_one() {
        let (rung, rings) = mpsc::channel();
        let watchdog = Watchdog::start(move |_, alarm| rung.send(alarm).unwrap()).unwrap();
        let _late = watchdog.set(Instant::now() + Duration::from_hours(1), "late");
        let _early = watchdog.set(Instant::now() + SOON, "early");
        assert_eq!(rings.recv_timeout(PATIENCE), Ok("early"));
    }
}
