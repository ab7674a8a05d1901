//! Records as people read them: one line about what happened, without content of messages.

use super::event::Effect;
use super::{EditionAct, Event, Stated};
use crate::base::{Name, Time};

impl Event {
    /// What happened, in one line.
    #[must_use]
    pub fn told(&self) -> String {
        match self {
            Self::Accepted(event) => {
                let to: Vec<&str> = event.header.destinations.iter().map(Name::as_str).collect();
                format!("{} to {}, {} bytes, {}", event.header.precedence, to.join(" "), event.body.length, event.received)
            }
            Self::Decided(event) => {
                let each = event.decisions.iter().map(|one| match one.code {
                    Some(code) => format!("{}: {} {code}", one.recipient, one.outcome),
                    None => format!("{}: {}", one.recipient, one.outcome),
                });
                format!("{}; {}", each.chain(event.refusal.map(|code| code.to_string())).collect::<Vec<_>>().join(", "), event.edition)
            }
            Self::Released(event) => {
                let clause = event.clause.as_ref().map_or("no clause", Name::as_str);
                format!("to {}, attempt {}, under {clause}", event.recipient, event.attempt)
            }
            Self::Delivered(event) => format!("to {}, receipt of {}", event.recipient, event.receipt),
            Self::Reviewed(event) => {
                let pending = event.pending.map(|pending| format!("; {}", pending.told())).unwrap_or_default();
                format!("{} by {} for {}{pending}", event.verdict.word(), event.reviewer, event.recipient)
            }
            Self::Seeded(event) => {
                format!("known item `{}` for {}, expected: {}", event.file, event.recipient, event.expected.word())
            }
            Self::Looked(event) => format!("by {} for {}", event.officer, event.recipient),
            Self::Origin(event) => {
                let consents = if event.consents.is_empty() { String::new() } else { format!(", under {}", event.consents.join(" ")) };
                format!("for {}: information of {}{consents}", event.recipient, event.origins.join(" "))
            }
            Self::Stated(event) => stated(event),
            Self::Operated(event) => format!("{}: {}", event.who, event.what),
            Self::Edition(act) => edition(act),
            Self::Condition(act) => format!("{} is {}, by {}: {}", act.name, act.value, act.hand.officer, act.why),
            Self::Restored(event) => format!("put back from the backup of {}, {} records", event.backup, event.records),
            Self::Checkpointed(event) => format!("checkpoint {} over {} records", event.number, event.size),
        }
    }

    /// When it happened, by the gateway's clock; nothing for a checkpoint, which says what and not when.
    #[must_use]
    pub const fn time(&self) -> Option<Time> {
        Some(match self {
            Self::Accepted(event) => event.received,
            Self::Decided(event) => event.time,
            Self::Released(event) => event.time,
            Self::Delivered(event) => event.time,
            Self::Reviewed(event) => event.time,
            Self::Operated(event) => event.time,
            Self::Origin(event) => event.time,
            Self::Stated(event) => event.time,
            Self::Edition(event) => event.time,
            Self::Condition(event) => event.time,
            Self::Restored(event) => event.time,
            Self::Looked(event) => event.time,
            Self::Seeded(event) => event.accepted.received,
            Self::Checkpointed(_) => return None,
        })
    }
}

fn stated(stated: &Stated) -> String {
    match (&stated.effect, stated.refusal) {
        (Some(Effect::Granted { id, uses }), _) => format!("consent {id} for {uses} releases"),
        (Some(Effect::Revoked { id, of }), _) => format!("revocation {id} of {of}"),
        (Some(Effect::Recalled { id, targets }), _) => format!("recall {id} of {} messages", targets.len()),
        (Some(Effect::Acknowledged { id, of, by }), _) => format!("acknowledgement {id} of {of} by {by}"),
        (None, Some(code)) => format!("refused: {code}"),
        (None, None) => String::new(),
    }
}

fn edition(act: &EditionAct) -> String {
    let hands: Vec<String> = act.hands.iter().map(|hand| format!("{} as {}", hand.officer, hand.role)).collect();
    let mut text = format!("{} {}", act.title(), act.step.word());
    for (word, more) in [
        ("by", hands.join(" and ")),
        ("from", act.from.map(|time| time.to_string()).unwrap_or_default()),
        ("until", act.until.map(|time| time.to_string()).unwrap_or_default()),
        ("in", act.scope.join(" ")),
        ("because:", act.why.clone()),
    ] {
        if !more.is_empty() {
            text.push_str(&format!(", {word} {more}"));
        }
    }
    text
}
