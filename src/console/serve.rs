//! The listener: TLS, one request for each connection, and the limits that hold whoever connects.

use std::sync::Arc;

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

use super::entry::{Chain, seconds};
use super::strict::{Narrow, Strict};
use super::{Console, Set, answer, routes};
use crate::base::Fault;

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
    let console = Arc::new(console);
    // How many there may be is said when the gateway starts; every other limit is that of the configuration in force.
    let first = console.set().limits;
    let places = |number: u32| Arc::new(Semaphore::new(usize::try_from(number).unwrap_or(Semaphore::MAX_PERMITS)));
    let (connections, handshakes) = (places(first.connections_max), places(first.handshakes_max));
    loop {
        let Ok(handshake) = Arc::clone(&handshakes).acquire_owned().await else { return Fault::new("the console was closed") };
        let stream = match listener.accept().await {
            Ok((stream, _)) => stream,
            // One that was gone before it was taken is no fault of the listener.
            Err(error) if error.kind() == std::io::ErrorKind::ConnectionAborted => continue,
            Err(cause) => return failed(cause),
        };
        let Ok(connection) = Arc::clone(&connections).try_acquire_owned() else {
            tracing::warn!(max = first.connections_max, "a connection to the console is let go: there are too many");
            continue;
        };
        let (console, set) = (Arc::clone(&console), console.set());
        tokio::spawn(async move {
            let met = tokio::time::timeout(set.limits.handshake(), TlsAcceptor::from(set.entry.server()).accept(Narrow(stream))).await;
            drop(handshake);
            match met {
                Ok(Ok(stream)) => attend(console, &set, stream).await,
                Ok(Err(error)) => tracing::info!(%error, "a handshake at the console failed"),
                Err(_) => tracing::info!("a handshake at the console took too long"),
            }
            drop(connection);
        });
    }
}

/// One request, and its answer.
async fn attend(console: Arc<Console>, set: &Set, stream: TlsStream<Narrow<TcpStream>>) {
    let chain: Chain = stream.get_ref().1.peer_certificates().unwrap_or_default().iter().map(|one| one.clone().into_owned()).collect();
    let visitor = match set.entry.visitor(&chain) {
        Ok(visitor) => visitor,
        Err(objection) => return tracing::warn!(code = objection.code(), "a visitor of the console is refused: {}", objection.sentence()),
    };
    let Some(place) = console.conduct.place(&visitor.name, &set.limits) else {
        return tracing::warn!(officer = visitor.name, "a connection to the console is let go: the officer has too many");
    };
    let service = service_fn(move |request: hyper::Request<Incoming>| {
        let (console, chain) = (Arc::clone(&console), Arc::clone(&chain));
        async move { Ok::<Response, std::convert::Infallible>(asked(console, chain, request.map(Body::new)).await) }
    });
    let mut http = hyper::server::conn::http1::Builder::new();
    http.timer(TokioTimer::new())
        .header_read_timeout(set.limits.head())
        .max_headers(usize::try_from(set.limits.head_lines_max).unwrap_or(usize::MAX))
        .max_buf_size(usize::try_from(set.limits.head_bytes_max).unwrap_or(usize::MAX))
        .keep_alive(false)
        .half_close(false);
    let connection = http.serve_connection(TokioIo::new(Strict::new(stream)), service);
    // Whoever breaks off, or is refused by the library, is answered already or gone.
    let _ended = tokio::time::timeout(set.limits.connection(), connection).await;
    drop(place);
}

/// Judges who asks once more, then answers.
async fn asked(console: Arc<Console>, chain: Chain, request: Request) -> Response {
    let set = console.set();
    let Ok(visitor) = set.entry.visitor(&chain) else {
        return answer::bare(hyper::StatusCode::FORBIDDEN, "the certificate is no longer good\n");
    };
    let now = u64::try_from(seconds()).unwrap_or(0);
    if !console.conduct.may_ask(&visitor.name, now.saturating_mul(1000), &set.limits) {
        return answer::bare(hyper::StatusCode::TOO_MANY_REQUESTS, "too many requests; wait a second\n");
    }
    let method = request.method().clone();
    let answered = match TowerToHyperService::new(routes::router(&console, &(visitor.clone(), chain))).call(request).await {
        Ok(response) => response,
        Err(never) => match never {},
    };
    tracing::info!(officer = visitor.name, %method, status = answered.status().as_u16(), "the console answered");
    answer::guarded(answered)
}
