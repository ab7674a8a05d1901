//! Where spans go: a collector on this machine, asked over HTTP.

use std::net::SocketAddr;
use std::time::Duration;

use http_body_util::Full;
use hyper::Request;
use hyper::body::Bytes;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use crate::base::Fault;

/// How long a collector may take for one request: 10 seconds, as OTLP proposes.
const POST_TIME_MAX: Duration = Duration::from_secs(10);
/// The port of OTLP over HTTP.
const PORT: &str = "4318";

/// A collector.
#[derive(Debug, Clone)]
pub struct Collector {
    address: SocketAddr,
    path: String,
}

/// Why a request was not taken.
#[derive(Debug)]
pub enum Refused {
    /// It may be taken later.
    Later(Fault),
    /// It is never taken as it is.
    Never(Fault),
}

impl Collector {
    /// The collector at a URL such as `http://127.0.0.1:4318`; the path is `/v1/traces` where none is given.
    ///
    /// # Errors
    /// One line: it is no such URL, or leads off this machine, where nothing would protect what is said.
    pub fn at(url: &str) -> Result<Self, String> {
        let wrong = || format!("expected the address of a collector on this machine, such as `http://127.0.0.1:{PORT}`, found `{url}`");
        let rest = url.strip_prefix("http://").ok_or_else(wrong)?;
        let (authority, path) = rest.split_once('/').map_or((rest, String::new()), |(authority, path)| (authority, format!("/{path}")));
        let authority = authority.strip_prefix("localhost").map_or_else(|| authority.to_owned(), |port| format!("127.0.0.1{port}"));
        let address: SocketAddr = authority.parse().or_else(|_| format!("{authority}:{PORT}").parse()).map_err(|_| wrong())?;
        if !address.ip().is_loopback() {
            return Err(format!(
                "`{address}` is another machine, and nothing here is encrypted: run a collector beside the gateway, which sends on over TLS"
            ));
        }
        let path = if path.len() > 1 { path } else { "/v1/traces".to_owned() };
        Ok(Self { address, path })
    }

    /// Posts a request.
    ///
    /// # Errors
    /// [`Refused`].
    pub async fn post(&self, body: Vec<u8>) -> Result<(), Refused> {
        let late = |_| Refused::Later(Fault::new(format!("the collector at {} does not answer in time", self.address)));
        tokio::time::timeout(POST_TIME_MAX, self.exchange(body)).await.map_err(late)?
    }

    async fn exchange(&self, body: Vec<u8>) -> Result<(), Refused> {
        let address = self.address;
        let lost = |cause: hyper::Error| Refused::Later(Fault::from_cause(format!("the collector at {address} was lost"), cause));
        let stream = TcpStream::connect(address).await;
        let stream = stream.map_err(|cause| Refused::Later(Fault::from_cause(format!("no collector answers at {address}"), cause)))?;
        let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.map_err(lost)?;
        let carried = tokio::spawn(connection);
        let request = Request::post(&self.path)
            .header(hyper::header::HOST, address.to_string())
            .header(hyper::header::CONTENT_TYPE, "application/x-protobuf")
            .body(Full::new(Bytes::from(body)))
            .map_err(|cause| Refused::Never(Fault::from_cause("a request cannot be made", cause)))?;
        let answered = sender.send_request(request).await.map_err(lost);
        carried.abort();
        let status = answered?.status();
        // SPEC: OTLP/HTTP, "Retryable Response Codes".
        match status.as_u16() {
            200..=299 => Ok(()),
            429 | 502 | 503 | 504 => Err(Refused::Later(Fault::new(format!("the collector at {address} is busy: {status}")))),
            _ => Err(Refused::Never(Fault::new(format!("the collector at {address} refuses what it is given: {status}")))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_collector_is_on_this_machine_and_nowhere_else() {
        let at = |url: &str| Collector::at(url).map(|one| (one.address.to_string(), one.path));
        let good = |address: &str, path: &str| Ok((address.to_owned(), path.to_owned()));
        assert_eq!(at("http://127.0.0.1:4318"), good("127.0.0.1:4318", "/v1/traces"));
        assert_eq!(at("http://localhost/"), good("127.0.0.1:4318", "/v1/traces"));
        assert_eq!(at("http://[::1]:99/otlp"), good("[::1]:99", "/otlp"));
        for bad in ["https://127.0.0.1:4318", "http://10.0.0.1:4318", "http://collector.example:4318", "127.0.0.1:4318", "http://", ""] {
            assert!(at(bad).is_err(), "{bad}");
        }
    }
}
