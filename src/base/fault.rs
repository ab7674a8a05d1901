//! A fault: our surroundings failed (file, socket, permission, clock), not the message.

/// What failed around us, with the place and what to do.
#[derive(Debug, thiserror::Error)]
#[error("{what}")]
pub struct Fault {
    /// One lower-case line: what was tried, what happened, what to do.
    pub what: String,
    /// The cause, where there is one.
    #[source]
    pub cause: Option<Box<dyn std::error::Error + Send + Sync>>,
}

impl Fault {
    /// A fault without a deeper cause.
    #[must_use]
    pub fn new(what: impl Into<String>) -> Self {
        Self { what: what.into(), cause: None }
    }

    /// A fault with its cause, whose text is joined to the line that people read.
    #[must_use]
    pub fn from_cause(what: impl std::fmt::Display, cause: impl std::error::Error + Send + Sync + 'static) -> Self {
        Self { what: format!("{what}: {cause}"), cause: Some(Box::new(cause)) }
    }
}
