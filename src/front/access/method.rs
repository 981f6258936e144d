//! What a method needs of its caller. What is not listed needs everything.

use std::fmt;

use super::Role;

/// What a caller needs to call a method.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// Probes call it, which have no credentials.
    Nothing,
    /// A caller that is known and may do anything at all.
    AnyRole,
    Role(Role),
}

impl Need {
    /// What the method at an HTTP path needs.
    pub fn of(path: &str) -> Self {
        let (service, method) = path
            .trim_start_matches('/')
            .split_once('/')
            .unwrap_or_default();
        match (service, method) {
            ("grpc.health.v1.Health", _) => Self::Nothing,
            (
                "grpc.reflection.v1.ServerReflection" | "grpc.reflection.v1alpha.ServerReflection",
                _,
            ) => Self::AnyRole,
            ("penstock.executor.v1.ExecutorService", "Invoke" | "InvokeBatch") => {
                Self::Role(Role::Invoke)
            }
            ("penstock.executor.v1.ExecutorService", "Describe") => Self::Role(Role::Describe),
            _ => Self::Role(Role::Admin),
        }
    }
}

impl fmt::Display for Need {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nothing => f.write_str("nothing"),
            Self::AnyRole => f.write_str("a role"),
            Self::Role(role) => write!(f, "the role {role}"),
        }
    }
}
