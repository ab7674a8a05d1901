//! A wire: one end of a hop. Values go through a channel within one process, and as bounded frames over a Unix socket between two.
//!
//! A frame is its length (4 bytes, big endian) and one CBOR item of that length. A frame that is longer than [`FRAME_BYTES_MAX`] or does not
//! read ends the wire: the other end is not what it should be.

use minicbor::{Decode, Encode};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::UnixStream;
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::mpsc;

use crate::base::Fault;

/// Bytes of a frame at most: 64 MiB, a body at its limit with what is made of it for several recipients.
pub const FRAME_BYTES_MAX: usize = 64 << 20;
/// Frames that wait at each end: 64, so that a slow end is felt by the other before memory is.
const FRAMES_MAX: usize = 64;
/// Bytes that are gathered for one write: 64 KiB, what a Unix socket takes at once.
const WRITE_BYTES: usize = 64 << 10;
/// Room that is made for a frame before its bytes arrive: 64 KiB; most frames in one piece, no claim in advance.
const ROOM_BYTES: usize = 64 << 10;

/// What can be said over a wire between processes.
pub trait Said: Encode<()> + for<'b> Decode<'b, ()> + Send + 'static {}

impl<T: Encode<()> + for<'b> Decode<'b, ()> + Send + 'static> Said for T {}

/// Both directions of a hop, as one end has them.
#[derive(Debug)]
pub struct Wire<Out, In> {
    /// What this end says.
    pub sender: Sender<Out>,
    /// What it hears.
    pub receiver: Receiver<In>,
}

/// The sending direction; clones are the same wire.
#[derive(Debug)]
pub struct Sender<T> {
    into: Into<T>,
}

#[derive(Debug)]
enum Into<T> {
    Here(mpsc::Sender<T>),
    There(mpsc::Sender<Vec<u8>>),
}

impl<T> Clone for Sender<T> {
    fn clone(&self) -> Self {
        let into = match &self.into {
            Into::Here(sender) => Into::Here(sender.clone()),
            Into::There(sender) => Into::There(sender.clone()),
        };
        Self { into }
    }
}

/// The other end is gone, or does not take what is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the other end of the hop is gone")]
pub struct Gone;

impl<T: Said> Sender<T> {
    /// Says something; waits while the other end is slow.
    ///
    /// # Errors
    /// [`Gone`].
    pub async fn say(&self, what: T) -> Result<(), Gone> {
        match &self.into {
            Into::Here(sender) => sender.send(what).await.map_err(|_| Gone),
            Into::There(sender) => sender.send(framed(&what)?).await.map_err(|_| Gone),
        }
    }

    /// Says what does not read: for tests of what the other end does then.
    #[cfg(debug_assertions)]
    pub(crate) async fn garble(&self) {
        if let Into::There(sender) = &self.into {
            // A break of CBOR, which is no item; the other end may be gone.
            let _ = sender.send(vec![0, 0, 0, 1, 0xff]).await;
        }
    }

    /// The same from a thread that is no task.
    ///
    /// # Errors
    /// [`Gone`].
    pub fn say_blocking(&self, what: T) -> Result<(), Gone> {
        match &self.into {
            Into::Here(sender) => sender.blocking_send(what).map_err(|_| Gone),
            Into::There(sender) => sender.blocking_send(framed(&what)?).map_err(|_| Gone),
        }
    }
}

/// The receiving direction.
#[derive(Debug)]
pub struct Receiver<T> {
    from: From<T>,
}

#[derive(Debug)]
enum From<T> {
    Here(mpsc::Receiver<T>),
    There(mpsc::Receiver<Result<T, Fault>>),
}

impl<T: Said> Receiver<T> {
    /// What the other end says next; `None` when it is gone. A call that is dropped before it completes has taken nothing.
    ///
    /// # Errors
    /// A fault where the other end says what nobody of its kind would: the wire must then be let go.
    pub async fn hear(&mut self) -> Result<Option<T>, Fault> {
        match &mut self.from {
            From::Here(receiver) => Ok(receiver.recv().await),
            From::There(receiver) => receiver.recv().await.transpose(),
        }
    }
}

/// Both ends of a wire within one process.
#[must_use]
pub fn here<A, B>() -> (Wire<A, B>, Wire<B, A>) {
    let (to_b, from_a) = mpsc::channel(FRAMES_MAX);
    let (to_a, from_b) = mpsc::channel(FRAMES_MAX);
    let end = |into, from| (Sender { into: Into::Here(into) }, Receiver { from: From::Here(from) });
    let ((sender, receiver), (other_sender, other_receiver)) =
        (end(to_b, from_b), (Sender { into: Into::Here(to_a) }, Receiver { from: From::Here(from_a) }));
    (Wire { sender, receiver }, Wire { sender: other_sender, receiver: other_receiver })
}

/// One end of a wire over a socket. Needs a runtime.
#[must_use]
pub fn over<Out: Said, In: Said>(stream: UnixStream) -> Wire<Out, In> {
    let (read, write) = stream.into_split();
    let (sender, waiting) = mpsc::channel(FRAMES_MAX);
    let (heard, receiver) = mpsc::channel(FRAMES_MAX);
    tokio::spawn(write_all(write, waiting));
    tokio::spawn(read_all(BufReader::with_capacity(WRITE_BYTES, read), heard));
    Wire { sender: Sender { into: Into::There(sender) }, receiver: Receiver { from: From::There(receiver) } }
}

/// Reads frames until the other end is gone or says what nobody would, or nobody hears.
async fn read_all<T: Said>(mut stream: BufReader<OwnedReadHalf>, heard: mpsc::Sender<Result<T, Fault>>) {
    while let Some(said) = read(&mut stream).await.transpose() {
        let last = said.is_err();
        if heard.send(said).await.is_err() || last {
            return;
        }
    }
}

fn framed<T: Encode<()>>(what: &T) -> Result<Vec<u8>, Gone> {
    let mut frame = vec![0; 4];
    if minicbor::encode(what, &mut frame).is_err() {
        return Err(Gone);
    }
    let length = frame.len().saturating_sub(4);
    let Some(said) = u32::try_from(length).ok().filter(|_| length <= FRAME_BYTES_MAX) else {
        tracing::error!(bytes = length, "what a process says is larger than a frame may be");
        return Err(Gone);
    };
    frame.iter_mut().zip(said.to_be_bytes()).for_each(|(to, from)| *to = from);
    Ok(frame)
}

/// Says one thing that holds secrets over a socket that is no wire yet: the frame has its room from the start, and is wiped.
///
/// # Errors
/// [`Gone`].
pub async fn say_secret<T: Encode<()>>(stream: &mut UnixStream, what: &T) -> Result<(), Gone> {
    let mut room = Room(0);
    minicbor::encode(what, &mut room).map_err(|_| Gone)?;
    let length = u32::try_from(room.0).ok().filter(|_| room.0 <= FRAME_BYTES_MAX).ok_or(Gone)?;
    let mut frame = zeroize::Zeroizing::new(Vec::with_capacity(room.0.saturating_add(4)));
    frame.extend_from_slice(&length.to_be_bytes());
    minicbor::encode(what, &mut *frame).map_err(|_| Gone)?;
    stream.write_all(&frame).await.map_err(|_| Gone)
}

/// Says one thing as the last, over a socket whose wire has ended.
///
/// # Errors
/// [`Gone`].
pub fn say_last<T: Encode<()>>(mut stream: &std::os::unix::net::UnixStream, what: &T) -> Result<(), Gone> {
    std::io::Write::write_all(&mut stream, &framed(what)?).map_err(|_| Gone)
}

/// Counts the bytes of an item and keeps none.
struct Room(usize);

impl minicbor::encode::Write for Room {
    type Error = std::convert::Infallible;

    fn write_all(&mut self, bytes: &[u8]) -> Result<(), Self::Error> {
        self.0 = self.0.saturating_add(bytes.len());
        Ok(())
    }
}

/// Writes what waits, many frames at a time, until all senders or the other end are gone.
async fn write_all(mut stream: OwnedWriteHalf, mut waiting: mpsc::Receiver<Vec<u8>>) {
    while let Some(mut bytes) = waiting.recv().await {
        while bytes.len() < WRITE_BYTES {
            let Ok(more) = waiting.try_recv() else { break };
            bytes.extend_from_slice(&more);
        }
        if stream.write_all(&bytes).await.is_err() {
            return;
        }
    }
    // Fails only where the other end is gone already.
    let _ = stream.shutdown().await;
}

async fn read<T: Said>(stream: &mut BufReader<OwnedReadHalf>) -> Result<Option<T>, Fault> {
    let mut length = [0; 4];
    match stream.read_exact(&mut length).await {
        Ok(_) => {}
        Err(error) if [std::io::ErrorKind::UnexpectedEof, std::io::ErrorKind::ConnectionReset].contains(&error.kind()) => return Ok(None),
        Err(error) => return Err(Fault::from_cause("a hop cannot be read", error)),
    }
    let length = usize::try_from(u32::from_be_bytes(length)).unwrap_or(usize::MAX);
    if length > FRAME_BYTES_MAX {
        return Err(Fault::new(format!("a frame of a hop claims {length} bytes, expected at most {FRAME_BYTES_MAX}")));
    }
    let mut bytes = Vec::with_capacity(length.min(ROOM_BYTES));
    let wanted = u64::try_from(length).unwrap_or(u64::MAX);
    match stream.take(wanted).read_to_end(&mut bytes).await {
        Ok(read) if read == length => {}
        Ok(_) => return Ok(None),
        Err(error) => return Err(Fault::from_cause("a hop cannot be read", error)),
    }
    let mut decoder = minicbor::Decoder::new(&bytes);
    let what = decoder.decode().map_err(|error| Fault::from_cause("a frame of a hop does not read", error))?;
    if decoder.position() == bytes.len() { Ok(Some(what)) } else { Err(Fault::new("a frame of a hop has bytes after its item")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn pair() -> (Wire<String, u64>, Wire<u64, String>) {
        let (a, b) = UnixStream::pair().unwrap();
        (over(a), over(b))
    }

    #[tokio::test]
    async fn what_is_said_is_heard_in_order_here_and_there() {
        for (near, mut far) in [here(), pair().await] {
            for text in ["a", "", "long ".repeat(100_000).as_str()] {
                near.sender.say(text.to_owned()).await.unwrap();
                assert_eq!(far.receiver.hear().await.unwrap().as_deref(), Some(text));
            }
            let mut near = near;
            far.sender.say(7).await.unwrap();
            assert_eq!(near.receiver.hear().await.unwrap(), Some(7));
            drop(near);
            assert_eq!(far.receiver.hear().await.unwrap(), None);
        }
    }

    #[tokio::test]
    async fn frames_that_are_too_long_do_not_read_or_hold_too_much_end_the_wire() {
        for frame in [&[0xff, 0xff, 0xff, 0xff][..], &[0, 0, 0, 1, 0xff], &[0, 0, 0, 2, 7, 7], &[0, 0, 0, 0]] {
            let (mut a, b) = UnixStream::pair().unwrap();
            let mut wire: Wire<u64, u64> = over(b);
            a.write_all(frame).await.unwrap();
            assert!(wire.receiver.hear().await.is_err(), "{frame:?}");
        }
        let (mut a, b) = UnixStream::pair().unwrap();
        let mut wire: Wire<u64, u64> = over(b);
        a.write_all(&[0, 0, 0, 9, 7]).await.unwrap();
        drop(a);
        assert_eq!(wire.receiver.hear().await.unwrap(), None);
    }

    #[tokio::test]
    async fn a_secret_is_heard_as_any_other_frame() {
        let (mut near, far) = UnixStream::pair().unwrap();
        say_secret(&mut near, &"key".to_owned()).await.unwrap();
        let mut far: Wire<u64, String> = over(far);
        assert_eq!(far.receiver.hear().await.unwrap().as_deref(), Some("key"));
        assert_eq!(say_secret(&mut near, &"x".repeat(FRAME_BYTES_MAX)).await, Err(Gone));
    }

    #[test]
    fn a_frame_that_the_other_end_would_refuse_is_not_sent() {
        assert_eq!(framed(&"x".repeat(FRAME_BYTES_MAX)), Err(Gone));
        assert_eq!(framed(&7_u64), Ok(vec![0, 0, 0, 1, 7]));
    }
}
