//! The gateway as a running program: doors, inspectors, verifier, keeper, joined by hops.
//!
//! Takes a configuration, gives a gateway that runs until it is told to stop. What a message means is decided in `pipeline`; what is durable, in
//! `journal`; this room only carries. A frame is answered after its acceptance and its decision are durable; bytes leave after the record of their
//! release is durable; a release is done after the far receipt is durable.

mod compile;
mod crew;
mod decide;
mod delivery;
mod desk;
mod difference;
mod door;
pub mod endings;
mod fault_points;
mod gateway;
mod guests;
mod inspector;
mod intake;
mod keeper;
mod keys;
pub mod credentials;
pub mod label_trust;
mod lane;
mod line;
mod looks;
mod notices;
mod office;
mod order;
mod papers;
mod part;
mod plan;
mod preview;
mod review;
mod rules;
pub mod seeds;
mod service;
mod shift;
mod stand;
mod statements;
mod supervisor;
mod trade;
mod trial;
mod verifier;
mod watch;
pub mod world;

pub use compile::complaints;
pub use delivery::delivery_id;
pub use desk::DeskLine;
pub use gateway::{Gateway, Handle, bound_without_key, load_guard};
pub use notices::request_id;
pub use part::part;
pub use review::{Ask, Asked};
pub use rules::{Faulty, Rules, folder_in_force, notes};
pub use supervisor::{Process, Supervisor, Wish, supervise};
pub use trade::{Bound, DeskRenewal, DeskTrade, Listeners};
pub use trial::practice;

#[cfg(test)]
pub(crate) mod hostile;
