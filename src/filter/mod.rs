//! Filters: what stands in the fields of a message, judged by the rules of an edition.
//!
//! Takes [`Parsed`], gives [`Scanned`]: all findings, independent of any recipient, in one pass over one buffer of text. Takes
//! [`Permitted`](crate::release::Permitted) and [`Scanned`], gives [`Cleared`]: nothing that was found forbids this release, and what is to be edited is planned.
//!
//! Proves: every node was judged by the profile of its format or by its `otherwise`; every value was read by all word lists, patterns and
//! detectors and the Unicode check, also where the profile takes it away, for a code word in a field that is stripped says that the label is wrong.
//! Deliberately absent: any filter that calls another; any change of the message, which is the room `sanitise`.

mod allowed;
mod altered;
mod cleared;
mod detectors;
mod fields;
mod found;
mod labels;
pub mod laws;
mod messages;
mod patterns;
mod place;
mod protected;
mod references;
#[cfg(test)]
#[expect(clippy::arithmetic_side_effects, reason = "tests count small things")]
pub(crate) mod samples;
mod text;
mod unicode;
mod waivers;
mod words;

use std::collections::BTreeMap;
use std::sync::Arc;

pub use altered::Part;
pub use cleared::Cleared;
pub use detectors::{DETECTORS, Detector};
pub use fields::{Judged, Leeway, Variant};
pub use found::{Planned, Step};
pub(crate) use protected::Protected;
pub use waivers::{ClauseReview, Removals, Waiver, Waivers};

use crate::base::{Action, Budget, Complaint, Finding, Reason, Refusal, Severity};
use crate::format::{Format, Inside, Parsed, Syntax};
use crate::normal::{Marking, NodeId, PathPattern, Portion, Tree};
use crate::policy::{Edition, Profile, TransformAction};
use detectors::Detectors;
use fields::Fields;
use found::{Found, Verdict};
pub(crate) use labels::Labels;
use messages::Messages;
use patterns::Patterns;
use text::Text;
use words::Words;

/// A row of the filter table.
#[derive(Debug)]
pub struct Filter {
    /// Name, which is its folder.
    pub name: &'static str,
    /// What it looks for, in one sentence.
    pub sentence: &'static str,
    /// The reasons that its findings give.
    pub codes: &'static [Reason],
}

/// The filters, in the order in which they speak.
pub static FILTERS: &[Filter] = &[
    Filter {
        name: "fields",
        sentence: "every field is listed by the profile of its format and has a value that the profile allows",
        codes: fields::CODES,
    },
    Filter { name: "messages", sentence: "a formatted message has the sets and fields that its definition has", codes: messages::CODES },
    Filter { name: "words", sentence: "no entry of a word list stands in the text, however it is spelt", codes: words::CODES },
    Filter { name: "patterns", sentence: "no pattern matches the text", codes: patterns::CODES },
    Filter { name: "detectors", sentence: "none of the gateway's own detectors finds anything in the text", codes: detectors::CODES },
    Filter { name: "labels", sentence: "the markings of the message fit together, and no date of its label has passed", codes: labels::CODES },
    Filter { name: "unicode", sentence: "no character makes text read otherwise than it is", codes: unicode::CODES },
    Filter { name: "references", sentence: "no field names something that was taken away", codes: references::CODES },
];

/// What is known of a format's messages beside their fields.
#[derive(Debug)]
struct Form {
    fields: Fields,
    required: Vec<PathPattern>,
    rest: Arc<[PathPattern]>,
}

/// The places of a message that carry its labels.
#[derive(Debug, Clone, Copy)]
struct Marked<'m> {
    markings: &'m [Marking],
    portions: &'m [Portion],
    insides: &'m [Inside],
}

/// All filters of an edition, compiled.
#[derive(Debug, Clone)]
pub struct Filters {
    forms: BTreeMap<String, Arc<Form>>,
    messages: Arc<Messages>,
    words: Arc<Words>,
    patterns: Arc<Patterns>,
    detectors: Arc<Detectors>,
    labels: Arc<Labels>,
}

/// What one worker thread keeps from message to message: the pattern engine's state and buffers.
pub struct Scanner<'f> {
    patterns: Option<yara_x::Scanner<'f>>,
    text: Text,
    words: words::Scratch,
}

impl std::fmt::Debug for Scanner<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Scanner").finish_non_exhaustive()
    }
}

/// Proof that a message was read by all filters, with all that they found.
#[derive(Debug)]
#[must_use]
pub struct Scanned<'a> {
    // Which message: another body with the same findings is another message.
    body: &'a [u8],
    findings: Vec<Finding>,
    steps: Vec<Planned>,
    references: Arc<[NodeId]>,
    protected: Arc<Protected>,
    rest: Arc<[PathPattern]>,
}

impl Scanned<'_> {
    /// All findings, those of fields first, then words, patterns, detectors, Unicode.
    #[must_use]
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// Fields that must stay.
    pub(crate) fn protected(&self) -> &Protected {
        &self.protected
    }

    /// What the profile and the findings ask to be edited, whoever receives it.
    #[must_use]
    pub fn steps(&self) -> &[Planned] {
        &self.steps
    }
}

impl Filters {
    /// Compiles profiles, word lists, patterns and detectors.
    ///
    /// # Errors
    /// All faults of all files; a removal of a field that the format requires is one.
    pub fn compile(edition: &Edition) -> Result<Self, Vec<Complaint>> {
        let (mut forms, mut complaints) = (BTreeMap::new(), Vec::new());
        for (format, profile) in &edition.profiles {
            let required = required(format);
            complaints.extend(removals(edition, format, &required));
            match Fields::compile(profile, &edition.files) {
                Ok(fields) => {
                    forms.insert(format.clone(), Arc::new(Form { fields, required, rest: profile.rest.as_slice().into() }));
                }
                Err(more) => complaints.extend(more),
            }
        }
        let messages = Messages::compile(&edition.messages, &edition.files).map_err(|more| complaints.extend(more));
        let words = Words::compile(&edition.word_lists, &edition.files).map_err(|more| complaints.extend(more));
        complaints.extend(words::markings(&edition.word_lists, &edition.lattice, edition.peers.values(), &edition.files));
        let patterns = Patterns::compile(&edition.patterns).map_err(|more| complaints.extend(more));
        let detectors = Detectors::compile(&edition.detectors, &edition.files).map_err(|more| complaints.extend(more));
        let labels = Labels::compile(&edition.detectors, &edition.files).map_err(|more| complaints.extend(more));
        if let Ok(patterns) = &patterns {
            complaints.extend(edition.profiles.values().flat_map(|profile| strangers(edition, profile, patterns)));
        }
        match (messages, words, patterns, detectors, labels) {
            (Ok(messages), Ok(words), Ok(patterns), Ok(detectors), Ok(labels)) if complaints.is_empty() => {
                let (messages, words, patterns) = (Arc::new(messages), Arc::new(words), Arc::new(patterns));
                Ok(Self { forms, messages, words, patterns, detectors: Arc::new(detectors), labels: Arc::new(labels) })
            }
            _ => Err(complaints),
        }
    }

    /// What the rule set makes of markings that do not fit together.
    pub(crate) fn labels(&self) -> &Labels {
        &self.labels
    }

    /// A scanner for one worker thread, to be kept for its life.
    #[must_use]
    pub fn scanner(&self) -> Scanner<'_> {
        Scanner { patterns: self.patterns.scanner(), text: Text::default(), words: words::Scratch::default() }
    }

    /// Reads a message with all filters.
    ///
    /// # Errors
    /// `size.budget`, or `fault.internal` where the pattern engine gives up. What filters find is no error: it is in the result.
    pub fn scan<'a>(&self, scanner: &mut Scanner<'_>, parsed: &Parsed<'a>, budget: &mut Budget) -> Result<Scanned<'a>, Refusal> {
        let format = parsed.format();
        let tree = parsed.tree();
        let marked = Marked { markings: &(format.markings)(tree), portions: &(format.portions)(tree), insides: &format.insides(tree) };
        self.read(scanner, format.name, tree, marked, parsed.body(), budget)
    }

    /// What the profiles leave open in each field of a message that leaves; nothing for a format without profile.
    #[must_use]
    pub fn leeway(&self, format: &Format, tree: &Tree<'_>) -> Vec<(NodeId, Leeway)> {
        let insides = format.insides(tree);
        let apart: Vec<NodeId> = insides.iter().map(|inside| inside.node).collect();
        let all = std::iter::once((NodeId::ROOT, format.name)).chain(insides.iter().map(|inside| (inside.node, inside.format.name)));
        let forms = all.filter_map(|(top, name)| Some((top, self.forms.get(name)?)));
        let mut found: Vec<_> = forms.flat_map(|(top, form)| form.fields.leeway(tree, top, &apart, &form.required)).collect();
        found.sort_by_key(|(node, _)| *node);
        found
    }

    fn read<'a>(
        &self,
        scanner: &mut Scanner<'_>,
        format: &str,
        tree: &Tree<'_>,
        marked: Marked<'_>,
        body: &'a [u8],
        budget: &mut Budget,
    ) -> Result<Scanned<'a>, Refusal> {
        let form = self.forms.get(format);
        let mut protected = Protected::of(tree, form.map_or(&[], |form| form.required.as_slice()), marked.markings, marked.portions);
        for inside in marked.insides {
            protected.require_inside(tree, inside.node, self.forms.get(inside.format.name).map_or(&[], |form| form.required.as_slice()));
        }
        let mut found = Found::new(tree, &protected);
        let mut learnt = fields::Learnt { apart: marked.insides.iter().map(|inside| inside.node).collect(), ..fields::Learnt::default() };
        let all = std::iter::once((NodeId::ROOT, form)).chain(marked.insides.iter().map(|inside| (inside.node, self.forms.get(inside.format.name))));
        for (top, form) in all {
            match form {
                Some(form) => form.fields.scan(top, &mut learnt, &mut found, budget)?,
                None => without_profile(top, &mut learnt, &mut found),
            }
        }
        learnt.sort();
        if let Some(format) = crate::format::by_name(format).filter(|format| format.syntax == Syntax::Slash) {
            self.messages.scan(&(format.facts)(tree).kind, NodeId::ROOT, &mut found, budget)?;
        }
        for Inside { node, format } in marked.insides.iter().filter(|inside| inside.format.syntax == Syntax::Slash) {
            self.messages.scan(&(format.facts)(&tree.below(*node)).kind, *node, &mut found, budget)?;
        }
        scanner.text.read(tree, &learnt.free_names, budget)?;
        self.words.scan(&scanner.text, &mut scanner.words, &mut found, budget)?;
        self.patterns.scan(scanner.patterns.as_mut(), &scanner.text, &learnt.allowed, &mut found, budget)?;
        self.detectors.scan(&scanner.text, &learnt.allowed, &mut found, budget)?;
        unicode::scan(&scanner.text, &mut found, budget)?;
        let (findings, steps) = found.finish();
        let rest = form.map_or_else(|| [].into(), |form| Arc::clone(&form.rest));
        let references = references::all(tree, &learnt.references).into();
        Ok(Scanned { body, findings, steps, references, protected: Arc::new(protected), rest })
    }
}

/// A format without profile: nothing says what may leave, so people decide.
fn without_profile(top: NodeId, learnt: &mut fields::Learnt<'_>, found: &mut Found<'_, '_>) {
    let rule = "".into();
    let verdict =
        Verdict { code: Reason::FieldsUnknown, stripped: Reason::FieldsStripped, rule: &rule, severity: Severity::High, action: Action::Hold };
    found.on_field(top, verdict, || "the rule set has no profile for this format".into());
    learnt.free_names.extend(found.tree().subtree(top).map(|(id, _)| id));
}

/// Patterns and detectors that fields name and the rule set does not have, or has twice: nobody could say what is allowed.
fn strangers(edition: &Edition, profile: &Profile, patterns: &Patterns) -> Vec<Complaint> {
    let detectors = |name: &str| edition.detectors.iter().filter(|rule| rule.name == name).count();
    let allowed = profile.fields.iter().flat_map(|field| field.allow.iter().map(move |name| (field, name)));
    let complaints = allowed.filter_map(|(field, name)| {
        let what = match patterns.named(name).saturating_add(detectors(name)) {
            0 => format!("`{}` allows `{name}`, which is no pattern or detector of the rule set", field.path),
            1 => return None,
            _ => format!("`{}` allows `{name}`, which has two meanings: patterns and detectors share no name", field.path),
        };
        let expected = "expected the name of one rule under `filters/patterns/` that is not private, or of one detector of `filters/detectors.toml`";
        Some(place::complaint(&edition.files, &field.rule, what, expected, "correct the name"))
    });
    complaints.collect()
}

/// The fields that a format's own reader requires.
fn required(format: &str) -> Vec<PathPattern> {
    let paths = crate::format::by_name(format).map_or(&[][..], |format: &Format| format.required);
    paths.iter().filter_map(|path| PathPattern::parse(path).ok()).collect()
}

/// Rules that take away what the format requires.
fn removals(edition: &Edition, format: &str, required: &[PathPattern]) -> Vec<Complaint> {
    let profile = edition.profiles.get(format).into_iter().flat_map(|profile| &profile.fields);
    let stripped = profile.filter(|field| field.forbid == Some(Action::Strip) || field.transform == Some(TransformAction::Remove));
    let clauses = edition.agreements.iter().flat_map(|agreement| &agreement.clauses).filter(|clause| clause.formats.contains(format));
    let removed = clauses.flat_map(|clause| &clause.sanitise).filter(|transform| transform.action == TransformAction::Remove);
    let rules = stripped.map(|field| (&field.path, &field.rule)).chain(removed.map(|transform| (&transform.path, &transform.rule)));
    let faulty = rules.filter(|(path, _)| takes_root(path) || required.iter().any(|required| covers(path, required)));
    faulty
        .map(|(path, rule)| {
            place::complaint(
                &edition.files,
                rule,
                format!("`{path}` is to be taken away, but `{format}` cannot be without it"),
                "expected a field that the format can be without",
                "replace or coarsen the value instead",
            )
        })
        .collect()
}

fn takes_root(path: &PathPattern) -> bool {
    path.steps().len() == 1
}

/// Whether a removal of `path` removes the required field while its parent stays.
fn covers(path: &PathPattern, required: &PathPattern) -> bool {
    let long_enough = if path.reaches_below() { required.steps().len() >= path.steps().len() } else { required.steps().len() == path.steps().len() };
    long_enough
        && path.steps().iter().zip(required.steps()).all(|(step, name)| step == name || step == if name.starts_with('@') { "@*" } else { "*" })
}

#[cfg(test)]
mod tests;
