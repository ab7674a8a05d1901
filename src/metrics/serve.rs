//! Health and metrics over HTTP: three pages, for machines of the operator that watch the gateway.
//!
//! `/healthz` answers while the desk lives; `/readyz` answers 200 while every process is ready, and else 503 with the names of those that are not;
//! `/metrics` is the table in the text format of Prometheus. Nobody is asked who they are: the address is the operator's own, and nothing here says what
//! a message says. INVARIANT: only GET and HEAD of these; nothing that a client sends is kept.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderValue, X_CONTENT_TYPE_OPTIONS};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;

use super::numbers::{is_ready, of_processes};
use super::text::write;
use crate::base::Fault;
use crate::control::desk::{Office, Query, View};

/// Connections at the same time at most: 16; who watches is a few programs.
pub const CONNECTIONS_MAX: usize = 16;
/// How long the head of a request may take: 5 seconds.
const HEAD_TIME_MAX: Duration = Duration::from_secs(5);
/// How long a connection may last: 60 seconds, some scrapes.
const CONNECTION_TIME_MAX: Duration = Duration::from_secs(60);
/// Bytes of a request's head at most: 8 KiB, the least that the library allows.
const HEAD_BYTES_MAX: usize = 8 * 1024;
/// Headers of a request at most: 32; a scraper sends ten.
const HEADERS_MAX: usize = 32;
/// The pause after a connection could not be taken: 100 milliseconds, so that a lack of files is not made worse.
const PAUSE: Duration = Duration::from_millis(100);

/// What the text format calls itself.
const METRICS_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";
const TEXT_TYPE: &str = "text/plain; charset=utf-8";

/// Answers until the task is dropped. The listener is taken by the call itself: a process whose walls are closed can no longer do that.
pub fn serve(listener: std::net::TcpListener, office: Arc<dyn Office>) -> impl Future<Output = Fault> + Send {
    let taken = listener.set_nonblocking(true).and_then(|()| TcpListener::from_std(listener));
    answer_all(taken, office)
}

async fn answer_all(taken: std::io::Result<TcpListener>, office: Arc<dyn Office>) -> Fault {
    let listener = match taken {
        Ok(listener) => listener,
        Err(cause) => return Fault::from_cause("the listener for metrics cannot be used", cause),
    };
    let places = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    loop {
        let Ok(place) = Arc::clone(&places).acquire_owned().await else {
            return Fault::new("the listener for metrics was closed");
        };
        match listener.accept().await {
            Ok((stream, _)) => {
                let office = Arc::clone(&office);
                tokio::spawn(async move {
                    // What a client does wrong is its own matter: its connection ends.
                    let _ended = tokio::time::timeout(CONNECTION_TIME_MAX, attend(stream, office)).await;
                    drop(place);
                });
            }
            Err(error) => {
                tracing::warn!(%error, "a connection for metrics could not be taken");
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
}

async fn attend(stream: TcpStream, office: Arc<dyn Office>) -> Result<(), hyper::Error> {
    let service = service_fn(move |request: Request<Incoming>| {
        let office = Arc::clone(&office);
        async move { Ok::<_, Infallible>(answer(&request, office.as_ref()).await) }
    });
    let mut settings = http1::Builder::new();
    settings.timer(TokioTimer::new()).header_read_timeout(HEAD_TIME_MAX).max_buf_size(HEAD_BYTES_MAX).max_headers(HEADERS_MAX);
    // Flat writes: gathered ones are a call that the desk's walls do not allow.
    settings.writev(false);
    settings.serve_connection(TokioIo::new(stream), service).await
}

async fn answer(request: &Request<Incoming>, office: &dyn Office) -> Response<Full<Bytes>> {
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return page(StatusCode::METHOD_NOT_ALLOWED, TEXT_TYPE, "expected GET\n".to_owned());
    }
    match (request.uri().path(), request.uri().query()) {
        ("/healthz", None) => page(StatusCode::OK, TEXT_TYPE, "ok\n".to_owned()),
        ("/readyz", None) => match readiness(office) {
            Ok(text) => page(StatusCode::OK, TEXT_TYPE, text),
            Err(text) => page(StatusCode::SERVICE_UNAVAILABLE, TEXT_TYPE, text),
        },
        ("/metrics", None) => match numbers(office).await {
            Ok(text) => page(StatusCode::OK, METRICS_TYPE, text),
            Err(fault) => page(StatusCode::SERVICE_UNAVAILABLE, TEXT_TYPE, format!("{}\n", fault.what)),
        },
        _ => page(StatusCode::NOT_FOUND, TEXT_TYPE, "expected /healthz, /readyz or /metrics\n".to_owned()),
    }
}

fn page(status: StatusCode, kind: &'static str, text: String) -> Response<Full<Bytes>> {
    let mut page = Response::new(Full::new(Bytes::from(text)));
    *page.status_mut() = status;
    let headers = page.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    page
}

/// Whether every process is ready, or which are not.
fn readiness(office: &dyn Office) -> Result<String, String> {
    let processes = office.processes();
    let name = |process: &serde_json::Value| process.get("name").and_then(serde_json::Value::as_str).unwrap_or("?").to_owned();
    let waiting: Vec<String> = processes.iter().filter(|process| !is_ready(process)).map(name).collect();
    match (processes.len(), waiting.is_empty()) {
        (0, _) => Err("the supervisor has not told which processes there are\n".to_owned()),
        (all, true) => Ok(format!("{all} processes ready\n")),
        (_, false) => Err(format!("not ready: {}\n", waiting.join(", "))),
    }
}

/// All samples as text: those of the keeper, and those of processes.
async fn numbers(office: &dyn Office) -> Result<String, Fault> {
    match office.look(Query::Metrics {}).await? {
        View::Metrics { mut samples } => {
            samples.extend(of_processes(&office.processes()));
            Ok(write(&samples))
        }
        _ => Err(Fault::new("the keeper answers what it was not asked")),
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    use super::*;
    use crate::control::desk::{Later, Sample};
    use crate::control::papers::Papers;
    use crate::control::{Act, Response as Answer};

    /// A desk whose processes are these.
    struct Desk(Vec<serde_json::Value>);

    impl Office for Desk {
        fn look(&self, query: Query) -> Later<'_, View> {
            assert_eq!(query, Query::Metrics {});
            let sample = Sample { name: "vestibule_records_total".to_owned(), labels: Vec::new(), value: 7 };
            Box::pin(std::future::ready(Ok(View::Metrics { samples: vec![sample] })))
        }

        fn review(&self, _: String) -> Later<'_, Answer> {
            Box::pin(std::future::ready(Err(Fault::new("not here"))))
        }

        fn act(&self, _: Act) -> Later<'_, Answer> {
            Box::pin(std::future::ready(Err(Fault::new("not here"))))
        }

        fn processes(&self) -> Vec<serde_json::Value> {
            self.0.clone()
        }

        fn papers(&self) -> Papers {
            Papers::default()
        }
    }

    fn desk(ready: &[(&str, bool)]) -> std::net::SocketAddr {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let processes = ready.iter().map(|(name, ready)| serde_json::json!({ "name": name, "ready": ready, "restarts": 0 })).collect();
        tokio::spawn(serve(listener, Arc::new(Desk(processes))));
        address
    }

    async fn said(address: std::net::SocketAddr, request: &[u8]) -> String {
        let mut stream = TcpStream::connect(address).await.unwrap();
        // What is refused early may be answered by a reset while the rest is still written.
        let _ = stream.write_all(request).await;
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer).await;
        String::from_utf8_lossy(&answer).into_owned()
    }

    async fn of(address: std::net::SocketAddr, path: &str) -> String {
        said(address, format!("GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").as_bytes()).await
    }

    #[tokio::test]
    async fn health_readiness_and_metrics_are_told_and_nothing_else() {
        let (ready, waiting, new) = (desk(&[("keeper", true)]), desk(&[("keeper", true), ("door-a", false)]), desk(&[]));
        assert!(of(ready, "/healthz").await.starts_with("HTTP/1.1 200 "));
        assert!(of(ready, "/readyz").await.contains("1 processes ready"));
        let not = of(waiting, "/readyz").await;
        assert!(not.starts_with("HTTP/1.1 503 ") && not.ends_with("not ready: door-a\n"), "{not}");
        assert!(of(new, "/readyz").await.starts_with("HTTP/1.1 503 "));
        let metrics = of(waiting, "/metrics").await;
        assert!(metrics.contains("text/plain; version=0.0.4") && metrics.contains("\nvestibule_records_total 7\n"), "{metrics}");
        assert!(metrics.contains("vestibule_process_ready{process=\"door-a\"} 0\n"), "{metrics}");
        for path in ["/", "/metrics/", "/metrics?x=1", "/..%2fmetrics", "/Metrics"] {
            assert!(of(ready, path).await.starts_with("HTTP/1.1 404 "), "{path}");
        }
    }

    #[tokio::test]
    async fn other_methods_long_heads_and_what_is_no_http_are_refused() {
        let address = desk(&[("keeper", true)]);
        let post = b"POST /metrics HTTP/1.1\r\nhost: x\r\ncontent-length: 3\r\nconnection: close\r\n\r\nabc";
        assert!(said(address, post).await.starts_with("HTTP/1.1 405 "));
        let long = format!("GET /metrics HTTP/1.1\r\nhost: x\r\na: {}\r\n\r\n", "a".repeat(20_000));
        assert!(!said(address, long.as_bytes()).await.starts_with("HTTP/1.1 200 "));
        let many = format!("GET /metrics HTTP/1.1\r\nhost: x\r\n{}\r\n", "a: b\r\n".repeat(100));
        assert!(!said(address, many.as_bytes()).await.starts_with("HTTP/1.1 200 "));
        let smuggled = b"GET /metrics HTTP/1.1\r\nhost: x\r\ncontent-length: 3\r\ntransfer-encoding: chunked, x\r\n\r\nabc";
        assert!(!said(address, smuggled).await.starts_with("HTTP/1.1 200 "));
        assert!(!said(address, b"\x16\x03\x01\x02\x00\x01\x00\r\n\r\n").await.starts_with("HTTP/1.1 200 "));
        assert!(of(address, "/healthz").await.starts_with("HTTP/1.1 200 "));
    }
}
