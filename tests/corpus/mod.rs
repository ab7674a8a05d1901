//! Other people's messages, where their folder stands.

mod oth;
mod misp;
