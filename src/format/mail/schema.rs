//! What a mail's header may hold: fields with their kinds, limits and places in the normal form, as a table.
//!
//! SPEC: RFC 5322 section 3.6, RFC 6477 sections 3.1 to 3.14, RFC 7444. Fields that the table does not list are read as unstructured text
//! into `/mail/header/field`, and the field profile of the rule set judges them.

/// How a field's value is written, and what it becomes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A date and time with a numeric zone: a time.
    Date,
    /// One mailbox: an element `mailbox`.
    Mailbox,
    /// Mailboxes: elements `mailbox`.
    Mailboxes,
    /// One message identifier: its two halves.
    Identifier,
    /// Message identifiers: elements `id`, each with its two halves.
    Identifiers,
    /// Words, also encoded ones: a text.
    Unstructured,
    /// A number without sign, at most [`CODRESS_MAX`].
    Number,
    /// One military string: a text.
    Military,
    /// Military strings, joined by `;`: elements of this name.
    Militaries(&'static str),
    /// A precedence, as a word or as its number: a word.
    Precedence,
    /// A type of message with an optional identifier.
    MessageType,
    /// A security label.
    Label,
}

/// Where a field stands in the normal form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// An attribute of `/mail/header`.
    Attribute,
    /// An element below `/mail/header`.
    Element,
}

/// A field of the header.
#[derive(Debug)]
pub(super) struct Row {
    /// Name, in lower case: that of the header field and of the node.
    pub(super) name: &'static str,
    /// How its value is written.
    pub(super) kind: Kind,
}

impl Row {
    /// Attribute or element.
    pub(super) const fn place(&self) -> Place {
        match self.kind {
            Kind::Date | Kind::Unstructured | Kind::Number | Kind::Military | Kind::Precedence => Place::Attribute,
            Kind::Mailbox | Kind::Mailboxes | Kind::Identifier | Kind::Identifiers | Kind::Militaries(_) | Kind::MessageType | Kind::Label => {
                Place::Element
            }
        }
    }
}

const fn row(name: &'static str, kind: Kind) -> Row {
    Row { name, kind }
}

/// The fields, in the order in which they stand in the normal form (attributes first) and in what is written.
pub(super) static HEADER: &[Row] = &[
    row("date", Kind::Date),
    row("from", Kind::Mailbox),
    row("sender", Kind::Mailbox),
    row("reply-to", Kind::Mailboxes),
    row("to", Kind::Mailboxes),
    row("cc", Kind::Mailboxes),
    row("bcc", Kind::Mailboxes),
    row("message-id", Kind::Identifier),
    row("in-reply-to", Kind::Identifiers),
    row("references", Kind::Identifiers),
    row("subject", Kind::Unstructured),
    row("mmhs-primary-precedence", Kind::Precedence),
    row("mmhs-copy-precedence", Kind::Precedence),
    row("mmhs-message-type", Kind::MessageType),
    row("mmhs-subject-indicator-codes", Kind::Militaries("sic")),
    row("mmhs-handling-instructions", Kind::Militaries("instruction")),
    row("mmhs-message-instructions", Kind::Militaries("instruction")),
    row("mmhs-extended-authorisation-info", Kind::Date),
    row("mmhs-originator-reference", Kind::Military),
    row("mmhs-originator-plad", Kind::Military),
    row("mmhs-acp127-message-identifier", Kind::Military),
    row("mmhs-codress-message-indicator", Kind::Number),
    row("mmhs-exempted-address", Kind::Mailboxes),
    row("mmhs-other-recipients-indicator-to", Kind::Militaries("designator")),
    row("mmhs-other-recipients-indicator-cc", Kind::Militaries("designator")),
    row("sio-label", Kind::Label),
];

/// Fields that say how the mail is put together: read, never in the normal form, and written anew.
pub(super) const MIME: [&str; 6] =
    ["mime-version", "content-type", "content-transfer-encoding", "content-disposition", "content-id", "content-description"];

/// Fields that must stand.
pub(super) const REQUIRED: [&str; 3] = ["date", "from", "message-id"];

/// Bytes of a line at most, without its end: 998.
// SPEC: RFC 5322, 2.1.1.
pub(super) const LINE_BYTES_MAX: usize = 998;
/// Fields of one header at most: 256. Mail that crossed many relays has fewer than 80.
pub(super) const FIELDS_MAX: usize = 256;
/// Bytes of a field's name at most: 76, so that the name stands in one line with something after it.
pub(super) const NAME_BYTES_MAX: usize = 76;
/// Mailboxes or identifiers of one field at most: 500.
pub(super) const LIST_MAX: usize = 500;
/// Bytes of a display name at most: 256; folded it would not be one line.
pub(super) const DISPLAY_BYTES_MAX: usize = 256;
/// Bytes of an address or identifier at most: 254.
// SPEC: RFC 5321, 4.5.3.1.3, without the brackets.
pub(super) const ADDRESS_BYTES_MAX: usize = 254;
/// Bytes of a local part at most: 64.
// SPEC: RFC 5321, 4.5.3.1.1.
pub(super) const LOCAL_BYTES_MAX: usize = 64;
/// Characters of a military string at most: 69.
// SPEC: RFC 6477, 3.4: military-string.
pub(super) const MILITARY_BYTES_MAX: usize = 69;
/// The greatest codress indicator: that of 32 bits.
// SPEC: RFC 6477, 3.6: a number without sign, of any size.
pub(super) const CODRESS_MAX: u32 = u32::MAX;
/// Characters of a file name at most: 128.
pub(super) const FILE_NAME_MAX: usize = 128;
/// Parts of a mail at most: 64. Each is looked at by people where it is held.
pub(super) const PARTS_MAX: usize = 64;
/// Bytes of a parameter's value at most: 256.
pub(super) const VALUE_BYTES_MAX: usize = 256;
/// Bytes of a label in XML at most: 64 KiB. What may stand in it is limited more closely, so that its canonical form keeps this limit too.
pub(super) const LABEL_BYTES_MAX: usize = 64 * 1024;
/// Elements, attributes and texts of a label at most: 256; real ones have 30.
pub(super) const LABEL_NODES_MAX: usize = 256;
/// Bytes of all values in a label at most: 4 KiB; real ones have 300.
pub(super) const LABEL_TEXT_MAX: usize = 4 * 1024;
/// Characters of a marking for display at most: 256.
pub(super) const MARKING_MAX: usize = 256;

/// The precedences in the order of their numbers.
// SPEC: RFC 6477, 3.8. Further numbers are for national use: what they mean is not in the message, so they are refused.
pub(super) const PRECEDENCES: [&str; 6] = ["deferred", "routine", "priority", "immediate", "flash", "override"];
/// The types of message in the order of their numbers.
// SPEC: RFC 6477, 3.10.
pub(super) const MESSAGE_TYPES: [&str; 4] = ["exercise", "operation", "project", "drill"];

/// The namespace of STANAG 4774 labels.
pub(super) const NAMESPACE_LABEL: &str = "urn:nato:stanag:4774:confidentialitymetadatalabel:1:0";

/// Elements of a label. A label arrives encoded, so that its names cannot be borrowed from the body: they are these, or it is refused.
pub(super) const LABEL_ELEMENTS: [&str; 14] = [
    "originatorConfidentialityLabel",
    "alternativeConfidentialityLabel",
    "ConfidentialityInformation",
    "PolicyIdentifier",
    "Classification",
    "PrivacyMark",
    "Category",
    "GenericValue",
    "OriginatorID",
    "CreationDateTime",
    "SuccessionHandling",
    "SuccessionDateTime",
    "SuccessorConfidentialityLabel",
    "ConfidentialityLabel",
];
/// Attributes of a label's elements.
pub(super) const LABEL_ATTRIBUTES: [&str; 6] = ["Id", "ReviewDateTime", "URI", "TagName", "Type", "IDType"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_names_each_field_once_and_no_field_of_content() {
        for (at, row) in HEADER.iter().enumerate() {
            assert!(!MIME.contains(&row.name) && HEADER.iter().skip(at + 1).all(|other| other.name != row.name), "{}", row.name);
        }
        assert!(REQUIRED.iter().all(|name| HEADER.iter().any(|row| row.name == *name)));
    }

    #[test]
    fn the_page_of_formats_shows_this_table() {
        let rows = HEADER.iter().map(|row| {
            let (kind, below) = match row.kind {
                Kind::Date => ("date", "a time"),
                Kind::Mailbox => ("one mailbox", "`mailbox` with `domain`, `local`, `name`"),
                Kind::Mailboxes => ("mailboxes", "`mailbox` with `domain`, `local`, `name`"),
                Kind::Identifier => ("one identifier", "`left`, `right`"),
                Kind::Identifiers => ("identifiers", "`id` with `left`, `right`"),
                Kind::Unstructured => ("words", "a text"),
                Kind::Number => ("number", "a number"),
                Kind::Military => ("one military string", "a text"),
                Kind::Militaries("sic") => ("military strings", "`sic` with a text"),
                Kind::Militaries("instruction") => ("military strings", "`instruction` with a text"),
                Kind::Militaries(_) => ("military strings", "`designator` with a text"),
                Kind::Precedence => ("precedence", "a text"),
                Kind::MessageType => ("message type", "`identifier`, `type`"),
                Kind::Label => ("label", "`bgcolor`, `fgcolor`, `marking`, `type`, and the label's element, or `ess`"),
            };
            let path = match row.place() {
                Place::Attribute => format!("`/mail/header/@{}`: {below}", row.name),
                Place::Element => format!("`/mail/header/{}`: {below}", row.name),
            };
            let name = if REQUIRED.contains(&row.name) { format!("**`{}`**", row.name) } else { format!("`{}`", row.name) };
            vec![name, kind.to_owned(), path]
        });
        let other = vec!["any other".to_owned(), "words".to_owned(), "`/mail/header/field`: `name`, and a text".to_owned()];
        let table = crate::manual::tests::table(&["field", "kind", "in the normal form"], rows.chain([other]));
        crate::manual::tests::assert_page_holds("formats", &table);
    }
}
