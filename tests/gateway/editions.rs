//! Editions of a running gateway: signed, activated under load, kept over restarts, refused; conditions; emergencies.

use std::collections::BTreeMap;

use super::*;

/// A lab with officers and a rule set of its own.
struct Court {
    lab: Lab,
}

impl Court {
    /// Ann writes, Bob approves, Cid operates; the first edition is signed.
    fn new() -> Self {
        Self::with("")
    }

    /// The same, with these lines of the gateway's configuration in the place of `prove = "never"`.
    fn with(head: &str) -> Self {
        let keys = tempfile::tempdir().unwrap();
        let mut entries = String::new();
        let mut made = Vec::new();
        for (name, roles) in [("ann", "author,approver"), ("bob", "approver"), ("cid", "operator")] {
            let into = keys.path().join(name);
            let (status, out, errors) = vestibule(&["pki", "officer", "--name", name, "--roles", roles, "--into", &into.display().to_string()]);
            assert_eq!(status, 0, "{errors}");
            entries.push_str(&out);
            made.push((name, into));
        }
        let proving = |text: &str| if head.is_empty() { text.to_owned() } else { text.replacen("prove = \"never\"\n", head, 1) };
        let lab = Lab::with(|text| format!("{}\n{entries}", proving(&text.replace(RULES, "rules"))));
        for (name, key) in made {
            std::fs::copy(key, lab.path(&format!("{name}.key"))).unwrap();
        }
        let court = Self { lab };
        court.edition("rules", "2026.1", |_, text| text.to_owned());
        court.signed("rules");
        court
    }

    fn path(&self, inner: &str) -> String {
        self.lab.path(inner).display().to_string()
    }

    /// Writes an edition into a folder of the lab.
    fn edition(&self, folder: &str, number: &str, change: impl Fn(&str, &str) -> String) {
        for file in vestibule::policy::read_folder(Path::new(RULES)).unwrap() {
            let text = match &*file.path {
                "ruleset.toml" => file.text.replace("edition = \"2026.1\"", &format!("edition = \"{number}\"")),
                _ => file.text.to_string(),
            };
            let path = self.lab.path(folder).join(&*file.path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, change(&file.path, &text)).unwrap();
        }
    }

    fn sign(&self, folder: &str, who: &str, role: &str, more: &[&str]) {
        let (key, folder) = (self.path(&format!("{who}.key")), self.path(folder));
        let (status, out, errors) = vestibule(&[&["rules", "sign", &folder, "--key", &key, "--role", role], more].concat());
        assert_eq!(status, 0, "{out}{errors}");
    }

    fn signed(&self, folder: &str) {
        self.sign(folder, "ann", "author", &[]);
        self.sign(folder, "bob", "approver", &[]);
    }

    /// Asks the gateway for an edition, away from the thread that carries its links.
    async fn activate(&self, folder: &str, more: &[&str]) -> (i32, String) {
        self.ask(&["rules", "activate"], &[&[self.path(folder).as_str()], more].concat()).await
    }

    async fn ask(&self, verb: &[&str], more: &[&str]) -> (i32, String) {
        let words: Vec<String> =
            verb.iter().chain(&["--config", &self.lab.config().display().to_string()]).chain(more).map(|word| (*word).to_owned()).collect();
        let run = move || vestibule(&words.iter().map(String::as_str).collect::<Vec<_>>());
        let (status, out, errors) = tokio::task::spawn_blocking(run).await.unwrap();
        (status, format!("{out}{errors}"))
    }

    fn status(&self, what: &str) -> String {
        match control::ask(&self.lab.path("state/journal").join(control::SOCKET), &Request::Status {}) {
            Ok(Response::Status { lines, .. }) => lines.into_iter().find(|(name, _)| name == what).map(|(_, how)| how).unwrap_or_default(),
            _ => String::new(),
        }
    }

    /// Every event of the journal, in order.
    fn events(&self) -> Vec<Event> {
        let reader = vestibule::journal::embedded::Reader::open(&self.lab.path("state/journal"), None).unwrap();
        let (mut all, mut after) = (Vec::new(), None);
        loop {
            let part = reader.records(Page { after, rows: Page::ROWS_MAX }).unwrap();
            all.extend(part.rows.into_iter().map(|entry| entry.event));
            match part.next {
                Some(next) => after = Some(next),
                None => return all,
            }
        }
    }

    /// Which edition decided each message, how often.
    fn decided(&self) -> BTreeMap<MessageId, Vec<String>> {
        let mut all: BTreeMap<MessageId, Vec<String>> = BTreeMap::new();
        for event in self.events() {
            if let Event::Decided(decided) = event {
                all.entry(decided.message.id).or_default().push(decided.edition);
            }
        }
        all
    }

    fn steps(&self) -> Vec<String> {
        let step = |event| match event {
            Event::Edition(act) => Some(format!("{} {}", act.number, act.step.word())),
            _ => None,
        };
        self.events().into_iter().filter_map(step).collect()
    }
}

#[test]
fn an_edition_comes_into_force_under_load_without_a_message_that_is_lost_or_decided_twice_and_stays_over_a_restart() {
    run(async {
        let court = Court::new();
        let gateway = court.lab.spawn().await;
        let (gbr, usa) = (Arc::new(court.lab.link("gbr-ops").await), court.lab.link("usa-ops").await);
        let (stop, stopped) = oneshot::channel();
        let traffic = tokio::spawn(sending(Arc::clone(&gbr), stopped));
        until("traffic", || usa.count() > 3).await;
        court.edition("next", "2026.2", |_, text| text.to_owned());
        court.signed("next");
        let (status, said) = court.activate("next", &[]).await;
        assert!(status == 0 && said.contains("five-eyes 2026.2 is in force"), "{said}");
        assert!(court.status("edition").starts_with("five-eyes 2026.2 ("), "{}", court.status("edition"));
        let before = usa.count();
        until("traffic under the new edition", || usa.count() > before + 3).await;
        stop.send(()).unwrap();
        let sent = traffic.await.unwrap();
        until("every message at its recipient", || usa.got().len() == sent).await;
        let decided = court.decided();
        assert_eq!(decided.len(), sent);
        assert!(decided.values().all(|editions| editions.len() == 1), "a message was decided twice");
        let of = |title: &str| decided.values().filter(|editions| editions[0] == title).count();
        let (old, new) = (of("five-eyes 2026.1"), of("five-eyes 2026.2"));
        assert!(old > 0 && new > 0 && old + new == sent, "{old} {new} {sent}");
        assert_eq!(court.steps(), ["2026.1 signed", "2026.1 signed", "2026.1 activated", "2026.2 signed", "2026.2 signed", "2026.2 activated"]);
        // The folder of the configuration is still the first edition; the journal says what counts.
        gateway.kill();
        let gateway = court.lab.spawn().await;
        assert!(court.status("edition").starts_with("five-eyes 2026.2 ("), "{}", court.status("edition"));
        // Neither comes back.
        for folder in ["rules", "next"] {
            let (status, said) = court.activate(folder, &[]).await;
            assert!(status == 1 && said.contains("is not above `2026.2`"), "{said}");
        }
        assert_eq!(gateway.terminate().await, 0);
        let log = std::fs::read_to_string(court.lab.path("gateway.log")).unwrap();
        assert!(!log.contains("fault."), "{log}");
        court.lab.audit();
        let (status, out, _) = court.lab.command(&["audit", "show"], &["--count", "3"]);
        assert!(status == 0 && out.contains("five-eyes 2026.1 activated, by ann as author and bob as approver"), "{out}");
    });
}

#[test]
fn an_edition_that_is_not_signed_by_two_or_whose_cases_fail_is_refused_with_the_report_and_the_refusal_is_on_record() {
    run(async {
        let court = Court::new();
        let gateway = court.lab.spawn().await;
        court.edition("next", "2026.2", |_, text| text.to_owned());
        let refused = |said: (i32, String), told: &str| assert!(said.0 == 1 && said.1.contains(told), "{told}: {}", said.1);
        refused(court.activate("next", &[]).await, "no author has signed it");
        court.sign("next", "ann", "author", &[]);
        court.sign("next", "ann", "approver", &[]);
        refused(court.activate("next", &[]).await, "`ann` has signed as author and as approver");
        court.sign("next", "bob", "approver", &[]);
        std::fs::write(court.lab.path("next/README.md"), "another text").unwrap();
        refused(court.activate("next", &[]).await, "another digest");
        court.edition("next", "2026.3", |path, text| match path {
            "cases/forbids.toml" => text.replacen("outcome = \"quarantine\"", "outcome = \"reject\"", 1),
            _ => text.to_owned(),
        });
        std::fs::remove_dir_all(court.lab.path("next/signatures")).unwrap();
        court.signed("next");
        refused(court.activate("next", &[]).await, "the case `");
        court.edition("next", "2026.3", |path, text| if path == "peers.toml" { text.replacen("nation = ", "natoin = ", 1) } else { text.to_owned() });
        refused(court.activate("next", &[]).await, "natoin");
        let steps = court.steps();
        assert_eq!(steps.iter().filter(|step| step.ends_with("refused")).count(), 5, "{steps:?}");
        assert!(court.status("edition").starts_with("five-eyes 2026.1 ("), "{}", court.status("edition"));
        assert_eq!(gateway.terminate().await, 0);
        court.lab.audit();
    });
}

/// One invariant that is proved of the lab's rules, quickly, in place of all of them; with the other word it is false.
fn one_invariant(level: &str) -> String {
    format!(
        "[[never]]\nid = \"isac-notices\"\nsentence = \"the private partner gets no track above {level}\"\nto = [\"guest-isac\"]\nformats = [\"cot\"]\nabove = [{{ policy = \"GBR\", level = \"{level}\" }}]\n"
    )
}

#[test]
fn an_edition_whose_invariant_is_false_is_refused_with_the_counter_example_and_one_whose_solver_is_missing_is_refused_too() {
    run(async {
        let court = Court::with("# Nothing is said of proofs, so they are made.\n");
        let with = |level: &'static str| move |path: &str, text: &str| if path == "invariants.toml" { one_invariant(level) } else { text.to_owned() };
        court.edition("rules", "2026.1", with("OFFICIAL"));
        std::fs::remove_dir_all(court.lab.path("rules/signatures")).unwrap();
        court.signed("rules");
        let gateway = court.lab.spawn().await;
        // A sentence that is not true of these rules: the partner gets tracks, if only some.
        court.edition("next", "2026.2", |path, text| match path {
            "invariants.toml" => one_invariant("OFFICIAL").replacen("\nabove", "\n# above", 1),
            _ => text.to_owned(),
        });
        court.signed("next");
        let (status, said) = court.activate("next", &[]).await;
        assert!(status == 1 && said.contains("invariants.toml:1: the invariant `isac-notices`"), "{said}");
        assert!(
            said.contains("is false: cot `") && said.contains("to `guest-isac`") && said.contains("the gateway forwards it under ISAC-NOTICES/1.1"),
            "{said}"
        );
        assert_eq!(court.steps().last().unwrap(), "2026.2 refused");
        let refused = court.events().into_iter().rev().find_map(|event| if let Event::Edition(act) = event { Some(act.why) } else { None }).unwrap();
        assert!(refused.contains("the invariant `isac-notices`"), "{refused}");
        assert!(court.status("edition").starts_with("five-eyes 2026.1 ("), "{}", court.status("edition"));
        court.edition("next", "2026.3", with("OFFICIAL"));
        std::fs::remove_dir_all(court.lab.path("next/signatures")).unwrap();
        court.signed("next");
        let (status, said) = court.activate("next", &[]).await;
        assert!(status == 0 && said.contains("five-eyes 2026.3 is in force"), "{said}");
        assert_eq!(gateway.terminate().await, 0);
        // What was proved stays in force over a restart without a solver, loudly; what comes after it must be proved.
        let text = std::fs::read_to_string(court.lab.config()).unwrap();
        std::fs::write(court.lab.config(), format!("solver = \"/nowhere/cvc5\"\n{text}")).unwrap();
        let gateway = court.lab.spawn().await;
        assert!(court.status("edition").starts_with("five-eyes 2026.3 ("), "{}", court.status("edition"));
        court.edition("next", "2026.4", with("OFFICIAL"));
        std::fs::remove_dir_all(court.lab.path("next/signatures")).unwrap();
        court.signed("next");
        let (status, said) = court.activate("next", &[]).await;
        assert!(status == 1 && said.contains("the solver `/nowhere/cvc5` cannot be started"), "{said}");
        assert_eq!(gateway.terminate().await, 0);
        assert!(std::fs::read_to_string(court.lab.path("gateway.log")).unwrap().contains("NO OTHER EDITION CAN COME INTO FORCE"));
    });
    // Without a solver nothing is proved, so nothing comes into force: the first edition neither.
    let court = Court::with("solver = \"/nowhere/cvc5\"\n");
    let (status, _, errors) = court.lab.command(&["run"], &[]);
    assert!(status == 2 && errors.contains("the invariants are not proved: the solver `/nowhere/cvc5` cannot be started: install cvc5"), "{errors}");
}

#[test]
fn a_gateway_with_officers_does_not_start_under_rules_that_nobody_signed_or_that_were_changed_since() {
    let court = Court::new();
    std::fs::remove_file(court.lab.path("rules/signatures/bob.approver.note")).unwrap();
    let (status, _, errors) = court.lab.command(&["run"], &[]);
    assert!(status == 2 && errors.contains("no approver has signed it"), "{errors}");
    court.sign("rules", "bob", "approver", &[]);
    std::fs::write(court.lab.path("rules/README.md"), "another text").unwrap();
    let (status, _, errors) = court.lab.command(&["run"], &[]);
    assert!(status == 2 && errors.contains("another digest"), "{errors}");
}

#[test]
fn an_edition_waits_for_its_time_and_files_that_were_changed_beside_the_journal_are_found_out() {
    run(async {
        let court = Court::new();
        let gateway = court.lab.spawn().await;
        court.edition("next", "2026.2", |_, text| text.to_owned());
        court.signed("next");
        let from = Time::from_unix_ms(now().unix_ms() + 3_000).unwrap();
        let (status, said) = court.activate("next", &["--from", &from.to_string()]).await;
        assert!(status == 0 && said.contains("comes into force at"), "{said}");
        assert!(court.steps().last().unwrap().ends_with("scheduled"), "{:?}", court.steps());
        until("its time", || court.status("edition").starts_with("five-eyes 2026.2 (")).await;
        assert!(now().unix_ms() >= from.unix_ms());
        assert_eq!(gateway.terminate().await, 0);
        for entry in std::fs::read_dir(court.lab.path("state/journal/editions")).unwrap() {
            std::fs::write(entry.unwrap().path().join("README.md"), "another text").unwrap();
        }
        let (status, _, errors) = court.lab.command(&["run"], &[]);
        assert!(status == 3 && errors.contains("is not what officers signed"), "{errors}");
    });
}

/// A time some seconds from now.
fn in_seconds(seconds: i64) -> Time {
    Time::from_unix_ms(now().unix_ms() + seconds * 1000).unwrap()
}

#[test]
fn a_condition_that_an_operator_signs_opens_a_clause_and_is_on_record_and_survives_a_restart() {
    run(async {
        let court = Court::new();
        let gateway = court.lab.spawn().await;
        let set = |value: &str, who: &str| {
            let key = court.path(&format!("{who}.key"));
            let words = ["alert", value, "--key", &key, "--reason", "order 7"].map(str::to_owned);
            let court = &court;
            async move { court.ask(&["condition", "set"], &words.each_ref().map(String::as_str)).await }
        };
        let (gbr, usa) = (court.lab.link("gbr-ops").await, court.lab.link("usa-ops").await);
        let tasking = || {
            let (header, body) = track(Precedence::Routine);
            let text = String::from_utf8(body).unwrap();
            let at = text.find("type=\"").unwrap() + 6;
            let end = at + text[at..].find('"').unwrap();
            (header, format!("{}t-x-f{}", &text[..at], &text[end..]).into_bytes())
        };
        let (header, body) = tasking();
        assert_eq!(gbr.send(&header, &body).await.status, Status::Accepted);
        let (status, said) = set("exceptional", "ann").await;
        assert!(status == 1 && said.contains("`ann` is no operator"), "{said}");
        let (status, said) = set("exeptional", "cid").await;
        assert!(status == 1 && said.contains("is no value of `alert`"), "{said}");
        let (status, said) = set("exceptional", "cid").await;
        assert!(status == 0 && said.contains("`alert` is `exceptional` from now on"), "{said}");
        let (header, body) = tasking();
        assert_eq!(gbr.send(&header, &body).await.status, Status::Accepted);
        until("the tasking of the alert", || usa.count() == 1).await;
        gateway.kill();
        let gateway = court.lab.spawn().await;
        assert_eq!(court.status("condition alert"), "exceptional");
        assert_eq!(gateway.terminate().await, 0);
        let outcomes: Vec<_> = court
            .events()
            .into_iter()
            .filter_map(|event| match event {
                Event::Decided(decided) => Some(decided.decisions[0].outcome.word()),
                _ => None,
            })
            .collect();
        assert_eq!(outcomes, ["quarantine", "forward"]);
        court.lab.audit();
    });
}

#[test]
fn an_emergency_is_bounded_in_scope_and_time_and_loud_and_ends_by_itself_with_a_report() {
    run(async {
        let court = Court::new();
        let gateway = court.lab.spawn().await;
        const MORE: &str = "\n[[clause]]\nid = \"9.1\"\nfrom = [\"FVEY\"]\nto = [\"FVEY\"]\nkinds = [\"b-x-*\"]\n\
            up_to = [{ policy = \"GBR\", level = \"SECRET\" }]\nrelease = \"automatic\"\n";
        let open = |path: &str, text: &str| format!("{text}{}", if path == "agreements/fvey-tracks.toml" { MORE } else { "" });
        court.edition("flood", "2026.1.1", open);
        let until_time = in_seconds(150);
        let bounds = |scope: &'static str| {
            ["--until".to_owned(), until_time.to_string(), "--scope".to_owned(), scope.to_owned(), "--reason".to_owned(), "flood".to_owned()]
        };
        let sign = |scope| {
            let bounds = bounds(scope);
            let bounds: Vec<&str> = bounds.iter().map(String::as_str).collect();
            court.sign("flood", "ann", "author", &bounds);
            court.sign("flood", "bob", "approver", &bounds);
        };
        let folder = court.path("flood");
        sign("FVEY-TRACKS/1.1");
        let (status, said) = court.ask(&["rules", "break-glass"], &[&folder]).await;
        assert!(status == 1 && said.contains("the clause `FVEY-TRACKS/9.1` differs and is not in the scope"), "{said}");
        sign("FVEY-TRACKS/9.1");
        let (status, said) = court.activate("flood", &[]).await;
        assert!(status == 1 && said.contains("the other kind of edition"), "{said}");
        let (status, said) = court.ask(&["rules", "break-glass"], &[&folder]).await;
        assert!(status == 0 && said.contains("then the edition before it"), "{said}");
        assert!(court.status("edition").starts_with("EMERGENCY five-eyes 2026.1.1 ("), "{}", court.status("edition"));
        let (gbr, usa) = (court.lab.link("gbr-ops").await, court.lab.link("usa-ops").await);
        let (header, body) = track(Precedence::Routine);
        assert_eq!(gbr.send(&header, &body).await.status, Status::Accepted);
        until("the delivery", || usa.count() == 1).await;
        while now() < until_time {
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
        until("the end of the emergency", || court.status("edition").starts_with("five-eyes 2026.1 (")).await;
        assert!(now().unix_ms() >= until_time.unix_ms());
        let (header, body) = track(Precedence::Routine);
        assert_eq!(gbr.send(&header, &body).await.status, Status::Accepted);
        assert_eq!(gateway.terminate().await, 0);
        let editions: Vec<_> = court.decided().into_values().flatten().collect();
        assert_eq!(editions.iter().filter(|edition| edition.starts_with("EMERGENCY ")).count(), 1, "{editions:?}");
        assert_eq!(
            court.steps().iter().filter(|step| step.contains("emergency")).cloned().collect::<Vec<_>>(),
            ["2026.1.1 emergency begun", "2026.1 emergency ended"]
        );
        let (status, report, _) = court.lab.command(&["audit", "emergency"], &[]);
        assert!(status == 0 && report.contains("because: flood") && report.contains("1 releases") && report.contains("emergency ended"), "{report}");
        court.lab.audit();
        let log = std::fs::read_to_string(court.lab.path("gateway.log")).unwrap();
        assert!(log.contains("AN EMERGENCY EDITION COMES INTO FORCE") && log.contains("THE EMERGENCY IS OVER"), "{log}");
    });
}

/// A court whose officers have certificates: Ann writes, Bob approves, both review.
fn certified() -> Court {
    let head = "prove = \"never\"\nofficer_anchor = \"state/pki/officers/anchor.pem\"\nofficer_revocations = [\"state/pki/officers/revoked.pem\"]\n";
    let entry = |(name, roles): (&str, &str)| {
        format!("\n[[officer]]\nname = \"{name}\"\ncertificate = \"state/pki/officers/{name}.pem\"\nroles = [\"reviewer\", {roles}]\n")
    };
    let entries = [("ann", "\"author\""), ("bob", "\"author\", \"approver\"")].map(entry).concat();
    let lab = Lab::with(|text| format!("{}{entries}", text.replace(RULES, "rules").replacen("prove = \"never\"\n", head, 1)));
    let court = Court { lab };
    court.edition("rules", "2026.1", |_, text| text.to_owned());
    court
}

impl Court {
    /// What a command needs to sign with an officer's certificate.
    fn certificate(&self, who: &str) -> [String; 6] {
        let file = |ending: &str| self.path(&format!("state/pki/officers/{who}.{ending}"));
        ["--certificate", &file("pem"), "--key", &file("key"), "--officer", who].map(str::to_owned)
    }

    fn certify(&self, folder: &str, who: &str, role: &str) {
        let (folder, certificate) = (self.path(folder), self.certificate(who));
        let certificate: Vec<&str> = certificate.iter().map(String::as_str).collect();
        let (status, out, errors) = vestibule(&[&["rules", "sign", &folder, "--role", role], certificate.as_slice()].concat());
        assert_eq!(status, 0, "{out}{errors}");
    }

    /// An officer's rejection of a held message, signed with a certificate.
    async fn reject(&self, who: &str, id: MessageId) -> (i32, String) {
        let (id, certificate) = (id.to_string(), self.certificate(who));
        let certificate: Vec<&str> = certificate.iter().map(String::as_str).collect();
        self.ask(
            &["quarantine", "reject"],
            &[certificate.as_slice(), &["--reason", "a code word", "--from", "gbr-ops", "--to", "usa-ops", &id]].concat(),
        )
        .await
    }
}

#[test]
fn officers_who_sign_with_certificates_count_until_these_are_revoked() {
    run(async {
        let court = certified();
        court.certify("rules", "ann", "author");
        let (status, _, errors) = court.lab.command(&["run"], &[]);
        assert!(status == 2 && errors.contains("no approver has signed it"), "{errors}");
        court.certify("rules", "bob", "approver");
        let (status, out, errors) = court.lab.command(&["check"], &[]);
        assert!(out.contains("officers' certificates"), "{status} {out}{errors}");
        let gateway = court.lab.spawn().await;
        assert!(court.status("edition").starts_with("five-eyes 2026.1 ("), "{}", court.status("edition"));
        let gbr = court.lab.link("gbr-ops").await;
        let _usa = court.lab.link("usa-ops").await;
        let mut held = Vec::new();
        for seed in [4, 5, 6] {
            let (header, body) = letter("word-plain", seed);
            gbr.send(&header, &body).await;
            held.push(header.id);
        }
        until("three held messages", || {
            let decided = court.events().into_iter().filter(|event| matches!(event, Event::Decided(_))).count();
            decided >= held.len()
        })
        .await;
        let (status, said) = court.reject("bob", held[0]).await;
        assert_eq!(status, 0, "{said}");
        // An edition that bob has signed waits when bob's certificate is revoked.
        court.edition("next", "2026.2", |_, text| text.to_owned());
        court.certify("next", "ann", "author");
        court.certify("next", "bob", "approver");
        let file = |name: &str| court.path(&format!("state/pki/officers/{name}.pem"));
        let (status, out, errors) = vestibule(&["pki", "revoke", "--anchor", &file("anchor"), "--list", &file("revoked"), &file("bob")]);
        assert_eq!(status, 0, "{out}{errors}");
        gateway.signal("-HUP");
        let log = || std::fs::read_to_string(court.lab.path("gateway.log")).unwrap();
        until("the reload", || log().contains("were read again")).await;
        let (status, said) = court.reject("bob", held[1]).await;
        assert!(status == 1 && said.contains("the certificate of `bob` does not count: label.binding_revoked"), "{said}");
        let (status, said) = court.reject("ann", held[2]).await;
        assert_eq!(status, 0, "{said}");
        let (status, said) = court.activate("next", &[]).await;
        assert!(status == 1 && said.contains("the certificate of `bob` does not count: label.binding_revoked"), "{said}");
        assert!(court.status("edition").starts_with("five-eyes 2026.1 ("), "{}", court.status("edition"));
        let (_, out, _) = court.lab.command(&["doctor"], &["--json"]);
        assert!(out.contains("signatures do not count: label.binding_revoked"), "{out}");
        let (status, out, errors) = court.lab.command(&["check"], &[]);
        assert!(status == 1 && out.contains("the signatures of `bob` do not count"), "{out}{errors}");
        // Neither a certificate's key without its certificate nor the certificate of another is any use.
        let (key, rules) = (court.path("state/pki/officers/ann.key"), court.path("rules"));
        let (status, _, errors) = vestibule(&["rules", "sign", &rules, "--role", "author", "--key", &key]);
        assert!(status != 0 && errors.contains("holds no signing key"), "{errors}");
        let words = ["rules", "sign", &rules, "--role", "author", "--key", &key, "--certificate", &file("bob"), "--officer", "bob"];
        let (status, _, errors) = vestibule(&words);
        assert!(status != 0 && errors.contains("is not that of the certificate"), "{errors}");
        assert_eq!(gateway.terminate().await, 0);
        court.lab.audit();
    });
}
