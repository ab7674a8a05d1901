//! The desk's hop: what operators ask of the keeper, and its answers.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use minicbor::bytes::ByteVec;
use minicbor::{Decode, Encode};
use tokio::sync::{mpsc, oneshot, watch};

use super::keeper::Shared;
use super::review::{Ask, Asked};
use crate::base::Fault;
use crate::control::desk::{Later, Office, Query, View};
use crate::control::papers::Papers;
use crate::control::{Act, Response};
use crate::hop::wire::Receiver;
use crate::hop::{Sender, Wire};

/// What the desk says to the keeper.
#[derive(Debug, Encode, Decode)]
pub(super) enum FromDesk {
    /// How the gateway is.
    #[n(0)]
    Status {
        /// What the answer is to name.
        #[n(0)]
        ask: u64,
    },
    /// To decide on a held message.
    #[n(1)]
    Review {
        /// What the answer is to name.
        #[n(0)]
        ask: u64,
        /// The decision.
        #[n(1)]
        review: Ask,
    },
    /// To be shown something.
    #[n(2)]
    Look {
        /// What the answer is to name.
        #[n(0)]
        ask: u64,
        /// A [`Query`], as JSON: console, control socket and keeper have one form of it.
        #[n(1)]
        query: ByteVec,
    },
    /// To do what a reviewer has signed.
    #[n(3)]
    Note {
        /// What the answer is to name.
        #[n(0)]
        ask: u64,
        /// The signed note.
        #[n(1)]
        note: String,
    },
}

/// What the keeper says to the desk.
#[derive(Debug, Encode, Decode)]
pub(super) enum ToDesk {
    /// How the gateway is, and by whom it was asked.
    #[n(0)]
    Answer {
        /// Which question.
        #[n(0)]
        ask: u64,
        /// The answer.
        #[n(1)]
        answer: Answer,
    },
}

/// An answer to the desk.
#[derive(Debug, Encode, Decode)]
pub(super) enum Answer {
    /// Names and numbers.
    #[n(0)]
    Status {
        /// In the order in which people should read them.
        #[n(0)]
        lines: Vec<(String, String)>,
    },
    /// What became of a review.
    #[n(1)]
    Reviewed {
        /// For each recipient.
        #[n(0)]
        asked: Vec<Asked>,
    },
    /// It was not done.
    #[n(2)]
    Refused {
        /// Why.
        #[n(0)]
        why: String,
    },
    /// What is shown.
    #[n(3)]
    View {
        /// A [`View`], as JSON.
        #[n(0)]
        view: ByteVec,
    },
    /// What became of a signed note.
    #[n(4)]
    Noted {
        /// A [`Response`], as JSON.
        #[n(0)]
        response: ByteVec,
    },
}

/// Plain data of the desk, as it goes over the hop.
fn as_json(value: &impl serde::Serialize) -> Result<ByteVec, Fault> {
    serde_json::to_vec(value).map(ByteVec::from).map_err(|cause| Fault::from_cause("what is asked or shown cannot be written", cause))
}

/// Plain data of the desk, as it came over the hop.
fn of_json<T: serde::de::DeserializeOwned>(bytes: &[u8]) -> Result<T, Fault> {
    serde_json::from_slice(bytes).map_err(|cause| Fault::from_cause("what is asked or shown does not read; both ends must be of one version", cause))
}

impl Shared {
    /// Answers the desk until it is gone.
    pub(super) async fn attend_desk(self: Arc<Self>, wire: Wire<ToDesk, FromDesk>) {
        let Wire { sender, mut receiver } = wire;
        loop {
            let said = match receiver.hear().await {
                Ok(Some(said)) => said,
                Ok(None) => return,
                Err(fault) => {
                    tracing::error!(%fault, "the desk is let go");
                    return;
                }
            };
            let (shared, sender) = (Arc::clone(&self), sender.clone());
            self.tasks.spawn(async move {
                let (ask, answer) = match said {
                    FromDesk::Status { ask } => (ask, shared.status().await.map(|lines| Answer::Status { lines })),
                    FromDesk::Review { ask, review } => (ask, shared.review(&review).await.map(|asked| Answer::Reviewed { asked })),
                    FromDesk::Look { ask, query } => (ask, shared.show(&query).await.map(|view| Answer::View { view })),
                    FromDesk::Note { ask, note } => (ask, shared.noted(&note).await.map(|response| Answer::Noted { response })),
                };
                let answer = answer.unwrap_or_else(|fault| Answer::Refused { why: fault.what });
                // Fails where the desk is gone: who asked asks again.
                let _ = sender.say(ToDesk::Answer { ask, answer }).await;
            });
        }
    }

    async fn show(&self, query: &[u8]) -> Result<ByteVec, Fault> {
        as_json(&self.look(of_json(query)?).await?)
    }

    async fn noted(&self, note: &str) -> Result<ByteVec, Fault> {
        as_json(&self.take_note(note).await?)
    }

    /// How the gateway is: names and numbers.
    pub(super) async fn status(&self) -> Result<Vec<(String, String)>, Fault> {
        let counts = self.journal.counts().await?;
        let shift = self.shifts.now();
        let mut first = vec![("edition".to_owned(), format!("{} ({})", shift.title, shift.edition.digest))];
        if self.draining.load(Ordering::Acquire) {
            first.push(("draining".to_owned(), "yes: nothing new is taken in".to_owned()));
        }
        first.extend(self.conditions.load().iter().map(|(name, value)| (format!("condition {name}"), value.clone())));
        let mut lines = first;
        lines.extend(counts.named().map(|(name, number)| (name.to_owned(), number.to_string())));
        for (peer, waiting, linked) in self.waiting() {
            lines.push((format!("peer {peer}"), format!("{}, {waiting} waiting", if linked { "linked" } else { "not linked" })));
        }
        let refused = self.refused_everywhere();
        lines.extend(self.alarms.now().into_iter().map(|(code, count)| (format!("alarm {code}"), count.to_string())));
        lines.extend(refused.into_iter().map(|(code, count)| (format!("refused {code}"), count.to_string())));
        Ok(lines)
    }
}

/// The desk's end: asks the keeper, and waits for its answers.
#[derive(Debug, Clone)]
pub struct DeskLine {
    sender: Sender<FromDesk>,
    waiting: Arc<Mutex<HashMap<u64, oneshot::Sender<Answer>>>>,
    number: Arc<AtomicU64>,
    /// To the supervisor, who does what officers have signed.
    acts: Acts,
    /// What the supervisor last told.
    told: Told,
}

/// What the supervisor last told: the processes, one JSON object each, and what it read of files.
type Told = (watch::Receiver<Vec<String>>, watch::Receiver<Papers>);

/// Acts, each with where its answer goes.
type Acts = mpsc::Sender<(Act, oneshot::Sender<Response>)>;

impl DeskLine {
    /// The line over a wire, and what hears the keeper's answers until it is gone.
    pub(super) fn over(wire: Wire<FromDesk, ToDesk>, acts: Acts, told: Told) -> (Self, impl Future<Output = Result<(), Fault>>) {
        let Wire { sender, receiver } = wire;
        let line = Self { sender, waiting: Arc::default(), number: Arc::new(AtomicU64::new(1)), acts, told };
        let heard = hear(Arc::clone(&line.waiting), receiver);
        (line, heard)
    }

    async fn ask(&self, say: impl FnOnce(u64) -> FromDesk) -> Result<Answer, Fault> {
        let gone = || Fault::new("the gateway's keeper does not answer; look into its log, and ask again");
        let number = self.number.fetch_add(1, Ordering::Relaxed);
        let (tell, wait) = oneshot::channel();
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner).insert(number, tell);
        self.sender.say(say(number)).await.map_err(|_| gone())?;
        wait.await.map_err(|_| gone())
    }

    /// Has the supervisor do what officers have signed.
    ///
    /// # Errors
    /// Where the supervisor does not answer.
    pub async fn act(&self, act: Act) -> Result<Response, Fault> {
        let gone = || Fault::new("the gateway's supervisor does not answer; look into its log, and ask again");
        let (tell, wait) = oneshot::channel();
        self.acts.send((act, tell)).await.map_err(|_| gone())?;
        wait.await.map_err(|_| gone())
    }

    /// How the gateway is: names and numbers.
    ///
    /// # Errors
    /// Where the keeper does not answer.
    pub async fn status(&self) -> Result<Vec<(String, String)>, Fault> {
        match self.ask(|ask| FromDesk::Status { ask }).await? {
            Answer::Status { lines } => Ok(lines),
            Answer::Refused { why } => Err(Fault::new(why)),
            _ => Err(strange()),
        }
    }

    /// Carries out a review.
    ///
    /// # Errors
    /// When nothing is held under the id, the journal refuses, or the keeper does not answer.
    pub async fn review(&self, review: Ask) -> Result<Vec<Asked>, Fault> {
        match self.ask(|ask| FromDesk::Review { ask, review }).await? {
            Answer::Reviewed { asked } => Ok(asked),
            Answer::Refused { why } => Err(Fault::new(why)),
            _ => Err(strange()),
        }
    }

    /// Has the keeper show something.
    ///
    /// # Errors
    /// Where the keeper does not answer, or cannot read its journal.
    pub async fn look(&self, query: Query) -> Result<View, Fault> {
        let query = as_json(&query)?;
        match self.ask(|ask| FromDesk::Look { ask, query }).await? {
            Answer::View { view } => of_json(&view),
            Answer::Refused { why } => Err(Fault::new(why)),
            _ => Err(strange()),
        }
    }

    /// Has the keeper do what a reviewer has signed.
    ///
    /// # Errors
    /// Where the keeper does not answer, or its journal refuses.
    pub async fn note(&self, note: String) -> Result<Response, Fault> {
        match self.ask(|ask| FromDesk::Note { ask, note }).await? {
            Answer::Noted { response } => of_json(&response),
            Answer::Refused { why } => Err(Fault::new(why)),
            _ => Err(strange()),
        }
    }
}

fn strange() -> Fault {
    Fault::new("the keeper answers what it was not asked")
}

impl Office for DeskLine {
    fn look(&self, query: Query) -> Later<'_, View> {
        Box::pin(Self::look(self, query))
    }

    fn review(&self, note: String) -> Later<'_, Response> {
        Box::pin(self.note(note))
    }

    fn act(&self, act: Act) -> Later<'_, Response> {
        Box::pin(Self::act(self, act))
    }

    fn processes(&self) -> Vec<serde_json::Value> {
        self.told.0.borrow().iter().filter_map(|line| serde_json::from_str(line).ok()).collect()
    }

    fn papers(&self) -> Papers {
        self.told.1.borrow().clone()
    }
}

async fn hear(waiting: Arc<Mutex<HashMap<u64, oneshot::Sender<Answer>>>>, mut receiver: Receiver<ToDesk>) -> Result<(), Fault> {
    while let Some(ToDesk::Answer { ask, answer }) = receiver.hear().await? {
        if let Some(wait) = waiting.lock().unwrap_or_else(PoisonError::into_inner).remove(&ask) {
            // Who asked may be gone.
            drop(wait.send(answer));
        }
    }
    waiting.lock().unwrap_or_else(PoisonError::into_inner).clear();
    Ok(())
}
