//! `penstock token`: a token for a caller, and the entry that makes it known.

use std::{fmt, process::ExitCode};

use clap::{Args, ValueEnum};

use super::{
    exit,
    output::{complain, print},
};
use crate::front::access::{Role, Table, TokenHash, fresh_token};

#[derive(Args, Debug)]
pub struct TokenArguments {
    /// What logs call whoever has the token
    #[arg(value_parser = plain)]
    name: String,

    /// What the token is good for; repeatable
    #[arg(
        long = "role",
        value_name = "ROLE",
        value_enum,
        default_value = "invoke"
    )]
    roles: Vec<RoleArgument>,

    /// Ids of the functions it may use, with * for any characters; repeatable [default: all]
    #[arg(long = "function", value_name = "ID", value_parser = plain)]
    functions: Vec<String>,

    /// The end of its time, in UTC, such as 2030-01-01 or 2030-01-01T12:00:00Z [default: none]
    #[arg(long, value_name = "DATE")]
    expires: Option<toml::value::Datetime>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum RoleArgument {
    Invoke,
    Describe,
    Admin,
}

impl From<RoleArgument> for Role {
    fn from(role: RoleArgument) -> Self {
        match role {
            RoleArgument::Invoke => Self::Invoke,
            RoleArgument::Describe => Self::Describe,
            RoleArgument::Admin => Self::Admin,
        }
    }
}

/// What needs no escapes in TOML.
fn plain(text: &str) -> Result<String, &'static str> {
    let allowed = |character: char| !character.is_control() && !matches!(character, '"' | '\\');
    match !text.is_empty() && text.chars().all(allowed) {
        true => Ok(text.to_owned()),
        false => Err("must be characters of one line, without \" and \\"),
    }
}

/// Why there is no token.
#[derive(Debug, thiserror::Error)]
enum TokenError {
    #[error("the system has no randomness to give: {0}")]
    Randomness(#[from] getrandom::Error),
    #[error("no file could have this entry: {}", .0.join("; "))]
    Entry(Vec<String>),
}

pub fn run(arguments: &TokenArguments) -> ExitCode {
    match make(arguments) {
        Ok((token, entry)) => {
            let code = print(&entry, ExitCode::SUCCESS);
            complain(&token);
            code
        }
        Err(error) => {
            complain(&error.to_string());
            ExitCode::from(match error {
                TokenError::Randomness(_) => exit::EXECUTOR,
                TokenError::Entry(_) => exit::USAGE,
            })
        }
    }
}

/// A token and its entry, which a service will take.
fn make(arguments: &TokenArguments) -> Result<(String, String), TokenError> {
    let token = fresh_token()?;
    let entry = Entry {
        arguments,
        token: &token,
    };
    let entry = entry.to_string();
    Table::parse(entry.as_bytes()).map_err(TokenError::Entry)?;
    Ok((token, entry))
}

/// The token's entry in the file of `--access`.
struct Entry<'a> {
    arguments: &'a TokenArguments,
    token: &'a str,
}

impl fmt::Display for Entry<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { arguments, token } = self;
        let quoted = |texts: Vec<String>| {
            let quoted: Vec<_> = texts.iter().map(|text| format!("\"{text}\"")).collect();
            quoted.join(", ")
        };
        let roles = arguments
            .roles
            .iter()
            .map(|role| Role::from(*role).to_string())
            .collect();
        writeln!(f, "[[token]]")?;
        writeln!(f, "name = \"{}\"", arguments.name)?;
        writeln!(f, "sha256 = \"{}\"", TokenHash::of(token))?;
        writeln!(f, "roles = [{}]", quoted(roles))?;
        if !arguments.functions.is_empty() {
            writeln!(f, "functions = [{}]", quoted(arguments.functions.clone()))?;
        }
        if let Some(expires) = &arguments.expires {
            writeln!(f, "expires = {expires}")?;
        }
        writeln!(f)
    }
}
