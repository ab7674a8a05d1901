//! The gateway as a running program: doors, inspectors, journal and deliveries, joined.
//!
//! Takes a configuration, gives a gateway that runs until it is told to stop. What a message means is decided in `pipeline`; what is durable, in
//! `journal`; this room only carries. A frame is answered after its acceptance and its decision are durable; bytes leave after the record of their
//! release is durable; a release is done after the far receipt is durable.

mod delivery;
mod gateway;
mod inspectors;
mod intake;
pub mod label_trust;
mod lane;
mod review;
pub mod world;

pub use delivery::delivery_id;
pub use gateway::{Gateway, Handle, bound_without_key, load_guard};
pub use review::{Ask, Asked};
