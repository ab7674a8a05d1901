//! Hops: how a message moves between the processes of a gateway, so that the one in the middle can alter nothing.
//!
//! The keeper moves messages from doors to inspectors, to the verifier and to doors again, and holds no key of theirs. Each stage is sealed with a
//! key that only its two ends hold, over the digests of what it says: what a door received is sealed for inspector and verifier, what an inspector
//! proposes for the verifier, what the verifier permits for the door through which it leaves. [`seal`] makes and checks seals, [`message`] and [`statement`] are what
//! is said, [`wire`] carries it: bounded frames on a socket between processes, or values through a channel within one process.
//! Deliberately absent: confinement, and any decision on a message.

mod field;
pub mod message;
pub mod seal;
pub mod statement;
pub mod wire;

pub use message::{Permit, Proposed, Received};
pub use seal::{HopKey, Party, Tag};
pub use statement::{Held, Notice, Wanted};
pub use wire::{Receiver, Sender, Wire};
