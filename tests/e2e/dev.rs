//! `penstock dev`: what is saved is served and checked, until Ctrl-C.

use std::time::Duration;

use rustix::process::Signal;
use serde_json::json;

use crate::command::Files;
use crate::playground::{Asked, answer_at};
use crate::processes::{Guarded, signal, wait_until};

const FUNCTION: &str = "function onTrack(event) { return event }\n";
const BOUND: Duration = Duration::from_mins(1);

/// `penstock dev` on a directory, and what it has said so far.
struct Dev {
    files: Files,
    process: Guarded,
}

impl Dev {
    fn start(files: &[(&str, &str)]) -> Dev {
        let files = Files::of("dev", files);
        let arguments = [".", "--cells", "1", "--listen", "127.0.0.1:0"];
        let process = files.start(&[&arguments[..], &["--admin", "127.0.0.1:0"]].concat());
        Dev { files, process }
    }

    fn told(&self) -> String {
        std::fs::read_to_string(self.files.path("stdout")).unwrap_or_default()
    }

    /// Waits until it has said something.
    #[track_caller]
    fn tells(&self, expect: &str) {
        let told = wait_until(BOUND, || self.told().contains(expect));
        let stderr = std::fs::read_to_string(self.files.path("stderr")).unwrap_or_default();
        assert!(told, "it tells {expect:?}:\n{}\n{stderr}", self.told());
    }

    /// Where its playground is.
    fn address(&self) -> String {
        self.tells("/playground\n");
        let told = self.told();
        let address = told.split("http://").nth(1).expect("an address");
        address.split('/').next().expect("an address").to_owned()
    }

    /// What the playground's page would be told of the function.
    fn draft(&self) -> serde_json::Value {
        let answer = answer_at(&self.address(), &Asked::get("/playground/executor"));
        serde_json::from_str(&answer.body).expect("JSON")
    }
}

#[test]
fn each_save_is_served_and_checked_until_ctrl_c() {
    let mut dev = Dev::start(&[("index.js", FUNCTION)]);
    dev.tells("function@1: as it is\n./index.js: a script of 41 bytes\n");
    dev.tells("\nno errors\n");
    let shown = dev.draft();
    assert_eq!(shown["draft"], "function@1", "{shown:#}");
    assert_eq!(shown["functions"][0]["source"], FUNCTION, "{shown:#}");

    dev.files.write(
        "index.js",
        "function onTrack(event) {\n  return evnt event\n}\n",
    );
    dev.tells("function@2: index.js changed\nerror: SyntaxError: Unexpected identifier 'event'\n");
    dev.tells("> 2 |   return evnt event\n");
    dev.tells("\n1 error\n");
    assert_eq!(dev.draft()["draft"], "function@2");

    let manifest = r#"{"settings": [{"name": "key", "type": "string", "encrypted": true}]}"#;
    dev.files.write("function.json", manifest);
    dev.tells("function@3: function.json changed\n");
    let describe = json!({"function": {"function_id": "function", "version": "3"}});
    let described = answer_at(&dev.address(), &Asked::call("Describe", &describe));
    let described: serde_json::Value = serde_json::from_str(&described.body).expect("JSON");
    let setting = &described["response"]["settings"][0];
    assert_eq!(setting["encrypted"], true, "{described:#}");

    std::fs::remove_file(dev.files.path("index.js")).expect("removed");
    dev.tells("index.js: No such file");
    assert_eq!(dev.draft()["draft"], "function@3");
    dev.files.write(
        "index.ts",
        "export const onTrack = (event: object) => event;\n",
    );
    dev.tells("function@4: index.ts changed\nno errors\n");
    assert_eq!(dev.draft()["functions"][0]["typescript"], true);

    signal(dev.process.id(), Signal::INT);
    assert_eq!(dev.process.exit_code_within(BOUND), Some(0));
    let acts = |letter: char| letter.is_control() && letter != '\n';
    assert!(!dev.told().contains(acts), "no colours off a terminal");
    let stderr = std::fs::read_to_string(dev.files.path("stderr")).expect("its stderr");
    assert_eq!(stderr, "", "nothing else is said");
}

#[test]
fn what_can_not_be_served_is_named() {
    #[track_caller]
    fn check(arguments: &[&str], expect: &str) {
        let files = Files::of("dev", &[("index.js", FUNCTION)]);
        std::fs::create_dir(files.path("empty")).expect("a folder");
        let run = files.run(arguments).exits(2);
        assert!(run.stderr.contains(expect), "{expect:?} in {run:#?}");
    }
    check(&[], "the directory comes first");
    check(&["--admin", "off"], "the directory comes first");
    check(&["empty"], "empty/index.js: No such file");
    check(&[".", "--functions", "."], "leave out --functions");
    check(&[".", "--admin", "off"], "--playground on");
    check(&[".", "--playground", "off"], "--playground on");
    check(&[".", "--no-such-flag"], "See penstock dev --help");
}
