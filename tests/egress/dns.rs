//! A name server on loopback that answers as a test has it, and counts how often it is asked.

use std::{
    net::{IpAddr, SocketAddr},
    sync::{Arc, Mutex},
};

use tokio::net::UdpSocket;
use tokio_util::task::AbortOnDropHandle;

const TYPE_A: u16 = 1;
const TYPE_AAAA: u16 = 28;

pub struct Dns {
    pub address: SocketAddr,
    asked: Arc<Mutex<Vec<String>>>,
    _task: AbortOnDropHandle<()>,
}

/// What there is for a name.
pub enum Answer {
    Addresses(Vec<IpAddr>),
    NoSuchName,
    Failure,
    /// Nothing at all.
    Silence,
}

pub fn addresses(texts: &[&str]) -> Answer {
    Answer::Addresses(
        texts
            .iter()
            .map(|text| text.parse().expect("an address"))
            .collect(),
    )
}

impl Dns {
    /// `answer` gets the name, in lower case and without the dot at its end, and how often it was asked for
    /// IPv4 addresses before. All it says is good for no time.
    pub async fn start(answer: impl Fn(&str, usize) -> Answer + Send + 'static) -> Self {
        let socket = UdpSocket::bind("127.0.0.1:0").await.expect("a port");
        let address = socket.local_addr().expect("an address");
        let asked: Arc<Mutex<Vec<String>>> = Arc::default();
        let log = asked.clone();
        let task = tokio::spawn(async move {
            let mut packet = [0; 1500];
            loop {
                let (length, from) = socket.recv_from(&mut packet).await.expect("a query");
                let query = &packet[..length];
                let (name, kind, end) = question(query);
                let before = {
                    let mut log = log.lock().expect("log");
                    let before = log.iter().filter(|asked| **asked == name).count();
                    if kind == TYPE_A {
                        log.push(name.clone());
                    }
                    before
                };
                if let Some(response) = response(query, end, kind, answer(&name, before)) {
                    let _ = socket.send_to(&response, from).await;
                }
            }
        });
        Self {
            address,
            asked,
            _task: AbortOnDropHandle::new(task),
        }
    }

    /// How often IPv4 addresses of `name` were asked for.
    pub fn asked(&self, name: &str) -> usize {
        let asked = self.asked.lock().expect("log");
        asked.iter().filter(|asked| *asked == name).count()
    }

    pub fn flag(&self) -> String {
        self.address.to_string()
    }
}

/// The name, the type and where the question ends.
fn question(query: &[u8]) -> (String, u16, usize) {
    let mut labels = Vec::new();
    let mut at = 12;
    while query[at] != 0 {
        let length = usize::from(query[at]);
        labels.push(String::from_utf8_lossy(&query[at + 1..=at + length]).to_lowercase());
        at += length + 1;
    }
    let kind = u16::from_be_bytes([query[at + 1], query[at + 2]]);
    (labels.join("."), kind, at + 5)
}

fn response(query: &[u8], end: usize, kind: u16, answer: Answer) -> Option<Vec<u8>> {
    let (code, addresses) = match answer {
        Answer::Addresses(addresses) => (0, addresses),
        Answer::Failure => (2, Vec::new()),
        Answer::NoSuchName => (3, Vec::new()),
        Answer::Silence => return None,
    };
    let wanted = |address: &&IpAddr| match address {
        IpAddr::V4(_) => kind == TYPE_A,
        IpAddr::V6(_) => kind == TYPE_AAAA,
    };
    let records: Vec<&IpAddr> = addresses.iter().filter(wanted).collect();
    let count = u8::try_from(records.len()).expect("few records");
    let mut response = query[..2].to_vec();
    // A response, authoritative, with recursion: one question, the answers, nothing else.
    response.extend([0x85, 0x80 | code, 0, 1, 0, count, 0, 0, 0, 0]);
    response.extend(&query[12..end]);
    for address in records {
        let octets = match address {
            IpAddr::V4(address) => address.octets().to_vec(),
            IpAddr::V6(address) => address.octets().to_vec(),
        };
        // The name of the question, class IN, for 0 seconds.
        response.extend([0xc0, 12]);
        response.extend(kind.to_be_bytes());
        response.extend([0, 1, 0, 0, 0, 0, 0]);
        response.push(u8::try_from(octets.len()).expect("an address"));
        response.extend(octets);
    }
    Some(response)
}
