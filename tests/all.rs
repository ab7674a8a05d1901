//! All integration tests, in one binary: linking the guard is slow, so it is linked once.

mod differential;
mod journal;
mod link;
mod release;
mod rules;
mod verify;
mod release;
mod rules;
mod verify;
mod journal;
mod link;
mod rules;
// mod release;
mod cot;
mod xml;
mod release;
mod filter;
