//! Clients of HTTP/2 that do what no library lets them: raw frames, and calls in pieces.

use std::io::{self, ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use bytes::Bytes;
use h2::client::{ResponseFuture, SendRequest};
use h2::{RecvStream, SendStream};
use http::{HeaderMap, Request};

use super::check::Call;
use super::service::Service;

pub const INVOKE: &str = "/penstock.executor.v1.ExecutorService/Invoke";

/// Nothing that is waited for takes that long.
const BOUND: Duration = Duration::from_secs(40);

/// Kinds of frames.
pub const HEADERS: u8 = 1;
pub const RST_STREAM: u8 = 3;
pub const SETTINGS: u8 = 4;
pub const PING: u8 = 6;
pub const GOAWAY: u8 = 7;

/// Flags of frames.
pub const ACK: u8 = 1;
pub const END_STREAM: u8 = 1;
pub const END_HEADERS: u8 = 4;

/// Error codes of `RST_STREAM` and GOAWAY.
pub const NO_ERROR: u32 = 0;
pub const REFUSED_STREAM: u32 = 7;
pub const ENHANCE_YOUR_CALM: u32 = 11;

/// A setting's number.
pub const MAX_CONCURRENT_STREAMS: u16 = 3;
pub const INITIAL_WINDOW_SIZE: u16 = 4;

/// One frame, as it was read.
#[derive(Debug)]
pub struct Frame {
    pub kind: u8,
    pub flags: u8,
    pub stream: u32,
    pub payload: Vec<u8>,
}

impl Frame {
    /// The code that a `RST_STREAM` or GOAWAY ends with.
    pub fn error(&self) -> u32 {
        let at = if self.kind == GOAWAY { 4 } else { 0 };
        let code = self.payload[at..at + 4].try_into();
        u32::from_be_bytes(code.expect("four bytes"))
    }

    /// The value of one of the settings in a SETTINGS frame.
    pub fn setting(&self, number: u16) -> Option<u32> {
        let mut settings = self.payload.chunks_exact(6);
        let found = settings.find(|setting| setting[..2] == number.to_be_bytes())?;
        found[2..].try_into().ok().map(u32::from_be_bytes)
    }
}

/// The bytes of a frame.
pub fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).expect("a short payload");
    let mut bytes = length.to_be_bytes()[1..].to_vec();
    bytes.extend([kind, flags]);
    bytes.extend(stream.to_be_bytes());
    bytes.extend(payload);
    bytes
}

/// The headers of a call, each written out.
pub fn call_headers() -> Vec<u8> {
    let headers = [
        (":method", "POST"),
        (":scheme", "http"),
        (":path", INVOKE),
        (":authority", "penstock"),
        ("content-type", "application/grpc"),
        ("te", "trailers"),
    ];
    let text = |text: &str| {
        let length = u8::try_from(text.len()).expect("a short text");
        assert!(length < 127, "it takes more than a byte to say");
        [&[length], text.as_bytes()].concat()
    };
    let literal = |(name, value): (&str, &str)| [&[0][..], &text(name), &text(value)].concat();
    headers.into_iter().flat_map(literal).collect()
}

/// A connection on which anything can be sent.
pub struct RawClient(TcpStream);

impl RawClient {
    /// Connects and says nothing.
    pub fn connect(service: &Service) -> RawClient {
        let stream = TcpStream::connect(service.address()).expect("it accepts");
        stream.set_read_timeout(Some(BOUND)).expect("a bound");
        RawClient(stream)
    }

    /// Connects as HTTP/2 has it, with these settings, and answers the server's.
    #[track_caller]
    pub fn start(service: &Service, settings: &[(u16, u32)]) -> RawClient {
        RawClient::try_start(service, settings).expect("it is sent")
    }

    /// As [`Self::start`], to a server that may close the connection at once.
    pub fn try_start(service: &Service, settings: &[(u16, u32)]) -> io::Result<RawClient> {
        let mut client = RawClient::connect(service);
        let setting = |(number, value): &(u16, u32)| {
            [&number.to_be_bytes()[..], &value.to_be_bytes()].concat()
        };
        let settings: Vec<u8> = settings.iter().flat_map(setting).collect();
        client.0.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")?;
        client.0.write_all(&frame(SETTINGS, 0, 0, &settings))?;
        client.0.write_all(&frame(SETTINGS, ACK, 0, &[]))?;
        Ok(client)
    }

    #[track_caller]
    pub fn send(&mut self, bytes: &[u8]) {
        self.0.write_all(bytes).expect("it is sent");
    }

    /// The next frame; nothing once the server has closed the connection.
    #[track_caller]
    pub fn next(&mut self) -> Option<Frame> {
        let mut head = [0; 9];
        if !self.read(&mut head) {
            return None;
        }
        let length = u32::from_be_bytes([0, head[0], head[1], head[2]]);
        let mut payload = vec![0; length as usize];
        self.read(&mut payload).then(|| Frame {
            kind: head[3],
            flags: head[4],
            stream: u32::from_be_bytes([head[5], head[6], head[7], head[8]]),
            payload,
        })
    }

    /// The next frame of a kind.
    #[track_caller]
    pub fn next_of(&mut self, kind: u8) -> Frame {
        loop {
            let frame = self.next().expect("the connection is still there");
            if frame.kind == kind {
                return frame;
            }
        }
    }

    /// Answers pings and reads until the server closes the connection; every GOAWAY there was.
    #[track_caller]
    pub fn answer_pings_to_the_end(&mut self) -> Vec<Frame> {
        let mut farewells = Vec::new();
        while let Some(read) = self.next() {
            match read.kind {
                PING if read.flags & ACK == 0 => self.send(&frame(PING, ACK, 0, &read.payload)),
                GOAWAY => farewells.push(read),
                _ => {}
            }
        }
        farewells
    }

    /// Everything the server sends until it closes.
    #[track_caller]
    pub fn read_to_end(&mut self) -> Vec<u8> {
        let mut all = Vec::new();
        let mut piece = [0; 1 << 10];
        loop {
            match self.0.read(&mut piece) {
                Ok(0) => return all,
                Ok(count) => all.extend(&piece[..count]),
                Err(error) if error.kind() == ErrorKind::ConnectionReset => return all,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => panic!("it closes the connection: {error}"),
            }
        }
    }

    #[track_caller]
    fn read(&mut self, bytes: &mut [u8]) -> bool {
        match self.0.read_exact(bytes) {
            Ok(()) => true,
            Err(error) => {
                let closed = matches!(
                    error.kind(),
                    ErrorKind::UnexpectedEof | ErrorKind::ConnectionReset
                );
                assert!(closed, "it says something or closes: {error}");
                false
            }
        }
    }
}

/// A call whose request is sent by hand, and whose status is the server's own: no client of gRPC is between.
pub struct BareCall {
    _connection: SendRequest<Bytes>,
    response: ResponseFuture,
    pub body: SendStream<Bytes>,
}

impl BareCall {
    /// Sends the headers, on a connection of its own, and waits until they are there.
    pub async fn open(service: &Service, headers: &[(&'static str, &str)]) -> BareCall {
        let stream = tokio::net::TcpStream::connect(service.address()).await;
        let (connection, mut driver) = h2::client::handshake(stream.expect("it accepts"))
            .await
            .expect("it speaks HTTP/2");
        let mut pings = driver.ping_pong().expect("nobody else has it");
        tokio::spawn(driver);
        let mut connection = connection.ready().await.expect("it takes calls");
        let mut request = Request::post(format!("http://penstock{INVOKE}"))
            .header("content-type", "application/grpc")
            .header("te", "trailers");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(()).expect("a request");
        let (response, body) = connection
            .send_request(request, false)
            .expect("it takes the call");
        // Its answer comes after the headers were read.
        let _ = pings.ping(h2::Ping::opaque()).await;
        BareCall {
            _connection: connection,
            response,
            body,
        }
    }

    /// Sends the whole message, and waits for the answer.
    pub async fn send(mut self, call: Call) -> BareAnswer {
        self.body
            .send_data(call.into_framed_message().into(), true)
            .expect("it takes the message");
        self.answer().await
    }

    pub async fn answer(self) -> BareAnswer {
        let answer = tokio::time::timeout(BOUND, self.response).await;
        let answer = answer.expect("it answers in time").expect("it answers");
        let (head, mut body) = answer.into_parts();
        let mut answer = BareAnswer {
            http: head.status.as_u16(),
            headers: head.headers,
            message: Vec::new(),
        };
        answer.read(&mut body).await;
        answer
    }
}

/// What came back: headers and trailers together, and the message without its prefix.
pub struct BareAnswer {
    pub http: u16,
    pub headers: HeaderMap,
    pub message: Vec<u8>,
}

impl BareAnswer {
    async fn read(&mut self, body: &mut RecvStream) {
        while let Some(data) = body.data().await {
            let data = data.expect("the answer comes whole");
            let _ = body.flow_control().release_capacity(data.len());
            self.message.extend(data);
        }
        self.message.drain(..self.message.len().min(5));
        if let Some(trailers) = body.trailers().await.expect("the answer comes whole") {
            self.headers.extend(trailers);
        }
    }

    /// The gRPC status.
    pub fn status(&self) -> tonic::Status {
        tonic::Status::from_header_map(&self.headers).expect("it has a status")
    }
}
