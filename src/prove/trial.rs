//! x.
/// x
#[derive(Debug)]
pub enum Seen { /// x
X }
