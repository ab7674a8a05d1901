//! A link to one peer, up and proved: messages out with their receipts, messages in with the duty to answer.
//!
//! Each message has its own stream, so none waits behind another; the stream's priority is the message's precedence,
//! and the most urgent message that has arrived is given out first. A link is a handle: clones are the same link.

use std::sync::Arc;
use std::time::Instant;

use quinn::{Connection, RecvStream, SendStream, VarInt};
use tokio::sync::{Mutex, OwnedSemaphorePermit, Semaphore, mpsc};

use super::counters::Counters;
use super::identity::Role;
use super::intake::{self, Untaken};
use super::receipt::{Receipt, Status};
use super::session::{Conduct, Verdict};
use super::wire::{self, Hello, Sizes};
use crate::base::{Digest, Header, MessageId, Name, Precedence, Reason, Refusal, Time};
use crate::config::Limits;

/// Why a link is closed, as the other side sees it (QUIC application error codes).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Close {
    /// Nothing is wrong.
    Done,
    /// The certificate is no longer accepted, or its bearer is no longer a peer.
    Unwelcome,
    /// A newer link of the same peer took its place.
    Superseded,
    /// Too many streams were opened and reset.
    Abuse,
    /// The hello was malformed or late.
    Hello,
}

impl Close {
    pub(super) const fn code(self) -> VarInt {
        VarInt::from_u32(match self {
            Self::Done => 0,
            Self::Unwelcome => 1,
            Self::Superseded => 2,
            Self::Abuse => 3,
            Self::Hello => 4,
        })
    }
}

/// Why a message was not answered.
#[derive(Debug, thiserror::Error)]
pub enum LinkError {
    /// The link is gone, or did not come up. The message may or may not have been accepted: send it again with its id.
    #[error("the link is closed: {0}")]
    Closed(String),
    /// The stream ended, or the time passed, without a receipt. Send the message again with its id.
    #[error("no receipt came; send the message again with the same id")]
    NoReceipt,
    /// What came was not a receipt of this message.
    #[error("the receipt is not that of the message: {0}")]
    Receipt(Refusal),
    /// The message cannot be sent: it has no encoding, or is larger than the other side takes.
    #[error("the message cannot be sent: {0}")]
    Message(Refusal),
}

/// What a link needs of its door.
pub(super) struct Setting {
    pub(super) connection: Connection,
    pub(super) peer: Name,
    pub(super) role: Role,
    pub(super) number: u64,
    pub(super) limits: Limits,
    pub(super) theirs: Hello,
    pub(super) conduct: Arc<std::sync::Mutex<Conduct>>,
    pub(super) counters: Arc<Counters>,
    pub(super) started: Instant,
}

/// A link to one peer.
#[derive(Clone)]
pub struct Link {
    inner: Arc<Inner>,
}

struct Inner {
    setting: Setting,
    /// What waits to be sent below IMMEDIATE: an eighth of the streams is kept free for what is urgent.
    unhurried: Semaphore,
    waiting: Mutex<[mpsc::Receiver<Inbound>; 4]>,
}

/// A message that arrived whole, and has not been answered.
#[derive(Debug)]
pub struct Inbound {
    /// What the sender says about it.
    pub header: Header,
    /// The body.
    pub body: Vec<u8>,
    reply: SendStream,
    _share: OwnedSemaphorePermit,
}

impl Inbound {
    /// Answers the message. An [`Inbound`] that is dropped unanswered leaves its sender without receipt, so it is sent again.
    ///
    /// # Errors
    /// [`LinkError::Closed`] where the link is gone; the sender will repeat the message and get its receipt then.
    pub async fn respond(mut self, receipt: Receipt) -> Result<(), LinkError> {
        answer(&mut self.reply, &receipt).await
    }
}

impl Link {
    /// Takes up a link: from here on its streams are read.
    pub(super) fn begin(setting: Setting) -> Self {
        let room = usize::try_from(setting.limits.streams_max).unwrap_or(1).max(1);
        let [flash, immediate, priority, routine] = [(); 4].map(|()| mpsc::channel(room));
        let given = [flash.0, immediate.0, priority.0, routine.0];
        let waiting = Mutex::new([flash.1, immediate.1, priority.1, routine.1]);
        let theirs = usize::try_from(setting.theirs.streams_max).unwrap_or(1).min(Semaphore::MAX_PERMITS);
        let unhurried = Semaphore::new(theirs.saturating_sub(theirs.div_euclid(8)).max(1));
        tokio::spawn(Streams::of(&setting, given).accept());
        Self { inner: Arc::new(Inner { setting, unhurried, waiting }) }
    }

    /// The peer at the other end.
    #[must_use]
    pub fn peer(&self) -> &Name {
        &self.inner.setting.peer
    }

    /// Which side of the handshake the *other* end was: the client dialled us.
    #[must_use]
    pub fn role(&self) -> Role {
        self.inner.setting.role
    }

    /// When the other side's certificate ends, in seconds since 1970; nothing where it shows none.
    #[must_use]
    pub fn certificate_end(&self) -> Option<i64> {
        super::endpoint::certificates(&self.inner.setting.connection).first().and_then(|leaf| super::identity::end(leaf).ok())
    }

    /// The number of the link at its door, ascending.
    #[must_use]
    pub fn number(&self) -> u64 {
        self.inner.setting.number
    }

    /// What the other side takes.
    #[must_use]
    pub fn theirs(&self) -> Hello {
        self.inner.setting.theirs
    }

    /// Whether the other side takes messages, or only sends.
    #[must_use]
    pub fn takes_messages(&self) -> bool {
        self.theirs().streams_max > 0
    }

    /// Sends one message and waits for its receipt.
    ///
    /// # Errors
    /// [`LinkError`]; unless it is [`LinkError::Message`], send again with the same id.
    pub async fn send(&self, header: &Header, body: &[u8]) -> Result<Receipt, LinkError> {
        let setting = &self.inner.setting;
        let (head, digest) = self.fitting(header, body)?;
        let _place = match header.precedence {
            Precedence::Routine | Precedence::Priority => self.inner.unhurried.acquire().await.ok(),
            Precedence::Immediate | Precedence::Flash => None,
        };
        let (mut stream, mut reply) = setting.connection.open_bi().await.map_err(|error| LinkError::Closed(error.to_string()))?;
        // Fails only on a stream that is closed, which the write then reports.
        let _ = stream.set_priority(urgency(header.precedence));
        deliver(&mut stream, &head, body).await?;
        let receipt = tokio::time::timeout(setting.limits.receipt(), read_receipt(&mut reply)).await.map_err(|_| LinkError::NoReceipt)??;
        if receipt.status == Status::Accepted && (receipt.id != Some(header.id) || receipt.digest != digest) {
            return Err(LinkError::Receipt(Refusal::new(Reason::FrameDigest, "expected the id and digest of the message that was sent")));
        }
        setting.counters.sent();
        Ok(receipt)
    }

    /// The bytes before the body, and the body's digest, held against what the other side takes.
    fn fitting(&self, header: &Header, body: &[u8]) -> Result<(Vec<u8>, Digest), LinkError> {
        let head = wire::encode_head(header, body).map_err(LinkError::Message)?;
        let theirs = self.inner.setting.theirs.sizes;
        let prelude = wire::Prelude::decode(&head, theirs).map_err(LinkError::Message)?;
        Ok((head, prelude.digest))
    }

    /// The most urgent message that has arrived; `None` when the link is gone and everything that arrived was given out.
    pub async fn next(&self) -> Option<Inbound> {
        let mut waiting = self.inner.waiting.lock().await;
        let [flash, immediate, priority, routine] = &mut *waiting;
        tokio::select! {
            biased;
            Some(inbound) = flash.recv() => Some(inbound),
            Some(inbound) = immediate.recv() => Some(inbound),
            Some(inbound) = priority.recv() => Some(inbound),
            Some(inbound) = routine.recv() => Some(inbound),
            else => None,
        }
    }

    /// Closes the link and tells the other side why.
    pub fn close(&self, why: Close) {
        if why != Close::Done {
            self.inner.setting.counters.cut();
            tracing::warn!(peer = %self.peer(), link = self.number(), "a link is cut: {why:?}");
        }
        self.inner.setting.connection.close(why.code(), b"");
    }

    /// Waits until the link is gone, and says why.
    pub async fn closed(&self) -> String {
        self.inner.setting.connection.closed().await.to_string()
    }

    /// Whether the link is gone.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.inner.setting.connection.close_reason().is_some()
    }

    pub(super) fn connection(&self) -> &Connection {
        &self.inner.setting.connection
    }
}

/// What the streams of a link share.
struct Streams {
    connection: Connection,
    peer: Name,
    limits: Limits,
    in_flight: Arc<Semaphore>,
    conduct: Arc<std::sync::Mutex<Conduct>>,
    counters: Arc<Counters>,
    started: Instant,
    given: [mpsc::Sender<Inbound>; 4],
}

impl Streams {
    fn of(setting: &Setting, given: [mpsc::Sender<Inbound>; 4]) -> Arc<Self> {
        Arc::new(Self {
            connection: setting.connection.clone(),
            peer: setting.peer.clone(),
            limits: setting.limits,
            in_flight: Arc::new(Semaphore::new(
                usize::try_from(setting.limits.in_flight_bytes_max).unwrap_or(usize::MAX).min(Semaphore::MAX_PERMITS),
            )),
            conduct: Arc::clone(&setting.conduct),
            counters: Arc::clone(&setting.counters),
            started: setting.started,
            given,
        })
    }

    async fn accept(self: Arc<Self>) {
        while let Ok((reply, stream)) = self.connection.accept_bi().await {
            tokio::spawn(Arc::clone(&self).take(reply, stream));
        }
    }

    async fn take(self: Arc<Self>, mut reply: SendStream, mut stream: RecvStream) {
        let mut id = None;
        match self.message(&mut stream, &mut id).await {
            Ok((header, body, share)) => {
                self.counters.received(body.len());
                // Fails only on a stream that is closed, which the answer then reports.
                let _ = reply.set_priority(urgency(header.precedence));
                let [flash, immediate, priority, routine] = &self.given;
                let lane = match header.precedence {
                    Precedence::Flash => flash,
                    Precedence::Immediate => immediate,
                    Precedence::Priority => priority,
                    Precedence::Routine => routine,
                };
                // Fails only when the link's last handle is gone: then nobody can answer, and the sender repeats.
                let _ = lane.send(Inbound { header, body, reply, _share: share }).await;
            }
            Err(Untaken::Refused(refusal)) => self.refuse(&refusal, id, &mut reply, &mut stream).await,
            Err(Untaken::Gone) => {}
        }
    }

    async fn message(&self, stream: &mut RecvStream, id: &mut Option<MessageId>) -> Result<(Header, Vec<u8>, OwnedSemaphorePermit), Untaken> {
        let no = |reason, what: String| Untaken::Refused(Refusal::new(reason, what));
        let sizes = Sizes { header_bytes_max: self.limits.header_bytes_max, body_bytes_max: self.limits.body_bytes_max };
        let allowed = lock(&self.conduct).message(self.started.elapsed());
        allowed.map_err(|reason| no(reason, "expected fewer messages in a second".to_owned()))?;
        let slow = |_| no(Reason::FrameSlow, format!("expected the whole message within {} ms", self.limits.message_ms_max));
        let mut left = self.limits.message();
        let begun = Instant::now();
        let head = tokio::time::timeout(left, intake::head(stream, sizes)).await.map_err(slow)??;
        *id = Some(head.header.id);
        left = left.saturating_sub(begun.elapsed());
        // The wait for room is ours: it is not counted against the sender, and ends in `busy`, not in `slow`.
        let room = Arc::clone(&self.in_flight).acquire_many_owned(head.body_bytes());
        let share = tokio::time::timeout(self.limits.message(), room).await.map_err(|_| no(Reason::SizeBusy, "no room for the body".to_owned()))?;
        let share = share.map_err(|_| Untaken::Gone)?;
        let body = tokio::time::timeout(left, intake::body(stream, &head)).await.map_err(slow)??;
        Ok((head.header, body, share))
    }

    async fn refuse(&self, refusal: &Refusal, id: Option<MessageId>, reply: &mut SendStream, stream: &mut RecvStream) {
        let code = refusal.reason.code();
        self.counters.refused(code);
        tracing::warn!(peer = %self.peer, code, "a frame is refused: {}", refusal.detail);
        if refusal.reason == Reason::FrameReset && lock(&self.conduct).reset(self.started.elapsed()) == Verdict::Cut {
            self.counters.cut();
            tracing::warn!(peer = %self.peer, "a link is cut: more streams opened and reset than the limit");
            self.connection.close(Close::Abuse.code(), b"");
            return;
        }
        // Both fail only where the sender is gone, and then there is nobody to tell.
        let _ = stream.stop(VarInt::from_u32(0));
        let _ = answer(reply, &Receipt::refused(Status::of(refusal.reason), id, clock())).await;
    }
}

async fn deliver(stream: &mut SendStream, head: &[u8], body: &[u8]) -> Result<(), LinkError> {
    for part in [head, body] {
        match stream.write_all(part).await {
            Ok(()) => {}
            // The other side has seen enough and says why in its receipt.
            Err(quinn::WriteError::Stopped(_)) => return Ok(()),
            Err(error) => return Err(LinkError::Closed(error.to_string())),
        }
    }
    // Fails only where the other side has stopped the stream, as above.
    let _ = stream.finish();
    Ok(())
}

async fn read_receipt(reply: &mut RecvStream) -> Result<Receipt, LinkError> {
    match reply.read_to_end(Receipt::BYTES).await {
        Ok(bytes) if bytes.is_empty() => Err(LinkError::NoReceipt),
        Ok(bytes) => Receipt::decode(&bytes).map_err(LinkError::Receipt),
        Err(quinn::ReadToEndError::TooLong) => Err(LinkError::Receipt(Refusal::new(Reason::FrameTrailing, "expected 128 bytes"))),
        Err(quinn::ReadToEndError::Read(quinn::ReadError::ConnectionLost(error))) => Err(LinkError::Closed(error.to_string())),
        Err(quinn::ReadToEndError::Read(_)) => Err(LinkError::NoReceipt),
    }
}

async fn answer(reply: &mut SendStream, receipt: &Receipt) -> Result<(), LinkError> {
    let closed = |error: String| LinkError::Closed(error);
    reply.write_all(&receipt.encode()).await.map_err(|error| closed(error.to_string()))?;
    reply.finish().map_err(|error| closed(error.to_string()))
}

const fn urgency(precedence: Precedence) -> i32 {
    match precedence {
        Precedence::Routine => 0,
        Precedence::Priority => 1,
        Precedence::Immediate => 2,
        Precedence::Flash => 3,
    }
}

pub(super) fn lock<T>(mutex: &std::sync::Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

/// The time now; a clock before 1970 reads as 1970, and every certificate is then out of its time.
pub(super) fn clock() -> Time {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    let ms = i64::try_from(since.as_millis()).unwrap_or(i64::MAX);
    Time::from_unix_ms(ms).unwrap_or(Time::EPOCH)
}
