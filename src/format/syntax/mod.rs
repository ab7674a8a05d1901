//! How formats are spelt: strict readers that know no format.

pub mod hidden;
pub mod slash;
pub mod xml;
