//! The link: QUIC and mutual TLS between a gateway and its peers, one message on one stream.
//!
//! Takes a domain of the configuration, gives links to authenticated peers and the frames that they send; every frame
//! that breaks the link's rules is answered, counted and logged here, without its content, and goes no further.
//! Absent on purpose: durability and duplicates, which are the journal's, and any reading of bodies.

pub mod channel;
pub mod counters;
pub mod endpoint;
mod ends;
pub mod identity;
mod intake;
pub mod pki;
pub mod receipt;
mod reset;
pub mod session;
pub mod tls;
pub mod wire;

pub use channel::{Close, Inbound, Link, LinkError};
pub use counters::{Counters, Tally};
pub use endpoint::Door;
pub use ends::{End, ends};
pub use identity::{Objection, Role};
pub use receipt::{Receipt, Status};
pub use tls::Material;
