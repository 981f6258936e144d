//! What callers may do.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A kind of thing a caller may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[cfg_attr(test, derive(Hash))]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Run functions: `Invoke`, `InvokeBatch`.
    Invoke,
    /// Look at functions: `Describe`.
    Describe,
    /// Everything there is, and will be.
    Admin,
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Invoke => "invoke",
            Self::Describe => "describe",
            Self::Admin => "admin",
        })
    }
}

/// The roles of a caller; none by default.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Roles(u8);

impl Roles {
    pub const ALL: Self = Self(u8::MAX);

    /// Whether it is among them; `admin` stands for all.
    pub fn have(self, role: Role) -> bool {
        self.0 & (bit(role) | bit(Role::Admin)) != 0
    }

    pub fn is_empty(self) -> bool {
        self.0 == 0
    }
}

impl FromIterator<Role> for Roles {
    fn from_iter<I: IntoIterator<Item = Role>>(roles: I) -> Self {
        Self(roles.into_iter().map(bit).fold(0, |all, role| all | role))
    }
}

const fn bit(role: Role) -> u8 {
    1 << role as u8
}
