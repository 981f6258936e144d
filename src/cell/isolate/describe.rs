//! What a source is, without an event: it is loaded as for one, and looked at in place of being called.

use super::{
    FunctionIsolate, LoadEnd, TryCatch, blame_buffers,
    source::{self, FunctionSource, Loaded, misnamed},
};
use crate::{
    cell::{record::Record, runtime::HostState},
    invocation::{Description, MAX_WARNINGS, SourceWarning},
};

impl FunctionIsolate {
    /// Runs the source's top level and settles the invocation with what there is to say of it. The isolate is to
    /// serve nobody afterwards: its top level had no requests made.
    pub fn describe(
        &mut self,
        source: &FunctionSource,
        host: HostState,
        is_stopped: impl FnOnce() -> bool,
    ) -> LoadEnd {
        let record = host.record.clone();
        let description = self.enter(|scope, entries| {
            if is_stopped() {
                return None;
            }
            scope.set_slot(host);
            v8::tc_scope!(let scope, scope);
            let loaded = source::load(scope, entries, source);
            let description = describe(scope, source, loaded, &record);
            (!scope.has_terminated()).then_some(description)
        });
        let Some(description) = description else {
            return LoadEnd::Terminated;
        };
        if self.buffers.take_refused() {
            blame_buffers(&record, self.buffers.limit());
        }
        record.settle_described(description);
        LoadEnd::Described
    }
}

/// All but the fault, which is left as the outcome.
fn describe<'s>(
    scope: &mut TryCatch<'_, '_, 's, '_>,
    source: &FunctionSource,
    loaded: Loaded<'s>,
    record: &Record,
) -> Description {
    let Loaded {
        kind,
        module,
        handlers,
    } = loaded;
    let mut warnings = Vec::new();
    if let Ok(defined) = &handlers {
        let misnamed = misnamed::find(scope, source, module, defined);
        warnings.extend(misnamed.iter().map(|misnamed| SourceWarning {
            message: misnamed.warning(),
            place: misnamed.place,
        }));
    }
    warnings.extend(requests_at_top_level(scope));
    warnings.truncate(MAX_WARNINGS);
    Description {
        kind,
        handlers: handlers.unwrap_or_else(|fault| {
            fault.settle(source, record);
            Vec::new()
        }),
        fault: None,
        warnings,
    }
}

fn requests_at_top_level(scope: &mut TryCatch<'_, '_, '_, '_>) -> Option<SourceWarning> {
    let host = scope.get_slot_mut::<HostState>()?;
    let (requests, place) = host.fetches.withheld_so_far();
    let what = match requests {
        0 => return None,
        1 => "a request, which was".to_owned(),
        _ => format!("{requests} requests, which were"),
    };
    Some(SourceWarning {
        message: format!(
            "the top level makes {what} not made for this description: make requests in a handler, since those \
             of the top level end with the event that comes first"
        ),
        place,
    })
}
