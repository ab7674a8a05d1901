//! The report of a replay as one page: outcomes before and after for each partner, codes, and the decisions that change. Plots are drawn here as
//! SVG; the page holds everything that it shows, needs no script, and prints.

use askama::Template;

use super::{Aspect, Change, Partner, Said, Totals};
use crate::base::{Fault, Outcome, Reason};
use crate::policy::Edition;

/// Changed decisions that the page shows: 2,000, some megabyte. More are for programs, which read JSON.
pub const CHANGES_MAX: usize = 2_000;

/// Units of the plot: its width, that of names at the left, and that of notes at the right.
const WIDTH: u64 = 1_000;
const NAMES_WIDTH: u64 = 150;
const NOTES_WIDTH: u64 = 170;
/// Units of a bar and of a row of two.
const BAR_HEIGHT: u64 = 13;
const ROW_HEIGHT: u64 = 40;
/// Units of a bar of a code at most.
const CODE_WIDTH: u64 = 200;

/// Outcomes in the order of bars: class and word.
const WORDS: [(&str, &str); 5] =
    [("forward", "forward"), ("quarantine", "quarantine"), ("withhold", "withhold"), ("reject", "reject"), ("absent", "not addressed")];
const ASPECTS: [Aspect; 5] = [Aspect::Outcome, Aspect::Code, Aspect::Clause, Aspect::Edits, Aspect::Bytes];

#[derive(Template)]
#[template(path = "replay/templates/replay.html")]
struct Shown<'s> {
    title: String,
    before: String,
    digest: String,
    span: Option<(String, String)>,
    figures: Vec<(String, &'static str)>,
    words: [(&'static str, &'static str); 5],
    plot: Plot<'s>,
    aspects: [&'static str; 5],
    partners: Vec<PartnerRow<'s>>,
    codes: Vec<CodeRow>,
    changes: Vec<ChangeRow>,
    more: u64,
    dropped: u64,
    by_people: u64,
}

struct Plot<'s> {
    width: u64,
    height: u64,
    rows: Vec<PlotRow<'s>>,
}

struct PlotRow<'s> {
    name: &'s str,
    middle: u64,
    bars: Vec<Bar>,
    note_x: u64,
    note: String,
}

struct Bar {
    class: &'static str,
    word: &'static str,
    when: &'static str,
    count: u64,
    x: u64,
    y: u64,
    width: u64,
    height: u64,
}

struct PartnerRow<'s> {
    name: &'s str,
    numbers: Vec<u64>,
}

struct CodeRow {
    code: &'static str,
    sentence: &'static str,
    class: &'static str,
    before: u64,
    after: u64,
    before_width: u64,
    after_width: u64,
}

struct ChangeRow {
    time: String,
    from: String,
    to: String,
    id: String,
    before: (&'static str, &'static str, String),
    after: (&'static str, &'static str, String),
    differs: String,
}

/// The page.
///
/// # Errors
/// None that memory does not cause.
pub fn write(new: &Edition, under: Option<&Edition>, totals: &Totals, changes: &[Change]) -> Result<String, Fault> {
    let (decisions, exact, changed) = totals.sums();
    let recorded = || totals.editions.keys().map(String::as_str).collect::<Vec<_>>().join(", ");
    let before = match under {
        Some(edition) => format!("the decisions of {}, made again", edition.title()),
        None if totals.editions.is_empty() => "the recorded decisions, of which there are none".to_owned(),
        None => format!("the recorded decisions under {}", recorded()),
    };
    let figures = [
        (totals.messages, "messages"),
        (decisions, "decisions"),
        (changed, "would change"),
        (totals.partners.values().map(|one| one.gained).fold(0, u64::saturating_add), "would leave and did not"),
        (totals.partners.values().map(|one| one.lost).fold(0, u64::saturating_add), "left and would not"),
        (exact, "the same to the byte"),
    ];
    let shown = changes.get(..CHANGES_MAX).unwrap_or(changes);
    let page = Shown {
        title: new.title(),
        before,
        digest: new.digest.to_string(),
        span: totals.span.map(|(first, last)| (first.to_string(), last.to_string())),
        figures: figures.map(|(number, what)| (number.to_string(), what)).to_vec(),
        words: WORDS,
        plot: plot(totals),
        aspects: ASPECTS.map(Aspect::word),
        partners: totals.partners.iter().map(|(name, partner)| PartnerRow { name: name.as_str(), numbers: numbers(partner) }).collect(),
        codes: codes(totals),
        changes: shown.iter().map(change).collect(),
        more: changed.saturating_sub(u64::try_from(shown.len()).unwrap_or(u64::MAX)),
        dropped: totals.dropped,
        by_people: totals.by_people,
    };
    page.render().map_err(|error| Fault::from_cause("the report could not be written", error))
}

fn numbers(partner: &Partner) -> Vec<u64> {
    let aspects = ASPECTS.iter().map(|aspect| partner.differs.get(aspect).copied().unwrap_or_default());
    [partner.decisions, partner.changed, partner.gained, partner.lost].into_iter().chain(aspects).chain([partner.exact]).collect()
}

/// `part` of `whole` on a scale of so many units.
fn scaled(part: u64, whole: u64, units: u64) -> u64 {
    part.saturating_mul(units).checked_div(whole).unwrap_or_default()
}

fn plot(totals: &Totals) -> Plot<'_> {
    let rows = totals.partners.iter().zip(0_u64..).map(|((name, partner), at)| {
        let top = at.saturating_mul(ROW_HEIGHT);
        let second = top.saturating_add(BAR_HEIGHT).saturating_add(1);
        let mut bars = stacked(&partner.before, "before", top, partner.decisions);
        bars.extend(stacked(&partner.after, "after", second, partner.decisions));
        PlotRow {
            name: name.as_str(),
            middle: top.saturating_add(BAR_HEIGHT).saturating_add(5),
            bars,
            note_x: WIDTH.saturating_sub(NOTES_WIDTH).saturating_add(12),
            note: format!("{} of {} change", partner.changed, partner.decisions),
        }
    });
    let rows: Vec<_> = rows.collect();
    let height = u64::try_from(rows.len()).unwrap_or_default().saturating_mul(ROW_HEIGHT).max(1);
    Plot { width: WIDTH, height, rows }
}

/// The outcomes of one side as bars end to end: shares of all decisions for the partner.
fn stacked(counts: &std::collections::BTreeMap<&'static str, u64>, when: &'static str, y: u64, all: u64) -> Vec<Bar> {
    let room = WIDTH.saturating_sub(NAMES_WIDTH).saturating_sub(NOTES_WIDTH);
    let mut done = 0_u64;
    let bar = |(class, word): (&'static str, &'static str)| {
        let count = counts.get(word).copied().unwrap_or_default();
        let x = scaled(done, all, room);
        done = done.saturating_add(count);
        let width = scaled(done, all, room).saturating_sub(x);
        Bar { class, word, when, count, x: NAMES_WIDTH.saturating_add(x), y, width, height: BAR_HEIGHT }
    };
    WORDS.into_iter().map(bar).filter(|bar| bar.count > 0).collect()
}

fn codes(totals: &Totals) -> Vec<CodeRow> {
    let most = totals.codes.values().map(|(before, after)| *before.max(after)).max().unwrap_or_default();
    let row = |(code, (before, after)): (&&'static str, &(u64, u64))| {
        let reason = Reason::from_code(code);
        CodeRow {
            code,
            sentence: reason.map_or("", Reason::sentence),
            class: reason.map_or("absent", |reason| reason.outcome().word()),
            before: *before,
            after: *after,
            before_width: scaled(*before, most, CODE_WIDTH),
            after_width: scaled(*after, most, CODE_WIDTH),
        }
    };
    let mut rows: Vec<CodeRow> = totals.codes.iter().map(row).collect();
    // What changes comes first.
    rows.sort_by_key(|row| std::cmp::Reverse((row.before.abs_diff(row.after), row.before.max(row.after))));
    rows
}

fn change(change: &Change) -> ChangeRow {
    ChangeRow {
        time: change.time.to_string(),
        from: change.from.to_string(),
        to: change.to.to_string(),
        id: change.id.to_string(),
        before: said(change.before.as_ref()),
        after: said(change.after.as_ref()),
        differs: change.differs.iter().map(|aspect| aspect.word()).collect::<Vec<_>>().join(", "),
    }
}

/// Class, word, and the rest of a decision in brief.
fn said(said: Option<&Said>) -> (&'static str, &'static str, String) {
    let Some(said) = said else { return ("absent", "not addressed", String::new()) };
    let code = said.code.map(|code| code.code().to_owned());
    let clause = said.clause.as_ref().map(|clause| format!("under {clause}"));
    let edits = Some(said.edits.len()).filter(|count| *count > 0 && said.outcome == Outcome::Forward).map(|count| format!("{count} edits"));
    (said.outcome.word(), said.outcome.word(), code.into_iter().chain(clause).chain(edits).collect::<Vec<_>>().join(", "))
}
