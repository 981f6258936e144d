//! The HTTP endpoint of those who run the executor, and the playground on it.

use std::{
    fmt,
    net::{AddrParseError, Ipv4Addr, SocketAddr},
    str::FromStr,
};

use clap::{Args, ValueEnum};

use super::SecurityConfig;

/// What is for those who run the executor, not for those who call it.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Service")]
pub struct AdminConfig {
    /// Address of the HTTP endpoint with /metrics, /livez and /readyz; port 0 picks one, `off` or an
    /// empty value leaves it out
    #[arg(long, env = "PENSTOCK_ADMIN", value_name = "ADDRESS", default_value_t = default_admin())]
    pub admin: AdminAddress,

    /// Whether that endpoint has the playground, a page to write and run functions on
    #[arg(
        long,
        env = "PENSTOCK_PLAYGROUND",
        value_name = "WHETHER",
        default_value = "auto"
    )]
    pub playground: Playground,
}

/// Where the admin endpoint listens, if at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AdminAddress {
    Off,
    At(SocketAddr),
}

/// Whether there is a playground.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Playground {
    /// Where only this machine reaches it, unless callers have to show a certificate
    #[default]
    Auto,
    /// Also where others reach it
    On,
    /// Nowhere
    Off,
}

impl FromStr for AdminAddress {
    type Err = AddrParseError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "" | "off" => Ok(Self::Off),
            address => address.parse().map(Self::At),
        }
    }
}

impl fmt::Display for AdminAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Off => f.write_str("off"),
            Self::At(address) => address.fmt(f),
        }
    }
}

impl AdminAddress {
    /// Whether other machines reach it.
    fn is_exposed(self) -> bool {
        match self {
            Self::Off => false,
            Self::At(address) => !address.ip().to_canonical().is_loopback(),
        }
    }
}

impl AdminConfig {
    /// Whether the playground is served.
    pub fn has_playground(&self, security: &SecurityConfig) -> bool {
        match self.playground {
            Playground::Off => false,
            Playground::On => self.admin != AdminAddress::Off,
            Playground::Auto => {
                self.admin != AdminAddress::Off
                    && !self.admin.is_exposed()
                    && !security.requires_certificate()
            }
        }
    }

    /// What speaks against serving the playground with these flags, each with the flags that would mend it.
    pub fn faults(&self, security: &SecurityConfig) -> Vec<String> {
        let mut faults = Vec::new();
        if self.playground != Playground::On {
            return faults;
        }
        if security.requires_certificate() {
            faults.push(
                "--playground on would run what comes without a certificate, which --tls-client-ca lets nobody \
                 do: give --tls-client-auth optional, or --playground off"
                    .to_owned(),
            );
        }
        let open =
            security.access.is_none() && !(security.allow_anyone && security.allow_plaintext);
        if self.admin.is_exposed() && open {
            faults.push(format!(
                "--playground on at --admin {} is reached from other machines, and whoever opens it may run \
                 everything, unencrypted: give --access, or both --allow-anyone and --allow-plaintext",
                self.admin
            ));
        }
        faults
    }
}

fn default_admin() -> AdminAddress {
    AdminAddress::At((Ipv4Addr::LOCALHOST, 8080).into())
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Command {
        #[command(flatten)]
        admin: AdminConfig,
        #[command(flatten)]
        security: SecurityConfig,
    }

    #[test]
    fn the_admin_endpoint_is_somewhere_or_off() {
        #[track_caller]
        fn check(text: &str, expect: AdminAddress) {
            assert_eq!(text.parse(), Ok(expect), "{text:?}");
        }
        check("", AdminAddress::Off);
        check("off", AdminAddress::Off);
        check("127.0.0.1:8080", default_admin());
        check("[::]:0", AdminAddress::At("[::]:0".parse().unwrap()));
        for wrong in ["8080", "localhost:8080", "Off", "127.0.0.1"] {
            assert!(wrong.parse::<AdminAddress>().is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn the_playground_is_for_this_machine_unless_asked_for() {
        #[track_caller]
        fn check(flags: &str, expect: bool, faults: &[&str]) {
            let arguments = ["penstock"].into_iter().chain(flags.split_whitespace());
            let Command { admin, security } = Command::try_parse_from(arguments).unwrap();
            assert_eq!(admin.has_playground(&security), expect, "{flags}");
            let found = admin.faults(&security);
            assert_eq!(found.len(), faults.len(), "{flags}: {found:?}");
            for (found, expect) in found.iter().zip(faults) {
                assert!(found.contains(expect), "{flags}: {found}");
            }
        }
        let certificates = "--tls-cert c --tls-key k --tls-client-ca a --access f";
        check("", true, &[]);
        check("--admin [::1]:1", true, &[]);
        check("--admin off", false, &[]);
        check("--playground off", false, &[]);
        check("--admin 0.0.0.0:1", false, &[]);
        check("--access f", true, &[]);
        check(certificates, false, &[]);
        check(
            &format!("{certificates} --tls-client-auth optional"),
            true,
            &[],
        );
        check("--playground on", true, &[]);
        check("--playground on --admin off", false, &[]);
        let exposed = "--playground on --admin 0.0.0.0:1";
        check(exposed, true, &["give --access"]);
        check(
            &format!("{exposed} --allow-anyone"),
            true,
            &["--allow-plaintext"],
        );
        check(
            &format!("{exposed} --allow-anyone --allow-plaintext"),
            true,
            &[],
        );
        check(&format!("{exposed} --access f"), true, &[]);
        check(
            &format!("--playground on {certificates}"),
            true,
            &["--tls-client-auth optional"],
        );
    }
}
