//! All integration tests, in one binary: linking the guard is slow, so it is linked once.

mod cases;
mod cli;
mod cot;
mod differential;
mod filter;
mod journal;
mod label;
mod link;
mod release;
mod rules;
mod tidy;
mod verify;
mod xml;
