//! Answers, and the headers that every one of them carries.

use axum::body::Body;
use axum::response::Response;
use hyper::StatusCode;
use hyper::header::{self, HeaderName, HeaderValue};

/// What a browser may do with a page: nothing but what it came with.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; form-action 'self'; \
    frame-ancestors 'none'; base-uri 'none'; require-trusted-types-for 'script'; trusted-types 'none'";

/// Headers of every answer.
const GUARDS: &[(&str, &str)] = &[
    ("content-security-policy", POLICY),
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "DENY"),
    ("referrer-policy", "no-referrer"),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-embedder-policy", "require-corp"),
    ("cross-origin-resource-policy", "same-origin"),
    ("permissions-policy", "camera=(), geolocation=(), microphone=(), usb=(), payment=()"),
    ("strict-transport-security", "max-age=63072000"),
    ("x-dns-prefetch-control", "off"),
];

/// What went wrong with a request, for the one who asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Problem {
    pub(super) status: StatusCode,
    pub(super) text: String,
}

impl Problem {
    pub(super) fn new(status: StatusCode, text: impl Into<String>) -> Self {
        Self { status, text: text.into() }
    }

    /// A request that does not read.
    pub(super) fn bad(text: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, text)
    }

    /// An office that does not answer.
    pub(super) fn away(text: impl Into<String>) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, text)
    }
}

impl From<crate::base::Fault> for Problem {
    fn from(fault: crate::base::Fault) -> Self {
        Self::away(fault.what)
    }
}

/// An answer of one line.
pub(super) fn bare(status: StatusCode, text: &'static str) -> Response {
    guarded(typed(status, "text/plain; charset=utf-8", text))
}

/// A page.
pub(super) fn page(status: StatusCode, html: String) -> Response {
    typed(status, "text/html; charset=utf-8", html)
}

/// An answer of a type.
pub(super) fn typed(status: StatusCode, of: &'static str, body: impl Into<Body>) -> Response {
    let mut response = Response::new(body.into());
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(of));
    response
}

/// A file to keep. Its name is ours, never the other's.
pub(super) fn file(name: &str, text: String) -> Response {
    let mut response = typed(StatusCode::OK, "text/plain; charset=utf-8", text);
    let safe: String = name.chars().filter(|c| c.is_ascii_alphanumeric() || "._-".contains(*c)).collect();
    if let Ok(value) = HeaderValue::from_str(&format!("attachment; filename=\"{safe}\"")) {
        response.headers_mut().insert(header::CONTENT_DISPOSITION, value);
    }
    response
}

/// The answer with all guards; it is kept nowhere unless it says otherwise.
pub(super) fn guarded(mut response: Response) -> Response {
    let headers = response.headers_mut();
    for (name, value) in GUARDS {
        headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}
