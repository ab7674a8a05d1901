//! The supervisor's office: it does what officers have signed. An edition comes into force, an emergency begins and ends, a condition is set.
//!
//! The workers of the new edition are made ready while those of the present one work on. The record of the change, the keeper's word, is the moment
//! at which the new edition is in force: what the journal says counts, also after any process or all of them were lost in the middle.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, watch};

use super::order::{Order, sent};
use super::rules::{self, Examined, Faulty, Ground, Rules};
use super::supervisor::{Phase, Shared, lock};
use super::{credentials, papers, world};
use crate::base::{Fault, Time};
use crate::config;
use crate::control::{Act, Edict, Response, Standing, statement};
use crate::journal::{ConditionAct, EditionAct, Event, Step};

/// What the office works with: answers of processes, and their phases.
pub(super) type Tools<'t> = (&'t mut mpsc::Receiver<(String, Option<String>)>, &'t [watch::Sender<Phase>]);

/// How long before its time an edition is made ready: 30 seconds, in which a large rule set compiles.
const AHEAD_SECONDS: i64 = 30;
/// The pause before what fell due is tried again: 5 seconds.
const AGAIN: Duration = Duration::from_secs(5);
/// How often the return from an emergency is tried before the gateway stops: 3 times. A guard does not go on under rules whose time is over.
const RETURNS_MAX: u32 = 3;

/// What falls due by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Due {
    /// The emergency is over, and this edition is to be in force again.
    Return(Edict),
    /// An edition's time has come, or is near.
    Begin(Edict, Time),
}

/// What falls due next, and when.
fn next_due(standing: &Standing) -> Option<(Time, Due)> {
    let over = standing.emergency.as_ref().map(|running| (running.until, Due::Return(running.before.clone())));
    let begin = standing.scheduled.as_ref().map(|(edict, from)| {
        let ahead = Time::from_unix_ms(from.unix_ms().saturating_sub(AHEAD_SECONDS.saturating_mul(1000)));
        (ahead.unwrap_or(*from), Due::Begin(edict.clone(), *from))
    });
    over.into_iter().chain(begin).min_by_key(|(time, _)| *time)
}

/// Completes at a time.
async fn at(time: Time) {
    loop {
        let left = time.unix_ms().saturating_sub(world::now().unix_ms());
        let Some(left) = u64::try_from(left).ok().filter(|left| *left > 0) else { return };
        // The clock may be set meanwhile: it is looked at again.
        tokio::time::sleep(Duration::from_millis(left.min(1000))).await;
    }
}

impl Shared {
    /// The edition in force.
    pub(super) fn in_force(&self) -> Result<Arc<Rules>, Fault> {
        let board = lock(&self.board);
        board.rules.get(board.active).cloned().flatten().ok_or_else(|| Fault::new("no edition is in force"))
    }

    pub(super) fn config(&self) -> config::Gateway {
        lock(&self.plan).config.clone()
    }

    /// Completes when something falls due.
    pub(super) async fn due(&self) -> Due {
        loop {
            let standing = match self.config().officers.is_empty() {
                true => Standing::default(),
                false => match rules::standing(&self.config().journal) {
                    Ok(standing) => standing,
                    Err(fault) => {
                        tracing::error!(%fault, "what is due is not known");
                        tokio::time::sleep(AGAIN).await;
                        continue;
                    }
                },
            };
            match next_due(&standing) {
                Some((time, due)) => {
                    at(time).await;
                    return due;
                }
                // Every act begins the wait anew.
                None => std::future::pending::<()>().await,
            }
        }
    }

    /// Does what fell due.
    pub(super) async fn fall_due(&self, due: Due, tools: Tools<'_>) {
        let done = match due.clone() {
            Due::Return(before) => self.end_emergency(&before, tools).await,
            Due::Begin(edict, from) => self.begin_scheduled(&edict, from, tools).await,
        };
        let Err(fault) = done else { return };
        tracing::error!(%fault, ?due, "what was due could not be done");
        let returns = match due {
            Due::Return(_) => {
                let mut returns = lock(&self.returns);
                *returns = returns.saturating_add(1);
                *returns
            }
            Due::Begin(..) => 0,
        };
        if returns >= RETURNS_MAX {
            let why = format!("the emergency is over, and the edition before it cannot be put in force: {fault}");
            // Another may have said why already.
            let _ = self.hopeless.try_send(Fault::new(why));
        }
        tokio::time::sleep(AGAIN).await;
    }

    /// Returns from an emergency.
    async fn end_emergency(&self, before: &Edict, tools: Tools<'_>) -> Result<(), Fault> {
        let rules = rules::kept(&self.config().journal, before)?;
        tracing::warn!(edition = %before.title(), "THE EMERGENCY IS OVER: the edition before it comes into force again; read `vestibule audit emergency`");
        self.switch(rules, vec![rules::ended(before, world::now())], None, tools).await?;
        *lock(&self.returns) = 0;
        Ok(())
    }

    /// Puts an edition in force whose time has come; one that may not be any more is refused, and forgotten.
    async fn begin_scheduled(&self, edict: &Edict, from: Time, tools: Tools<'_>) -> Result<(), Fault> {
        let folder = rules::place(&self.config().journal, edict.digest);
        match self.examined(folder, from).await? {
            Ok(examined) => self.enact(examined, Some(from), tools).await.map(|_| ()),
            Err(faulty) => self.refuse(edict, &faulty, tools).await.map(|_| ()),
        }
    }

    /// Answers the desk.
    pub(super) async fn acted(&self, number: u64, line: &str, tools: Tools<'_>) {
        let response = match serde_json::from_str::<Act>(line) {
            Ok(Act::Drain {}) => match self.drain(tools.0).await {
                Ok(()) => {
                    self.drained.notify_one();
                    Response::Done { text: "nothing new is taken in, nothing is under way; the gateway stops".to_owned() }
                }
                Err(fault) => Response::Refused { text: fault.to_string() },
            },
            Ok(act) => self.act(act, tools).await.unwrap_or_else(|fault| Response::Refused { text: fault.to_string() }),
            Err(error) => Response::Refused { text: format!("the act is not one that this gateway knows: {error}") },
        };
        self.papers.notify_one();
        if let Ok(line) = serde_json::to_string(&response) {
            self.to_desk(Order::Answer { number, line }).await;
        }
    }

    async fn act(&self, act: Act, tools: Tools<'_>) -> Result<Response, Fault> {
        if self.config().officers.is_empty() {
            let text = "the gateway's configuration names no officers: the folder of rules is in force as it is, and takes effect at a restart";
            return Ok(Response::Refused { text: text.to_owned() });
        }
        match act {
            Act::Activate { folder, from, emergency } => self.activate(folder, from, emergency, tools).await,
            Act::Condition { note } => self.set_condition(&note, tools).await,
            Act::Sign { note } => self.sign(note).await,
            Act::Drain {} => Ok(Response::Refused { text: "to drain is no act of officers".to_owned() }),
        }
    }

    /// Has the keeper take in nothing new; completes when nothing is under way.
    pub(super) async fn drain(&self, renewals: &mut mpsc::Receiver<(String, Option<String>)>) -> Result<(), Fault> {
        tracing::info!("draining: senders are told `busy`, and what is under way ends");
        self.to_keeper(Order::Drain, renewals).await
    }

    async fn activate(&self, folder: PathBuf, from: Option<Time>, emergency: bool, tools: Tools<'_>) -> Result<Response, Fault> {
        let now = world::now();
        let examined = match self.examined(folder.clone(), now).await? {
            Ok(examined) if examined.approval.emergency.is_some() == emergency => examined,
            Ok(examined) => {
                let verb = if emergency { "activate" } else { "break-glass" };
                let why = format!(
                    "the signatures are for the other kind of edition: an emergency has until, scope and reason; see `vestibule rules {verb}`"
                );
                return self.refuse(&examined.edict(), &vec![why].into(), tools).await;
            }
            Err(faulty) => return self.refuse(&self.named(&folder), &faulty, tools).await,
        };
        let Some(from) = from.filter(|from| *from > now) else { return self.enact(examined, None, tools).await };
        if emergency {
            return self.refuse(&examined.edict(), &vec!["an emergency begins at once: leave `--from` out".to_owned()].into(), tools).await;
        }
        let edict = examined.edict();
        self.record(examined.acts(Step::Scheduled, Some(from), now), None, tools.0).await?;
        Ok(Response::Waiting { text: format!("{} comes into force at {from}", edict.title()) })
    }

    /// What a folder calls itself, for the record of a refusal.
    fn named(&self, folder: &Path) -> Edict {
        let named = crate::policy::read_folder(folder).ok().and_then(|files| {
            let edition = crate::policy::load(&files).ok()?;
            Some(rules::edict(&edition))
        });
        named.unwrap_or_else(|| Edict {
            ruleset: "a rule set that does not load".to_owned(),
            number: "at all".to_owned(),
            digest: crate::base::Digest::of(b""),
        })
    }

    /// Examines the edition of a folder, on a thread of its own, and keeps it where it may come into force.
    async fn examined(&self, folder: PathBuf, now: Time) -> Result<Result<Examined, Faulty>, Fault> {
        let (config, before) = (self.config(), self.in_force()?);
        let look = move || {
            let standing = rules::standing(&config.journal)?;
            let ground = Ground { config: &config, standing: &standing, before: Some(&before.edition), now };
            let examined = rules::examine(&folder, &ground)?;
            examined.as_ref().map_or(Ok(()), |examined| examined.keep(&config.journal))?;
            Ok(examined)
        };
        tokio::task::spawn_blocking(look).await.map_err(|cause| Fault::from_cause("the edition could not be examined", cause))?
    }

    /// Puts an examined edition in force.
    async fn enact(&self, examined: Examined, from: Option<Time>, tools: Tools<'_>) -> Result<Response, Fault> {
        let (edict, bounds) = (examined.edict(), examined.approval.emergency.clone());
        let step = if bounds.is_some() { Step::EmergencyBegun } else { Step::Activated };
        let acts = examined.acts(step, from, from.unwrap_or_else(world::now));
        let Examined { mut rules, .. } = examined;
        if let Some(bounds) = &bounds {
            rules.title = rules::emergency_title(&edict);
            tracing::warn!(edition = %edict.title(), until = %bounds.until, "AN EMERGENCY EDITION COMES INTO FORCE");
        }
        self.switch(rules, acts, from, tools).await?;
        let until = bounds.map(|bounds| format!(" until {}, then the edition before it", bounds.until)).unwrap_or_default();
        Ok(Response::Done { text: format!("{} is in force{until} (digest {})", edict.title(), edict.digest) })
    }

    async fn refuse(&self, edict: &Edict, faulty: &Faulty, (renewals, _): Tools<'_>) -> Result<Response, Fault> {
        let lines = faulty.lines();
        tracing::warn!(edition = %edict.title(), faults = lines.len(), "an edition is refused");
        let act = EditionAct { why: lines.join("; "), ..rules::plain(Step::Refused, edict, world::now()) };
        self.record(vec![Event::Edition(act)], None, renewals).await?;
        Ok(Response::Refused { text: format!("{} is refused, and what was in force stays:\n{}", edict.title(), lines.join("\n")) })
    }

    /// Makes workers of an edition ready, has the keeper record the change and give them all work, and lets those before them go.
    async fn switch(&self, rules: Rules, acts: Vec<Event>, from: Option<Time>, (renewals, phases): Tools<'_>) -> Result<(), Fault> {
        let (old, new) = {
            let board = lock(&self.board);
            (board.active, 1_usize.saturating_sub(board.active))
        };
        let (digest, prepare) = (rules.edition.digest, Order::Prepare { rules: sent(&rules.files), title: rules.title.clone() });
        if let Some(place) = lock(&self.board).rules.get_mut(new) {
            *place = Some(Arc::new(rules));
        }
        let changed = async {
            self.to_keeper(prepare, renewals).await?;
            self.make_ready(new, phases).await?;
            if let Some(from) = from {
                at(from).await;
            }
            self.record(acts, Some(digest), renewals).await
        };
        if let Err(fault) = changed.await {
            // The keeper may have recorded it and be lost before it said so.
            let recorded = rules::standing(&self.config().journal)?.in_force.is_some_and(|edict| edict.digest == digest);
            if !recorded {
                self.retire(new, phases);
                return Err(fault);
            }
        }
        lock(&self.board).active = new;
        self.retire(old, phases);
        tracing::info!(digest = %digest, "another edition is in force");
        Ok(())
    }

    /// Starts the workers of a shift, all at once, and waits until each is ready.
    async fn make_ready(&self, shift: usize, phases: &[watch::Sender<Phase>]) -> Result<(), Fault> {
        let begun: Vec<_> = self
            .places(phases, shift)
            .map(|(at, phase)| {
                self.change(at, |process| process.spare = false);
                (at, self.begin(at, phase))
            })
            .collect();
        for (at, round) in begun {
            self.begun(at, round).await?;
        }
        Ok(())
    }

    /// Lets the workers of a shift go when they have ended what they have begun.
    fn retire(&self, shift: usize, phases: &[watch::Sender<Phase>]) {
        for (at, phase) in self.places(phases, shift) {
            phase.send_modify(|phase| {
                if *phase != Phase::Stop {
                    *phase = Phase::Rest;
                }
            });
            self.change(at, |process| process.spare = true);
        }
    }

    async fn record(
        &self,
        acts: Vec<Event>,
        change: Option<crate::base::Digest>,
        renewals: &mut mpsc::Receiver<(String, Option<String>)>,
    ) -> Result<(), Fault> {
        self.to_keeper(Order::Record { acts, change }, renewals).await
    }

    /// Tells the keeper, and waits until it has done it.
    async fn to_keeper(&self, order: Order, renewals: &mut mpsc::Receiver<(String, Option<String>)>) -> Result<(), Fault> {
        // What was given up earlier and left unheard.
        while renewals.try_recv().is_ok() {}
        if lock(&self.orders).first().is_none_or(Option::is_none) {
            return Err(Fault::new("the keeper is not there; look into the log, and ask again"));
        }
        self.renew(vec![(0, order)], renewals).await
    }

    /// Puts an officer's signature beside an edition that waits.
    async fn sign(&self, note: String) -> Result<Response, Fault> {
        let (config, now) = (self.config(), world::now());
        let put = move || papers::put(&config, &note, now);
        let put = tokio::task::spawn_blocking(put).await.map_err(|cause| Fault::from_cause("the signature could not be looked at", cause))?;
        Ok(put?.map_or_else(|text| Response::Refused { text: format!("nothing is signed: {text}") }, |text| Response::Done { text }))
    }

    async fn set_condition(&self, note: &str, (renewals, _): Tools<'_>) -> Result<Response, Fault> {
        let (config, now) = (self.config(), world::now());
        let standing = rules::standing(&config.journal)?;
        let refused = |text: String| Ok(Response::Refused { text: format!("the condition stays as it is: {text}") });
        let (said, hand) = match credentials::officers(&config)?.condition(note) {
            Ok(said) => said,
            Err(why) => return refused(why),
        };
        let rules = self.in_force()?;
        let declared = rules.edition.conditions.iter().find(|condition| condition.name.as_str() == said.name);
        let Some(declared) = declared else { return refused(format!("`{}` declares no condition `{}`", rules.title, said.name)) };
        if !declared.values.contains(&said.value) {
            return refused(format!("`{}` is no value of `{}`, expected one of {}", said.value, said.name, declared.values.join(", ")));
        }
        let skew = now.seconds_since(said.signed).unsigned_abs();
        if skew > u64::from(config.clock_seconds_max) {
            return refused(format!("it was signed {skew} seconds from now, expected at most {}; sign it again", config.clock_seconds_max));
        }
        if standing.conditions.get(&said.name).is_some_and(|(_, signed)| *signed >= said.signed) {
            return refused("a statement that was signed later, or this one, was taken already; sign it again".to_owned());
        }
        if let Err(why) = statement::check_reason(&said.reason) {
            return refused(why);
        }
        let act = ConditionAct { name: said.name.clone(), value: said.value.clone(), hand, why: said.reason, time: now };
        self.record(vec![Event::Condition(act)], None, renewals).await?;
        Ok(Response::Done { text: format!("`{}` is `{}` from now on", said.name, said.value) })
    }
}
