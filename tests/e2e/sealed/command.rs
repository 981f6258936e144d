//! `penstock seal`, and `penstock invoke` with what it prints.

use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::process::Stdio;

use age::secrecy::ExposeSecret;
use age::x25519::Identity;
use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::json;

use super::{BOUND, ECHO, IDENTITIES, RECIPIENT, SERVICE, WithSealed};
use crate::check::Call;
use crate::processes::Guarded;
use crate::service::penstock;

/// What `penstock` printed, when it ended well, and else what it complained of.
fn run(folder: &Path, arguments: &[&str], input: &str) -> Result<String, String> {
    let file = |name: &str| File::create(folder.join(name)).expect("a file");
    let read = |name: &str| std::fs::read_to_string(folder.join(name)).expect("a file");
    let mut command = penstock();
    command
        .args(arguments)
        .current_dir(folder)
        .stdin(Stdio::piped());
    let mut process = Guarded::spawn(command.stdout(file("out")).stderr(file("err")));
    let mut pipe = process.child().stdin.take().expect("a pipe");
    // It may not read, when it was given what it can't use.
    let _ = pipe.write_all(input.as_bytes());
    drop(pipe);
    match process.exit_code_within(BOUND) {
        Some(0) => Ok(read("out")),
        code => Err(format!("{code:?} {}", read("err"))),
    }
}

#[test]
fn penstock_seal_and_invoke() {
    let folder = tempfile::tempdir().expect("a temporary directory");
    let seal = |arguments: &[&str], input: &str| {
        let common = ["seal", "--name", "key", "--recipient", RECIPIENT];
        run(folder.path(), &[&common, arguments].concat(), input)
    };
    let opened = |printed: &str| {
        let file = match printed.starts_with("-----BEGIN") {
            true => printed.as_bytes().to_vec(),
            false => STANDARD.decode(printed.trim_end()).expect("base64"),
        };
        Call::of(ECHO)
            .id("f")
            .instance("i")
            .sealed("key", file)
            .run_on(&SERVICE)
            .delivered()
    };
    let bound = ["--function-id", "f", "--instance-id", "i"];
    for (arguments, input, value) in [
        (&[][..], "hunter22\n", "hunter22"),
        (&["--armor"], "hunter22\r\n", "hunter22"),
        (&["--keep-newline"], "two\nlines\n", "two\nlines\n"),
        (&bound, "two\nlines\n\n", "two\nlines\n"),
    ] {
        let printed = seal(arguments, input).expect("it is sealed");
        assert_eq!(opened(&printed), json!({ "key": value }).to_string());
    }

    let printed = seal(&bound, "hunter22").expect("it is sealed");
    std::fs::write(folder.path().join("f.js"), ECHO).expect("a file");
    std::fs::write(folder.path().join("event.json"), r#"{"type":"track"}"#).expect("a file");
    let settings = json!({ "key": printed.trim_end() }).to_string();
    std::fs::write(folder.path().join("sealed.json"), settings).expect("a file");
    let invoke = [
        "invoke",
        "f.js",
        "--event",
        "event.json",
        "--sealed-settings",
        "sealed.json",
    ];
    let keys = ["--sealed-identities", IDENTITIES];
    let ran = run(folder.path(), &[&invoke[..], &keys, &bound].concat(), "");
    assert!(
        ran.as_ref().is_ok_and(|text| text.contains("hunter22")),
        "{ran:?}"
    );
    let without_keys = run(folder.path(), &invoke, "").unwrap_err();
    assert!(
        without_keys.contains("--sealed-identities"),
        "{without_keys}"
    );
    assert!(
        run(folder.path(), &[&invoke[..], &keys].concat(), "").is_err(),
        "it is not for local"
    );
}

#[test]
fn penstock_seal_refuses_what_it_cant_seal() {
    let folder = tempfile::tempdir().expect("a temporary directory");
    std::fs::write(folder.path().join("keys"), "# ours\n\nage1hunter22\n").expect("a file");
    let identity = Identity::generate().to_string();
    for (arguments, input, told) in [
        (&["--name", "key"][..], "x", "--recipient"),
        (
            &["--name", "", "--recipient", RECIPIENT],
            "x",
            "--name: must be of 1 to 256 bytes",
        ),
        (
            &["--name", "key", "--recipient", RECIPIENT],
            "",
            "1 to 262144 bytes of UTF-8",
        ),
        (
            &[
                "--name",
                "key",
                "--recipient",
                RECIPIENT,
                "--function-id",
                "a/b",
            ],
            "x",
            "--function-id",
        ),
        (
            &["--name", "key", "--recipients-file", "keys"],
            "x",
            "keys: line 3: is no public key",
        ),
        (
            &["--name", "key", "--recipients-file", "nowhere"],
            "x",
            "nowhere: No such file",
        ),
        (
            &["--name", "key", "--recipient", identity.expose_secret()],
            "x",
            "is no public key",
        ),
    ] {
        let refused = run(folder.path(), &[&["seal"], arguments].concat(), input);
        let refused = refused.unwrap_err();
        assert!(
            refused.starts_with("Some(2)") && refused.contains(told),
            "{refused}"
        );
        assert!(!refused.contains(identity.expose_secret()), "{refused}");
    }
}
