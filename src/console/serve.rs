//! The listener: TLS, one request for each connection, and the limits that hold whoever connects.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::Request;
use axum::response::Response;
use hyper::body::Incoming;
use hyper::service::{Service as _, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use super::entry::seconds;
use super::strict::{Narrow, Strict};
use super::{Console, answer, routes};
use crate::base::Fault;

/// Connections in all at the same time: 32; a desk holds 64 descriptors, and officers are few.
const CONNECTIONS_MAX: usize = 32;
/// Handshakes at the same time: 8; whoever is slow here is nobody yet.
const HANDSHAKES_MAX: usize = 8;
/// Time for a handshake: 5 seconds.
const HANDSHAKE_TIME_MAX: Duration = Duration::from_secs(5);
/// Time for the head of a request: 5 seconds.
const HEAD_TIME_MAX: Duration = Duration::from_secs(5);
/// Bytes of a head at most: 16 KiB; a search takes a few hundred.
const HEAD_BYTES_MAX: usize = 16 * 1024;
/// Lines of a head at most: 48; browsers send twenty.
const HEAD_LINES_MAX: usize = 48;
/// Time for a connection with all that it carries: 15 minutes, after which a page that listens for news connects again.
const CONNECTION_TIME_MAX: Duration = Duration::from_secs(15 * 60);

/// What serves until the listener fails. The listener is made ready by the call itself: a process whose walls are closed may not ask how it is.
///
/// # Errors
/// Where the runtime does not take the listener.
pub fn serve(console: Console, listener: std::net::TcpListener) -> Result<impl Future<Output = Fault> + Send + use<>, Fault> {
    let listener = TcpListener::from_std(listener).map_err(failed)?;
    Ok(serve_all(console, listener))
}

fn failed(cause: std::io::Error) -> Fault {
    Fault::from_cause("the console's listener failed", cause)
}

async fn serve_all(console: Console, listener: TcpListener) -> Fault {
    let acceptor = TlsAcceptor::from(console.entry.server());
    let console = Arc::new(console);
    let (connections, handshakes) = (Arc::new(Semaphore::new(CONNECTIONS_MAX)), Arc::new(Semaphore::new(HANDSHAKES_MAX)));
    loop {
        let Ok(handshake) = Arc::clone(&handshakes).acquire_owned().await else { return Fault::new("the console was closed") };
        let stream = match listener.accept().await {
            Ok((stream, _)) => stream,
            // One that was gone before it was taken is no fault of the listener.
            Err(error) if error.kind() == std::io::ErrorKind::ConnectionAborted => continue,
            Err(cause) => return failed(cause),
        };
        let Ok(connection) = Arc::clone(&connections).try_acquire_owned() else {
            tracing::warn!(max = CONNECTIONS_MAX, "a connection to the console is let go: there are too many");
            continue;
        };
        let (console, acceptor) = (Arc::clone(&console), acceptor.clone());
        tokio::spawn(async move {
            let met = tokio::time::timeout(HANDSHAKE_TIME_MAX, acceptor.accept(Narrow(stream))).await;
            drop(handshake);
            match met {
                Ok(Ok(stream)) => attend(console, stream).await,
                Ok(Err(error)) => tracing::info!(%error, "a handshake at the console failed"),
                Err(_) => tracing::info!("a handshake at the console took too long"),
            }
            drop(connection);
        });
    }
}

/// One request, and its answer.
async fn attend(console: Arc<Console>, stream: TlsStream<Narrow<TcpStream>>) {
    let chain: Vec<_> = stream.get_ref().1.peer_certificates().unwrap_or_default().iter().map(|one| one.clone().into_owned()).collect();
    let visitor = match console.entry.visitor(&chain) {
        Ok(visitor) => visitor,
        Err(objection) => return tracing::warn!(code = objection.code(), "a visitor of the console is refused: {}", objection.sentence()),
    };
    let Some(place) = console.conduct.place(&visitor.name) else {
        return tracing::warn!(officer = visitor.name, "a connection to the console is let go: the officer has too many");
    };
    let service = service_fn(move |request: hyper::Request<Incoming>| {
        let (console, chain) = (Arc::clone(&console), chain.clone());
        async move { Ok::<Response, std::convert::Infallible>(asked(console, &chain, request.map(Body::new)).await) }
    });
    let mut http = hyper::server::conn::http1::Builder::new();
    http.timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIME_MAX)
        .max_headers(HEAD_LINES_MAX)
        .max_buf_size(HEAD_BYTES_MAX)
        .keep_alive(false)
        .half_close(false);
    let connection = http.serve_connection(TokioIo::new(Strict::new(stream)), service);
    // Whoever breaks off, or is refused by the library, is answered already or gone.
    let _ended = tokio::time::timeout(CONNECTION_TIME_MAX, connection).await;
    drop(place);
}

/// Judges who asks once more, then answers.
async fn asked(console: Arc<Console>, chain: &[rustls::pki_types::CertificateDer<'static>], request: Request) -> Response {
    let Ok(visitor) = console.entry.visitor(chain) else {
        return answer::bare(hyper::StatusCode::FORBIDDEN, "the certificate is no longer good\n");
    };
    let now = u64::try_from(seconds()).unwrap_or(0);
    if !console.conduct.may_ask(&visitor.name, now.saturating_mul(1000)) {
        return answer::bare(hyper::StatusCode::TOO_MANY_REQUESTS, "too many requests; wait a second\n");
    }
    let method = request.method().clone();
    let answered = match TowerToHyperService::new(routes::router(&console, visitor.clone())).call(request).await {
        Ok(response) => response,
        Err(never) => match never {},
    };
    tracing::info!(officer = visitor.name, %method, status = answered.status().as_u16(), "the console answered");
    answer::guarded(answered)
}
