//! Vestibule: a cross-domain guard for liaison networks.
//!
//! # The house
//!
//! Rooms in the order of the path; a room names only rooms above it.

pub mod base;
pub mod normal;

pub mod config;
pub mod link;
pub mod format;
pub mod label;
pub mod policy;
<<<<<<< HEAD
pub mod release;
pub mod filter;
pub mod sanitise;
pub mod rebuild;
pub mod verify;
pub mod pipeline;

pub mod journal;
pub mod audit;
pub mod process;
pub mod control;
pub mod generate;
pub mod manual;
pub mod cli;
=======

pub mod journal;
pub mod audit;
>>>>>>> h-f
