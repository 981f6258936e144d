//! One attack: what a hostile function does, under which limits, and how it may end.

use std::time::Duration;

use crate::support::check::{Call, Code, TRACK};

/// Time beyond its limits that an attack may take, on two cores that do other things, too. A limit holds
/// within 200 ms where the machine is free; what ignores it for good is late by any measure.
const GRACE: Duration = Duration::from_secs(2);

/// The event that no attacker does harm on.
pub const HARMLESS: &str = r#"{"type":"track","harmless":true}"#;

/// How an attack may end.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum End {
    /// Some event goes on.
    Delivered,
    /// This event goes on.
    DeliveredAs(&'static str),
    Filtered,
    /// An error of this code. One that speaks of a limit names it, with the value in force and its knob.
    Failed(Code),
    /// `INVALID_FUNCTION`, because the top level went on for too long.
    TopLevelTime,
    /// Refused before any function ran, with the status `INVALID_ARGUMENT`.
    Refused,
}

pub const MEMORY: &[End] = &[End::Failed(Code::MemoryLimitExceeded)];
pub const TIME: &[End] = &[
    End::Failed(Code::Timeout),
    End::Failed(Code::CpuLimitExceeded),
];
pub const MEMORY_OR_TIME: &[End] = &[
    End::Failed(Code::MemoryLimitExceeded),
    End::Failed(Code::Timeout),
    End::Failed(Code::CpuLimitExceeded),
];
pub const THROWN: &[End] = &[End::Failed(Code::BadRequest)];
pub const THROWN_OR_TIME: &[End] = &[
    End::Failed(Code::BadRequest),
    End::Failed(Code::Timeout),
    End::Failed(Code::CpuLimitExceeded),
];
/// For what V8 may refuse with an exception before it comes to a limit.
pub const THROWN_OR_LIMIT: &[End] = &[
    End::Failed(Code::BadRequest),
    End::Failed(Code::MemoryLimitExceeded),
    End::Failed(Code::Timeout),
    End::Failed(Code::CpuLimitExceeded),
];
pub const DELIVERED: &[End] = &[End::Delivered];
pub const UNCHANGED: &[End] = &[End::DeliveredAs(TRACK)];
pub const DELIVERED_OR_TIME: &[End] = &[
    End::Delivered,
    End::Failed(Code::Timeout),
    End::Failed(Code::CpuLimitExceeded),
];
pub const DELIVERED_OR_LIMIT: &[End] = &[
    End::Delivered,
    End::Failed(Code::MemoryLimitExceeded),
    End::Failed(Code::Timeout),
    End::Failed(Code::CpuLimitExceeded),
];
/// For what is big, not wrong: how far it comes is a matter of the machine.
pub const ANYTHING: &[End] = &[
    End::Delivered,
    End::Failed(Code::BadRequest),
    End::Failed(Code::InvalidResult),
    End::Failed(Code::ResultTooLarge),
    End::Failed(Code::MemoryLimitExceeded),
    End::Failed(Code::Timeout),
    End::Failed(Code::CpuLimitExceeded),
];
pub const INVALID_RESULT: &[End] = &[End::Failed(Code::InvalidResult)];
pub const INVALID_FUNCTION: &[End] = &[End::Failed(Code::InvalidFunction)];

/// What the attacker's function has to come to on a harmless event afterwards.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum After {
    /// It delivers it unchanged.
    Works,
    /// It ends as the attack did: the harm is in the source.
    Same,
    /// It ends somehow, in time: it has harmed its own globals.
    Ends,
}

#[derive(Clone, Copy, Debug)]
pub enum Source {
    /// The body of a handler that spares harmless events.
    Sync(&'static str),
    /// The same for an async handler.
    Async(&'static str),
    Whole(&'static str),
    /// A whole one that is too long to write down.
    Made(fn() -> String),
}

#[derive(Clone, Copy, Debug)]
pub enum Event {
    Text(&'static str),
    Made(fn() -> String),
}

#[derive(Clone, Copy, Debug)]
pub struct Attack {
    pub name: &'static str,
    pub family: &'static str,
    pub source: Source,
    pub event: Event,
    pub ends: &'static [End],
    pub after: After,
    /// Milliseconds.
    pub wall: u64,
    /// Milliseconds.
    pub cpu: u64,
    /// Ignores termination or kills V8, so the version may come into quarantine.
    pub costs_a_cell: bool,
    /// Calls at once, each of an instance of its own.
    pub callers: usize,
    /// Sends the event as a Struct, so that the front has to convert what comes back.
    pub structured: bool,
}

/// A handler's body.
pub const fn sync(name: &'static str, body: &'static str, ends: &'static [End]) -> Attack {
    attack(name, Source::Sync(body), ends)
}

/// An async handler's body.
pub const fn awaited(name: &'static str, body: &'static str, ends: &'static [End]) -> Attack {
    attack(name, Source::Async(body), ends)
}

/// A whole source.
pub const fn whole(name: &'static str, source: &'static str, ends: &'static [End]) -> Attack {
    attack(name, Source::Whole(source), ends)
}

/// A whole source that is made.
pub const fn made(name: &'static str, source: fn() -> String, ends: &'static [End]) -> Attack {
    attack(name, Source::Made(source), ends)
}

const fn attack(name: &'static str, source: Source, ends: &'static [End]) -> Attack {
    Attack {
        name,
        family: "",
        source,
        event: Event::Text(TRACK),
        ends,
        after: After::Works,
        wall: 800,
        cpu: 300,
        costs_a_cell: false,
        callers: 1,
        structured: false,
    }
}

impl Attack {
    /// Limits of its own for wall time and CPU time, in milliseconds.
    pub const fn limits(mut self, wall: u64, cpu: u64) -> Attack {
        self.wall = wall;
        self.cpu = cpu;
        self
    }

    pub const fn ends(mut self, ends: &'static [End]) -> Attack {
        self.ends = ends;
        self
    }

    pub const fn after(mut self, after: After) -> Attack {
        self.after = after;
        self
    }

    pub const fn costs_a_cell(mut self) -> Attack {
        self.costs_a_cell = true;
        self
    }

    pub const fn callers(mut self, callers: usize) -> Attack {
        self.callers = callers;
        self
    }

    pub const fn event(mut self, event: &'static str) -> Attack {
        self.event = Event::Text(event);
        self
    }

    pub const fn made_event(mut self, event: fn() -> String) -> Attack {
        self.event = Event::Made(event);
        self
    }

    pub const fn structured(mut self) -> Attack {
        self.structured = true;
        self
    }

    /// The latest time after which its end is too late.
    pub fn within(&self) -> Duration {
        Duration::from_millis(self.wall) + GRACE
    }

    /// A call of it on `event`. `run` tells apart the runs that must not share a version.
    pub fn call(&self, run: usize, event: &str) -> Call {
        let milliseconds = |count: u64| {
            prost_types::Duration::try_from(Duration::from_millis(count)).expect("a short time")
        };
        Call::of(&self.text())
            .id(&self.function_id())
            .version(&format!("{run}"))
            .event(event)
            .limits(|limits| {
                limits.wall_time = Some(milliseconds(self.wall));
                limits.cpu_time = Some(milliseconds(self.cpu));
            })
    }

    fn function_id(&self) -> String {
        let word = |letter: char| letter.is_ascii_alphanumeric();
        let name = format!("{}-{}", self.family, self.name);
        name.replace(|letter: char| !word(letter), "-")
    }

    pub fn event_text(&self) -> String {
        match self.event {
            Event::Text(text) => text.to_owned(),
            Event::Made(make) => make(),
        }
    }

    fn text(&self) -> String {
        let handler = |kind: &str, body: &str| {
            format!(
                "{kind}function onTrack(event) {{\n  if (event.harmless) return event;\n  {body}\n}}\n"
            )
        };
        match self.source {
            Source::Sync(body) => handler("", body),
            Source::Async(body) => handler("async ", body),
            Source::Whole(source) => source.to_owned(),
            Source::Made(make) => make(),
        }
    }
}
