//! All integration tests, in one binary: linking the guard is slow, so it is linked once.

mod differential;
mod verify;
mod rules;
mod journal;
mod link;
mod cot;
mod xml;
mod rules;
mod release;
mod filter;
mod cases;

mod cot;
mod xml;
