//! A lean gRPC client: frames that were made before, sent over h2 itself, so that one core of load is enough for what
//! one core serves. tonic's own client costs as much as its server.

use bytes::{Bytes, BytesMut};
use h2::client::SendRequest;
use http::Request;
use tokio::net::TcpStream;

use crate::load::Ask;

/// Far over what is in flight.
const WINDOW: u32 = 16 << 20;

/// One stream after the other on a connection that others share.
#[derive(Clone)]
pub struct Streams(SendRequest<Bytes>);

impl Streams {
    pub async fn connect(port: u16) -> Streams {
        let socket = TcpStream::connect(("127.0.0.1", port))
            .await
            .expect("the server listens");
        socket.set_nodelay(true).expect("an option of TCP");
        let (sender, connection) = h2::client::Builder::new()
            .initial_window_size(WINDOW)
            .initial_connection_window_size(WINDOW)
            .handshake::<_, Bytes>(socket)
            .await
            .expect("the server speaks HTTP/2");
        tokio::task::spawn_local(async move {
            // It ends with an error when the server is killed.
            let _ = connection.await;
        });
        Streams(sender)
    }

    /// The message that answers; fails on any status but OK.
    pub async fn call(&mut self, ask: &Ask) -> Bytes {
        let request = Request::post(format!("http://127.0.0.1{}", ask.path))
            .header("content-type", "application/grpc")
            .header("te", "trailers")
            .body(())
            .expect("a request");
        let mut sender = self.0.clone().ready().await.expect("it is connected");
        let (response, mut body) = sender.send_request(request, false).expect("it is sent");
        body.send_data(ask.body.clone(), true).expect("it is sent");
        let mut body = response.await.expect("it is answered").into_body();
        let mut message = BytesMut::new();
        while let Some(chunk) = body.data().await {
            let chunk = chunk.expect("the whole answer comes");
            let window = body.flow_control();
            window.release_capacity(chunk.len()).expect("it was taken");
            message.extend_from_slice(&chunk);
        }
        let trailers = body.trailers().await.expect("the whole answer comes");
        let status = trailers.and_then(|trailers| trailers.get("grpc-status").cloned());
        assert!(
            status.as_ref().is_some_and(|status| status == "0"),
            "{} answered with the status {status:?}",
            ask.path
        );
        message.freeze()
    }
}
