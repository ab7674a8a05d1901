//! Patterns: the YARA rules of a rule set, run once over the text of a message.
//!
//! Takes YARA sources, gives `content.pattern` for every match. Each rule that is not private says in `meta` what it asks for: `action`
//! (`note`, `strip`, `hold`, `refuse`), `severity` (`low`, `medium`, `high`, `critical`) and `reason`. A condition speaks of the whole
//! message: all its values, three bytes (line feed, null, line feed) between any two. A match that runs over that mark is reported on every
//! field it touches, for the part in one of them may be a match by itself.
//!
//! A match that lies wholly in values whose rows in the profile allow its rule is no finding. It counts in conditions all the same, and
//! where a pattern has as many matches as are looked for, the message is held: there may be more, elsewhere.
//!
//! Deliberately absent: modules, includes and global rules (a global rule that does not match silences all others); slow patterns and
//! loops, which the compiler refuses; every other warning, which is a complaint too, as a doubtful rule is no rule.

mod compile;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use crate::base::{Action, Budget, Complaint, Reason, Refusal, Severity};
use crate::normal::NodeId;
use crate::policy::SourceFile;

use super::allowed::Allowed;
use super::found::{Found, Verdict};
use super::text::{Hit, Part, Text};

/// The reasons that this filter gives.
pub(in crate::filter) const CODES: &[Reason] = &[Reason::ContentPattern];

/// Matches of one pattern of a rule in one message at most: 10,000, which is also the greatest `#pattern` that a condition can see. Events
/// of threat feeds hold thousands of addresses in fields that allow them; each match takes about 40 bytes.
const MATCHES_MAX: usize = 10_000;

/// Time for one scan at most: 5 s. A backstop against faults of the engine; rules that could be slow do not compile.
const SCAN_SECONDS_MAX: u64 = 5;

#[derive(Debug)]
struct Meta {
    rule: Arc<str>,
    reason: Arc<str>,
    action: Action,
    severity: Severity,
}

/// Compiled rules; none where the rule set has none.
pub(in crate::filter) struct Patterns {
    compiled: Option<yara_x::Rules>,
    // File, then rule, to what the rule says.
    meta: BTreeMap<String, BTreeMap<String, Meta>>,
}

impl std::fmt::Debug for Patterns {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Patterns").field("meta", &self.meta).finish_non_exhaustive()
    }
}

impl Patterns {
    /// Compiles all sources.
    ///
    /// # Errors
    /// All faults of all files.
    pub(in crate::filter) fn compile(sources: &[SourceFile]) -> Result<Self, Vec<Complaint>> {
        if sources.is_empty() {
            return Ok(Self { compiled: None, meta: BTreeMap::new() });
        }
        let (compiled, meta) = compile::rules(sources)?;
        Ok(Self { compiled: Some(compiled), meta })
    }

    /// A warm scanner, to be kept: making one costs as much as a hundred scans.
    pub(in crate::filter) fn scanner(&self) -> Option<yara_x::Scanner<'_>> {
        let mut scanner = yara_x::Scanner::new(self.compiled.as_ref()?);
        scanner.set_timeout(Duration::from_secs(SCAN_SECONDS_MAX)).max_matches_per_pattern(MATCHES_MAX);
        // The first scan starts the engine's clock thread, and has to before the process is confined. What it finds in nothing is nothing.
        let _ = scanner.scan(b"");
        Some(scanner)
    }

    /// How many rules have this name.
    pub(in crate::filter) fn named(&self, name: &str) -> usize {
        self.meta.values().filter(|file| file.contains_key(name)).count()
    }

    /// The rules, as `file:rule`, with their reasons.
    pub(in crate::filter) fn listed(&self) -> Vec<(String, String)> {
        self.meta.values().flat_map(BTreeMap::values).map(|meta| (meta.rule.to_string(), meta.reason.to_string())).collect()
    }

    /// Adds a finding for every match; `allowed` are the values to which some of these rules do not apply.
    pub(in crate::filter) fn scan(
        &self,
        scanner: Option<&mut yara_x::Scanner<'_>>,
        text: &Text,
        allowed: &Allowed<'_>,
        found: &mut Found<'_, '_>,
        budget: &mut Budget,
    ) -> Result<(), Refusal> {
        let Some(scanner) = scanner else { return Ok(()) };
        let results = scanner
            .scan(text.all().as_bytes())
            .map_err(|error| Refusal::new(Reason::FaultInternal, format!("the pattern engine gave up: {error}")))?;
        for rule in results.matching_rules() {
            budget.spend(1)?;
            // A rule that was compiled without meta does not occur; if it did, it would hold.
            let Some(meta) = self.meta.get(rule.namespace()).and_then(|file| file.get(rule.identifier())) else {
                return Err(Refusal::new(Reason::FaultInternal, "a pattern matched that the rule set does not know"));
            };
            let whole = Hit { node: NodeId::ROOT, part: Part::Name, range: 0..0 };
            let mut placed = false;
            for pattern in rule.patterns().include_private(true) {
                let mut matches = 0_usize;
                for found_match in pattern.matches() {
                    budget.spend(1)?;
                    matches = matches.saturating_add(1);
                    placed |= text.hits(found_match.range()).next().is_some();
                    if !text.hits(found_match.range()).all(|hit| allowed.holds(rule.identifier(), &hit, found.tree())) {
                        text.hits(found_match.range()).for_each(|hit| report(meta, meta.action, &hit, found));
                    }
                }
                if matches >= MATCHES_MAX {
                    report(meta, meta.action.max(Action::Hold), &whole, found);
                }
            }
            if !placed {
                report(meta, meta.action, &whole, found);
            }
        }
        Ok(())
    }
}

fn report(meta: &Meta, action: Action, hit: &Hit, found: &mut Found<'_, '_>) {
    let verdict = Verdict { code: Reason::ContentPattern, stripped: Reason::FieldsStripped, rule: &meta.rule, severity: meta.severity, action };
    found.on_text(hit, verdict, || meta.reason.to_string());
}

#[cfg(test)]
mod tests;
