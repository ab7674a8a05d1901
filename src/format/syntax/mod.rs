//! How formats are spelt: strict readers that know no format.

pub mod json;
pub mod xml;
