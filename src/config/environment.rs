//! The `PENSTOCK_*` variables: ours, and those that Kubernetes sets for a service that is named as we are.

use std::{ffi::OsString, net::IpAddr};

use super::{
    faults::{Fault, Faults, Origin},
    knobs::{Knobs, PREFIX},
    layers::{Given, Layer},
};

/// Read where nothing is set yet: what is logged, from the first line.
const LOG: &str = "PENSTOCK_LOG";

const PROTOCOLS: [&str; 3] = ["TCP", "UDP", "SCTP"];

/// What the environment sets.
pub fn read(knobs: &Knobs, variables: &[(OsString, OsString)], faults: &mut Faults) -> Layer {
    let mut layer = Layer::new();
    for (variable, value) in variables {
        let Some(name) = variable.to_str().filter(|name| name.starts_with(PREFIX)) else {
            continue;
        };
        if let Some(knob) = knobs.of_variable(name) {
            let values = knob.values_in(value);
            let origin = Origin::Variable(name.to_owned());
            layer.insert(knob.key().to_owned(), Given { values, origin });
        } else if name != LOG && !is_service_link(name, &value.to_string_lossy()) {
            let nearest = knobs.variable_like(name);
            let name = name.to_owned();
            faults.add(Fault::UnknownVariable { name, nearest });
        }
    }
    layer
}

/// Whether Kubernetes sets such a variable for a service whose name starts with ours: `…_SERVICE_HOST`,
/// `…_SERVICE_PORT`, with a port's name behind it or not, and the forms of container links,
/// `…_PORT=tcp://10.0.0.1:80`, `…_PORT_80_TCP`, and `_PROTO`, `_PORT` and `_ADDR` behind that. Names alone
/// could be ours misspelt, so the value has to fit as well.
fn is_service_link(name: &str, value: &str) -> bool {
    if let Some(service) = name.strip_suffix("_SERVICE_HOST") {
        return is_service(service) && value.parse::<IpAddr>().is_ok();
    }
    if let Some((service, port)) = name.split_once("_SERVICE_PORT") {
        let named = port.is_empty() || port.strip_prefix('_').is_some_and(is_name);
        return is_service(service) && named && is_port(value);
    }
    if let Some(service) = name.strip_suffix("_PORT")
        && is_url(value)
    {
        return is_service(service);
    }
    name.match_indices("_PORT_").any(|(at, infix)| {
        let (service, port) = (&name[..at], &name[at + infix.len()..]);
        is_service(service) && is_container_link(port, value)
    })
}

/// `80_TCP`, `80_TCP_PROTO`, `80_TCP_PORT` or `80_TCP_ADDR`, with a value that fits.
fn is_container_link(port: &str, value: &str) -> bool {
    let mut parts = port.split('_');
    let numbered = parts.next().is_some_and(is_port);
    let protocol = parts.next().filter(|part| PROTOCOLS.contains(part));
    let fits = match (parts.next(), protocol) {
        (None, _) => is_url(value),
        (Some("PROTO"), Some(protocol)) => value.eq_ignore_ascii_case(protocol),
        (Some("PORT"), _) => is_port(value),
        (Some("ADDR"), _) => value.parse::<IpAddr>().is_ok(),
        (Some(_), _) => false,
    };
    numbered && protocol.is_some() && fits && parts.next().is_none()
}

fn is_service(name: &str) -> bool {
    let own = PREFIX.trim_end_matches('_');
    let rest = name.strip_prefix(own);
    rest.is_some_and(|rest| rest.is_empty() || rest.strip_prefix('_').is_some_and(is_name))
}

/// As Kubernetes makes a part of a variable of the name of a service or a port.
fn is_name(text: &str) -> bool {
    let mut bytes = text.bytes();
    let fits = bytes.all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_');
    fits && !text.is_empty()
}

fn is_port(text: &str) -> bool {
    text.parse::<u16>().is_ok_and(|port| port > 0)
}

/// `tcp://10.0.0.1:80`, with brackets around an address of version 6.
fn is_url(value: &str) -> bool {
    let Some((protocol, address)) = value.split_once("://") else {
        return false;
    };
    let known = PROTOCOLS
        .iter()
        .any(|known| protocol.eq_ignore_ascii_case(known));
    known && address.parse::<std::net::SocketAddr>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(variable: &str, value: &str, expect: &str) {
        let mut faults = Faults::default();
        let variables = [(variable.into(), value.into())];
        let layer = read(&Knobs::of_serve(), &variables, &mut faults);
        if expect.is_empty() {
            assert!(layer.is_empty() && faults.is_empty(), "{faults}");
        } else {
            assert!(faults.to_string().contains(expect), "{faults}");
        }
    }

    #[test]
    fn what_others_set_is_let_be() {
        for (variable, value) in [
            ("PENSTOCK_LOG", "debug"),
            ("PATH", "/bin"),
            ("PENSTOCKS", "1"),
            ("MY_PENSTOCK_CELLS", "1"),
            ("PENSTOCK_SERVICE_HOST", "10.0.0.1"),
            ("PENSTOCK_SERVICE_HOST", "fd00::1"),
            ("PENSTOCK_SERVICE_PORT", "50051"),
            ("PENSTOCK_SERVICE_PORT_GRPC", "50051"),
            ("PENSTOCK_PORT", "tcp://10.0.0.1:50051"),
            ("PENSTOCK_PORT", "tcp://[fd00::1]:50051"),
            ("PENSTOCK_PORT_50051_TCP", "tcp://10.0.0.1:50051"),
            ("PENSTOCK_PORT_50051_TCP_PROTO", "tcp"),
            ("PENSTOCK_PORT_50051_TCP_PORT", "50051"),
            ("PENSTOCK_PORT_50051_TCP_ADDR", "10.0.0.1"),
            ("PENSTOCK_CANARY_SERVICE_HOST", "10.0.0.1"),
            ("PENSTOCK_CANARY_PORT", "tcp://10.0.0.1:50051"),
            ("PENSTOCK_CANARY_PORT_53_UDP", "udp://10.0.0.1:53"),
        ] {
            check(variable, value, "");
        }
    }

    #[test]
    fn what_only_looks_like_a_service_link_is_a_fault() {
        let unknown = "nothing is set by it";
        check("PENSTOCK_PORT", "50051", unknown);
        check("PENSTOCK_PORT", "http://10.0.0.1:1", unknown);
        check("PENSTOCK_SERVICE_PORT", "all", unknown);
        check("PENSTOCK_SERVICE_PORT_", "1", unknown);
        check("PENSTOCK_SERVICE_HOST", "penstock", unknown);
        check("PENSTOCK_PORT_50051_TCP_PROTO", "udp", unknown);
        check("PENSTOCK_PORT_50051_TCP_ADDR_X", "10.0.0.1", unknown);
        check("PENSTOCK_PORT_0_TCP", "tcp://10.0.0.1:1", unknown);
        check("PENSTOCK_PORT_50051_QUIC", "tcp://10.0.0.1:1", unknown);
    }

    #[test]
    fn a_misspelt_variable_is_told_with_what_it_may_mean() {
        check("PENSTOCK_CEL", "1", "did you mean PENSTOCK_CELLS?");
        check("PENSTOCK_LISTEN_", "1", "did you mean PENSTOCK_LISTEN?");
        check("PENSTOCK_XYZQ", "1", "nothing is set by it");
    }
}
