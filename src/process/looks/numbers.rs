//! The samples of the METRICS table that the keeper gives.

use std::collections::BTreeMap;

use crate::base::{Fault, Precedence};
use crate::control::desk::{Sample, View};
use crate::journal::{Glance, ListedRow, State};
use crate::process::keeper::Shared;
use crate::process::world;

impl Shared {
    pub(super) async fn metrics(&self) -> Result<View, Fault> {
        let now = world::now();
        let (glance, head, clauses) = (self.journal.glance(now).await?, self.journal.head().await?, self.journal.clauses().await?);
        let mut samples = of_journal(&glance);
        for state in [State::Held, State::Due] {
            let is_seed = |one: &&ListedRow| glance.seeds.iter().any(|seed| (&seed.message.from, seed.message.id) == (&one.row.from, one.row.id));
            let oldest = glance.stuck.iter().filter(|one| one.row.state == state && !is_seed(one)).map(|one| one.row.received).min();
            let waited = oldest.map_or(0, |oldest| u64::try_from(now.seconds_since(oldest)).unwrap_or(0));
            samples.push(sample("vestibule_stuck_seconds", &[("state", state.word())], waited));
        }
        samples.extend(clauses.iter().map(|(clause, count)| sample("vestibule_clause_releases_total", &[("clause", clause.as_str())], *count)));
        samples.push(sample("vestibule_checkpoint_lag_records", &[], head.size.saturating_sub(head.checkpoint_size)));
        samples.extend(self.waiting().iter().map(|(peer, _, linked)| sample("vestibule_linked", &[("peer", peer.as_str())], u64::from(*linked))));
        samples.extend(self.alarms.now().iter().map(|(code, count)| sample("vestibule_alarms_total", &[("code", code)], *count)));
        samples.extend(self.refused_everywhere().iter().map(|(code, count)| sample("vestibule_refused_total", &[("code", code)], *count)));
        let (shift, digest) = (self.shifts.now(), self.shifts.now().edition.digest.to_string());
        samples.push(sample("vestibule_edition_info", &[("edition", &shift.title), ("digest", &digest)], 1));
        Ok(View::Metrics { samples })
    }
}

fn sample(name: &str, labels: &[(&str, &str)], value: u64) -> Sample {
    let labels = labels.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    Sample { name: name.to_owned(), labels, value }
}

fn of_journal(glance: &Glance) -> Vec<Sample> {
    let counts = &glance.counts;
    let mut samples = vec![
        sample("vestibule_records_total", &[], counts.records),
        sample("vestibule_accepted_total", &[], counts.accepted),
        sample("vestibule_delivered_total", &[], counts.delivered),
        sample("vestibule_undecided", &[], counts.undecided),
    ];
    let (mut decisions, mut codes) = (BTreeMap::<_, u64>::new(), BTreeMap::<_, u64>::new());
    for tally in &counts.tallies {
        let to = tally.recipient.as_ref().map_or("", crate::base::Name::as_str);
        let sum = decisions.entry((tally.from.as_str(), to, tally.outcome.word())).or_default();
        *sum = sum.saturating_add(tally.count);
        if let Some(code) = tally.code {
            let sum = codes.entry(code.code()).or_default();
            *sum = sum.saturating_add(tally.count);
        }
    }
    let decided = |((from, to, outcome), count): (&(&str, &str, &str), &u64)| {
        sample("vestibule_decisions_total", &[("from", from), ("to", to), ("outcome", outcome)], *count)
    };
    samples.extend(decisions.iter().map(decided));
    samples.extend(codes.iter().map(|(code, count)| sample("vestibule_decision_codes_total", &[("code", code)], *count)));
    samples.extend(glance.due.iter().map(|due| sample("vestibule_due", &[("to", due.recipient.as_str())], due.count)));
    // Known items are no work of the gateway's.
    let messages = |(precedence, count): &(Precedence, u64)| {
        let seeds = glance.seeds.iter().filter(|seed| seed.precedence == *precedence).count();
        (precedence.word(), count.saturating_sub(u64::try_from(seeds).unwrap_or(u64::MAX)))
    };
    let held: BTreeMap<&str, u64> = glance.held.iter().map(messages).collect();
    // Of what can be held, nothing is a number too: a graph that ends where nobody waits says less.
    let all = Precedence::ALL.map(|one| sample("vestibule_held", &[("precedence", one.word())], held.get(one.word()).copied().unwrap_or(0)));
    samples.extend(all);
    samples
}
