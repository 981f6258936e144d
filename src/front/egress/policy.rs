//! Which addresses and ports may be dialled. Judges the address itself, whatever name or spelling led to it.

use std::{
    fmt,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, UdpSocket},
};

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

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
        if !self.allows_by_name(address) {
            judge_range(address)?;
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

fn judge_range(address: IpAddr) -> Result<(), Denial> {
    let special = match address {
        IpAddr::V4(address) => SPECIAL_V4.iter().find(|(net, _)| net.contains(&address)),
        IpAddr::V6(address) => {
            let special = SPECIAL_V6.iter().find(|(net, _)| net.contains(&address));
            return match special {
                Some((net, name)) => Err(Denial::Special(IpNet::V6(*net), name)),
                None if GLOBAL_UNICAST.contains(&address) => Ok(()),
                None => Err(Denial::Special(EVERY_V6, "not global unicast")),
            };
        }
    };
    special.map_or(Ok(()), |(net, name)| {
        Err(Denial::Special(IpNet::V4(*net), name))
    })
}

/// The IPv4 addresses that packets to a transition form end at, or pass: the last 32 bits, but for 6to4
/// (RFC 3056) and Teredo (RFC 4380: its server, and the client with every bit turned).
fn embedded_addresses(address: IpAddr) -> Vec<Ipv4Addr> {
    let IpAddr::V6(address) = address else {
        return Vec::new();
    };
    let [_, b, c, d, .., y, z] = address.segments();
    let from = |high: u16, low: u16| Ipv4Addr::from_bits(u32::from(high) << 16 | u32::from(low));
    if SIX_TO_FOUR.contains(&address) {
        vec![from(b, c)]
    } else if TEREDO.contains(&address) {
        vec![from(c, d), from(!y, !z)]
    } else if address.is_unspecified() || address.is_loopback() {
        // Of the compatible form by their bits alone.
        Vec::new()
    } else if EMBEDDING.iter().any(|net| net.contains(&address)) {
        vec![from(y, z)]
    } else {
        Vec::new()
    }
}

const fn v4(a: u8, b: u8, c: u8, d: u8, prefix: u8) -> Ipv4Net {
    Ipv4Net::new_assert(Ipv4Addr::new(a, b, c, d), prefix)
}

/// `segments` are the first four; the rest is zero.
const fn v6(segments: [u16; 4], prefix: u8) -> Ipv6Net {
    let [a, b, c, d] = segments;
    Ipv6Net::new_assert(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0), prefix)
}

/// The last four segments of an address whose first four are zero.
const fn v6_low(segments: [u16; 4], prefix: u8) -> Ipv6Net {
    let [e, f, g, h] = segments;
    Ipv6Net::new_assert(Ipv6Addr::new(0, 0, 0, 0, e, f, g, h), prefix)
}

/// What is no public host's: the registry of special-purpose addresses (RFC 6890) and multicast, with the
/// metadata addresses of clouds that lie outside of those.
const SPECIAL_V4: &[(Ipv4Net, &str)] = &[
    (v4(0, 0, 0, 0, 8), "unspecified, this network"),
    (v4(10, 0, 0, 0, 8), "private"),
    (v4(100, 64, 0, 0, 10), "shared, carrier-grade NAT"),
    (v4(127, 0, 0, 0, 8), "loopback"),
    (v4(168, 63, 129, 16, 32), "metadata, Azure"),
    (v4(169, 254, 0, 0, 16), "link-local, metadata"),
    (v4(172, 16, 0, 0, 12), "private"),
    (v4(192, 0, 0, 0, 24), "protocol assignments, metadata"),
    (v4(192, 0, 2, 0, 24), "documentation"),
    (v4(192, 88, 99, 0, 24), "6to4 relays"),
    (v4(192, 168, 0, 0, 16), "private"),
    (v4(198, 18, 0, 0, 15), "benchmarks"),
    (v4(198, 51, 100, 0, 24), "documentation"),
    (v4(203, 0, 113, 0, 24), "documentation"),
    (v4(224, 0, 0, 0, 4), "multicast"),
    (v4(255, 255, 255, 255, 32), "broadcast"),
    (v4(240, 0, 0, 0, 4), "reserved"),
];

const EVERY_V6: IpNet = IpNet::V6(v6([0, 0, 0, 0], 0));
const GLOBAL_UNICAST: Ipv6Net = v6([0x2000, 0, 0, 0], 3);
const SIX_TO_FOUR: Ipv6Net = v6([0x2002, 0, 0, 0], 16);
const TEREDO: Ipv6Net = v6([0x2001, 0, 0, 0], 32);

/// Forms that hold an IPv4 address in their last 32 bits: compatible, mapped, translated (RFC 2765), NAT64
/// by the well-known prefix (RFC 6052) and by the one for local use (RFC 8215), taken as a /96.
const EMBEDDING: [Ipv6Net; 5] = [
    v6_low([0, 0, 0, 0], 96),
    v6_low([0, 0xffff, 0, 0], 96),
    v6_low([0xffff, 0, 0, 0], 96),
    v6([0x64, 0xff9b, 0, 0], 96),
    v6([0x64, 0xff9b, 1, 0], 48),
];

/// As [`SPECIAL_V4`]. Names only: outside of global unicast all is denied, named or not.
const SPECIAL_V6: &[(Ipv6Net, &str)] = &[
    (v6_low([0, 0, 0, 0], 128), "unspecified"),
    (v6_low([0, 0, 0, 1], 128), "loopback"),
    (EMBEDDING[0], "IPv4-compatible"),
    (EMBEDDING[1], "IPv4-mapped"),
    (EMBEDDING[2], "IPv4-translated"),
    (EMBEDDING[3], "NAT64"),
    (EMBEDDING[4], "NAT64, local"),
    (v6([0x100, 0, 0, 0], 64), "discard"),
    (TEREDO, "Teredo"),
    (v6([0x2001, 2, 0, 0], 48), "benchmarks"),
    (v6([0x2001, 0xdb8, 0, 0], 32), "documentation"),
    (v6([0x2001, 0, 0, 0], 23), "protocol assignments"),
    (SIX_TO_FOUR, "6to4"),
    (v6([0x3fff, 0, 0, 0], 20), "documentation"),
    (v6([0x5f00, 0, 0, 0], 16), "segment routing"),
    (v6([0xfc00, 0, 0, 0], 7), "unique local, metadata"),
    (v6([0xfe80, 0, 0, 0], 10), "link-local"),
    (v6([0xfec0, 0, 0, 0], 10), "site-local"),
    (v6([0xff00, 0, 0, 0], 8), "multicast"),
];

/// Whether browsers refuse `port` as well, since what listens there could take a request for commands of
/// its own protocol, as mail servers do. The list is that of the Fetch standard, "bad port".
pub fn is_bad_port(port: u16) -> bool {
    BAD_PORTS.binary_search(&port).is_ok()
}

/// In ascending order.
const BAD_PORTS: &[u16] = &[
    0, 1, 7, 9, 11, 13, 15, 17, 19, 20, 21, 22, 23, 25, 37, 42, 43, 53, 69, 77, 79, 87, 95, 101,
    102, 103, 104, 109, 110, 111, 113, 115, 117, 119, 123, 135, 137, 139, 143, 161, 179, 389, 427,
    465, 512, 513, 514, 515, 526, 530, 531, 532, 540, 548, 554, 556, 563, 587, 601, 636, 989, 990,
    993, 995, 1719, 1720, 1723, 2049, 3659, 4045, 4190, 5060, 5061, 6000, 6566, 6665, 6666, 6667,
    6668, 6669, 6679, 6697, 10080,
];

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_with(allow: &[&str], deny: &[&str], address: &str, expect: Result<(), &str>) {
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

    /// All of `denied` are, for a reason with `name` in it; all of `open` may be dialled.
    #[track_caller]
    fn check(name: &str, denied: &[&str], open: &[&str]) {
        for address in denied {
            check_with(&[], &[], address, Err(name));
        }
        for address in open {
            check_with(&[], &[], address, Ok(()));
        }
    }

    #[test]
    fn each_range_of_ipv4_from_its_first_to_its_last_address() {
        check("this network", &["0.0.0.0", "0.255.255.255"], &["1.0.0.0"]);
        check(
            "private",
            &["10.0.0.0", "10.255.255.255"],
            &["9.255.255.255", "11.0.0.0"],
        );
        check(
            "carrier-grade NAT",
            &["100.64.0.0", "100.100.100.200", "100.127.255.255"],
            &["100.63.255.255", "100.128.0.0"],
        );
        check(
            "loopback",
            &["127.0.0.0", "127.0.0.1", "127.255.255.255"],
            &["126.255.255.255", "128.0.0.0"],
        );
        check(
            "Azure",
            &["168.63.129.16"],
            &["168.63.129.15", "168.63.129.17"],
        );
        check(
            "link-local",
            &["169.254.0.0", "169.254.169.254", "169.254.255.255"],
            &["169.253.255.255", "169.255.0.0"],
        );
        check(
            "private",
            &["172.16.0.0", "172.31.255.255"],
            &["172.15.255.255", "172.32.0.0"],
        );
        check(
            "protocol assignments",
            &["192.0.0.0", "192.0.0.192", "192.0.0.255"],
            &["191.255.255.255", "192.0.1.0"],
        );
        check(
            "documentation",
            &["192.0.2.0", "192.0.2.255"],
            &["192.0.1.255", "192.0.3.0"],
        );
        check(
            "6to4",
            &["192.88.99.0", "192.88.99.255"],
            &["192.88.98.255", "192.88.100.0"],
        );
        check(
            "private",
            &["192.168.0.0", "192.168.255.255"],
            &["192.167.255.255", "192.169.0.0"],
        );
        check(
            "benchmarks",
            &["198.18.0.0", "198.19.255.255"],
            &["198.17.255.255", "198.20.0.0"],
        );
        check(
            "documentation",
            &["198.51.100.0", "198.51.100.255"],
            &["198.51.99.255", "198.51.101.0"],
        );
        check(
            "documentation",
            &["203.0.113.0", "203.0.113.255"],
            &["203.0.112.255", "203.0.114.0"],
        );
        check(
            "multicast",
            &["224.0.0.0", "239.255.255.255"],
            &["223.255.255.255"],
        );
        check("reserved", &["240.0.0.0", "255.255.255.254"], &[]);
        check("broadcast", &["255.255.255.255"], &[]);
    }

    #[test]
    fn each_range_of_ipv6_from_its_first_to_its_last_address() {
        check("unspecified", &["::"], &[]);
        check("loopback", &["::1"], &[]);
        check(
            "IPv4-compatible",
            &["::2", "::8.8.8.8", "::255.255.255.255"],
            &[],
        );
        check(
            "IPv4-mapped",
            &["::ffff:0.0.0.0", "::ffff:8.8.8.8", "::ffff:255.255.255.255"],
            &[],
        );
        check("IPv4-translated", &["::ffff:0:127.0.0.1"], &[]);
        check("NAT64", &["64:ff9b::", "64:ff9b::8.8.8.8"], &[]);
        check(
            "NAT64, local",
            &["64:ff9b:1::", "64:ff9b:1:ffff:ffff:ffff:ffff:ffff"],
            &[],
        );
        check("discard", &["100::", "100::ffff:ffff:ffff:ffff"], &[]);
        check(
            "not global unicast",
            &[
                "0:0:0:1::",
                "64:ff9b:2::",
                "100:0:0:1::",
                "1fff:ffff::",
                "4000::",
                "8000::",
                "fbff::",
                "fe00::",
            ],
            &["2000::", "2003::", "2606:4700:4700::1111"],
        );
        check(
            "Teredo",
            &["2001::", "2001:0:ffff:ffff:ffff:ffff:ffff:ffff"],
            &[],
        );
        check(
            "protocol assignments",
            &["2001:1::", "2001:1ff:ffff:ffff:ffff:ffff:ffff:ffff"],
            &["2000:ffff::", "2001:200::"],
        );
        check(
            "benchmarks",
            &["2001:2::", "2001:2:0:ffff:ffff:ffff:ffff:ffff"],
            &[],
        );
        check(
            "documentation",
            &["2001:db8::", "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff"],
            &["2001:db7:ffff::", "2001:db9::"],
        );
        check(
            "6to4",
            &[
                "2002::",
                "2002:808:808::",
                "2002:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
            ],
            &["2001:ffff::", "2003::"],
        );
        check(
            "documentation",
            &["3fff::", "3fff:fff:ffff::"],
            &["3ffe:ffff::", "3fff:1000::"],
        );
        check("segment routing", &["5f00::", "5f00:ffff::"], &[]);
        check(
            "unique local",
            &["fc00::", "fd00:ec2::254", "fd20:ce::254", "fdff:ffff::"],
            &[],
        );
        check("link-local", &["fe80::", "febf:ffff::"], &[]);
        check("site-local", &["fec0::", "feff:ffff::"], &[]);
        check(
            "multicast",
            &["ff00::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"],
            &[],
        );
    }

    #[test]
    fn what_the_operator_says_wins_and_deny_wins_over_allow() {
        check_with(&["10.1.0.0/16"], &[], "10.1.2.3", Ok(()));
        check_with(&["10.1.0.0/16"], &[], "10.2.0.0", Err("private"));
        check_with(&[], &["8.8.0.0/16"], "8.8.8.8", Err("--egress-deny"));
        check_with(
            &["10.0.0.0/8"],
            &["10.9.0.0/16"],
            "10.9.0.1",
            Err("--egress-deny"),
        );
        check_with(&["::1/128"], &[], "::1", Ok(()));
        check_with(&["fd00::/8"], &[], "fd00::1", Ok(()));
    }

    #[test]
    fn an_allowed_transition_form_is_judged_by_what_is_in_it() {
        let nat64 = &["64:ff9b::/96"];
        check_with(nat64, &[], "64:ff9b::8.8.8.8", Ok(()));
        check_with(
            nat64,
            &[],
            "64:ff9b::10.0.0.1",
            Err("10.0.0.1, and 10.0.0.0/8"),
        );
        check_with(
            nat64,
            &["8.8.8.0/24"],
            "64:ff9b::8.8.8.8",
            Err("8.8.8.0/24"),
        );
        let mapped = &["::ffff:0:0/96"];
        check_with(mapped, &[], "::ffff:8.8.8.8", Ok(()));
        check_with(mapped, &[], "::ffff:127.0.0.1", Err("loopback"));
        check_with(&["::/96"], &[], "::169.254.169.254", Err("link-local"));
        check_with(&["2002::/16"], &[], "2002:808:808::1", Ok(()));
        check_with(&["2002::/16"], &[], "2002:a00:1::1", Err("10.0.0.1"));
        // The client's address is 8.8.8.8, and 10.0.0.1, with every bit turned.
        let teredo = &["2001::/32"];
        check_with(teredo, &[], "2001:0:808:808::f7f7:f7f7", Ok(()));
        check_with(teredo, &[], "2001:0:808:808::f5ff:fffe", Err("10.0.0.1"));
        check_with(teredo, &[], "2001:0:7f00:1::f7f7:f7f7", Err("127.0.0.1"));
        check_with(
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

    #[test]
    fn bad_ports_are_found() {
        assert!(BAD_PORTS.is_sorted());
        assert!(is_bad_port(25) && is_bad_port(0) && is_bad_port(10080));
        assert!(!is_bad_port(80) && !is_bad_port(443) && !is_bad_port(8080));
    }
}
