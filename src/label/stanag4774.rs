//! STANAG 4774 confidentiality labels in XML, read from an element of the message or from a detached text.
//!
//! Takes an element, gives its role and a label in names of a policy of the rule set. Passing the schema says nothing:
//! what the prose forbids, what a name and an identifier disagree on, and every extension is refused, for an extension
//! may restrict. Deliberately absent: succession (a guard never lowers a label by the clock alone), the values that
//! carry numbers or bit strings, and repair.
// SPEC: ADatP-4774 Ed A V1, label schema 1.3.

use super::character::{plain, visible};
use super::consistency::Dates;
use super::lattice::Lattice;
use super::mark::Label;
use super::scheme::{PolicyIx, TagKind};
use super::words::{malformed, unknown};
use crate::base::{Budget, Reason, Refusal, Span, Time};
use crate::format::syntax::xml::{Cdata, Comments, Options, read_tree};
use crate::normal::{Kind, NodeId, Tree};

/// The namespace of labels.
pub const NAMESPACE: &str = "urn:nato:stanag:4774:confidentialitymetadatalabel:1:0";

/// Bytes of a detached label at most: 32 KiB; real ones have 2.
pub const DETACHED_BYTES_MAX: usize = 32 * 1024;

/// Whose word a label is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// The originator's: the only one that decides.
    Originator,
    /// A translation by the sender.
    Alternative,
    /// That of the metadata themselves: how labels and what else stands beside the content are to be handled. It says nothing of the content.
    Metadata,
}

impl Role {
    const ALL: [Self; 3] = [Self::Originator, Self::Alternative, Self::Metadata];

    /// The name of the element.
    pub(in crate::label) const fn element(self) -> &'static str {
        match self {
            Self::Originator => "originatorConfidentialityLabel",
            Self::Alternative => "alternativeConfidentialityLabel",
            Self::Metadata => "metadataConfidentialityLabel",
        }
    }
}

/// A label that was read.
#[derive(Debug)]
pub struct Read {
    /// Whose word it is.
    pub role: Role,
    /// What it says.
    pub label: Label,
    /// When somebody was to do something about it.
    pub dates: Dates,
}

const ID_TYPES: [&str; 8] =
    ["rfc822Name", "dNSName", "directoryName", "uniformResourceIdentifier", "iPAddress", "x400Address", "userPrincipalName", "jID"];

/// Reads a label that stands alone, as the frame header carries it.
///
/// # Errors
/// `label.*`. A text that is no XML of ours is `label.malformed`, with the XML reader's words.
pub fn read_text(lattice: &Lattice, text: &str, budget: &mut Budget) -> Result<(Role, Label), Refusal> {
    read_alone(lattice, &detached_tree(text, budget)?, NodeId::ROOT)
}

/// Reads the label of a frame header, which content rules never see: it may hold words of its policy, and no others.
///
/// # Errors
/// As [`read_text`]; `label.malformed` for a privacy mark, an originator's identifier or an id.
pub fn read_detached(lattice: &Lattice, text: &str, budget: &mut Budget) -> Result<Read, Refusal> {
    unworded(lattice, &detached_tree(text, budget)?, NodeId::ROOT)
}

/// Reads the label at a place of a binding that a frame header holds.
///
/// # Errors
/// As [`read_detached`].
pub fn read_within(lattice: &Lattice, text: &str, label: Span, budget: &mut Budget) -> Result<Read, Refusal> {
    let options = Options { comments: Comments::Refuse, cdata: Cdata::Refuse, depth_max: 16 };
    let tree = read_tree(text, options, budget)?;
    let place = tree.all().find(|(_, node)| node.kind == Kind::Element && node.span == label).map(|(id, _)| id);
    unworded(lattice, &tree, place.ok_or_else(|| malformed("expected a label in the binding"))?)
}

fn unworded(lattice: &Lattice, tree: &Tree<'_>, place: NodeId) -> Result<Read, Refusal> {
    let (role, label) = read_alone(lattice, tree, place)?;
    worded(tree, place)?;
    Ok(Read { role, label, dates: dates(tree, place) })
}

/// Checks that a label outside the body holds words of its policy and no others.
pub(in crate::label) fn worded(tree: &Tree<'_>, label: NodeId) -> Result<(), Refusal> {
    match tree.subtree(label).any(|(_, node)| matches!(node.name.as_str(), "PrivacyMark" | "OriginatorID" | "Id")) {
        true => Err(malformed("expected no privacy mark, originator or id in a detached label: content rules do not read it")),
        false => Ok(()),
    }
}

fn detached_tree<'t>(text: &'t str, budget: &mut Budget) -> Result<Tree<'t>, Refusal> {
    if text.len() > DETACHED_BYTES_MAX {
        return Err(malformed(format!("expected a label of at most {DETACHED_BYTES_MAX} bytes, found {}", text.len())));
    }
    let options = Options { comments: Comments::Refuse, cdata: Cdata::Refuse, depth_max: 8 };
    // Places in the detached text are no places in the body.
    read_tree(text, options, budget).map_err(|refusal| malformed(format!("{}: {}", refusal.reason, refusal.detail)))
}

fn read_alone(lattice: &Lattice, tree: &Tree<'_>, label: NodeId) -> Result<(Role, Label), Refusal> {
    read(lattice, tree, label).map_err(|mut refusal| {
        refusal.place.span = None;
        refusal
    })
}

/// Reads the label at an element.
///
/// # Errors
/// `label.malformed`, `label.character`, `label.date`, `label.policy_unknown`, `label.policy_conflict`,
/// `label.level_unknown`, `label.category_unknown`, `label.category_type`.
pub fn read(lattice: &Lattice, tree: &Tree<'_>, id: NodeId) -> Result<(Role, Label), Refusal> {
    let reader = Reader { lattice, tree };
    let node = tree.node(id);
    let role = Role::ALL.into_iter().find(|role| node.namespace == NAMESPACE && node.name == role.element());
    let role = role.ok_or_else(|| reader.at(id, malformed(format!("expected an originator, alternative or metadata label of `{NAMESPACE}`"))))?;
    Ok((role, reader.label(id, Kin::First)?))
}

/// When a label that was read is to be reviewed and to be succeeded.
#[must_use]
pub fn dates(tree: &Tree<'_>, id: NodeId) -> Dates {
    let text = |id: NodeId| Time::parse(&tree.node(id).value.text());
    let child = |id: NodeId, name: &str| tree.children(id).find(|(_, node)| node.kind == Kind::Element && node.name == name).map(|(child, _)| child);
    let succession = child(id, "SuccessionHandling").and_then(|handling| child(handling, "SuccessionDateTime"));
    let succession = succession.and_then(|date| tree.children(date).find(|(_, node)| node.kind == Kind::Text));
    Dates {
        review: tree.attribute(id, "ReviewDateTime").and_then(|(review, _)| text(review)),
        succession: succession.and_then(|(date, _)| text(date)),
    }
}

/// Whether a label is the first one or the one that is to succeed it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kin {
    First,
    Successor,
}

struct Reader<'r, 'a> {
    lattice: &'r Lattice,
    tree: &'r Tree<'a>,
}

impl Reader<'_, '_> {
    fn at(&self, id: NodeId, refusal: Refusal) -> Refusal {
        let placed = Refusal { place: crate::base::Place { span: Some(self.tree.node(id).span), path: String::new() }, ..refusal };
        placed.on(self.tree.path(id))
    }

    fn label(&self, id: NodeId, kin: Kin) -> Result<Label, Refusal> {
        let allowed: &[&str] = if kin == Kin::First { &["Id", "ReviewDateTime"] } else { &[] };
        self.attributes(id, allowed)?;
        let mut rest = self.elements(id)?.into_iter().peekable();
        let information = rest.next().filter(|child| self.is(*child, "ConfidentialityInformation"));
        let information = information.ok_or_else(|| self.at(id, malformed("expected `ConfidentialityInformation` first")))?;
        let mut label = self.information(information)?;
        if let Some(originator) = rest.next_if(|child| self.is(*child, "OriginatorID")) {
            label.originator = Some(self.originator(originator)?);
        }
        let creation = rest.next().filter(|child| self.is(*child, "CreationDateTime"));
        let creation = creation.ok_or_else(|| self.at(id, malformed("expected `CreationDateTime` after the information and the originator")))?;
        self.attributes(creation, &[])?;
        let created = self.time(creation, &self.text(creation)?)?;
        label.created = Some(created);
        let succession = rest.next_if(|child| kin == Kin::First && self.is(*child, "SuccessionHandling"));
        if let Some(succession) = succession {
            self.succession(succession, created)?;
        }
        if let Some(more) = rest.next() {
            return Err(self.at(more, malformed("expected nothing more in the label: an extension may restrict")));
        }
        let review = self.tree.attribute(id, "ReviewDateTime");
        if let Some((review_id, node)) = review {
            // A past review date changes nothing.
            self.time(review_id, &node.value.text())?;
        }
        // SPEC: ADatP-4774: ReviewDateTime shall be present when there is no SuccessionHandling.
        if kin == Kin::First && review.is_none() && succession.is_none() {
            return Err(self.at(id, Refusal::new(Reason::LabelDate, "expected `ReviewDateTime` or `SuccessionHandling`")));
        }
        Ok(label)
    }

    fn information(&self, id: NodeId) -> Result<Label, Refusal> {
        self.attributes(id, &[])?;
        let mut rest = self.elements(id)?.into_iter().peekable();
        let policy = rest.next().filter(|child| self.is(*child, "PolicyIdentifier"));
        let policy = self.policy(policy.ok_or_else(|| self.at(id, malformed("expected `PolicyIdentifier` first")))?)?;
        let class = rest.next().filter(|child| self.is(*child, "Classification"));
        let class = class.ok_or_else(|| self.at(id, malformed("expected `Classification` after the policy")))?;
        // SPEC: ADatP-4774: the attribute URI shall not be used here, though the schema has it.
        self.attributes(class, &[])?;
        let level = self.lattice.named_level(policy, &self.token(class)?).map_err(|refusal| self.at(class, refusal))?;
        let mut label = Label::new(policy, level);
        if let Some(mark) = rest.next_if(|child| self.is(*child, "PrivacyMark")) {
            self.attributes(mark, &[])?;
            visible(&self.text(mark)?).map_err(|refusal| self.at(mark, refusal))?;
        }
        let mut seen = Vec::new();
        for child in rest {
            if !self.is(child, "Category") {
                return Err(self.at(child, malformed("expected categories and nothing else: an extension may restrict")));
            }
            self.category(&mut label, child, &mut seen)?;
        }
        Ok(label)
    }

    fn policy(&self, id: NodeId) -> Result<PolicyIx, Refusal> {
        self.attributes(id, &["URI"])?;
        let name = self.token(id)?;
        let named = self.lattice.policy(&name);
        let Some((uri_id, uri)) = self.tree.attribute(id, "URI") else {
            return named.ok_or_else(|| self.at(id, Refusal::new(Reason::LabelPolicyUnknown, "expected the name of a policy of this rule set")));
        };
        let numbered = self.lattice.policy_by_oid(self.oid(uri_id, &uri.value.text())?.as_str());
        match (named, numbered) {
            (Some(one), Some(two)) if one == two => Ok(one),
            (None, None) => Err(self.at(id, Refusal::new(Reason::LabelPolicyUnknown, "expected a policy of this rule set"))),
            _ => Err(self.at(id, Refusal::new(Reason::LabelPolicyConflict, "expected name and identifier of one policy"))),
        }
    }

    fn category(&self, label: &mut Label, id: NodeId, seen: &mut Vec<String>) -> Result<(), Refusal> {
        self.attributes(id, &["TagName", "Type", "URI"])?;
        let required = |name: &str| {
            self.tree
                .attribute(id, name)
                .map(|(_, node)| node.value.text().into_owned())
                .ok_or_else(|| self.at(id, malformed(format!("expected `{name}`"))))
        };
        let (set, kind) = (required("TagName")?, self.kind(id, &required("Type")?)?);
        plain(&set).map_err(|refusal| self.at(id, refusal))?;
        let scheme = self.lattice.scheme(label.policy)?;
        let in_set = |tag: &super::scheme::Tag| tag.set == set || tag.aliases.contains(&set);
        let found =
            scheme.tags.iter().find(|tag| in_set(tag)).ok_or_else(|| self.at(id, unknown(format!("expected a tag set of `{}`", scheme.name))))?;
        if let Some((uri_id, uri)) = self.tree.attribute(id, "URI")
            && self.oid(uri_id, &uri.value.text())? != found.oid
        {
            return Err(self.at(uri_id, unknown("expected the identifier of the tag set that `TagName` names")));
        }
        if !scheme.tags.iter().any(|tag| in_set(tag) && tag.kind == kind) {
            return Err(
                self.at(id, Refusal::new(Reason::LabelCategoryType, format!("expected the type that `{}` gives `{}`", scheme.name, found.set)))
            );
        }
        if seen.contains(&found.oid) {
            return Err(self.at(id, malformed("expected each tag set once")));
        }
        seen.push(found.oid.clone());
        let values = self.elements(id)?;
        if values.is_empty() {
            return Err(self.at(id, malformed("expected values: an empty list would permit nobody, or be taken for no list")));
        }
        for value in values {
            self.value(label, value, &found.oid, kind)?;
        }
        Ok(())
    }

    fn value(&self, label: &mut Label, id: NodeId, set: &str, kind: TagKind) -> Result<(), Refusal> {
        // SPEC: ADatP-4774: IntegerValue and BitStringValue shall not be used, though the schema has them.
        if !self.is(id, "GenericValue") {
            return Err(self.at(id, malformed("expected `GenericValue`")));
        }
        self.attributes(id, &[])?;
        let name = self.text(id)?;
        plain(&name).map_err(|refusal| self.at(id, refusal))?;
        // The schema does not collapse this text as it does others: spaces that nobody sees are refused.
        if name.trim() != name || name.is_empty() {
            return Err(self.at(id, malformed("expected a value without spaces around it")));
        }
        let places = self.lattice.values_named(label.policy, &name);
        let of_set = places.iter().filter_map(|place| Some((place, self.lattice.tag_data(label.policy, place.0)?))).filter(|(_, tag)| tag.oid == set);
        let mut other_type = false;
        for (&(tag, value), data) in of_set {
            if data.kind != kind {
                other_type = true;
            } else if label.has(tag, value) {
                return Err(self.at(id, malformed("expected each value once")));
            } else {
                label.add(tag, value);
                return Ok(());
            }
        }
        let refusal = if other_type {
            Refusal::new(Reason::LabelCategoryType, "expected the type that the policy gives this value")
        } else {
            unknown("expected a value of the tag set")
        };
        Err(self.at(id, refusal))
    }

    fn kind(&self, id: NodeId, word: &str) -> Result<TagKind, Refusal> {
        match word {
            "RESTRICTIVE" => Ok(TagKind::Restrictive),
            "PERMISSIVE" => Ok(TagKind::Permissive),
            "INFORMATIVE" => Ok(TagKind::Informative),
            _ => Err(self.at(id, malformed("expected `RESTRICTIVE`, `PERMISSIVE` or `INFORMATIVE`"))),
        }
    }

    fn originator(&self, id: NodeId) -> Result<String, Refusal> {
        self.attributes(id, &["IDType"])?;
        let known = self.tree.attribute(id, "IDType").is_some_and(|(_, node)| ID_TYPES.contains(&node.value.text().as_ref()));
        if !known {
            return Err(self.at(id, malformed("expected `IDType` of the schema")));
        }
        let text = self.text(id)?;
        visible(&text).map_err(|refusal| self.at(id, refusal))?;
        Ok(text)
    }

    /// Reads what is to succeed the label, and leaves it there.
    fn succession(&self, id: NodeId, created: Time) -> Result<(), Refusal> {
        self.attributes(id, &[])?;
        let children = self.elements(id)?;
        let [date, successor] = children.as_slice() else {
            return Err(self.at(id, malformed("expected `SuccessionDateTime` and `SuccessorConfidentialityLabel`")));
        };
        if !self.is(*date, "SuccessionDateTime") || !self.is(*successor, "SuccessorConfidentialityLabel") {
            return Err(self.at(id, malformed("expected `SuccessionDateTime`, then `SuccessorConfidentialityLabel`")));
        }
        self.attributes(*date, &[])?;
        if self.time(*date, &self.text(*date)?)? < created {
            return Err(self.at(*date, Refusal::new(Reason::LabelDate, "expected a succession after the creation")));
        }
        self.label(*successor, Kin::Successor).map(|_| ())
    }

    fn time(&self, id: NodeId, text: &str) -> Result<Time, Refusal> {
        Time::parse(text).ok_or_else(|| self.at(id, Refusal::new(Reason::LabelDate, "expected a time as `YYYY-MM-DDThh:mm:ssZ`")))
    }

    fn oid(&self, id: NodeId, uri: &str) -> Result<String, Refusal> {
        plain(uri).map_err(|refusal| self.at(id, refusal))?;
        uri.strip_prefix("urn:oid:").map(str::to_owned).ok_or_else(|| self.at(id, malformed("expected `urn:oid:` and a dotted identifier")))
    }

    fn is(&self, id: NodeId, name: &str) -> bool {
        self.tree.node(id).name == name
    }

    /// The child elements of an element that holds nothing else, all in the namespace of labels.
    fn elements(&self, id: NodeId) -> Result<Vec<NodeId>, Refusal> {
        let mut found = Vec::new();
        for (child, node) in self.tree.children(id) {
            match node.kind {
                Kind::Attribute => {}
                Kind::Text if node.value.text().trim().is_empty() => {}
                Kind::Element if node.namespace == NAMESPACE => found.push(child),
                Kind::Text => return Err(self.at(id, malformed("expected elements, found text beside them"))),
                Kind::Element => return Err(self.at(child, malformed("expected elements of the label's namespace: an extension may restrict"))),
            }
        }
        Ok(found)
    }

    /// The text of an element that holds nothing else.
    fn text(&self, id: NodeId) -> Result<String, Refusal> {
        let mut text = None;
        for (child, node) in self.tree.children(id).filter(|(_, node)| node.kind != Kind::Attribute) {
            if node.kind != Kind::Text || text.is_some() {
                return Err(self.at(child, malformed("expected one undivided text")));
            }
            text = Some(node.value.text().into_owned());
        }
        text.ok_or_else(|| self.at(id, malformed("expected a text")))
    }

    /// The text of an element of schema type `token`: white space around and between words is collapsed.
    fn token(&self, id: NodeId) -> Result<String, Refusal> {
        let collapsed = self.text(id)?.split([' ', '\t', '\n', '\r']).filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ");
        plain(&collapsed).map_err(|refusal| self.at(id, refusal))?;
        if collapsed.is_empty() { Err(self.at(id, malformed("expected a text"))) } else { Ok(collapsed) }
    }

    fn attributes(&self, id: NodeId, allowed: &[&str]) -> Result<(), Refusal> {
        for (attribute, node) in self.tree.attributes(id) {
            if !node.namespace.is_empty() || !allowed.contains(&node.name.as_str()) {
                return Err(self.at(attribute, malformed("expected no attribute but those of the schema: an extension may restrict")));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::label::tests::lattice;

    /// A NATO label, with changes made to its text, as the frame header carries it.
    fn code(changes: &[(&str, &str)]) -> &'static str {
        let mut text = format!(
            "<s:originatorConfidentialityLabel xmlns:s=\"{NAMESPACE}\" Id=\"a\" ReviewDateTime=\"2031-01-01T00:00:00Z\"><s:ConfidentialityInformation><s:PolicyIdentifier URI=\"urn:oid:1.3.26.1.3.1\">NATO</s:PolicyIdentifier><s:Classification>SECRET</s:Classification><s:PrivacyMark>staff</s:PrivacyMark><s:Category TagName=\"Context\" Type=\"PERMISSIVE\" URI=\"urn:oid:1.3.26.1.4.4\"><s:GenericValue>NATO</s:GenericValue></s:Category></s:ConfidentialityInformation><s:OriginatorID IDType=\"jID\">a@b</s:OriginatorID><s:CreationDateTime>2026-01-01T00:00:00Z</s:CreationDateTime></s:originatorConfidentialityLabel>"
        );
        for (from, to) in changes {
            assert!(text.contains(from), "{from}");
            text = text.replace(from, to);
        }
        read_text(lattice(), &text, &mut Budget::for_body(text.len())).map_or_else(|refusal| refusal.reason.code(), |_| "read")
    }

    #[test]
    fn what_the_schema_allows_and_the_prose_forbids_is_refused() {
        assert_eq!(code(&[]), "read");
        for (from, to, expected) in [
            ("<s:Classification>", "<s:Classification URI=\"urn:oid:1.2.3\">", "label.malformed"),
            ("s:GenericValue>", "s:IntegerValue>", "label.malformed"),
            (" ReviewDateTime=\"2031-01-01T00:00:00Z\"", "", "label.date"),
            ("<s:GenericValue>NATO</s:GenericValue>", "", "label.malformed"),
            ("1.3.26.1.3.1", "1.3.26.1.3.2", "label.policy_conflict"),
            ("1.3.26.1.4.4", "1.3.26.1.4.2", "label.category_unknown"),
            ("urn:oid:1.3.26.1.4.4", "1.3.26.1.4.4", "label.malformed"),
            ("\"PERMISSIVE\"", "\"RESTRICTIVE\"", "label.category_type"),
            ("\"PERMISSIVE\"", "\"permissive\"", "label.malformed"),
            ("jID", "name", "label.malformed"),
            ("staff", "st\u{200b}aff", "label.character"),
            ("a@b", "a\u{202e}b", "label.character"),
            (">NATO</s:GenericValue>", "> NATO</s:GenericValue>", "label.malformed"),
            (">NATO</s:GenericValue>", ">NA<!-- -->TO</s:GenericValue>", "label.malformed"),
            ("</s:ConfidentialityInformation>", "<x:y xmlns:x=\"urn:x\"/></s:ConfidentialityInformation>", "label.malformed"),
            (" Id=\"a\"", " Id=\"a\" x:y=\"z\" xmlns:x=\"urn:x\"", "label.malformed"),
        ] {
            assert_eq!(code(&[(from, to)]), expected, "{from} as {to}");
        }
    }

    #[test]
    fn white_space_around_names_means_nothing_and_inside_values_it_counts() {
        assert_eq!(code(&[(">SECRET<", ">\n  SECRET\t<"), (">NATO</s:Policy", ">  NATO </s:Policy")]), "read");
        assert_eq!(code(&[(">SECRET<", ">SEC RET<")]), "label.level_unknown");
    }
}
