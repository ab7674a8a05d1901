//! Bad input at the running gateway: each has its code, in the counters where no frame was accepted, in the journal where one was; and the gateway
//! serves on, over the link that was open before.

use super::*;
use std::collections::BTreeMap;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use vestibule::link::wire::{self, Hello, Sizes};

/// Sends a good message over a link that was open before, and waits for its delivery.
async fn serves(gbr: &Peer, usa: &Peer, after: &str) {
    let (header, body) = track(Precedence::Immediate);
    assert_eq!(gbr.send(&header, &body).await.status, Status::Accepted, "after {after}");
    // This very message: one from before may still be on its way.
    until(&format!("a delivery after {after}"), || usa.got().contains_key(&onward(header.id))).await;
}

/// A client with a peer's certificate that keeps none of the link's rules.
async fn bare(lab: &Lab, address: SocketAddr, stem: &str) -> Result<quinn::Connection, String> {
    let at = |file: &str| lab.path("state/pki/national").join(file);
    let mut roots = rustls::RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(at("anchor.pem")).unwrap()).unwrap();
    let chain = vec![CertificateDer::from_pem_file(at(&format!("{stem}.pem"))).unwrap()];
    let key = PrivateKeyDer::from_pem_file(at(&format!("{stem}.key"))).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let tls = rustls::ClientConfig::builder_with_provider(provider).with_protocol_versions(&[&rustls::version::TLS13]).unwrap();
    let mut tls = tls.with_root_certificates(roots).with_client_auth_cert(chain, key).unwrap();
    tls.alpn_protocols = vec![wire::ALPN.to_vec()];
    let config = quinn::ClientConfig::new(Arc::new(quinn::crypto::rustls::QuicClientConfig::try_from(tls).unwrap()));
    let endpoint = quinn::Endpoint::client(SocketAddr::from(([127, 0, 0, 1], 0))).unwrap();
    let failed = |error: quinn::ConnectionError| error.to_string();
    let connection = endpoint.connect_with(config, address, "gateway.national.lab").unwrap().await.map_err(failed)?;
    let hello = Hello { sizes: Sizes { header_bytes_max: 65_536, body_bytes_max: 65_536 }, streams_max: 16 };
    let (mut stream, mut reply) = connection.open_bi().await.map_err(failed)?;
    let said = async {
        stream.write_all(&hello.encode()).await.map_err(|error| error.to_string())?;
        stream.finish().map_err(|error| error.to_string())?;
        reply.read_to_end(Hello::BYTES).await.map_err(|error| error.to_string())
    };
    Hello::decode(&said.await?).map_err(|refusal| refusal.to_string())?;
    Ok(connection)
}

/// Sends bytes on a stream of their own and reads the receipt; leaves the stream open where it is `cut`.
async fn raw(connection: &quinn::Connection, bytes: &[u8], finish: bool) -> Receipt {
    let (mut stream, mut reply) = connection.open_bi().await.unwrap();
    // The far side may stop reading at any byte.
    let _ = stream.write_all(bytes).await;
    if finish {
        let _ = stream.finish();
    }
    Receipt::decode(&reply.read_to_end(Receipt::BYTES).await.unwrap()).unwrap()
}

#[test]
fn every_recipe_has_its_outcome_at_the_running_gateway_which_serves_on_after_each() {
    run(async {
        let lab = Lab::new();
        let gateway = lab.start().await;
        let mut peers = BTreeMap::new();
        for peer in ["gbr-ops", "usa-ops", "can-ops", "aus-ops", "nzl-ops", "nato-hq", "deu-ops", "guest-isac"] {
            peers.insert(peer, lab.link(peer).await);
        }
        let (mut wrong, mut codes) = (Vec::new(), BTreeMap::<&str, u32>::new());
        for recipe in recipes() {
            let (header, body) = letter(recipe.name, 5);
            let receipt = peers[recipe.from].send(&header, &body).await;
            assert_eq!(receipt.status, Status::Accepted, "{}: what is decided after acceptance is not told", recipe.name);
            for expected in recipe.expected {
                let found = gateway.outcome(header.id, expected.to).await;
                *codes.entry(found.1.unwrap_or("forward")).or_default() += 1;
                if found != (expected.outcome.word().to_owned(), expected.code.map(|code| code.code())) {
                    wrong.push(format!("{} to {}: {found:?} instead of {expected:?}", recipe.name, expected.to));
                }
            }
            if recipe.expected.iter().any(|expected| expected.code.is_some()) {
                serves(&peers["gbr-ops"], &peers["usa-ops"], recipe.name).await;
            }
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
        for code in [
            "malformed.utf8",
            "malformed.xml.doctype",
            "size.depth",
            "invalid.cot.number",
            "invalid.cot.range",
            "invalid.cot.repeated",
            "label.disagree",
            "label.policy_unknown",
            "label.category_unknown",
            "invalid.cot.character",
            "label.character",
        ] {
            assert!(codes.contains_key(code), "no recipe gives {code}: {codes:?}");
        }
        gateway.stop().await;
        lab.audit();
    });
}

#[test]
fn bad_frames_are_counted_under_their_codes_and_others_are_served() {
    run(async {
        let lab = Lab::with(|text| text.replace("[limits]", "[limits]\nmessage_ms_max = 400\nbody_bytes_max = 65536"));
        let gateway = lab.start().await;
        let (gbr, usa) = (lab.link("gbr-ops").await, lab.link("usa-ops").await);
        let address = gateway.journal().head().await.map(|_| config::Gateway::read(&lab.config()).unwrap().domains[0].listen).unwrap();
        let hostile = bare(&lab, address, "gbr-ops").await.unwrap();
        let (header, body) = track(Precedence::Routine);
        let good = [wire::encode_head(&header, &body).unwrap(), body.clone()].concat();
        let with = |at: usize, value: u8| {
            let mut bytes = good.clone();
            bytes[at] = value;
            bytes
        };
        let big = vec![b' '; 65_537];
        let cases = [
            ("frame.magic", with(0, b'X'), Status::Frame, true),
            ("frame.version", with(4, 9), Status::Frame, true),
            ("frame.header", with(5, 2), Status::Frame, true),
            ("frame.truncated", good[..good.len() - 1].to_vec(), Status::Frame, true),
            ("frame.trailing", [good.clone(), vec![0]].concat(), Status::Frame, true),
            ("frame.digest", with(good.len() - 1, b'!'), Status::Frame, true),
            ("size.body", [wire::encode_head(&header, &big).unwrap(), big.clone()].concat(), Status::Limit, true),
            ("frame.slow", good[..good.len() - 1].to_vec(), Status::Frame, false),
        ];
        for (code, bytes, status, finish) in cases {
            assert_eq!((raw(&hostile, &bytes, finish).await.status, gateway.refused(code)), (status, 1), "{code}");
            serves(&gbr, &usa, code).await;
        }
        // What the frame says is checked before anything is accepted.
        let other = |header: Header| Header { id: world::fresh_id().unwrap(), ..header };
        let nowhere = other(Header { destinations: vec![name("atlantis")], ..header.clone() });
        let early = other(Header { sent: Time::from_unix_ms(now().unix_ms() - 3_600_000).unwrap(), ..header.clone() });
        for (code, header) in [("frame.destination", nowhere), ("frame.time", early)] {
            assert_eq!((gbr.send(&header, &body).await.status, gateway.refused(code)), (Status::Frame, 1), "{code}");
            assert!(gateway.journey(header.id).await.is_empty(), "{code}");
        }
        // The frame that was spoilt above is good, and its id was not taken.
        assert_eq!(raw(&hostile, &good, true).await.status, Status::Accepted);
        serves(&gbr, &usa, "all of it").await;
        gateway.stop().await;
        lab.audit();
    });
}

#[test]
fn wrong_anchors_revoked_certificates_and_unknown_peers_get_no_link_and_others_are_served() {
    run(async {
        let lab = Lab::new();
        let (stranger, revoked) = (lab.path("state/pki/national/stranger.pem"), lab.path("state/pki/national/revoked-one.pem"));
        let anchor = lab.path("state/pki/national/anchor.pem").display().to_string();
        for (identity, into) in [("stranger.national.lab", &stranger), ("gbr-ops.national.lab", &revoked)] {
            assert_eq!(vestibule(&["pki", "issue", "--anchor", &anchor, "--identity", identity, "--into", &into.display().to_string()]).0, 0);
        }
        let list = lab.path("state/pki/national/revoked.pem").display().to_string();
        assert_eq!(vestibule(&["pki", "revoke", "--anchor", &anchor, "--list", &list, &revoked.display().to_string()]).0, 0);
        // The same names below another authority.
        let other = Lab::new();
        for ending in ["pem", "key"] {
            std::fs::copy(other.path(&format!("state/pki/national/gbr-ops.{ending}")), lab.path(&format!("state/pki/national/forged.{ending}")))
                .unwrap();
        }
        let gateway = lab.start().await;
        let (gbr, usa) = (lab.link("gbr-ops").await, lab.link("usa-ops").await);
        let address = config::Gateway::read(&lab.config()).unwrap().domains[0].listen;
        for (stem, code) in [("stranger", "certificate.unknown"), ("revoked-one", "certificate.revoked"), ("forged", "certificate.chain")] {
            assert!(bare(&lab, address, stem).await.is_err(), "{stem}");
            until(code, || gateway.refused(code) == 1).await;
            serves(&gbr, &usa, code).await;
        }
        gateway.stop().await;
    });
}
