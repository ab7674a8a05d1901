//! x.
/// x
#[derive(Debug)]
pub struct Witness;
