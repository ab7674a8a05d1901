//! Reviewers with keys at the running gateway: what one of them sees is what leaves, two agree or nothing does, and nothing but a signed word counts.

use std::collections::{BTreeMap, BTreeSet};

use super::*;
use vestibule::audit::SignerKey;
use vestibule::control::ReviewStatement;
use vestibule::control::desk::{Choice, Held, Item, Query, View};
use vestibule::control::review::{Chosen, Subject};
use vestibule::journal::{Pending, Reviewed};
use vestibule::statement::{ReturnClass, Says, Statement};

/// A lab whose configuration names officers, and whose tracks two persons must agree on.
pub(super) struct Panel {
    pub(super) lab: Lab,
}

impl Panel {
    pub(super) fn new(persons: u8) -> Self {
        Self::with(persons, |_, text| text.to_owned())
    }

    /// Ann, Bob and Eve review, Cid operates, Ann writes rules and Bob approves them; the rule set is changed and signed.
    pub(super) fn with(persons: u8, change: impl Fn(&str, &str) -> String) -> Self {
        Self::furnished(persons, change, "")
    }

    /// The same with more in the configuration.
    pub(super) fn furnished(persons: u8, change: impl Fn(&str, &str) -> String, more: &str) -> Self {
        let keys = tempfile::tempdir().unwrap();
        let mut entries = String::new();
        for (name, roles) in [("ann", "reviewer,author"), ("bob", "reviewer,approver"), ("eve", "reviewer"), ("cid", "operator")] {
            let into = keys.path().join(name).display().to_string();
            let (status, out, errors) = vestibule(&["pki", "officer", "--name", name, "--roles", roles, "--into", &into]);
            assert_eq!(status, 0, "{errors}");
            entries.push_str(&out);
        }
        let lab = Lab::with(|text| format!("{}\n{entries}\n{more}", text.replace(RULES, "rules")));
        for name in ["ann", "bob", "eve", "cid"] {
            std::fs::copy(keys.path().join(name), lab.path(&format!("{name}.key"))).unwrap();
        }
        let panel = Self { lab };
        panel.edition("2026.1", persons, change);
        panel
    }

    /// Writes an edition into the rule folder, and has it signed.
    pub(super) fn edition(&self, number: &str, persons: u8, change: impl Fn(&str, &str) -> String) {
        for file in vestibule::policy::read_folder(Path::new(RULES)).unwrap() {
            let text = match &*file.path {
                "ruleset.toml" => file.text.replace("edition = \"2026.1\"", &format!("edition = \"{number}\"")),
                "agreements/fvey-tracks.toml" => {
                    let bare = file.text.lines().filter(|line| !line.starts_with("reviewers")).collect::<Vec<_>>().join("\n");
                    bare.replace("release = ", &format!("reviewers = {persons}\nrelease = "))
                }
                _ => file.text.to_string(),
            };
            let path = self.lab.path("rules").join(&*file.path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, change(&file.path, &text)).unwrap();
        }
        let folder = self.lab.path("rules").display().to_string();
        for (who, role) in [("ann", "author"), ("bob", "approver")] {
            let key = self.key_file(who);
            let (status, out, errors) = vestibule(&["rules", "sign", &folder, "--key", &key, "--role", role]);
            assert_eq!(status, 0, "{out}{errors}");
        }
    }

    pub(super) fn key_file(&self, who: &str) -> String {
        self.lab.path(&format!("{who}.key")).display().to_string()
    }

    fn key(&self, who: &str) -> SignerKey {
        SignerKey::open(&self.lab.path(&format!("{who}.key"))).unwrap()
    }

    /// A note of an officer.
    pub(super) fn note(&self, who: &str, item: &Item, chosen: Chosen) -> String {
        self.note_with(who, item, chosen, |_| {})
    }

    /// The same with something in it changed before it is signed.
    fn note_with(&self, who: &str, item: &Item, chosen: Chosen, change: impl FnOnce(&mut ReviewStatement)) -> String {
        let subject = Subject::of_head(&item.head).unwrap();
        let mut statement = ReviewStatement { subject, chosen, reason: "seen and weighed".to_owned(), officer: name(who), signed: now() };
        change(&mut statement);
        self.key(who).sign(&statement.text())
    }
}

/// A panel whose gateway runs and has got one message for `usa-ops`.
struct Sitting {
    panel: Panel,
    gateway: Running,
    gbr: Peer,
    usa: Peer,
    header: Header,
    body: Vec<u8>,
}

impl Sitting {
    async fn over(panel: Panel, case: &str) -> Self {
        let gateway = panel.lab.start().await;
        let (gbr, usa) = (panel.lab.link("gbr-ops").await, panel.lab.link("usa-ops").await);
        let (header, body) = letter(case, 4);
        gbr.send(&header, &body).await;
        Self { panel, gateway, gbr, usa, header, body }
    }
}

/// Looks at what is held for `usa-ops` under a choice.
pub(super) async fn look(gateway: &Running, id: MessageId, viewer: &str, waived: &[&str], removed: &[&str]) -> Item {
    let of = Held { from: "gbr-ops".to_owned(), id: id.to_string(), recipient: "usa-ops".to_owned() };
    let texts = |list: &[&str]| list.iter().map(|text| (*text).to_owned()).collect();
    let choice = Choice { waived: texts(waived), removed: texts(removed) };
    match gateway.handle.look(Query::Item { of, choice, viewer: viewer.to_owned() }).await.unwrap() {
        View::Item(item) => *item,
        other => panic!("{other:?}"),
    }
}

/// What an officer releases who looks at this item.
pub(super) fn release(item: &Item, waived: &[&str], removed: &[&str]) -> Chosen {
    let digest = &item.output.as_ref().unwrap_or_else(|| panic!("nothing would leave: {}", item.would)).digest;
    let leaves = item.release.lines().find_map(|line| line.strip_prefix("leaves: ")).unwrap();
    assert_eq!(leaves, digest);
    let bytes: Vec<u8> = (0..64).step_by(2).map(|at| u8::from_str_radix(&digest[at..at + 2], 16).unwrap()).collect();
    Chosen::Release {
        waived: waived.iter().map(|name| ((*name).to_owned(), "known".to_owned())).collect::<BTreeMap<_, _>>(),
        removed: removed.iter().map(|path| (*path).to_owned()).collect::<BTreeSet<_>>(),
        leaves: Digest(bytes.try_into().unwrap()),
    }
}

pub(super) async fn done(gateway: &Running, note: &str) {
    let response = gateway.handle.note(note).await.unwrap();
    assert!(matches!(&response, Response::Done { .. }), "{response:?}");
}

pub(super) async fn waits(gateway: &Running, note: &str, told: &str) {
    let response = gateway.handle.note(note).await.unwrap();
    assert!(matches!(&response, Response::Waiting { text } if text.contains(told)), "{told}: {response:?}");
}

pub(super) async fn refused(gateway: &Running, note: &str, told: &str) {
    let response = gateway.handle.note(note).await.unwrap();
    assert!(matches!(&response, Response::Refused { text } if text.contains(told)), "{told}: {response:?}");
}

pub(super) fn words(item: &Item) -> Vec<&str> {
    item.acts.iter().map(|act| act.what.as_str()).collect()
}

async fn reviews(gateway: &Running, id: MessageId) -> Vec<Reviewed> {
    let journey = gateway.journey(id).await.into_iter();
    journey.filter_map(|event| if let Event::Reviewed(one) = event { Some(one) } else { None }).collect()
}

/// The one finding of `word-plain`.
pub(super) fn word(item: &Item) -> String {
    let found: Vec<&str> = item.findings.iter().filter(|one| one.code == "content.words").map(|one| one.name.as_str()).collect();
    assert_eq!(found.len(), 1, "{:?}", item.findings);
    found[0].to_owned()
}

#[test]
fn two_officers_release_a_held_message_blindly_and_the_recipient_gets_the_bytes_whose_digest_both_signed() {
    run(async {
        let Sitting { panel, gateway, gbr: _gbr, usa, header, body } = Sitting::over(Panel::new(2), "word-plain").await;
        let plain = look(&gateway, header.id, "ann", &[], &[]).await;
        let found = word(&plain);
        assert!(plain.output.is_none() && plain.release.is_empty() && plain.would.contains("content.words"), "{}", plain.would);
        assert_eq!((plain.format.as_str(), plain.native.as_bytes(), plain.persons, plain.choices), ("cot", body.as_slice(), 2, 0));
        let node = plain.tree.iter().find(|node| node.findings.contains(&found)).unwrap();
        assert!(node.path.ends_with("/remarks") && node.removable && node.text.contains("GREYWATER"), "{node:?}");
        let (start, end) = plain.findings[0].span.unwrap();
        assert_eq!(&plain.native[start as usize..end as usize], "GREYWATER");
        let waived = look(&gateway, header.id, "ann", &[&found], &[]).await;
        let output = waived.output.clone().unwrap();
        assert_eq!(Digest::of(output.native.as_bytes()).to_string(), output.digest);
        waits(&gateway, &panel.note("ann", &waived, release(&waived, &[&found], &[])), "a second person").await;
        // Bob sees that there is a choice, and not which; Ann sees her own.
        let (bobs, anns) = (look(&gateway, header.id, "bob", &[&found], &[]).await, look(&gateway, header.id, "ann", &[&found], &[]).await);
        assert_eq!((bobs.choices, words(&bobs)), (1, vec!["looked", "looked"]));
        assert_eq!((anns.choices, words(&anns)), (1, vec!["looked", "release", "looked"]));
        assert_eq!((usa.count(), bobs.message.reviews.as_str()), (0, "1 of 2"));
        done(&gateway, &panel.note("bob", &bobs, release(&bobs, &[&found], &[]))).await;
        until("the delivery", || usa.count() >= 1).await;
        let got = usa.got();
        assert_eq!(Digest::of(&got[&onward(header.id)]).to_string(), output.digest);
        let records = reviews(&gateway, header.id).await;
        assert_eq!(records.iter().map(|one| one.pending).collect::<Vec<_>>(), [Some(Pending::Waits), None]);
        assert!(records.iter().all(|one| one.note.is_some() && one.choice.as_ref().unwrap().waived[0].reason == "known"));
        assert_eq!(records[1].choice.as_ref().unwrap().with, ["ann", "bob"]);
        gateway.stop().await;
        panel.lab.audit();
    });
}

#[test]
fn nothing_but_a_fresh_word_of_a_reviewer_about_exactly_this_counts() {
    run(async {
        let Sitting { panel, gateway, gbr, usa, header, .. } = Sitting::over(Panel::new(2), "word-plain").await;
        let (other, other_body) = letter("word-plain", 5);
        gbr.send(&other, &other_body).await;
        let found = word(&look(&gateway, header.id, "ann", &[], &[]).await);
        let item = look(&gateway, header.id, "ann", &[&found], &[]).await;
        let chosen = || release(&item, &[&found], &[]);
        let changed = |change: fn(&mut ReviewStatement)| panel.note_with("ann", &item, chosen(), change);
        let digest = |statement: &mut ReviewStatement| {
            let Chosen::Release { leaves, .. } = &mut statement.chosen else { panic!() };
            *leaves = Digest::of(b"other bytes");
        };
        let strange = |statement: &mut ReviewStatement| {
            let Chosen::Release { waived, .. } = &mut statement.chosen else { panic!() };
            waived.insert("clearance.level  /event".to_owned(), "rank".to_owned());
        };
        let another = panel.note_with("ann", &item, chosen(), |statement| statement.subject.message = other.id);
        for (note, told) in [
            (changed(digest), "another digest than the one that was signed"),
            (changed(strange), "is no finding of the message that reviewers may let pass"),
            (changed(|one| one.subject.edition = Digest::of(b"before")), "another edition than the one in force"),
            (changed(|one| one.subject.body = Digest::of(b"before")), "another digest of the body"),
            (changed(|one| one.subject.to = Name::new("can-ops").unwrap()), "nothing is held"),
            (changed(|one| one.signed = Time::from_unix_ms(one.signed.unix_ms() - 86_400_000).unwrap()), "seconds from now"),
            (changed(|one| one.officer = Name::new("bob").unwrap()), "speaks for `bob` and is signed by `ann`"),
            (panel.note("cid", &item, chosen()), "`cid` is no reviewer"),
            (panel.note("ann", &item, chosen()).replace("seen and weighed", "seen and waved"), "signature of `ann` is wrong"),
            (panel.note("ann", &item, Chosen::Pass(name("cid"))), "`cid` is no reviewer"),
            ("no note".to_owned(), "signed by none"),
        ] {
            refused(&gateway, &note, told).await;
        }
        // A note about another message is one about its body, too.
        refused(&gateway, &another, "another digest of the body").await;
        let unsigned = vestibule::process::Ask {
            id: header.id,
            from: None,
            recipient: None,
            reviewer: "a.turing".to_owned(),
            verdict: vestibule::journal::Verdict::Release,
            reason: "because".to_owned(),
            waived: None,
            removed: Vec::new(),
            class: None,
            colleague: None,
        };
        assert!(gateway.handle.review(&unsigned).await.unwrap_err().what.contains("must be signed"));
        assert_eq!(reviews(&gateway, header.id).await.len(), 0);
        let first = panel.note("ann", &item, chosen());
        waits(&gateway, &first, "a second person").await;
        refused(&gateway, &first, "taken before").await;
        refused(&gateway, &panel.note("ann", &item, chosen()), "`ann` has chosen already").await;
        // Another choice of a second person: both are visible, nothing follows, and either may choose anew.
        waits(&gateway, &panel.note("bob", &item, Chosen::Reject), "either may choose anew").await;
        let shown = look(&gateway, header.id, "eve", &[], &[]).await;
        assert!(words(&shown).contains(&"release") && words(&shown).contains(&"reject") && shown.choices == 2, "{:?}", shown.acts);
        assert_eq!(gateway.outcome(header.id, "usa-ops").await.0, "quarantine");
        refused(&gateway, &first, "taken before").await;
        let reject = panel.note("ann", &item, Chosen::Reject);
        done(&gateway, &reject).await;
        assert_eq!(gateway.outcome(header.id, "usa-ops").await, ("reject".to_owned(), Some("review.rejected")));
        refused(&gateway, &reject, "nothing is held").await;
        assert_eq!(usa.count(), 0);
        gateway.stop().await;
        panel.lab.audit();
    });
}

#[test]
fn what_is_neither_waived_nor_taken_out_still_holds_and_what_is_taken_out_does_not_leave() {
    run(async {
        let panel = Panel::new(1);
        let gateway = panel.lab.start().await;
        let (gbr, usa) = (panel.lab.link("gbr-ops").await, panel.lab.link("usa-ops").await);
        let (header, body) = letter("word-plain", 4);
        // A second code word, in another field.
        let body = String::from_utf8(body).unwrap();
        let at = body.find("callsign=\"").expect("a call sign") + "callsign=\"".len();
        let body = format!("{}TIN LANTERN {}", &body[..at], &body[at..]);
        gbr.send(&header, body.as_bytes()).await;
        let item = look(&gateway, header.id, "ann", &[], &[]).await;
        let named = |end: &str| item.findings.iter().find(|one| one.path.ends_with(end)).unwrap_or_else(|| panic!("{:?}", item.findings));
        let (remarks, callsign) = (named("/remarks"), named("/@callsign"));
        let half = look(&gateway, header.id, "ann", &[&remarks.name], &[]).await;
        assert!(half.output.is_none() && half.release.is_empty(), "{}", half.would);
        let forged = |leaves: &Item| panel.note("ann", &half, release(leaves, &[&remarks.name], &[]));
        let whole = look(&gateway, header.id, "ann", &[&remarks.name, &callsign.name], &[]).await;
        refused(&gateway, &forged(&whole), "nothing would leave: quarantine (content.words").await;
        // What must stay cannot be taken out, and the place is said.
        for (path, told) in [("/event/point", "must stay"), ("/event/@uid", "must stay"), ("/event/nothing", "does not have")] {
            let item = look(&gateway, header.id, "ann", &[&remarks.name, &callsign.name], &[path]).await;
            let found = item.findings.iter().find(|one| one.code == "review.removal").unwrap();
            assert!(item.output.is_none() && found.text.contains(told) && !found.waivable, "{path}: {found:?}");
            assert!(path == "/event/nothing" || found.path == path, "{found:?}");
        }
        let (waived, removed) = ([callsign.name.as_str()], [remarks.path.as_str()]);
        let chosen = look(&gateway, header.id, "ann", &waived, &removed).await;
        let output = chosen.output.clone().unwrap_or_else(|| panic!("{}", chosen.would));
        assert!(!output.native.contains("GREYWATER") && output.native.contains("TIN LANTERN"), "{}", output.native);
        assert!(output.edits.iter().any(|(path, action, rule)| (path, action.as_str(), rule.as_str()) == (&remarks.path, "remove", "review/ann")));
        assert!(output.difference.iter().any(|line| line.starts_with('-') && line.contains("GREYWATER")), "{:?}", output.difference);
        assert!(!output.difference.iter().any(|line| line.starts_with('+') && line.contains("GREYWATER")));
        done(&gateway, &panel.note("ann", &chosen, release(&chosen, &waived, &removed))).await;
        until("the delivery", || usa.count() >= 1).await;
        assert_eq!(usa.got()[&onward(header.id)], output.native.as_bytes());
        gateway.stop().await;
        panel.lab.audit();
        // A replay takes out and lets pass what the reviewer did, byte for byte.
        let rules = panel.lab.path("rules").display().to_string();
        let (status, out, errors) = panel.lab.command(&["rules", "replay", &rules], &["--json"]);
        let totals: serde_json::Value = serde_json::from_str(out.lines().last().unwrap()).unwrap();
        let usa = &totals["partners"]["usa-ops"];
        assert_eq!((status, usa["decisions"].as_u64(), usa["exact"].as_u64()), (0, Some(2), Some(2)), "{out}{errors}");
    });
}

#[test]
fn mandatory_control_and_what_cannot_be_read_are_never_waived() {
    run(async {
        let Sitting { panel, gateway, gbr: _gbr, usa, header, body } = Sitting::over(Panel::new(1), "label-missing").await;
        assert_eq!(gateway.outcome(header.id, "usa-ops").await, ("quarantine".to_owned(), Some("label.missing")));
        let item = look(&gateway, header.id, "ann", &[], &[]).await;
        let missing = item.findings.iter().find(|one| one.code == "label.missing").unwrap();
        assert!(!missing.waivable && item.output.is_none());
        let waived = look(&gateway, header.id, "ann", &[&missing.name], &[]).await;
        assert!(waived.output.is_none() && waived.release.is_empty() && waived.would.contains("may let pass"), "{}", waived.would);
        let chosen =
            Chosen::Release { waived: [(missing.name.clone(), "rank".to_owned())].into(), removed: BTreeSet::new(), leaves: Digest::of(b"") };
        refused(&gateway, &panel.note("ann", &item, chosen), "reviewers may let pass").await;
        let bare = Chosen::Release { waived: BTreeMap::new(), removed: BTreeSet::new(), leaves: Digest::of(&body) };
        refused(&gateway, &panel.note("ann", &item, bare), "nothing would leave: quarantine (label.missing").await;
        assert_eq!((usa.count(), reviews(&gateway, header.id).await.len()), (0, 0));
        gateway.stop().await;
        panel.lab.audit();
    });
}

#[test]
fn a_returned_message_never_leaves_and_its_sender_is_told_one_word() {
    run(async {
        let Sitting { panel, gateway, gbr, usa, header, .. } = Sitting::over(Panel::new(1), "word-plain").await;
        let item = look(&gateway, header.id, "ann", &[], &[]).await;
        waits(&gateway, &panel.note("ann", &item, Chosen::Pass(name("bob"))), "passed on").await;
        let passed = look(&gateway, header.id, "bob", &[], &[]).await;
        assert_eq!((passed.message.passed_to.as_str(), gateway.outcome(header.id, "usa-ops").await.0.as_str()), ("bob", "quarantine"));
        done(&gateway, &panel.note("bob", &passed, Chosen::Return(ReturnClass::Content))).await;
        until("the notice at the sender", || gbr.count() >= 1).await;
        let notice = gbr.got().into_values().next().unwrap();
        let said = Statement::parse(std::str::from_utf8(&notice).unwrap()).unwrap();
        assert_eq!((said.by.as_str(), said.says), ("GBR", Says::Returned { of: header.id, class: ReturnClass::Content }));
        assert!(!String::from_utf8_lossy(&notice).contains("GREYWATER"));
        assert_eq!(gateway.outcome(header.id, "usa-ops").await, ("reject".to_owned(), Some("review.returned")));
        assert_eq!(usa.count(), 0);
        gateway.stop().await;
        panel.lab.audit();
    });
}

#[test]
fn what_nobody_decides_on_in_time_is_refused_and_a_first_choice_ends_with_it() {
    run(async {
        let rules = |path: &str, text: &str| match path {
            "ruleset.toml" => {
                let bare = text.split("\n[review]").next().unwrap().to_owned();
                let rest = text.split_once("\n[review]").and_then(|(_, rest)| rest.split_once("\n[")).map(|(_, rest)| format!("\n[{rest}"));
                format!("{bare}{}\n[review]\nhours = 1\n", rest.unwrap_or_default())
            }
            _ => text.to_owned(),
        };
        let panel = Panel::with(2, rules);
        let gateway = panel.lab.start().await;
        let gbr = panel.lab.link("gbr-ops").await;
        let (header, body) = letter("word-plain", 4);
        gbr.send(&header, &body).await;
        let item = look(&gateway, header.id, "ann", &[], &[]).await;
        waits(&gateway, &panel.note("ann", &item, Chosen::Reject), "a second person").await;
        gateway.stop().await;
        // The same as it would be on record an hour ago, and one of now beside it.
        let (old, edition) = (panel.lab.path("state/journal"), Digest::of(b"e"));
        let ring = vestibule::journal::seal::SealKey::open(&panel.lab.path("state/keys/quarantine.key")).unwrap();
        let journal = vestibule::journal::embedded::Engine::open(&old, vestibule::journal::seal::SealRing::new(ring, Vec::new())).unwrap();
        let (past, past_body) = letter("word-plain", 5);
        let received = Time::from_unix_ms(now().unix_ms() - 3_600_001).unwrap();
        let events = crate::journal::held_since(received, past.clone(), past_body, edition);
        let _kept = journal.append(events, Precedence::Routine).await.unwrap();
        drop(journal);
        let gateway = panel.lab.start().await;
        let mut outcome = ("quarantine".to_owned(), None);
        while outcome.0 == "quarantine" {
            outcome = gateway.outcome(past.id, "usa-ops").await;
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        assert_eq!(outcome, ("reject".to_owned(), Some("review.expired")));
        assert_eq!(gateway.outcome(header.id, "usa-ops").await.0, "quarantine");
        gateway.stop().await;
        panel.lab.audit();
    });
}

#[test]
fn a_first_choice_outlives_every_process_of_the_gateway_and_the_terminal_does_all_of_it() {
    run(async {
        let panel = Panel::new(2);
        let gateway = panel.lab.spawn().await;
        let (gbr, usa) = (panel.lab.link("gbr-ops").await, panel.lab.link("usa-ops").await);
        let (header, body) = letter("word-plain", 4);
        gbr.send(&header, &body).await;
        let id = header.id.to_string();
        let config = panel.lab.config().display().to_string();
        let ask = |verb: &'static str, who: &str, more: &[&str]| {
            let key = panel.key_file(who);
            let words: Vec<String> = ["quarantine", verb, "--config", &config, "--key", &key, "--reason", "seen", &id]
                .iter()
                .chain(more)
                .map(|word| (*word).to_owned())
                .collect();
            async move {
                let run = move || vestibule(&words.iter().map(String::as_str).collect::<Vec<_>>());
                let (status, out, errors) = tokio::task::spawn_blocking(run).await.unwrap();
                (status, format!("{out}{errors}"))
            }
        };
        let (status, said) = ask("release", "ann", &["--yes"]).await;
        assert!(status == 1 && said.contains("nothing would leave to `usa-ops`: quarantine (content.words"), "{said}");
        let (status, said) = ask("release", "ann", &["--yes", "--waive", "content.words=known"]).await;
        assert!(status == 0 && said.contains("a second person must choose the same"), "{said}");
        gateway.kill();
        let gateway = panel.lab.spawn().await;
        let usa_again = panel.lab.link("usa-ops").await;
        let (status, said) = ask("release", "ann", &["--yes", "--waive", "content.words=known"]).await;
        assert!(status == 1 && said.contains("`ann` has chosen already"), "{said}");
        let (status, said) = ask("sign", "bob", &["--verdict", "release", "--waive-all", "known too"]).await;
        assert!(status == 0 && said.starts_with("vestibule review 1\n") && said.contains("\nleaves: ") && said.contains("\n\u{2014} bob "), "{said}");
        let (status, said) = ask("release", "bob", &["--yes", "--waive-all", "known too"]).await;
        assert!(status == 0 && said.contains("usa-ops: forward"), "{said}");
        until("the delivery", || usa.count() + usa_again.count() >= 1).await;
        let preview = ["quarantine", "preview", "--config", &config, "--by", "eve", &id].map(str::to_owned);
        let run = move || vestibule(&preview.iter().map(String::as_str).collect::<Vec<_>>());
        let (status, _, errors) = tokio::task::spawn_blocking(run).await.unwrap();
        assert!(status == 1 && errors.contains("nothing is held"), "{errors}");
        assert_eq!(gateway.terminate().await, 0);
        panel.lab.audit();
    });
}

#[test]
fn a_choice_under_an_edition_that_is_no_longer_in_force_counts_no_more_and_critical_findings_need_two() {
    run(async {
        let critical = |path: &str, text: &str| match path {
            "filters/words/codewords.txt" => text.replace("# severity: high", "# severity: critical"),
            _ => text.to_owned(),
        };
        // One person suffices for the clause, and two are needed for what is critical, as the rule set has it.
        let panel = Panel::with(1, critical);
        let gateway = panel.lab.start().await;
        let gbr = panel.lab.link("gbr-ops").await;
        let (header, body) = letter("word-plain", 4);
        gbr.send(&header, &body).await;
        let found = word(&look(&gateway, header.id, "ann", &[], &[]).await);
        let item = look(&gateway, header.id, "ann", &[&found], &[]).await;
        assert_eq!((item.persons, item.findings[0].severity.as_str(), item.message.severity.as_str()), (2, "critical", "critical"));
        waits(&gateway, &panel.note("ann", &item, release(&item, &[&found], &[])), "a second person").await;
        let before = panel.note("bob", &item, release(&item, &[&found], &[]));
        gateway.stop().await;
        panel.edition("2026.2", 1, critical);
        let gateway = panel.lab.start().await;
        let usa = panel.lab.link("usa-ops").await;
        refused(&gateway, &before, "another edition than the one in force").await;
        let again = look(&gateway, header.id, "bob", &[&found], &[]).await;
        assert_eq!(again.choices, 0);
        waits(&gateway, &panel.note("bob", &again, release(&again, &[&found], &[])), "a second person").await;
        assert_eq!(usa.count(), 0);
        done(&gateway, &panel.note("ann", &again, release(&again, &[&found], &[]))).await;
        until("the delivery", || usa.count() >= 1).await;
        gateway.stop().await;
        panel.lab.audit();
    });
}
