//! The hosts a function may reach, if its author or operator named them.

use url::Host;

/// Host names, `*.suffix` patterns and IP addresses. An empty list lets nothing through.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AllowedHosts {
    exact: Vec<Host>,
    /// Each with its leading dot.
    suffixes: Vec<String>,
}

/// What is no host and no pattern of hosts.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{pattern:?} is neither a host, such as api.example.com, nor a pattern of hosts, such as *.example.com"
)]
pub struct BadHostPattern {
    pattern: String,
}

impl AllowedHosts {
    /// Reads patterns: a host name or IP address (an IPv6 one in brackets) stands for itself, and
    /// `*.example.com` for every name below `example.com`, but not for it.
    ///
    /// # Errors
    /// [`BadHostPattern`] for the first that is neither.
    pub fn parse<'a>(patterns: impl IntoIterator<Item = &'a str>) -> Result<Self, BadHostPattern> {
        let mut hosts = Self::default();
        for pattern in patterns {
            let bad = || BadHostPattern {
                pattern: pattern.to_owned(),
            };
            let (name, below) = match pattern.strip_prefix("*.") {
                Some(name) => (name, true),
                None => (pattern, false),
            };
            let host = Host::parse(name).map_err(|_| bad())?;
            match (undotted(host), below) {
                (Host::Domain(name), _) if name.is_empty() || name.contains('*') => {
                    return Err(bad());
                }
                (Host::Domain(name), true) => hosts.suffixes.push(format!(".{name}")),
                (_, true) => return Err(bad()),
                (host, false) => hosts.exact.push(host),
            }
        }
        Ok(hosts)
    }

    /// The hosts as patterns, first those that stand for themselves.
    pub fn patterns(&self) -> impl Iterator<Item = String> {
        let exact = self.exact.iter().map(Host::to_string);
        let below = self.suffixes.iter().map(|suffix| format!("*{suffix}"));
        exact.chain(below)
    }

    pub fn contains(&self, host: &Host) -> bool {
        let host = undotted(host.clone());
        let below = |name: &str| self.suffixes.iter().any(|suffix| name.ends_with(suffix));
        self.exact.contains(&host) || matches!(&host, Host::Domain(name) if below(name))
    }
}

/// A name with the root's dot at its end is the same host without it.
fn undotted(host: Host) -> Host {
    match host {
        Host::Domain(mut name) => {
            if name.ends_with('.') {
                name.pop();
            }
            Host::Domain(name)
        }
        address => address,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(patterns: &[&str], host: &str, expect: bool) {
        let hosts = AllowedHosts::parse(patterns.iter().copied()).unwrap();
        let found = hosts.contains(&Host::parse(host).unwrap());
        assert_eq!(found, expect, "{host} in {patterns:?}");
    }

    #[test]
    fn a_host_is_found_by_its_name_or_suffix_alone() {
        check(&["api.example.com"], "API.example.com", true);
        check(&["API.Example.com."], "api.example.com", true);
        check(&["api.example.com"], "api.example.com.", true);
        check(&["api.example.com"], "example.com", false);
        check(&["api.example.com"], "x.api.example.com", false);
        check(&["*.example.com"], "a.example.com", true);
        check(&["*.example.com"], "a.b.example.com.", true);
        check(&["*.example.com"], "example.com", false);
        check(&["*.example.com"], "badexample.com", false);
        check(&["*.example.com"], "example.com.evil.net", false);
        check(&["bücher.example"], "xn--bcher-kva.example", true);
        check(&["192.0.2.1"], "192.0.2.1", true);
        check(&["192.0.2.1"], "3221225985", true);
        check(&["[2001:db8::1]"], "[2001:db8:0::1]", true);
        check(&[], "example.com", false);
    }

    #[test]
    fn what_is_no_pattern_is_told() {
        for pattern in ["", "*", "*.", "a.*.com", "http://x", "a b", "*.192.0.2.1"] {
            let error = AllowedHosts::parse([pattern]).unwrap_err();
            assert!(error.to_string().contains("neither a host"), "{error}");
        }
    }
}
