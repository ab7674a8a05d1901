//! Forbidden things, and who stops them: what the probe tries behind the walls of each role.
//!
//! A trial runs in a process of its own, for a forbidden call kills it. It is told in one line what to try, makes what it needs, closes the walls,
//! says so, and tries. Three ways: behind all walls; behind all but the filter of calls, which shows that the next layer holds as well; and
//! behind none, which shows that the deed would have been done.
//!
//! A trial never returns, so that no process goes on with walls that lack a layer.

use std::ffi::CString;
use std::io::Write as _;
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::sys::deeds::{self, Attempt, Tools};
use super::{Grants, Layer, Role};
use crate::base::Fault;

/// A forbidden thing.
#[derive(Debug, Clone, Copy)]
pub struct Deed {
    /// The word for it.
    pub name: &'static str,
    /// What it would be good for, to somebody who took a process over.
    pub about: &'static str,
    /// The layers that stop it where the filter of calls does not, on a host that gives them all; none where it is the filter alone.
    pub behind: &'static [Layer],
    attempt: Attempt,
}

const fn deed(name: &'static str, attempt: Attempt, behind: &'static [Layer], about: &'static str) -> Deed {
    Deed { name, about, behind, attempt }
}

/// Every forbidden thing.
pub static DEEDS: &[Deed] = &[
    deed("open-file", deeds::read_file, &[Layer::Files], "read rules, keys, or any other file"),
    deed("make-file", deeds::make_file, &[Layer::Files], "leave something for others, or for later"),
    deed("socket-udp", deeds::socket_udp, &[], "send content past the path"),
    deed("socket-tcp", deeds::socket_tcp, &[], "send content past the path"),
    deed("socket-unix", deeds::socket_unix, &[], "speak with another program of this host"),
    deed("connect", deeds::connect, &[Layer::Namespaces, Layer::Tcp], "speak with another host"),
    deed("execute", deeds::execute, &[Layer::Files], "run another program"),
    deed("fork", deeds::fork, &[Layer::Limits], "go on after the process is ended"),
    deed("trace", deeds::trace, &[Layer::Files], "command another process"),
    deed("read-memory", deeds::read_memory, &[Layer::Files], "read keys of another process"),
    deed("open-memory", deeds::open_memory, &[Layer::Files], "read or write memory of another process as a file"),
    deed("signal", deeds::signal, &[Layer::Scopes], "end another process"),
    deed("take-descriptor", deeds::take_descriptor, &[Layer::Files], "write to the socket of another process"),
    deed("map-executable", deeds::map_executable, &[], "bring code of its own"),
    deed("make-executable", deeds::make_executable, &[], "bring code of its own"),
    deed("raise-limit", deeds::raise_limit, &[Layer::Capabilities], "take more than it was given"),
    deed("unshare", deeds::unshare, &[], "be an administrator of a world of its own, and reach more of the kernel"),
    deed("mount", deeds::mount, &[Layer::Capabilities], "see other files"),
    deed("bpf", deeds::bpf, &[Layer::Capabilities], "bring code of its own into the kernel"),
    deed("io-uring", deeds::ring, &[], "make calls that the filter does not see"),
    deed("user-fault", deeds::user_fault, &[], "hold the kernel where it copies"),
    deed("keyring", deeds::keyring, &[], "read keys that the kernel keeps"),
    deed("memory-file", deeds::memory_file, &[], "make something that could be executed"),
];

/// Behind what a deed is tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Behind {
    /// All walls.
    Walls,
    /// All but the filter of calls.
    WallsWithoutCalls,
    /// None.
    Nothing,
}

/// Which thread of the process tries it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum By {
    /// The one that closes the walls.
    Closing,
    /// Another one, which was there before.
    Other,
}

/// What a process is told to try.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trial {
    /// Whose walls.
    pub role: Role,
    /// The name of a deed.
    pub deed: String,
    /// Behind what.
    pub behind: Behind,
    /// By which thread.
    pub by: By,
    /// A folder in which a file could be made; never one that is granted.
    pub folder: PathBuf,
    /// The process that is to be harmed.
    pub victim: i32,
    /// An address that is mapped in it.
    pub address: usize,
}

/// What a trial says once its walls are closed.
pub const READY: &str = "ready";

/// What stopped a deed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// A layer.
    StoppedBy(Layer),
    /// Nothing.
    NotStopped,
}

impl Verdict {
    /// What the end of a trial means: the signal that ended it, or the error number with which it ended.
    #[must_use]
    pub fn of(deed: &Deed, end: End) -> Option<Self> {
        match end {
            End::Killed(libc::SIGSYS) => Some(Self::StoppedBy(Layer::Calls)),
            End::Killed(_) => None,
            // What the kernel refuses to a process with threads is not stopped by a wall.
            End::Refused(0 | libc::EINVAL) => Some(Self::NotStopped),
            // A kernel or an administrator may refuse too; the layer that is behind the filter is the one whose error this is.
            End::Refused(code) => Some(Self::StoppedBy(match (code, deed.behind) {
                (libc::ENETUNREACH, _) => Layer::Namespaces,
                (libc::EACCES, [.., Layer::Tcp]) => Layer::Tcp,
                (libc::EACCES, _) => Layer::Files,
                (libc::EAGAIN | libc::EMFILE | libc::ENOMEM, _) => Layer::Limits,
                (_, [first, ..]) => *first,
                (_, []) => Layer::Capabilities,
            })),
        }
    }
}

/// How a trial ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// By a signal.
    Killed(i32),
    /// By itself, with the error number of what it was refused; zero where it was done.
    Refused(i32),
}

impl Deed {
    /// The deed of a name.
    #[must_use]
    pub fn named(name: &str) -> Option<&'static Self> {
        DEEDS.iter().find(|deed| deed.name == name)
    }
}

/// An address in this process for [`Trial::address`].
#[must_use]
pub fn address() -> usize {
    deeds::address()
}

/// Closes the walls and tries the deed. It never returns to its caller but where it could not begin.
///
/// # Errors
/// When there is no such deed, or what it needs cannot be made, or the walls cannot be closed.
pub fn attempt(trial: &Trial, grants: &Grants) -> Result<std::convert::Infallible, Fault> {
    let deed = Deed::named(&trial.deed).ok_or_else(|| Fault::new(format!("there is no deed `{}`", trial.deed)))?;
    let cannot = |cause| Fault::from_cause("what the trial needs cannot be made", cause);
    // On the host's network, on which the process is no more once it is secluded.
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).map_err(cannot)?;
    if trial.behind != Behind::Nothing {
        super::seclude(trial.role)?;
    }
    let tools = tools(trial, &listener).map_err(cannot)?;
    let (go, wait) = std::sync::mpsc::channel::<Tools>();
    let other = match trial.by {
        By::Closing => None,
        By::Other => Some(std::thread::Builder::new().spawn(move || wait.recv().map(|tools| deeds::end((deed.attempt)(&tools)))).map_err(cannot)?),
    };
    match trial.behind {
        Behind::Walls => drop(super::close(trial.role, grants)?),
        Behind::WallsWithoutCalls => drop(super::close_without_calls(trial.role, grants)?),
        Behind::Nothing => {}
    }
    let mut out = std::io::stdout();
    writeln!(out, "{READY}").and_then(|()| out.flush()).map_err(|cause| Fault::from_cause("the trial cannot speak", cause))?;
    let Some(other) = other else { deeds::end((deed.attempt)(&tools)) };
    go.send(tools).map_err(|cause| Fault::from_cause("the other thread of the trial is gone", cause))?;
    match other.join() {
        Ok(Ok(never)) => never,
        _ => Err(Fault::new("the other thread of the trial ended without a word")),
    }
}

fn tools(trial: &Trial, listener: &TcpListener) -> std::io::Result<Tools> {
    let text = |path: &Path| CString::new(path.as_os_str().as_bytes()).map_err(std::io::Error::other);
    Ok(Tools {
        program: text(&std::env::current_exe()?)?,
        fresh: text(&trial.folder.join("made-by-a-trial"))?,
        victim_memory: text(Path::new(&format!("/proc/{}/mem", trial.victim)))?,
        victim: trial.victim,
        address: trial.address,
        socket: deeds::unconnected()?,
        port: listener.local_addr()?.port(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_deed_has_one_name_and_says_what_it_would_be_good_for() {
        for deed in DEEDS {
            assert_eq!(DEEDS.iter().filter(|other| other.name == deed.name).count(), 1);
            assert!(!deed.about.is_empty() && Deed::named(deed.name).is_some());
        }
    }

    #[test]
    fn a_trial_that_ends_by_another_signal_says_nothing() {
        let deed = Deed::named("connect").unwrap();
        assert_eq!(Verdict::of(deed, End::Killed(libc::SIGSEGV)), None);
        assert_eq!(Verdict::of(deed, End::Killed(libc::SIGSYS)), Some(Verdict::StoppedBy(Layer::Calls)));
        assert_eq!(Verdict::of(deed, End::Refused(libc::ENETUNREACH)), Some(Verdict::StoppedBy(Layer::Namespaces)));
        assert_eq!(Verdict::of(deed, End::Refused(libc::EACCES)), Some(Verdict::StoppedBy(Layer::Tcp)));
        assert_eq!(Verdict::of(deed, End::Refused(libc::EAGAIN)), Some(Verdict::StoppedBy(Layer::Limits)));
        assert_eq!(Verdict::of(deed, End::Refused(0)), Some(Verdict::NotStopped));
        assert_eq!(Verdict::of(deed, End::Refused(libc::EINVAL)), Some(Verdict::NotStopped));
    }
}
