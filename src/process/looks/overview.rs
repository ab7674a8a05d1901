//! The gateway at a glance, and its partners.

use std::collections::BTreeMap;

use super::messages::message;
use crate::base::{Fault, Name, Time};
use crate::config::{self, Confinement};
use crate::control::desk::{Clause, Minute, Overview, Partner, Peer, View};
use crate::journal::{Counts, Glance, MinuteRow, State};
use crate::label::Lattice;
use crate::policy::{Edition, PeerEntry};
use crate::process::keeper::Shared;
use crate::process::world;

/// Minutes at a glance: an hour.
const MINUTES: i64 = 60;
const MINUTE_MS: i64 = 60_000;

/// Outcomes, as a minute names them.
const OUTCOMES: [&str; 4] = ["forward", "quarantine", "withhold", "reject"];

impl Shared {
    pub(super) async fn overview(&self) -> Result<View, Fault> {
        let (now, shift, config) = (world::now(), self.shifts.now(), self.config.load_full());
        let begin = first_minute(now);
        let glance = with_seeds(self.journal.glance(begin).await?);
        Ok(View::Overview(Box::new(Overview {
            home: config.home.clone(),
            now: now.to_string(),
            edition: shift.title.clone(),
            edition_digest: shift.edition.digest.to_string(),
            conditions: self.conditions.load().to_vec(),
            confined: config.confinement == Confinement::Full,
            counts: counted(&glance.counts),
            held: glance.held.iter().map(|(precedence, count)| (precedence.word().to_owned(), *count)).collect(),
            peers: self.peers(&config, begin, &glance),
            minutes: minutes(begin, &glance.minutes),
            stuck: glance.stuck.iter().filter(|one| one.row.state != State::Delivered).map(|one| message(one, &shift.edition)).collect(),
            alarms: self.alarms.now().into_iter().collect(),
            refused: self.refused_everywhere().into_iter().collect(),
        })))
    }

    /// Refusals here and at the doors, by code.
    pub(in crate::process) fn refused_everywhere(&self) -> BTreeMap<String, u64> {
        let mut refused = self.refused.now();
        for (code, count) in self.at_doors.now() {
            let known = refused.entry(code).or_default();
            *known = known.saturating_add(count);
        }
        refused
    }

    fn peers(&self, config: &config::Gateway, begin: Time, glance: &Glance) -> Vec<Peer> {
        let minutes = &glance.minutes;
        // A recipient without a link has nothing in memory: what is due to it stands in the journal.
        let due: BTreeMap<&str, u64> = glance.due.iter().map(|due| (due.recipient.as_str(), due.count)).collect();
        let lanes: BTreeMap<Name, (usize, bool)> = self.waiting().into_iter().map(|(name, waiting, linked)| (name, (waiting, linked))).collect();
        let each = config.domains.iter().flat_map(|domain| domain.peers.iter().map(move |peer| (domain, peer)));
        each.map(|(domain, peer)| {
            let (waiting, linked) = lanes.get(&peer.name).copied().unwrap_or_default();
            let sent = |row: &&MinuteRow| row.what == "accepted" && row.from == peer.name;
            let received = |row: &&MinuteRow| row.what == "delivered" && row.recipient.as_ref() == Some(&peer.name);
            let both = |row: &&MinuteRow| sent(row) || received(row);
            Peer {
                name: peer.name.to_string(),
                domain: domain.name.to_string(),
                linked,
                waiting: u64::try_from(waiting).unwrap_or(u64::MAX).max(due.get(peer.name.as_str()).copied().unwrap_or_default()),
                sent: sum(minutes.iter().filter(sent)),
                received: sum(minutes.iter().filter(received)),
                flow: by_minute(begin, minutes.iter().filter(both)),
            }
        })
        .collect()
    }

    pub(super) async fn partners(&self) -> Result<View, Fault> {
        let (now, shift, config) = (world::now(), self.shifts.now(), self.config.load_full());
        let begin = first_minute(now);
        let glance = self.journal.glance(begin).await?;
        let lanes = self.lanes.load_full();
        let until = |name: &str| lanes.iter().find(|(peer, _)| peer.as_str() == name).and_then(|(_, lane)| lane.certificate_end());
        let released: BTreeMap<Name, u64> = self.journal.clauses().await?.into_iter().collect();
        let identities: BTreeMap<String, String> =
            config.domains.iter().flat_map(|domain| &domain.peers).map(|peer| (peer.name.to_string(), peer.identity.clone())).collect();
        let partners = self.peers(&config, begin, &glance).into_iter().map(|peer| {
            let entry = shift.edition.peers.values().find(|entry| entry.name.as_str() == peer.name);
            Partner {
                nation: entry.map(|entry| entry.nation.clone()).unwrap_or_default(),
                clearance: entry.map(|entry| clearance(&shift.edition.lattice, entry)).unwrap_or_default(),
                identity: identities.get(&peer.name).cloned().unwrap_or_default(),
                certificate_until: until(&peer.name)
                    .and_then(|seconds| Time::from_unix_ms(seconds.saturating_mul(1000)))
                    .map(|time| time.to_string())
                    .unwrap_or_default(),
                agreements: entry.map(|entry| agreements(&shift.edition, entry, now)).unwrap_or_default(),
                totals: totals(&glance.counts, &peer.name),
                clauses: entry.map(|entry| clauses_with(&shift.edition, entry, &released)).unwrap_or_default(),
                peer,
            }
        });
        Ok(View::Partners { partners: partners.collect() })
    }
}

/// A glance in which known items that wait count as the messages that they seem to be: a number that says less than the list would betray them.
fn with_seeds(mut glance: Glance) -> Glance {
    let open = u64::try_from(glance.seeds.len()).unwrap_or(u64::MAX);
    glance.counts.held = glance.counts.held.saturating_add(open);
    glance.counts.accepted = glance.counts.accepted.saturating_add(open);
    for seed in &glance.seeds {
        let minute = seed.received.unix_ms().div_euclid(MINUTE_MS).saturating_mul(MINUTE_MS);
        let Some(time) = Time::from_unix_ms(minute) else { continue };
        let row = |recipient, what: &str| MinuteRow { time, from: seed.message.from.clone(), recipient, what: what.to_owned(), count: 1 };
        glance.minutes.extend([row(None, "accepted"), row(Some(seed.recipient.clone()), "quarantine")]);
    }
    glance
}

/// The begin of the first of the minutes that are shown.
fn first_minute(now: Time) -> Time {
    let minute = now.unix_ms().div_euclid(MINUTE_MS);
    let first = minute.saturating_sub(MINUTES.saturating_sub(1)).saturating_mul(MINUTE_MS);
    Time::from_unix_ms(first).unwrap_or(now)
}

fn counted(counts: &Counts) -> Vec<(String, u64)> {
    counts.named().map(|(name, number)| (name.to_owned(), number)).to_vec()
}

fn sum<'m>(rows: impl Iterator<Item = &'m MinuteRow>) -> u64 {
    rows.fold(0, |sum, row| sum.saturating_add(row.count))
}

/// The begins of the minutes that are shown.
fn begins(begin: Time) -> impl Iterator<Item = Time> {
    (0..MINUTES).filter_map(move |minute| Time::from_unix_ms(begin.unix_ms().saturating_add(minute.saturating_mul(MINUTE_MS))))
}

fn by_minute<'m>(begin: Time, rows: impl Iterator<Item = &'m MinuteRow>) -> Vec<u64> {
    let mut sums: BTreeMap<i64, u64> = begins(begin).map(|time| (time.unix_ms(), 0)).collect();
    for row in rows {
        if let Some(count) = sums.get_mut(&row.time.unix_ms()) {
            *count = count.saturating_add(row.count);
        }
    }
    sums.into_values().collect()
}

fn minutes(begin: Time, rows: &[MinuteRow]) -> Vec<Minute> {
    begins(begin)
        .map(|time| {
            let of = |outcome: &str| sum(rows.iter().filter(|row| row.time == time && row.what == outcome));
            Minute { time: time.to_string(), outcomes: OUTCOMES.map(|outcome| (outcome.to_owned(), of(outcome))).to_vec() }
        })
        .collect()
}

/// What a peer is cleared for: the highest level of each policy.
fn clearance(lattice: &Lattice, entry: &PeerEntry) -> String {
    let highest = entry.clearances.iter().filter_map(|clearance| {
        let level = clearance.levels.iter().max_by_key(|level| lattice.rank(clearance.policy, **level))?;
        Some(format!("{} {}", lattice.policy_name(clearance.policy), lattice.level_name(clearance.policy, *level)))
    });
    highest.collect::<Vec<_>>().join(", ")
}

/// Agreements in force under which something may come from or go to a peer.
fn agreements(edition: &Edition, entry: &PeerEntry, now: Time) -> Vec<String> {
    let in_force = edition.agreements.iter().filter(|agreement| agreement.from <= now && now < agreement.until);
    let with = in_force.filter(|agreement| agreement.clauses.iter().any(|clause| entry.is_among(&clause.from) || entry.is_among(&clause.to)));
    with.map(|agreement| format!("{}: {}, until {}", agreement.id, agreement.title, agreement.until)).collect()
}

/// The clauses under which something may come from or go to a peer.
fn clauses_with(edition: &Edition, entry: &PeerEntry, released: &BTreeMap<Name, u64>) -> Vec<Clause> {
    let concerns = |clause: &crate::policy::Clause| entry.is_among(&clause.from) || entry.is_among(&clause.to);
    let with: std::collections::BTreeSet<String> = edition
        .agreements
        .iter()
        .flat_map(|agreement| &agreement.clauses)
        .filter(|clause| concerns(clause))
        .map(|clause| clause.id.to_string())
        .collect();
    super::clauses(edition, released).into_iter().filter(|clause| with.contains(&clause.name)).collect()
}

fn totals(counts: &Counts, peer: &str) -> Vec<(String, u64)> {
    let mut totals: BTreeMap<String, u64> = BTreeMap::new();
    for tally in &counts.tallies {
        let mut add = |side: &str| {
            let total = totals.entry(format!("{side}: {}", tally.outcome)).or_default();
            *total = total.saturating_add(tally.count);
        };
        if tally.from.as_str() == peer {
            add("from it");
        }
        if tally.recipient.as_ref().is_some_and(|name| name.as_str() == peer) {
            add("for it");
        }
    }
    totals.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_hour_has_sixty_minutes_and_each_count_stands_in_its_own() {
        let now = Time::parse("2026-11-23T12:00:30Z").unwrap();
        let begin = first_minute(now);
        assert_eq!(begin, Time::parse("2026-11-23T11:01:00Z").unwrap());
        let row = |time: &str, what: &str, count| MinuteRow {
            time: Time::parse(time).unwrap(),
            from: Name::new("gbr-ops").unwrap(),
            recipient: None,
            what: what.to_owned(),
            count,
        };
        let rows = [row("2026-11-23T12:00:00Z", "forward", 3), row("2026-11-23T11:01:00Z", "reject", 2), row("2026-11-23T10:00:00Z", "reject", 9)];
        let shown = minutes(begin, &rows);
        assert_eq!(shown.len(), 60);
        assert_eq!(shown.last().unwrap().outcomes[0], ("forward".to_owned(), 3));
        assert_eq!(shown[0].outcomes[3], ("reject".to_owned(), 2));
        let flow = by_minute(begin, rows.iter());
        assert_eq!((flow.len(), flow[0], flow[59], flow.iter().sum::<u64>()), (60, 2, 3, 5));
    }
}
