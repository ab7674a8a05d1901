//! The gateway as a process: how it starts, what keeps it from starting, how it stops.

use super::*;

#[test]
fn it_stops_in_order_when_it_is_told_to_and_starts_again_where_it_was() {
    run(async {
        let lab = Lab::new();
        let gateway = lab.spawn().await;
        let gbr = lab.link("gbr-ops").await;
        let (header, body) = track(Precedence::Flash);
        let first = gbr.send(&header, &body).await;
        // A recipient that takes nothing must not keep the gateway from stopping.
        let door = Door::open(&config::Remote::read(&lab.peer("can-ops")).unwrap().domain).unwrap();
        let _silent = dial(&door).await;
        let to_can = Header { id: world::fresh_id().unwrap(), destinations: vec![name("can-ops")], ..header.clone() };
        gbr.send(&to_can, &body).await;
        assert_eq!(gateway.terminate().await, 0);
        lab.audit();
        let gateway = lab.spawn().await;
        let gbr = lab.link("gbr-ops").await;
        assert_eq!(gbr.send(&header, &body).await, first);
        let usa = lab.link("usa-ops").await;
        until("what was due", || usa.count() >= 1).await;
        assert_eq!(gateway.terminate().await, 0);
        lab.audit();
    });
}

/// A copy of the rule set with one file changed.
fn broken(lab: &Lab, file: &str, change: impl FnOnce(String) -> String) {
    fn copy(from: &Path, to: &Path) {
        std::fs::create_dir_all(to).unwrap();
        for entry in std::fs::read_dir(from).unwrap() {
            let (path, to) = (entry.as_ref().unwrap().path(), to.join(entry.as_ref().unwrap().file_name()));
            match path.is_dir() {
                true => copy(&path, &to),
                false => drop(std::fs::copy(&path, &to).unwrap()),
            }
        }
    }
    let rules = lab.path("rules");
    let _ = std::fs::remove_dir_all(&rules);
    copy(Path::new(RULES), &rules);
    let path = rules.join(file);
    let text = std::fs::read_to_string(&path).unwrap();
    let changed = change(text.clone());
    assert_ne!(text, changed, "{file}");
    std::fs::write(path, changed).unwrap();
}

#[test]
fn a_broken_rule_file_is_shown_with_its_place_and_nothing_starts() {
    let lab = Lab::with(|text| text.replace(RULES, "rules"));
    let append = |what: &'static str| move |text: String| format!("{text}\n{what}\n");
    type Change = Box<dyn FnOnce(String) -> String>;
    let cases: Vec<(&str, Change)> = vec![
        ("ruleset.toml", Box::new(append("colour = \"red\""))),
        ("peers.toml", Box::new(|text| text.replacen("scheme = \"GBR\"", "scheme = \"ATLANTIS\"", 1))),
        ("agreements/fvey-tracks.toml", Box::new(|text| text.replacen("release = \"automatic\"", "release = \"perhaps\"", 1))),
        ("release.cedar", Box::new(append("forbid (principal,"))),
        ("formats/cot.toml", Box::new(|text| text.replacen("misfit = \"refuse\"", "misfit = \"shrug\"", 1))),
        ("filters/patterns/networks.yar", Box::new(append("rule x { condition: y }"))),
        ("filters/words/codewords.txt", Box::new(|text| text.replacen("# action: hold", "# action: sing", 1))),
        ("policies/gbr.xml", Box::new(|text| text.replacen("</", "<", 1))),
    ];
    for (file, change) in cases {
        broken(&lab, file, change);
        for (command, status) in [("check", 1), ("run", 2)] {
            let (found, out, errors) = lab.command(&[command], &[]);
            assert!(format!("{out}{errors}").contains(file.rsplit('/').next().unwrap()), "{command} {file}: {out}{errors}");
            assert_eq!(found, status, "{command} {file}");
        }
    }
}

#[test]
fn a_peer_of_a_killed_gateway_learns_of_it_when_the_gateway_is_back() {
    run(async {
        let lab = Lab::with(|text| text.replace("[limits]", "[limits]\nidle_ms_max = 600000"));
        let gateway = lab.spawn().await;
        let gbr = lab.link("gbr-ops").await;
        gateway.kill();
        let _gateway = lab.spawn().await;
        // Whatever the peer sends over the dead link is answered by a reset; its own idle time is half a minute, the gateway's ten.
        let (header, body) = track(Precedence::Routine);
        let sent = std::time::Instant::now();
        let answer = gbr.link.send(&header, &body).await;
        assert!(matches!(&answer, Err(LinkError::Closed(_))), "{answer:?}");
        let why = gbr.link.closed().await;
        assert!(why.contains("reset"), "{why}");
        println!("the dead link was given up after {} ms", sent.elapsed().as_millis());
        let again = lab.link("gbr-ops").await;
        assert_eq!(again.send(&header, &body).await.status, Status::Accepted);
    });
}
