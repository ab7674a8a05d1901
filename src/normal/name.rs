//! A name of a node: borrowed from the body, or shared where the body holds it encoded.
//!
//! INVARIANT: it is two words wide, as a borrowed text is: names are most of a tree, and an owned one is an exception that all
//! nodes of its name share. Equality, order and display are those of the text.

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

/// A name.
#[derive(Clone)]
pub enum Name<'a> {
    /// As it stands in the body, or in a table.
    Borrowed(&'a str),
    /// Decoded; the pointer is thin so that the whole stays two words wide.
    Shared(Arc<Box<str>>),
}

impl<'a> Name<'a> {
    /// A name that does not stand in the body.
    #[must_use]
    pub fn shared(text: &str) -> Self {
        Self::Shared(Arc::new(text.into()))
    }

    /// The text.
    #[must_use]
    #[inline]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Borrowed(text) => text,
            Self::Shared(text) => text,
        }
    }

    /// The same name, borrowed from this one.
    #[must_use]
    pub fn by_reference(&self) -> Name<'_> {
        Name::Borrowed(self.as_str())
    }
}

impl<'a> From<&'a str> for Name<'a> {
    fn from(text: &'a str) -> Self {
        Self::Borrowed(text)
    }
}

impl<'a> From<&&'a str> for Name<'a> {
    fn from(text: &&'a str) -> Self {
        Self::Borrowed(text)
    }
}

impl Deref for Name<'_> {
    type Target = str;

    fn deref(&self) -> &str {
        self.as_str()
    }
}

impl AsRef<str> for Name<'_> {
    fn as_ref(&self) -> &str {
        self.as_str()
    }
}

impl PartialEq for Name<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

impl Eq for Name<'_> {}

impl PartialEq<str> for Name<'_> {
    fn eq(&self, other: &str) -> bool {
        self.as_str() == other
    }
}

impl PartialEq<&str> for Name<'_> {
    fn eq(&self, other: &&str) -> bool {
        self.as_str() == *other
    }
}

impl PartialEq<Name<'_>> for &str {
    fn eq(&self, other: &Name<'_>) -> bool {
        *self == other.as_str()
    }
}

impl PartialEq<Name<'_>> for str {
    fn eq(&self, other: &Name<'_>) -> bool {
        self == other.as_str()
    }
}

impl PartialEq<Name<'_>> for String {
    fn eq(&self, other: &Name<'_>) -> bool {
        self.as_str() == other.as_str()
    }
}

impl fmt::Display for Name<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Debug for Name<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_as_wide_as_a_borrowed_text() {
        assert_eq!(size_of::<Name<'_>>(), size_of::<&str>());
    }

    #[test]
    fn a_shared_name_is_the_same_name_as_a_borrowed_one() {
        let (shared, borrowed) = (Name::shared("point"), Name::from("point"));
        assert_eq!(shared, borrowed);
        assert_eq!(shared.by_reference(), borrowed);
        assert_eq!(("point", "points" == shared), (shared.as_str(), false));
        assert_eq!(format!("{shared} {shared:?}"), "point \"point\"");
    }
}
