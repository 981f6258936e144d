//! What a certificate says of its holder, and until when.
//!
//! Nothing is verified here: rustls has done that, or whoever gave us the file.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio_rustls::rustls::pki_types::CertificateDer;
use x509_parser::{extensions::GeneralName, prelude::X509Certificate};

/// The names and the time of a certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CertificateFacts {
    pub not_before: SystemTime,
    pub not_after: SystemTime,
    /// DNS names of its subject alternative name, in lower case.
    pub dns: Vec<String>,
    /// URIs of its subject alternative name, such as SPIFFE IDs.
    pub uris: Vec<String>,
    /// The subject's common name, if it has just one.
    pub common_name: Option<String>,
}

/// What is not the DER of a certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("is no X.509 certificate")]
pub struct BadCertificate;

impl CertificateFacts {
    /// # Errors
    /// [`BadCertificate`] when it can't be read.
    pub fn of(der: &CertificateDer<'_>) -> Result<Self, BadCertificate> {
        let (_, certificate) =
            x509_parser::parse_x509_certificate(der).map_err(|_| BadCertificate)?;
        let (mut dns, mut uris) = (Vec::new(), Vec::new());
        let names = certificate
            .subject_alternative_name()
            .map_err(|_| BadCertificate)?;
        for name in names.iter().flat_map(|names| &names.value.general_names) {
            match name {
                GeneralName::DNSName(name) => dns.push(name.to_ascii_lowercase()),
                GeneralName::URI(uri) => uris.push((*uri).to_owned()),
                _ => {}
            }
        }
        let validity = certificate.validity();
        Ok(Self {
            not_before: time(validity.not_before.timestamp()),
            not_after: time(validity.not_after.timestamp()),
            dns,
            uris,
            common_name: common_name(&certificate),
        })
    }

    /// Whether `now` is outside of its time.
    pub fn is_out_of_time(&self, now: SystemTime) -> bool {
        now < self.not_before || now > self.not_after
    }

    /// The name that says most, for a log; its length is the holder's choice.
    pub fn name(&self) -> Option<&str> {
        let named = self.uris.first().or_else(|| self.dns.first());
        named.or(self.common_name.as_ref()).map(String::as_str)
    }
}

/// A subject with several common names is nobody: who reads the first and who reads the last would disagree.
fn common_name(certificate: &X509Certificate<'_>) -> Option<String> {
    let mut names = certificate.subject().iter_common_name();
    let only = names.next().filter(|_| names.next().is_none())?;
    only.as_str().ok().map(str::to_owned)
}

fn time(seconds: i64) -> SystemTime {
    let distance = Duration::from_secs(seconds.unsigned_abs());
    match seconds < 0 {
        true => UNIX_EPOCH - distance,
        false => UNIX_EPOCH + distance,
    }
}

#[cfg(test)]
mod tests {
    use rcgen::{CertificateParams, DnType, KeyPair, SanType, date_time_ymd};

    use super::*;

    #[test]
    fn names_and_time_are_read() {
        let mut params = CertificateParams::new(vec!["Router.SVC".to_owned()]).unwrap();
        let spiffe = "spiffe://prod/ns/pipeline/sa/router";
        params
            .subject_alt_names
            .push(SanType::URI(spiffe.try_into().unwrap()));
        params.distinguished_name.push(DnType::CommonName, "router");
        params.not_before = date_time_ymd(1969, 12, 31);
        params.not_after = date_time_ymd(2001, 9, 9);
        let certificate = params.self_signed(&KeyPair::generate().unwrap()).unwrap();
        let facts = CertificateFacts::of(certificate.der()).unwrap();
        assert_eq!(
            (facts.dns.as_slice(), facts.uris.as_slice()),
            (&["router.svc".to_owned()][..], &[spiffe.to_owned()][..],)
        );
        assert_eq!(facts.common_name.as_deref(), Some("router"));
        assert_eq!(facts.name(), Some(spiffe));
        assert_eq!(facts.not_after, UNIX_EPOCH + Duration::from_hours(277_776));
        assert_eq!(facts.not_before, UNIX_EPOCH - Duration::from_hours(24));
        assert!(facts.is_out_of_time(SystemTime::now()));
        assert!(!facts.is_out_of_time(UNIX_EPOCH));
    }

    #[test]
    fn what_is_no_certificate_is_refused() {
        for der in [&b""[..], b"\x30\x03\x02\x01\x01", &[0xff; 64]] {
            assert_eq!(
                CertificateFacts::of(&der.into()),
                Err(BadCertificate),
                "{der:?}"
            );
        }
    }
}
