//! `penstock dev`: one function served while it is written, with the playground on it and a check at each save.

use std::{
    ffi::OsString,
    fmt::Write,
    path::{Path, PathBuf},
    process::ExitCode,
    sync::mpsc,
    thread,
};

use clap::Args;

use super::{
    check, exit,
    local::{self, FileError},
    output::{complain, print},
    paint::Paint,
    serve,
};
use crate::{
    config::ServeConfig,
    front::{
        describe::Report,
        functions::{Drafts, Stored, check_name},
        server::Addresses,
    },
};

mod watch;

use watch::Watch;

/// What is logged unless `PENSTOCK_LOG` says otherwise: the rest is told in words of ours.
const LEVEL: &str = "warn";

/// What a function is called whose directory has a name that no function can have.
const NAMELESS: &str = "function";

/// For help alone: flags are read as those of `serve` are.
#[derive(Args, Debug)]
pub struct DevArguments {
    /// The directory of index.js or index.ts, with function.json beside it if there is one; before any flag
    #[arg(value_name = "DIR")]
    directory: PathBuf,

    #[command(flatten)]
    serve: ServeConfig,
}

/// Serves the function in the directory that comes first, on what the flags after it, the environment and the file
/// come to.
pub fn run(arguments: &[OsString]) -> ExitCode {
    let refused = |why: &str| {
        complain(&format!("penstock dev: {why}"));
        ExitCode::from(exit::USAGE)
    };
    let (directory, flags) = match arguments {
        [first, flags @ ..] if !first.as_encoded_bytes().starts_with(b"-") => (first, flags),
        _ => return refused("the directory comes first: penstock dev DIR [FLAGS]"),
    };
    let mut config = match serve::read(flags, "dev") {
        Ok(config) => config,
        Err(code) => return code,
    };
    // Beside what is told of the function, each of its versions would be in the audit log as well.
    let nowhere = || PathBuf::from("/dev/null");
    config.security.audit_log.get_or_insert_with(nowhere);
    if config.functions.location.is_some() {
        return refused(
            "it serves the function in its directory and no store: leave out --functions",
        );
    }
    if !config.admin.has_playground(&config.security) {
        return refused(
            "the playground is off: give --admin an address on loopback, or --playground on",
        );
    }
    match Workshop::open(Path::new(directory), &config) {
        Ok(workshop) => workshop.serve(config),
        Err(error) => refused(&error.to_string()),
    }
}

/// A function under work.
struct Workshop {
    directory: PathBuf,
    drafts: Drafts,
    /// As it was put there last.
    saved: Stored,
    config: ServeConfig,
    watch: Watch,
}

impl Workshop {
    /// With what the directory has as the first version.
    fn open(directory: &Path, config: &ServeConfig) -> Result<Self, FileError> {
        // First, so that nothing is saved between the two unseen.
        let watch = Watch::new(directory);
        let saved = read(directory, config)?;
        let drafts = Drafts::new(&function_id(directory));
        drafts.put(saved.clone());
        Ok(Self {
            directory: directory.to_owned(),
            drafts,
            saved,
            config: config.clone(),
            watch,
        })
    }

    fn serve(self, config: ServeConfig) -> ExitCode {
        let drafts = self.drafts.clone();
        // Dropped once serving has ended, which ends the watch.
        let (_serving, ended) = mpsc::channel();
        serve::serve(config, Some(drafts), LEVEL, move |addresses| {
            self.announce(addresses);
            thread::spawn(move || self.keep_up(&ended));
        })
    }

    fn announce(&self, addresses: &Addresses) {
        let mut text = format!("Serving {} until Ctrl-C.\n\n", self.directory.display());
        if let Some(admin) = addresses.admin {
            let _ = writeln!(text, "  playground  http://{admin}/playground");
        }
        let _ = writeln!(text, "  gRPC        {}", addresses.grpc);
        say(&text);
    }

    /// Takes up what is saved until serving has ended.
    fn keep_up(mut self, ended: &mpsc::Receiver<()>) {
        self.tell("as it is", check::text::of);
        while let Some(changed) = self.watch.next(ended) {
            match read(&self.directory, &self.config) {
                Ok(saved) if saved == self.saved => {}
                Ok(saved) => {
                    self.drafts.put(saved.clone());
                    self.saved = saved;
                    let changed = format!("{} changed", changed.join(", "));
                    self.tell(&changed, check::text::of_faults);
                }
                Err(error) => say(&format!("\n{error}\nThe version before is still served.\n")),
            }
        }
    }

    /// Says which version is served now, why, and what is wrong with it, in such words.
    fn tell(&self, why: &str, in_words: fn(&Report, Paint) -> String) {
        let version = self.drafts.latest().map(|(key, _)| key.to_string());
        say(&format!("\n{}: {why}\n", version.unwrap_or_default()));
        let checked = local::source_file(&self.directory).map(|path| {
            let version = local::version_in(&path, self.saved.clone());
            let config = &self.config;
            check::report(
                version,
                &config.limits,
                config.typescript,
                &config.libraries,
            )
        });
        match checked {
            Ok(Ok(report)) => say(&(in_words(&report, Paint::of_output()) + "\n")),
            Ok(Err(error)) => complain(&format!("it could not be checked: {error}")),
            Err(error) => complain(&error.to_string()),
        }
    }
}

/// To whoever still reads.
fn say(text: &str) {
    let _ = print(text, ExitCode::SUCCESS);
}

fn read(directory: &Path, config: &ServeConfig) -> Result<Stored, FileError> {
    local::read_files(&local::source_file(directory)?, &config.limits)
}

/// What the function is called: as its directory; or as the one around it, where that is a version, as in a store.
fn function_id(directory: &Path) -> String {
    let path = directory.canonicalize().unwrap_or_default();
    let names = path
        .ancestors()
        .map_while(|path| path.file_name()?.to_str());
    let sound = names.take_while(|name| check_name(name).is_ok()).take(2);
    let mut names = sound.filter(|name| name.starts_with(|first: char| first.is_alphabetic()));
    names.next().unwrap_or(NAMELESS).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_function_is_called_as_its_directory() {
        let root = tempfile::tempdir().unwrap();
        let check = |path: &str, expect: &str| {
            let path = root.path().join(path);
            std::fs::create_dir_all(&path).unwrap();
            assert_eq!(function_id(&path), expect, "{}", path.display());
        };
        check("enrich", "enrich");
        check("enrich/1", "enrich");
        check("enrich/1/../2.0", "enrich");
        check("enrich/v2", "v2");
        check("my function", NAMELESS);
        check("my function/1", NAMELESS);
        check(".", NAMELESS);
    }
}
