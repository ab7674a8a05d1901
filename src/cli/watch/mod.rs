//! `vestibule watch`: a running gateway, live in a terminal, for people who look at it all day.
//!
//! It asks the control socket every second and shows what it was told; nothing here changes anything. The terminal is given back as it was, also after
//! Ctrl-C and after a panic.

mod draw;

use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

use ratatui::buffer::Buffer;
use ratatui::crossterm::event::{self, Event, KeyCode, KeyEventKind, KeyModifiers};
use ratatui::layout::Rect;

use self::draw::{Page, Shown, Stand, draw};
use super::{Answer, Failure, Output, Verb, unreadable};
use crate::base::Fault;
use crate::config::Gateway;
use crate::control::desk::{Order, Query, View, Wanted};
use crate::control::{self, Request, Response};

/// How often the gateway is asked: every second.
const ASK_TIME: Duration = Duration::from_secs(1);
/// How long a key is waited for before what came is drawn: 100 milliseconds.
const KEY_TIME: Duration = Duration::from_millis(100);
/// The last messages that are shown: 100, two screens.
const MESSAGES: u32 = 100;
/// Columns and lines of a frame that is printed.
const PRINTED: (u16, u16) = (120, 40);

/// Watches a running gateway.
#[derive(Debug, clap::Args)]
pub(super) struct Watch {
    /// The gateway's configuration; the gateway must be running
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// Print one frame as text and end
    #[arg(long)]
    once: bool,
    /// The page to begin with
    #[arg(long, value_enum, default_value = "overview")]
    page: Page,
}

impl Verb for Watch {
    const PATH: &'static [&'static str] = &["watch"];
    const ABOUT: &'static str = "Watch a running gateway live: flow, partners, queues, alarms, processes, messages";
    const EXAMPLES: &'static str = "  vestibule watch --config gateway.toml\n  vestibule watch --config gateway.toml --page partners --once\n\n\
        Keys: tab and arrows left and right change the page, arrows up and down move in it, q ends. Exit status 3 where no gateway answers.";

    fn run(self, out: &mut Output) -> Result<Answer, Failure> {
        let gateway = Gateway::read(&self.config).map_err(|cause| unreadable(&self.config, cause))?;
        let socket = gateway.journal.join(control::SOCKET);
        // Where nobody answers at the beginning, that is the answer.
        let shown = look(&socket)?;
        let stand = Stand { page: self.page, row: 0 };
        if self.once {
            out.line(printed(&shown, stand))?;
            return Ok(Answer::Done);
        }
        live(&socket, shown, stand)?;
        Ok(Answer::Done)
    }
}

/// Asks for everything that is shown.
fn look(socket: &Path) -> Result<Shown, Fault> {
    let Response::Status { processes, .. } = ask(socket, &Request::Status {})? else { return Err(strange()) };
    let Response::View(View::Overview(overview)) = ask(socket, &Request::Look(Query::Overview {}))? else { return Err(strange()) };
    let query = Query::Messages { wanted: Wanted::default(), order: Order::Newest, after: None, rows: MESSAGES };
    let Response::View(View::Messages(messages)) = ask(socket, &Request::Look(query))? else { return Err(strange()) };
    Ok(Shown { overview: *overview, messages: messages.rows, processes, fault: None })
}

fn ask(socket: &Path, request: &Request) -> Result<Response, Fault> {
    match control::ask(socket, request)? {
        Response::Refused { text } => Err(Fault::new(text)),
        response => Ok(response),
    }
}

fn strange() -> Fault {
    Fault::new("the gateway answered another question")
}

/// A frame as text, without spaces at the ends of lines.
fn printed(shown: &Shown, stand: Stand) -> String {
    let area = Rect::new(0, 0, PRINTED.0, PRINTED.1);
    let mut buffer = Buffer::empty(area);
    draw(shown, stand, area, &mut buffer);
    text(&buffer)
}

fn text(buffer: &Buffer) -> String {
    let line = |y: u16| (0..buffer.area.width).filter_map(|x| buffer.cell((x, y))).map(ratatui::buffer::Cell::symbol).collect::<String>();
    let lines: Vec<String> = (0..buffer.area.height).map(|y| line(y).trim_end().to_owned()).collect();
    lines.join("\n").trim_end().to_owned()
}

/// Draws until somebody ends it.
fn live(socket: &Path, mut shown: Shown, mut stand: Stand) -> Result<(), Fault> {
    let lost = |cause| Fault::from_cause("the terminal cannot be drawn on; try `--once`", cause);
    let (tell, told) = channel();
    let asked = socket.to_owned();
    // It ends with the program, or when nobody hears it any more: an answer may take long, and keys do not wait for it.
    std::thread::Builder::new()
        .name("asks".to_owned())
        .spawn(move || ask_on(&asked, &tell))
        .map_err(|cause| Fault::from_cause("a thread could not be started", cause))?;
    let mut terminal = ratatui::try_init().map_err(lost)?;
    let ended = loop {
        take(&told, &mut shown);
        if let Err(cause) = terminal.draw(|frame| draw(&shown, stand, frame.area(), frame.buffer_mut())) {
            break Err(cause);
        }
        match pressed() {
            Ok(Some(Key::End)) => break Ok(()),
            Ok(Some(Key::Move(change))) => stand = change(stand),
            Ok(None) => {}
            Err(cause) => break Err(cause),
        }
    };
    let restored = ratatui::try_restore();
    ended.and(restored).map_err(lost)
}

fn ask_on(socket: &Path, tell: &Sender<Result<Shown, Fault>>) {
    loop {
        std::thread::sleep(ASK_TIME);
        if tell.send(look(socket)).is_err() {
            return;
        }
    }
}

/// Takes the latest that came; a fault stands beside what was seen last.
fn take(told: &Receiver<Result<Shown, Fault>>, shown: &mut Shown) {
    while let Ok(answer) = told.try_recv() {
        match answer {
            Ok(new) => *shown = new,
            Err(fault) => shown.fault = Some(fault.what),
        }
    }
}

/// What a key means.
enum Key {
    End,
    Move(fn(Stand) -> Stand),
}

/// The key that was pressed in the last moment.
fn pressed() -> std::io::Result<Option<Key>> {
    if !event::poll(KEY_TIME)? {
        return Ok(None);
    }
    let Event::Key(key) = event::read()? else { return Ok(None) };
    if key.kind == KeyEventKind::Release {
        return Ok(None);
    }
    Ok(match (key.code, key.modifiers.contains(KeyModifiers::CONTROL)) {
        (KeyCode::Char('q') | KeyCode::Esc, _) | (KeyCode::Char('c'), true) => Some(Key::End),
        (KeyCode::Tab | KeyCode::Right, _) => Some(Key::Move(Stand::next)),
        (KeyCode::BackTab | KeyCode::Left, _) => Some(Key::Move(Stand::previous)),
        (KeyCode::Down, _) => Some(Key::Move(Stand::down)),
        (KeyCode::Up, _) => Some(Key::Move(Stand::up)),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::control::desk::{Message, Minute, Overview, Peer};

    fn shown() -> Shown {
        let minute = |forward| Minute { time: String::new(), outcomes: vec![("forward".to_owned(), forward), ("reject".to_owned(), 1)] };
        let peer = Peer {
            name: "usa-ops".to_owned(),
            domain: "coalition".to_owned(),
            linked: true,
            waiting: 3,
            sent: 41,
            received: 17,
            flow: (0..60).collect(),
        };
        let message = Message {
            id: "0193-x".to_owned(),
            from: "g\u{1b}[2J".to_owned(),
            recipient: "usa-ops".to_owned(),
            precedence: "FLASH".to_owned(),
            outcome: "quarantine".to_owned(),
            code: "content.words".to_owned(),
            state: "held".to_owned(),
            clause: "FVEY/1\u{1b}]0;owned\u{7}\u{202e}".to_owned(),
            ..Message::default()
        };
        Shown {
            overview: Overview {
                home: "GBR".to_owned(),
                edition: "five-eyes 2026.1".to_owned(),
                confined: true,
                counts: vec![("held".to_owned(), 8)],
                held: vec![("FLASH".to_owned(), 2)],
                peers: vec![peer],
                minutes: (0..60).map(minute).collect(),
                stuck: vec![message.clone()],
                alarms: vec![("verify.label".to_owned(), 5)],
                ..Overview::default()
            },
            messages: vec![message],
            processes: vec![serde_json::json!({ "name": "keeper", "pid": 7, "ready": true, "restarts": 1, "walls": null })],
            fault: None,
        }
    }

    fn page(page: Page) -> String {
        printed(&shown(), Stand { page, row: 0 })
    }

    #[test]
    fn each_page_shows_what_it_is_for() {
        let overview = page(Page::Overview);
        for word in ["GBR", "five-eyes 2026.1", "FLASH", "verify.label", "forward", "0193-x"] {
            assert!(overview.contains(word), "`{word}` is missing:\n{overview}");
        }
        let partners = page(Page::Partners);
        assert!(partners.contains("usa-ops") && partners.contains("coalition") && partners.contains("41") && partners.contains('█'), "{partners}");
        assert!(page(Page::Messages).contains("content.words"));
        assert!(page(Page::Processes).contains("keeper"));
    }

    #[test]
    fn hostile_text_commands_no_terminal() {
        for one in [Page::Overview, Page::Partners, Page::Messages, Page::Processes] {
            let text = page(one);
            assert!(!text.contains(['\u{1b}', '\u{202e}', '\u{7}']), "{text}");
        }
        assert!(page(Page::Messages).contains("\\u{1b}"));
    }

    #[test]
    fn any_size_is_drawn_and_a_fault_stands_beside_what_was_seen_last() {
        let faulty = Shown { fault: Some("the keeper does not answer".to_owned()), ..shown() };
        for (width, height) in [(0, 0), (1, 1), (20, 5), (80, 24), (300, 100)] {
            let area = Rect::new(0, 0, width, height);
            for one in [Page::Overview, Page::Partners, Page::Messages, Page::Processes] {
                let mut buffer = Buffer::empty(area);
                draw(&faulty, Stand { page: one, row: 1000 }, area, &mut buffer);
                assert!(width < 80 || text(&buffer).contains("does not answer"), "{}", text(&buffer));
            }
        }
    }

    #[test]
    fn the_pages_are_a_ring_and_rows_do_not_go_below_the_first() {
        let stand = Stand { page: Page::Overview, row: 0 };
        assert_eq!(stand.next().next().next().next().page, Page::Overview);
        assert_eq!(stand.previous().page, stand.next().next().next().page);
        assert_eq!((stand.up().row, stand.down().down().up().row), (0, 1));
    }
}
