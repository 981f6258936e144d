//! A service with TLS and access control, and the files it is started from.

use std::fs;
use std::sync::Arc;

use penstock::api::InvokeResponse;
use penstock::front::access::TokenHash;
use tempfile::TempDir;
use tokio_rustls::rustls::{ALL_VERSIONS, ClientConfig};
use tonic::metadata::MetadataValue;
use tonic::transport::Channel;
use tonic::{Request, Status};

use super::certificates::{Authority, Issued};
use super::check::Call;
use super::service::{self, Service, block_on};

/// How soon a service looks at changed files.
const LOOK_MS: &str = "50";

/// An authority, and files of certificates and access in a directory.
pub struct Secured {
    pub authority: Authority,
    directory: TempDir,
}

impl Secured {
    /// With a server's certificate, its authority as that of clients, and an access file.
    pub fn new(access: &str) -> Secured {
        let secured = Secured {
            authority: Authority::new(),
            directory: tempfile::tempdir().expect("a directory"),
        };
        secured.write_server(2099);
        secured.write("ca.pem", &secured.authority.pem());
        secured.write("access.toml", access);
        secured
    }

    /// A new certificate for the server, good until the beginning of a year, with its key.
    pub fn write_server(&self, until: i32) -> Issued {
        let issued = self.authority.issue(&["127.0.0.1"], (2000, until));
        self.write("server.pem", &issued.pem());
        self.write("server.key", &issued.key_pem());
        issued
    }

    /// Replaces a file as a whole.
    pub fn write(&self, name: &str, text: &str) {
        let aside = self.directory.path().join("aside");
        fs::write(&aside, text).expect("written");
        fs::rename(aside, self.path(name)).expect("renamed");
    }

    pub fn path(&self, name: &str) -> String {
        let path = self.directory.path().join(name);
        path.to_str().expect("a path in UTF-8").to_owned()
    }

    /// Starts with TLS and the access file, unless flags say otherwise; `{name}` in flags is the path of a file.
    pub fn start(&self, flags: &[&str]) -> Service {
        let flags: Vec<_> = flags.iter().map(|flag| self.filled(flag)).collect();
        let flags: Vec<_> = flags.iter().map(String::as_str).collect();
        let [certificate, key, access] =
            ["server.pem", "server.key", "access.toml"].map(|name| self.path(name));
        let environment = [
            ("PENSTOCK_CELLS", "1"),
            ("PENSTOCK_RELOAD_MS", LOOK_MS),
            ("PENSTOCK_TLS_CERT", &certificate),
            ("PENSTOCK_TLS_KEY", &key),
            ("PENSTOCK_ACCESS", &access),
        ];
        Service::start_tls(&flags, &environment, self.client(None))
    }

    pub fn filled(&self, flag: &str) -> String {
        let named = flag
            .strip_prefix('{')
            .and_then(|flag| flag.strip_suffix('}'));
        named.map_or_else(|| flag.to_owned(), |name| self.path(name))
    }

    /// A client in good order.
    pub fn client(&self, identity: Option<&Issued>) -> Arc<ClientConfig> {
        self.authority.client(identity, &["h2"], ALL_VERSIONS)
    }
}

/// The entry of a token, with more lines.
pub fn token_entry(name: &str, token: &str, more: &str) -> String {
    format!(
        "[[token]]\nname = \"{name}\"\nsha256 = \"{}\"\n{more}\n",
        TokenHash::of(token)
    )
}

/// Calls with a token, if there is one.
pub fn invoke(channel: Channel, token: Option<&str>, call: Call) -> Result<InvokeResponse, Status> {
    let request = with_token(call.request(), token);
    let answer = block_on(service::client(channel).invoke(request));
    answer.map(tonic::Response::into_inner)
}

pub fn with_token<T>(message: T, token: Option<&str>) -> Request<T> {
    let mut request = Request::new(message);
    if let Some(token) = token {
        let value = MetadataValue::try_from(format!("Bearer {token}")).expect("a header");
        request.metadata_mut().insert("authorization", value);
    }
    request
}
