//! All integration tests, in one binary: linking the guard is slow, so it is linked once.
mod rules;
mod release;
mod filter;
mod label;
mod cases;

mod cot;
mod xml;
