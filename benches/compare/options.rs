//! What the command line asks for.

use std::path::PathBuf;
use std::time::Duration;

/// What this process is: the measuring one, or a floor that it started.
pub enum Role {
    Compare(Options),
    Echo,
    Engine,
}

pub struct Options {
    /// Of each case, after a warm-up of half as long.
    pub time: Duration,
    pub rounds: usize,
    /// Where the peers' packages are installed.
    pub peers: PathBuf,
    /// Where the results go in full.
    pub json: Option<PathBuf>,
    /// Where the results go as pictures.
    pub pictures: Option<PathBuf>,
    /// Only subjects whose name contains this.
    pub only: Option<String>,
}

impl Role {
    /// Fails with the usage when there is something it does not know.
    pub fn from_arguments() -> Role {
        let mut options = Options {
            time: Duration::from_secs(5),
            rounds: 3,
            peers: PathBuf::from(concat!(
                env!("CARGO_MANIFEST_DIR"),
                "/benches/compare/peers"
            )),
            json: None,
            pictures: None,
            only: None,
        };
        let mut arguments = std::env::args().skip(1);
        while let Some(argument) = arguments.next() {
            let mut value = || {
                let value = arguments.next();
                value.unwrap_or_else(|| panic!("{argument} wants a value"))
            };
            match argument.as_str() {
                "echo" => return Role::Echo,
                "engine" => return Role::Engine,
                // Cargo says so.
                "--bench" => {}
                "--seconds" => {
                    options.time = Duration::from_secs(value().parse().expect("whole seconds"));
                }
                "--rounds" => options.rounds = value().parse().expect("a number of rounds"),
                "--peers" => options.peers = value().into(),
                "--json" => options.json = Some(value().into()),
                "--pictures" => options.pictures = Some(value().into()),
                "--only" => options.only = Some(value()),
                other => panic!(
                    "{other} is none of --seconds, --rounds, --peers, --json, --pictures and --only"
                ),
            }
        }
        Role::Compare(options)
    }
}
