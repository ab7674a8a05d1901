//! Two gateways in a row, each with its own rules: what people see when they run `deploy/chain/run`, and what goes on between the gateways.

use super::*;
use vestibule::journal::embedded::Reader;

/// A copy of `deploy/chain` in a folder of its own, on free ports.
fn copy() -> tempfile::TempDir {
    let (from, folder) = (Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy/chain"), tempfile::tempdir().unwrap());
    let ports: Vec<(String, String)> = (4481..=4484).map(|port| (format!("127.0.0.1:{port}\""), format!("127.0.0.1:{}\"", free_port()))).collect();
    for file in ["gbr.toml", "usa.toml"] {
        let text = std::fs::read_to_string(from.join(file)).unwrap();
        let text = ports.iter().fold(text, |text, (known, free)| text.replace(known, free));
        std::fs::write(folder.path().join(file), text.replace("../../rules", concat!(env!("CARGO_MANIFEST_DIR"), "/rules"))).unwrap();
    }
    std::fs::create_dir(folder.path().join("messages")).unwrap();
    for entry in std::fs::read_dir(from.join("messages")).unwrap() {
        let path = entry.unwrap().path();
        std::fs::copy(&path, folder.path().join("messages").join(path.file_name().unwrap())).unwrap();
    }
    std::fs::copy(from.join("run"), folder.path().join("run")).unwrap();
    folder
}

/// For each accepted message its first decision, as outcome and code.
fn decisions(folder: &Path, nation: &str) -> Vec<(String, Option<&'static str>)> {
    let reader = Reader::open(&folder.join("state").join(nation).join("journal"), None).unwrap();
    let decided = reader.records(Page::first(Page::ROWS_MAX)).unwrap().rows.into_iter().filter_map(|entry| match entry.event {
        Event::Decided(decided) => Some(decided.decisions),
        _ => None,
    });
    decided.flatten().map(|one| (one.outcome.word().to_owned(), one.code.map(|code| code.code()))).collect()
}

#[test]
fn either_gateway_of_a_chain_can_stop_a_message_and_what_both_release_arrives() {
    let folder = copy();
    let output =
        Command::new(folder.path().join("run")).env("VESTIBULE", env!("CARGO_BIN_EXE_vestibule")).env_remove("VESTIBULE_LOG").output().unwrap();
    let (out, errors) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{out}{errors}");
    let (forward, held) = (("forward".to_owned(), None), ("quarantine".to_owned(), Some("content.words")));
    assert_eq!(decisions(folder.path(), "gbr"), [forward.clone(), held.clone(), forward.clone()]);
    // Deliveries are under way together, so the second gateway may get them in either order.
    let mut second = decisions(folder.path(), "usa");
    second.sort();
    assert_eq!(second, [forward, held]);
    assert_eq!(out.matches("the journal holds").count(), 2, "{out}");
    let arrived: Vec<String> = std::fs::read_dir(folder.path().join("state/inbox"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "msg"))
        .map(|path| std::fs::read_to_string(path).unwrap())
        .collect();
    assert!(arrived.len() == 1 && arrived[0].contains("CHAIN-1") && !arrived[0].contains("__group"), "{arrived:?}");
}

#[test]
fn a_message_waits_at_the_first_gateway_until_the_second_is_there_and_its_detached_label_goes_through_both() {
    run(async {
        let folder = copy();
        let at = |file: &str| folder.path().join(file);
        let start = |nation: &str| {
            let config = at(&format!("{nation}.toml")).display().to_string();
            assert_eq!(vestibule(&["pki", "init", "--config", &config]).0, 0);
            Process::start(&["run", "--config", &config], &at(&format!("{nation}.log")))
        };
        let gbr = start("gbr");
        let ops = Peer::of(&at("state/pki/gbr-net/gbr-ops.toml")).await;
        let category = "<slab:Category TagName=\"Releasable To\" Type=\"PERMISSIVE\"><slab:GenericValue>GBR</slab:GenericValue><slab:GenericValue>USA</slab:GenericValue></slab:Category>";
        let label = format!(
            concat!(
                "<slab:originatorConfidentialityLabel xmlns:slab=\"urn:nato:stanag:4774:confidentialitymetadatalabel:1:0\" ReviewDateTime=\"2099-12-31T00:00:00Z\">",
                "<slab:ConfidentialityInformation><slab:PolicyIdentifier>GBR</slab:PolicyIdentifier>",
                "<slab:Classification>SECRET</slab:Classification>{}</slab:ConfidentialityInformation>",
                "<slab:CreationDateTime>2026-01-01T00:00:00Z</slab:CreationDateTime></slab:originatorConfidentialityLabel>"
            ),
            category
        );
        let (header, body) = track(Precedence::Flash);
        let bare = String::from_utf8(body).unwrap().replace(" access=\"SECRET\"", "");
        let (start_of, end_of) = bare.split_once(" releasableTo=\"").unwrap();
        let bare = format!("{start_of}{}", end_of.split_once('"').unwrap().1);
        let header = Header { label: Some(label), ..header };
        assert_eq!(ops.send(&header, bare.as_bytes()).await.status, Status::Accepted);
        assert_eq!(decisions(folder.path(), "gbr"), [("forward".to_owned(), None)]);
        let usa = start("usa");
        let national = Peer::of(&at("state/pki/usa-net/usa-national.toml")).await;
        until("the delivery", || national.count() >= 1).await;
        let got = national.got.lock().unwrap()[0].0.clone();
        assert_eq!((got.precedence, &got.destinations), (Precedence::Flash, &vec![name("usa-national")]));
        assert!(got.label.unwrap().contains("<slab:Classification>SECRET</slab:Classification>"));
        assert_eq!((gbr.terminate().await, usa.terminate().await), (0, 0));
        assert_eq!(
            (decisions(folder.path(), "gbr"), decisions(folder.path(), "usa")),
            (vec![("forward".to_owned(), None)], vec![("forward".to_owned(), None)])
        );
    });
}
