//! What PEM files are taken, and what is said of the others.

use std::{fs, path::Path};

use rcgen::{CertificateParams, KeyPair, date_time_ymd};
use tempfile::TempDir;

use super::*;
use crate::front::files::Kept;

struct Files(TempDir);

impl Files {
    fn new() -> Self {
        Self(TempDir::new().unwrap())
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).unwrap();
    }

    fn path(&self, name: &str) -> std::path::PathBuf {
        self.0.path().join(name)
    }

    fn open(&self, authorities: Option<&str>) -> Result<Kept<TlsFiles>, String> {
        let file = |flag, path: &Path| NamedFile::new(flag, path);
        let files = TlsFiles {
            certificate: file("--tls-cert", &self.path("cert")),
            key: file("--tls-key", &self.path("key")),
            authorities: authorities.map(|name| file("--tls-client-ca", &self.path(name))),
            client_auth: ClientAuth::Required,
        };
        Kept::open(files).map_err(|faults| crate::front::files::told(&faults))
    }
}

/// A certificate, good until the beginning of a year, and its key.
fn pair(until: i32) -> (String, String) {
    let mut params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    params.not_before = date_time_ymd(2000, 1, 1);
    params.not_after = date_time_ymd(until, 1, 1);
    let key = KeyPair::generate().unwrap();
    let certificate = params.self_signed(&key).unwrap();
    (certificate.pem(), key.serialize_pem())
}

#[test]
fn a_certificate_and_its_key_are_taken_also_out_of_their_time() {
    for until in [2001, 2099] {
        let (files, (certificate, key)) = (Files::new(), pair(until));
        files.write(
            "cert",
            &format!("some words first\n{certificate}{}", pair(2099).0),
        );
        files.write("key", &key);
        files.write("ca", &certificate);
        let kept = files.open(Some("ca")).unwrap();
        let made = kept.current();
        let year = humantime::format_rfc3339(made.not_after).to_string();
        assert!(year.starts_with(&until.to_string()), "{year}");
        assert_eq!(made.config.alpn_protocols, [H2]);
    }
}

#[test]
fn what_is_wrong_with_the_files_is_told_at_once() {
    let (certificate, key) = pair(2099);
    let check = |cert: &str, key: &str, ca: &str, expect: &[&str]| {
        let files = Files::new();
        for (name, text) in [("cert", cert), ("key", key), ("ca", ca)] {
            if text != "absent" {
                files.write(name, text);
            }
        }
        let faults = files.open(Some("ca")).unwrap_err();
        assert_eq!(faults.split("; --").count(), expect.len(), "{faults}");
        for expect in expect {
            assert!(faults.contains(expect), "{expect}: {faults}");
        }
    };
    check(
        "absent",
        &certificate,
        "",
        &["cert: No such", "key: has no PEM", "ca: has no PEM"],
    );
    let other = pair(2099).1;
    check(
        "absent",
        "absent",
        "absent",
        &["cert: No such", "key: No such", "ca: No such"],
    );
    check(
        "",
        "",
        "",
        &["cert: has no PEM", "key: has no PEM", "ca: has no PEM"],
    );
    check(
        &key,
        &certificate,
        &key,
        &["cert: has no PEM", "key: has no PEM", "ca: has no PEM"],
    );
    check(&certificate, &other, &certificate, &["key: is not the key"]);
    check(
        &certificate,
        &other,
        "",
        &["key: is not the key", "ca: has no"],
    );
    let encrypted =
        "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n";
    check(
        &certificate,
        encrypted,
        &certificate,
        &["without a passphrase"],
    );
    let hollow = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    check(hollow, &key, &certificate, &["--tls-cert"]);
    check(&certificate, &key, hollow, &["--tls-client-ca"]);
    let cut = &key[..key.len() - 30];
    check(&certificate, cut, &certificate, &["key: is not sound PEM"]);
}
