//! The gateway as it runs, or as it would: its ports, its control socket, its processes, its alarms.

use std::net::{TcpListener, UdpSocket};
use std::os::unix::fs::PermissionsExt as _;

use serde_json::Value;

use super::{Ground, Seen};
use crate::base::Fault;
use crate::config::Gateway;
use crate::control::{self, Request, Response};

/// Times that a process was started again, from which somebody should look: 3.
const RESTARTS_DOUBTFUL: u64 = 3;

/// Asks the gateway how it is, where its socket is there.
pub(super) fn ask(config: &Gateway) -> Option<Result<Response, Fault>> {
    let socket = config.journal.join(control::SOCKET);
    socket.exists().then(|| control::ask(&socket, &Request::Status {}))
}

/// Names with numbers, and processes.
type Said<'g> = (&'g [(String, String)], &'g [Value]);

/// What a gateway that answers says.
fn status(ground: &Ground) -> Option<Said<'_>> {
    match &ground.running {
        Some(Ok(Response::Status { lines, processes })) => Some((lines, processes)),
        _ => None,
    }
}

/// Every address on which a gateway listens: its doors (UDP), the console and the metrics (TCP).
pub(super) fn ports(ground: &Ground) -> Vec<Seen> {
    let runs = status(ground).is_some();
    let (config, officers) = (&ground.config, ground.config.officers.iter().any(|officer| officer.identity.is_some()));
    let doors = config.domains.iter().map(|domain| (domain.name.to_string(), domain.listen, "-ulpn", UdpSocket::bind(domain.listen).map(drop)));
    // Without an officer who has an identity nobody listens there.
    let console = config.console.iter().filter(|_| officers).map(|console| ("console".to_owned(), console.listen));
    let metrics = config.metrics.iter().map(|listen| ("metrics".to_owned(), *listen));
    let pages = console.chain(metrics).map(|(name, listen)| (name, listen, "-tlpn", TcpListener::bind(listen).map(drop)));
    doors.chain(pages).map(|(name, listen, sockets, bound)| port(format!("{name} {listen}"), listen.port(), sockets, (bound, runs))).collect()
}

fn port(of: String, port: u16, sockets: &str, found: (std::io::Result<()>, bool)) -> Seen {
    match found {
        (Ok(()), false) => Seen::good(of, "free"),
        (Ok(()), true) => Seen::bad(of, "free, and the gateway runs: it does not listen there", "look into its log, then start it anew"),
        (Err(error), true) if error.kind() == std::io::ErrorKind::AddrInUse => Seen::good(of, "the gateway listens"),
        (Err(error), false) if error.kind() == std::io::ErrorKind::AddrInUse => {
            Seen::bad(of, "another program has it", format!("find it with `ss {sockets} sport = :{port}`"))
        }
        (Err(error), _) => Seen::bad(of, error.to_string(), "give it an address of this host"),
    }
}

pub(super) fn socket(ground: &Ground) -> Vec<Seen> {
    let path = ground.config.journal.join(control::SOCKET);
    let of = path.display().to_string();
    let mode = std::fs::metadata(&path).map(|found| found.permissions().mode() & 0o777);
    vec![match (&ground.running, mode) {
        (None, _) => Seen::good(of, "not there: no gateway runs"),
        (Some(_), Ok(mode)) if mode & 0o077 != 0 => {
            Seen::bad(of, format!("it has mode {mode:04o}"), "close it to others: whoever reaches it may ask")
        }
        (Some(Ok(_)), _) => Seen::good(of, "a gateway answers"),
        (Some(Err(fault)), _) => Seen::doubtful(of, fault.to_string(), "nobody answers: a gateway was killed, or belongs to another user"),
    }]
}

pub(super) fn gateway(ground: &Ground) -> Vec<Seen> {
    let Some((lines, _)) = status(ground) else { return vec![Seen::good("", "none runs")] };
    let value = |name: &str| lines.iter().find(|(key, _)| key == name).map_or("?", |(_, value)| value.as_str());
    let numbers = format!("edition {}, {} due, {} held", value("edition"), value("due"), value("held"));
    let mut seen = vec![match lines.iter().any(|(key, _)| key == "draining") {
        true => Seen::doubtful("", format!("it drains; {numbers}"), "it stops when nothing is under way; start it again"),
        false => Seen::good("", numbers),
    }];
    let away = lines.iter().filter_map(|(key, value)| key.strip_prefix("peer ").filter(|_| value.starts_with("not linked")));
    let away: Vec<&str> = away.collect();
    if !away.is_empty() {
        let remedy = "what is due to them waits; `vestibule manual link` says why a peer may not be linked";
        seen.push(Seen::doubtful("peers", format!("not linked: {}", away.join(", ")), remedy));
    }
    seen
}

pub(super) fn processes(ground: &Ground) -> Vec<Seen> {
    let Some((_, processes)) = status(ground) else { return vec![Seen::good("", "no gateway runs")] };
    let seen = |process: &Value| {
        let name = process.get("name").and_then(Value::as_str).unwrap_or("?");
        let restarts = process.get("restarts").and_then(Value::as_u64).unwrap_or(0);
        let log = "the log says why it ended";
        match (process.get("ready").and_then(Value::as_bool), process.get("walls").is_some_and(Value::is_null)) {
            (Some(true), true) => Seen::bad(name, "ready, WITHOUT WALLS", "take `confinement = \"off\"` out of the configuration"),
            (Some(true), false) if restarts >= RESTARTS_DOUBTFUL => Seen::doubtful(name, format!("ready; started again {restarts} times"), log),
            (Some(true), false) => Seen::good(name, "ready, behind its walls"),
            _ => Seen::bad(name, format!("not ready; started again {restarts} times"), log),
        }
    };
    processes.iter().map(seen).collect()
}

pub(super) fn alarms(ground: &Ground) -> Vec<Seen> {
    let Some((lines, _)) = status(ground) else { return vec![Seen::good("", "no gateway runs")] };
    let alarms = lines.iter().filter_map(|(key, value)| Some((key.strip_prefix("alarm ")?, value)));
    let seen: Vec<Seen> = alarms
        .map(|(code, count)| Seen::bad(code, format!("{count} since it started"), format!("`vestibule manual reasons` on `{code}`; report it")))
        .collect();
    if seen.is_empty() { vec![Seen::good("", "none since it started")] } else { seen }
}
