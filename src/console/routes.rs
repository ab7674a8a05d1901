//! The table of routes: what may be asked, how, by whom, and how long it may be. What stands not in it is not there.

use std::sync::Arc;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::Request;
use axum::response::Response;
use axum::routing::{MethodFilter, on};
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use hyper::header::{self, HeaderName};
use hyper::{HeaderMap, Method, StatusCode};

use super::Console;
use super::answer::{self, Problem};
use super::entry::{Chain, Entry, Visitor, seconds};
use super::form::{Fields, Form};
use super::pages::{self, Page};
use crate::control::Role;

/// How a route is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asking {
    /// GET: it changes nothing.
    Get,
    /// POST: a form with the token of a page.
    Post,
}

/// A row of the table.
#[derive(Debug, Clone, Copy)]
pub struct Route {
    /// Its path.
    pub path: &'static str,
    /// How it is asked.
    pub asking: Asking,
    /// Who may: any of these roles.
    pub roles: &'static [Role],
    /// Bytes of a form at most; 0 where there is none.
    pub body_bytes_max: usize,
    /// The fields of form or query.
    pub fields: Fields,
    pub(super) page: Page,
}

use Role::{Approver, Auditor, Author, Operator, Reviewer, Viewer};

const ALL: &[Role] = &[Viewer, Reviewer, Author, Approver, Operator, Auditor];
/// Those who see what messages passed, without content.
const WATCHERS: &[Role] = &[Viewer, Reviewer, Operator, Auditor];
const KIB: usize = 1024;

const fn get(path: &'static str, roles: &'static [Role], once: &'static [&'static str], page: Page) -> Route {
    Route { path, asking: Asking::Get, roles, body_bytes_max: 0, fields: Fields { once, many: &[] }, page }
}

const fn post(path: &'static str, roles: &'static [Role], body_bytes_max: usize, fields: Fields, page: Page) -> Route {
    Route { path, asking: Asking::Post, roles, body_bytes_max, fields, page }
}

const SEARCH: &[&str] = &["id", "state", "from", "recipient", "outcome", "code", "classification", "since", "until", "order", "after"];
const ITEM: &[&str] = &["id", "from", "recipient"];

/// All routes.
pub const ROUTES: &[Route] = &[
    get("/", ALL, &[], Page::Overview),
    get("/live", ALL, &[], Page::Live),
    get("/assets/{digest}/{name}", ALL, &[], Page::Asset),
    get("/held", WATCHERS, SEARCH, Page::Held),
    get("/item", &[Reviewer], ITEM, Page::Item),
    post(
        "/item/choice",
        &[Reviewer],
        2048 * KIB,
        Fields { once: &["token", "id", "from", "recipient", "verdict", "class", "colleague", "reason"], many: &["waive", "named", "why", "remove"] },
        Page::Choice,
    ),
    post("/item/decide", &[Reviewer], 64 * KIB, Fields { once: &["token", "id", "from", "recipient", "note"], many: &[] }, Page::Decide),
    get("/quality", &[Reviewer, Auditor, Operator], &[], Page::Quality),
    get("/messages", WATCHERS, SEARCH, Page::Messages),
    get("/message", WATCHERS, &["id"], Page::Message),
    get("/rules", ALL, &[], Page::Rules),
    get("/rules/file", ALL, &["path"], Page::RuleFile),
    get("/rules/edition", ALL, &["folder"], Page::Edition),
    post(
        "/rules/statement",
        &[Author, Approver],
        8 * KIB,
        Fields { once: &["token", "digest", "role", "until", "scope", "reason"], many: &[] },
        Page::EditionText,
    ),
    post("/rules/sign", &[Author, Approver], 16 * KIB, Fields { once: &["token", "note"], many: &[] }, Page::EditionSign),
    post("/rules/activate", &[Author, Approver, Operator], 8 * KIB, Fields { once: &["token", "folder", "from", "kind"], many: &[] }, Page::Activate),
    post("/rules/condition/text", &[Operator], 8 * KIB, Fields { once: &["token", "name", "value", "reason"], many: &[] }, Page::ConditionText),
    post("/rules/condition", &[Operator], 16 * KIB, Fields { once: &["token", "note"], many: &[] }, Page::Condition),
    get("/partners", ALL, &[], Page::Partners),
    get("/audit", &[Auditor, Operator, Viewer], &["after"], Page::Audit),
    get("/audit/checkpoint", &[Auditor, Operator, Viewer], &[], Page::Checkpoint),
    get("/audit/proof", &[Auditor, Operator, Viewer], &["index"], Page::Proof),
    get("/health", ALL, &[], Page::Health),
];

impl Route {
    /// Whether somebody with these roles may ask it.
    #[must_use]
    pub fn is_open_to(&self, roles: &std::collections::BTreeSet<Role>) -> bool {
        self.roles.iter().any(|role| roles.contains(role))
    }
}

/// Who asks, and by which certificates.
pub(super) type Guest = (Visitor, Chain);

/// The routes, for one visitor.
pub(super) fn router(console: &Arc<Console>, guest: &Guest) -> Router {
    let mut router: Router = Router::new();
    for route in ROUTES {
        let (console, guest) = (Arc::clone(console), guest.clone());
        let filter = if route.asking == Asking::Get { MethodFilter::GET } else { MethodFilter::POST };
        router = router.route(route.path, on(filter, move |request: Request| async move { visit(&console, route, &guest, request).await }));
    }
    let (own, other) = ((Arc::clone(console), guest.0.clone()), (Arc::clone(console), guest.0.clone()));
    router
        .fallback(move || async move { pages::problem(&own.0, &own.1, &Problem::new(StatusCode::NOT_FOUND, "there is no such page")) })
        .method_not_allowed_fallback(move || async move {
            pages::problem(&other.0, &other.1, &Problem::new(StatusCode::METHOD_NOT_ALLOWED, "this page is not asked like that"))
        })
}

/// Everything that must hold before a page is made, then the page.
async fn visit(console: &Arc<Console>, route: &'static Route, guest: &Guest, request: Request) -> Response {
    let answered = match admit(console, route, &guest.0, request).await {
        Ok((path, form)) => pages::answer(console, route.page, guest, &path, &form).await,
        Err(problem) => Err(problem),
    };
    answered.unwrap_or_else(|problem| pages::problem(console, &guest.0, &problem))
}

async fn admit(console: &Console, route: &Route, visitor: &Visitor, request: Request) -> Result<(String, Form), Problem> {
    let (head, body) = request.into_parts();
    let set = console.set();
    own(&set.entry, &head.headers, head.uri.authority().map(hyper::http::uri::Authority::as_str))?;
    if !route.is_open_to(&visitor.roles) {
        let words: Vec<&str> = route.roles.iter().map(|role| role.word()).collect();
        return Err(Problem::new(StatusCode::FORBIDDEN, format!("this page is for the roles {}; you have none of them", words.join(", "))));
    }
    let path = head.uri.path().to_owned();
    match route.asking {
        Asking::Get => {
            if !is_empty(&body) {
                return Err(Problem::bad("a page is asked for without a body"));
            }
            Ok((path, Form::parse(head.uri.query().unwrap_or_default(), route.fields).map_err(Problem::bad)?))
        }
        Asking::Post => {
            debug_assert_eq!(head.method, Method::POST, "axum matched the method");
            ours(&set.entry, &head.headers)?;
            if head.uri.query().is_some() {
                return Err(Problem::bad("a form is sent without a query"));
            }
            let text = text(body, route.body_bytes_max, set.limits.form()).await?;
            let form = Form::parse(&text, route.fields).map_err(Problem::bad)?;
            let now = u64::try_from(seconds()).unwrap_or(0);
            match form.one("token").is_some_and(|token| console.tokens.check(&visitor.name, now, token)) {
                true => Ok((path, form)),
                false => Err(Problem::new(
                    StatusCode::FORBIDDEN,
                    "the form is not from a page that this console gave you within the last hour; load the page again, and repeat what you did",
                )),
            }
        }
    }
}

/// Whether the request is for this console, and has one length.
fn own(entry: &Entry, headers: &HeaderMap, authority: Option<&str>) -> Result<(), Problem> {
    let mut hosts = headers.get_all(header::HOST).iter();
    let host = hosts.next().and_then(|host| host.to_str().ok());
    let other = hosts.next().is_some() || authority.is_some_and(|authority| !entry.is_own_host(authority));
    if other || !host.is_some_and(|host| entry.is_own_host(host)) {
        return Err(Problem::new(StatusCode::MISDIRECTED_REQUEST, format!("this is `{}`, and answers to no other name", entry.authority())));
    }
    if headers.contains_key(header::TRANSFER_ENCODING) || headers.contains_key(header::UPGRADE) || headers.contains_key(header::TRAILER) {
        return Err(Problem::bad("expected a body of a stated length, and nothing else"));
    }
    if headers.get_all(header::CONTENT_LENGTH).iter().count() > 1 {
        return Err(Problem::bad("the request has two lengths"));
    }
    Ok(())
}

/// Whether a form comes from a page of ours: the browser says so, and a browser that says nothing has at least our origin.
fn ours(entry: &Entry, headers: &HeaderMap) -> Result<(), Problem> {
    let foreign = || Problem::new(StatusCode::FORBIDDEN, "the form comes from another site");
    let site = headers.get(HeaderName::from_static("sec-fetch-site")).map(|site| site.to_str().unwrap_or_default());
    let origin = headers.get(header::ORIGIN).map(|origin| origin.to_str().unwrap_or_default());
    match (site, origin) {
        (Some(site), _) if site != "same-origin" => return Err(foreign()),
        // SPEC: Fetch, "append a request Origin header": under the policy `no-referrer`, which our pages have, a browser says `null`.
        (Some(_), Some("null")) => {}
        (_, Some(origin)) if !entry.is_own_origin(origin) => return Err(foreign()),
        (None, None) => return Err(foreign()),
        _ => {}
    }
    match headers.get(header::CONTENT_TYPE).and_then(|of| of.to_str().ok()) {
        Some("application/x-www-form-urlencoded") => Ok(()),
        _ => Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "expected a form: application/x-www-form-urlencoded")),
    }
}

fn is_empty(body: &Body) -> bool {
    hyper::body::Body::size_hint(body).exact() == Some(0)
}

async fn text(body: Body, bytes_max: usize, time_max: std::time::Duration) -> Result<String, Problem> {
    let long = || Problem::new(StatusCode::PAYLOAD_TOO_LARGE, format!("expected a form of at most {bytes_max} bytes"));
    // A length that is stated is believed where it is too much.
    if hyper::body::Body::size_hint(&body).lower() > u64::try_from(bytes_max).unwrap_or(u64::MAX) {
        return Err(long());
    }
    let collected = tokio::time::timeout(time_max, Limited::new(body, bytes_max).collect()).await;
    let bytes: Bytes = match collected {
        Ok(Ok(collected)) => collected.to_bytes(),
        Ok(Err(error)) if error.is::<LengthLimitError>() => return Err(long()),
        Ok(Err(_)) => return Err(Problem::bad("the form did not arrive whole")),
        Err(_) => return Err(Problem::new(StatusCode::REQUEST_TIMEOUT, "the form took too long to arrive")),
    };
    String::from_utf8(bytes.to_vec()).map_err(|_| Problem::bad("the form is no text"))
}

/// An asset, kept for ever: its address changes with it.
pub(super) fn asset(console: &Console, path: &str) -> Result<Response, Problem> {
    let (of, text) = console.assets.at(path).ok_or_else(|| Problem::new(StatusCode::NOT_FOUND, "there is no such page"))?;
    let mut response = answer::typed(StatusCode::OK, of, text);
    response.headers_mut().insert(header::CACHE_CONTROL, hyper::header::HeaderValue::from_static("private, max-age=31536000, immutable"));
    Ok(response)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_route_has_a_role_and_every_role_a_route() {
        for route in ROUTES {
            assert!(!route.roles.is_empty(), "{}", route.path);
            assert_eq!(route.asking == Asking::Post, route.body_bytes_max > 0, "{}", route.path);
            assert_eq!(route.asking == Asking::Post, route.fields.once.contains(&"token"), "{}", route.path);
        }
        for role in Role::ALL {
            assert!(ROUTES.iter().any(|route| route.roles.contains(&role)), "{}", role.word());
        }
    }

    #[test]
    fn content_of_messages_is_for_reviewers_alone_and_nobody_changes_what_is_not_theirs() {
        for route in ROUTES.iter().filter(|route| route.path.starts_with("/item")) {
            assert_eq!(route.roles, [Role::Reviewer], "{}", route.path);
        }
        for route in ROUTES.iter().filter(|route| route.asking == Asking::Post) {
            assert!(!route.roles.contains(&Role::Viewer) && !route.roles.contains(&Role::Auditor), "{}", route.path);
        }
    }
}
