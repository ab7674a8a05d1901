//! The second decision of the third-party rule: does everyone whose information this is consent to its going there.
//!
//! Read by other hands than the first decision's: origins from the lattice's plain data, the onward rule from every clause that could serve the two
//! peers, and statements line by line, with the signature checked over their bytes. It answers which consents a release uses up; the first half
//! is not asked.

use std::collections::{BTreeMap, BTreeSet};

use aws_lc_rs::signature::{ED25519, UnparsedPublicKey};
use base64::Engine as _;

use super::{Said, around, readers};
use crate::base::{Digest, Header, MessageId, Reason, Refusal, Time};
use crate::label::Lattice;
use crate::policy::{Edition, PeerEntry};
use crate::statement::{Grant, Standing, label_digest};

/// Whose information a release carries, and which consents it uses up, as the second half finds it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Parties {
    /// The third parties.
    pub origins: BTreeSet<String>,
    /// The consents.
    pub consents: BTreeSet<MessageId>,
}

/// One release, as the second half knows it.
#[derive(Debug, Clone, Copy)]
pub struct Release<'r> {
    /// The edition, as plain data.
    pub edition: &'r Edition,
    /// The header, as received.
    pub header: &'r Header,
    /// The body, as received: of a message that came in a binding, the binding. Consents name these bytes, for those are what everybody saw.
    pub body: &'r [u8],
    /// Name of the format that both halves found.
    pub format: &'r str,
    /// The label of the original, on which both readers agree.
    pub said: &'r Said,
    /// Who sent it.
    pub sender: &'r PeerEntry,
    /// Who is to get it.
    pub recipient: &'r PeerEntry,
    /// Now.
    pub now: Time,
}

/// Decides.
///
/// # Errors
/// `verify.consent`.
pub fn third_parties(release: &Release<'_>, grants: &[Grant]) -> Result<Parties, Refusal> {
    let origins = origins(release);
    if origins.is_empty() {
        return Ok(Parties::default());
    }
    let opened = around::open(release.sender, release.header, release.body);
    let opened = opened.map_err(|expected| Refusal::new(Reason::VerifyDisagreement, expected))?;
    let content = opened.as_ref().map_or(release.body, |opened| opened.content);
    let mut consents = BTreeSet::new();
    for origin in origins.iter().filter(|origin| !onward(release, content, origin)) {
        let one = grants.iter().find_map(|grant| consent(release, origin, grant));
        consents.insert(one.ok_or_else(|| Refusal::new(Reason::VerifyConsent, format!("the second half finds no consent of `{origin}`")))?);
    }
    Ok(Parties { origins, consents })
}

/// The digest under which consents name a label, as the second half writes it.
#[must_use]
pub fn digest_of(lattice: &Lattice, said: &Said) -> Option<Digest> {
    let policy = lattice.policies().get(said.policy)?;
    let level = policy.levels.get(said.level)?;
    let tags = said.categories.iter().filter_map(|(at, values)| Some((policy.tags.get(*at)?, values)));
    let values = tags.flat_map(|(tag, values)| values.iter().filter_map(|at| Some((tag.set.as_str(), tag.values.get(*at)?.name.as_str()))));
    Some(label_digest(&policy.name, &level.name, values))
}

/// Whether a text is a recall, signed by the party that it names.
#[must_use]
pub fn is_recall(edition: &Edition, note: &str) -> bool {
    let Some((text, signatures)) = note.split_once("\n\n") else { return false };
    let by = fields(text, "recall").and_then(|lines| lines.get("by").copied());
    by.is_some_and(|by| is_signed(edition, by, text, signatures))
}

fn origins(release: &Release<'_>) -> BTreeSet<String> {
    let Release { edition, sender, recipient, said, .. } = release;
    let Some(policy) = edition.lattice.policies().get(said.policy) else { return BTreeSet::new() };
    let named = |set: Option<usize>| {
        let tags = said.categories.iter().filter(move |(at, _)| Some(*at) == set).filter_map(|(at, values)| Some((policy.tags.get(*at)?, values)));
        tags.flat_map(|(tag, values)| values.iter().filter_map(|at| tag.values.get(*at)).map(|value| value.name.clone())).collect::<Vec<_>>()
    };
    let mut owners = named(policy.origins.map(|origins| origins.joint.index()));
    owners.extend(policy.owner.clone());
    let mut parties = named(policy.origins.map(|origins| origins.foreign.index()));
    parties.retain(|source| !owners.contains(source));
    if !owners.contains(&recipient.nation) {
        parties.append(&mut owners);
    }
    let third = |party: &String| *party != edition.home && *party != sender.nation && *party != recipient.nation;
    parties.into_iter().filter(third).collect()
}

/// Whether some clause in force that could serve these two says that the party consented in general. Which clause the first half found is not asked.
fn onward(release: &Release<'_>, content: &[u8], origin: &str) -> bool {
    let Release { edition, header, sender, recipient, now, .. } = release;
    let in_force = edition.agreements.iter().filter(|agreement| agreement.from <= *now && *now < agreement.until);
    let mut clauses = in_force.flat_map(|agreement| &agreement.clauses).filter(|clause| {
        let serves = sender.is_among(&clause.from) && recipient.is_among(&clause.to);
        serves && clause.onward.contains(origin) && clause.formats.contains(release.format) && clause.traffic.contains(&header.traffic)
    });
    clauses.any(|clause| clause.kinds.is_empty() || kind(content).is_none_or(|kind| clause.kinds.iter().any(|pattern| meets(pattern, &kind))))
}

/// The kind of the message, as the second half reads it; nothing for formats whose kinds it does not know, and there any kind may be meant.
fn kind(content: &[u8]) -> Option<String> {
    let reader = readers::identify(content).ok()?;
    match reader.name {
        "cot" | "tak" => {
            let tree = (reader.read)(content).ok()?;
            let kind = tree.root()?.said("type")?;
            Some(kind.split(';').next().unwrap_or_default().to_owned())
        }
        "nffi" => Some("track".to_owned()),
        _ => None,
    }
}

/// Whether a kind is one that a pattern names, in which `*` stands for anything.
fn meets(pattern: &str, kind: &str) -> bool {
    match (pattern.chars().next(), kind.chars().next()) {
        (None, None) => true,
        (Some('*'), first) => {
            let without = pattern.get(1..).unwrap_or_default();
            meets(without, kind) || first.is_some_and(|first| meets(pattern, kind.get(first.len_utf8()..).unwrap_or_default()))
        }
        (Some(wanted), Some(first)) if wanted == first => {
            meets(pattern.get(wanted.len_utf8()..).unwrap_or_default(), kind.get(first.len_utf8()..).unwrap_or_default())
        }
        _ => false,
    }
}

/// The identity of a consent of this party that allows this release.
fn consent(release: &Release<'_>, origin: &str, grant: &Grant) -> Option<MessageId> {
    let (text, signatures) = grant.note.split_once("\n\n")?;
    let lines = fields(text, "consent")?;
    let said = |key: &str| lines.get(key).copied();
    let time = |key: &str| said(key).and_then(Time::parse);
    let good = grant.standing == Standing::Good && said("by")? == origin && is_signed(release.edition, origin, text, signatures);
    let timely = time("from")? <= release.now && release.now < time("until")?;
    let meant = said("to")?.split(' ').any(|name| name == release.recipient.name.as_str());
    let fits = match (said("content"), said("label"), said("clause")) {
        (Some(content), Some(label), None) => {
            let own = digest_of(&release.edition.lattice, release.said)?;
            content == Digest::of(release.body).to_string() && label == own.to_string()
        }
        (None, None, Some(clause)) => is_clause(release, clause),
        _ => false,
    };
    if good && timely && meant && fits { said("id")?.parse().ok() } else { None }
}

/// Whether a clause in force of this name could serve these two.
fn is_clause(release: &Release<'_>, name: &str) -> bool {
    let Release { edition, sender, recipient, now, .. } = release;
    let in_force = edition.agreements.iter().filter(|agreement| agreement.from <= *now && *now < agreement.until);
    let mut named = in_force.flat_map(|agreement| &agreement.clauses).filter(|clause| clause.id.as_str() == name);
    named.any(|clause| sender.is_among(&clause.from) && recipient.is_among(&clause.to) && clause.formats.contains(release.format))
}

/// The lines of a statement of a kind by their keys; nothing where a key stands twice, or it is something else.
fn fields<'t>(text: &'t str, kind: &str) -> Option<BTreeMap<&'t str, &'t str>> {
    let mut lines = text.split('\n');
    if (lines.next(), lines.next()) != (Some("vestibule statement 1"), Some(kind)) {
        return None;
    }
    let mut fields = BTreeMap::new();
    for line in lines {
        let at = line.find(' ')?;
        let (key, value) = (line.get(..at)?, line.get(at.checked_add(1)?..)?);
        if fields.insert(key, value).is_some() {
            return None;
        }
    }
    Some(fields)
}

/// Whether one of the signature lines is by a key of the party, over the text and its last line feed.
// SPEC: C2SP signed-note: em dash, name, base64 of four bytes of key id and the signature.
fn is_signed(edition: &Edition, origin: &str, text: &str, signatures: &str) -> bool {
    let signed = [text.as_bytes(), b"\n"].concat();
    let keys = || edition.peers.values().filter(|peer| peer.nation == origin).filter_map(|peer| peer.key.as_ref());
    signatures.split('\n').filter_map(|line| line.strip_prefix('\u{2014}')?.strip_prefix(' ')?.rsplit_once(' ')).any(|(name, encoded)| {
        let bytes = base64::engine::general_purpose::STANDARD.decode(encoded).unwrap_or_default();
        let signature = bytes.get(4..).unwrap_or_default();
        keys().filter(|key| key.name() == name).any(|key| UnparsedPublicKey::new(&ED25519, key.public()).verify(&signed, signature).is_ok())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_meet_patterns_with_stars_anywhere() {
        for (pattern, kind, expected) in [
            ("b-a-*", "b-a-o-tbl", true),
            ("b-a-*", "a-f-G", false),
            ("a-*-G-*", "a-f-G-U-C", true),
            ("a-*-G", "a-f-G-U", false),
            ("*", "", true),
            ("", "a", false),
            ("a-f", "a-f", true),
        ] {
            assert_eq!(meets(pattern, kind), expected, "{pattern} {kind}");
        }
    }

    #[test]
    fn a_statement_of_another_kind_or_with_a_line_twice_gives_no_fields() {
        assert!(fields("vestibule statement 1\nconsent\nid 1\nby USA", "consent").is_some());
        for text in ["vestibule statement 1\nrecall\nid 1", "vestibule statement 1\nconsent\nid 1\nid 2", "vestibule statement 1\nconsent\nid", "x"] {
            assert!(fields(text, "consent").is_none(), "{text}");
        }
    }
}
