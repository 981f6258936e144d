//! The ranges of addresses that are no public host's.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

/// The special range that `address` is of, and its name; `None` for what a public host may have.
pub fn special_range(address: IpAddr) -> Option<(IpNet, &'static str)> {
    match address {
        IpAddr::V4(address) => {
            let special = SPECIAL_V4.iter().find(|(net, _)| net.contains(&address));
            special.map(|(net, name)| (IpNet::V4(*net), *name))
        }
        IpAddr::V6(address) => {
            let special = SPECIAL_V6.iter().find(|(net, _)| net.contains(&address));
            match special {
                Some((net, name)) => Some((IpNet::V6(*net), *name)),
                None if GLOBAL_UNICAST.contains(&address) => None,
                None => Some((IpNet::V6(EVERY_V6), "not global unicast")),
            }
        }
    }
}

/// The IPv4 addresses that packets to a transition form end at, or pass: the last 32 bits, but for 6to4
/// (RFC 3056) and Teredo (RFC 4380: its server, and the client with every bit turned).
pub fn embedded_addresses(address: IpAddr) -> Vec<Ipv4Addr> {
    let IpAddr::V6(address) = address else {
        return Vec::new();
    };
    // Two segments of 16 bits each, counted from the left.
    let bits = address.to_bits();
    let pair = |at: u32| Ipv4Addr::from_bits((bits >> (16 * (6 - at))) as u32);
    if SIX_TO_FOUR.contains(&address) {
        vec![pair(1)]
    } else if TEREDO.contains(&address) {
        vec![pair(2), Ipv4Addr::from_bits(!pair(6).to_bits())]
    } else if address.is_unspecified() || address.is_loopback() {
        // Of the compatible form by their bits alone.
        Vec::new()
    } else if EMBEDDING.iter().any(|net| net.contains(&address)) {
        vec![pair(6)]
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

const EVERY_V6: Ipv6Net = v6([0, 0, 0, 0], 0);
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

#[cfg(test)]
mod tests {
    use super::*;

    /// All of `special` are of a range with `name` in its own; none of `public` is of any.
    #[track_caller]
    fn check(name: &str, special: &[&str], public: &[&str]) {
        for address in special {
            let range = special_range(address.parse().unwrap());
            assert!(
                range.is_some_and(|(_, found)| found.contains(name)),
                "{address}: {range:?}"
            );
        }
        for address in public {
            assert_eq!(special_range(address.parse().unwrap()), None, "{address}");
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
    fn forms_of_ipv4_in_ipv6_and_all_that_is_not_global_unicast() {
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
    }

    #[test]
    fn each_range_of_ipv6_from_its_first_to_its_last_address() {
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
}
