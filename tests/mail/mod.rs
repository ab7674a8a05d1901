//! Internet mail: samples of ours, laws, generated mails, hostile ones, and Python's parser as a second opinion.

mod ess;
mod inside;
mod oracle;

use std::path::Path;
use std::sync::LazyLock;

use proptest::prelude::*;
use vestibule::base::{Outcome, Reason, Traffic};
use vestibule::format::{self, Syntax, laws};
use vestibule::normal::{Change, Edit, Edits, Kind, Marking, NodeId, Tree, Value};
use vestibule::pipeline::Guard;
use vestibule::pipeline::laws::{Setting, the_halves_agree};
use vestibule::policy::{Edition, load, read_folder};

use crate::samples::{Placed, Samples, header, now, read, ruling, write};

const MAIL: Samples = Samples::of("mail");

/// The values of a tree by path.
fn fields(tree: &Tree<'_>) -> Vec<(String, String)> {
    tree.all().filter(|(_, node)| node.kind != Kind::Element).map(|(id, node)| (tree.path(id), node.value.text().into_owned())).collect()
}

fn of<'f>(fields: &'f [(String, String)], path: &str) -> &'f str {
    fields.iter().find(|(known, _)| known == path).map_or_else(|| panic!("no {path} in {fields:#?}"), |(_, text)| text)
}

#[test]
fn accepted_samples_are_read_and_keep_every_law() {
    MAIL.accepted_keep_every_law(12);
}

#[test]
fn every_byte_of_an_accepted_sample_counts() {
    MAIL.every_byte_counts(|_, _| true);
}

#[test]
fn rejected_samples_are_refused_with_the_code_of_their_folder_and_a_place() {
    MAIL.rejected_are_refused(Placed::OnceClaimed);
}

#[test]
fn every_code_of_the_reader_has_a_sample() {
    MAIL.every_code_has_a_sample(&["malformed.mail.", "invalid.mail."]);
}

#[test]
fn fields_of_a_military_mail_have_types_and_one_spelling() {
    let body = MAIL.named("military");
    let tree = read(&body).unwrap();
    let fields = fields(&tree);
    for (path, text) in [
        ("/mail/header/@date", "2026-03-01T11:00:00Z"),
        ("/mail/header/message-id/@left", "20260301.2"),
        ("/mail/header/message-id/@right", "mod.example.gbr"),
        ("/mail/header/@mmhs-primary-precedence", "immediate"),
        ("/mail/header/@mmhs-codress-message-indicator", "17"),
        ("/mail/header/from/mailbox/@name", "MOD, Duty \"J3\" Desk"),
        ("/mail/header/to/mailbox[2]/@local", "second.watch"),
        ("/mail/header/to/mailbox[2]/@domain", "ops.example.can"),
        ("/mail/header/references/id[2]/@left", "20260228.9"),
        ("/mail/header/mmhs-message-type/@type", "exercise"),
        ("/mail/header/mmhs-message-type/@identifier", "WINTER GALE 26"),
        ("/mail/header/mmhs-subject-indicator-codes/sic[3]", "XYZ9"),
        ("/mail/header/mmhs-handling-instructions/instruction[1]", "DELIVER BY HAND"),
        ("/mail/header/mmhs-other-recipients-indicator-cc/designator[2]", "HMCS EXAMPLE"),
        ("/mail/body", "The convoy left."),
    ] {
        assert_eq!(of(&fields, path), text);
    }
    assert!(matches!(tree.node(tree.all().find(|(_, node)| node.name == "date").unwrap().0).value, Value::Time(_)));
    let facts = (MAIL.format().facts)(&tree);
    assert_eq!((&*facts.kind, facts.traffic, &*facts.subject), ("mail", Some(Traffic::Exercise), "20260301.2@mod.example.gbr"));
}

#[test]
fn what_leaves_has_one_spelling() {
    let body = MAIL.named("other-letters");
    let written = String::from_utf8(write(&read(&body).unwrap(), Syntax::Mail).unwrap()).unwrap();
    assert_eq!(
        written,
        "Date: Sun, 1 Mar 2026 11:00:00 +0000\r\nFrom: duty.officer@ops.example.gbr\r\nTo: watch@ops.example.usa\r\n\
         Message-ID: <20260301.1@ops.example.gbr>\r\nSubject: =?utf-8?B?R3LDvMOfZSBhdXMgw4VsYW5kIHRvZGF5?=\r\nMIME-Version: 1.0\r\n\
         Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n\
         R3LDvMOfZSBhdXMgw4VsYW5kOiB0aGUgd2luZCBpcyAxMiBtL3MuDQoubGVhZGluZyBmdWxsIHN0\r\nb3ANCkZyb20gaGVyZSBvbiwgbm90aGluZy4=\r\n"
    );
    for (path, body) in MAIL.accepted() {
        let written = write(&read(&body).unwrap(), Syntax::Mail).unwrap();
        let lines = written.split(|b| *b == b'\n');
        let bad = |line: &[u8]| line.starts_with(b".") || line.starts_with(b"From ") || line.len() > 999 || !line.is_ascii();
        assert!(!lines.into_iter().any(bad), "{}", path.display());
    }
}

#[test]
fn parts_are_text_or_opaque_data() {
    let body = MAIL.named("attachments");
    let fields = fields(&read(&body).unwrap());
    for (path, text) in [
        ("/mail/body", "See the annexes."),
        ("/mail/attachment[1]/@name", "list.txt"),
        ("/mail/attachment[1]/text", "one\ntwo"),
        ("/mail/attachment[2]/@type", "application/pdf"),
        ("/mail/attachment[2]/@description", "The Gr\u{fc}ne plan"),
        ("/mail/attachment[2]/@id", "annex.2@ops.example.gbr"),
        ("/mail/attachment[2]/disposition[2]/@value", "Sun, 1 Mar 2026 10:00:00 +0000"),
        ("/mail/attachment[2]/data", "AAEC"),
    ] {
        assert_eq!(of(&fields, path), text);
    }
    for (name, kind) in [("html", "text/html"), ("western-letters", "text/plain"), ("enveloped", "application/pkcs7-mime")] {
        let body = MAIL.named(name);
        let fields = self::fields(&read(&body).unwrap());
        assert_eq!(of(&fields, "/mail/attachment/@type"), kind);
        assert!(fields.iter().any(|(path, _)| path == "/mail/attachment/data"), "{name}");
    }
}

#[test]
fn markings_are_found_where_a_mail_has_them() {
    let look = |name: &str| {
        let body = MAIL.named(name);
        let tree = read(&body).unwrap();
        let word = |marking: &Marking| match marking {
            Marking::Stanag4774(id) | Marking::Ess(id) | Marking::Line(id) | Marking::Ground(id) | Marking::Banner(id) => tree.path(*id),
            other => panic!("mail has no marking such as {other:?}"),
        };
        (MAIL.format().markings)(&tree).iter().map(word).collect::<Vec<_>>()
    };
    assert_eq!(look("minimal"), Vec::<String>::new());
    assert_eq!(look("labelled"), ["/mail/header/@subject", "/mail/header/sio-label/originatorConfidentialityLabel", "/mail/body"]);
    let binary = ["/mail/header/@subject", "/mail/header/sio-label/@marking", "/mail/header/sio-label/ess", "/mail/body"];
    assert_eq!(look("binary-label"), binary);
    assert_eq!(look("marking-only"), ["/mail/header/sio-label/@bgcolor", "/mail/header/sio-label/@marking", "/mail/body"]);
}

#[test]
fn a_marking_has_the_colour_that_the_spif_names_or_none_through_both_halves() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("rules/five-eyes");
    let guard = Guard::load(&read_folder(&folder).unwrap()).unwrap_or_else(|complaints| panic!("{complaints:?}"));
    let letter = std::fs::read_to_string(folder.join("cases/messages/letter-with-binary-label.eml")).unwrap();
    let ruled = |colours: &str| ruling(&guard, "gbr-ops", "usa-ops", letter.replace("type=\":ess\"", &format!("{colours} type=\":ess\"")).as_bytes());
    for colours in ["", "bgcolor=red;", "fgcolor=white; bgcolor=red;"] {
        let found = ruled(colours);
        assert_eq!((found.outcome, found.code), (Outcome::Forward, None), "{colours}: {found:?}");
        let left = String::from_utf8_lossy(found.output.as_ref().unwrap().bytes()).replace(['"', '\r', '\n'], "");
        assert!(left.contains("bgcolor=red") == colours.contains("bgcolor"), "{left}");
    }
    for colours in ["bgcolor=blue;", "bgcolor=\"#ff0000\";", "fgcolor=white; bgcolor=green;"] {
        assert_eq!(ruled(colours).code, Some(Reason::LabelDisagree), "{colours}");
    }
}

#[test]
fn a_hostile_body_costs_no_more_than_its_budget() {
    let head = "Date: 1 Mar 2026 11:00 +0000\r\nFrom: a@b\r\nMessage-ID: <1@b>\r\n";
    let many = format!("{head}To: {}\r\n\r\n", vec!["a@b"; 400_000].chunks(200).map(|line| line.join(",")).collect::<Vec<_>>().join(",\r\n "));
    let parts =
        format!("{head}MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n{}--b--\r\n", "--b\r\n\r\nx\r\n".repeat(100_000));
    let folded = format!("{head}Subject:{}\r\n\r\n", "\r\n a".repeat(200_000));
    for (body, code) in
        [(many, "invalid.mail.address"), (parts, "size.nodes"), (format!("{head}{}\r\n", "X: y\r\n".repeat(200_000)), "malformed.mail.header")]
    {
        assert_eq!(read(body.as_bytes()).unwrap_err().reason.code(), code);
    }
    assert!(read(folded.as_bytes()).is_ok());
}

/// The lab's marking schemes and peers, and a label that all of them may have.
static LAB: LazyLock<Edition> = LazyLock::new(|| {
    let files = read_folder(&Path::new(env!("CARGO_MANIFEST_DIR")).join("rules/five-eyes")).unwrap();
    load(&files).unwrap()
});
const OPEN: &str = "<originatorConfidentialityLabel xmlns='urn:nato:stanag:4774:confidentialitymetadatalabel:1:0' \
    ReviewDateTime='2031-01-01T00:00:00Z'><ConfidentialityInformation><PolicyIdentifier>GBR</PolicyIdentifier>\
    <Classification>SECRET</Classification></ConfidentialityInformation><CreationDateTime>2026-01-01T00:00:00Z</CreationDateTime>\
    </originatorConfidentialityLabel>";

/// Both halves of the guard over one mail, with a label beside it.
fn halves(body: &[u8]) -> Result<(), String> {
    halves_to(body, "usa-ops", Some(OPEN))
}

/// The same for any recipient and label.
fn halves_to(body: &[u8], to: &str, label: Option<&str>) -> Result<(), String> {
    let (sender, recipient) = (&LAB.peers["gbr-ops"], &LAB.peers[to]);
    the_halves_agree(&Setting { lattice: &LAB.lattice, sender, recipient, now: now() }, &header(&recipient.name, label), body)
}

#[test]
fn both_halves_of_the_guard_agree_on_every_sample() {
    for (path, body) in MAIL.accepted().into_iter().chain(MAIL.rejected()) {
        halves(&body).unwrap_or_else(|why| panic!("{}: {why}", path.display()));
    }
}

#[test]
fn a_line_put_anywhere_into_a_sample_is_read_by_both_halves_alike() {
    for (path, body) in MAIL.accepted() {
        for at in (0..=body.len()).filter(|at| *at == 0 || body[at - 1] == b'\n') {
            for line in
                ["\r\n", "--b1\r\n", "--b1--\r\n", "--cut_here-1\r\n", "x\r\n", " x\r\n", "X: y\r\n", ".x\r\n", "Subject: =?utf-8?q?=C3=BC?= x\r\n"]
            {
                let spliced = [&body[..at], line.as_bytes(), &body[at..]].concat();
                halves(&spliced).unwrap_or_else(|why| panic!("{} with {line:?}: {why}\n{}", path.display(), String::from_utf8_lossy(&spliced)));
            }
        }
    }
}

fn edit(tree: &Tree<'_>, edits: &mut Edits, node: NodeId, change: Change) {
    edits.add(Edit { node, path: tree.path(node), action: "replace", rule: "test".into(), change });
}

#[test]
fn edits_cannot_write_a_line_of_their_own() {
    let body = MAIL.named("attachments");
    let tree = read(&body).unwrap();
    for (id, node) in tree.all().filter(|(_, node)| node.kind != Kind::Element) {
        for text in ["a\r\nBcc: x@y", "a\0b", "\u{1b}[2J"] {
            let mut edits = Edits::default();
            edit(&tree, &mut edits, id, Change::Replace(Value::Text(text.into())));
            let written = vestibule::rebuild::bytes(&tree, &edits, Syntax::Mail);
            assert_eq!(written.unwrap_err().reason, Reason::FaultInternal, "{} as {text:?}", tree.path(id));
        }
        if node.kind == Kind::Text && matches!(tree.path(id).as_str(), "/mail/body" | "/mail/attachment[1]/text") {
            let mut edits = Edits::default();
            edit(&tree, &mut edits, id, Change::Replace(Value::Text("--b1--\n.\nFrom x".into())));
            let written = vestibule::rebuild::bytes(&tree, &edits, Syntax::Mail).unwrap();
            let again = read(&written).unwrap();
            assert_eq!(again.node(id).value.text(), "--b1--\n.\nFrom x");
        }
    }
}

#[test]
fn fields_and_attachments_that_are_removed_do_not_leave() {
    let body = MAIL.named("relayed");
    let tree = read(&body).unwrap();
    let mut edits = Edits::default();
    for (id, _) in tree.all().filter(|(_, node)| node.name == "field") {
        edit(&tree, &mut edits, id, Change::Remove);
    }
    let written = vestibule::rebuild::bytes(&tree, &edits, Syntax::Mail).unwrap();
    assert_eq!(edits.len(), 6);
    assert!(read(&written).unwrap().all().all(|(_, node)| node.name != "field"));
    let body = MAIL.named("attachments");
    let tree = read(&body).unwrap();
    let mut edits = Edits::default();
    tree.all().filter(|(_, node)| node.name == "attachment").for_each(|(id, _)| edit(&tree, &mut edits, id, Change::Remove));
    let written = String::from_utf8(vestibule::rebuild::bytes(&tree, &edits, Syntax::Mail).unwrap()).unwrap();
    assert!(written.ends_with("charset=us-ascii\r\nContent-Transfer-Encoding: 7bit\r\n\r\nSee the annexes.\r\n"), "{written}");
}

/// Words as people and programs write them into a header.
fn header_text() -> impl Strategy<Value = String> {
    "[ -~\u{e9}\u{4e2d}\u{10000}]{0,60}"
}

fn text() -> impl Strategy<Value = String> {
    "([ -~\u{e9}]{0,20}\n|\\.\n|From x\n|--b1\n){0,8}"
}

fn address() -> impl Strategy<Value = String> {
    ("[a-z0-9!#$%&'*+/=?^_`{|}~-]{1,12}(\\.[a-z0-9]{1,5}){0,2}", "[a-zA-Z0-9]{1,8}(\\.[a-z0-9]{1,8}){0,2}")
        .prop_map(|(local, domain)| format!("{local}@{domain}"))
}

/// A mail as a program would write it: encoded words, quoted names, base64 parts.
fn any_mail() -> impl Strategy<Value = String> {
    let named = (address(), "[ -~]{0,20}").prop_map(|(address, name)| match name.trim() {
        "" => address,
        name => format!("\"{}\" <{address}>", name.replace('\\', "\\\\").replace('"', "\\\"").replace("=?", "= ?")),
    });
    let part = (text(), any::<bool>(), "[a-z]{1,8}").prop_map(|(text, data, name)| {
        use base64::Engine;
        let coded = base64::engine::general_purpose::STANDARD.encode(&text);
        let lines = coded.as_bytes().chunks(76).map(|line| std::str::from_utf8(line).unwrap()).collect::<Vec<_>>().join("\r\n");
        let kind = if data { "application/octet-stream" } else { "text/plain; charset=utf-8" };
        format!(
            "--b1\r\nContent-Type: {kind}\r\nContent-Transfer-Encoding: base64\r\nContent-Disposition: attachment; filename={name}\r\n\r\n{lines}\r\n"
        )
    });
    (prop::collection::vec(named, 1..5), header_text(), prop::collection::vec(part, 1..4), "[a-z]{1,10}").prop_map(|(to, subject, parts, extra)| {
        use base64::Engine;
        let coded: Vec<String> =
            subject.chars().map(|c| format!("=?utf-8?B?{}?=", base64::engine::general_purpose::STANDARD.encode(c.to_string()))).collect();
        format!(
            "Date: Sun, 1 Mar 2026 11:00:00 +0000\r\nFrom: a@b\r\nMessage-ID: <1@b>\r\nTo: {}\r\nSubject: {}\r\nX-{extra}: y\r\nMIME-Version: 1.0\r\n\
             Content-Type: multipart/mixed; boundary=b1\r\n\r\n{}--b1--\r\n",
            to.join(",\r\n "),
            coded.join("\r\n "),
            parts.concat()
        )
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1024, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_mail_is_read_written_and_read_again(body in any_mail()) {
        prop_assert!(read(body.as_bytes()).is_ok(), "{:?}", read(body.as_bytes()).unwrap_err());
        prop_assert_eq!(laws::all(MAIL.format(), body.as_bytes(), write), Ok(()));
        prop_assert_eq!(halves(body.as_bytes()), Ok(()));
    }

    #[test]
    fn any_bytes_and_any_splices_of_samples_break_no_law(at in any::<prop::sample::Index>(), which in any::<prop::sample::Index>(), junk in "[ -~\r\n\t\u{0}-\u{1f}é]{0,12}|\r\n[ -~]{0,9}|--b1(--)?\r\n", cut in 0..40_usize) {
        let samples = MAIL.accepted();
        let (_, body) = which.get(&samples);
        let from = at.index(body.len());
        let to = (from + cut).min(body.len());
        let spliced = [&body[..from], junk.as_bytes(), &body[to..]].concat();
        prop_assert_eq!(laws::all(MAIL.format(), &spliced, write), Ok(()));
        prop_assert_eq!(halves(&spliced), Ok(()));
    }
}
