//! Sealing and opening without a service: what opens, what does not and why, keys that change, what is kept.

use std::{fs, path::PathBuf};

use age::{secrecy::ExposeSecret, x25519::Identity};
use serde_json::json;
use tempfile::TempDir;

use super::*;
use crate::front::{files::Eagerness, functions::manifest::SettingType};

const PURPOSE: Purpose<'_> = Purpose {
    function_id: "f",
    instance_id: "i",
};

/// Identity files in a directory of their own.
struct Files(TempDir);

impl Files {
    fn with(identities: &[&Identity]) -> Self {
        let files = Self(tempfile::tempdir().unwrap());
        files.write(&text_of(identities));
        files
    }

    fn path(&self) -> PathBuf {
        self.0.path().join("identities")
    }

    fn write(&self, text: &str) {
        fs::write(self.path(), text).unwrap();
    }

    fn config(&self) -> SealedConfig {
        SealedConfig {
            sealed_identities: vec![self.path()],
            require_bound_seals: false,
            sealed_cache_bytes: 1 << 20,
        }
    }

    fn opener(&self) -> Opener {
        Opener::new(&self.config(), 1).unwrap()
    }
}

fn text_of(identities: &[&Identity]) -> String {
    let lines = identities
        .iter()
        .map(|identity| format!("# a key\n{}\n\n", identity.to_string().expose_secret()));
    lines.collect()
}

fn binding(setting: &str, function_id: Option<&str>, instance_id: Option<&str>) -> Binding {
    Binding {
        setting: setting.to_owned(),
        function_id: function_id.map(str::to_owned),
        instance_id: instance_id.map(str::to_owned),
    }
}

fn unbound() -> Binding {
    binding("key", None, None)
}

fn sealed(value: &str, binding: &Binding, identity: &Identity) -> Vec<u8> {
    seal(value, binding, &[identity.to_public()]).unwrap()
}

/// As the age tool does it, without our header.
fn by_age(plain: &[u8], identity: &Identity) -> Vec<u8> {
    age::encrypt(&identity.to_public(), plain).unwrap()
}

/// The text of the setting `key`, or why there is none.
async fn open(opener: &Opener, file: impl Into<Bytes>) -> Result<String, Unopened> {
    let sealed = Sealed::from([("key".to_owned(), file.into())]);
    let mut opened = opener.open(sealed, PURPOSE).await.unwrap();
    let (_, value) = opened.remove(0);
    value.map(|value| value.text().to_owned())
}

#[tokio::test]
async fn either_form_opens_with_any_of_the_identities() {
    let (old, new) = (Identity::generate(), Identity::generate());
    let opener = Files::with(&[&old, &new]).opener();
    for identity in [&old, &new] {
        let file = sealed("hunter22\n", &unbound(), identity);
        let armor = armored(&file).unwrap();
        let plain = by_age(b"hunter22\n", identity);
        for file in [
            file,
            armor.clone().into(),
            format!("\n{armor}").into(),
            plain,
        ] {
            assert_eq!(open(&opener, file).await.as_deref(), Ok("hunter22\n"));
        }
    }
    let other = sealed("hunter22", &unbound(), &Identity::generate());
    assert_eq!(open(&opener, other).await, Err(Unopened::NoKey));
}

#[tokio::test]
async fn a_file_for_several_recipients_opens() {
    let (ours, theirs) = (Identity::generate(), Identity::generate());
    let opener = Files::with(&[&ours]).opener();
    let recipients = [theirs.to_public(), ours.to_public()];
    let file = seal("hunter22", &unbound(), &recipients).unwrap();
    assert_eq!(open(&opener, file).await.as_deref(), Ok("hunter22"));
}

#[tokio::test]
async fn what_is_altered_or_cut_anywhere_never_opens() {
    let identity = Identity::generate();
    let opener = Files::with(&[&identity]).opener();
    let file = by_age(b"hunter22", &identity);
    for place in 0..file.len() {
        let mut altered = file.clone();
        altered[place] ^= 1;
        let error = open(&opener, altered).await.unwrap_err();
        let expected = [Unopened::NotAge, Unopened::NoKey, Unopened::Damaged];
        assert!(expected.contains(&error), "byte {place}: {error:?}");
        let error = open(&opener, file[..place].to_vec()).await.unwrap_err();
        let expected = if place == 0 {
            Unopened::NotAge
        } else {
            Unopened::Damaged
        };
        assert_eq!(error, expected, "{place} bytes");
    }
    let armor = armored(&file).unwrap();
    let cut = armor[..armor.len() / 2].to_owned();
    assert_eq!(open(&opener, cut).await, Err(Unopened::Damaged));
}

#[tokio::test]
async fn what_is_no_age_file_is_told() {
    let identity = Identity::generate();
    let opener = Files::with(&[&identity]).opener();
    for file in [
        "",
        "hunter22",
        "age-encryption.org/v2\n-> X\n--- x\n",
        "-----BEGIN PGP MESSAGE-----",
    ] {
        assert_eq!(open(&opener, file).await, Err(Unopened::NotAge), "{file:?}");
    }
    let bytes = by_age(b"\xff\xfe", &identity);
    assert_eq!(open(&opener, bytes).await, Err(Unopened::NotText));
}

/// Not by trying it, which may take any time.
#[tokio::test]
async fn a_passphrase_is_refused() {
    let opener = Files::with(&[&Identity::generate()]).opener();
    let mut recipient = age::scrypt::Recipient::new("hunter22".into());
    recipient.set_work_factor(2);
    let file = age::encrypt(&recipient, b"hunter22").unwrap();
    assert_eq!(open(&opener, file).await, Err(Unopened::Passphrase));
}

#[tokio::test]
async fn headers_are_bounded() {
    let identity = Identity::generate();
    let opener = Files::with(&[&identity]).opener();
    // The crate adds a recipient that is nobody's.
    let most = vec![identity.to_public(); 15];
    let file = seal("hunter22", &unbound(), &most).unwrap();
    assert_eq!(open(&opener, file).await.as_deref(), Ok("hunter22"));
    let file = seal("hunter22", &unbound(), &vec![identity.to_public(); 16]).unwrap();
    let error = open(&opener, file).await.unwrap_err();
    assert_eq!(error.to_string(), "has more than 16 recipients");
    let long = format!("age-encryption.org/v1\n-> x\n{}", "A".repeat(9000));
    let error = open(&opener, long).await.unwrap_err();
    assert_eq!(error, Unopened::LargeHeader);
    let endless = format!("age-encryption.org/v1\n{}", "-> x\n\n".repeat(100_000));
    let error = open(&opener, endless).await.unwrap_err();
    assert_eq!(error, Unopened::TooManyRecipients);
}

#[tokio::test]
async fn a_bound_value_is_for_what_it_names_only() {
    let identity = Identity::generate();
    let opener = Files::with(&[&identity]).opener();
    for (function_id, instance_id) in [(None, None), (Some("f"), None), (Some("f"), Some("i"))] {
        let file = sealed(
            "hunter22",
            &binding("key", function_id, instance_id),
            &identity,
        );
        assert_eq!(open(&opener, file).await.as_deref(), Ok("hunter22"));
    }
    for (bound, told) in [
        (binding("pin", None, None), r#"setting "pin""#),
        (
            binding("key", Some("g"), Some("i")),
            r#"setting "key" of function "g" of instance "i""#,
        ),
        (
            binding("key", Some("f"), Some("")),
            r#"setting "key" of function "f" of instance """#,
        ),
        (
            binding("key", None, Some("j")),
            r#"setting "key" of instance "j""#,
        ),
    ] {
        // Also once it is kept.
        for _ in 0..2 {
            let error = open(&opener, sealed("hunter22", &bound, &identity))
                .await
                .unwrap_err();
            assert_eq!(error.to_string(), format!("was sealed for {told}"));
        }
    }
}

#[tokio::test]
async fn an_envelope_that_is_not_understood_is_not_opened() {
    let identity = Identity::generate();
    let opener = Files::with(&[&identity]).opener();
    let long = format!(
        "penstock-sealed/1\n{{\"setting\":\"{}\"}}\nx",
        "k".repeat(5000)
    );
    for (plain, told) in [
        (
            "penstock-sealed/2\n{\"setting\":\"key\"}\nx",
            "of a version other than 1",
        ),
        ("penstock-sealed/1", "of a version other than 1"),
        (
            "penstock-sealed/1\n{\"setting\":\"key\"}",
            "that can't be read",
        ),
        ("penstock-sealed/1\n{}\nx", "that can't be read"),
        (
            "penstock-sealed/1\n{\"setting\":\"key\",\"until\":1}\nx",
            "that can't be read",
        ),
        (&long, "that can't be read"),
    ] {
        let error = open(&opener, by_age(plain.as_bytes(), &identity)).await;
        let error = error.unwrap_err().to_string();
        assert_eq!(
            error,
            format!("has a penstock-sealed header {told}"),
            "{plain}"
        );
    }
    // Only at the start.
    let plain = by_age(b" penstock-sealed/1", &identity);
    assert_eq!(
        open(&opener, plain).await.as_deref(),
        Ok(" penstock-sealed/1")
    );
}

#[tokio::test]
async fn where_binding_is_required_nothing_less_opens() {
    let identity = Identity::generate();
    let files = Files::with(&[&identity]);
    let config = SealedConfig {
        require_bound_seals: true,
        ..files.config()
    };
    let opener = Opener::new(&config, 1).unwrap();
    let whole = sealed("hunter22", &binding("key", Some("f"), Some("i")), &identity);
    assert_eq!(open(&opener, whole).await.as_deref(), Ok("hunter22"));
    for file in [
        by_age(b"hunter22", &identity),
        sealed("hunter22", &unbound(), &identity),
        sealed("hunter22", &binding("key", Some("f"), None), &identity),
        sealed("hunter22", &binding("key", None, Some("i")), &identity),
    ] {
        assert_eq!(open(&opener, file).await, Err(Unopened::Unbound));
    }
}

#[tokio::test]
async fn keys_change_with_their_file() {
    let (old, new) = (Identity::generate(), Identity::generate());
    let files = Files::with(&[&old]);
    let opener = files.opener();
    let reread = || opener.watched().unwrap().look(Eagerness::IfChanged);
    let for_old = sealed("old", &unbound(), &old);
    let for_new = sealed("new", &unbound(), &new);
    assert_eq!(open(&opener, for_old.clone()).await.as_deref(), Ok("old"));
    assert_eq!(open(&opener, for_new.clone()).await, Err(Unopened::NoKey));
    files.write(&text_of(&[&old, &new]));
    reread();
    assert_eq!(open(&opener, for_old.clone()).await.as_deref(), Ok("old"));
    assert_eq!(open(&opener, for_new.clone()).await.as_deref(), Ok("new"));
    for broken in ["", "AGE-SECRET-KEY-1BROKEN\n", "# only a comment\n"] {
        files.write(broken);
        reread();
        assert_eq!(
            open(&opener, for_new.clone()).await.as_deref(),
            Ok("new"),
            "{broken:?}"
        );
    }
    fs::remove_file(files.path()).unwrap();
    reread();
    assert_eq!(open(&opener, for_old.clone()).await.as_deref(), Ok("old"));
    // A key that is gone opens nothing, not even what it opened before.
    files.write(&text_of(&[&new]));
    reread();
    assert_eq!(open(&opener, for_old).await, Err(Unopened::NoKey));
    assert_eq!(open(&opener, for_new).await.as_deref(), Ok("new"));
}

#[tokio::test]
async fn what_was_opened_is_kept_within_its_bytes() {
    let identity = Identity::generate();
    let files = Files::with(&[&identity]);
    let file = Bytes::from(sealed("hunter22", &unbound(), &identity));
    for (bytes, is_kept) in [(1 << 20, true), (0, false)] {
        let config = SealedConfig {
            sealed_cache_bytes: bytes,
            ..files.config()
        };
        let opener = Opener::new(&config, 1).unwrap();
        let keys = opener.keys.as_ref().unwrap().current();
        assert!(keys.kept(&file).is_none());
        open(&opener, file.clone()).await.unwrap();
        assert_eq!(keys.kept(&file).is_some(), is_kept, "{bytes} bytes");
    }
}

#[test]
fn a_file_without_usable_identities_is_refused_by_name() {
    let files = Files::with(&[]);
    let path = files.path();
    #[track_caller]
    fn refused(files: &Files, expect: &str) {
        let error = Opener::new(&files.config(), 1).unwrap_err().to_string();
        assert_eq!(error, format!("--sealed-identities {expect}"));
    }
    let path = path.display();
    refused(
        &files,
        &format!("{path}: has no identity, as age-keygen writes it"),
    );
    files.write("# a key\nAGE-SECRET-KEY-1HUNTER22\n");
    let line = "identity file contains non-identity data on line 2";
    refused(&files, &format!("{path}: {line}"));
    files.write(&"#\n".repeat(40_000));
    refused(&files, &format!("{path}: is larger than 65536 bytes"));
    files.write(&text_of(&vec![&Identity::generate(); 33]));
    let error = Opener::new(&files.config(), 1).unwrap_err().to_string();
    assert!(
        error.contains("makes it over 32 identities in all"),
        "{error}"
    );
    fs::remove_file(files.path()).unwrap();
    refused(
        &files,
        &format!("{path}: No such file or directory (os error 2)"),
    );
}

#[tokio::test]
async fn without_keys_only_nothing_can_be_opened() {
    let config = SealedConfig {
        sealed_identities: Vec::new(),
        require_bound_seals: false,
        sealed_cache_bytes: 0,
    };
    let opener = Opener::new(&config, 1).unwrap();
    assert!(
        opener
            .open(Sealed::new(), PURPOSE)
            .await
            .unwrap()
            .is_empty()
    );
    let sealed = Sealed::from([("key".to_owned(), Bytes::new())]);
    let error = opener.open(sealed, PURPOSE).await.unwrap_err();
    assert_eq!(error, SealedError::NoKeys);
}

#[tokio::test]
async fn a_value_is_read_by_the_settings_type() {
    let identity = Identity::generate();
    let opener = Files::with(&[&identity]).opener();
    let value = async |text: &str| {
        let file = sealed(text, &unbound(), &identity).into();
        let sealed = Sealed::from([("key".to_owned(), file)]);
        opener
            .open(sealed, PURPOSE)
            .await
            .unwrap()
            .remove(0)
            .1
            .unwrap()
    };
    let number = value("12.5").await;
    assert_eq!(number.json(None), Some(json!("12.5")));
    assert_eq!(number.json(Some(SettingType::String)), Some(json!("12.5")));
    assert_eq!(number.json(Some(SettingType::Number)), Some(json!(12.5)));
    let map = value(r#"{"a":[1]}"#).await;
    assert_eq!(map.json(Some(SettingType::Map)), Some(json!({"a": [1]})));
    assert_eq!(value("hunter22").await.json(Some(SettingType::Map)), None);
    assert!(!format!("{number:?} {opener:?}").contains("12.5"));
}
