//! The writer of STANAG 4774 labels: a label that was read in any form, in canonical XML, by the names of its own policy.
//!
//! Takes a label and its dates, gives an element. What is written is read again by the reader of such labels and must say the same, so that
//! nothing is written that would mean more or less. Absent on purpose: privacy marks and the originator's identifier, which are not the
//! gateway's words.
// SPEC: ADatP-4774 Ed A V1, label schema 1.3.

use super::lattice::Lattice;
use super::mark::{Category, Label};
use super::scheme::{Tag, TagKind};
use super::stanag4774::{self, NAMESPACE, Role};
use crate::base::{Budget, Reason, Refusal, Time};

/// Milliseconds from the creation of a label that names no date of review to that date: five years. The standard
/// demands a date and names no span, and a date that is past changes nothing.
const REVIEW_MS: i64 = 5 * 365 * 86_400_000;

/// Writes a label that was created at `created`; where no date of review is known, it is five years later.
///
/// # Errors
/// `label.bind` where the label cannot be said in this form.
pub(in crate::label) fn write(lattice: &Lattice, label: &Label, role: Role, created: Time, review: Option<&str>) -> Result<String, Refusal> {
    let unsaid = |expected: &str| Refusal::new(Reason::LabelBind, expected);
    let scheme = lattice.scheme(label.policy)?;
    let name = role.element();
    let later = || Time::from_unix_ms(created.unix_ms().saturating_add(REVIEW_MS)).map(|time| time.to_string());
    let review = review.map(str::to_owned).or_else(later).ok_or_else(|| unsaid("expected a date of review within the calendar"))?;
    let mut out = String::with_capacity(1024);
    for piece in ["<slab:", name, " xmlns:slab=\"", NAMESPACE, "\" ReviewDateTime=\"", &attribute(&review)] {
        out.push_str(piece);
    }
    out.push_str("\"><slab:ConfidentialityInformation><slab:PolicyIdentifier URI=\"urn:oid:");
    for piece in [&attribute(&scheme.oid), "\">", &text(&scheme.name), "</slab:PolicyIdentifier><slab:Classification>"] {
        out.push_str(piece);
    }
    out.push_str(&text(lattice.level_name(label.policy, label.level)));
    out.push_str("</slab:Classification>");
    for category in &label.categories {
        let tag = scheme.tags.get(category.tag.index()).ok_or_else(|| unsaid("expected categories of the label's policy"))?;
        write_category(&mut out, tag, category).ok_or_else(|| unsaid("expected values in each category"))?;
    }
    for piece in ["</slab:ConfidentialityInformation><slab:CreationDateTime>", &created.to_string(), "</slab:CreationDateTime></slab:", name, ">"] {
        out.push_str(piece);
    }
    let again = stanag4774::read_text(lattice, &out, &mut Budget::for_body(out.len()));
    let again = again.map_err(|refusal| Refusal::new(Reason::LabelBind, format!("expected a label that STANAG 4774 can say: {}", refusal.detail)))?;
    if again.0 == role && again.1.says_the_same(label) { Ok(out) } else { Err(unsaid("expected a label that STANAG 4774 can say")) }
}

/// An empty category cannot be said: readers would take it for none, or for nobody.
fn write_category(out: &mut String, tag: &Tag, category: &Category) -> Option<()> {
    let kind = match tag.kind {
        TagKind::Restrictive => "RESTRICTIVE",
        TagKind::Permissive => "PERMISSIVE",
        TagKind::Informative => "INFORMATIVE",
    };
    for piece in ["<slab:Category TagName=\"", &attribute(&tag.set), "\" Type=\"", kind, "\" URI=\"urn:oid:", &attribute(&tag.oid), "\">"] {
        out.push_str(piece);
    }
    category.values.first()?;
    for value in &category.values {
        let value = tag.values.get(value.index())?;
        for piece in ["<slab:GenericValue>", &text(&value.name), "</slab:GenericValue>"] {
            out.push_str(piece);
        }
    }
    out.push_str("</slab:Category>");
    Some(())
}

fn text(value: &str) -> String {
    value.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

fn attribute(value: &str) -> String {
    value.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::label::cot::{self, Triple};
    use crate::label::tests::lattice;

    #[test]
    fn a_label_of_every_policy_is_written_as_it_is_read() {
        let created = Time::parse("2026-01-01T00:00:00Z").unwrap();
        for (scheme, access, releasable_to) in [
            ("GBR", "SECRET", Some("GBR USA")),
            ("USA", "SECRET", Some("USA GBR")),
            ("NATO", "NATO SECRET", None),
            ("AUS", "SECRET", Some("AUS NZL")),
        ] {
            let triple = Triple { access: Some(access), caveat: None, releasable_to };
            let label = cot::read(lattice(), lattice().policy(scheme).unwrap(), triple).unwrap().unwrap();
            for role in [Role::Originator, Role::Alternative, Role::Metadata] {
                let written = write(lattice(), &label, role, created, None).unwrap();
                assert!(written.contains("ReviewDateTime=\"2030-12-31T00:00:00Z\""), "{written}");
                let (again, read) = stanag4774::read_text(lattice(), &written, &mut Budget::for_body(written.len())).unwrap();
                assert!(again == role && read.says_the_same(&label) && read.created == Some(created), "{written}");
            }
            assert!(write(lattice(), &label, Role::Originator, created, Some("2031-01-01T00:00:00Z")).unwrap().contains("\"2031-01-01T00:00:00Z\""));
        }
    }

    #[test]
    fn an_empty_category_is_not_written() {
        let triple = Triple { access: Some("SECRET"), caveat: None, releasable_to: Some("GBR USA") };
        let mut label = cot::read(lattice(), lattice().policy("GBR").unwrap(), triple).unwrap().unwrap();
        label.categories[0].values.clear();
        let refusal = write(lattice(), &label, Role::Originator, Time::EPOCH, None).unwrap_err();
        assert_eq!(refusal.reason, Reason::LabelBind);
    }
}
