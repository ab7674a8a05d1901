//! Reloading: certificates, revocation lists and peers, on SIGHUP to a real process and by handle.

use super::*;

fn national(lab: &Lab, file: &str) -> String {
    lab.path("state/pki/coalition").join(file).display().to_string()
}

fn revoke(lab: &Lab, stem: &str) {
    let (anchor, list) = (national(lab, "anchor.pem"), national(lab, "revoked.pem"));
    let (status, _, errors) = vestibule(&["pki", "revoke", "--anchor", &anchor, "--list", &list, &national(lab, &format!("{stem}.pem"))]);
    assert_eq!(status, 0, "{errors}");
}

#[test]
fn a_hangup_cuts_the_revoked_and_nobody_else_and_lets_a_new_certificate_in() {
    run(async {
        let lab = Lab::new();
        let gateway = lab.spawn().await;
        let (gbr, usa, can) = (lab.link("gbr-ops").await, lab.link("usa-ops").await, lab.link("can-ops").await);
        revoke(&lab, "can-ops");
        gateway.signal("-HUP");
        until("the end of the revoked link", || can.link.is_closed()).await;
        assert!(!usa.link.is_closed() && !gbr.link.is_closed());
        let (header, body) = track(Precedence::Routine);
        gbr.send(&header, &body).await;
        until("a delivery over the link that stayed", || usa.count() >= 1).await;
        // The same peer with a new certificate.
        for file in ["can-ops.pem", "can-ops.key"] {
            std::fs::remove_file(national(&lab, file)).unwrap();
        }
        let issue = [
            "pki",
            "issue",
            "--anchor",
            &national(&lab, "anchor.pem"),
            "--identity",
            "can-ops.coalition.lab",
            "--into",
            &national(&lab, "can-ops.pem"),
        ];
        assert_eq!(vestibule(&issue).0, 0);
        let can = lab.link("can-ops").await;
        let to_can = Header { destinations: vec![name("can-ops")], ..track(Precedence::Routine).0 };
        gbr.send(&to_can, &body).await;
        until("a delivery to the new certificate", || can.count() >= 1).await;
        assert_eq!(gateway.terminate().await, 0);
        lab.audit();
    });
}

#[test]
fn a_broken_configuration_on_reload_leaves_the_old_in_force_whole() {
    run(async {
        let lab = Lab::new();
        let gateway = lab.start().await;
        let (gbr, usa, can) = (lab.link("gbr-ops").await, lab.link("usa-ops").await, lab.link("can-ops").await);
        let good = std::fs::read_to_string(lab.config()).unwrap();
        let list = std::fs::read_to_string(national(&lab, "revoked.pem")).unwrap();
        revoke(&lab, "can-ops");
        let peer = "[[domain.peer]]\nname = \"atlantis\"\nidentity = \"atlantis.coalition.lab\"\n";
        for bad in [
            good.replace("home = ", "hoem = "),
            good.replace("\"usa-ops.coalition.lab\"", "7"),
            // The first domain is in order, the second is not: neither may change.
            good.replace("state/pki/coalition/gateway.pem", "state/pki/national/gateway.pem"),
            good.replace("state/pki/national/revoked.pem", "state/pki/national/none.pem"),
            good.replace("127.0.0.1:", "127.0.0.2:"),
            format!("{good}\n{peer}"),
        ] {
            std::fs::write(lab.config(), &bad).unwrap();
            assert!(gateway.handle.reload().await.is_err(), "{bad}");
            let (header, body) = track(Precedence::Routine);
            let before = usa.count();
            gbr.send(&header, &body).await;
            until("a delivery under the old configuration", || usa.count() > before).await;
            assert!(!can.link.is_closed(), "{bad}");
        }
        std::fs::write(lab.config(), &good).unwrap();
        std::fs::write(national(&lab, "revoked.pem"), list).unwrap();
        gateway.handle.reload().await.unwrap();
        assert!(!can.link.is_closed());
        gateway.stop().await;
        lab.audit();
    });
}

#[test]
fn a_peer_that_is_added_on_reload_gets_what_was_due_to_it() {
    run(async {
        let entry = "[[domain.peer]]\nname = \"nzl-ops\"\nidentity = \"nzl-ops.coalition.lab\"\n";
        let lab = Lab::new();
        let whole = std::fs::read_to_string(lab.config()).unwrap();
        std::fs::write(lab.config(), whole.replace(entry, "")).unwrap();
        let gateway = lab.start().await;
        let gbr = lab.link("gbr-ops").await;
        let (header, body) = track(Precedence::Routine);
        let header = Header { destinations: vec![name("nzl-ops")], ..header };
        assert_eq!(gbr.send(&header, &body).await.status, Status::Accepted);
        std::fs::write(lab.config(), whole).unwrap();
        gateway.handle.reload().await.unwrap();
        let nzl = lab.link("nzl-ops").await;
        until("the delivery", || nzl.count() >= 1).await;
        gateway.stop().await;
    });
}
