//! What is carried over, as the manual shows it: one line for each field or group of fields.

/// A field of one format and what it becomes in another.
#[derive(Debug, Clone, Copy)]
pub struct Carried {
    /// The format that the message came in.
    pub from: &'static str,
    /// The format that it leaves in.
    pub to: &'static str,
    /// The field.
    pub field: &'static str,
    /// What it becomes.
    pub becomes: &'static str,
}

const fn row(from: &'static str, to: &'static str, field: &'static str, becomes: &'static str) -> Carried {
    Carried { from, to, field, becomes }
}

/// Everything else is lost, and listed.
#[rustfmt::skip]
pub static CARRIED: &[Carried] = &[
    row("cot", "tak", "attributes of `event` but `version`, where they are not empty", "the same; times to the millisecond below"),
    row("cot", "tak", "`point`", "the same; numbers to the nearest that 64 bits hold"),
    row("cot", "tak", "elements of `detail`", "the same; those with messages of their own stand last"),
    row("cot", "tak", "nothing", "`frame`: `mesh`"),
    row("tak", "cot", "attributes of `event` but `frame`, `submissionTime` and `creationTime`", "the same"),
    row("tak", "cot", "`point`, `detail`", "the same"),
    row("tak", "cot", "nothing", "`version`: 2.0"),
    row("nffi", "cot", "`sourceSystem/country`, `system`, `subsystem`, `transponderId`", "`uid`, joined by `/`"),
    row("nffi", "cot", "`unitSymbol` of a present unit: affiliation, dimension, function", "`type`; the other characters are listed as lost"),
    row("nffi", "cot", "`unitShortName`", "`contact/@callsign`"),
    row("nffi", "cot", "`dateTime`", "`time`, `start`"),
    row("nffi", "cot", "`latitude`, `longitude`", "`point/@lat`, `@lon`"),
    row("nffi", "cot", "`@accuracy` of the two", "`point/@ce`: the greater"),
    row("nffi", "cot", "`bearing`", "`track/@course`"),
    row("nffi", "cot", "`speed`", "`track/@speed` in metres for each second, to hundredths"),
    row("nffi", "cot", "labels of the sections of which something is carried", "the label of what is released as `access`, `caveat`, `releasableTo`"),
    row("oth", "cot", "`MSGID/@command`, `CTC/@track`", "`uid`, joined by `/`"),
    row("oth", "cot", "`CTC/@category`: `NAV`, `MER`, `FSH`, `SUB`, `AIR`, `LND`", "`type`: `a-u-` and `S`, `S`, `S`, `U`, `A`, `G`"),
    row("oth", "cot", "`CTC/@name`", "`contact/@callsign`"),
    row("oth", "cot", "`XPOS/@time`; `POS/@dtg` and `@month`", "`time`, `start`"),
    row("oth", "cot", "`@lat`, `@lon` of the position", "`point/@lat`, `@lon`"),
    row("oth", "cot", "`@course` of the position", "`track/@course`"),
    row("oth", "cot", "`@speed` of the position", "`track/@speed` in metres for each second, to hundredths"),
    row("oth", "cot", "`SEC`, classification line and letter of the header", "the label of what is released as `access`, `caveat`, `releasableTo`"),
    row("misp", "stix", "`Event/@uuid`, `@info`, `@date`", "a report: `id`, `name`, `published`"),
    row("misp", "stix", "`Attribute/@type` and `@value` of one indicator", "an indicator: `pattern` of one comparison"),
    row("misp", "stix", "`@uuid`, `@timestamp`, `@comment`", "`id`, `created` and `modified`, `description`"),
    row("misp", "stix", "`@first_seen`, `@last_seen`", "`valid_from`, `valid_until`"),
    row("misp", "stix", "`tlp:` tag of event and attribute", "`object_marking_refs` of TLP 2.0 on each object"),
    row("stix", "misp", "report: `id`, `name`, `published`", "`Event/@uuid`, `@info`, `@date`"),
    row("stix", "misp", "indicator: `pattern` of one comparison", "`Attribute/@type` and `@value`; a host name is a domain"),
    row("stix", "misp", "`id`, `modified`, `description`", "`@uuid`, `@timestamp` in whole seconds, `@comment`"),
    row("stix", "misp", "`valid_from`, `valid_until`", "`@first_seen`, `@last_seen`"),
    row("stix", "misp", "`object_marking_refs` of TLP on each object", "`tlp:` tags"),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::translate::TRANSLATIONS;

    #[test]
    fn the_page_of_formats_shows_what_is_carried_over_by_every_translation() {
        for row in TRANSLATIONS {
            assert!(CARRIED.iter().any(|carried| (carried.from, carried.to) == (row.from, row.to)), "{} to {}", row.from, row.to);
        }
        let rows = CARRIED.iter().map(|row| vec![format!("`{}`", row.from), format!("`{}`", row.to), row.field.to_owned(), row.becomes.to_owned()]);
        crate::manual::tests::assert_page_holds("formats", &crate::manual::tests::table(&["from", "to", "field", "becomes"], rows));
    }
}
