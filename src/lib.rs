//! Vestibule: a cross-domain guard for liaison networks.
//!
//! A vestibule is the small room between two doors that are never open together.
//!
//! # The house
//!
//! Rooms in the order of the path; a room names only rooms above it, and `tests/tidy` holds it to that.
//!
//! ```text
//!  peer ─QUIC/mTLS─▶ link ─▶ format ─▶ label ─▶ release ─▶ filter ─▶ sanitise ─▶ translate ─▶ rebuild ─▶ verify
//!                                                                                                          │
//!  peer ◀─QUIC/mTLS─ link ◀─ outbox ◀─ journal(accepted, decided) ◀────────────────────────────────────────┘
//!                                         └─▶ quarantine ─▶ review ─▶ format again
//! ```
//!
//! The verbs have one meaning each: cut a frame, identify a format, parse a body, locate markings, verify a label, decide a release, check
//! content, apply edits, translate a tree, write bytes, reread them, append facts, deliver, refuse.

// Words every room may use.
pub mod base;
pub mod normal;

// The boundary.
pub mod config;
pub mod statement;
pub mod link;

// The path: pure, one proof after the other.
pub mod format;
pub mod label;
pub mod policy;
pub mod release;
pub mod filter;
pub mod sanitise;
pub mod translate;
pub mod rebuild;
pub mod verify;
pub mod pipeline;
pub mod cases;
pub mod explain;

// The facts.
pub mod journal;
pub mod audit;
pub mod replay;
pub mod trace;

// The walls of a process.
pub mod sandbox;

// The program.
pub mod generate;
pub mod control;
pub mod metrics;
pub mod console;
pub mod prove;
pub mod hop;
pub mod process;
pub mod manual;
pub mod cli;
