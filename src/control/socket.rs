//! The socket: who may ask, how long a question may be and take, and how the two ends find each other.
//!
//! INVARIANT: a question is answered only for the user account that owns the socket file, and for the administrator;
//! the kernel says who asks (`SO_PEERCRED`), not the question.

use std::future::Future;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::Semaphore;

use super::{Request, Response};
use crate::base::Fault;

/// Bytes of a question or an answer at most: 64 KiB, fifty times what a review needs.
pub const LINE_BYTES_MAX: u64 = 64 * 1024;
/// Bytes of a view at most: 16 MiB; a held message of a megabyte is shown as it came, as its tree, as what would leave, and as the difference.
pub const VIEW_BYTES_MAX: u64 = 16 * 1024 * 1024;
/// Questions answered at the same time at most: 16; people ask, not machines.
pub const QUESTIONS_MAX: usize = 16;
/// Time for a question to arrive and to be answered: 30 seconds, as a review waits for the disk.
pub const ANSWER_TIME_MAX: Duration = Duration::from_secs(30);

/// Who asks, as the kernel says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Asker {
    /// User id of the process that asks.
    pub uid: u32,
}

/// Makes the socket file, readable and writable by its owner only.
///
/// A file left by a gateway that was killed is replaced; a socket that somebody answers is not.
///
/// # Errors
/// Another gateway answers there, or the folder refuses the file.
pub fn listen(path: &Path) -> Result<UnixListener, Fault> {
    let place = path.display();
    if std::os::unix::net::UnixStream::connect(path).is_ok() {
        return Err(Fault::new(format!("another gateway answers at `{place}`; stop it, or give this one a journal of its own")));
    }
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            return Err(Fault::from_cause(format!("the old control socket `{place}` could not be removed"), error));
        }
        _ => {}
    }
    let listener = UnixListener::bind(path).map_err(|error| Fault::from_cause(format!("the control socket `{place}` could not be made"), error))?;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600))
        .map_err(|error| Fault::from_cause(format!("the control socket `{place}` could not be closed to others"), error))?;
    Ok(listener)
}

/// Answers questions until the task is dropped; completes only when the socket itself fails. Who owns the socket file is looked up by the call
/// itself: a process whose walls are closed can no longer do that.
pub fn serve<A, F>(listener: UnixListener, answer: A) -> impl Future<Output = Fault> + Send
where
    A: Fn(Asker, Request) -> F + Send + Sync + 'static,
    F: Future<Output = Response> + Send + 'static,
{
    let owner = listener.local_addr().ok().and_then(|at| at.as_pathname().and_then(|path| path.metadata().ok())).map(|file| file.uid());
    answer_all(listener, owner, Arc::new(answer))
}

async fn answer_all<A, F>(listener: UnixListener, owner: Option<u32>, answer: Arc<A>) -> Fault
where
    A: Fn(Asker, Request) -> F + Send + Sync + 'static,
    F: Future<Output = Response> + Send + 'static,
{
    let Some(owner) = owner else {
        return Fault::new("the control socket has no owner; make it with a path");
    };
    let places = Arc::new(Semaphore::new(QUESTIONS_MAX));
    loop {
        let Ok(place) = Arc::clone(&places).acquire_owned().await else {
            return Fault::new("the control socket was closed");
        };
        let stream = match listener.accept().await {
            Ok((stream, _)) => stream,
            Err(error) => return Fault::from_cause("the control socket failed", error),
        };
        let answer = Arc::clone(&answer);
        tokio::spawn(async move {
            exchange(stream, owner, answer.as_ref()).await;
            drop(place);
        });
    }
}

async fn exchange<A, F>(mut stream: UnixStream, owner: u32, answer: &A)
where
    A: Fn(Asker, Request) -> F,
    F: Future<Output = Response>,
{
    let mut bytes_max = LINE_BYTES_MAX;
    let response = match stream.peer_cred().map(|credentials| credentials.uid()) {
        Ok(uid) if uid == owner || uid == 0 => match tokio::time::timeout(ANSWER_TIME_MAX, question(&mut stream)).await {
            Ok(Ok(request)) => {
                let time_max = request.time_max();
                bytes_max = request.answer_bytes_max();
                tokio::time::timeout(time_max, answer(Asker { uid }, request)).await.unwrap_or_else(|_| {
                    tracing::warn!("a question on the control socket was given up: it took too long");
                    Response::Refused { text: "the gateway takes too long for an answer; see `vestibule status` and its log".to_owned() }
                })
            }
            Ok(Err(text)) => Response::Refused { text },
            Err(_) => return tracing::warn!("a question on the control socket was given up: it did not arrive"),
        },
        Ok(uid) => {
            tracing::warn!(uid, "a question on the control socket was refused: not the owner");
            Response::Refused { text: "only the user account of the gateway may ask".to_owned() }
        }
        Err(_) => Response::Refused { text: "the kernel did not say who asks".to_owned() },
    };
    let line = written(&response, bytes_max);
    if !tokio::time::timeout(ANSWER_TIME_MAX, stream.write_all(&line)).await.is_ok_and(|written| written.is_ok()) {
        tracing::warn!("an answer on the control socket was not taken");
    }
}

/// The line of an answer; one that is too long is not cut, for half an answer says something else.
fn written(response: &Response, bytes_max: u64) -> Vec<u8> {
    let line = |response: &Response| {
        let mut line = serde_json::to_vec(response).unwrap_or_default();
        line.push(b'\n');
        line
    };
    let whole = line(response);
    match u64::try_from(whole.len()).is_ok_and(|length| length <= bytes_max) {
        true => whole,
        false => line(&Response::Refused { text: format!("the answer has more than {bytes_max} bytes; ask for fewer rows") }),
    }
}

async fn question(stream: &mut UnixStream) -> Result<Request, String> {
    let mut line = Vec::new();
    let read = tokio::io::BufReader::new(stream.take(LINE_BYTES_MAX)).read_until(b'\n', &mut line).await;
    if read.is_err() || line.last() != Some(&b'\n') {
        return Err(format!("expected one line of at most {LINE_BYTES_MAX} bytes"));
    }
    serde_json::from_slice(&line).map_err(|error| format!("the question is not one that this gateway knows: {error}"))
}

/// Asks a running gateway.
///
/// # Errors
/// No gateway answers there, or its answer is not one.
pub fn ask(path: &Path, request: &Request) -> Result<Response, Fault> {
    let place = path.display();
    let broken = |error| Fault::from_cause(format!("the gateway at `{place}` did not answer"), error);
    let mut stream = std::os::unix::net::UnixStream::connect(path).map_err(|error| {
        Fault::from_cause(format!("no gateway answers at `{place}`; start it with `vestibule run`, and ask as the same user"), error)
    })?;
    // Longer than the gateway allows itself, so that its own answer is what people see.
    stream.set_read_timeout(Some(request.time_max().saturating_add(Duration::from_secs(5)))).map_err(broken)?;
    let mut line = serde_json::to_vec(request).map_err(|error| Fault::from_cause("the question could not be written", error))?;
    line.push(b'\n');
    stream.write_all(&line).map_err(broken)?;
    let mut answer = String::new();
    BufReader::new(std::io::Read::take(stream, request.answer_bytes_max())).read_line(&mut answer).map_err(broken)?;
    serde_json::from_str(&answer)
        .map_err(|error| Fault::from_cause(format!("the answer of the gateway at `{place}` is not one of this version"), error))
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn answering() -> (tempfile::TempDir, std::path::PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(super::super::SOCKET);
        let listener = listen(&path).unwrap();
        tokio::spawn(serve(listener, |asker: Asker, request| async move {
            let lines = vec![("uid".to_owned(), asker.uid.to_string())];
            if request == (Request::Status {}) {
                Response::Status { lines, processes: Vec::new() }
            } else {
                Response::Refused { text: "not here".to_owned() }
            }
        }));
        (folder, path)
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_question_is_answered_with_the_uid_that_the_kernel_gives() {
        let (folder, path) = answering().await;
        let uid = folder.path().metadata().unwrap().uid();
        let answer = tokio::task::spawn_blocking(move || ask(&path, &Request::Status {})).await.unwrap().unwrap();
        assert_eq!(answer, Response::Status { lines: vec![("uid".to_owned(), uid.to_string())], processes: Vec::new() });
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn the_socket_file_is_closed_to_others_and_is_not_taken_from_a_living_gateway() {
        let (_folder, path) = answering().await;
        assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
        assert!(listen(&path).unwrap_err().to_string().contains("another gateway"));
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_socket_left_by_a_killed_gateway_is_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("s");
        drop(listen(&path).unwrap());
        assert!(path.exists());
        assert!(listen(&path).is_ok());
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn garbage_is_refused_and_the_next_question_is_answered() {
        let (_folder, path) = answering().await;
        for garbage in [&b"hello\n"[..], b"{\"ask\":\"status\",\"x\":1}\n", &[b'x'; 70_000], b"\xff\n"] {
            let mut stream = UnixStream::connect(&path).await.unwrap();
            let _ = stream.write_all(garbage).await;
            let mut answer = String::new();
            // A line that is too long may be answered by a reset: bytes of it are still unread.
            if tokio::io::BufReader::new(&mut stream).read_line(&mut answer).await.is_ok() {
                assert!(answer.contains("refused"), "{answer}");
            }
        }
        let asked = path.clone();
        assert!(tokio::task::spawn_blocking(move || ask(&asked, &Request::Status {})).await.unwrap().is_ok());
    }

    #[test]
    fn an_answer_that_is_too_long_is_refused_whole() {
        let answer = Response::Done { text: "x".repeat(1000) };
        assert!(written(&answer, 1030).starts_with(br#"{"answer":"done""#));
        let refused = String::from_utf8(written(&answer, 1000)).unwrap();
        assert!(refused.starts_with(r#"{"answer":"refused""#) && refused.contains("1000 bytes"), "{refused}");
    }

    #[test]
    fn nobody_there_is_a_fault_that_says_what_to_do() {
        let folder = tempfile::tempdir().unwrap();
        let text = ask(&folder.path().join("none"), &Request::Status {}).unwrap_err().to_string();
        assert!(text.contains("vestibule run"), "{text}");
    }
}
