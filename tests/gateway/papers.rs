//! What the desk is told of files: editions that wait, signed in the console by two and put in force; certificates and their ends; officers who are
//! taken out while the gateway runs.

use super::console::{Desk, ask};
use super::*;

/// A desk with a folder of editions that wait.
fn waiting(officers: &[(&str, &str)]) -> Desk {
    let desk = Desk::with(officers, |_, text| text.to_owned());
    desk.waits("next");
    desk
}

fn without_reviewers(text: &str) -> String {
    text.lines().filter(|line| !line.starts_with("reviewers")).collect::<Vec<_>>().join("\n") + "\n"
}

const FOUR: &[(&str, &str)] =
    &[("author", "author"), ("approver", "approver"), ("both", "author,approver"), ("operator", "operator"), ("viewer", "viewer")];

/// A value in a form.
fn coded(text: &str) -> String {
    text.bytes().map(|byte| if byte.is_ascii_alphanumeric() { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}

impl Desk {
    /// Lays down an edition that waits, in which one reviewer does where two did.
    pub(super) fn waits(&self, folder: &str) {
        let config = std::fs::read_to_string(self.lab.config()).unwrap();
        std::fs::write(self.lab.config(), format!("waiting = \"waiting\"\n{config}")).unwrap();
        for file in vestibule::policy::read_folder(Path::new(RULES)).unwrap() {
            let text = match &*file.path {
                "ruleset.toml" => file.text.replace("edition = \"2026.1\"", "edition = \"2026.2\""),
                path if path.starts_with("agreements/") => without_reviewers(&file.text),
                _ => file.text.to_string(),
            };
            let path = self.lab.path("waiting").join(folder).join(&*file.path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
    }

    /// The page of an edition that waits.
    pub(super) fn edition(&self, folder: &str) -> String {
        format!("/rules/edition?folder={}", coded(&self.at(&format!("waiting/{folder}"))))
    }

    /// What a page says, when it says it: the supervisor looks every few seconds.
    pub(super) async fn says(&self, officer: &str, target: &str, what: &str) -> String {
        loop {
            let answer = self.get(officer, target).await;
            if answer.text.contains(what) {
                return answer.text;
            }
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    }

    /// The text that an officer is shown to sign in a role.
    async fn statement(&self, officer: &str, role: &str) -> Result<String, u16> {
        let page = self.says(officer, &self.edition("next"), "name=\"digest\"").await;
        let digest = page.split("name=\"digest\" value=\"").nth(1).and_then(|rest| rest.split('"').next()).unwrap().to_owned();
        let token = self.token(officer, &self.edition("next")).await;
        let answer = self.post(officer, "/rules/statement", &format!("token={token}&digest={digest}&role={role}")).await;
        match answer.status {
            200 => Ok(answer.text.split("<pre id=\"text\" tabindex=\"0\">").nth(1).and_then(|rest| rest.split("</pre>").next()).unwrap().to_owned()),
            other => Err(other),
        }
    }

    /// A note of a text, made by the program.
    fn note(&self, officer: &str, text: &str) -> String {
        let file = self.at("to-sign.txt");
        std::fs::write(&file, text).unwrap();
        let (status, note, errors) = vestibule(&["quarantine", "countersign", "--key", &self.at(&format!("{officer}.key")), &file]);
        assert_eq!(status, 0, "{errors}");
        note
    }

    async fn hand_in(&self, officer: &str, note: &str) -> super::console::Answer {
        let token = self.token(officer, &self.edition("next")).await;
        self.post(officer, "/rules/sign", &format!("token={token}&note={}", coded(note))).await
    }

    async fn activate(&self, officer: &str) -> super::console::Answer {
        let token = self.token(officer, "/rules").await;
        self.post(officer, "/rules/activate", &format!("token={token}&folder={}&kind=plain", coded(&self.at("waiting/next")))).await
    }
}

#[test]
fn an_edition_that_waits_is_compared_signed_by_two_persons_and_put_in_force_in_the_console() {
    run(async {
        let desk = waiting(FOUR);
        let gateway = desk.lab.spawn().await;
        let list = desk.says("viewer", "/rules", "five-eyes 2026.2").await;
        assert!(list.contains("not signed by two") && list.contains("five-eyes 2026.1"), "{list}");
        let page = desk.get("viewer", &desk.edition("next")).await.text;
        for part in ["What differs from the edition in force", "class=\"effect ", "no author has signed it", "FVEY-TRACKS/"] {
            assert!(page.contains(part), "`{part}` is missing: {page}");
        }
        assert!(!page.contains("/rules/statement") && !page.contains("/rules/activate"), "a viewer is offered nothing");

        // One person with both roles is one person; nobody signs in a role that is not theirs.
        assert_eq!(desk.statement("approver", "author").await.unwrap_err(), 403);
        for role in ["author", "approver"] {
            let text = desk.statement("both", role).await.unwrap();
            assert_eq!(desk.hand_in("both", &desk.note("both", &text)).await.status, 200);
        }
        let refused = desk.activate("operator").await;
        assert!(refused.status == 409 && refused.text.contains("a second person must approve it"), "{}", refused.text);

        // What is not in order is not put beside the edition.
        let text = desk.statement("approver", "approver").await.unwrap();
        assert!(
            text.contains("officer: approver\nrole: approver\n") && text.starts_with("vestibule edition 1\nrule set: five-eyes\nedition: 2026.2\n")
        );
        let old =
            text.lines().map(|line| if line.starts_with("time: ") { "time: 2026-11-01T00:00:00Z" } else { line }).collect::<Vec<_>>().join("\n")
                + "\n";
        let digest = text.lines().find_map(|line| line.strip_prefix("digest: ")).unwrap();
        let other = text.replace(digest, &Digest::of(b"other files").to_string());
        let stolen = desk.note("operator", &text);
        for (what, note, told) in [
            ("an old signature", desk.note("approver", &old), "seconds from now"),
            ("other files", desk.note("approver", &other), "no edition that waits"),
            ("another's key", stolen, "speaks for `approver` and is signed by `operator`"),
            ("no signature", text.clone(), "signed by none of the officers"),
        ] {
            let answer = desk.hand_in("approver", &note).await;
            assert!(answer.status == 409 && answer.text.replace("&#39;", "'").contains(told), "{what}: {}", answer.text);
        }

        let done = desk.hand_in("approver", &desk.note("approver", &text)).await;
        assert!(done.status == 200 && done.text.contains("signed by `approver` as approver"), "{}", done.text);
        let page = desk.says("operator", &desk.edition("next"), "Two persons have signed it").await;
        assert!(page.contains("Put in force"), "{page}");
        let active = desk.activate("operator").await;
        assert!(active.status == 200 && active.text.contains("five-eyes 2026.2 is in force"), "{}", active.text);
        desk.says("viewer", "/rules", "<b>five-eyes 2026.2</b>").await;
        // What is in force is not signed again, and an approval that was played again puts nothing in force.
        let again = desk.activate("operator").await;
        assert_eq!(again.status, 409, "{}", again.text);
        assert_eq!(gateway.terminate().await, 0);
        desk.lab.audit();
    });
}

#[test]
fn reports_beside_an_edition_are_shown_with_what_they_are_about_and_are_believed_in_nothing() {
    run(async {
        let desk = waiting(FOUR);
        let words =
            ["rules", "report", &desk.at("waiting/next"), "--config", &desk.lab.config().display().to_string(), "--only", "cases,compare,replay"];
        let (status, out, errors) = vestibule(&words);
        assert_eq!((status, out.as_str()), (0, "cases: yes\ncompare: yes\nreplay: yes\n"), "{errors}");
        let hostile = "vestibule report 1\nreport: <img>\ndigest: \"><script>\nanswer: yes\ntime: 2026-11-23T10:00:00Z\ncommand: </code><b>\n\n</pre><script>alert(1)</script>";
        std::fs::write(desk.at("waiting/next/reports/0.txt"), hostile).unwrap();
        std::fs::write(desk.at("waiting/next/reports/1.txt"), "nothing of the kind").unwrap();
        let gateway = desk.lab.spawn().await;
        let page = desk.says("viewer", &desk.edition("next"), "compare").await;
        for part in [
            "expectations of",
            "class=\"answer yes\"",
            "this is no report",
            "&#60;img&#62;",
            "&#60;script&#62;",
            "nothing was decided that could be decided again",
        ] {
            assert!(page.contains(part), "`{part}` is missing: {page}");
        }
        assert!(!page.contains("<script>alert"), "{page}");
        // Other files than those that the reports are about.
        let path = desk.lab.path("waiting/next/README.md");
        std::fs::write(&path, format!("{}\nmore\n", std::fs::read_to_string(&path).unwrap())).unwrap();
        while desk.get("viewer", &desk.edition("next")).await.text.contains("class=\"answer yes\"") {
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
        assert_eq!(gateway.terminate().await, 0);
    });
}

#[test]
fn partners_show_when_certificates_end_and_what_needs_somebody_first() {
    run(async {
        let desk = waiting(FOUR);
        let gateway = desk.lab.spawn().await;
        let usa = desk.lab.link("usa-ops").await;
        let page = desk.says("viewer", "/partners", "revocation list").await;
        for part in ["coalition", "anchor", "console", "class=\"worth good\"", "class=\"worth doubtful\"", "days left"] {
            assert!(page.contains(part), "`{part}` is missing: {page}");
        }
        assert!(!page.contains("need a new one"), "a fresh lab needs nothing: {page}");
        let card = |page: &str| page.split("aria-label=\"usa-ops\"").nth(1).unwrap().split("</article>").next().unwrap().to_owned();
        let linked = card(&desk.says("viewer", "/partners", "<span class=\"word forward\">linked</span>").await);
        assert!(linked.contains("days left") && linked.contains("clauses,"), "the certificate of the link that is up: {linked}");
        // A list that is gone is said first.
        std::fs::remove_file(desk.at("state/pki/coalition/revoked.pem")).unwrap();
        let page = desk.says("viewer", "/partners", "need a new one").await;
        let first = page.split("Good for</th>").nth(1).unwrap().split("</tr>").nth(1).unwrap();
        assert!(first.contains("coalition") && first.contains("class=\"worth bad\"") && first.contains("cannot be read"), "{first}");
        drop(usa);
        assert_eq!(gateway.terminate().await, 0);
    });
}

#[test]
fn an_officer_who_is_revoked_or_taken_out_is_refused_at_the_next_hangup_on_open_connections_too() {
    run(async {
        let desk = waiting(&[FOUR, &[("auditor", "auditor"), ("operator-2", "operator")]].concat());
        let gateway = desk.lab.spawn().await;
        let request = desk.head("GET", "/", "");
        let revoked = desk.connect(Some("auditor")).await.unwrap();
        let removed = desk.connect(Some("operator-2")).await.unwrap();
        let stays = desk.connect(Some("operator")).await.unwrap();
        let listens = desk.connect(Some("auditor")).await.unwrap();
        let heard = tokio::spawn(ask(listens, desk.head("GET", "/live", "").as_bytes().to_vec().leak()));
        assert_eq!(desk.raw(Some("auditor"), request.as_bytes()).await.status, 200);

        desk.revoke("auditor");
        let config = std::fs::read_to_string(desk.lab.config()).unwrap();
        let kept: Vec<&str> = config.split("\n[[officer]]").filter(|entry| !entry.contains("name = \"operator-2\"")).collect();
        std::fs::write(desk.lab.config(), kept.join("\n[[officer]]")).unwrap();
        gateway.signal("-HUP");
        // New connections are refused when the reload is done; the open ones were made before it.
        loop {
            if desk.raw(Some("auditor"), request.as_bytes()).await.status == 0 {
                break;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        assert_eq!(desk.raw(Some("operator-2"), request.as_bytes()).await.status, 0, "who is no officer does not enter");
        for (open, who) in [(revoked, "auditor"), (removed, "operator-2")] {
            let answer = ask(open, request.as_bytes()).await;
            assert!(answer.status == 403 && answer.text.contains("no longer good"), "{who}: {answer:?}");
        }
        assert_eq!(ask(stays, request.as_bytes()).await.status, 200, "the others go on");
        let heard = heard.await.unwrap();
        assert!(heard.text.contains("data: {"), "the news end: {heard:?}");
        assert_eq!(gateway.terminate().await, 0);
    });
}

#[test]
fn the_files_of_a_console_are_checked_before_a_gateway_starts() {
    let desk = waiting(FOUR);
    let check = || desk.lab.command(&["check"], &["--json"]);
    let (_, out, errors) = check();
    assert!(out.contains("{\"check\":\"console\",\"passed\":true}"), "{out}{errors}");
    let place = |name: &str| desk.at(&format!("state/pki/console/{name}"));
    for (file, with, told) in [
        ("console.pem", Some("state/pki/national/gateway.pem"), "refused"),
        ("console.key", Some("state/pki/national/gateway.key"), "refused"),
        ("anchor.pem", None, "cannot be read"),
        ("revoked.pem", Some("state/pki/console/anchor.pem"), "no revocation list"),
    ] {
        let whole = std::fs::read(place(file)).unwrap();
        match with {
            Some(other) => std::fs::copy(desk.at(other), place(file)).map(drop).unwrap(),
            None => std::fs::remove_file(place(file)).unwrap(),
        }
        let (status, out, errors) = check();
        let line = out.lines().find(|line| line.contains("\"check\":\"console\"")).unwrap_or_default();
        assert!(status == 1 && line.contains("\"passed\":false") && line.contains(told), "{file}: {line}{errors}");
        std::fs::write(place(file), whole).unwrap();
    }
}
