//! All integration tests, in one binary: linking the guard is slow, so it is linked once.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::as_conversions,
    clippy::arithmetic_side_effects,
    reason = "a test that meets the unexpected must stop; clippy counts only functions marked as tests as tests"
)]

mod adversary;
mod binding;
mod cases;
mod cli;
mod consistency;
mod corpus;
mod cot;
mod deploy;
mod differential;
mod doctor;
mod display;
mod desk;
mod doubts;
mod explain;
mod filter;
mod freedom;
mod gateway;
mod journal;
mod json;
mod label;
mod link;
mod oth;
mod misp;
mod mail;
mod mtf;
mod mutants;
mod nffi;
mod outside;
mod prove;
mod release;
mod rules;
mod samples;
mod rollup;
mod schemes;
mod stix;
mod tak;
mod threat;
mod tidy;
mod translate;
mod vectors;
mod verify;
mod walls;
mod xml;
