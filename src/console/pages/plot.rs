//! The plot of outcomes over time: a bar for each minute, a part of it for each outcome.

use crate::control::desk::Minute;

/// Outcomes from the bottom of a bar to its top.
const OUTCOMES: [&str; 4] = ["forward", "withhold", "quarantine", "reject"];
const HEIGHT: u64 = 120;
const STEP: u32 = 15;

/// A plot as numbers that a template draws.
pub(super) struct Plot {
    pub(super) most: u64,
    pub(super) bars: Vec<Bar>,
    pub(super) first: String,
    pub(super) last: String,
    /// All decisions by outcome, in words.
    pub(super) totals: Vec<(&'static str, u64)>,
}

/// A minute.
pub(super) struct Bar {
    pub(super) title: String,
    pub(super) parts: Vec<Part>,
}

/// The decisions of a minute with one outcome.
pub(super) struct Part {
    pub(super) outcome: &'static str,
    pub(super) x: u32,
    pub(super) y: u64,
    pub(super) height: u64,
}

fn count(minute: &Minute, outcome: &str) -> u64 {
    minute.outcomes.iter().filter(|(word, _)| word == outcome).fold(0, |sum, (_, number)| sum.saturating_add(*number))
}

/// Hours and minutes of a time of the journal.
fn clock(time: &str) -> String {
    time.split_once('T').map_or(time, |(_, clock)| clock).chars().take(5).collect()
}

impl Plot {
    pub(super) fn of(minutes: &[Minute]) -> Self {
        let total = |minute: &Minute| OUTCOMES.iter().fold(0_u64, |sum, outcome| sum.saturating_add(count(minute, outcome)));
        let most = minutes.iter().map(total).max().unwrap_or(0).max(1);
        let bars = (0_u32..).zip(minutes).map(|(at, minute)| bar(minute, at.saturating_mul(STEP), most)).collect();
        let all = |outcome: &&'static str| (*outcome, minutes.iter().fold(0_u64, |sum, minute| sum.saturating_add(count(minute, outcome))));
        let time = |minute: Option<&Minute>| minute.map(|minute| clock(&minute.time)).unwrap_or_default();
        Self { most, bars, first: time(minutes.first()), last: time(minutes.last()), totals: OUTCOMES.iter().map(all).collect() }
    }
}

/// A line over the minutes of an hour, as the points of a polyline 120 wide and 20 high; empty where nothing happened.
pub(super) fn line(flow: &[u64]) -> String {
    let most = flow.iter().copied().max().unwrap_or(0);
    if most == 0 {
        return String::new();
    }
    let point = |(at, number): (u64, &u64)| {
        let up = number.saturating_mul(18).checked_div(most).unwrap_or(0);
        format!("{},{}", at.saturating_mul(2), 19_u64.saturating_sub(up))
    };
    (0_u64..).zip(flow).map(point).collect::<Vec<_>>().join(" ")
}

fn bar(minute: &Minute, x: u32, most: u64) -> Bar {
    // What happened once can be seen, however high the highest bar is; the highest part makes room for it.
    let height = |number: u64| number.saturating_mul(HEIGHT).checked_div(most).unwrap_or(0).max(if number > 0 { 2 } else { 0 });
    let mut heights = OUTCOMES.map(|outcome| (outcome, height(count(minute, outcome))));
    let above = heights.iter().fold(0_u64, |sum, (_, height)| sum.saturating_add(*height)).saturating_sub(HEIGHT);
    if let Some((_, highest)) = heights.iter_mut().max_by_key(|(_, height)| *height) {
        *highest = highest.saturating_sub(above);
    }
    let mut top = HEIGHT;
    let mut parts = Vec::new();
    for (outcome, height) in heights.into_iter().filter(|(_, height)| *height > 0) {
        top = top.saturating_sub(height);
        parts.push(Part { outcome, x, y: top, height });
    }
    let words: Vec<String> = minute.outcomes.iter().filter(|(_, number)| *number > 0).map(|(word, number)| format!("{number} {word}")).collect();
    Bar { title: format!("{}: {}", clock(&minute.time), if words.is_empty() { "nothing".to_owned() } else { words.join(", ") }), parts }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_of_a_partner_stays_in_its_box_and_is_not_drawn_over_nothing() {
        assert_eq!(line(&[0, 5, 10, 0]), "0,19 2,10 4,1 6,19");
        assert_eq!((line(&[0, 0]), line(&[])), (String::new(), String::new()));
    }

    #[test]
    fn bars_stay_in_the_plot_and_what_happened_once_is_seen() {
        let minute = |outcomes: &[(&str, u64)]| Minute {
            time: "2026-11-23T10:05:00Z".to_owned(),
            outcomes: outcomes.iter().map(|(word, number)| ((*word).to_owned(), *number)).collect(),
        };
        let plot = Plot::of(&[minute(&[("forward", 100_000), ("reject", 1)]), minute(&[])]);
        assert!(plot.bars[0].parts.iter().map(|part| (part.outcome, part.y, part.height)).eq([("forward", 2, HEIGHT - 2), ("reject", 0, 2)]));
        let plot = Plot::of(&[minute(&[("forward", 9), ("reject", 1)]), minute(&[("quarantine", 1)])]);
        assert!(plot.bars.iter().flat_map(|bar| &bar.parts).all(|part| part.y + part.height <= HEIGHT && part.height >= 2));
        assert_eq!(plot.bars[0].title, "10:05: 9 forward, 1 reject");
    }
}
