//! How a door tells its peers, after a restart, that their links are gone: stateless resets under a key that outlives the process.
//!
//! Without this a peer of a door that was killed learns of it only when its link has been idle for `idle_ms_max`. The key follows from the door's
//! private key, so nothing more is kept. Connection ids are random and say nothing, so that an id of an earlier run is answered too.
// SPEC: RFC 9000, section 10.3.

use std::sync::Arc;
use std::time::Duration;

use aws_lc_rs::{hmac, rand};
use quinn::{ConnectionId, ConnectionIdGenerator, EndpointConfig};

/// Bytes of a connection id.
const ID_BYTES: usize = 8;

/// An endpoint whose resets are believed by peers of an earlier run with the same `secret`.
pub(super) fn config(secret: &[u8]) -> EndpointConfig {
    let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret), b"vestibule/1 stateless reset");
    let mut config = EndpointConfig::new(Arc::new(hmac::Key::new(hmac::HMAC_SHA256, tag.as_ref())));
    config.cid_generator(|| Box::new(Random));
    config
}

#[derive(Debug)]
struct Random;

impl ConnectionIdGenerator for Random {
    fn generate_cid(&mut self) -> ConnectionId {
        let mut bytes = [0; ID_BYTES];
        // Where the system gives no randomness, no handshake succeeds either.
        let _ = rand::fill(&mut bytes);
        ConnectionId::new(&bytes)
    }

    fn cid_len(&self) -> usize {
        ID_BYTES
    }

    fn cid_lifetime(&self) -> Option<Duration> {
        None
    }
}
