//! The pages of `vestibule watch`, drawn into a buffer: the same for a terminal, for a frame that is printed, and for tests.

use ratatui::buffer::Buffer;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::{Color, Modifier, Style};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Paragraph, Row, Sparkline, Table, Widget as _};
use serde_json::Value;

use super::super::status::cells;
use crate::base::plain::plain;
use crate::control::desk::{Message, Overview, Peer};

/// What was told last.
#[derive(Debug, Clone)]
pub(super) struct Shown {
    pub(super) overview: Overview,
    pub(super) messages: Vec<Message>,
    pub(super) processes: Vec<Value>,
    /// Why nothing newer is shown.
    pub(super) fault: Option<String>,
}

/// A page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Page {
    /// The gateway at a glance
    Overview,
    /// Partners with their flow
    Partners,
    /// The last messages
    Messages,
    /// Processes with their walls
    Processes,
}

const PAGES: [(Page, &str); 4] =
    [(Page::Overview, "overview"), (Page::Partners, "partners"), (Page::Messages, "messages"), (Page::Processes, "processes")];

/// Where the person who watches is.
#[derive(Debug, Clone, Copy)]
pub(super) struct Stand {
    pub(super) page: Page,
    /// Rows of the list above the first that is shown.
    pub(super) row: usize,
}

impl Stand {
    pub(super) fn next(self) -> Self {
        self.turned(1)
    }

    pub(super) fn previous(self) -> Self {
        self.turned(PAGES.len().saturating_sub(1))
    }

    fn turned(self, by: usize) -> Self {
        let at = PAGES.iter().position(|(page, _)| *page == self.page).unwrap_or_default();
        let page = PAGES.iter().cycle().nth(at.saturating_add(by)).map_or(self.page, |(page, _)| *page);
        Self { page, row: 0 }
    }

    pub(super) const fn down(self) -> Self {
        Self { row: self.row.saturating_add(1), ..self }
    }

    pub(super) const fn up(self) -> Self {
        Self { row: self.row.saturating_sub(1), ..self }
    }
}

/// One line of text that commands no terminal.
fn quiet(text: &str) -> String {
    plain(text).replace('\n', "\\u{a}")
}

/// Draws a page.
pub(super) fn draw(shown: &Shown, stand: Stand, area: Rect, buffer: &mut Buffer) {
    let [head, body, foot] = Layout::vertical([Constraint::Length(2), Constraint::Min(0), Constraint::Length(1)]).areas(area);
    heading(shown, stand, head, buffer);
    match stand.page {
        Page::Overview => overview(&shown.overview, body, buffer),
        Page::Partners => partners(&shown.overview.peers, stand, body, buffer),
        Page::Messages => messages("last messages", &shown.messages, stand.row, body, buffer),
        Page::Processes => processes(&shown.processes, stand, body, buffer),
    }
    let foot_line = match &shown.fault {
        Some(fault) => Line::styled(quiet(fault), Style::new().fg(Color::Red).add_modifier(Modifier::BOLD)),
        None => Line::styled("tab: next page   arrows: move   q: end", Style::new().add_modifier(Modifier::DIM)),
    };
    Paragraph::new(foot_line).render(foot, buffer);
}

fn heading(shown: &Shown, stand: Stand, area: Rect, buffer: &mut Buffer) {
    let overview = &shown.overview;
    let walls = if overview.confined { Span::raw("walls closed") } else { Span::styled("WALLS OPEN", Style::new().fg(Color::Red)) };
    let mut words = vec![
        Span::styled(format!("vestibule {}", quiet(&overview.home)), Style::new().add_modifier(Modifier::BOLD)),
        Span::raw(format!("  {}  ", quiet(&overview.edition))),
        walls,
        Span::raw(format!("  {}", quiet(&overview.now))),
    ];
    words.extend(overview.conditions.iter().map(|(name, value)| Span::raw(format!("  {}={}", quiet(name), quiet(value)))));
    let tabs = PAGES.iter().map(|(page, name)| match *page == stand.page {
        true => Span::styled(format!("[{name}] "), Style::new().add_modifier(Modifier::BOLD)),
        false => Span::raw(format!(" {name}  ")),
    });
    Paragraph::new(vec![Line::from(words), Line::from(tabs.collect::<Vec<_>>())]).render(area, buffer);
}

fn overview(overview: &Overview, area: Rect, buffer: &mut Buffer) {
    let [above, below] = Layout::vertical([Constraint::Length(14), Constraint::Min(0)]).areas(area);
    // A terminal of 80 columns still shows the bars.
    let (totals, wide) = if area.width < 120 { (19, 20) } else { (24, 34) };
    let [counts, held, alarms, flow] =
        Layout::horizontal([Constraint::Length(totals), Constraint::Length(19), Constraint::Length(wide), Constraint::Min(22)]).areas(above);
    numbers("totals", &overview.counts, Style::new(), counts, buffer);
    numbers("held", &overview.held, Style::new().fg(Color::Yellow), held, buffer);
    let both: Vec<(String, u64)> = overview.alarms.iter().chain(&overview.refused).cloned().collect();
    let style = if overview.alarms.is_empty() { Style::new() } else { Style::new().fg(Color::Red) };
    numbers("alarms and refusals", &both, style, alarms, buffer);
    decisions(overview, flow, buffer);
    messages("waits longest", &overview.stuck, 0, below, buffer);
}

fn numbers(title: &str, rows: &[(String, u64)], style: Style, area: Rect, buffer: &mut Buffer) {
    let lines: Vec<Line<'_>> = rows.iter().map(|(name, number)| Line::styled(format!("{number:>9} {}", quiet(name)), style)).collect();
    Paragraph::new(lines).block(Block::bordered().title(title.to_owned())).render(area, buffer);
}

/// Decisions of the last hour, one line of bars for each outcome.
fn decisions(overview: &Overview, area: Rect, buffer: &mut Buffer) {
    let block = Block::bordered().title("decisions, by minute of the last hour");
    let inner = block.inner(area);
    block.render(area, buffer);
    let rows = Layout::vertical([Constraint::Length(3); 4]).split(inner);
    for (row, (outcome, colour)) in
        rows.iter().zip([("forward", Color::Green), ("quarantine", Color::Yellow), ("withhold", Color::Blue), ("reject", Color::Red)])
    {
        let count = |outcomes: &[(String, u64)]| outcomes.iter().find(|(name, _)| name == outcome).map_or(0, |(_, count)| *count);
        let counts: Vec<u64> = overview.minutes.iter().map(|minute| count(&minute.outcomes)).collect();
        let sum = counts.iter().fold(0_u64, |sum, one| sum.saturating_add(*one));
        let [title, bars] = Layout::vertical([Constraint::Length(1), Constraint::Min(0)]).areas(*row);
        Paragraph::new(format!("{outcome} {sum}")).render(title, buffer);
        sparkline(&counts, colour, bars, buffer);
    }
}

/// Bars of which the newest stands at the right end.
fn sparkline(counts: &[u64], colour: Color, area: Rect, buffer: &mut Buffer) {
    let hidden = counts.len().saturating_sub(usize::from(area.width));
    Sparkline::default().data(counts.iter().skip(hidden).copied()).style(Style::new().fg(colour)).render(area, buffer);
}

fn partners(peers: &[Peer], stand: Stand, area: Rect, buffer: &mut Buffer) {
    let block = Block::bordered().title("partners: from them and to them in the last hour, by minute");
    let inner = block.inner(area);
    block.render(area, buffer);
    let shown: Vec<&Peer> = peers.iter().skip(stand.row.min(peers.len().saturating_sub(1))).collect();
    let rows = Layout::vertical(shown.iter().map(|_| Constraint::Length(2))).split(inner);
    for (peer, row) in shown.iter().zip(rows.iter()) {
        let [words, bars] = Layout::horizontal([Constraint::Length(58), Constraint::Min(0)]).areas(*row);
        let (link, style) = if peer.linked { ("linked", Style::new()) } else { ("not linked", Style::new().fg(Color::Red)) };
        let first = format!("{:<20} {:<14} {link:<10}", quiet(&peer.name), quiet(&peer.domain));
        let second = format!("{:>8} from it {:>8} to it {:>8} waiting", peer.sent, peer.received, peer.waiting);
        Paragraph::new(vec![Line::styled(first, style), Line::raw(second)]).render(words, buffer);
        sparkline(&peer.flow, Color::Green, bars, buffer);
    }
}

fn messages(title: &str, messages: &[Message], above: usize, area: Rect, buffer: &mut Buffer) {
    let rows = messages.iter().skip(above.min(messages.len().saturating_sub(1))).map(|one| {
        let why = if one.code.is_empty() { &one.clause } else { &one.code };
        let cells = [&moment(&one.received), &one.from, &one.recipient, &one.precedence, &became(one), why, &one.id];
        Row::new(cells.map(|cell| quiet(cell))).style(colour_of(one))
    });
    let fixed = |width: u16| Constraint::Length(width);
    let widths = [fixed(14), fixed(10), fixed(10), fixed(10), fixed(13), Constraint::Min(12), fixed(36)];
    let head = Row::new(["received", "from", "to", "precedence", "became", "why", "message"]);
    Table::new(rows, widths)
        .header(head.style(Style::new().add_modifier(Modifier::BOLD)))
        .block(Block::bordered().title(title.to_owned()))
        .render(area, buffer);
}

/// Day and second of a time, without its year.
fn moment(time: &str) -> String {
    time.chars().skip(5).take(14).map(|one| if one == 'T' { ' ' } else { one }).collect()
}

/// What became of it, in one word; of what is held, how grave.
fn became(message: &Message) -> String {
    match message.outcome.as_str() {
        "forward" => message.state.clone(),
        "quarantine" => format!("{} {}", message.state, message.severity),
        outcome => outcome.to_owned(),
    }
}

fn colour_of(message: &Message) -> Style {
    match message.outcome.as_str() {
        "quarantine" => Style::new().fg(Color::Yellow),
        "reject" => Style::new().fg(Color::Red),
        _ => Style::new(),
    }
}

fn processes(processes: &[Value], stand: Stand, area: Rect, buffer: &mut Buffer) {
    let rows = processes.iter().skip(stand.row.min(processes.len().saturating_sub(1))).map(|process| {
        let cells = cells(process).map(|cell| quiet(&cell));
        let style = if cells.contains(&"no".to_owned()) { Style::new().fg(Color::Red) } else { Style::new() };
        Row::new(cells).style(style)
    });
    let widths = [Constraint::Length(24), Constraint::Length(8), Constraint::Length(6), Constraint::Length(9), Constraint::Min(10)];
    let head = Row::new(["process", "pid", "ready", "restarts", "walls; one that does not hold is in brackets"]);
    Table::new(rows, widths)
        .header(head.style(Style::new().add_modifier(Modifier::BOLD)))
        .block(Block::bordered().title("processes"))
        .render(area, buffer);
}
