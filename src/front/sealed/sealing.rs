//! Sealing a setting, which is done by people and their tools before the executor sees it.

use std::io::{self, Write};

use age::{
    EncryptError, Encryptor,
    armor::{ArmoredWriter, Format},
    secrecy::ExposeSecret,
};

use super::envelope::{self, Binding};

pub use age::x25519::Recipient;

/// Why a value was not sealed.
#[derive(Debug, thiserror::Error)]
pub enum NotSealed {
    #[error("the value could not be encrypted: {0}")]
    Encryption(#[from] EncryptError),
    #[error("the value could not be encrypted: {0}")]
    Writing(#[from] io::Error),
    #[error("what it is sealed for has no text: {0}")]
    Binding(#[from] serde_json::Error),
}

/// The age file of a value that only `recipients`, at least one, can open, each with its own key.
///
/// # Errors
/// [`NotSealed`], without recipients for one.
pub fn seal(
    value: &str,
    binding: &Binding,
    recipients: &[Recipient],
) -> Result<Vec<u8>, NotSealed> {
    let plain = envelope::write(binding, value)?;
    let recipients = recipients
        .iter()
        .map(|recipient| -> &dyn age::Recipient { recipient });
    let mut file = Vec::new();
    let mut writer = Encryptor::with_recipients(recipients)?.wrap_output(&mut file)?;
    writer.write_all(plain.expose_secret().as_bytes())?;
    writer.finish()?;
    Ok(file)
}

/// An age file as text, as `age --armor` writes it.
///
/// # Errors
/// None that memory does not make.
pub fn armored(file: &[u8]) -> io::Result<String> {
    let mut writer = ArmoredWriter::wrap_output(Vec::new(), Format::AsciiArmor)?;
    writer.write_all(file)?;
    let text = writer.finish()?;
    Ok(String::from_utf8_lossy(&text).into_owned())
}
