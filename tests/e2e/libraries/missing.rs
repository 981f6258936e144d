//! What functions are told, and operators, where there are no libraries or not those that were meant.

use super::handler;
use crate::{
    check::{Call, Code, TRACK, delivers, fails},
    command::Files,
};

/// Every global of a library, with a package in it.
const EXPECTED: &str = "AWS aws-sdk OAuth oauth _ lodash fetchretrylib fetch-retry google @google-cloud/storage
    google @google-cloud/bigquery hubspotlib @hubspot/api-client jsforce jsforce jsonwebtoken jsonwebtoken
    libphonenumberjslib libphonenumber-js mailchimplib @mailchimp/mailchimp_marketing moment moment
    moment moment-timezone nodemailjet node-mailjet sendgrid @sendgrid/client sendgrid @sendgrid/mail
    skyflowlib skyflow-node stripe stripe twilio twilio uuidv5 uuidv5 winstonlib winston xml xml xml2js xml2js";

#[test]
fn a_library_that_is_not_installed_says_so_by_name() {
    let words: Vec<_> = EXPECTED.split_whitespace().collect();
    let source = handler(&format!(
        "const words = {words:?}, wrong = []
        const told = touch => {{ try {{ touch() }} catch (error) {{ return error.message }} }}
        for (let i = 0; i < words.length; i += 2) {{
          for (const [name, touch] of [[words[i], () => globalThis[words[i]]], [words[i + 1], () => require(words[i + 1])]]) {{
            const message = told(touch)
            if (message !== name + ' is not installed here: start penstock with --libraries DIRECTORY') wrong.push([name, message])
          }}
        }}
        return {{ wrong, code: (await caught((async () => moment)())).code }}"
    ));
    delivers(&source, TRACK, r#"{"wrong":[],"code":"MODULE_NOT_FOUND"}"#);
    fails(
        "const time = moment()\nfunction onTrack() {}",
        TRACK,
        Code::InvalidFunction,
        "moment is not installed here",
    );
    fails(
        "const x = require('left-pad')\nfunction onTrack() {}",
        TRACK,
        Code::InvalidFunction,
        "zlib, and no libraries: start penstock with --libraries DIRECTORY",
    );
}

#[test]
fn the_names_are_the_functions_own_all_the_same() {
    delivers(
        "var _ = 1; const moment = 2; let xml = 3; function stripe() { return 4 }; AWS = 5
        function onTrack() { twilio = 6; return { all: [_, moment, xml, stripe(), AWS, twilio], keys: Object.keys(globalThis).includes('jsforce') } }",
        TRACK,
        r#"{"all":[1,2,3,4,5,6],"keys":false}"#,
    );
}

#[test]
fn what_was_not_built_is_refused_at_the_start() {
    #[track_caller]
    fn check(arguments: &[&str], manifest: &str, expect: &str) {
        let files = Files::of("serve", &[("manifest.json", manifest)]);
        let ready = ["--listen=127.0.0.1:0", "--admin=off"];
        let run = files.run(&[&ready, arguments].concat());
        assert_ne!(run.code, Some(0), "{run:#?}");
        assert!(run.stderr.contains(expect), "{run:#?}");
    }
    check(
        &["--libraries", "nowhere"],
        "",
        "--libraries nowhere/manifest.json: No such file",
    );
    check(
        &["--libraries", "."],
        "{}",
        "--libraries ./manifest.json: not what libs/build.mjs writes: missing field `libraries`",
    );
    let library = r#"{"libraries":[{"name":"a","global":"a","packages":{},"file":"a.js","bytes":0,"sha256":""}]}"#;
    check(&["--libraries", "."], library, "--libraries ./a.js: ");
}

#[test]
fn the_working_directory_may_have_them() {
    let source = handler("return { type: typeof shout, loud: require('loud')('hi') }");
    let manifest = r#"{"libraries":[{"name":"loud","version":"1.0.0","global":"shout","packages":{"loud":""},"file":"loud.js",
        "bytes":46,"sha256":"SHA"}]}"#;
    let code = "module.exports = (text) => text.toUpperCase()\n";
    let digest = penstock::front::functions::SourceDigest::of(code.as_bytes());
    let manifest = manifest.replace("SHA", &digest.to_string());
    let files = Files::of("invoke", &[("index.js", &source), ("event.json", TRACK)]);
    let built = files.path("libs/dist");
    std::fs::create_dir_all(&built).expect("a directory");
    std::fs::write(built.join("manifest.json"), manifest).expect("a file");
    std::fs::write(built.join("loud.js"), code).expect("a file");
    let event = ["index.js", "--event", "event.json"];
    let run = files.run(&event);
    assert!(run.stdout.contains(r#""loud": "HI""#), "{run:#?}");
    let run = files.run(&[&event[..], &["--libraries", "off"]].concat());
    assert!(run.stdout.contains("and no libraries"), "{run:#?}");
}

#[test]
#[cfg_attr(not(libraries_built), ignore = "libs/dist is not built: just libs")]
fn what_is_built_is_what_functions_count_on() {
    let words: Vec<_> = EXPECTED.split_whitespace().collect();
    let source = handler(&format!(
        "const words = {words:?}, wrong = []
        for (let i = 0; i < words.length; i += 2) {{
          const value = globalThis[words[i]], found = require(words[i + 1])
          if (value === undefined || found === undefined) wrong.push(words[i])
        }}
        return {{ wrong }}"
    ));
    let reply = Call::of(&source).run_on(&super::SERVICE);
    crate::check::assert_same_json(&reply.delivered(), r#"{"wrong":[]}"#, "all libraries");
}
