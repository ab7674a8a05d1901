//! A strict reader of slash-delimited message text: the grammar that ADatP-3 and USMTF share.
//!
//! Takes text, gives lines ([`lines`]) and of lines, sets ([`Set`]): linear, columnar and free text. `/` begins a field, `//` ends a set.
//! One grammar, two profiles ([`Profile`]): formatted text keeps the alphabet of 45 characters and lines of 69 columns; administrative
//! text, as the United States really send it, has lower case, printable ASCII, 80 columns and fields that run over the end of a line.
//!
//! White space at the end of a line, blank lines between sets and padding of columns carry no field. Absent on purpose: `//` inside text,
//! tabs, characters beyond ASCII, recovery of any kind.

mod lines;
mod sets;

pub use lines::{Line, Profile, joined, lines, text};
pub use sets::{Field, Set, Shape, ends_here};
