//! Messages of other formats attached to a mail: what is read, written and refused, and what a hostile sender may try.

use super::*;
use vestibule::normal::Portion;

const TRACK: &str = "<event version=\"2.0\" uid=\"GBR-1\" type=\"a-f-G\" how=\"m-g\" time=\"2026-03-01T10:00:00Z\" start=\"2026-03-01T10:00:00Z\" stale=\"2026-03-01T10:05:00Z\"><point lat=\"1\" lon=\"2\" hae=\"3\" ce=\"4\" le=\"5\"/></event>";

/// A mail with attachments, each as its type and its bytes.
fn with(attachments: &[(&str, &[u8])]) -> Vec<u8> {
    use base64::Engine;
    use std::fmt::Write;
    let mut out = String::from(
        "Date: Sun, 1 Mar 2026 11:00:00 +0000\r\nFrom: a@example.gbr\r\nMessage-ID: <1@example.gbr>\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b1\r\n\r\n--b1\r\n\r\nSee below.\r\n",
    );
    for (kind, bytes) in attachments {
        let coded = base64::engine::general_purpose::STANDARD.encode(bytes);
        let lines: Vec<&str> = coded.as_bytes().chunks(76).map(|line| std::str::from_utf8(line).unwrap()).collect();
        write!(
            out,
            "--b1\r\nContent-Type: {kind}\r\nContent-Transfer-Encoding: base64\r\nContent-Disposition: attachment\r\n\r\n{}\r\n",
            lines.join("\r\n")
        )
        .unwrap();
    }
    out.push_str("--b1--\r\n");
    out.into_bytes()
}

fn refused(body: &[u8]) -> Reason {
    read(body).unwrap_err().reason
}

#[test]
fn every_format_but_mail_is_read_inside_a_mail_as_it_is_alone() {
    for format in format::FORMATS.iter().filter(|format| format.name != "mail") {
        for (path, body) in Samples::of(format.name).accepted().into_iter().take(12) {
            let whole = with(&[("application/octet-stream", &body)]);
            let (tree, alone) = (read(&whole).unwrap_or_else(|refusal| panic!("{}: {refusal}", path.display())), read(&body).unwrap());
            let found = MAIL.format().insides(&tree);
            assert_eq!(found.iter().map(|inside| inside.format.name).collect::<Vec<_>>(), [format.name], "{}", path.display());
            assert!(tree.below(found[0].node).same_fields(&alone), "{}", path.display());
            assert!(whole[tree.node(found[0].node).span.range()].first().is_some_and(u8::is_ascii_alphanumeric), "{}", path.display());
            laws::all(MAIL.format(), &whole, write).unwrap_or_else(|broken| panic!("{}: {broken}", path.display()));
            halves(&whole).unwrap_or_else(|why| panic!("{}: {why}", path.display()));
        }
    }
}

#[test]
fn what_an_attached_message_says_leaves_in_its_own_canonical_spelling() {
    let odd = TRACK.replace("lat=\"1\"", "lat = '1.000'");
    let (one, two) = (with(&[("application/cot+xml", odd.as_bytes())]), with(&[("application/cot+xml", TRACK.as_bytes())]));
    let written = |body: &[u8]| write(&read(body).unwrap(), Syntax::Mail).unwrap();
    assert_ne!(one, two);
    assert_eq!(written(&one), written(&two));
}

#[test]
fn the_mail_is_the_part_around_every_attached_message() {
    let marked = TRACK.replace("how=", "access=\"SECRET\" how=");
    let body =
        with(&[("application/cot+xml", marked.as_bytes()), ("application/octet-stream", b"\x00\x01"), ("application/cot+xml", TRACK.as_bytes())]);
    let tree = read(&body).unwrap();
    let portions: Vec<(String, usize)> =
        (MAIL.format().portions)(&tree).iter().map(|Portion { node, markings }| (tree.path(*node), markings.len())).collect();
    assert_eq!(portions, [("/mail".into(), 0), ("/mail/attachment[1]".into(), 1), ("/mail/attachment[3]".into(), 0)]);
    assert!((MAIL.format().markings)(&tree).iter().flat_map(|marking| marking.nodes(&tree)).all(|node| !tree.path(node).contains("event")));
    assert!((MAIL.format().portions)(&read(&MAIL.named("attachments")).unwrap()).is_empty(), "a mail without messages in it is one part");
}

#[test]
fn both_halves_withhold_an_attachment_that_is_marked_above_its_mail_and_nothing_else() {
    for marks in [
        "access=\"SECRET\" releasableTo=\"GBR USA\"",
        "access=\"SECRET\" releasableTo=\"GBR CAN\"",
        "access=\"TOP SECRET\" releasableTo=\"GBR USA\"",
        "access=\"OFFICIAL\"",
    ] {
        let marked = TRACK.replace("how=", &format!("{marks} how="));
        let body = with(&[("application/cot+xml", marked.as_bytes()), ("application/cot+xml", TRACK.as_bytes())]);
        for to in ["usa-ops", "can-ops", "gbr-ops"] {
            halves_to(&body, to, Some(OPEN)).unwrap_or_else(|why| panic!("{marks} to {to}: {why}"));
        }
    }
}

#[test]
fn a_mail_in_a_mail_is_held_whatever_it_is_said_to_be() {
    let inner = with(&[]);
    for kind in ["application/octet-stream", "text/plain; charset=utf-8", "application/cot+xml"] {
        assert_eq!(refused(&with(&[(kind, &inner)])), Reason::InvalidMailComposite, "{kind}");
    }
}

#[test]
fn an_attachment_that_claims_two_formats_or_another_than_it_is_said_to_be_is_refused() {
    let both = b"CLASSIFICATION: UNCLASSIFIED//\nROUTINE\nFROM: A\nMSGID/GENADMIN/X//\n";
    assert_eq!(refused(&with(&[("application/octet-stream", both)])), Reason::FormatAmbiguous);
    for kind in ["application/stix+json", "application/x-protobuf", "message-is/none", "text/plain"] {
        let body = with(&[(kind, TRACK.as_bytes())]);
        let found = read(&body);
        match kind {
            "message-is/none" => assert!(found.is_ok()),
            _ => assert_eq!(found.unwrap_err().reason, Reason::FormatMediaType, "{kind}"),
        }
    }
}

#[test]
fn a_thousand_attached_messages_are_refused_before_they_are_read() {
    let all = vec![("application/cot+xml", TRACK.as_bytes()); 1_000];
    assert_eq!(refused(&with(&all)), Reason::SizeNodes);
    let most = vec![("application/cot+xml", TRACK.as_bytes()); 63];
    assert_eq!(MAIL.format().insides(&read(&with(&most)).unwrap()).len(), 63);
}

#[test]
fn what_the_reader_of_an_attached_message_refuses_is_refused_at_the_attachment() {
    let body = with(&[("application/cot+xml", TRACK.replace(" uid=\"GBR-1\"", "").as_bytes())]);
    let refusal = read(&body).unwrap_err();
    assert_eq!(refusal.reason, Reason::InvalidCotMissing);
    assert!(refusal.place.path.starts_with("/mail/attachment"), "{}", refusal.place.path);
    assert!(body[refusal.place.span.unwrap().range().start..].starts_with(b"PGV2"), "the place is the attachment's encoded bytes");
}
