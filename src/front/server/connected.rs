//! What tonic puts into the extensions of each request: who is at the other end of its connection.

use tonic::transport::server::Connected;

use crate::front::peer::{Peer, PeerStream};

impl<Io> Connected for PeerStream<Io> {
    type ConnectInfo = Peer;

    fn connect_info(&self) -> Peer {
        self.peer().clone()
    }
}
