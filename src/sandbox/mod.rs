//! The walls of a process: what it may still ask of the system once it reads what others wrote.
//!
//! Takes a role and what is granted to it, gives a process that cannot go back. A process that needs no network calls [`seclude`] first of all,
//! makes everything that it will need, and calls [`close`] before the first untrusted byte. Each layer stands alone: where one has a flaw, the
//! next still holds. A layer that the host must give and does not give is a fault, and whoever meets it does not start.
//!
//! INVARIANT: nothing here opens a wall again; no function takes a layer away.
//!
//! Deliberately absent: a way to start processes, and any word about messages.

pub mod deeds;
mod files;
mod host;
mod limits;
mod locked;
mod rows;
mod survey;
mod sys;

use std::io::Write as _;
use std::path::PathBuf;
use std::sync::OnceLock;

pub use host::{Room, clock_is_kept, room};
pub use locked::Locked;
pub use rows::{Allowance, Answer, Condition, allowances};
pub use survey::survey;

use crate::base::Fault;

/// What a process does; each role has its own walls.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Moves bytes between one domain and the keeper; never reads a content.
    Door,
    /// Reads, decides, edits and writes.
    Inspector,
    /// Reads both again, and signs.
    Verifier,
    /// Keeps the journal.
    Keeper,
    /// Answers operators.
    Desk,
}

impl Role {
    /// Every role.
    pub const ALL: &'static [Self] = &[Self::Door, Self::Inspector, Self::Verifier, Self::Keeper, Self::Desk];

    /// The word for it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Door => "door",
            Self::Inspector => "inspector",
            Self::Verifier => "verifier",
            Self::Keeper => "keeper",
            Self::Desk => "desk",
        }
    }

    /// The role that a word names.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|role| role.name() == name)
    }

    /// Whether it may start threads once its walls are closed.
    fn starts_threads(self) -> bool {
        allowances(self).is_ok_and(|rows| rows.iter().any(|row| row.call == "clone"))
    }

    /// Whether it makes or changes files.
    fn writes_files(self) -> bool {
        self == Self::Keeper
    }
}

impl std::fmt::Display for Role {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

/// What a process may do in a folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Access {
    /// Read files and list.
    Read,
    /// Read, write, make and remove plain files.
    ReadWrite,
}

/// What one process is granted beyond its role.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Grants {
    /// Folders it may still open files in, by paths without links and from the root: the keeper its journal's, all others none.
    pub folders: Vec<(PathBuf, Access)>,
    /// Private writable memory in bytes, all of it, that which is held at closing included.
    pub memory_bytes_max: u64,
    /// Open descriptors.
    pub files_max: u64,
}

impl Default for Grants {
    /// No folder, 4096 MiB of memory, 64 descriptors.
    fn default() -> Self {
        Self { folders: Vec::new(), memory_bytes_max: limits::MEMORY_BYTES_MAX, files_max: limits::FILES_MAX }
    }
}

/// One layer of the walls.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Layer {
    /// No program that it starts has more rights than it has.
    Privileges,
    /// Others of the same user cannot read its memory, and nothing of it is written when it dies.
    Memory,
    /// Users and a network of its own, with nobody in them.
    Namespaces,
    /// No right of an administrator.
    Capabilities,
    /// Which files it may open (landlock).
    Files,
    /// TCP (landlock, fourth edition and later).
    Tcp,
    /// Signals and abstract sockets of others (landlock, sixth edition and later).
    Scopes,
    /// How much memory, how many files, no processes.
    Limits,
    /// Which calls of the system it may make (seccomp).
    Calls,
}

/// Whether a process starts without a layer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// It does not start without it.
    Required,
    /// The host may forbid it, and other layers cover what it does.
    WhereGiven,
}

impl Layer {
    /// Every layer, in the order in which they are closed.
    pub const ALL: &'static [Self] =
        &[Self::Privileges, Self::Memory, Self::Namespaces, Self::Capabilities, Self::Files, Self::Tcp, Self::Scopes, Self::Limits, Self::Calls];

    /// The word for it.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.row().0
    }

    /// Whether a process starts without it.
    #[must_use]
    pub fn need(self) -> Need {
        self.row().1
    }

    /// What it is for.
    #[must_use]
    pub fn about(self) -> &'static str {
        self.row().2
    }

    const fn row(self) -> (&'static str, Need, &'static str) {
        match self {
            Self::Privileges => ("privileges", Need::Required, "no program that it starts has more rights than it has"),
            Self::Memory => ("memory", Need::Required, "no other process of the same user reads its memory; no core file is written"),
            Self::Namespaces => (
                "namespaces",
                Need::WhereGiven,
                "users, network and shared memory of its own, with nobody in them; not for a door. Where the host forbids it, calls and tcp cover it",
            ),
            Self::Capabilities => ("capabilities", Need::Required, "no right of an administrator, even where an administrator started it"),
            Self::Files => (
                "files",
                Need::Required,
                "landlock: no file at all; for the keeper its folder, in which plain files may be made, changed, renamed and removed, and nothing executed",
            ),
            Self::Tcp => ("tcp", Need::WhereGiven, "landlock 4 and later: neither bind nor connect. Where the kernel has it not, calls cover it"),
            Self::Scopes => (
                "scopes",
                Need::WhereGiven,
                "landlock 6 and later: no signal to others, no abstract socket of others. Where the kernel has it not, calls cover it",
            ),
            Self::Limits => ("limits", Need::Required, "memory, descriptors, processes, sizes of files"),
            Self::Calls => ("calls", Need::Required, "seccomp: the calls that `deploy/seccomp` lists; any other ends the process"),
        }
    }
}

impl std::fmt::Display for Layer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

/// What became of a layer.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(tag = "state", content = "detail", rename_all = "lowercase")]
pub enum State {
    /// It holds, and how.
    Closed(String),
    /// The host does not give it, and why.
    Unavailable(String),
    /// It stays open for this role, and why.
    Open(String),
}

/// The walls of this process, as they were closed: plain data for those who ask how a process stands.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Closed {
    role: Role,
    layers: Vec<(Layer, State)>,
}

impl Closed {
    /// The role whose walls these are.
    #[must_use]
    pub fn role(&self) -> Role {
        self.role
    }

    /// Every layer, in the order of [`Layer::ALL`].
    #[must_use]
    pub fn layers(&self) -> &[(Layer, State)] {
        &self.layers
    }
}

/// What [`seclude`] did in this process.
static SECLUDED: OnceLock<State> = OnceLock::new();

/// Gives the process users and a network of its own, in which nobody else is. Called first of all, for the system refuses it once a second
/// thread exists; a door keeps the host's network, and so does a desk that listens on it.
///
/// # Errors
/// When other threads exist, or when it was called before.
pub fn seclude(role: Role) -> Result<(Layer, State), Fault> {
    let state = if role == Role::Door {
        State::Open("a door sends and receives for its domain".to_owned())
    } else {
        if sys::threads().map_err(|cause| Fault::from_cause("the threads of the process cannot be listed", cause))?.len() > 1 {
            return Err(Fault::new("a process can be secluded only before its second thread exists; call it first in `main`"));
        }
        limits::seclude()
    };
    SECLUDED.set(state.clone()).map_err(|_| Fault::new("the process is secluded already"))?;
    Ok((Layer::Namespaces, state))
}

/// Closes every layer for this process and all its threads, for good.
///
/// Before it: descriptors, threads, compiled patterns, warm scanners, locked memory. After it there is no new file, socket or program, and no
/// memory that can be executed.
///
/// # Errors
/// When a layer that is required cannot be closed. Some layers may be closed by then: the process must end.
pub fn close(role: Role, grants: &Grants) -> Result<Closed, Fault> {
    close_with(role, grants, &allowances(role)?)
}

/// Closes every layer, and one allowance more than [`close`] does: for the test that finds each allowance needed.
///
/// # Errors
/// As [`close`], and where the sheet has no row at this place.
pub fn close_without(role: Role, grants: &Grants, allowance: usize) -> Result<Closed, Fault> {
    let mut rows = allowances(role)?;
    if allowance >= rows.len() {
        return Err(Fault::new(format!("the sheet of role `{role}` has {} rows, and none at {allowance}", rows.len())));
    }
    rows.remove(allowance);
    close_with(role, grants, &rows)
}

fn close_with(role: Role, grants: &Grants, rows: &[Allowance]) -> Result<Closed, Fault> {
    let filters = rows::filters(role, rows)?;
    check(role, grants)?;
    sys::warm_heap().map_err(|cause| Fault::from_cause("the heap cannot be made ready for the walls", cause))?;
    // Cryptography looks for a device of the host when it is first used.
    aws_lc_rs::rand::fill(&mut [0; 1]).map_err(|_| Fault::new("the system gives no randomness"))?;
    let mut layers = close_below_calls(role, grants)?;
    say_panics(role);
    layers.push((Layer::Calls, rows::install(rows, &filters).map_err(at(Layer::Calls))?));
    closed(role, layers)
}

/// Says a panic in one line: where it was, and nothing of what it was about. The usual way may open the program's file to name what was called,
/// which no role may do once its walls are closed; and it prints values, which may be content.
fn say_panics(role: Role) {
    std::panic::set_hook(Box::new(move |panic| {
        let place = panic.location().map_or_else(String::new, |at| format!(" at {}:{}", at.file(), at.line()));
        // Nobody is left to tell where this fails.
        let _ = writeln!(std::io::stderr(), "vestibule: the {role} panicked{place}");
    }));
}

/// Names the layer at which closing failed.
fn at(layer: Layer) -> impl FnOnce(Fault) -> Fault {
    move |fault| Fault::from_cause(format_args!("layer `{layer}`"), fault)
}

/// Closes every layer but the filter of calls: for a trial alone, which ends in [`deeds::attempt`].
fn close_without_calls(role: Role, grants: &Grants) -> Result<Closed, Fault> {
    let mut layers = close_below_calls(role, grants)?;
    layers.push((Layer::Calls, State::Closed("left open for a trial".to_owned())));
    closed(role, layers)
}

/// Refuses what cannot be granted, before anything is closed.
fn check(role: Role, grants: &Grants) -> Result<(), Fault> {
    if !role.writes_files() && !grants.folders.is_empty() {
        return Err(Fault::new(format!("a process of role `{role}` holds no folder; only the keeper does")));
    }
    limits::check(grants).map_err(at(Layer::Limits))
}

fn close_below_calls(role: Role, grants: &Grants) -> Result<Vec<(Layer, State)>, Fault> {
    let ruleset = files::ruleset(&grants.folders).map_err(at(Layer::Files))?;
    let mut layers = vec![(Layer::Memory, limits::close_memory().map_err(at(Layer::Memory))?)];
    layers.push((Layer::Limits, limits::close_limits(role, grants).map_err(at(Layer::Limits))?));
    let landlock = files::states(&ruleset, &grants.folders);
    sys::confine_threads(ruleset.descriptor()).map_err(|cause| Fault::from_cause("the threads of the process cannot be confined", cause))?;
    layers.push((Layer::Privileges, State::Closed("no new privileges, in every thread".to_owned())));
    layers.push((Layer::Capabilities, limits::capabilities().map_err(at(Layer::Capabilities))?));
    layers.extend(landlock);
    Ok(layers)
}

/// The walls, where all that must be closed is.
fn closed(role: Role, mut layers: Vec<(Layer, State)>) -> Result<Closed, Fault> {
    let open = || State::Open("the process was not secluded when it started".to_owned());
    layers.push((Layer::Namespaces, SECLUDED.get().cloned().unwrap_or_else(open)));
    layers.sort_by_key(|(layer, _)| *layer);
    let missing = layers.iter().find(|(layer, state)| layer.need() == Need::Required && !matches!(state, State::Closed(_)));
    match missing {
        Some((layer, _)) => Err(Fault::new(format!("this host does not give the layer `{layer}`, without which no process starts"))),
        None => Ok(Closed { role, layers }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_granted_to_the_keeper_alone() {
        let grants = Grants { folders: vec![("/tmp".into(), Access::Read)], ..Grants::default() };
        for role in Role::ALL {
            assert_eq!(check(*role, &grants).is_ok(), *role == Role::Keeper, "{role}");
        }
    }

    #[test]
    fn less_memory_than_is_held_is_refused_before_anything_is_closed() {
        let refused = close(Role::Inspector, &Grants { memory_bytes_max: 4096, ..Grants::default() }).unwrap_err();
        assert!(refused.what.contains("grant more"), "{}", refused.what);
        assert!(std::fs::read_to_string("/proc/self/status").unwrap().contains("Seccomp:\t0"));
    }

    #[test]
    fn a_process_with_threads_is_not_secluded() {
        std::thread::scope(|scope| {
            let (_stop, wait) = std::sync::mpsc::channel::<()>();
            scope.spawn(move || wait.recv());
            assert!(seclude(Role::Keeper).unwrap_err().what.contains("second thread"));
        });
    }

    #[test]
    fn walls_are_complete_only_where_every_layer_that_is_required_is_closed() {
        let all = |missing: Layer| {
            let of = |layer: &Layer| match *layer == missing {
                true => (*layer, State::Unavailable("no".to_owned())),
                false => (*layer, State::Closed("yes".to_owned())),
            };
            Layer::ALL.iter().filter(|layer| **layer != Layer::Namespaces).map(of).collect::<Vec<_>>()
        };
        for layer in Layer::ALL {
            assert_eq!(closed(Role::Desk, all(*layer)).is_ok(), layer.need() == Need::WhereGiven, "{layer}");
        }
    }

    #[test]
    fn walls_are_plain_data_that_read_back_as_they_were() {
        let layers = Layer::ALL.iter().map(|layer| (*layer, State::Closed("so".to_owned()))).collect();
        let walls = Closed { role: Role::Keeper, layers };
        assert_eq!(serde_json::from_str::<Closed>(&serde_json::to_string(&walls).unwrap()).unwrap(), walls);
        assert!(Role::ALL.iter().all(|role| Role::named(role.name()) == Some(*role)) && Role::named("guest").is_none());
    }
}
