//! Vestibule: a cross-domain guard for liaison networks.
//!
//! # The house
//!
//! Rooms in the order of the path; a room names only rooms above it.

pub mod base;
pub mod normal;

pub mod format;
pub mod label;
pub mod policy;
pub mod release;
pub mod filter;
pub mod sanitise;
pub mod rebuild;
