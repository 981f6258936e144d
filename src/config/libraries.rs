//! Where the libraries are that functions find.

use std::{
    convert::Infallible,
    fmt,
    path::{Path, PathBuf},
    str::FromStr,
};

use clap::Args;

/// What `libs/build.mjs` has built, seen from the root of the repository.
const BUILT: &str = "libs/dist";

/// The libraries that functions find as globals and by `require`.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Libraries")]
pub struct LibrariesConfig {
    /// Directory of the libraries that functions find (lodash, moment, AWS…), as `just libs` builds it; `off` or an
    /// empty value offers none [default: libs/dist in the working directory, if it is built there]
    #[arg(
        long = "libraries",
        env = "PENSTOCK_LIBRARIES",
        value_name = "DIRECTORY"
    )]
    pub place: Option<LibrariesPlace>,
}

/// Where the libraries are, if there are any.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LibrariesPlace {
    Off,
    In(PathBuf),
}

impl LibrariesConfig {
    /// The directory to read; `None` for no libraries.
    pub fn directory(&self) -> Option<PathBuf> {
        match &self.place {
            Some(LibrariesPlace::Off) => None,
            Some(LibrariesPlace::In(directory)) => Some(directory.clone()),
            None => {
                let built = Path::new(BUILT);
                built.join("manifest.json").is_file().then(|| built.into())
            }
        }
    }
}

impl FromStr for LibrariesPlace {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(match text {
            "" | "off" => Self::Off,
            directory => Self::In(directory.into()),
        })
    }
}

impl fmt::Display for LibrariesPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Off => f.write_str("off"),
            Self::In(directory) => directory.display().fmt(f),
        }
    }
}
