//! What one call of a warm process costs, whatever V8 and the machine do beside it.

use crate::callgrind::Callgrind;

/// Windows of one process: many, so that their median is without a garbage collection or a compilation that is in some.
const WINDOWS: usize = 7;

/// Calls after which a process ought to have noticed that a count is asked for.
const MOST_MORE: usize = 20;

/// A process under callgrind that can be called; it ends with this.
pub trait Counted {
    fn call(&mut self);
    fn callgrind(&mut self) -> &mut Callgrind;
}

/// How processes are called.
#[derive(Clone, Copy)]
pub struct Calls {
    /// Those that are started, one after the other.
    pub processes: usize,
    /// Calls until V8's compilers have come to their end.
    pub warm_up: usize,
    /// Those that are counted together.
    pub window: usize,
}

/// Instructions of one call: the mean of some processes, for some compile more luckily, of each the median of some windows.
pub fn per_call<C: Counted>(calls: Calls, start: impl Fn() -> C) -> f64 {
    let counts = (0..calls.processes).map(|_| of_process(calls, &mut start()));
    counts.sum::<f64>() / calls.processes as f64
}

fn of_process(calls: Calls, process: &mut impl Counted) -> f64 {
    window(calls.warm_up, process);
    median((0..WINDOWS).map(|_| window(calls.window, process)))
}

/// Instructions of each of so many calls, or of one or two more; part of the last is counted in the next window.
fn window(calls: usize, process: &mut impl Counted) -> f64 {
    for _ in 1..calls {
        process.call();
    }
    let mut request = process.callgrind().ask();
    for made in calls..calls + MOST_MORE {
        process.call();
        if request.is_answered() {
            return process.callgrind().read() as f64 / made as f64;
        }
    }
    panic!("{}", process.callgrind().nothing())
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
