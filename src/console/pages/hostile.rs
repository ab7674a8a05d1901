//! Every template rendered with hostile text in every field of its view: no element and no attribute that a harmless view does not give.
//!
//! A template that no page here renders, or includes, fails the test: whoever adds one adds its page.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use http_body_util::BodyExt as _;
use serde_json::Value;

use super::super::form::Fields;
use super::super::{Console, Setting};
use super::*;
use crate::base::{Digest, Fault};
use crate::config::Gateway;
use crate::control::desk::{
    Act as Done, Audit, Clause, Found, Group, Item, Later, Message, Minute, Node, Office, OfficerFigures, Output, Overview, Partner, Peer, Quality,
    Query, Rows, RuleFigures, Rules, Step, View,
};
use crate::control::papers::{Change, Ending, Papers, Proposal, Report, Signature};
use crate::control::{Act, Response as Answer, Role};
use crate::link::pki::{Anchor, Use};
use crate::link::tls::{Material, Pem};

const HOSTILE: &str =
    "\"'><script>x</script><img src=x onerror=x>--></pre></textarea></title><svg onload=x>&#60;b&#62; {{7*7}} {% if %} javascript:x \u{202e}\u{7f}";

/// What becomes of texts on their way to a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Texts {
    /// They stay as they are.
    Plain,
    /// All are hostile but those on which it depends what a page offers: they come from this program.
    Hostile,
    /// All of them.
    Everywhere,
}

/// Texts that are names of variants: another one does not read at all, which is no page.
const VARIANTS: &[&str] = &["certificate", "anchor", "label-anchor", "list", "label-list"];
/// What a page depends on.
const DEPENDED_ON: &[&str] = &["state", "digest", "verdict", "why", "missing", "officer", "effect"];

impl Texts {
    fn text(self) -> String {
        if self == Self::Plain { "plain".to_owned() } else { HOSTILE.to_owned() }
    }

    fn of(self, key: &str, value: Value) -> Value {
        match value {
            Value::String(text) if self == Self::Plain || key == "view" || VARIANTS.contains(&text.as_str()) => Value::String(text),
            Value::String(text) if self == Self::Hostile && DEPENDED_ON.contains(&key) => Value::String(text),
            Value::String(_) => Value::String(self.text()),
            Value::Array(list) => Value::Array(list.into_iter().map(|one| self.of(key, one)).collect()),
            Value::Object(map) => Value::Object(map.into_iter().map(|(name, one)| (name.clone(), self.of(&name, one))).collect()),
            other => other,
        }
    }

    fn through<T: serde::Serialize + serde::de::DeserializeOwned>(self, all: T) -> T {
        serde_json::from_value(self.of("", serde_json::to_value(all).unwrap())).unwrap()
    }
}

fn plain() -> String {
    "plain".to_owned()
}

fn message() -> Message {
    let [code, severity, clause] = [(); 3].map(|()| plain());
    Message { state: "held".to_owned(), code, severity, clause, sentence: plain(), ..Message::default() }
}

fn step() -> Step {
    Step { facts: vec![(plain(), plain())], ..Step::default() }
}

fn item() -> Item {
    let found = |waivable| Found { span: Some((0, 3)), waivable, rule: plain(), name: plain(), ..Found::default() };
    let node = Node { removable: true, findings: vec![plain()], edit: plain(), ..Node::default() };
    let difference = ["+a", "-b", " c"].map(str::to_owned).to_vec();
    Item {
        message: message(),
        native: "a text that is long".to_owned(),
        tree: vec![node.clone(), Node { removable: false, findings: Vec::new(), ..node }],
        chain: vec![plain()],
        findings: vec![found(true), found(false)],
        output: Some(Output { native: plain(), difference, edits: vec![(plain(), plain(), plain())], ..Output::default() }),
        acts: vec![Done { officer: plain(), ..Done::default() }],
        expires: plain(),
        head: "head\n".to_owned(),
        release: "release\n".to_owned(),
        ..Item::default()
    }
}

fn papers() -> Papers {
    let digest = Digest::of(b"rules").to_string();
    let report = |digest: &str| Report { answer: "yes".to_owned(), digest: digest.to_owned(), ..Report::default() };
    let proposal = Proposal {
        state: "waits".to_owned(),
        folder: plain(),
        ruleset: "five-eyes".to_owned(),
        number: "2".to_owned(),
        digest: digest.clone(),
        clauses: vec![Clause::default()],
        changes: vec![Change { effect: "wider".to_owned(), ..Change::default() }],
        hands: vec![Signature { officer: plain(), ..Signature::default() }, Signature { why: plain(), ..Signature::default() }],
        emergency: vec![(plain(), plain())],
        reports: vec![report(&digest), report("other")],
        ..Proposal::default()
    };
    let broken = Proposal { faults: vec![plain()], missing: vec![plain()], folder: "broken".to_owned(), ..Proposal::default() };
    let quiet = Proposal {
        state: "waits".to_owned(),
        folder: "quiet".to_owned(),
        changes: Vec::new(),
        hands: Vec::new(),
        reports: Vec::new(),
        emergency: Vec::new(),
        ..proposal.clone()
    };
    Papers {
        read: plain(),
        endings: vec![Ending { until: "2020-01-01T00:00:00Z".to_owned(), ..Ending::default() }],
        folder: plain(),
        fault: plain(),
        editions: vec![proposal, broken, quiet],
    }
}

fn view(query: &Query) -> View {
    let rows = || Rows { rows: vec![message(), Message { state: "due".to_owned(), ..message() }], next: Some(plain()), total: Some(1) };
    let count = || vec![(plain(), 3)];
    let peer = Peer { name: plain(), linked: true, flow: vec![1, 2], ..Peer::default() };
    let minute = Minute { outcomes: ["forward", "quarantine"].map(|word| (word.to_owned(), 2)).to_vec(), ..Minute::default() };
    match query {
        Query::Overview {} => View::Overview(Box::new(Overview {
            conditions: vec![(plain(), plain())],
            counts: count(),
            held: count(),
            peers: vec![peer.clone(), Peer { flow: Vec::new(), ..peer }],
            minutes: vec![minute],
            stuck: vec![message(), Message { state: "due".to_owned(), ..message() }, Message { code: String::new(), ..message() }],
            alarms: count(),
            refused: count(),
            ..Overview::default()
        })),
        Query::Messages { .. } => View::Messages(rows()),
        Query::Groups {} => View::Groups { groups: vec![Group::default()] },
        Query::Journey { .. } => View::Journey { steps: vec![step()] },
        Query::Item { .. } => View::Item(Box::new(item())),
        Query::Quality {} => {
            View::Quality(Quality { officers: vec![OfficerFigures::default()], rules: vec![RuleFigures::default()], ..Quality::default() })
        }
        Query::Rules {} => View::Rules(Box::new(Rules {
            acts: vec![step()],
            clauses: vec![Clause::default()],
            files: vec![("ruleset.toml".to_owned(), plain())],
            officers: vec![(plain(), plain())],
            ..Rules::default()
        })),
        Query::Partners {} => {
            let totals = vec![("from it: forward".to_owned(), 1), ("for it: reject".to_owned(), 1)];
            let partner =
                Partner { peer: peer.clone(), totals, agreements: vec![plain(), plain()], clauses: vec![Clause::default()], ..Partner::default() };
            let until = "2020-01-01T00:00:00Z".to_owned();
            View::Partners { partners: vec![partner.clone(), Partner { certificate_until: until, clearance: plain(), ..partner }] }
        }
        Query::Audit {} => View::Audit(Audit { checkpoint: plain(), ..Audit::default() }),
        Query::Records { .. } => View::Records(Rows { rows: vec![step()], next: Some(plain()), total: None }),
        other => panic!("no page asks {other:?}"),
    }
}

/// A gateway that says what it is given to say.
struct Gate(Texts);

impl Office for Gate {
    fn look(&self, query: Query) -> Later<'_, View> {
        let shown = self.0.through(view(&query));
        Box::pin(std::future::ready(Ok(shown)))
    }

    fn review(&self, _: String) -> Later<'_, Answer> {
        Box::pin(std::future::ready(Ok(Answer::Done { text: self.0.text() })))
    }

    fn act(&self, _: Act) -> Later<'_, Answer> {
        Box::pin(std::future::ready(Err(Fault::new(self.0.text()))))
    }

    fn processes(&self) -> Vec<Value> {
        let wall = serde_json::json!(["calls", { "state": "closed", "detail": "plain" }]);
        let one = |ready| serde_json::json!({ "name": "plain", "pid": 7, "ready": ready, "restarts": 1, "walls": { "layers": [wall] } });
        let bare = serde_json::json!({ "name": "plain", "pid": "plain", "ready": true, "restarts": 0 });
        [one(true), one(false), bare].into_iter().map(|process| self.0.of("", process)).collect()
    }

    fn papers(&self) -> Papers {
        self.0.through(papers())
    }
}

fn console(texts: Texts) -> Arc<Console> {
    let lab = Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy/lab/gateway.toml");
    let mut config = Gateway::of_text(&lab, &std::fs::read_to_string(&lab).unwrap()).unwrap();
    // Operators write them, and may write them in any letters: they are escaped, and not made plain.
    let text = || texts.text().replace(['\u{202e}', '\u{7f}'], "");
    (config.home, config.console.as_mut().unwrap().banner) = (text(), text());
    let anchor = Anchor::make("test", now(), 100).unwrap();
    let own = anchor.issue("localhost", Use::Both, now(), 10).unwrap();
    let list = anchor.revoke(&[], now(), 5).unwrap();
    let pem = Pem {
        anchor: anchor.certificate().as_bytes(),
        certificate: own.certificate.as_bytes(),
        key: own.key.as_bytes(),
        revocations: &[list.as_bytes()],
    };
    let setting = Setting::of(&config, &Material::of(&pem).unwrap(), 443).unwrap();
    Arc::new(Console::new(Arc::new(Gate(texts)), setting).unwrap())
}

/// A page, the template that it renders, and what is asked.
const PAGES: &[(Page, &str, &str)] = &[
    (Page::Overview, "overview.html", ""),
    (Page::Held, "held.html", "from=X&code=X"),
    (Page::Item, "item.html", "id=X&from=X&recipient=X"),
    (Page::Choice, "item.html", "id=X&from=X&recipient=X&verdict=reject&reason=X&colleague=X"),
    (Page::Choice, "item.html", "id=X&from=X&recipient=X&verdict=X&reason=X&colleague=X"),
    (Page::Decide, "notice.html", "id=X&from=X&recipient=X&note=X"),
    (Page::Quality, "quality.html", ""),
    (Page::Messages, "messages.html", "id=X&since=X&until=X"),
    (Page::Message, "message.html", "id=X"),
    (Page::Rules, "rules.html", ""),
    (Page::RuleFile, "file.html", "path=PATH"),
    (Page::Edition, "edition.html", "folder=X"),
    (Page::Edition, "edition.html", "folder=broken"),
    (Page::EditionText, "sign.html", "digest=DIGEST&role=author"),
    (Page::ConditionText, "sign.html", "name=X&value=X&reason=plain"),
    (Page::Condition, "notice.html", "note=X"),
    (Page::Partners, "partners.html", ""),
    (Page::Audit, "audit.html", ""),
    (Page::Health, "health.html", ""),
];

const ANY: Fields = Fields {
    once: &[
        "id",
        "from",
        "recipient",
        "code",
        "verdict",
        "reason",
        "colleague",
        "note",
        "since",
        "until",
        "path",
        "folder",
        "digest",
        "role",
        "name",
        "value",
    ],
    many: &[],
};

async fn html(texts: Texts, page: Page, asked: &str) -> String {
    let console = console(texts);
    // A path of the edition in force is asked for as the keeper has it.
    let path = if texts == Texts::Plain { "ruleset.toml".to_owned() } else { crate::base::plain::plain(&texts.text()) };
    let folder = if texts == Texts::Plain || page != Page::Edition { texts.text() } else { crate::base::plain::plain(&texts.text()) };
    let digest = if texts == Texts::Everywhere { crate::base::plain::plain(&texts.text()) } else { Digest::of(b"rules").to_string() };
    let coded = crate::console::form::encoded;
    let asked = asked.replace("PATH", &coded(&path)).replace("DIGEST", &coded(&digest)).replace('X', &coded(&folder));
    let form = Form::parse(&asked, ANY).unwrap();
    let visitor = Visitor { name: "ann".to_owned(), roles: Role::ALL.into_iter().collect() };
    let guest = (visitor, Vec::new().into());
    let answer = match super::answer(&console, page, &guest, "", &form).await {
        Ok(answer) => answer,
        Err(problem) => super::problem(&console, &guest.0, &problem),
    };
    let bytes = answer.into_body().collect().await.unwrap().to_bytes();
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// The elements of a page with the names of their attributes. A page that is not made of whole tags with quoted values fails.
fn elements(html: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut rest = html;
    while let Some((_, tag)) = rest.split_once('<') {
        let name = tag.find(|c: char| !(c.is_ascii_alphanumeric() || "/!".contains(c))).unwrap();
        let (name, after) = tag.split_at(name);
        let (mut element, mut names) = (name.to_owned(), BTreeSet::new());
        rest = after;
        loop {
            rest = rest.trim_start();
            if let Some(after) = rest.strip_prefix('>').or_else(|| rest.strip_prefix("/>")) {
                rest = after;
                break;
            }
            let end = rest.find(|c: char| !(c.is_ascii_alphanumeric() || c == '-')).unwrap();
            assert!(end > 0, "no attribute and no end of `{element}` at {}", rest.get(..40).unwrap_or(rest));
            let (name, after) = rest.split_at(end);
            names.insert(name.to_owned());
            rest = after;
            if let Some(quoted) = rest.strip_prefix("=\"") {
                let (value, after) = quoted.split_once('"').unwrap();
                assert!(!value.contains(['<', '>']) && !value.trim_start().starts_with("javascript:"), "{value}");
                rest = after;
            }
        }
        for name in names {
            assert!(!name.starts_with("on") && name != "style", "`{element}` has `{name}`");
            element.push_str(&format!(" {name}"));
        }
        found.insert(element);
    }
    found
}

#[tokio::test]
async fn hostile_text_in_every_field_of_every_page_adds_no_element_and_no_attribute() {
    let mut whole = BTreeSet::from(["td class colspan", "p class role", "p class id role", "li class", "p class"].map(str::to_owned));
    for (page, _, asked) in PAGES {
        whole.extend(elements(&html(Texts::Plain, *page, asked).await));
    }
    for (page, template, asked) in PAGES {
        let harmless: BTreeSet<String> = elements(&html(Texts::Plain, *page, asked).await);
        assert!(harmless.len() > 15, "{page:?} {template} is hardly a page");
        for texts in [Texts::Hostile, Texts::Everywhere] {
            let page_of = html(texts, *page, asked).await;
            assert!(!page_of.contains('\u{202e}') && !page_of.contains('\u{7f}'), "{page:?} {texts:?} has what cannot be seen");
            // Which of its parts a page shows depends on texts that are hostile now: none of them has an element that is no page's.
            let more: Vec<_> = elements(&page_of).difference(&whole).cloned().collect();
            assert!(more.is_empty(), "{page:?} {template} {texts:?}: {more:?}");
        }
    }
}

#[test]
fn every_template_is_rendered_by_a_page_of_this_test() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/console/templates");
    let read = |name: &str| std::fs::read_to_string(folder.join(name)).unwrap();
    let mut covered: BTreeSet<String> = PAGES.iter().map(|(_, template, _)| (*template).to_owned()).collect();
    let mut open: Vec<String> = covered.iter().cloned().collect();
    while let Some(name) = open.pop() {
        for other in read(&name).split("console/templates/").skip(1).filter_map(|rest| rest.split('"').next()) {
            if covered.insert(other.to_owned()) {
                open.push(other.to_owned());
            }
        }
    }
    let there: BTreeSet<String> = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    assert_eq!(there, covered, "a template that no page of `PAGES` renders");
}

#[test]
fn the_scan_sees_what_it_is_for() {
    let seen = elements("<!doctype html><p class=\"a\">x</p><input required>");
    assert!(seen.contains("p class") && seen.contains("input required") && seen.contains("/p"), "{seen:?}");
    for bad in ["<p onclick=\"x\">", "<a href=\"javascript:x\">", "<p style=\"x\">", "<p class=\"a\"\"><b>"] {
        assert!(std::panic::catch_unwind(|| elements(bad)).is_err(), "{bad}");
    }
}
