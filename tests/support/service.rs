//! The real binary under test, as a guard: started on a free port, killed and reaped when dropped.

use std::fs::File;
use std::future::Future;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use penstock::api::executor_service_client::ExecutorServiceClient;
use serde_json::Value;
use tokio::runtime::Runtime;
use tokio_rustls::rustls::ClientConfig;
use tonic::transport::Channel;

use super::dial;
use super::processes::{self, Guarded, wait_until};

pub type Client = ExecutorServiceClient<Channel>;

const START_BOUND: Duration = Duration::from_mins(1);
const MESSAGE_BYTES: usize = 64 << 20;

/// Serves all tests of the process, so that channels may be shared among them.
static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| Runtime::new().expect("a runtime starts"));

static SHARED: LazyLock<Service> = LazyLock::new(|| Service::start(&[]));

/// Runs a task beside the test, until it ends or is aborted.
pub fn spawn<F: Future<Output = ()> + Send + 'static>(task: F) -> tokio::task::JoinHandle<()> {
    RUNTIME.spawn(task)
}

pub fn block_on<F: Future>(future: F) -> F::Output {
    RUNTIME.block_on(future)
}

/// The binary with an environment that holds nothing but what a plain process needs.
pub fn penstock() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_penstock"));
    command
        .env_clear()
        .env("PATH", "/usr/bin:/bin")
        .env("LANG", "C.UTF-8")
        .current_dir("/");
    command
}

/// A running `penstock serve`.
pub struct Service {
    process: Guarded,
    address: String,
    admin: Option<String>,
    channel: Channel,
    /// How clients speak TLS, if they do.
    tls: Option<Arc<ClientConfig>>,
    /// Has no name in the file system, so it goes when the last holder does.
    stderr: File,
}

impl Service {
    /// The one that most tests share. It must survive whatever they do.
    pub fn shared() -> &'static Service {
        &SHARED
    }

    /// Starts one of its own with more arguments; fails with what it wrote to stderr.
    pub fn start(arguments: &[&str]) -> Service {
        Service::start_with(arguments, &[])
    }

    /// As [`Service::start`], with variables in its environment.
    pub fn start_with(arguments: &[&str], environment: &[(&str, &str)]) -> Service {
        Service::launch(penstock(), arguments, environment, None)
    }

    /// As [`Service::start_with`], with clients that speak TLS.
    pub fn start_tls(
        arguments: &[&str],
        environment: &[(&str, &str)],
        tls: Arc<ClientConfig>,
    ) -> Service {
        Service::launch(penstock(), arguments, environment, Some(tls))
    }

    /// As [`Service::start`], by a command that ends in the binary: another program may be to run it.
    #[allow(dead_code, reason = "a benchmark counts its instructions so")]
    pub fn start_by(command: Command, arguments: &[&str]) -> Service {
        Service::launch(command, arguments, &[], None)
    }

    fn launch(
        mut command: Command,
        arguments: &[&str],
        environment: &[(&str, &str)],
        tls: Option<Arc<ClientConfig>>,
    ) -> Service {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let ready_file = directory.path().join("ready.json");
        let stderr = tempfile::tempfile().expect("a temporary file");
        // By the environment, so that an argument may say otherwise.
        command.env("PENSTOCK_ADMIN", "127.0.0.1:0");
        command.env("PENSTOCK_LISTEN", "127.0.0.1:0");
        command
            .args(["serve", "--ready-file"])
            .arg(&ready_file)
            .args(arguments)
            .envs(environment.iter().copied());
        command.stdin(Stdio::null()).stdout(Stdio::null());
        command.stderr(stderr.try_clone().expect("a second handle"));
        let mut process = Guarded::spawn(&mut command);
        let ready = await_ready(&mut process, &ready_file, &stderr);
        let told = |listener: &str| ready[listener].as_str().map(str::to_owned);
        let address =
            told("grpc").unwrap_or_else(|| panic!("the ready file tells the address: {ready}"));
        let channel = connect(&address, tls.clone());
        Service {
            process,
            address,
            admin: told("admin"),
            channel,
            tls,
            stderr,
        }
    }

    pub fn channel(&self) -> Channel {
        self.channel.clone()
    }

    pub fn client(&self) -> Client {
        client(self.channel())
    }

    /// A client on a connection of its own.
    pub fn separate_client(&self) -> Client {
        client(self.separate_channel(self.tls.clone()))
    }

    /// A connection of its own, over TLS as told, or without.
    pub fn separate_channel(&self, tls: Option<Arc<ClientConfig>>) -> Channel {
        connect(&self.address, tls)
    }

    /// Where it takes calls.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// Where metrics and probes are, unless they are off.
    pub fn admin(&self) -> Option<&str> {
        self.admin.as_deref()
    }

    pub fn pid(&self) -> u32 {
        self.process.id()
    }

    pub fn process(&mut self) -> &mut Guarded {
        &mut self.process
    }

    pub fn is_alive(&self) -> bool {
        processes::is_alive(self.pid())
    }

    /// Its live cells, those that worked most first.
    pub fn cells(&self) -> Vec<u32> {
        processes::cells_of(self.pid())
    }

    pub fn stderr(&self) -> String {
        text_of(&self.stderr)
    }
}

pub fn client(channel: Channel) -> Client {
    Client::new(channel)
        .max_decoding_message_size(MESSAGE_BYTES)
        .max_encoding_message_size(MESSAGE_BYTES)
}

/// Connects on first use.
fn connect(address: &str, tls: Option<Arc<ClientConfig>>) -> Channel {
    let _runtime = RUNTIME.enter();
    dial::channel(address, tls)
}

/// What the ready file tells.
fn await_ready(process: &mut Guarded, ready_file: &Path, stderr: &File) -> Value {
    let pid = process.id();
    let mut ready = None;
    let mut exited = None;
    wait_until(START_BOUND, || {
        ready = read_ready(ready_file);
        exited = process
            .child()
            .try_wait()
            .expect("the child can be waited for");
        ready.is_some() || exited.is_some()
    });
    let Some(ready) = ready else {
        panic!(
            "penstock serve did not become ready (exit: {exited:?}); its stderr:\n{}",
            text_of(stderr)
        );
    };
    assert_eq!(
        ready["pid"], pid,
        "the ready file tells the server's process id: {ready}"
    );
    ready
}

/// Nothing while it is not there or only half written.
fn read_ready(ready_file: &Path) -> Option<Value> {
    serde_json::from_slice(&std::fs::read(ready_file).ok()?).ok()
}

/// Reads without moving the place that the child writes at.
fn text_of(file: &File) -> String {
    let length = file.metadata().map_or(0, |metadata| metadata.len());
    let mut bytes = vec![0; usize::try_from(length).unwrap_or(0)];
    let _ = file.read_exact_at(&mut bytes, 0);
    String::from_utf8_lossy(&bytes).into_owned()
}
