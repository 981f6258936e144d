//! The way to a function's source that is accounted for: who may use the function, who first brought which
//! source, and who sent or meant another.

use std::sync::Arc;

use super::{FunctionVersion, Functions, ResolveError, Wanted};
use crate::front::audit::{Audit, Event, SourceOrigin};

impl Functions {
    /// Accounts for sources and refusals to an audit log.
    #[must_use]
    pub fn audited(self, audit: Audit) -> Self {
        Self { audit, ..self }
    }

    /// The version `wanted` names. Concurrent callers share one look into the store. An inline source is
    /// taken when the version is not known otherwise, and must be the same when it is.
    ///
    /// # Errors
    /// [`ResolveError`]; nothing is kept then.
    pub async fn resolve(&self, wanted: &Wanted) -> Result<Arc<FunctionVersion>, ResolveError> {
        let resolved = match wanted.caller.check_function(&wanted.key.function_id) {
            Ok(()) => self.version_of(wanted).await,
            Err(refusal) => Err(ResolveError::NotAllowed(refusal)),
        };
        if let Err(error) = &resolved {
            self.tell_refusal(wanted, error);
        }
        resolved
    }

    /// A version's source came to be known by this call.
    pub(super) fn tell_accepted(
        &self,
        wanted: &Wanted,
        version: &FunctionVersion,
        from: SourceOrigin,
    ) {
        self.audit.record(&Event::SourceAccepted {
            who: (&wanted.caller).into(),
            version: (&version.key).into(),
            sha256: version.digest.to_string(),
            from,
        });
    }

    fn tell_refusal(&self, wanted: &Wanted, error: &ResolveError) {
        let (who, version) = ((&wanted.caller).into(), (&wanted.key).into());
        let event = match error {
            ResolveError::NotAllowed(refusal) => Event::not_allowed(refusal),
            ResolveError::Conflict(_) => Event::VersionConflict { who, version },
            ResolveError::OtherSource { wanted, found, .. } => Event::DigestMismatch {
                who,
                version,
                wanted: wanted.to_string(),
                found: found.to_string(),
            },
            _ => return,
        };
        self.audit.record(&event);
    }
}
