//! The events of a batch, checked one by one and joined to one JSON array.

use bytes::{BufMut, Bytes, BytesMut};

use super::{EventForm, Fault, checked_event, struct_json};
use crate::{api::WireStruct, config::LimitsConfig, invocation::Input};

/// Events whose faults are told one by one: a status has to fit into a header.
const MOST_FAULTS: usize = 16;

/// The batch that the two fields of a request make, and the form it came in. `None` when it has faults.
pub fn input(
    structs: Vec<WireStruct>,
    texts: Vec<Bytes>,
    allowed: &LimitsConfig,
    faults: &mut Vec<Fault>,
) -> Option<(Input, EventForm)> {
    let (field, form) = match (structs.is_empty(), texts.is_empty()) {
        (_, true) => ("events", EventForm::Struct),
        (true, false) => ("events_json", EventForm::Json),
        (false, false) => {
            let both = "is given beside events_json: give one of the two";
            faults.push(Fault::new("events", both));
            return None;
        }
    };
    let events = structs.len() + texts.len();
    if let Err(fault) = check_number(field, events, allowed) {
        faults.push(fault);
        return None;
    }
    let structs = structs.iter().enumerate();
    let structs = structs.map(|(index, event)| struct_json(&place(field, index), event));
    let mut batch = Batch::new(field, allowed);
    batch.reserve(&texts);
    for event in structs.chain(texts.into_iter().map(Ok)) {
        batch.add(event);
    }
    let json = batch.finish(faults)?;
    let events = u32::try_from(events).ok()?;
    Some((Input::Batch { events, json }, form))
}

fn check_number(field: &str, events: usize, allowed: &LimitsConfig) -> Result<(), Fault> {
    let limit = allowed.batch_events;
    if events == 0 {
        let empty =
            format!("is empty: a batch has 1 to {limit} events, in events or in events_json");
        return Err(Fault::new(field, empty));
    }
    if events as u64 > limit {
        let many = format!("has {events} events, over the limit of {limit} (knob --batch-events)");
        return Err(Fault::new(field, many));
    }
    Ok(())
}

fn place(field: &str, index: usize) -> String {
    format!("{field}[{index}]")
}

/// Events on their way into an array.
struct Batch<'a> {
    field: &'static str,
    allowed: &'a LimitsConfig,
    events: usize,
    array: BytesMut,
    /// Of all events, whether they are in the array or not.
    bytes: u64,
    faults: Vec<Fault>,
    more_faults: usize,
}

impl<'a> Batch<'a> {
    fn new(field: &'static str, allowed: &'a LimitsConfig) -> Self {
        Self {
            field,
            allowed,
            events: 0,
            array: BytesMut::new(),
            bytes: 0,
            faults: Vec::new(),
            more_faults: 0,
        }
    }

    /// Makes room for texts that come, as far as they may.
    fn reserve(&mut self, texts: &[Bytes]) {
        let bytes: usize = texts.iter().map(|text| text.len() + 1).sum();
        let most = usize::try_from(self.allowed.batch_bytes).unwrap_or(usize::MAX);
        self.array.reserve(bytes.min(most).saturating_add(1));
    }

    fn add(&mut self, event: Result<Bytes, Fault>) {
        let place = place(self.field, self.events);
        self.events += 1;
        let checked = event.and_then(|json| {
            self.bytes += json.len() as u64;
            checked_event(&place, &place, json, self.allowed)
        });
        match checked {
            Ok(json) if self.bytes <= self.allowed.batch_bytes => {
                self.array
                    .put_u8(if self.array.is_empty() { b'[' } else { b',' });
                self.array.put(json);
            }
            Ok(_) => {}
            Err(fault) if self.faults.len() < MOST_FAULTS => self.faults.push(fault),
            Err(_) => self.more_faults += 1,
        }
    }

    fn finish(mut self, faults: &mut Vec<Fault>) -> Option<Bytes> {
        if self.more_faults > 0 {
            let more = format!("has {} more events at fault", self.more_faults);
            self.faults.push(Fault::new(self.field, more));
        }
        let (bytes, limit) = (self.bytes, self.allowed.batch_bytes);
        if bytes > limit {
            let size = format!(
                "have {bytes} bytes of JSON, over the limit of {limit} (knob --batch-bytes)"
            );
            self.faults.push(Fault::new(self.field, size));
        }
        let sound = self.faults.is_empty();
        faults.append(&mut self.faults);
        self.array.put_u8(b']');
        sound.then(|| self.array.freeze())
    }
}
