//! Generated batches through generated `onBatch` bodies and handlers: what comes back is what a model of the
//! contract says.

use std::fmt::Write;
use std::time::Duration;

use serde_json::{Map, Value, json};

use crate::batch::{Batch, in_words};
use crate::random::Random;
use crate::service::{Service, block_on};

const CASES: u64 = 300;

/// An element of what `onBatch` returns.
#[derive(Clone, Debug)]
enum Element {
    /// The object of that input.
    Input(usize),
    New(Map<String, Value>),
    Status(i64),
    Null,
    Junk,
}

/// How the body ends.
#[derive(Clone, Copy, Debug, PartialEq)]
enum End {
    Returns,
    ReturnsNothing,
    Throws,
    Drops,
    Retries,
    Hangs,
}

/// A batch, a body for it, and the model's idea of both while the body is written.
struct Case {
    /// As they are when the body ends.
    inputs: Vec<Map<String, Value>>,
    /// As they were sent.
    sent: Vec<Value>,
    out: Vec<Element>,
    body: String,
    end: End,
}

impl Case {
    fn generate(random: &mut Random) -> Self {
        let events = 1 + random.below(8);
        let sent: Vec<Value> = (0..events).map(|n| event(random, n)).collect();
        let inputs: Vec<_> = sent.iter().map(fields).collect();
        let mut case = Self {
            out: (0..inputs.len()).map(Element::Input).collect(),
            inputs,
            sent,
            body: "const out = events.slice();\n".to_owned(),
            end: End::Returns,
        };
        for _ in 0..random.below(5) {
            case.change(random);
        }
        case.finish(random);
        case
    }

    fn change(&mut self, random: &mut Random) {
        if self.out.is_empty() {
            return;
        }
        let at = random.below(self.out.len());
        let line = match random.below(10) {
            0 => {
                self.out.remove(at);
                format!("out.splice({at}, 1)")
            }
            1 => {
                self.out.reverse();
                "out.reverse()".to_owned()
            }
            2 => {
                self.out.rotate_left(1);
                "out.push(out.shift())".to_owned()
            }
            3 if random.one_in(3) => {
                self.out.push(self.out[at].clone());
                format!("out.push(out[{at}])")
            }
            4 | 5 => self.mutate(at),
            6 if random.one_in(2) => self.copy_all(),
            6 => self.copy(at),
            7 => self.replace(at, random),
            8 => {
                self.out[at] = Element::Null;
                format!("out[{at}] = null")
            }
            9 if random.one_in(3) => {
                let status = [200, 204, 400, 404, 429, 500, 503, 302][random.below(8)];
                self.out[at] = Element::Status(status);
                format!("out[{at}] = {{ status: {status}, errormessage: 'status {status}' }}")
            }
            _ if random.one_in(10) => {
                self.out[at] = Element::Junk;
                format!("out[{at}] = 'junk'")
            }
            _ => return,
        };
        let _ = writeln!(self.body, "{line};");
    }

    fn mutate(&mut self, at: usize) -> String {
        let target = match &mut self.out[at] {
            Element::Input(input) => &mut self.inputs[*input],
            // A second reference to one new object would change with it; the model has copies.
            _ => return String::new(),
        };
        target.insert("mutated".to_owned(), at.into());
        format!("out[{at}].mutated = {at}")
    }

    fn copy(&mut self, at: usize) -> String {
        let Element::Input(input) = self.out[at] else {
            return String::new();
        };
        let mut copy = self.inputs[input].clone();
        copy.insert("copied".to_owned(), true.into());
        self.out[at] = Element::New(copy);
        format!("out[{at}] = {{ ...out[{at}], copied: true }}")
    }

    fn copy_all(&mut self) -> String {
        let lines = (0..self.out.len()).map(|at| self.copy(at));
        lines.collect::<Vec<_>>().join(";")
    }

    fn replace(&mut self, at: usize, random: &mut Random) -> String {
        let new = match random.below(3) {
            0 => json!({ "replaced": at }),
            1 => {
                json!({ "messageId": format!("m{}", random.below(self.inputs.len())), "replaced": at })
            }
            _ => json!({ "messageId": format!("x{at}"), "replaced": at }),
        };
        let line = format!("out[{at}] = {new}");
        self.out[at] = Element::New(fields(&new));
        line
    }

    fn finish(&mut self, random: &mut Random) {
        let (end, line) = match random.below(24) {
            0 => (End::ReturnsNothing, "return"),
            1 => (End::Throws, "throw new Error('thrown')"),
            2 => (End::Drops, "throw new DropEvent('dropped')"),
            3 => (End::Retries, "throw new RetryError('again')"),
            4 if random.one_in(4) => (End::Hangs, "await new Promise(() => {})"),
            _ => (End::Returns, "return out"),
        };
        self.end = end;
        self.body.push_str(line);
    }

    fn source(&self, random: &mut Random) -> String {
        let pause = match random.below(3) {
            0 => "await new Promise(resolve => setTimeout(resolve, 1));\n",
            1 => "await 0;\n",
            _ => "",
        };
        let body = &self.body;
        match pause.is_empty() && self.end != End::Hangs {
            true => format!("function onBatch(events) {{\n{body}\n}}"),
            false => format!("async function onBatch(events) {{\n{pause}{body}\n}}"),
        }
    }

    /// The contract, once more: what becomes of each event.
    fn expected(&self) -> Vec<String> {
        let whole = match self.end {
            End::Returns => return self.matched(),
            End::ReturnsNothing => "filtered NO_RETURN",
            End::Throws => "BAD_REQUEST",
            End::Drops => "filtered DROP_EVENT dropped",
            End::Retries => "RETRY",
            End::Hangs => "TIMEOUT",
        };
        vec![whole.to_owned(); self.inputs.len()]
    }

    fn matched(&self) -> Vec<String> {
        let events = self.inputs.len();
        let mut words = vec![None; events];
        let invalid = vec!["INVALID_RESULT".to_owned(); events];
        let aligned = self.out.len() == events;
        let mut later = Vec::new();
        for (index, element) in self.out.iter().enumerate() {
            let (event, word) = match element {
                Element::Null => continue,
                Element::Input(input) => (*input, self.input_in_words(*input)),
                Element::Status(_) if !aligned => return invalid,
                Element::Status(200..=299) => (index, self.input_in_words(index)),
                Element::Status(429 | 500..=599) => (index, "RETRY".to_owned()),
                Element::Status(400..=499) => (index, "BAD_REQUEST".to_owned()),
                Element::Status(_) | Element::Junk => return invalid,
                Element::New(new) => {
                    later.push((index, new));
                    continue;
                }
            };
            if words[event].replace(word).is_some() {
                return invalid;
            }
        }
        for (index, new) in later {
            let Some(event) = self.event_of(index, new, &words) else {
                return invalid;
            };
            let word = Value::Object(new.clone()).to_string();
            if words[event].replace(word).is_some() {
                return invalid;
            }
        }
        let words = words.into_iter();
        words
            .map(|word| word.unwrap_or_else(|| "filtered NOT_RETURNED".to_owned()))
            .collect()
    }

    fn input_in_words(&self, input: usize) -> String {
        Value::Object(self.inputs[input].clone()).to_string()
    }

    fn event_of(
        &self,
        index: usize,
        new: &Map<String, Value>,
        words: &[Option<String>],
    ) -> Option<usize> {
        let Some(id) = new.get("messageId") else {
            let someone_has_one = self.out.iter().any(|element| match element {
                Element::Input(input) => self.inputs[*input].contains_key("messageId"),
                Element::New(new) => new.contains_key("messageId"),
                _ => false,
            });
            return (self.out.len() == self.inputs.len() && !someone_has_one).then_some(index);
        };
        let same: Vec<usize> = (0..self.sent.len())
            .filter(|&event| self.sent[event].get("messageId") == Some(id))
            .collect();
        let free = same.iter().find(|&&event| words[event].is_none());
        free.or(same.first()).copied()
    }
}

fn event(random: &mut Random, n: usize) -> Value {
    let mut event = json!({ "type": "track", "n": n });
    if !random.one_in(4) {
        // Now and then two events have one id.
        let id = if random.one_in(3) { 0 } else { n };
        event["messageId"] = format!("m{id}").into();
    }
    event
}

fn fields(value: &Value) -> Map<String, Value> {
    value.as_object().cloned().unwrap_or_default()
}

#[test]
fn on_batch_comes_to_what_the_model_says() {
    block_on(async {
        for seed in 0..CASES {
            let mut random = Random::seeded(seed);
            let case = Case::generate(&mut random);
            let source = case.source(&mut random);
            let events: Vec<_> = case.sent.iter().map(Value::to_string).collect();
            let mut call = Batch::of(&source).events(&events);
            if case.end == End::Hangs {
                call = call.wall(Duration::from_millis(50));
            }
            let reply = call.send(Service::shared().client()).await;
            let found: Vec<_> = reply.outcomes().into_iter().map(in_words).collect();
            agree(
                &found,
                &case.expected(),
                &format!("seed {seed}, {events:#?}\n{reply}"),
            );
        }
    });
}

/// Equal, or for errors the same code.
#[track_caller]
fn agree(found: &[String], expected: &[String], context: &str) {
    let same = found.len() == expected.len()
        && found
            .iter()
            .zip(expected)
            .all(|(found, expected)| match found.split_once(' ') {
                Some((code, _)) if code.ends_with(|end: char| end.is_ascii_uppercase()) => {
                    code == expected
                }
                _ => found == expected,
            });
    assert!(same, "{found:#?}\ninstead of {expected:#?}\n{context}");
}

/// What an event of a fanned-out batch asks its handler to do, and what that comes to.
const DEEDS: [(&str, &str); 9] = [
    ("return e", r#"{"type":"track","deed":0}"#),
    ("return { deed: e.deed }", r#"{"deed":1}"#),
    ("return undefined", "filtered NO_RETURN"),
    (
        "throw new DropEvent('dropped')",
        "filtered DROP_EVENT dropped",
    ),
    ("throw new RetryError('again')", "RETRY"),
    ("throw 'text'", "BAD_REQUEST"),
    ("throw new InvalidEventPayload()", "MESSAGE_REJECTED"),
    ("return [e]", "INVALID_RESULT"),
    (
        "for (;;) await new Promise(resolve => setTimeout(resolve, 1000))",
        "TIMEOUT",
    ),
];

const HANGS: usize = DEEDS.len() - 1;

#[test]
fn handlers_come_to_what_each_event_asks_for() {
    let cases = DEEDS.iter().enumerate();
    let cases = cases.fold(String::new(), |mut cases, (deed, (body, _))| {
        let _ = writeln!(cases, "case {deed}: {body}; break;");
        cases
    });
    let source = format!(
        "async function onTrack(e) {{ if (e.pause) await new Promise(resolve => setTimeout(resolve, e.pause))
         const pause = e.pause; delete e.pause; switch (e.deed) {{ {cases} }} }}"
    );
    block_on(async {
        let function = Batch::of(&source);
        for seed in 0..CASES / 3 {
            let mut random = Random::seeded(seed);
            let hangs = random.one_in(20);
            let deeds: Vec<_> = (0..=random.below(60))
                .map(|_| random.below(if hangs { DEEDS.len() } else { HANGS }))
                .collect();
            let events: Vec<_> = deeds
                .iter()
                .map(|deed| {
                    json!({ "type": "track", "deed": deed, "pause": random.below(3) }).to_string()
                })
                .collect();
            // Sixteen that hang leave no room for the others.
            if deeds.iter().filter(|&&deed| deed == HANGS).count() >= 16 {
                continue;
            }
            let mut call = function.clone().events(&events);
            if deeds.contains(&HANGS) {
                call = call.wall(Duration::from_millis(500));
            }
            let reply = call.send(Service::shared().client()).await;
            let found: Vec<_> = reply.outcomes().into_iter().map(in_words).collect();
            let expected: Vec<_> = deeds.iter().map(|&deed| DEEDS[deed].1.to_owned()).collect();
            agree(
                &found,
                &expected,
                &format!("seed {seed}, {events:#?}\n{reply}"),
            );
        }
    });
}
