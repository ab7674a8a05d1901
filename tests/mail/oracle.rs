//! A second opinion: Python's e-mail package on the samples that are accepted, and on what is written from them.

use std::path::{Path, PathBuf};
use std::process::Command;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use vestibule::base::Time;
use vestibule::normal::{Kind, NodeId, Tree};

use vestibule::format::Syntax;

use super::MAIL;
use crate::samples::{read, write};

fn python(files: &[PathBuf]) -> Vec<Value> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/mail/dump.py");
    let run = Command::new("python3").arg(script).args(files).output().expect("python3 compares mail with us: install it");
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
    String::from_utf8(run.stdout).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn attribute(tree: &Tree<'_>, id: NodeId, name: &str) -> Option<String> {
    tree.attribute(id, name).map(|(_, node)| node.value.text().into_owned())
}

fn content(tree: &Tree<'_>, id: NodeId) -> String {
    tree.children(id).filter(|(_, node)| node.kind == Kind::Text).map(|(_, node)| node.value.text().into_owned()).collect()
}

/// Text as it is compared: line feeds alone, none at the end, ISO 8859-1 never.
fn lines(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).replace("\r\n", "\n").trim_end_matches('\n').to_owned()
}

fn same(tree: &Tree<'_>, other: &Value) {
    let (header, _) = tree.element(NodeId::ROOT, "header").unwrap();
    let date = Time::parse(&attribute(tree, header, "date").unwrap()).unwrap();
    assert_eq!(other["date"].as_i64().unwrap(), date.unix_ms() / 1000);
    assert_eq!(other["id"].as_str().map(str::to_owned), {
        let (id, _) = tree.element(header, "message-id").unwrap();
        Some(format!("{}@{}", attribute(tree, id, "left").unwrap(), attribute(tree, id, "right").unwrap()))
    });
    assert_eq!(other["subject"].as_str().map(str::to_owned), attribute(tree, header, "subject"));
    assert_eq!(other["defects"].as_array().unwrap().len(), 0, "{}", other["defects"]);
    for (name, all) in other["addresses"].as_object().unwrap() {
        let (list, _) = tree.element(header, name).unwrap();
        let ours: Vec<(String, String)> = tree
            .elements(list)
            .map(|(id, _)| {
                (
                    attribute(tree, id, "name").unwrap_or_default(),
                    format!("{}@{}", attribute(tree, id, "local").unwrap(), attribute(tree, id, "domain").unwrap()),
                )
            })
            .collect();
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let lower = |address: String| address.rsplit_once('@').map(|(local, domain)| format!("{local}@{}", domain.to_ascii_lowercase())).unwrap();
        let theirs: Vec<(String, String)> = all.as_array().unwrap().iter().map(|pair| (text(&pair[0]), lower(text(&pair[1])))).collect();
        assert_eq!(ours, theirs, "{name}");
    }
    let parts: Vec<NodeId> = tree.elements(NodeId::ROOT).filter(|(_, node)| node.name != "header").map(|(id, _)| id).collect();
    let others = other["parts"].as_array().unwrap();
    assert_eq!(parts.len(), others.len());
    for (id, other) in parts.into_iter().zip(others) {
        assert_eq!(attribute(tree, id, "type").unwrap_or_else(|| "text/plain".into()), other["type"].as_str().unwrap());
        assert_eq!(attribute(tree, id, "name").as_deref(), other["name"].as_str());
        let hex = other["bytes"].as_str().unwrap();
        let bytes: Vec<u8> = (0..hex.len() / 2).map(|at| u8::from_str_radix(&hex[2 * at..2 * at + 2], 16).unwrap()).collect();
        if let Some(message) = MAIL.format().insides(tree).into_iter().find(|message| tree.parent(message.node) == Some(id)) {
            let theirs = (message.format.read)(&bytes, &mut vestibule::base::Budget::for_body(bytes.len())).unwrap();
            assert!(tree.below(message.node).same_fields(&theirs));
            continue;
        }
        let inside = tree.elements(id).find(|(_, node)| matches!(node.name.as_str(), "text" | "data"));
        match inside {
            Some((data, node)) if node.name == "data" => {
                // Whether the line end before a boundary belongs to the part is the one thing that Python decides otherwise for a simple mail.
                let ours = STANDARD.decode(content(tree, data)).unwrap();
                assert_eq!(lines(&ours), lines(&bytes));
            }
            other => assert_eq!(content(tree, other.map_or(id, |(text, _)| text)), lines(&bytes)),
        }
    }
}

#[test]
fn python_reads_the_same_from_our_samples_and_from_what_we_write() {
    let folder = tempfile::tempdir().unwrap();
    let samples = MAIL.accepted();
    let mut files = Vec::new();
    let mut bodies = Vec::new();
    for (path, body) in &samples {
        let written = write(&read(body).unwrap(), Syntax::Mail).unwrap();
        let copy = folder.path().join(path.file_name().unwrap());
        std::fs::write(&copy, &written).unwrap();
        files.extend([path.clone(), copy]);
        bodies.extend([body.clone(), written]);
    }
    let seen = python(&files);
    assert_eq!(seen.len(), files.len());
    for ((file, body), other) in files.iter().zip(&bodies).zip(&seen) {
        println!("{}", file.display());
        same(&read(body).unwrap(), other);
    }
}

#[test]
fn python_puts_the_pieces_of_a_label_together_as_we_do() {
    let sample = MAIL.accepted().into_iter().find(|(path, _)| path.ends_with("labelled.eml")).unwrap();
    let seen = python(&[sample.0]);
    let label = seen[0]["label"].as_array().unwrap().iter().find(|pair| pair[0] == "label").unwrap()[1].as_str().unwrap().to_owned();
    let xml = String::from_utf8(STANDARD.decode(label.trim_matches('"')).unwrap()).unwrap();
    assert!(xml.starts_with("<s:originatorConfidentialityLabel") && xml.ends_with("</s:originatorConfidentialityLabel>"), "{xml}");
}
