//! The step from a parsed message to a labelled one: all markings found, each read strictly, all of them saying the same.
//!
//! Takes [`Parsed`] and the way in which the sender's markings are read. Proves: there is a label; every place of the
//! message that says how it is marked says the same; the label is valid under a policy in force; every part that is marked by itself
//! has a label, and none is above that of the message. A message without a label of its own has the join of its parts.
//! Where the sender's entry requires it, the label is bound to the whole message by a signature, and no label stands outside that binding.

use super::binding;
use super::consistency::{self, Remark};
use super::found::{Found, Places};
use super::lattice::Lattice;
use super::mark::Label;
use super::portion::{self, MarkedPart};
use super::scheme::PolicyIx;
use super::signature::Trust;
use super::stanag4774::{self, Read};
use crate::base::{Budget, Reason, Refusal, Time};
use crate::format::{Parsed, Syntax};
use crate::normal::{Marking, NodeId};

/// How a sender's markings are read.
#[derive(Debug, Clone, Copy)]
pub struct Reading<'r> {
    /// The scheme of markings that do not name theirs.
    pub scheme: PolicyIx,
    /// Whether a label must be bound to its content.
    pub binding: Binding<'r>,
}

/// Whether a label must be bound to its content by a signature.
#[derive(Debug, Clone, Copy)]
pub enum Binding<'r> {
    /// The link's identity is enough.
    Unbound,
    /// A signed binding is required, by a signer who is trusted so; where the sender's domain has no label anchors, nobody is.
    Required(Option<&'r Trust>),
    /// The label is that of the header, and was proved by the binding in which the message came, with which all that is in the message is signed.
    /// With it come the other labels of that binding: translations, and that of the metadata.
    Around(&'r [String]),
}

/// A place of the message that says how it is marked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// What was read there.
    pub form: Form,
    /// Path in the normal form; `header` for the detached label.
    pub place: String,
}

/// A way of writing a marking.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Form {
    /// Cursor-on-Target's `access`, `caveat` and `releasableTo`.
    Triple,
    /// A STANAG 4774 originator label in the body.
    Stanag4774,
    /// A STANAG 4774 alternative label in the body: the sender's translation.
    Alternative,
    /// A STANAG 4774 metadata label in the body: that of labels and what else is no content.
    Metadata,
    /// A STANAG 4774 label in the frame header.
    Detached,
    /// A display label (XEP-0258) in the frame header.
    Display,
    /// The label of the binding in which the message came.
    Around,
    /// A banner line.
    Banner,
    /// The classification line of a text message.
    Line,
    /// The letters of a header.
    Letter,
    /// Policy, classification and category.
    Named,
    /// A marking of the Traffic Light Protocol.
    Tlp,
    /// An access control specification.
    Acs,
    /// IC-ISM attributes.
    Ism,
    /// A binary security label (RFC 2634).
    Ess,
    /// The parts of the message, each with its own.
    Parts,
}

impl Form {
    /// Whether it says how the content is marked, in the originator's words.
    #[must_use]
    pub const fn says(self) -> bool {
        !matches!(self, Self::Alternative | Self::Metadata)
    }

    /// The word that people read.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Triple => "access, caveat and releasableTo",
            Self::Stanag4774 => "STANAG 4774 label",
            Self::Alternative => "a STANAG 4774 alternative label",
            Self::Metadata => "a STANAG 4774 metadata label",
            Self::Detached => "detached STANAG 4774 label",
            Self::Display => "XEP-0258 display label",
            Self::Around => "the binding around it",
            Self::Banner => "banner line",
            Self::Line => "classification line",
            Self::Letter => "letters of the header",
            Self::Named => "policy, classification and category",
            Self::Tlp => "TLP marking",
            Self::Acs => "access control specification",
            Self::Ism => "ISM attributes",
            Self::Ess => "ESS label",
            Self::Parts => "its parts",
        }
    }
}

/// Finds and compares all markings of a message.
///
/// # Errors
/// `label.*`, with the place of the marking at fault.
pub fn verify<'a>(parsed: Parsed<'a>, lattice: &Lattice, reading: &Reading<'_>, now: Time, budget: &mut Budget) -> Result<Labelled<'a>, Refusal> {
    let (tree, format) = (parsed.tree(), parsed.format());
    let markings = (format.markings)(tree);
    let places = Places::of(&markings)?;
    let mut found = Found::new(lattice, reading, now);
    match (&parsed.header().label, reading.binding) {
        (Some(text), Binding::Required(trust)) => found.together(bound_beside(&parsed, text, lattice, trust, now, budget)?)?,
        (None, Binding::Required(trust)) => bound(&parsed, &markings, trust, now, budget)?,
        (Some(text), Binding::Unbound) => found.detached(text, Form::Detached, budget)?,
        (Some(text), Binding::Around(others)) => {
            found.detached(text, Form::Around, budget)?;
            found.around(others, budget)?;
        }
        (None, Binding::Unbound | Binding::Around(_)) => {}
    }
    found.labels(tree, &places, budget)?;
    let attached: Vec<NodeId> = format.insides(tree).iter().filter_map(|inside| tree.parent(inside.node)).collect();
    let parts = portion::read(&found, tree, &(format.portions)(tree), &attached, budget)?;
    let mut apart = None;
    if found.label().is_none() && !parts.is_empty() {
        let join = portion::join(lattice, tree, &parts, now)?;
        apart = consistency::apart(lattice, &join, &parts, tree);
        found.high_water(join, tree);
    }
    found.copies(tree, &places, budget)?;
    let remarks = found.remarks().iter().cloned().chain(apart).collect();
    let (label, sources) = found.finish()?;
    Ok(Labelled { parsed, label, sources, parts, remarks })
}

/// Checks that the labels of a message are those of its one signed binding, and that the binding is to the whole message.
fn bound(parsed: &Parsed<'_>, markings: &[Marking], trust: Option<&Trust>, now: Time, budget: &mut Budget) -> Result<(), Refusal> {
    let trust = trust.ok_or_else(untrusted)?;
    let text = match (parsed.format().syntax, std::str::from_utf8(parsed.body())) {
        (Syntax::Xml, Ok(text)) => text,
        _ => {
            return Err(Refusal::new(
                Reason::LabelBinding,
                "expected a signed binding in the header, where the format cannot carry one, which XML can",
            ));
        }
    };
    let proof = binding::verify(text, binding::Place::Embedded, trust, now, budget)?;
    // The very elements that were digested are the labels that are read.
    for marking in markings {
        if let Marking::Stanag4774(id) = marking
            && !proof.labels().contains(&parsed.tree().node(*id).span)
        {
            let (span, path) = (parsed.tree().node(*id).span, parsed.tree().path(*id));
            return Err(Refusal::at(Reason::LabelBindingWrapped, span, "expected every label in the signed binding").on(path));
        }
    }
    let read = markings.iter().filter(|marking| matches!(marking, Marking::Stanag4774(_))).count();
    if read == proof.labels().len() { Ok(()) } else { Err(Refusal::new(Reason::LabelBindingWrapped, "expected every signed label to be read")) }
}

/// The labels of a binding that stands in the header, beside the message, and is to every byte of it.
///
/// The message may say how it is marked, too: that is among the bytes that are bound, and must say the same as ever.
fn bound_beside(
    parsed: &Parsed<'_>,
    text: &str,
    lattice: &Lattice,
    trust: Option<&Trust>,
    now: Time,
    budget: &mut Budget,
) -> Result<Vec<Read>, Refusal> {
    // Places in the header are no places in the body.
    let placed = |refusal: Refusal| Refusal::new(refusal.reason, refusal.detail).on("header");
    let trust = trust.ok_or_else(untrusted)?;
    if !binding::is_meant(text) {
        return Err(placed(Refusal::new(Reason::LabelBindingWrapped, "expected no label in the header beside the one that is bound")));
    }
    if text.len() > stanag4774::DETACHED_BYTES_MAX {
        let expected = format!("expected a binding of at most {} bytes in the header", stanag4774::DETACHED_BYTES_MAX);
        return Err(placed(Refusal::new(Reason::LabelBindingLimit, expected)));
    }
    let proof = binding::verify(text, binding::Place::Detached(parsed.body()), trust, now, budget).map_err(placed)?;
    proof.labels().iter().map(|label| stanag4774::read_within(lattice, text, *label, budget).map_err(placed)).collect()
}

pub(in crate::label) fn untrusted() -> Refusal {
    Refusal::new(Reason::LabelBinding, "expected label anchors of the sender's domain: set `label_anchor` and `label_revocations`")
}

/// Proof that a message carries one valid label, said the same in every place.
#[derive(Debug)]
#[must_use]
pub struct Labelled<'a> {
    parsed: Parsed<'a>,
    label: Label,
    sources: Vec<Source>,
    parts: Vec<MarkedPart>,
    remarks: Vec<Remark>,
}

impl<'a> Labelled<'a> {
    /// The parsed message.
    pub const fn parsed(&self) -> &Parsed<'a> {
        &self.parsed
    }

    /// The label.
    #[must_use]
    pub const fn label(&self) -> &Label {
        &self.label
    }

    /// Where the label was found, in order of reading.
    #[must_use]
    pub fn sources(&self) -> &[Source] {
        &self.sources
    }

    /// What is worth knowing of the label, though it holds.
    #[must_use]
    pub fn remarks(&self) -> &[Remark] {
        &self.remarks
    }

    /// The parts that can be withheld alone, in document order, each with the label that holds for it; none where the message is one part.
    #[must_use]
    pub fn parts(&self) -> &[MarkedPart] {
        &self.parts
    }

    /// Whether the label is the message's own, and not the join of its parts.
    #[must_use]
    pub fn is_marked_as_whole(&self) -> bool {
        self.sources.iter().all(|source| source.form != Form::Parts)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::{Header, MessageId, Name, Precedence, Traffic};
    use crate::format;
    use crate::label;
    use crate::label::tests::{lattice, now};

    /// What a message is found to say: the label's view and the forms it was found in.
    fn verified(
        scheme: &str,
        binding: Binding<'_>,
        header_label: Option<&str>,
        attributes: &str,
        detail: &str,
    ) -> Result<(String, Vec<Form>), Refusal> {
        let body = format!(
            "<event version=\"2.0\" uid=\"GBR-1\" type=\"a-f-G\" how=\"m-g\" time=\"2026-06-01T12:00:00Z\" start=\"2026-06-01T12:00:00Z\" stale=\"2026-06-01T12:05:00Z\" {attributes}><point lat=\"1\" lon=\"2\" hae=\"3\" ce=\"4\" le=\"5\"/><detail>{detail}</detail></event>"
        );
        let header = Header {
            id: MessageId::from_parts(1, [0; 10]),
            precedence: Precedence::Routine,
            destinations: vec![Name::new("usa-ops").unwrap()],
            media_type: "application/cot+xml".into(),
            traffic: Traffic::Operation,
            sent: now(),
            label: header_label.map(str::to_owned),
        };
        let mut budget = Budget::for_body(body.len());
        let parsed = format::parse(format::Received::new(&header, body.as_bytes()).unwrap(), &mut budget)
            .unwrap_or_else(|refusal| panic!("{body}: {refusal}"));
        let reading = Reading { scheme: lattice().policy(scheme).unwrap(), binding };
        let labelled = label::verify(parsed, lattice(), &reading, now(), &mut budget)?;
        let view = lattice().view(labelled.label());
        Ok((format!("{} {}", view.policy, view.classification), labelled.sources().iter().map(|source| source.form).collect()))
    }

    /// A NATO label in XML; `more` stands after the categories' parent.
    fn nato_xml(element: &str, policy: &str, class: &str, categories: &str, created: &str) -> String {
        format!(
            "<s:{element} xmlns:s=\"urn:nato:stanag:4774:confidentialitymetadatalabel:1:0\" ReviewDateTime=\"2031-01-01T00:00:00Z\"><s:ConfidentialityInformation><s:PolicyIdentifier>{policy}</s:PolicyIdentifier><s:Classification>{class}</s:Classification>{categories}</s:ConfidentialityInformation><s:CreationDateTime>{created}</s:CreationDateTime></s:{element}>"
        )
    }

    fn category(name: &str, kind: &str, values: &[&str]) -> String {
        let values: String = values.iter().map(|value| format!("<s:GenericValue>{value}</s:GenericValue>")).collect();
        format!("<s:Category TagName=\"{name}\" Type=\"{kind}\">{values}</s:Category>")
    }

    const ORIGINATOR: &str = "originatorConfidentialityLabel";
    const CREATED: &str = "2026-01-01T00:00:00Z";

    #[test]
    fn all_markings_that_agree_are_one_label() {
        let context = category("Context", "PERMISSIVE", &["NATO"]);
        let label = nato_xml(ORIGINATOR, "NATO", "SECRET", &context, CREATED);
        let (said, forms) = verified(
            "NATO",
            Binding::Unbound,
            Some(&label),
            "access=\"SECRET\"",
            &format!("{label}<remarks>NATO SECRET\ntext\nNATO SECRET</remarks>"),
        )
        .unwrap();
        assert_eq!(said, "NATO SECRET");
        assert_eq!(forms, [Form::Detached, Form::Triple, Form::Stanag4774, Form::Banner, Form::Banner]);
        let (_, forms) =
            verified("GBR", Binding::Unbound, None, "access=\"SECRET\" releasableTo=\"GBR USA\"", "<remarks>Secret - nobody knows</remarks>")
                .unwrap();
        assert_eq!(forms, [Form::Triple]);
    }

    #[test]
    fn an_alternative_label_must_be_our_own_translation() {
        let original = nato_xml(ORIGINATOR, "GBR", "SECRET", &category("Releasable To", "PERMISSIVE", &["GBR", "USA"]), CREATED);
        let alternative = |class: &str, to: &[&str]| {
            nato_xml("alternativeConfidentialityLabel", "USA", class, &category("Releasable To", "PERMISSIVE", to), CREATED)
        };
        let with = |alternative: String| verified("GBR", Binding::Unbound, None, "", &format!("{original}{alternative}"));
        assert_eq!(with(alternative("SECRET", &["USA", "GBR"])).unwrap().1, [Form::Stanag4774, Form::Alternative]);
        for wrong in [
            alternative("CONFIDENTIAL", &["USA", "GBR"]),
            alternative("TOP SECRET", &["USA", "GBR"]),
            alternative("SECRET", &["USA", "GBR", "AUS"]),
            alternative("SECRET", &["USA"]),
        ] {
            assert_eq!(with(wrong).unwrap_err().reason, Reason::LabelDisagree);
        }
    }

    #[test]
    fn metadata_are_marked_no_higher_than_the_message_that_carries_them() {
        let nato = category("Context", "PERMISSIVE", &["NATO"]);
        let own = nato_xml(ORIGINATOR, "NATO", "SECRET", &nato, CREATED);
        let of_metadata = |policy: &str, class: &str, categories: &str| nato_xml("metadataConfidentialityLabel", policy, class, categories, CREATED);
        let with = |labels: String| verified("NATO", Binding::Unbound, None, "", &labels).map_err(|refusal| (refusal.reason, refusal.place.path));
        for lower in [of_metadata("NATO", "SECRET", &nato), of_metadata("NATO", "UNCLASSIFIED", &nato)] {
            assert_eq!(with(format!("{own}{lower}")).unwrap().1, [Form::Stanag4774, Form::Metadata]);
            assert_eq!(with(format!("{lower}{own}")).unwrap().0, "NATO SECRET", "in any order");
        }
        // In another policy it is compared by what its own table makes of it.
        let british = |class: &str, to: &[&str]| of_metadata("GBR", class, &category("Releasable To", "PERMISSIVE", to));
        let american = nato_xml(ORIGINATOR, "USA", "SECRET", &category("Releasable To", "PERMISSIVE", &["USA", "GBR"]), CREATED);
        assert_eq!(with(format!("{american}{}", british("SECRET", &["GBR", "USA"]))).unwrap().0, "USA SECRET");
        let above = |labels: String| {
            let (reason, place) = with(labels).unwrap_err();
            assert!(place.contains("/metadataConfidentialityLabel"), "{place}");
            reason
        };
        let atomal = nato.clone() + &category("Special Category Designators", "RESTRICTIVE", &["ATOMAL"]);
        for higher in [
            format!("{own}{}", of_metadata("NATO", "TOP SECRET", &nato)),
            format!("{own}{}", of_metadata("NATO", "SECRET", &atomal)),
            format!("{own}{}", of_metadata("NATO", "SECRET", &category("Context", "PERMISSIVE", &["KFOR"]))),
            format!("{american}{}", british("TOP SECRET", &["GBR", "USA"])),
            format!("{american}{}", british("SECRET", &["GBR"])),
            format!("{american}{}", of_metadata("TLP", "RED", "")),
        ] {
            assert_eq!(above(higher.clone()), Reason::LabelMetadataAbove, "{higher}");
        }
        let lower = of_metadata("NATO", "RESTRICTED", &nato);
        assert_eq!(above(format!("{own}{lower}{lower}")), Reason::LabelDisagree, "two labels of one set of metadata");
        // What is no word on the content never makes a label of a banner, which a rule may take away.
        let translated = nato_xml("alternativeConfidentialityLabel", "NATO", "SECRET", &nato, CREATED);
        for beside in [&lower, &translated] {
            assert_eq!(with(format!("{beside}<remarks>NATO SECRET</remarks>")).unwrap_err().0, Reason::LabelMissing, "{beside}");
        }
        let refused = verified("NATO", Binding::Unbound, Some(&lower), "", &own).unwrap_err();
        assert_eq!(refused.reason, Reason::LabelMalformed, "a header holds the label of the content");
    }

    #[test]
    fn messages_whose_labels_are_missing_bad_or_at_odds_are_refused() {
        let context = category("Context", "PERMISSIVE", &["NATO"]);
        let nato = |class: &str| nato_xml(ORIGINATOR, "NATO", class, &context, CREATED);
        let triple = "access=\"SECRET\" releasableTo=\"GBR USA\"";
        for (scheme, header, attributes, detail, reason) in [
            ("GBR", None, "", String::new(), Reason::LabelMissing),
            ("GBR", None, "access=\"Undefined\"", "<remarks>nothing</remarks>".into(), Reason::LabelMissing),
            ("GBR", None, "access=\"Undefined\" caveat=\"UK EYES ONLY\"", String::new(), Reason::LabelMissing),
            ("GBR", None, triple, "<remarks>SECRET</remarks>".into(), Reason::LabelBannerAbove),
            ("GBR", None, triple, "<remarks>text\nTOP SECRET\ntext</remarks>".into(), Reason::LabelBannerAbove),
            ("USA", None, "", "<remarks>SECRET//NOFORN</remarks>".into(), Reason::LabelMissing),
            ("NATO", None, "access=\"SECRET\"", format!("<remarks>{}</remarks>", "NATO SECRET\n".repeat(17)), Reason::LabelMalformed),
            ("GBR", None, triple, "<remarks>TOP SECRET - UK/US EYES ONLY</remarks>".into(), Reason::LabelBannerAbove),
            ("GBR", None, triple, "<remarks>text\nSECRET - UK EYES ONLY</remarks>".into(), Reason::LabelBannerAbove),
            ("GBR", None, triple, "<remarks>SECRET//REL TO USA, GBR</remarks>".into(), Reason::LabelMalformed),
            (
                "USA",
                None,
                "access=\"CONFIDENTIAL\" releasableTo=\"USA GBR\"",
                "<remarks>(S//REL TO USA, GBR) text</remarks>".into(),
                Reason::LabelPortionAbove,
            ),
            ("USA", None, "access=\"SECRET\" releasableTo=\"USA GBR\"", "<remarks>(U) a\n(S//NF) b</remarks>".into(), Reason::LabelPortionAbove),
            ("USA", None, "access=\"SECRET\" releasableTo=\"USA GBR\"", "<remarks>(S) b</remarks>".into(), Reason::LabelPortionAbove),
            (
                "USA",
                None,
                "access=\"SECRET\" releasableTo=\"USA GBR\"",
                "<remarks>(S//REL TO USA, AUS, CAN) a\n(S//REL) b</remarks>".into(),
                Reason::LabelPortionAbove,
            ),
            ("CAN", None, "access=\"SECRET\" releasableTo=\"CAN GBR\"", "<remarks>(S//CEO) b</remarks>".into(), Reason::LabelPortionAbove),
            ("GBR", None, triple, nato("SECRET"), Reason::LabelDisagree),
            ("NATO", Some(nato("RESTRICTED")), "access=\"SECRET\"", String::new(), Reason::LabelDisagree),
            ("NATO", None, "", nato("SECRET") + &nato("SECRET"), Reason::LabelDisagree),
            ("NATO", None, "", nato_xml("metadataConfidentialityLabel", "NATO", "SECRET", &context, CREATED), Reason::LabelMissing),
            ("NATO", None, "", nato_xml("ConfidentialityLabel", "NATO", "SECRET", &context, CREATED), Reason::LabelMalformed),
            (
                "NATO",
                Some(nato_xml("alternativeConfidentialityLabel", "NATO", "SECRET", &context, CREATED)),
                "",
                String::new(),
                Reason::LabelMalformed,
            ),
            ("NATO", Some("<!DOCTYPE a><a/>".into()), "", String::new(), Reason::LabelMalformed),
            ("NATO", Some(String::new()), "", String::new(), Reason::LabelMalformed),
            ("NATO", None, "", nato_xml(ORIGINATOR, "NATO", "SECRET", &context, "2026-06-01T12:10:00Z"), Reason::LabelDate),
            ("NATO", None, "", nato_xml(ORIGINATOR, "NATO", "SECRET", &context, "2026-01-01T00:00:00+01:00"), Reason::LabelDate),
            ("NATO", None, "", nato_xml(ORIGINATOR, "MARS", "SECRET", &context, CREATED), Reason::LabelPolicyUnknown),
            ("NATO", None, "", nato_xml(ORIGINATOR, "NATO", "VERY SECRET", &context, CREATED), Reason::LabelLevelUnknown),
            ("NATO", None, "", nato_xml(ORIGINATOR, "NATO", "SECRET", "", CREATED), Reason::LabelRule),
            ("NATO", None, "", nato_xml(ORIGINATOR, "NATO", "SECRET", &category("Context", "PERMISSIVE", &[]), CREATED), Reason::LabelMalformed),
            (
                "NATO",
                None,
                "",
                nato_xml(ORIGINATOR, "NATO", "SECRET", &category("Context", "PERMISSIVE", &["NATO", "NATO"]), CREATED),
                Reason::LabelMalformed,
            ),
            (
                "NATO",
                None,
                "",
                nato_xml(ORIGINATOR, "NATO", "SECRET", &category("Context", "PERMISSIVE", &["NATO "]), CREATED),
                Reason::LabelMalformed,
            ),
            (
                "NATO",
                None,
                "",
                nato_xml(ORIGINATOR, "NATO", "SECRET", &category("Context", "PERMISSIVE", &["N\u{410}TO"]), CREATED),
                Reason::LabelCharacter,
            ),
            (
                "NATO",
                None,
                "",
                nato_xml(ORIGINATOR, "NATO", "SECRET", &category("Context", "RESTRICTIVE", &["NATO"]), CREATED),
                Reason::LabelCategoryType,
            ),
            (
                "NATO",
                None,
                "",
                nato_xml(ORIGINATOR, "NATO", "SECRET", &category("Context", "PERMISSIVE", &["MARS"]), CREATED),
                Reason::LabelCategoryUnknown,
            ),
            (
                "NATO",
                None,
                "",
                nato_xml(
                    ORIGINATOR,
                    "NATO",
                    "SECRET",
                    &(category("Context", "PERMISSIVE", &["NATO"]) + &category("Context", "PERMISSIVE", &["KFOR"])),
                    CREATED,
                ),
                Reason::LabelMalformed,
            ),
            (
                "NATO",
                None,
                "",
                nato_xml(ORIGINATOR, "NATO", "SECRET", &category("Context", "PERMISSIVE", &["NATO", "Releasable"]), CREATED),
                Reason::LabelRule,
            ),
            (
                "NATO",
                None,
                "",
                nato_xml(
                    ORIGINATOR,
                    "NATO",
                    "SECRET",
                    &(context.clone() + &category("Additional Sensitivity", "RESTRICTIVE", &["ATOMAL"])),
                    "2026-06-01T12:05:01Z",
                ),
                Reason::LabelDate,
            ),
        ] {
            let refusal = verified(scheme, Binding::Unbound, header.as_deref(), attributes, &detail).unwrap_err();
            assert_eq!(refusal.reason, reason, "{attributes} {detail} {header:?}: {refusal}");
            assert!(reason == Reason::LabelMissing || !refusal.place.path.is_empty(), "{refusal:?}");
        }
    }

    #[test]
    fn a_peer_that_must_bind_its_labels_is_refused_without_a_binding() {
        let refusal = verified("GBR", Binding::Required(None), None, "access=\"SECRET\"", "").unwrap_err();
        assert_eq!(refusal.reason, Reason::LabelBinding);
    }

    #[test]
    fn an_old_name_of_a_tag_set_and_a_clock_a_little_ahead_are_accepted() {
        let categories = category("Context", "PERMISSIVE", &["NATO"]) + &category("Additional Sensitivity", "RESTRICTIVE", &["ATOMAL"]);
        let label = nato_xml(ORIGINATOR, "NATO", "SECRET", &categories, "2026-06-01T12:05:00Z");
        let (_, forms) = verified("NATO", Binding::Unbound, None, "access=\"NATO SECRET//ATOMAL\"", &label).unwrap();
        assert_eq!(forms, [Form::Triple, Form::Stanag4774]);
    }
}
