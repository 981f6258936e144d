//! The same over HTTP/1.1, one request at a time on a connection, for peers that speak no gRPC.

use bytes::Bytes;
use http::Request;
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use crate::load::Ask;

pub struct Connection(SendRequest<Full<Bytes>>);

impl Connection {
    pub async fn connect(port: u16) -> Connection {
        let socket = TcpStream::connect(("127.0.0.1", port))
            .await
            .expect("the server listens");
        socket.set_nodelay(true).expect("an option of TCP");
        let (sender, connection) = http1::handshake(TokioIo::new(socket))
            .await
            .expect("the server speaks HTTP");
        tokio::task::spawn_local(async move {
            // It ends with an error when the server is killed.
            let _ = connection.await;
        });
        Connection(sender)
    }

    /// The body that answers; fails on any status but 200.
    pub async fn call(&mut self, ask: &Ask) -> Bytes {
        let request = Request::post(ask.path.clone())
            .header("host", "127.0.0.1")
            .header("content-type", "application/json")
            .header("x-function-id", ask.function.as_str())
            .body(Full::new(ask.body.clone()))
            .expect("a request");
        self.0.ready().await.expect("it is connected");
        let response = self.0.send_request(request).await.expect("it is answered");
        let status = response.status();
        let body = response.into_body().collect().await;
        let body = body.expect("the whole answer comes").to_bytes();
        assert_eq!(status, 200, "{}: {}", ask.path, body.escape_ascii());
        body
    }
}
