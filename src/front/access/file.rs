//! The file of `--access`: who there is, how each is known, and what each may do.
//!
//! ```toml
//! [[token]]
//! name = "router"
//! sha256 = "…"
//! roles = ["invoke"]
//!
//! [[certificate]]
//! name = "console"
//! uri = "spiffe://prod/ns/console/*"
//! roles = ["describe"]
//! ```

use std::{collections::HashMap, path::Path, sync::Arc, time::SystemTime};

use serde::Deserialize;
use toml::value::Datetime;

use super::{
    Role, Roles, Unknown,
    caller::{Evidence, Identity, MAX_NAME},
    pattern::Pattern,
    token::TokenHash,
};
use crate::front::{
    certificate::CertificateFacts,
    files::{Contents, FileFault, FromFiles, NamedFile},
    functions::check_name,
};

/// The file, by its path.
#[derive(Debug)]
pub struct AccessFile(NamedFile);

/// Everybody in the file.
#[derive(Debug)]
pub struct Table {
    tokens: HashMap<TokenHash, KnownToken>,
    /// The first that fits counts.
    certificates: Vec<(CertificateName, Arc<Identity>)>,
}

#[derive(Debug)]
struct KnownToken {
    identity: Arc<Identity>,
    expires: Option<SystemTime>,
}

/// The name by which a certificate is known.
#[derive(Debug)]
enum CertificateName {
    Dns(Pattern),
    Uri(Pattern),
    CommonName(Pattern),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entries {
    #[serde(default, rename = "token")]
    tokens: Vec<TokenEntry>,
    #[serde(default, rename = "certificate")]
    certificates: Vec<CertificateEntry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TokenEntry {
    name: String,
    sha256: String,
    #[serde(default)]
    roles: Vec<Role>,
    functions: Option<Vec<String>>,
    expires: Option<Datetime>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CertificateEntry {
    name: String,
    dns: Option<String>,
    uri: Option<String>,
    common_name: Option<String>,
    #[serde(default)]
    roles: Vec<Role>,
    functions: Option<Vec<String>>,
}

impl AccessFile {
    pub fn at(path: &Path) -> Self {
        Self(NamedFile::new("--access", path))
    }
}

impl FromFiles for AccessFile {
    type Made = Table;

    fn subject(&self) -> &'static str {
        "access"
    }

    fn files(&self) -> Vec<NamedFile> {
        vec![self.0.clone()]
    }

    fn make(&self, contents: &Contents) -> Result<Table, Vec<FileFault>> {
        let text = contents.of(&self.0).map_err(|fault| vec![fault])?;
        Table::parse(text).map_err(|faults| {
            let faults = faults.into_iter();
            faults.map(|fault| self.0.fault(fault)).collect()
        })
    }
}

impl Table {
    /// Everybody in the text of a file.
    ///
    /// # Errors
    /// All that is wrong with it.
    pub fn parse(text: &[u8]) -> Result<Self, Vec<String>> {
        let entries = entries(text).map_err(|fault| vec![fault])?;
        let mut faults = Vec::new();
        let mut tokens = HashMap::new();
        for (place, entry) in (1..).zip(entries.tokens) {
            let of_entry = |fault| format!("token {place} {fault}");
            match entry.check() {
                Ok((hash, known)) => {
                    if tokens.insert(hash, known).is_some() {
                        faults.push(format!("token {place} has the sha256 of another"));
                    }
                }
                Err(found) => faults.extend(found.into_iter().map(of_entry)),
            }
        }
        let mut certificates = Vec::new();
        for (place, entry) in (1..).zip(entries.certificates) {
            let of_entry = |fault| format!("certificate {place} {fault}");
            match entry.check() {
                Ok(known) => certificates.push(known),
                Err(found) => faults.extend(found.into_iter().map(of_entry)),
            }
        }
        let table = Self {
            tokens,
            certificates,
        };
        if faults.is_empty() {
            Ok(table)
        } else {
            Err(faults)
        }
    }

    /// Who has a token.
    ///
    /// # Errors
    /// [`Unknown`] when nobody has it, or not any more.
    pub fn by_token(&self, token: &str, now: SystemTime) -> Result<Arc<Identity>, Unknown> {
        let known = self
            .tokens
            .get(&TokenHash::of(token))
            .ok_or(Unknown::UnknownToken)?;
        match known.expires.is_some_and(|expires| now >= expires) {
            true => Err(Unknown::Expired(known.identity.name.clone())),
            false => Ok(known.identity.clone()),
        }
    }

    /// Who has a certificate; somebody without roles if it is not listed.
    pub fn by_certificate(&self, certificate: &CertificateFacts) -> Arc<Identity> {
        let listed = self
            .certificates
            .iter()
            .find(|(name, _)| name.fits(certificate));
        listed.map_or_else(
            || Arc::new(unlisted(certificate)),
            |(_, identity)| identity.clone(),
        )
    }
}

fn entries(text: &[u8]) -> Result<Entries, String> {
    let text = std::str::from_utf8(text).map_err(|_| "is not UTF-8".to_owned())?;
    let entries: Entries = toml::from_str(text).map_err(|error| {
        // Not as the library shows it, with the line itself: who put a token there by mistake would find it
        // in the log.
        let start = error.span().map_or(0, |span| span.start);
        let line = text.get(..start).unwrap_or(text).matches('\n').count() + 1;
        format!("line {line}: {}", without_values(error.message()))
    })?;
    match entries.tokens.is_empty() && entries.certificates.is_empty() {
        // As a file is that was caught half written.
        true => Err("has no [[token]] and no [[certificate]] in it".to_owned()),
        false => Ok(entries),
    }
}

impl CertificateName {
    fn fits(&self, certificate: &CertificateFacts) -> bool {
        match self {
            Self::Dns(pattern) => certificate.dns.iter().any(|name| pattern.matches(name)),
            Self::Uri(pattern) => certificate.uris.iter().any(|uri| pattern.matches(uri)),
            Self::CommonName(pattern) => certificate
                .common_name
                .as_ref()
                .is_some_and(|name| pattern.matches(name)),
        }
    }
}

impl TokenEntry {
    fn check(self) -> Result<(TokenHash, KnownToken), Vec<String>> {
        let mut faults = Vec::new();
        let identity = identity(
            self.name,
            Evidence::Token,
            self.roles,
            self.functions,
            &mut faults,
        );
        let hash = TokenHash::from_hex(&self.sha256);
        if hash.is_none() {
            // Without what it is: it may be the token.
            faults.push(
                "has a sha256 that is not 64 hex digits: give the hash, not the token".to_owned(),
            );
        }
        let expires = self.expires.map(|date| time(&date));
        if expires == Some(None) {
            let form = "has an expires that is not a date, or a date and time in UTC, such as \
                        2030-01-01T00:00:00Z";
            faults.push(form.to_owned());
        }
        match (hash, faults.is_empty()) {
            (Some(hash), true) => {
                let expires = expires.flatten();
                Ok((hash, KnownToken { identity, expires }))
            }
            _ => Err(faults),
        }
    }
}

impl CertificateEntry {
    fn check(self) -> Result<(CertificateName, Arc<Identity>), Vec<String>> {
        let mut faults = Vec::new();
        let identity = identity(
            self.name,
            Evidence::Certificate,
            self.roles,
            self.functions,
            &mut faults,
        );
        let name = match (self.dns, self.uri, self.common_name) {
            (Some(dns), None, None) => CertificateName::Dns(Pattern::new(dns.to_ascii_lowercase())),
            (None, Some(uri), None) => CertificateName::Uri(Pattern::new(uri)),
            (None, None, Some(name)) => CertificateName::CommonName(Pattern::new(name)),
            _ => {
                faults.push("has to have one of dns, uri and common_name".to_owned());
                return Err(faults);
            }
        };
        if faults.is_empty() {
            Ok((name, identity))
        } else {
            Err(faults)
        }
    }
}

fn identity(
    name: String,
    evidence: Evidence,
    roles: Vec<Role>,
    functions: Option<Vec<String>>,
    faults: &mut Vec<String>,
) -> Arc<Identity> {
    if !(1..=MAX_NAME).contains(&name.len()) || name.contains(char::is_control) {
        faults.push(format!(
            "has a name that is not 1 to {MAX_NAME} characters of one line"
        ));
    }
    for function in functions.iter().flatten() {
        let without_stars = function.replace('*', "x");
        if let Err(error) = check_name(&without_stars) {
            faults.push(format!(
                "has in functions {function:?}, which besides * {error}"
            ));
        }
    }
    let functions = functions.map(|names| names.into_iter().map(Pattern::new).collect());
    Arc::new(Identity {
        name,
        evidence,
        roles: Roles::from_iter(roles),
        functions,
    })
}

fn unlisted(certificate: &CertificateFacts) -> Identity {
    let name = certificate.name().unwrap_or("a certificate without a name");
    Identity::without_roles(name.chars().take(MAX_NAME).collect())
}

/// A time in UTC; a date alone is its beginning.
fn time(date: &Datetime) -> Option<SystemTime> {
    let mut text = date.to_string();
    if date.time.is_none() {
        text.push_str("T00:00:00Z");
    }
    humantime::parse_rfc3339(&text).ok()
}

/// A message of the parser, without the strings in it.
fn without_values(message: &str) -> String {
    let parts = message.split('"').enumerate();
    parts
        .map(|(place, part)| if place % 2 == 0 { part } else { "…" })
        .collect()
}
