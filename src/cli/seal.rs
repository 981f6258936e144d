//! `penstock seal`: a setting's value, from standard input, sealed for an executor's public keys.

use std::{
    fs,
    io::{self, Read},
    path::{Path, PathBuf},
    process::ExitCode,
};

use age::secrecy::{ExposeSecret, SecretString};
use base64::{Engine, engine::general_purpose::STANDARD};
use clap::Args;

use super::{
    exit,
    output::{complain, print},
};
use crate::front::{
    functions::{BadName, check_name},
    redactor::MAX_SECRET_BYTES,
    sealed::{self, Binding, MAX_NAME_BYTES, NotSealed, Recipient},
};

#[derive(Args, Debug)]
pub struct SealArguments {
    /// The setting's name
    #[arg(long, value_name = "NAME")]
    name: String,

    /// The function it is for; without it, any
    #[arg(long, value_name = "ID")]
    function_id: Option<String>,

    /// The instance of the function it is for, which may be empty; without it, any
    #[arg(long, value_name = "ID")]
    instance_id: Option<String>,

    /// A public key to seal for, age1…, as age-keygen prints it; repeatable
    #[arg(
        long = "recipient",
        value_name = "KEY",
        required_unless_present = "recipients_file"
    )]
    recipients: Vec<String>,

    /// File of public keys, one a line; lines that begin with # are comments
    #[arg(long, value_name = "FILE")]
    recipients_file: Option<PathBuf>,

    /// Print ASCII armor, as `age --armor` does, instead of the base64 that JSON requests take
    #[arg(long)]
    armor: bool,

    /// Take a line end at the end of the input for a part of the value
    #[arg(long)]
    keep_newline: bool,
}

/// Why nothing was sealed.
#[derive(Debug, thiserror::Error)]
enum SealError {
    #[error("--name: must be of 1 to {MAX_NAME_BYTES} bytes")]
    Name,
    #[error("--function-id: {0}")]
    FunctionId(BadName),
    /// Without the text: it may be a private key.
    #[error("{place}: is no public key of age (age1…): {reason}")]
    Recipient { place: String, reason: &'static str },
    #[error("{}: {error}", path.display())]
    Unreadable { path: PathBuf, error: io::Error },
    #[error("{}: has no public key", .0.display())]
    NoRecipients(PathBuf),
    #[error("standard input: {0}")]
    Input(io::Error),
    #[error("standard input: a value has 1 to {MAX_SECRET_BYTES} bytes of UTF-8")]
    Value,
    #[error(transparent)]
    NotSealed(#[from] NotSealed),
}

pub fn run(arguments: SealArguments) -> ExitCode {
    match seal(arguments) {
        Ok(text) => print(&format!("{}\n", text.trim_end()), ExitCode::SUCCESS),
        Err(error) => {
            complain(&format!("penstock seal: {error}"));
            ExitCode::from(exit::USAGE)
        }
    }
}

fn seal(arguments: SealArguments) -> Result<String, SealError> {
    if arguments.name.is_empty() || arguments.name.len() > MAX_NAME_BYTES {
        return Err(SealError::Name);
    }
    if let Some(function_id) = &arguments.function_id {
        check_name(function_id).map_err(SealError::FunctionId)?;
    }
    let recipients = recipients(&arguments)?;
    let value = read_value(arguments.keep_newline)?;
    let binding = Binding {
        setting: arguments.name,
        function_id: arguments.function_id,
        instance_id: arguments.instance_id,
    };
    let file = sealed::seal(value.expose_secret(), &binding, &recipients)?;
    match arguments.armor {
        true => Ok(sealed::armored(&file).map_err(NotSealed::from)?),
        false => Ok(STANDARD.encode(file)),
    }
}

fn recipients(arguments: &SealArguments) -> Result<Vec<Recipient>, SealError> {
    let named = arguments.recipients.iter();
    let named = named.map(|text| recipient("--recipient", text));
    let mut recipients = named.collect::<Result<Vec<_>, _>>()?;
    if let Some(path) = &arguments.recipients_file {
        recipients.extend(recipients_of(path)?);
    }
    Ok(recipients)
}

fn recipients_of(path: &Path) -> Result<Vec<Recipient>, SealError> {
    let text = fs::read_to_string(path).map_err(|error| SealError::Unreadable {
        path: path.to_owned(),
        error,
    })?;
    let lines = text.lines().map(str::trim).zip(1..);
    let keys = lines.filter(|(line, _)| !line.is_empty() && !line.starts_with('#'));
    let recipients = keys.map(|(line, number): (_, u32)| {
        recipient(&format!("{}: line {number}", path.display()), line)
    });
    let recipients = recipients.collect::<Result<Vec<_>, _>>()?;
    match recipients.is_empty() {
        true => Err(SealError::NoRecipients(path.to_owned())),
        false => Ok(recipients),
    }
}

fn recipient(place: &str, text: &str) -> Result<Recipient, SealError> {
    text.parse().map_err(|reason| SealError::Recipient {
        place: place.to_owned(),
        reason,
    })
}

/// The value, without the line end that shells and editors put after it.
fn read_value(keep_newline: bool) -> Result<SecretString, SealError> {
    let mut text = String::with_capacity(MAX_SECRET_BYTES + 3);
    let most = MAX_SECRET_BYTES as u64 + 3;
    let read = io::stdin().lock().take(most).read_to_string(&mut text);
    let text = match read {
        Ok(_) => SecretString::from(text),
        Err(error) if error.kind() == io::ErrorKind::InvalidData => return Err(SealError::Value),
        Err(error) => return Err(SealError::Input(error)),
    };
    let whole = text.expose_secret();
    let value = match keep_newline {
        true => whole,
        false => {
            let line = whole.strip_suffix('\n').unwrap_or(whole);
            line.strip_suffix('\r').unwrap_or(line)
        }
    };
    if value.is_empty() || value.len() > MAX_SECRET_BYTES {
        return Err(SealError::Value);
    }
    Ok(value.into())
}
