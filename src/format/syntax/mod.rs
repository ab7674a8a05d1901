//! How formats are spelt: strict readers that know no format.

pub mod der;
pub mod ess;
pub mod hidden;
pub mod json;
pub mod protobuf;
pub mod slash;
pub mod xml;
