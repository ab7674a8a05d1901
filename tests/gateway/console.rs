//! The web console of a real gateway, behind its walls: who enters, what each role may ask, and requests that are not in order. Requests are bytes over
//! TLS, so that they can be as wrong as they need to be.

use super::*;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use vestibule::console::routes::{Asking, ROUTES};
use vestibule::control::Role;

/// A lab with a console, and an officer of each role, who is called by it.
pub(super) struct Desk {
    pub(super) lab: Lab,
    pub(super) port: u16,
}

/// An answer: its status, and everything as text. Status 0 where nothing came.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) text: String,
}

/// A connection of an officer.
pub(super) type Open = tokio_rustls::client::TlsStream<tokio::net::TcpStream>;

/// Sends bytes, and gives what came until the end.
pub(super) async fn ask(mut open: Open, bytes: &[u8]) -> Answer {
    let mut all = Vec::new();
    let exchange = async {
        open.write_all(bytes).await?;
        open.flush().await?;
        open.read_to_end(&mut all).await
    };
    // Whoever is refused in the middle of a form has no orderly end.
    let _ended = tokio::time::timeout(Duration::from_secs(30), exchange).await.expect("an answer or an end within its limits");
    let text = String::from_utf8_lossy(&all).into_owned();
    let status = text.strip_prefix("HTTP/1.1 ").and_then(|rest| rest.get(..3)?.parse().ok()).unwrap_or(0);
    Answer { status, text }
}

impl Desk {
    pub(super) fn new() -> Self {
        Self::with(&Role::ALL.map(|role| (role.word(), role.word())), |_, text| text.to_owned())
    }

    /// With these officers and their roles, of whom those who are called author and approver have signed the rule set as it is changed here.
    pub(super) fn with(officers: &[(&str, &str)], change: impl Fn(&str, &str) -> String) -> Self {
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let lab = Lab::with(|text| text.replace(RULES, "rules").replace("127.0.0.1:4473", &format!("127.0.0.1:{port}")));
        for file in vestibule::policy::read_folder(Path::new(RULES)).unwrap() {
            let path = lab.path("rules").join(&*file.path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, change(&file.path, &file.text)).unwrap();
        }
        let desk = Self { lab, port };
        let entries: Vec<String> = officers.iter().map(|(name, roles)| desk.officer(name, roles)).collect();
        let config = std::fs::read_to_string(desk.lab.config()).unwrap();
        std::fs::write(desk.lab.config(), format!("{config}{}", entries.concat())).unwrap();
        for role in ["author", "approver"] {
            let (status, _, errors) = vestibule(&["rules", "sign", &desk.at("rules"), "--key", &desk.at(&format!("{role}.key")), "--role", role]);
            assert_eq!(status, 0, "{errors}");
        }
        desk
    }

    pub(super) fn at(&self, inner: &str) -> String {
        self.lab.path(inner).display().to_string()
    }

    /// Makes an officer, and gives the entry of the configuration.
    pub(super) fn officer(&self, name: &str, roles: &str) -> String {
        let (into, console) = (self.at(&format!("{name}.key")), self.at("state/pki/console"));
        let (status, out, errors) = vestibule(&["pki", "officer", "--name", name, "--roles", roles, "--into", &into, "--console", &console]);
        assert_eq!(status, 0, "{errors}");
        out
    }

    pub(super) fn revoke(&self, name: &str) {
        let (anchor, list) = (self.at("state/pki/console/anchor.pem"), self.at("state/pki/console/revoked.pem"));
        let (status, _, errors) = vestibule(&["pki", "revoke", "--anchor", &anchor, "--list", &list, &self.at(&format!("{name}.console.pem"))]);
        assert_eq!(status, 0, "{errors}");
    }

    /// The TLS of an officer, or of somebody without a certificate.
    fn tls(&self, officer: Option<&str>) -> tokio_rustls::TlsConnector {
        let mut roots = rustls::RootCertStore::empty();
        roots.add(CertificateDer::from_pem_file(self.at("state/pki/console/anchor.pem")).unwrap()).unwrap();
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config =
            rustls::ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap().with_root_certificates(roots);
        tokio_rustls::TlsConnector::from(Arc::new(match officer {
            None => config.with_no_client_auth(),
            Some(name) => {
                let chain = vec![CertificateDer::from_pem_file(self.at(&format!("{name}.console.pem"))).unwrap()];
                config.with_client_auth_cert(chain, PrivateKeyDer::from_pem_file(self.at(&format!("{name}.console.key"))).unwrap()).unwrap()
            }
        }))
    }

    /// A connection on which nothing was asked yet.
    pub(super) async fn connect(&self, officer: Option<&str>) -> std::io::Result<Open> {
        let tcp = tokio::net::TcpStream::connect(("127.0.0.1", self.port)).await?;
        self.tls(officer).connect(ServerName::try_from("localhost").unwrap(), tcp).await
    }

    /// Sends bytes as an officer, or without a certificate, and gives what came until the end.
    pub(super) async fn raw(&self, officer: Option<&str>, bytes: &[u8]) -> Answer {
        match self.connect(officer).await {
            Ok(open) => ask(open, bytes).await,
            // Whoever is refused in the handshake has no answer.
            Err(_) => Answer { status: 0, text: String::new() },
        }
    }

    pub(super) fn head(&self, method: &str, target: &str, more: &str) -> String {
        format!("{method} {target} HTTP/1.1\r\nHost: localhost:{}\r\n{more}\r\n", self.port)
    }

    pub(super) async fn get(&self, officer: &str, target: &str) -> Answer {
        self.raw(Some(officer), self.head("GET", target, "").as_bytes()).await
    }

    /// Sends a form as a browser does.
    pub(super) async fn post(&self, officer: &str, target: &str, form: &str) -> Answer {
        self.post_from(officer, target, form, &format!("Sec-Fetch-Site: same-origin\r\nOrigin: https://localhost:{}\r\n", self.port)).await
    }

    async fn post_from(&self, officer: &str, target: &str, form: &str, from: &str) -> Answer {
        let more = format!("{from}Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n", form.len());
        self.raw(Some(officer), format!("{}{form}", self.head("POST", target, &more)).as_bytes()).await
    }

    /// The token of an officer's pages.
    pub(super) async fn token(&self, officer: &str, target: &str) -> String {
        let page = self.get(officer, target).await;
        let at = page.text.find("name=\"token\" value=\"").unwrap_or_else(|| panic!("no form on {target}: {}", page.text));
        page.text[at..].split('"').nth(3).unwrap().to_owned()
    }

    fn journal(&self) -> String {
        let (status, out, errors) = self.lab.command(&["audit", "show"], &["--json"]);
        assert_eq!(status, 0, "{errors}");
        out
    }
}

/// A path of a route, as somebody asks it.
fn asked(path: &str) -> String {
    path.replace("{digest}", "0000").replace("{name}", "console.css")
}

async fn every_role_gets_its_routes_and_no_other(desk: &Desk) {
    for role in Role::ALL {
        let roles = [role].into();
        for route in ROUTES.iter().filter(|route| route.path != "/live") {
            let answer = match route.asking {
                Asking::Get => desk.get(role.word(), &asked(route.path)).await,
                Asking::Post => desk.post(role.word(), route.path, "token=0").await,
            };
            match (route.is_open_to(&roles), route.asking) {
                (false, _) => assert_eq!(answer.status, 403, "{} {} {}", role.word(), route.path, answer.text),
                (true, Asking::Post) => assert!(answer.status == 403 && answer.text.contains("not from a page"), "{} {}", route.path, answer.text),
                (true, Asking::Get) => {
                    assert!(![0, 403, 405, 500].contains(&answer.status), "{} {} {}", role.word(), route.path, answer.text);
                }
            }
        }
    }
    for path in ["/", "/held", "/messages", "/rules", "/partners", "/audit", "/health"] {
        assert_eq!(desk.get("viewer", path).await.status, 200, "{path}");
    }
}

async fn every_answer_has_its_guards(desk: &Desk) {
    for target in ["/", "/nothing", "/item", "/assets/0/x"] {
        let answer = desk.get("reviewer", target).await.text.to_lowercase();
        for guard in [
            "content-security-policy: default-src 'none'; script-src 'self'; style-src 'self';",
            "x-content-type-options: nosniff",
            "referrer-policy: no-referrer",
            "cache-control: no-store",
            "cross-origin-opener-policy: same-origin",
            "cross-origin-resource-policy: same-origin",
        ] {
            assert!(answer.contains(guard), "{target}: {guard}\n{answer}");
        }
        assert!(!answer.contains("set-cookie") && !answer.contains("style=\"") && !answer.contains("onclick"), "{answer}");
    }
    let page = desk.get("viewer", "/").await.text;
    for asset in page.split('"').filter(|part| part.starts_with("/assets/")) {
        let answer = desk.get("viewer", asset).await;
        assert!(answer.status == 200 && answer.text.contains("immutable"), "{asset}: {}", answer.text);
    }
}

async fn requests_that_two_readers_could_cut_differently_are_refused(desk: &Desk) {
    let host = format!("Host: localhost:{}", desk.port);
    let hidden = format!("GET /health HTTP/1.1\r\n{host}\r\n\r\n");
    let form = "Sec-Fetch-Site: same-origin\r\nContent-Type: application/x-www-form-urlencoded\r\n";
    for (what, bytes, status) in [
        (
            "a length and a coding",
            desk.head("POST", "/rules/condition", &format!("{form}Content-Length: 4\r\nTransfer-Encoding: chunked\r\n")) + "0\r\n\r\n" + &hidden,
            400,
        ),
        ("a coding", desk.head("POST", "/rules/condition", &format!("{form}Transfer-Encoding: chunked\r\n")) + "0\r\n\r\n", 400),
        ("two lengths", desk.head("POST", "/rules/condition", &format!("{form}Content-Length: 4\r\nContent-Length: 5\r\n")) + "token", 400),
        ("a length that is none", desk.head("POST", "/rules/condition", &format!("{form}Content-Length: +4\r\n")) + "toke", 400),
        ("a folded line", format!("GET / HTTP/1.1\r\n{host}\r\nX-A: b\r\n c\r\n\r\n"), 400),
        ("bare line feeds", format!("GET / HTTP/1.1\n{host}\n\n"), 400),
        ("one bare line feed", format!("GET / HTTP/1.1\r\n{host}\r\nX-A: b\nX-B: c\r\n\r\n"), 400),
        ("a space before the colon", format!("GET / HTTP/1.1\r\n{host}\r\nX-A : b\r\n\r\n"), 400),
        ("a page with a body", desk.head("GET", "/", "Content-Length: 4\r\n") + "body", 400),
        ("another host", "GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n".to_owned(), 421),
        ("no host", "GET / HTTP/1.1\r\n\r\n".to_owned(), 421),
        ("two hosts", format!("GET / HTTP/1.1\r\n{host}\r\n{host}\r\n\r\n"), 421),
        ("another host in the target", format!("GET https://evil.example/ HTTP/1.1\r\n{host}\r\n\r\n"), 421),
    ] {
        let answer = desk.raw(Some("operator"), bytes.as_bytes()).await;
        assert_eq!(answer.status, status, "{what}: {}", answer.text);
    }
    let two = desk.raw(Some("viewer"), (desk.head("GET", "/health", "") + &hidden).as_bytes()).await;
    assert!(two.status == 200 && two.text.matches("HTTP/1.1 ").count() == 1, "a second request on a connection is never read: {}", two.text);
}

async fn what_is_too_much_is_refused(desk: &Desk) {
    let long = desk.head("GET", "/", &format!("X-Long: {}\r\n", "a".repeat(20_000)));
    assert_eq!(desk.raw(Some("viewer"), long.as_bytes()).await.status, 431);
    let many = desk.head("GET", "/", &"X-Many: a\r\n".repeat(60));
    assert_eq!(desk.raw(Some("viewer"), many.as_bytes()).await.status, 431);
    assert_eq!(desk.post("operator", "/rules/condition", &format!("note={}", "a".repeat(20_000))).await.status, 413);
    let stated = desk.head(
        "POST",
        "/rules/condition",
        "Sec-Fetch-Site: same-origin\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 99999999999\r\n",
    );
    assert_eq!(desk.raw(Some("operator"), stated.as_bytes()).await.status, 413);
    let slow = format!("GET / HTTP/1.1\r\nHost: localhost:{}\r\n", desk.port);
    assert_eq!(desk.raw(Some("viewer"), slow.as_bytes()).await.status, 0, "a head that does not end is given up");
}

async fn paths_and_methods_lead_nowhere_else(desk: &Desk) {
    for target in [
        "/../etc/passwd",
        "/assets/../../etc/passwd",
        "/assets/%2e%2e/%2e%2e",
        "/rules/file/../../x",
        "/%00",
        "//",
        "/held/",
        "/HELD",
        "/.git/config",
        "/assets//",
    ] {
        let answer = desk.get("viewer", target).await;
        assert!([400, 404].contains(&answer.status), "{target}: {}", answer.text);
    }
    for file in ["..%2F..%2Fgateway.toml", "%2Fetc%2Fpasswd", "signatures%2Fauthor.author.note"] {
        assert_eq!(desk.get("viewer", &format!("/rules/file?path={file}")).await.status, 404, "{file}");
    }
    for (method, target, status) in [
        ("POST", "/", 405),
        ("GET", "/rules/condition", 405),
        ("GET", "/item/decide", 405),
        ("OPTIONS", "/", 405),
        ("TRACE", "/", 405),
        ("PUT", "/rules", 405),
        ("DELETE", "/rules/condition", 405),
        ("BREW", "/", 405),
    ] {
        let answer = desk.raw(Some("operator"), desk.head(method, target, "Content-Length: 0\r\n").as_bytes()).await;
        assert_eq!(answer.status, status, "{method} {target}: {}", answer.text);
    }
    let head = desk.raw(Some("viewer"), desk.head("HEAD", "/", "").as_bytes()).await;
    assert!(head.status == 200 && head.text.ends_with("\r\n\r\n"), "{}", head.text);
    let overridden = desk.raw(Some("operator"), desk.head("GET", "/rules/condition", "X-HTTP-Method-Override: POST\r\n").as_bytes()).await;
    assert_eq!(overridden.status, 405);
}

async fn forms_are_taken_from_our_pages_alone_and_change_nothing_otherwise(desk: &Desk) {
    let (mine, anothers) = (desk.token("operator", "/rules").await, desk.token("author", "/rules").await);
    let good = format!("token={mine}&note=nothing");
    let refused = desk.post("operator", "/rules/condition", &good).await;
    assert_eq!(refused.status, 409, "a form in order reaches the gateway, which refuses what is not signed: {}", refused.text);
    for (what, form, status) in [
        ("no token", "note=nothing".to_owned(), 403),
        ("another officer's token", format!("token={anothers}&note=nothing"), 403),
        ("a token of another start", format!("token={}&note=nothing", "0".repeat(64)), 403),
        ("a field twice", format!("{good}&note=other"), 400),
        ("a token twice", format!("token={mine}&{good}"), 400),
        ("a field that is not expected", format!("{good}&as=root"), 400),
        ("an escape that is none", format!("{good}%zz"), 400),
        ("no note", format!("token={mine}"), 400),
    ] {
        let answer = desk.post("operator", "/rules/condition", &form).await;
        assert_eq!(answer.status, status, "{what}: {}", answer.text);
    }
    let own = format!("Origin: https://localhost:{}\r\n", desk.port);
    for (from, status) in [
        ("Origin: https://evil.example\r\n".to_owned(), 403),
        ("Origin: null\r\n".to_owned(), 403),
        (format!("Origin: http://localhost:{}\r\n", desk.port), 403),
        (format!("Sec-Fetch-Site: cross-site\r\n{own}"), 403),
        (format!("Sec-Fetch-Site: same-site\r\n{own}"), 403),
        ("Sec-Fetch-Site: none\r\n".to_owned(), 403),
        (String::new(), 403),
        (own, 409),
        ("Sec-Fetch-Site: same-origin\r\nOrigin: null\r\n".to_owned(), 409),
    ] {
        let answer = desk.post_from("operator", "/rules/condition", &good, &from).await;
        assert_eq!(answer.status, status, "{from}: {}", answer.text);
    }
    let json = desk.head(
        "POST",
        "/rules/condition",
        &format!("Sec-Fetch-Site: same-origin\r\nContent-Type: application/json\r\nContent-Length: {}\r\n", good.len()),
    ) + &good;
    assert_eq!(desk.raw(Some("operator"), json.as_bytes()).await.status, 415);
    let unsigned = format!("token={}&folder={}", desk.token("approver", "/rules").await, desk.at("rules").replace('/', "%2F"));
    let answer = desk.post("approver", "/rules/activate", &unsigned).await;
    assert!([200, 202, 409].contains(&answer.status), "{}", answer.text);
    let relative = format!("token={}&folder=..%2Frules", desk.token("approver", "/rules").await);
    assert_eq!(desk.post("approver", "/rules/activate", &relative).await.status, 400);
}

#[test]
fn a_console_answers_its_officers_and_refuses_everything_that_is_not_in_order() {
    run(async {
        let desk = Desk::new();
        let gateway = desk.lab.spawn().await;
        every_role_gets_its_routes_and_no_other(&desk).await;
        every_answer_has_its_guards(&desk).await;
        let before = desk.journal();
        requests_that_two_readers_could_cut_differently_are_refused(&desk).await;
        what_is_too_much_is_refused(&desk).await;
        paths_and_methods_lead_nowhere_else(&desk).await;
        assert_eq!(desk.journal(), before, "what is refused changes nothing");
        forms_are_taken_from_our_pages_alone_and_change_nothing_otherwise(&desk).await;
        assert_eq!(gateway.terminate().await, 0);
        desk.lab.audit();
    });
}

#[test]
fn nobody_enters_a_console_without_a_certificate_in_force_that_belongs_to_an_officer() {
    run(async {
        let desk = Desk::new();
        let _unknown = desk.officer("stranger", "viewer");
        desk.revoke("auditor");
        let gateway = desk.lab.spawn().await;
        let request = desk.head("GET", "/", "");
        assert_eq!(desk.raw(Some("viewer"), request.as_bytes()).await.status, 200, "an officer enters");
        for (who, why) in [(None, "no certificate"), (Some("stranger"), "an officer of nobody"), (Some("auditor"), "revoked")] {
            let answer = desk.raw(who, request.as_bytes()).await;
            assert!(answer.status == 0 && answer.text.is_empty(), "{why}: {}", answer.text);
        }
        // A peer's certificate, of another anchor.
        for ending in ["pem", "key"] {
            std::fs::copy(desk.at(&format!("state/pki/national/gbr-ops.{ending}")), desk.at(&format!("peer.console.{ending}"))).unwrap();
        }
        assert_eq!(desk.raw(Some("peer"), request.as_bytes()).await.status, 0, "a peer is no officer");
        assert_eq!(desk.raw(Some("viewer"), request.as_bytes()).await.status, 200, "the others go on");
        assert_eq!(gateway.terminate().await, 0);
    });
}
