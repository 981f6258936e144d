//! From `--functions` to the object store it names.

use std::{
    io,
    net::IpAddr,
    path::{self, PathBuf},
    sync::Arc,
    time::Duration,
};

use object_store::{
    BackoffConfig, ClientOptions, ObjectStore, RetryConfig, aws::AmazonS3Builder,
    azure::MicrosoftAzureBuilder, gcp::GoogleCloudStorageBuilder, http::HttpBuilder,
    local::LocalFileSystem, path::Path,
};
use url::{Host, Url};

/// A fetch that fails is tried again so many times, as long as the fetch's time is not over.
const RETRIES: usize = 2;

/// A location that can't be a store; found when the executor starts.
#[derive(Debug, thiserror::Error)]
pub enum UnusableLocation {
    #[error("--functions {0}: must be a directory, or a URL of file, s3, gs, az or https")]
    Scheme(String),
    /// The location is not shown, for what may be in it.
    #[error("--functions: the location is no URL: {0}")]
    NotAUrl(#[from] url::ParseError),
    #[error("--functions {0}: must name an absolute path on this machine, as in file:///functions")]
    NotLocal(Url),
    /// The location is not shown, for what is in it.
    #[error(
        "--functions: the URL must have no user name, password, query or fragment; credentials come from \
         the environment"
    )]
    Credentials,
    #[error("--functions {0}: http is for this machine only; use https")]
    PlainHttp(Url),
    #[error("--functions {}: {error}", path.display())]
    Unreadable { path: PathBuf, error: io::Error },
    #[error("--functions {}: not a directory", .0.display())]
    NotADirectory(PathBuf),
    #[error("--functions {location}: {error}")]
    Refused {
        location: String,
        error: Box<object_store::Error>,
    },
}

/// A store that is ready to be asked.
pub struct Opened {
    pub objects: Arc<dyn ObjectStore>,
    pub root: Path,
    pub directory: Option<PathBuf>,
}

pub fn open(location: &str) -> Result<Opened, UnusableLocation> {
    if !location.contains("://") {
        return open_directory(path::Path::new(location));
    }
    let url = Url::parse(location)?;
    let is_bare = url.username().is_empty()
        && url.password().is_none()
        && url.query().is_none()
        && url.fragment().is_none();
    if !is_bare {
        return Err(UnusableLocation::Credentials);
    }
    if url.scheme() == "file" {
        let path = url.to_file_path();
        return open_directory(&path.map_err(|()| UnusableLocation::NotLocal(url))?);
    }
    open_remote(&url)
}

fn open_directory(path: &path::Path) -> Result<Opened, UnusableLocation> {
    let unreadable = |error| UnusableLocation::Unreadable {
        path: path.to_owned(),
        error,
    };
    if !std::fs::metadata(path).map_err(unreadable)?.is_dir() {
        return Err(UnusableLocation::NotADirectory(path.to_owned()));
    }
    let objects =
        LocalFileSystem::new_with_prefix(path).map_err(|error| unreadable(error.into()))?;
    Ok(Opened {
        objects: Arc::new(objects),
        root: Path::default(),
        directory: Some(path.to_owned()),
    })
}

fn open_remote(url: &Url) -> Result<Opened, UnusableLocation> {
    let folder = || Path::from_url_path(url.path()).map_err(object_store::Error::from);
    let opened = match url.scheme() {
        "s3" => AmazonS3Builder::from_env()
            .with_url(url.as_str())
            .with_retry(retry())
            .build()
            .and_then(|store| Ok((shared(store), folder()?))),
        "gs" => GoogleCloudStorageBuilder::from_env()
            .with_url(url.as_str())
            .with_retry(retry())
            .build()
            .and_then(|store| Ok((shared(store), folder()?))),
        "az" => MicrosoftAzureBuilder::from_env()
            .with_url(url.as_str())
            .with_retry(retry())
            .build()
            .and_then(|store| Ok((shared(store), folder()?))),
        "http" if !is_this_machine(url) => return Err(UnusableLocation::PlainHttp(url.clone())),
        "https" | "http" => HttpBuilder::new()
            .with_url(url.as_str())
            .with_client_options(ClientOptions::new().with_allow_http(url.scheme() == "http"))
            .with_retry(retry())
            .build()
            .map(|store| (shared(store), Path::default())),
        _ => return Err(UnusableLocation::Scheme(url.to_string())),
    };
    let (objects, root) = opened.map_err(|error| UnusableLocation::Refused {
        location: url.to_string(),
        error: Box::new(error),
    })?;
    Ok(Opened {
        objects,
        root,
        directory: None,
    })
}

fn shared(store: impl ObjectStore) -> Arc<dyn ObjectStore> {
    Arc::new(store)
}

/// The time of a fetch as a whole is bounded by who fetches.
fn retry() -> RetryConfig {
    RetryConfig {
        backoff: BackoffConfig {
            init_backoff: Duration::from_millis(50),
            max_backoff: Duration::from_secs(1),
            base: 2.0,
        },
        max_retries: RETRIES,
        ..RetryConfig::default()
    }
}

fn is_this_machine(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => IpAddr::from(address).is_loopback(),
        Some(Host::Ipv6(address)) => IpAddr::from(address).is_loopback(),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn refused(location: &str, expect: &str) {
        let Err(error) = open(location) else {
            panic!("{location} was opened");
        };
        let error = error.to_string();
        assert!(error.contains(expect), "{location}: {error}");
        assert!(!error.contains("hunter22"), "{error}");
    }

    #[test]
    fn a_location_that_is_none_is_told_by_name() {
        refused(
            "ftp://host/functions",
            "--functions ftp://host/functions: must be a directory, or a URL of",
        );
        refused(
            "/nowhere/at/all",
            "--functions /nowhere/at/all: No such file or directory",
        );
        refused("/dev/null", "--functions /dev/null: not a directory");
        refused("file:///dev/null", "not a directory");
        refused(
            "file://host/functions",
            "must name an absolute path on this machine",
        );
        refused("s3://", "--functions s3:");
        refused("https://", "--functions: the location is no URL");
        refused(
            "http://example.com/functions",
            "http is for this machine only",
        );
        refused("http://10.0.0.1/functions", "http is for this machine only");
    }

    #[test]
    fn a_location_never_carries_credentials() {
        let expect = "credentials come from the environment";
        refused("https://me:hunter22@example.com/", expect);
        refused("s3://hunter22@bucket/", expect);
        refused("az://container/?sig=hunter22", expect);
        refused("https://example.com/#hunter22", expect);
        refused("https://me:hunter22/22@example.com/", "no URL");
    }

    #[test]
    fn remote_stores_are_opened_without_being_called() {
        for (location, root) in [
            ("s3://bucket", ""),
            ("s3://bucket/some/folder/", "some/folder"),
            ("https://127.0.0.1:1/functions", ""),
            ("http://localhost:1/functions", ""),
            ("http://[::1]:1/", ""),
        ] {
            let opened = open(location).map_err(|error| error.to_string()).unwrap();
            assert_eq!(opened.root, Path::from(root), "{location}");
        }
    }
}
