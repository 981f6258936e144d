//! Which addresses may be dialled. Judges the address itself, whatever name or spelling led to it.

use std::{
    fmt,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, UdpSocket},
};

use ipnet::IpNet;

mod ranges;

use ranges::{embedded_addresses, special_range};

/// The operator's word on addresses over the built-in one: what is neither allowed nor denied by name is
/// denied if it is of a special range.
#[derive(Clone, Debug, Default)]
pub struct AddressPolicy {
    allow: Vec<IpNet>,
    deny: Vec<IpNet>,
}

/// Why an address is not dialled. For the operator's log: an author who reads it could map the network.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Denial {
    /// `--egress-deny` names it.
    Operator(IpNet),
    /// It is of a range that is no public host's.
    Special(IpNet, &'static str),
    /// The IPv4 address inside an allowed transition form is denied itself.
    Embedded(Ipv4Addr, Box<Denial>),
    /// It is an address of this machine.
    Own,
}

impl fmt::Display for Denial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Operator(net) => write!(f, "{net} is denied by --egress-deny"),
            Self::Special(net, name) => {
                write!(f, "{net} ({name}) is allowed only by --egress-allow")
            }
            Self::Embedded(address, denial) => write!(f, "it stands for {address}, and {denial}"),
            Self::Own => f.write_str("it is this machine's own, allowed only by --egress-allow"),
        }
    }
}

impl AddressPolicy {
    /// `deny` wins over `allow`, and `allow` over the built-in ranges.
    pub fn new(allow: Vec<IpNet>, deny: Vec<IpNet>) -> Self {
        Self { allow, deny }
    }

    /// Whether `address` may be dialled.
    ///
    /// # Errors
    /// [`Denial`] with the rule that denies it.
    pub fn judge(&self, address: IpAddr) -> Result<(), Denial> {
        if let Some(net) = self.deny.iter().find(|net| net.contains(&address)) {
            return Err(Denial::Operator(*net));
        }
        if let Some((net, name)) = special_range(address)
            && !self.allows_by_name(address)
        {
            return Err(Denial::Special(net, name));
        }
        for embedded in embedded_addresses(address) {
            self.judge(embedded.into())
                .map_err(|denial| Denial::Embedded(embedded, Box::new(denial)))?;
        }
        Ok(())
    }

    /// As [`Self::judge`], and not an address of this machine either, whose services may trust what comes
    /// from the machine itself.
    ///
    /// # Errors
    /// [`Denial`] with the rule that denies it.
    pub fn judge_from_here(&self, address: IpAddr) -> Result<(), Denial> {
        self.judge(address)?;
        if !self.allows_by_name(address) && is_own(address) {
            return Err(Denial::Own);
        }
        Ok(())
    }

    fn allows_by_name(&self, address: IpAddr) -> bool {
        self.allow.iter().any(|net| net.contains(&address))
    }
}

/// Whether the kernel would speak to `address` from that same address. Connecting a UDP socket asks for the
/// route and sends nothing.
fn is_own(address: IpAddr) -> bool {
    let any = match address {
        IpAddr::V4(_) => IpAddr::from(Ipv4Addr::UNSPECIFIED),
        IpAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
    };
    let route = UdpSocket::bind((any, 0)).and_then(|socket| {
        socket.connect((address, 9))?;
        socket.local_addr()
    });
    // No route: then dialling fails, too.
    route.is_ok_and(|local| local.ip() == address)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(allow: &[&str], deny: &[&str], address: &str, expect: Result<(), &str>) {
        let nets = |nets: &[&str]| nets.iter().map(|net| net.parse().unwrap()).collect();
        let policy = AddressPolicy::new(nets(allow), nets(deny));
        let judged = policy.judge(address.parse().unwrap());
        match (judged, expect) {
            (Ok(()), Ok(())) => {}
            (Err(denial), Err(expect)) => {
                assert!(denial.to_string().contains(expect), "{address}: {denial}");
            }
            (judged, expect) => panic!("{address}: {judged:?}, not {expect:?}"),
        }
    }

    #[test]
    fn special_ranges_are_denied_unless_allowed() {
        check(
            &[],
            &[],
            "10.0.0.1",
            Err("10.0.0.0/8 (private) is allowed only by --egress-allow"),
        );
        check(&[], &[], "::ffff:8.8.8.8", Err("IPv4-mapped"));
        check(&[], &[], "8.8.8.8", Ok(()));
        check(&[], &[], "2606:4700::1111", Ok(()));
    }

    #[test]
    fn what_the_operator_says_wins_and_deny_wins_over_allow() {
        check(&["10.1.0.0/16"], &[], "10.1.2.3", Ok(()));
        check(&["10.1.0.0/16"], &[], "10.2.0.0", Err("private"));
        check(&[], &["8.8.0.0/16"], "8.8.8.8", Err("--egress-deny"));
        check(
            &["10.0.0.0/8"],
            &["10.9.0.0/16"],
            "10.9.0.1",
            Err("--egress-deny"),
        );
        check(&["::1/128"], &[], "::1", Ok(()));
        check(&["fd00::/8"], &[], "fd00::1", Ok(()));
    }

    #[test]
    fn an_allowed_transition_form_is_judged_by_what_is_in_it() {
        let nat64 = &["64:ff9b::/96"];
        check(nat64, &[], "64:ff9b::8.8.8.8", Ok(()));
        check(
            nat64,
            &[],
            "64:ff9b::10.0.0.1",
            Err("10.0.0.1, and 10.0.0.0/8"),
        );
        check(
            nat64,
            &["8.8.8.0/24"],
            "64:ff9b::8.8.8.8",
            Err("8.8.8.0/24"),
        );
        let mapped = &["::ffff:0:0/96"];
        check(mapped, &[], "::ffff:8.8.8.8", Ok(()));
        check(mapped, &[], "::ffff:127.0.0.1", Err("loopback"));
        check(&["::/96"], &[], "::169.254.169.254", Err("link-local"));
        check(&["2002::/16"], &[], "2002:808:808::1", Ok(()));
        check(&["2002::/16"], &[], "2002:a00:1::1", Err("10.0.0.1"));
        // The client's address is 8.8.8.8, and 10.0.0.1, with every bit turned.
        let teredo = &["2001::/32"];
        check(teredo, &[], "2001:0:808:808::f7f7:f7f7", Ok(()));
        check(teredo, &[], "2001:0:808:808::f5ff:fffe", Err("10.0.0.1"));
        check(teredo, &[], "2001:0:7f00:1::f7f7:f7f7", Err("127.0.0.1"));
        check(
            &["64:ff9b:1::/48"],
            &[],
            "64:ff9b:1::10.0.0.1",
            Err("10.0.0.1"),
        );
    }

    #[test]
    fn an_address_of_this_machine_is_known_as_such() {
        assert!(is_own(Ipv4Addr::LOCALHOST.into()));
        assert!(!is_own(Ipv4Addr::new(192, 0, 2, 1).into()));
        let policy = AddressPolicy::new(vec!["127.0.0.0/8".parse().unwrap()], Vec::new());
        assert_eq!(policy.judge_from_here(Ipv4Addr::LOCALHOST.into()), Ok(()));
    }
}
