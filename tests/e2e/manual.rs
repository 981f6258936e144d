//! `penstock completions` and `penstock man`: they know every command and every flag, and nothing that is hidden.

use std::collections::BTreeSet;

use crate::command::{Files, Run};
use crate::service::penstock;

const SHELLS: [&str; 5] = ["bash", "elvish", "fish", "powershell", "zsh"];

/// Started by the executor alone.
const HIDDEN: [&str; 2] = ["cell", "strip"];

fn help(arguments: &[&str]) -> String {
    let output = penstock().args(arguments).arg("--help").output();
    String::from_utf8(output.expect("it runs").stdout).expect("UTF-8")
}

/// As the help lists them, but for that of clap itself.
fn commands() -> Vec<String> {
    let help = help(&[]);
    let (_, list) = help.split_once("\nCommands:\n").expect("the commands");
    let lines = list.lines().take_while(|line| !line.is_empty());
    let names = lines.filter_map(|line| line.split_whitespace().next());
    let names: Vec<_> = names
        .filter(|name| *name != "help")
        .map(str::to_owned)
        .collect();
    assert!(names.len() > 8, "{names:?}");
    names
}

fn flags(command: &str) -> BTreeSet<String> {
    let help = help(&[command]);
    let lines = help.lines().map(str::trim_start);
    let flags = lines.filter(|line| line.starts_with('-'));
    let words = flags.flat_map(|line| line.split([' ', ',']));
    let long = words.filter_map(|word| word.strip_prefix("--"));
    long.map(str::to_owned).collect()
}

#[test]
fn completions_know_every_command_and_flag() {
    let files = Files::of("completions", &[]);
    for shell in SHELLS {
        let script = files.run(&[shell]).exits(0).stdout;
        for command in commands() {
            assert!(script.contains(&command), "{command} in {shell}");
            for flag in flags(&command) {
                assert!(script.contains(&flag), "{command} --{flag} in {shell}");
            }
        }
        // Bash's tells no more than names, the others' what a command does.
        for hidden in ["__cell", "__strip", "by hand"] {
            assert!(!script.contains(hidden), "{hidden} in {shell}");
        }
    }
    let none = files.run(&["csh"]).exits(2);
    assert!(none.stderr.contains("fish"), "{none:#?}");
}

/// A page without the backslashes before its dashes.
fn plain(run: Run) -> String {
    run.exits(0).stdout.replace('\\', "")
}

#[test]
fn every_command_has_its_page_with_every_flag() {
    let files = Files::of("man", &[]);
    let whole = plain(files.run(&[]));
    for command in commands() {
        assert!(
            whole.contains(&format!("penstock-{command}(1)")),
            "{command} in {whole}"
        );
        let page = plain(files.run(&[&command]));
        let begins = format!("\n.TH penstock-{command} 1  \"penstock ");
        assert!(page.contains(&begins), "{page}");
        for flag in flags(&command) {
            assert!(page.contains(&format!("--{flag}")), "{command} --{flag}");
        }
    }
    for hidden in HIDDEN {
        assert!(!whole.contains(&format!("penstock-{hidden}")), "{hidden}");
        let none = files.run(&[hidden]).exits(2);
        assert!(none.stderr.contains("there are serve, "), "{none:#?}");
    }
}

#[test]
fn all_pages_are_written_where_they_are_wanted() {
    let files = Files::of("man", &[]);
    let told = files.run(&["--directory", "share/man1"]).exits(0).stdout;
    for command in commands() {
        let name = format!("share/man1/penstock-{command}.1");
        assert!(told.contains(&name), "{name} in {told}");
        assert!(files.read(&name).contains(".SH SYNOPSIS"));
    }
    assert!(
        files
            .read("share/man1/penstock.1")
            .contains(".SH SUBCOMMANDS")
    );
}
