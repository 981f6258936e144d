//! The account of cells: how many are in which state, how many were started, how they ended.

use std::{
    collections::HashMap,
    sync::atomic::{AtomicU64, Ordering},
};

use crate::{lock::Lock, wire::UnfitCause};

/// Counts since the front started, and the processes there are now.
#[derive(Debug, Default)]
pub struct Census {
    processes: Lock<HashMap<u32, CellState>>,
    started: AtomicU64,
    not_started: AtomicU64,
    died: AtomicU64,
    broke_protocol: AtomicU64,
    stuck: AtomicU64,
    parked: AtomicU64,
    defect: AtomicU64,
}

/// What a cell does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CellState {
    /// Takes invocations.
    Up,
    /// Ready to take the place of one that goes.
    Spare,
    /// Finishes what it has and takes nothing new.
    Draining,
}

impl CellState {
    pub const ALL: [Self; 3] = [Self::Up, Self::Spare, Self::Draining];
}

/// Why a cell is there no more, or is about to go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CellEnd {
    /// Its process ended by itself, by V8 or by a signal.
    Died,
    /// It sent what no sound cell sends, and was ended.
    BrokeProtocol,
    /// It said itself that it is unfit.
    Unfit(UnfitCause),
}

impl CellEnd {
    pub const ALL: [Self; 5] = [
        Self::Died,
        Self::BrokeProtocol,
        Self::Unfit(UnfitCause::Stuck),
        Self::Unfit(UnfitCause::Parked),
        Self::Unfit(UnfitCause::Defect),
    ];
}

impl Census {
    /// A cell came up.
    pub fn started(&self) {
        self.started.fetch_add(1, Ordering::Relaxed);
    }

    /// A cell did not come up.
    pub fn not_started(&self) {
        self.not_started.fetch_add(1, Ordering::Relaxed);
    }

    pub fn ended(&self, end: CellEnd) {
        self.ends_of(end).fetch_add(1, Ordering::Relaxed);
    }

    /// The process is in this state from now on.
    pub fn enters(&self, pid: u32, state: CellState) {
        self.processes.lock().insert(pid, state);
    }

    /// The process is no longer there.
    pub fn leaves(&self, pid: u32) {
        self.processes.lock().remove(&pid);
    }

    /// Cells that came up so far.
    pub fn starts(&self) -> u64 {
        self.started.load(Ordering::Relaxed)
    }

    /// Cells that did not come up so far.
    pub fn failed_starts(&self) -> u64 {
        self.not_started.load(Ordering::Relaxed)
    }

    /// Cells that ended like this so far.
    pub fn ends(&self, end: CellEnd) -> u64 {
        self.ends_of(end).load(Ordering::Relaxed)
    }

    /// Cells in this state now.
    pub fn count(&self, state: CellState) -> usize {
        let processes = self.processes.lock();
        processes.values().filter(|&&other| other == state).count()
    }

    /// The process ids of all cells there are, starting ones left out.
    pub fn pids(&self) -> Vec<u32> {
        self.processes.lock().keys().copied().collect()
    }

    fn ends_of(&self, end: CellEnd) -> &AtomicU64 {
        match end {
            CellEnd::Died => &self.died,
            CellEnd::BrokeProtocol => &self.broke_protocol,
            CellEnd::Unfit(UnfitCause::Stuck) => &self.stuck,
            CellEnd::Unfit(UnfitCause::Parked) => &self.parked,
            CellEnd::Unfit(UnfitCause::Defect) => &self.defect,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_is_in_one_state_until_it_leaves() {
        let census = Census::default();
        let counts = || CellState::ALL.map(|state| census.count(state));
        census.enters(1, CellState::Spare);
        census.enters(2, CellState::Up);
        assert_eq!(counts(), [1, 1, 0]);
        census.enters(1, CellState::Up);
        census.enters(2, CellState::Draining);
        assert_eq!(counts(), [1, 0, 1]);
        census.leaves(2);
        assert_eq!(counts(), [1, 0, 0]);
        assert_eq!(census.pids(), [1]);
    }

    #[test]
    fn every_end_has_a_count_of_its_own() {
        let census = Census::default();
        for (number, end) in CellEnd::ALL.into_iter().enumerate() {
            for _ in 0..=number {
                census.ended(end);
            }
        }
        assert_eq!(CellEnd::ALL.map(|end| census.ends(end)), [1, 2, 3, 4, 5]);
    }
}
