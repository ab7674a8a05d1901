//! Lists of decisions, and groups of what is held.

use super::refused;
use crate::base::{Fault, MessageId, Name, Outcome, Reason, Severity, Time};
use crate::control::desk::{Group, Message, Order, ROWS_MAX, Rows, View, Wanted};
use crate::journal::{Filter, ListedRow, Listing, Row, Sequence, State};
use crate::policy::Edition;
use crate::process::keeper::Shared;
use crate::process::review::persons;

/// Characters of a classification at most: 200, more than any scheme's with its policy.
const CLASSIFICATION_CHARS_MAX: usize = 200;

impl Shared {
    pub(super) async fn messages(&self, wanted: &Wanted, order: Order, after: Option<&str>, rows: u32) -> Result<View, Fault> {
        let listing = match listing(wanted, order, after, rows) {
            Ok(listing) => listing,
            Err(why) => return Ok(refused(why)),
        };
        let listed = self.journal.listing(listing).await?;
        let edition = &self.shifts.now().edition;
        let (next, total) = (listed.next.map(|place| place.to_string()), listed.total);
        Ok(View::Messages(Rows { rows: listed.rows.iter().map(|one| message(one, edition)).collect(), next, total }))
    }

    pub(super) async fn groups(&self) -> Result<View, Fault> {
        let groups = self.journal.alike().await?.into_iter().map(|group| Group {
            code: code(group.code),
            sentence: sentence(group.code),
            rule: group.rule,
            count: group.count,
            oldest: group.oldest.map(|time| time.to_string()).unwrap_or_default(),
            precedence: group.precedence.word().to_owned(),
        });
        Ok(View::Groups { groups: groups.collect() })
    }
}

/// A decision of a list, as people see it.
pub(super) fn message(listed: &ListedRow, edition: &Edition) -> Message {
    let reviews = match listed.row.state {
        State::Held => format!("{} of {}", listed.reviews, persons(&listed.row, listed.severity, edition)),
        _ => String::new(),
    };
    shown(&listed.row, listed.severity, reviews, (listed.passed_to.clone(), listed.marking.clone()))
}

/// A decision as people see it.
pub(super) fn shown(row: &Row, severity: Option<Severity>, reviews: String, (passed_to, classification): (String, String)) -> Message {
    Message {
        from: row.from.to_string(),
        id: row.id.to_string(),
        recipient: row.recipient.to_string(),
        precedence: row.precedence.word().to_owned(),
        received: row.received.to_string(),
        outcome: row.outcome.word().to_owned(),
        code: code(row.code),
        sentence: sentence(row.code),
        clause: row.clause.as_ref().map(Name::to_string).unwrap_or_default(),
        state: row.state.word().to_owned(),
        severity: severity.map_or("", Severity::word).to_owned(),
        reviews,
        record: row.record,
        passed_to,
        classification,
    }
}

fn code(code: Option<Reason>) -> String {
    code.map_or("", Reason::code).to_owned()
}

fn sentence(code: Option<Reason>) -> String {
    code.map_or("", Reason::sentence).to_owned()
}

/// Reads what is wanted; the first word that is none is named.
fn listing(wanted: &Wanted, order: Order, after: Option<&str>, rows: u32) -> Result<Listing, String> {
    let state =
        read(wanted.state.as_deref(), "a state: due, delivered, held or settled", |word| State::ALL.into_iter().find(|one| one.word() == word))?;
    if order == Order::Triage && state.is_some_and(|state| state != State::Held) {
        return Err("only what is held stands in the order of triage; ask for the newest first".to_owned());
    }
    if !(1..=ROWS_MAX).contains(&rows) {
        return Err(format!("expected 1 to {ROWS_MAX} rows, found {rows}"));
    }
    let outcomes = [Outcome::Forward, Outcome::Quarantine, Outcome::Withhold, Outcome::Reject];
    let time = "a time such as 2026-11-23T12:00:00Z";
    let classification = read(wanted.classification.as_deref(), "a classification, such as SECRET or GBR SECRET", |text| {
        Some(text.trim().to_uppercase()).filter(|text| !text.is_empty() && text.chars().count() <= CLASSIFICATION_CHARS_MAX)
    })?;
    let filter = Filter {
        id: read(wanted.id.as_deref(), "the id of a message, as its sender gave it", |text| text.parse::<MessageId>().ok())?,
        state,
        from: read(wanted.from.as_deref(), "the name of a peer", Name::new)?,
        recipient: read(wanted.recipient.as_deref(), "the name of a peer", Name::new)?,
        outcome: read(wanted.outcome.as_deref(), "an outcome: forward, quarantine, withhold or reject", |word| {
            outcomes.into_iter().find(|one| one.word() == word)
        })?,
        code: read(wanted.code.as_deref(), "a code of the reason table, such as content.words", Reason::from_code)?,
        classification,
        since: read(wanted.since.as_deref(), time, Time::parse)?,
        until: read(wanted.until.as_deref(), time, Time::parse)?,
    };
    let sequence = match order {
        Order::Newest => Sequence::Newest,
        Order::Triage => Sequence::Triage,
    };
    let after = after.map(str::parse).transpose()?;
    Ok(Listing { filter, rule: wanted.rule.clone(), sequence, after, rows })
}

fn read<T>(text: Option<&str>, expected: &str, read: impl FnOnce(&str) -> Option<T>) -> Result<Option<T>, String> {
    text.map(|text| read(text).ok_or_else(|| format!("expected {expected}"))).transpose()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_that_is_none_is_refused_with_what_was_expected() {
        let held = || Wanted { state: Some("held".to_owned()), ..Wanted::default() };
        assert!(listing(&held(), Order::Triage, None, 1).is_ok());
        assert!(listing(&Wanted::default(), Order::Newest, None, ROWS_MAX).is_ok());
        let bad = |change: fn(&mut Wanted)| {
            let mut wanted = held();
            change(&mut wanted);
            listing(&wanted, Order::Triage, None, 10).unwrap_err()
        };
        assert!(bad(|wanted| wanted.id = Some("1".to_owned())).contains("id of a message"));
        assert!(bad(|wanted| wanted.state = Some("due".to_owned())).contains("triage"));
        assert!(bad(|wanted| wanted.code = Some("content.everything".to_owned())).contains("reason table"));
        assert!(bad(|wanted| wanted.since = Some("yesterday".to_owned())).contains("2026"));
        assert!(bad(|wanted| wanted.from = Some("a b".to_owned())).contains("peer"));
        assert!(bad(|wanted| wanted.outcome = Some("allow".to_owned())).contains("withhold"));
        assert!(bad(|wanted| wanted.classification = Some(" ".to_owned())).contains("classification"));
        let secret = Wanted { classification: Some(" gbr secret".to_owned()), ..Wanted::default() };
        assert_eq!(listing(&secret, Order::Newest, None, 1).unwrap().filter.classification.as_deref(), Some("GBR SECRET"));
        assert!(listing(&held(), Order::Newest, Some("1'--"), 10).unwrap_err().contains("page before"));
        for rows in [0, ROWS_MAX + 1] {
            assert!(listing(&held(), Order::Newest, None, rows).unwrap_err().contains("rows"));
        }
    }
}
