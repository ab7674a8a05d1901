//! What an operator may ask of a running gateway: one line of JSON in, one line out, over a socket file beside the journal.
//!
//! Takes requests from people of the same user account (or the administrator), gives answers. The command line asks
//! with [`ask`], the gateway answers with [`serve`]. What people look at is asked for and shown in one form ([`desk`]), for console, terminal and
//! programs alike. Rules change only by what officers have signed ([`officer`]). Deliberately absent: any request that could override mandatory control.

pub mod credentials;
pub mod desk;
pub mod emergency;
pub mod figures;
pub mod officer;
pub mod papers;
pub mod review;
pub mod socket;
pub mod standing;
pub mod statement;

pub use credentials::Credentials;
pub use officer::{Approval, Edict, Officers, Role};
pub use review::ReviewStatement;
pub use socket::{Asker, ask, listen, serve};

pub use standing::{Running, Standing};
pub use statement::{ConditionStatement, Emergency, Statement};

use serde::{Deserialize, Serialize};

use crate::base::{MessageId, Name};

/// The name of the socket file in the journal's folder.
pub const SOCKET: &str = "control.sock";

/// What is asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "ask", rename_all = "lowercase", deny_unknown_fields)]
pub enum Request {
    /// How the gateway is.
    Status {},
    /// Decide on a held message, unsigned: where the configuration names no officers.
    Review(Review),
    /// To do what a reviewer has signed.
    Note {
        /// The signed statement.
        note: String,
    },
    /// To do what only the supervisor can do.
    Act(Act),
    /// To be shown something.
    Look(desk::Query),
}

/// What only the supervisor can do. What officers have signed is believed by its signatures and by nothing else; to drain changes no rule, and is for
/// the operator who may also end the process.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "act", rename_all = "lowercase", deny_unknown_fields)]
pub enum Act {
    /// To put the edition of a folder in force.
    Activate {
        /// The folder, by its whole name.
        folder: std::path::PathBuf,
        /// From when; at once where nothing is said.
        from: Option<crate::base::Time>,
        /// Whether it is for an emergency, so that nobody begins one by mistake.
        emergency: bool,
    },
    /// To set a condition.
    Condition {
        /// The operator's signed statement.
        note: String,
    },
    /// To put an officer's signature beside an edition that waits.
    Sign {
        /// The officer's signed statement about the edition.
        note: String,
    },
    /// To take in nothing new, to end what is under way, and to stop.
    Drain {},
}

impl Act {
    /// How long a gateway may take for it: an edition is compiled, tried on its cases and given to new processes before it is in force.
    #[must_use]
    pub const fn time_max(&self) -> std::time::Duration {
        std::time::Duration::from_secs(match self {
            Self::Activate { .. } => 300,
            Self::Condition { .. } => 310,
            Self::Sign { .. } | Self::Drain {} => 60,
        })
    }
}

impl Request {
    /// How long an answer may take.
    #[must_use]
    pub const fn time_max(&self) -> std::time::Duration {
        match self {
            Self::Status {} | Self::Review(_) | Self::Note { .. } | Self::Look(_) => socket::ANSWER_TIME_MAX,
            Self::Act(act) => act.time_max(),
        }
    }

    /// Bytes of its answer at most.
    #[must_use]
    pub const fn answer_bytes_max(&self) -> u64 {
        match self {
            Self::Look(_) => socket::VIEW_BYTES_MAX,
            Self::Status {} | Self::Review(_) | Self::Note { .. } | Self::Act(_) => socket::LINE_BYTES_MAX,
        }
    }
}

/// A reviewer's decision on one held message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Review {
    /// The message.
    #[serde(with = "id_as_text")]
    pub message: MessageId,
    /// The peer that sent it; needed where two peers used the same id.
    pub from: Option<Name>,
    /// The recipient; `None` for all for whom it is held.
    pub recipient: Option<Name>,
    /// What the reviewer decided.
    pub verdict: Verdict,
    /// Who decided, as the reviewer signs: 1 to 64 characters.
    pub reviewer: Name,
    /// Why, for the record: 1 to 1,000 characters.
    pub reason: String,
    /// Findings that are let pass, by name, each with its reason; without a list, all that may be.
    #[serde(default)]
    pub waived: Option<Vec<(String, String)>>,
    /// Paths of fields that are taken out.
    #[serde(default)]
    pub removed: Vec<String>,
    /// Where it is returned: why, as its sender is told.
    #[serde(default)]
    pub class: Option<crate::statement::ReturnClass>,
    /// Where it is passed: to whom.
    #[serde(default)]
    pub colleague: Option<Name>,
}

/// What a reviewer may decide.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// Waive the findings that held it; the message is read, decided and verified anew, and leaves only if nothing else stops it.
    Release,
    /// It never leaves.
    Reject,
    /// It never leaves, and its sender is told why in a word.
    Return,
    /// A colleague is to decide.
    Pass,
}

/// What comes back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "answer", rename_all = "lowercase")]
pub enum Response {
    /// It is done and durable.
    Done {
        /// One line for people.
        text: String,
    },
    /// It is recorded, and waits for a second person.
    Waiting {
        /// One line for people.
        text: String,
    },
    /// It was not done.
    Refused {
        /// One line for people: what was expected, what to do.
        text: String,
    },
    /// How the gateway is: names and numbers.
    Status {
        /// In the order in which people should read them.
        lines: Vec<(String, String)>,
        /// Its processes, as the supervisor sees them.
        processes: Vec<serde_json::Value>,
    },
    /// What is shown.
    View(desk::View),
}

mod id_as_text {
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    use crate::base::MessageId;

    pub(super) fn serialize<S: Serializer>(id: &MessageId, out: S) -> Result<S::Ok, S::Error> {
        out.collect_str(id)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<MessageId, D::Error> {
        String::deserialize(from)?.parse().map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn review() -> Request {
        Request::Review(Review {
            message: MessageId::from_parts(1, [0; 10]),
            from: None,
            recipient: Name::new("usa-ops"),
            verdict: Verdict::Release,
            reviewer: Name::new("a.turing").unwrap(),
            reason: "known false alarm".to_owned(),
            waived: None,
            removed: Vec::new(),
            class: None,
            colleague: None,
        })
    }

    #[test]
    fn requests_and_answers_read_back_as_they_were_written() {
        let wanted = desk::Wanted { state: Some("held".to_owned()), ..desk::Wanted::default() };
        let page = desk::Query::Messages { wanted, order: desk::Order::Triage, after: None, rows: 50 };
        for request in [Request::Status {}, review(), Request::Look(desk::Query::Overview {}), Request::Look(page)] {
            let line = serde_json::to_string(&request).unwrap();
            assert_eq!(serde_json::from_str::<Request>(&line).unwrap(), request, "{line}");
        }
        let answer = Response::Status { lines: vec![("held".to_owned(), "3".to_owned())], processes: Vec::new() };
        assert_eq!(serde_json::from_str::<Response>(&serde_json::to_string(&answer).unwrap()).unwrap(), answer);
    }

    #[test]
    fn unknown_requests_keys_and_identities_are_refused() {
        let good = serde_json::to_string(&review()).unwrap();
        assert!(serde_json::from_str::<Request>(&good).is_ok());
        for bad in [
            r#"{"ask":"override"}"#.to_owned(),
            r#"{"ask":"status","as":"root"}"#.to_owned(),
            r#"{"ask":"look","look":"everything"}"#.to_owned(),
            r#"{"ask":"look","look":"proof","index":1,"sign":true}"#.to_owned(),
            good.replace("\"verdict\"", "\"waive_clearance\":true,\"verdict\""),
            good.replace("release", "allow"),
            good.replace("00000000-0001-7", "00000000-0001-4"),
            good.replace("a.turing", ""),
            String::new(),
        ] {
            assert!(serde_json::from_str::<Request>(&bad).is_err(), "{bad}");
        }
    }
}
