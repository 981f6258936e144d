//! What no source may be, wherever it comes from.

use std::str::Utf8Error;

/// What keeps something from being a source.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SourceFault {
    #[error("is over the limit of {limit} bytes (knob --source-bytes)")]
    TooLarge { limit: u64 },
    #[error("is not UTF-8: {0}")]
    NotUtf8(#[from] Utf8Error),
    #[error("is there twice, as index.js and as index.ts; leave the one that is to run")]
    Twice,
}

/// Checks the bytes of a file, of which there may be `limit`.
///
/// # Errors
/// [`SourceFault`] when they can't be a source.
pub fn check_source(source: &[u8], limit: u64) -> Result<(), SourceFault> {
    check_size(source, limit)?;
    std::str::from_utf8(source)?;
    Ok(())
}

/// The same for what is UTF-8 already.
pub fn check_size(source: &[u8], limit: u64) -> Result<(), SourceFault> {
    match source.len() as u64 > limit {
        true => Err(SourceFault::TooLarge { limit }),
        false => Ok(()),
    }
}
