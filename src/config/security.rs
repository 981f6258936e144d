//! Who may reach the executor, and how callers are known: TLS, access, the audit log.

use std::{net::SocketAddr, num::NonZeroU32, path::PathBuf, time::Duration};

use clap::{Args, ValueEnum, builder::RangedU64ValueParser};

use super::{MAX_TIME_MS, nonzero};

/// How callers are known, and what is kept of what they do.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Who may call")]
pub struct SecurityConfig {
    /// PEM file with the listener's certificate and the chain above it; needs --tls-key
    /// [default: none, and what is sent is not encrypted]
    #[arg(long, env = "PENSTOCK_TLS_CERT", value_name = "FILE")]
    pub tls_cert: Option<PathBuf>,

    /// PEM file with the certificate's private key: PKCS#8, SEC1 or PKCS#1, not encrypted
    /// [default: none]
    #[arg(long, env = "PENSTOCK_TLS_KEY", value_name = "FILE")]
    pub tls_key: Option<PathBuf>,

    /// PEM file of the authorities that vouch for callers' certificates
    /// [default: none, and no certificate is asked for]
    #[arg(long, env = "PENSTOCK_TLS_CLIENT_CA", value_name = "FILE")]
    pub tls_client_ca: Option<PathBuf>,

    /// Whether every caller has to show a certificate, with --tls-client-ca [default: required]
    #[arg(
        long,
        env = "PENSTOCK_TLS_CLIENT_AUTH",
        value_name = "WHETHER",
        value_enum
    )]
    pub tls_client_auth: Option<ClientAuth>,

    /// How long a TLS handshake may take, in milliseconds, from 1
    #[arg(long, env = "PENSTOCK_TLS_HANDSHAKE_MS", value_name = "MS", default_value_t = 5_000,
          value_parser = RangedU64ValueParser::<u64>::new().range(1..=60_000))]
    pub tls_handshake_ms: u64,

    /// TLS handshakes under way at once, from 1; the oldest gives way to the next
    #[arg(long, env = "PENSTOCK_TLS_HANDSHAKES", value_name = "N", default_value_t = nonzero(256))]
    pub tls_handshakes: NonZeroU32,

    /// TOML file of tokens and certificates and the roles they have; docs/security.md has its form
    /// [default: whoever connects may call everything]
    #[arg(long, env = "PENSTOCK_ACCESS", value_name = "FILE")]
    pub access: Option<PathBuf>,

    /// Serve without TLS on an address that other machines reach
    #[arg(long, env = "PENSTOCK_ALLOW_PLAINTEXT")]
    pub allow_plaintext: bool,

    /// Serve without --access on an address that other machines reach, or to every certificate that
    /// --tls-client-ca vouches for: whoever connects may call everything
    #[arg(long, env = "PENSTOCK_ALLOW_ANYONE")]
    pub allow_anyone: bool,

    /// How often the files of --tls-…, --access and --sealed-identities are looked at for changes, in
    /// milliseconds; 0 for at SIGHUP only
    #[arg(long, env = "PENSTOCK_RELOAD_MS", value_name = "MS", default_value_t = 5_000,
          value_parser = RangedU64ValueParser::<u64>::new().range(0..=MAX_TIME_MS))]
    pub reload_ms: u64,

    /// File that the audit log is appended to, opened anew at SIGHUP [default: standard error]
    #[arg(long, env = "PENSTOCK_AUDIT_LOG", value_name = "FILE")]
    pub audit_log: Option<PathBuf>,
}

/// Whether callers have to show a certificate.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum ClientAuth {
    /// No connection without one
    #[default]
    Required,
    /// A token will do
    Optional,
}

impl SecurityConfig {
    /// How long a handshake may take.
    pub fn handshake_time(&self) -> Duration {
        Duration::from_millis(self.tls_handshake_ms)
    }

    /// How often files are looked at; `None` for at SIGHUP only.
    pub fn reload_interval(&self) -> Option<Duration> {
        (self.reload_ms > 0).then(|| Duration::from_millis(self.reload_ms))
    }

    /// Whether nobody connects without a certificate.
    pub fn requires_certificate(&self) -> bool {
        let auth = self.tls_client_auth.unwrap_or_default();
        self.tls_client_ca.is_some() && auth == ClientAuth::Required
    }

    /// What is missing for, or speaks against, serving on `listen` with these flags, each with the flags that
    /// would mend it.
    pub fn faults(&self, listen: SocketAddr) -> Vec<String> {
        let mut faults = Vec::new();
        match (&self.tls_cert, &self.tls_key) {
            (Some(_), None) => faults.push("--tls-cert needs --tls-key".to_owned()),
            (None, Some(_)) => faults.push("--tls-key needs --tls-cert".to_owned()),
            _ => {}
        }
        let tls = self.tls_cert.is_some() || self.tls_key.is_some();
        if self.tls_client_ca.is_some() && !tls {
            faults.push("--tls-client-ca needs --tls-cert and --tls-key".to_owned());
        }
        if self.tls_client_auth.is_some() && self.tls_client_ca.is_none() {
            faults.push("--tls-client-auth needs --tls-client-ca".to_owned());
        }
        let exposed = !listen.ip().to_canonical().is_loopback();
        if exposed && !tls && !self.allow_plaintext {
            faults.push(format!(
                "--listen {listen} is reached from other machines, and nothing encrypts what they send: \
                 give --tls-cert and --tls-key, or --allow-plaintext"
            ));
        }
        let anyone = self.access.is_none() && !self.allow_anyone;
        if exposed && anyone {
            faults.push(format!(
                "--listen {listen} is reached from other machines, and whoever connects may call everything: \
                 give --access, or --allow-anyone"
            ));
        } else if anyone && self.tls_client_ca.is_some() {
            faults.push(
                "--tls-client-ca without --access gives no certificate a role: give --access, or \
                 --allow-anyone to let every certificate call everything"
                    .to_owned(),
            );
        }
        faults
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Command {
        #[command(flatten)]
        security: SecurityConfig,
    }

    #[test]
    fn what_others_reach_is_guarded_or_said_to_be_open() {
        #[track_caller]
        fn check(listen: &str, flags: &str, expect: &[&str]) {
            let arguments = ["penstock"].into_iter().chain(flags.split_whitespace());
            let config = Command::try_parse_from(arguments).unwrap().security;
            let faults = config.faults(listen.parse().unwrap());
            assert_eq!(faults.len(), expect.len(), "{listen} {flags}: {faults:?}");
            for (fault, expect) in faults.iter().zip(expect) {
                assert!(fault.contains(expect), "{listen} {flags}: {faults:?}");
            }
        }
        let (plain, anyone) = ("--allow-plaintext", "--allow-anyone");
        let tls = "--tls-cert c --tls-key k";
        for loopback in [
            "127.0.0.1:1",
            "127.9.9.9:1",
            "[::1]:1",
            "[::ffff:127.0.0.1]:1",
        ] {
            check(loopback, "", &[]);
            check(loopback, tls, &[]);
        }
        for exposed in ["0.0.0.0:1", "[::]:1", "10.0.0.1:1", "[::ffff:10.0.0.1]:1"] {
            check(exposed, "", &[plain, anyone]);
            check(exposed, plain, &[anyone]);
            check(exposed, anyone, &[plain]);
            check(exposed, "--allow-plaintext --allow-anyone", &[]);
            check(exposed, "--access a", &[plain]);
            check(exposed, tls, &[anyone]);
            check(exposed, &format!("{tls} --access a"), &[]);
        }
        let loopback = "127.0.0.1:1";
        check(loopback, "--tls-cert c", &["--tls-cert needs --tls-key"]);
        check(loopback, "--tls-key k", &["--tls-key needs --tls-cert"]);
        check(
            loopback,
            "--tls-client-ca a --access a",
            &["needs --tls-cert"],
        );
        check(
            loopback,
            &format!("{tls} --tls-client-auth optional"),
            &["needs --tls-client-ca"],
        );
        check(
            loopback,
            &format!("{tls} --tls-client-ca a"),
            &["no certificate a role"],
        );
        check(loopback, &format!("{tls} --tls-client-ca a {anyone}"), &[]);
        check(
            "0.0.0.0:1",
            "--tls-cert c --tls-client-auth required",
            &["--tls-key", "--tls-client-ca", anyone],
        );
    }
}
