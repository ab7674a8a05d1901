//! Banner lines written from labels: what people would read above and below a text that is marked so.
//!
//! Takes a label in names, gives the line in the grammar of its scheme, without the nation in front of it. What is written is read again and
//! must say the same; a label that no line can say has none. Deliberately absent: portion forms, mail markings, and lines for two readers.

use super::grammar::{CAVEAT_SET, EYES, Grammar};
use super::{aus, can, eu, nato, nzl, read_qualified, usa};
use crate::label::lattice::Lattice;
use crate::label::mark::LabelView;
use crate::label::scheme::{BannerForm, Policy, TagIx};

const CODE_WORDS: &str = "Code Words";
const DESCRIPTORS: &str = "Descriptors";

/// The banner line that says what a label says; none where no line does.
#[must_use]
pub fn write(lattice: &Lattice, label: &LabelView) -> Option<String> {
    let ix = lattice.policy(&label.policy)?;
    let policy = lattice.scheme(ix).ok()?;
    let said = Said { policy, label };
    let line = match policy.banner? {
        BannerForm::Usa => american(&said),
        BannerForm::Gbr => british(&said)?,
        BannerForm::Nato => of_nato(&said),
        BannerForm::Can => national(&said, &can::GRAMMAR)?,
        BannerForm::Aus => national(&said, &aus::GRAMMAR)?,
        BannerForm::Nzl => national(&said, &nzl::GRAMMAR)?,
        BannerForm::Eu => of_the_union(&said),
    };
    let again = lattice.view(&read_qualified(lattice, ix, &line).ok()?);
    let same = (&again.policy, &again.classification, &again.categories) == (&label.policy, &label.classification, &label.categories);
    same.then_some(line)
}

/// A label in names, with its policy.
struct Said<'s> {
    policy: &'s Policy,
    label: &'s LabelView,
}

impl<'s> Said<'s> {
    /// The values of a set, in the order of the policy.
    fn of(&self, set: &str) -> Vec<&'s str> {
        self.label.categories.get(set).into_iter().flatten().map(String::as_str).collect()
    }

    /// The foreign sources and the joint owners that the label names, where it has such sets.
    fn origins(&self) -> (Option<Vec<&'s str>>, Option<Vec<&'s str>>) {
        let set = |tag: TagIx| self.policy.tags.get(tag.index()).map(|tag| self.of(&tag.set)).filter(|values| !values.is_empty());
        self.policy.origins.map_or((None, None), |origins| (set(origins.foreign), set(origins.joint)))
    }

    /// The recipients that the label names.
    fn recipients(&self) -> Vec<&'s str> {
        let release = self.policy.release.and_then(|release| self.policy.tags.get(release.index()));
        release.map(|tag| self.of(&tag.set)).unwrap_or_default()
    }
}

/// Codes: the first by their place, the others by their letters.
fn in_order(mut codes: Vec<&str>, place: impl Fn(&str) -> u8) -> Vec<&str> {
    codes.sort_by_key(|code| (place(code), *code));
    codes
}

/// Words of one kind, where there are any.
fn joined(words: &[&str]) -> Option<String> {
    (!words.is_empty()).then(|| words.join("/"))
}

fn american(said: &Said<'_>) -> String {
    let place = |code: &str| if code == "USA" { 0 } else { 1_u8.saturating_add(u8::from(code.len() != 3)) };
    let listed = |phrase: &str, codes: Vec<&str>| (!codes.is_empty()).then(|| format!("{phrase}{}", in_order(codes, place).join(", ")));
    let programmes: Vec<&str> = said.of(usa::SPECIAL_ACCESS_SET).iter().filter_map(|name| name.strip_prefix("SAR-")).collect();
    let programmes = joined(&in_order(programmes, |_| 0)).map(|names| format!("SAR-{names}"));
    let plain = |set| said.of(set).into_iter().map(str::to_owned);
    let lists = [listed(usa::REL, said.recipients()), listed(usa::DISPLAY, said.of(usa::DISPLAY_SET))];
    let mut controls: Vec<String> = plain(usa::DISSEMINATION_SET).chain(plain(usa::DECISION_SET)).chain(lists.into_iter().flatten()).collect();
    controls.sort_by_key(|control| usa::rank(control));
    let controls: Vec<&str> = controls.iter().map(String::as_str).collect();
    let (sources, owners) = said.origins();
    let codes = |codes: Vec<&str>| in_order(codes, |code| u8::from(code.len() != 3)).join(" ");
    // Alone the word conceals the source.
    let sources =
        sources.map(|sources| if sources == [usa::FOREIGN] { usa::FOREIGN.to_owned() } else { format!("{} {}", usa::FOREIGN, codes(sources)) });
    let head = match owners {
        Some(owners) => format!("//{}{} {}", usa::JOINT, said.label.classification, codes(owners)),
        None => said.label.classification.clone(),
    };
    let (atomic, other) = (joined(&said.of(usa::ATOMIC_SET)), joined(&said.of(usa::NON_IC_SET)));
    behind(&head, [joined(&said.of(usa::SCI_SET)), programmes, atomic, sources, joined(&controls), other])
}

/// A classification and what follows it behind `//`.
fn behind(class: &str, segments: impl IntoIterator<Item = Option<String>>) -> String {
    segments.into_iter().flatten().fold(class.to_owned(), |line, segment| format!("{line}//{segment}"))
}

fn british(said: &Said<'_>) -> Option<String> {
    let recipients = said.recipients();
    let eyes = match recipients.as_slice() {
        [] => said.of(CAVEAT_SET).first().map(|caveat| (*caveat).to_owned()),
        ["FVEY"] => Some("FIVE EYES ONLY".to_owned()),
        codes => Some(eyes(codes)?),
    };
    let words = said.of(DESCRIPTORS).into_iter().chain(said.of(CODE_WORDS)).map(str::to_owned);
    Some(words.chain(eyes).fold(said.label.classification.clone(), |line, part| format!("{line} - {part}")))
}

/// A list of eyes; none for codes that have no name in one.
fn eyes(codes: &[&str]) -> Option<String> {
    let mut names = codes.iter().map(|code| EYES.iter().find(|(_, known)| known == code).map(|(name, _)| *name)).collect::<Option<Vec<_>>>()?;
    names.sort_unstable();
    Some(format!("{} EYES ONLY", names.join("/")))
}

fn of_nato(said: &Said<'_>) -> String {
    let class = &said.label.classification;
    let shown =
        |context: &&str| *context != nato::ALLIANCE && !said.policy.implied.iter().any(|implied| implied_name(said.policy, implied) == *context);
    let context = said.of(nato::CONTEXT_SET).into_iter().find(shown);
    let head = match context {
        None if class == nato::HIGHEST => format!("COSMIC {class}"),
        None => format!("{} {class}", nato::ALLIANCE),
        Some(context) => format!("{}/{context} {class}", nato::ALLIANCE),
    };
    let others = said.recipients().into_iter().filter(|code| *code != context.unwrap_or(nato::ALLIANCE)).collect();
    let others = in_order(others, |code| u8::from(code.len() != 3)).join(", ");
    let released = if others.is_empty() { String::new() } else { format!("{}{others}", nato::RELEASE) };
    let administrative = joined(&said.of(nato::ADMINISTRATIVE_SET)).map(|words| format!(" - {words}")).unwrap_or_default();
    format!("{}{released}{administrative}", behind(&head, [joined(&said.of(nato::SPECIAL_SET))]))
}

fn implied_name<'p>(policy: &'p Policy, implied: &crate::label::scheme::Implied) -> &'p str {
    let tag = policy.tags.get(implied.tag.index());
    tag.and_then(|tag| tag.values.get(implied.value.index())).map_or("", |value| value.name.as_str())
}

fn national(said: &Said<'_>, grammar: &Grammar) -> Option<String> {
    let recipients = said.recipients();
    let place = |code: &str| (grammar.place)(code).unwrap_or(u8::MAX);
    let last = match (said.of(CAVEAT_SET).as_slice(), recipients.is_empty()) {
        ([], true) => None,
        ([caveat], true) => Some(grammar.caveats.iter().find(|(_, name)| name == caveat).map(|(spelling, _)| (*spelling).to_owned())?),
        (_, _) => Some(format!("{}{}", grammar.release.first()?, in_order(recipients, place).join(grammar.separator))),
    };
    let sets = grammar.sets.iter().map(|set| joined(&said.of(set)));
    Some(behind(&said.label.classification, sets.chain([last])))
}

fn of_the_union(said: &Said<'_>) -> String {
    let others: Vec<&str> = said.recipients().into_iter().filter(|code| *code != eu::UNION).collect();
    let list = in_order(others, |code| u8::from(code.len() > 3)).join(", ");
    if list.is_empty() { said.label.classification.clone() } else { format!("{}{}{list}", said.label.classification, eu::RELEASE) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::label::laws;
    use crate::label::tests::{lattice, now, read};

    #[test]
    fn what_is_read_is_written_again() {
        for (scheme, line) in [
            ("USA", "SECRET"),
            ("USA", "TOP SECRET//SI-G/TK//RSEN/ORCON/NOFORN"),
            ("USA", "TOP SECRET//HCS-P//SAR-BP/CA//NOFORN"),
            ("USA", "SECRET//REL TO USA, AUS, GBR, FVEY/RELIDO"),
            ("USA", "SECRET//DISPLAY ONLY AFG"),
            ("USA", "SECRET//NOFORN//EXDIS"),
            ("USA", "TOP SECRET//RD-CNWDI//NOFORN"),
            ("USA", "SECRET//TK//FGI//NOFORN"),
            ("USA", "TOP SECRET//FGI DEU GBR NATO//REL TO USA, DEU, GBR, NATO"),
            ("USA", "//JOINT SECRET CAN GBR USA//REL TO USA, CAN, GBR"),
            ("NATO", "NATO SECRET//ATOMAL"),
            ("NATO", "COSMIC TOP SECRET//BOHEMIA"),
            ("NATO", "NATO/KFOR CONFIDENTIAL"),
            ("NATO", "NATO RESTRICTED Releasable to JPN, UKR - STAFF"),
            ("GBR", "SECRET - COPPER LANTERN - UK/US EYES ONLY"),
            ("GBR", "OFFICIAL-SENSITIVE - PERSONAL"),
            ("GBR", "TOP SECRET - FIVE EYES ONLY"),
            ("GBR", "SECRET - UK EYES ONLY"),
            ("CAN", "SECRET//COPPER LANTERN//CEO"),
            ("CAN", "PROTECTED B"),
            ("AUS", "TOP SECRET//COPPER LANTERN//CABINET//AUSTEO"),
            ("AUS", "PROTECTED//REL AUS/CAN/GBR/DEU"),
            ("NZL", "CONFIDENTIAL//COPPER LANTERN//POLICY/STAFF//REL TO NZL, AUS"),
            ("EU", "SECRET UE/EU SECRET RELEASABLE TO CHE, NOR"),
        ] {
            let label = read(scheme, line).unwrap_or_else(|refusal| panic!("{line}: {refusal}"));
            assert_eq!(write(lattice(), &lattice().view(&label)).as_deref(), Some(line), "{scheme}");
        }
    }

    #[test]
    fn titles_and_short_forms_are_written_as_the_scheme_abbreviates_them() {
        for (scheme, line, written) in [
            ("USA", "SECRET//TALENT KEYHOLE//NOT RELEASABLE TO FOREIGN NATIONALS", "SECRET//TK//NOFORN"),
            ("USA", "SECRET//FRD-SIGMA 14 18//NOFORN", "SECRET//FRD-SIGMA 14/FRD-SIGMA 18//NOFORN"),
            ("CAN", "CAN SECRET//CANADIAN EYES ONLY", "SECRET//CEO"),
            ("EU", "S-UE/EU-S", "SECRET UE/EU SECRET"),
        ] {
            let label = read(scheme, line).unwrap_or_else(|refusal| panic!("{line}: {refusal}"));
            assert_eq!(write(lattice(), &lattice().view(&label)).as_deref(), Some(written), "{scheme} {line}");
        }
        let tlp = crate::label::tlp::read(lattice(), "TLP:RED").unwrap();
        assert_eq!(write(lattice(), &lattice().view(&tlp)), None);
    }

    proptest! {
        #[test]
        fn a_label_has_a_line_that_says_it_or_none(bytes in prop::collection::vec(any::<u8>(), 2..14)) {
            let Some(label) = laws::label(lattice(), &bytes) else { return Ok(()) };
            let view = lattice().view(&label);
            if let Some(line) = write(lattice(), &view) {
                let again = read_qualified(lattice(), label.policy, &line).unwrap();
                prop_assert!(again.says_the_same(&label), "{line}: {view:?}");
            } else if lattice().check(&label, now()).is_ok() && view.policy == "USA" && !view.categories.contains_key(CODE_WORDS) {
                // Every American label that the policy allows has a line, but for lists that name nobody beside the owner.
                let list = view.categories.get("Releasable To");
                prop_assert!(list.is_some_and(|list| list.len() < 2 || !list.contains(&"USA".to_owned())), "{view:?}");
            }
        }
    }
}
