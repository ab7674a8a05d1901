//! Other people's messages, where their folder stands.

mod cot;
mod oth;
mod misp;
