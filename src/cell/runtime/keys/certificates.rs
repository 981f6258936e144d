//! X.509 certificates (RFC 5280): what they say.

use x509_parser::prelude::{FromDer, X509Certificate};

use super::KeyFault;

/// The certificate's SPKI.
///
/// # Errors
/// [`KeyFault::Malformed`].
pub fn public_key(certificate: &[u8]) -> Result<&[u8], KeyFault> {
    let (_, certificate) =
        X509Certificate::from_der(certificate).map_err(|_| KeyFault::Malformed)?;
    Ok(certificate.tbs_certificate.subject_pki.raw)
}
