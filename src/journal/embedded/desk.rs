//! The views for people at the desk: pages of decisions, what stands at one moment, groups of what is held, what reviewers did.
//!
//! INVARIANT: none reads more rows than it shows, but for a bounded number that a filter without an index of its own passes over. What a page did not
//! reach stands on the next one.

use rusqlite::{Row as SqlRow, ToSql};

use super::apply::{read_number, stored};
use super::views::{Views, decision_row, entry, failed, name, paged, precedence, reason, strange};
use super::weight::severity;
use crate::base::{Fault, MessageId, Name, Outcome, Precedence, Reason, Time};
use crate::journal::listing::{Alike, Glance, Listed, ListedRow, Listing, MinuteRow, Place, ReviewAct, Sequence};
use crate::journal::{Due, Entry, Page, Paged, State};

/// Decisions that one page reads at most: 20,000, some 20 milliseconds.
const WINDOW_ROWS: u32 = 20_000;
/// How far clocks may have been set back for a search by time to find everything: a minute.
const CLOCK_MS: i64 = 60_000;
/// What has waited longest, at most: 10.
const STUCK_ROWS: usize = 10;
/// The same for one recipient and precedence.
const STUCK_EACH: u32 = 3;
/// Groups at most: 500, the gravest rule sets' lines that hold something at once.
const ALIKE_ROWS: u32 = 500;

const COLUMNS: &str = "d.n, m.sender, m.id, d.recipient, m.urgency, m.received, d.outcome, d.code, d.clause, d.state, d.record, d.gravity, d.rule, d.reviews, d.message, d.passed, trim(d.policy || ' ' || d.classification)";

/// A condition of a query with its values, in the order of their places.
#[derive(Default)]
struct Conditions {
    sql: Vec<String>,
    values: Vec<Box<dyn ToSql>>,
}

impl Conditions {
    fn add(&mut self, sql: &str, values: Vec<Box<dyn ToSql>>) {
        self.sql.push(sql.to_owned());
        self.values.extend(values);
    }

    fn one(&mut self, sql: &str, value: Option<impl ToSql + 'static>) {
        if let Some(value) = value {
            self.add(sql, vec![Box::new(value)]);
        }
    }

    fn all(&self) -> String {
        if self.sql.is_empty() { "1".to_owned() } else { self.sql.join(" AND ") }
    }
}

/// The decisions among which a page looks, in their order.
struct Window {
    sql: String,
    values: Vec<Box<dyn ToSql>>,
}

impl Views<'_> {
    pub(super) fn listing(&self, listing: &Listing) -> Result<Listed, Fault> {
        let rows = listing.rows.clamp(1, Page::ROWS_MAX);
        if let Some(id) = listing.filter.id {
            return self.listing_of(id, listing, rows);
        }
        let window = self.window(listing)?;
        let filters = filters(listing);
        let sql = format!("SELECT {COLUMNS} FROM ({}) d CROSS JOIN message m ON m.ix = d.message WHERE {} LIMIT {rows}", window.sql, filters.all());
        let values: Vec<&dyn ToSql> = window.values.iter().chain(&filters.values).map(AsRef::as_ref).collect();
        let found = self.all(&sql, &values, |row| Ok(placed(row)))?.into_iter().collect::<Result<Vec<_>, _>>()?;
        let full = u32::try_from(found.len()).is_ok_and(|found| found >= rows);
        let next = match full {
            true => found.last().map(|(_, place)| place.clone()),
            false => self.window_end(&window)?,
        };
        Ok(Listed { rows: found.into_iter().map(|(row, _)| row).collect(), next, total: self.total(listing)? })
    }

    /// The decisions on the messages of an id: a few.
    fn listing_of(&self, id: MessageId, listing: &Listing, rows: u32) -> Result<Listed, Fault> {
        let mut filters = filters(listing);
        filters.one("m.id = ?", Some(*id.bytes()));
        let order = "ORDER BY d.message DESC, d.recipient DESC";
        let sql = format!("SELECT {COLUMNS} FROM message m JOIN decision d ON d.message = m.ix WHERE {} {order} LIMIT {rows}", filters.all());
        let values: Vec<&dyn ToSql> = filters.values.iter().map(AsRef::as_ref).collect();
        let found = self.all(&sql, &values, |row| Ok(placed(row)))?.into_iter().collect::<Result<Vec<_>, _>>()?;
        Ok(Listed { total: u64::try_from(found.len()).ok(), rows: found.into_iter().map(|(row, _)| row).collect(), next: None })
    }

    /// The part of the table that a page reads: behind the page before, between the times that are asked for, by the index that fits.
    fn window(&self, listing: &Listing) -> Result<Window, Fault> {
        let (filter, mut within) = (&listing.filter, Conditions::default());
        let triage = listing.sequence == Sequence::Triage;
        if is_held(listing) {
            // As a literal: only so the planner sees that the small indexes of what is held apply.
            within.add("state = 'held'", Vec::new());
        }
        let index = match (triage, is_held(listing), filter.code, &listing.rule) {
            (true, ..) => "decision_triage",
            (false, false, None, None) if self.is_classification(listing)? => {
                within.add("classification <> '' AND classification = ?", vec![Box::new(listing.filter.classification.clone().unwrap_or_default())]);
                "decision_classification"
            }
            (false, true, Some(code), Some(rule)) => {
                within.add("code = ? AND rule = ?", vec![Box::new(code.code()), Box::new(rule.clone())]);
                "decision_alike"
            }
            (false, true, ..) => "decision_waiting",
            (false, false, Some(code), _) => {
                within.one("code = ?", Some(code.code()));
                "decision_code"
            }
            (false, false, None, _) => "sqlite_autoindex_decision_1",
        };
        if let Some(since) = filter.since {
            within.one("message >= ?", self.accepted_from(since.unix_ms().saturating_sub(CLOCK_MS))?);
        }
        if let Some(until) = filter.until {
            within.one("message < ?", self.accepted_from(until.unix_ms().saturating_add(CLOCK_MS))?);
        }
        let order = if triage { "urgency, gravity, message, recipient" } else { "message DESC, recipient DESC" };
        if let Some(Place { urgency, gravity, message, recipient }) = listing.after.clone() {
            match listing.sequence {
                Sequence::Triage => within.add(
                    "(urgency, gravity, message, recipient) > (?, ?, ?, ?)",
                    vec![Box::new(urgency), Box::new(gravity), Box::new(message), Box::new(recipient)],
                ),
                Sequence::Newest => within.add("(message, recipient) < (?, ?)", vec![Box::new(message), Box::new(recipient)]),
            }
        }
        let sql = format!("SELECT * FROM decision INDEXED BY {index} WHERE {} ORDER BY {order} LIMIT {WINDOW_ROWS}", within.all());
        Ok(Window { sql, values: within.values })
    }

    /// The last place of a window that was read whole; nothing where the table ends in it.
    fn window_end(&self, window: &Window) -> Result<Option<Place>, Fault> {
        let sql = format!("SELECT urgency, gravity, message, recipient FROM ({}) LIMIT 1 OFFSET {}", window.sql, WINDOW_ROWS.saturating_sub(1));
        let values: Vec<&dyn ToSql> = window.values.iter().map(AsRef::as_ref).collect();
        let place = |row: &SqlRow<'_>| Ok(Place { urgency: row.get(0)?, gravity: row.get(1)?, message: row.get(2)?, recipient: row.get(3)? });
        Ok(self.all(&sql, &values, place)?.pop())
    }

    /// Whether a list is of a classification that some decision has, whatever its scheme: then there is an index for it.
    fn is_classification(&self, listing: &Listing) -> Result<bool, Fault> {
        let Some(classification) = &listing.filter.classification else { return Ok(false) };
        let sql = "SELECT 1 FROM decision INDEXED BY decision_classification WHERE classification <> '' AND classification = ?1 LIMIT 1";
        Ok(!self.all(sql, &[classification], |_| Ok(()))?.is_empty())
    }

    /// The first message that was received at or after a time, found by halving: messages stand in the order of acceptance.
    fn accepted_from(&self, ms: i64) -> Result<Option<i64>, Fault> {
        let next = |ix: i64| {
            let sql = "SELECT ix, received FROM message WHERE ix >= ?1 ORDER BY ix LIMIT 1";
            Ok::<_, Fault>(self.all(sql, &[&ix], |row| Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?)))?.pop())
        };
        let last = self.all("SELECT coalesce(max(ix), -1) FROM message", &[], |row| row.get::<_, i64>(0))?.pop().unwrap_or(-1);
        let (mut low, mut high) = (0, last.saturating_add(1));
        while low < high {
            let middle = low.saturating_add(high.saturating_sub(low).div_euclid(2));
            match next(middle)? {
                Some((ix, received)) if received < ms => low = ix.saturating_add(1),
                _ => high = middle,
            }
        }
        Ok(Some(low))
    }

    /// How many there are in all, where the counted tables say it.
    fn total(&self, listing: &Listing) -> Result<Option<u64>, Fault> {
        let filter = &listing.filter;
        let counted =
            filter.from.is_none() && filter.recipient.is_none() && filter.outcome.is_none() && filter.since.is_none() && filter.until.is_none();
        let counted = counted && listing.filter.classification.is_none();
        if !counted || !is_held(listing) {
            return Ok(None);
        }
        let sql = "SELECT coalesce(sum(count), 0) FROM held WHERE (?1 IS NULL OR code = ?1) AND (?2 IS NULL OR rule = ?2)";
        Ok(self.all(sql, &[&filter.code.map(Reason::code), &listing.rule], |row| row.get(0))?.pop().map(read_number))
    }

    pub(super) fn glance(&self, since: Time) -> Result<Glance, Fault> {
        let due = self.undelivered()?;
        Ok(Glance {
            counts: self.counts()?,
            held: self.held()?,
            minutes: self.minutes(since)?,
            stuck: self.stuck(&due)?,
            due,
            seeds: self.open_seeds()?,
        })
    }

    fn held(&self) -> Result<Vec<(Precedence, u64)>, Fault> {
        let rows =
            self.all("SELECT urgency, sum(count) FROM held GROUP BY urgency", &[], |row| Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?)))?;
        rows.into_iter().map(|(urgency, count)| Ok((precedence(urgency)?, read_number(count)))).collect()
    }

    fn minutes(&self, since: Time) -> Result<Vec<MinuteRow>, Fault> {
        let sql = "SELECT minute, sender, recipient, outcome, count FROM minute WHERE minute >= ?1 ORDER BY minute";
        let rows = self.all(sql, &[&since.unix_ms().div_euclid(60_000)], |row| {
            Ok((row.get::<_, i64>(0)?, row.get::<_, String>(1)?, row.get::<_, String>(2)?, row.get::<_, String>(3)?, row.get::<_, i64>(4)?))
        })?;
        let minute = |(minute, from, recipient, what, count): (i64, String, String, String, i64)| {
            Ok(MinuteRow {
                time: Time::from_unix_ms(minute.saturating_mul(60_000)).ok_or_else(|| strange("minute"))?,
                from: name(&from)?,
                recipient: if recipient.is_empty() { None } else { Some(name(&recipient)?) },
                what,
                count: read_number(count),
            })
        };
        rows.into_iter().map(minute).collect()
    }

    /// The oldest of what is held, and the oldest of what is due to each recipient.
    fn stuck(&self, due: &[Due]) -> Result<Vec<ListedRow>, Fault> {
        let join = "CROSS JOIN message m ON m.ix = d.message";
        let held = format!(
            "SELECT {COLUMNS} FROM decision d INDEXED BY decision_waiting {join} WHERE d.state = 'held' ORDER BY d.message, d.recipient LIMIT {STUCK_ROWS}"
        );
        let mut found = self.all(&held, &[], |row| Ok(placed(row)))?;
        let waits = format!(
            "SELECT {COLUMNS} FROM decision d INDEXED BY decision_due {join} WHERE d.state = 'due' AND d.recipient = ? AND d.urgency = ?
             ORDER BY d.message LIMIT {STUCK_EACH}"
        );
        for one in due {
            for precedence in Precedence::ALL {
                let values: [&dyn ToSql; 2] = [&one.recipient.as_str(), &super::apply::urgency(precedence)];
                found.extend(self.all(&waits, &values, |row| Ok(placed(row)))?);
            }
        }
        let mut found = found.into_iter().collect::<Result<Vec<_>, _>>()?;
        found.sort_by_key(|(_, place)| place.message);
        Ok(found.into_iter().take(STUCK_ROWS).map(|(row, _)| row).collect())
    }

    pub(super) fn alike(&self) -> Result<Vec<Alike>, Fault> {
        let sql =
            format!("SELECT code, rule, sum(count) AS n, min(urgency) FROM held GROUP BY code, rule ORDER BY n DESC, code, rule LIMIT {ALIKE_ROWS}");
        let groups =
            self.all(&sql, &[], |row| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?, row.get::<_, i64>(2)?, row.get::<_, i64>(3)?)))?;
        let oldest = "SELECT m.received FROM decision d INDEXED BY decision_alike CROSS JOIN message m ON m.ix = d.message
            WHERE d.state = 'held' AND d.code IS ?1 AND d.rule = ?2 ORDER BY d.message LIMIT 1";
        let group = |(code, rule, count, urgency): (String, String, i64, i64)| {
            let code = if code.is_empty() { None } else { Some(code) };
            let since = self.all(oldest, &[&code, &rule], |row| row.get::<_, i64>(0))?.pop();
            Ok(Alike {
                code: code.as_deref().map(reason).transpose()?,
                rule,
                count: read_number(count),
                oldest: since.and_then(Time::from_unix_ms),
                precedence: precedence(urgency)?,
            })
        };
        groups.into_iter().map(group).collect()
    }

    pub(super) fn latest(&self, page: Page) -> Result<Paged<Entry>, Fault> {
        let rows = page.rows.clamp(1, Page::ROWS_MAX);
        let sql = "SELECT ix, bytes, leaf FROM record WHERE ix < ?1 ORDER BY ix DESC LIMIT ?2";
        let before = page.after.map_or(i64::MAX, stored);
        let found = self.all(sql, &[&before, &rows], |row| Ok(entry(row)))?.into_iter().collect::<Result<Vec<_>, _>>()?;
        let paged = paged(found, rows, |row| row.index);
        Ok(Paged { next: paged.next.filter(|next| *next > 0), ..paged })
    }

    pub(super) fn clauses(&self) -> Result<Vec<(Name, u64)>, Fault> {
        let rows = self.all("SELECT name, count FROM clause ORDER BY name", &[], |row| Ok((row.get::<_, String>(0)?, row.get::<_, i64>(1)?)))?;
        rows.into_iter().map(|(clause, count)| Ok((name(&clause)?, read_number(count)))).collect()
    }

    pub(super) fn last_checkpoint(&self) -> Result<Option<String>, Fault> {
        Ok(self.all("SELECT note FROM checkpoint ORDER BY number DESC LIMIT 1", &[], |row| row.get(0))?.pop())
    }

    pub(super) fn reviews(&self, rows: u32) -> Result<Vec<ReviewAct>, Fault> {
        // What waits is no known item to anybody who asks here: reviewers do.
        let sql = "SELECT r.message, r.recipient, r.officer, r.act, r.code, r.rule, r.time, s.file, s.expected
            FROM review r LEFT JOIN seed s ON s.message = r.message AND s.code IS NOT NULL ORDER BY r.record DESC LIMIT ?1";
        let act = |row: &SqlRow<'_>| {
            let time = Time::from_unix_ms(row.get(6)?);
            let seed = (row.get(7)?, row.get(8)?);
            let (message, recipient): (i64, String) = (row.get(0)?, row.get(1)?);
            let (officer, act, code, rule) = (row.get(2)?, row.get(3)?, row.get(4)?, row.get(5)?);
            Ok((message, recipient, officer, act, code, rule, time, seed))
        };
        let found = self.all(sql, &[&rows], act)?;
        let act = |(message, recipient, officer, act, code, rule, time, (file, expected))| {
            let (message, recipient) = (read_number(message), name(String::as_str(&recipient))?);
            let time = Option::ok_or_else(time, || strange("time"))?;
            Ok(ReviewAct { message, recipient, officer, act, code, rule, time, seed: super::seeds::answer(file, expected)? })
        };
        found.into_iter().rev().map(act).collect()
    }
}

/// Whether the list is of what is held: rules are kept for nothing else.
fn is_held(listing: &Listing) -> bool {
    listing.sequence == Sequence::Triage || listing.filter.state == Some(State::Held) || listing.rule.is_some()
}

/// What a row of the window must be besides.
fn filters(listing: &Listing) -> Conditions {
    let (filter, mut filters) = (&listing.filter, Conditions::default());
    filters.one("d.state = ?", filter.state.map(State::word));
    filters.one("d.code = ?", filter.code.map(Reason::code));
    filters.one("d.rule = ?", listing.rule.clone());
    if let Some(classification) = &listing.filter.classification {
        let either = "(d.classification = ? OR d.policy || ' ' || d.classification = ?)";
        filters.add(either, vec![Box::new(classification.clone()), Box::new(classification.clone())]);
    }
    filters.one("m.sender = ?", filter.from.as_ref().map(Name::to_string));
    filters.one("d.recipient = ?", filter.recipient.as_ref().map(Name::to_string));
    filters.one("d.outcome = ?", filter.outcome.map(Outcome::word));
    filters.one("m.received >= ?", filter.since.map(Time::unix_ms));
    filters.one("m.received < ?", filter.until.map(Time::unix_ms));
    filters
}

/// A row of [`COLUMNS`], and where it stands.
fn placed(row: &SqlRow<'_>) -> Result<(ListedRow, Place), Fault> {
    let number = |at: usize| row.get::<_, i64>(at).map_err(failed);
    let decision = decision_row(row)?;
    let place = Place { urgency: number(4)?, gravity: number(11)?, message: number(14)?, recipient: decision.recipient.to_string() };
    let text = |at: usize| row.get::<_, String>(at).map_err(failed);
    let (rule, passed_to, marking) = (text(12)?, text(15)?, text(16)?);
    let held = ListedRow { severity: severity(place.gravity), rule, reviews: read_number(number(13)?), passed_to, marking, row: decision };
    Ok((held, place))
}
