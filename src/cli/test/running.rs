//! Runs a case as the executor would run it, and judges what came of it.

use std::{sync::Arc, time::Duration};

use serde_json::{Map, Value as Json};

use super::{
    case::Case,
    difference::{Difference, Extent},
    outcome, recording,
    script::{self, Exchanged, Script, Unlisted},
};
use crate::{
    cli::{
        local::{ExecutorError, OwnCell},
        render::Given,
    },
    config::LimitsConfig,
    front::{
        cells::{Answered, Call},
        functions::FunctionVersion,
        redactor::Redactor,
        settings::{self, GivenSettings, Prepared},
        source_maps::SourceMaps,
    },
    invocation::{Finished, FunctionError, Input, LogLine, Outcome, SettingsJson},
};

/// A function, and what its cases are run with.
#[derive(Debug)]
pub struct Bench {
    pub cell: OwnCell,
    /// Answers the requests that are made in the cell.
    pub script: Arc<Script>,
    pub version: Arc<FunctionVersion>,
    pub limits: LimitsConfig,
    pub maps: SourceMaps,
}

/// A case that was run.
#[derive(Debug)]
pub struct Ran {
    pub name: String,
    pub verdict: Verdict,
    pub time: Duration,
    pub logs: Vec<LogLine>,
    /// The errors that events ended with.
    pub errors: Vec<FunctionError>,
    /// Responses that were recorded before.
    pub recorded: usize,
    /// What `expect` would have to be.
    pub renewed: Json,
}

/// What came of the requests that a case had no response for.
#[derive(Debug, Default)]
pub struct Recording {
    /// For the case's `responses`.
    pub elements: Vec<Json>,
    /// Requests that came to nothing, with why.
    pub failed: Vec<String>,
}

#[derive(Debug)]
pub enum Verdict {
    Good,
    /// What came out is in the case's file now.
    Updated,
    Bad(Vec<Failure>),
}

/// Why a case failed.
#[derive(Clone, Debug, PartialEq)]
pub enum Failure {
    /// Something else came out.
    Otherwise(Difference),
    /// Something else was sent.
    SentOtherwise(Difference),
    /// A request that no response is there for.
    Unanswered(String),
    /// A response that nobody asked for.
    Unused(String),
    /// A request that was made and came to nothing, with why.
    Unrecorded(String),
}

impl Ran {
    pub fn is_good(&self) -> bool {
        !matches!(self.verdict, Verdict::Bad(_))
    }

    /// Whether something else came out than was expected, and not because requests came to nothing.
    pub fn can_be_accepted(&self) -> bool {
        let came_to_nothing =
            |failure: &Failure| matches!(failure, Failure::Unanswered(_) | Failure::Unrecorded(_));
        let failures = self.failures();
        failures.iter().any(is_otherwise) && !failures.iter().any(came_to_nothing)
    }

    pub fn failures(&self) -> &[Failure] {
        match &self.verdict {
            Verdict::Bad(failures) => failures,
            Verdict::Good | Verdict::Updated => &[],
        }
    }

    /// Adds what came of its requests before.
    pub fn add(&mut self, recording: Recording) {
        self.recorded = recording.elements.len();
        let failed = recording.failed.into_iter().map(Failure::Unrecorded);
        let failures: Vec<_> = failed.chain(self.failures().iter().cloned()).collect();
        if !failures.is_empty() {
            self.verdict = Verdict::Bad(failures);
        }
    }

    /// What came out is what is expected from now on.
    pub fn accept(&mut self) {
        let mut failures = self.failures().to_vec();
        failures.retain(|failure| !is_otherwise(failure));
        self.verdict = match failures.is_empty() {
            true => Verdict::Updated,
            false => Verdict::Bad(failures),
        };
    }
}

fn is_otherwise(failure: &Failure) -> bool {
    matches!(failure, Failure::Otherwise(_))
}

impl Bench {
    /// Runs a case and judges it.
    ///
    /// # Errors
    /// [`ExecutorError`] when the executor could not do its part.
    pub async fn run(&self, case: &Case) -> Result<Ran, ExecutorError> {
        let instance = Instance {
            name: &case.name,
            settings: case.settings.clone(),
            unlisted: Unlisted::Refused,
        };
        let (finished, redactor) = self.finish(case, instance).await?;
        Ok(judge(case, finished, self.script.end(), &redactor))
    }

    /// Runs a case with settings that win over its own, for the requests that it has no response for.
    ///
    /// # Errors
    /// [`ExecutorError`] when the executor could not do its part.
    pub async fn record(
        &self,
        case: &Case,
        settings: &Map<String, Json>,
    ) -> Result<Recording, ExecutorError> {
        let own = case.settings.clone().into_iter();
        let instance = Instance {
            name: &format!("{} (recorded)", case.name),
            settings: own.chain(settings.clone()).collect(),
            unlisted: Unlisted::Recorded,
        };
        let (_, redactor) = self.finish(case, instance).await?;
        let exchanged = self.script.end();
        let recorded = exchanged.recorded.iter();
        Ok(Recording {
            elements: recorded
                .map(|one| recording::element(one, &redactor))
                .collect(),
            failed: exchanged.unrecorded,
        })
    }

    /// What comes out of a case, and what keeps its secrets.
    async fn finish(
        &self,
        case: &Case,
        instance: Instance<'_>,
    ) -> Result<(Finished, Redactor), ExecutorError> {
        let prepared = self.version.check().and_then(|()| self.prepare(&instance));
        let redactor = match &prepared {
            Ok(prepared) => prepared.redactor.clone(),
            Err(_) => Redactor::none(),
        };
        self.script
            .begin(&case.responses, instance.unlisted, redactor.clone());
        let finished = match prepared {
            Ok(prepared) => self.answer(case, &instance, prepared).await?.finished,
            Err(error) => Finished::without_running(error, case.input.outcomes()),
        };
        Ok((finished, redactor))
    }

    fn prepare(&self, instance: &Instance<'_>) -> Result<Prepared, Box<FunctionError>> {
        let settings = Json::from(instance.settings.clone());
        let given = GivenSettings {
            settings: SettingsJson::new(settings.to_string().into()),
            secret_names: Vec::new(),
            sealed: Vec::new(),
        };
        settings::prepare(&self.version, given, self.limits.settings_bytes)
    }

    async fn answer(
        &self,
        case: &Case,
        instance: &Instance<'_>,
        prepared: Prepared,
    ) -> Result<Answered, ExecutorError> {
        let call = Call {
            instance_id: instance.name.into(),
            input: case.input.clone(),
            settings: prepared.settings,
            limits: self.version.lowered(self.limits.of_invocation()),
            version: self.version.clone(),
            useful_until: None,
        };
        let mut answered = self.cell.run(call).await?;
        self.maps.apply(&self.version, &mut answered.finished).await;
        prepared.redactor.apply(&mut answered);
        Ok(answered)
    }
}

/// A copy of the function that one case is run in, so that it finds neither globals nor cached values of another.
#[derive(Debug)]
struct Instance<'c> {
    name: &'c str,
    settings: Map<String, Json>,
    unlisted: Unlisted,
}

fn judge(case: &Case, finished: Finished, exchanged: Exchanged, redactor: &Redactor) -> Ran {
    let given = match case.input {
        Input::Batch { .. } => Given::Batch,
        Input::Event(_) | Input::Describe => Given::Event,
    };
    let found = outcome::of(&finished.outcomes, given);
    let mut failures = otherwise(case, &found, redactor);
    let sent = exchanged.differences.into_iter();
    failures.extend(sent.map(Failure::SentOtherwise));
    failures.extend(exchanged.unanswered.into_iter().map(Failure::Unanswered));
    failures.extend(exchanged.unused.into_iter().map(Failure::Unused));
    let renewed = outcome::renewed(case.expect.as_ref(), &found);
    Ran {
        name: case.name.clone(),
        verdict: match failures.is_empty() {
            true => Verdict::Good,
            false => Verdict::Bad(failures),
        },
        time: finished.usage.wall,
        logs: finished.logs,
        errors: finished.outcomes.into_iter().filter_map(error).collect(),
        recorded: 0,
        renewed: recording::without_secrets(renewed, redactor),
    }
}

fn error(outcome: Outcome) -> Option<FunctionError> {
    match outcome {
        Outcome::Failed(error) => Some(*error),
        Outcome::Delivered(_) | Outcome::Filtered { .. } | Outcome::Described(_) => None,
    }
}

/// Where what came out is not what is expected.
fn otherwise(case: &Case, found: &Json, redactor: &Redactor) -> Vec<Failure> {
    let Some(expected) = &case.expect else {
        let all = Difference {
            path: "expect".to_owned(),
            expected: None,
            found: Some(found.clone()),
        };
        return vec![Failure::Otherwise(all)];
    };
    let ends: Vec<_> = match (expected, found) {
        (Json::Array(expected), Json::Array(found)) => {
            let pairs = expected.iter().zip(found).enumerate();
            pairs
                .map(|(number, (expected, found))| (format!("expect[{number}]"), expected, found))
                .collect()
        }
        _ => vec![("expect".to_owned(), expected, found)],
    };
    let ends = ends.iter();
    ends.flat_map(|(path, expected, found)| end_differences(path, expected, found, redactor))
        .filter(|difference| !case.ignore.iter().any(|place| difference.is_in(place)))
        .map(Failure::Otherwise)
        .collect()
}

/// Of an event all has to be as expected; of what else can come out, what is spoken of.
fn end_differences(
    path: &str,
    expected: &Json,
    found: &Json,
    redactor: &Redactor,
) -> Vec<Difference> {
    let comparison = script::comparison(redactor);
    for end in outcome::ENDS {
        if let (Some(expected), Some(found)) = (expected.get(end), found.get(end)) {
            let extent = match end {
                "event" => Extent::All,
                _ => Extent::Some,
            };
            let path = format!("{path}.{end}");
            return comparison.differences(&path, expected, found, extent);
        }
    }
    vec![Difference {
        path: path.to_owned(),
        expected: Some(expected.clone()),
        found: Some(found.clone()),
    }]
}
