//! The sealed settings of `penstock invoke`: a file of them, the keys, and what they have to be sealed for.

use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
};

use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::Bytes;
use clap::Args;

use crate::{
    config::SealedConfig,
    front::sealed::{IdentitiesError, MAX_SEALED, Opened, Opener, Purpose, Sealed, SealedError},
};

#[derive(Args, Debug)]
pub struct SealedArguments {
    /// Sealed settings, a JSON object of what `penstock seal` prints, by name
    #[arg(long, value_name = "FILE")]
    sealed_settings: Option<PathBuf>,

    /// The function that bound settings have to be sealed for
    #[arg(long, value_name = "ID", default_value = "local")]
    function_id: String,

    /// The instance that bound settings have to be sealed for
    #[arg(long, value_name = "ID", default_value = "")]
    instance_id: String,

    #[command(flatten)]
    config: SealedConfig,
}

/// Sealed settings that can't be opened, whatever is in them.
#[derive(Debug, thiserror::Error)]
pub enum SealedArgumentsError {
    #[error("{}: {error}", path.display())]
    Unreadable { path: PathBuf, error: io::Error },
    #[error(
        "{}: must be a JSON object of up to {MAX_SEALED} texts in base64 or ASCII armor",
        .0.display()
    )]
    NotSealed(PathBuf),
    #[error(transparent)]
    Identities(#[from] IdentitiesError),
    #[error(transparent)]
    Sealed(#[from] SealedError),
}

impl SealedArguments {
    /// The settings that were given, after the attempt to open them.
    pub async fn open(&self) -> Result<Opened, SealedArgumentsError> {
        let Some(path) = &self.sealed_settings else {
            return Ok(Opened::new());
        };
        let purpose = Purpose {
            function_id: &self.function_id,
            instance_id: &self.instance_id,
        };
        let opener = Opener::new(&self.config, 1)?;
        Ok(opener.open(read(path)?, purpose).await?)
    }
}

fn read(path: &Path) -> Result<Sealed, SealedArgumentsError> {
    let text = fs::read(path).map_err(|error| SealedArgumentsError::Unreadable {
        path: path.to_owned(),
        error,
    })?;
    let not_sealed = || SealedArgumentsError::NotSealed(path.to_owned());
    let texts: BTreeMap<String, String> =
        serde_json::from_slice(&text).map_err(|_| not_sealed())?;
    if texts.len() > MAX_SEALED {
        return Err(not_sealed());
    }
    let sealed = texts.into_iter().map(|(name, text)| {
        let file = match text.starts_with("-----BEGIN") {
            true => Bytes::from(text),
            false => STANDARD
                .decode(text.trim())
                .map_err(|_| not_sealed())?
                .into(),
        };
        Ok((name, file))
    });
    sealed.collect()
}
