//! What is closed by plain settings of the process: its memory to others, its users and network, its rights, its limits.

use super::sys::{self, Limit};
use super::{Grants, Role, State};
use crate::base::Fault;

/// Private writable memory of a process where nothing else is granted: 4 GiB. The allocator takes address space by the GiB long before it uses
/// it, and the system counts address space; what is resident is bounded by the limits of messages.
pub(super) const MEMORY_BYTES_MAX: u64 = 4 << 30;

/// Open descriptors of a process where nothing else is granted: 64. Every process but a desk has the same few from closing on.
pub(super) const FILES_MAX: u64 = 64;

fn failed(what: &str) -> impl FnOnce(std::io::Error) -> Fault + '_ {
    move |cause| Fault::from_cause(what, cause)
}

/// Users and a network of its own; where the host forbids new users, the network alone, which an administrator may still have.
pub(super) fn seclude() -> State {
    let (user, group) = sys::own_ids();
    match sys::unshare_all() {
        Ok(()) => {
            // The maps keep the process's own name, so that it still knows itself and whoever connects; without them nothing is less closed.
            let mapped = std::fs::write("/proc/self/setgroups", "deny")
                .and_then(|()| std::fs::write("/proc/self/uid_map", format!("{user} {user} 1")))
                .and_then(|()| std::fs::write("/proc/self/gid_map", format!("{group} {group} 1")));
            State::Closed(match mapped {
                Ok(()) => "users, network and shared memory of its own".to_owned(),
                Err(cause) => format!("users, network and shared memory of its own, without names ({cause})"),
            })
        }
        Err(refused) => match sys::unshare_network() {
            Ok(()) => State::Closed(format!("network and shared memory of its own; users are the host's ({refused})")),
            Err(_) => State::Unavailable(format!("the host forbids it: {refused}")),
        },
    }
}

/// Memory that others cannot read, and no core.
pub(super) fn close_memory() -> Result<State, Fault> {
    sys::not_dumpable().map_err(failed("the process cannot be made unreadable for others"))?;
    sys::limit(Limit::Core, 0).map_err(failed("the limit of core files cannot be set"))?;
    Ok(State::Closed("not dumpable, no core".to_owned()))
}

/// Private writable memory of this process, in bytes, as the system counts it for its limit.
fn data_bytes() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let kib = status.lines().find_map(|line| line.strip_prefix("VmData:")).and_then(|rest| rest.split_whitespace().next()?.parse::<u64>().ok());
    kib.unwrap_or(0).saturating_mul(1024)
}

/// Whether what the process says goes to a plain file, and not to whoever started it.
fn says_into_a_file() -> bool {
    ["/proc/self/fd/1", "/proc/self/fd/2"].iter().any(|stream| std::fs::metadata(stream).is_ok_and(|found| found.is_file()))
}

/// Refuses a grant that is less than what the process has already.
pub(super) fn check(grants: &Grants) -> Result<(), Fault> {
    let held = data_bytes();
    match held > grants.memory_bytes_max {
        true => Err(Fault::new(format!(
            "the process holds {held} bytes of writable memory already, and {} are granted; grant more, or tell the allocator to reserve less",
            grants.memory_bytes_max
        ))),
        false => Ok(()),
    }
}

/// Memory, descriptors, processes, file sizes.
pub(super) fn close_limits(role: Role, grants: &Grants) -> Result<State, Fault> {
    let held = data_bytes();
    let set = |limit, value, what| sys::limit(limit, value).map_err(failed(what));
    set(Limit::Data, grants.memory_bytes_max, "the limit of memory cannot be set")?;
    set(Limit::Files, grants.files_max, "the limit of open files cannot be set")?;
    let mut said = format!("memory {} MiB ({} held), {} descriptors", grants.memory_bytes_max >> 20, held >> 20, grants.files_max);
    if !role.starts_threads() {
        set(Limit::Processes, 0, "the limit of processes cannot be set")?;
        said.push_str(", no process or thread");
    }
    match (role.writes_files(), says_into_a_file()) {
        (true, _) => {}
        // With this limit a log that goes to a file would end the process at its first line.
        (false, true) => said.push_str(", bytes to the file that holds its log"),
        (false, false) => {
            set(Limit::FileSize, 0, "the limit of file sizes cannot be set")?;
            said.push_str(", no byte to a file");
        }
    }
    Ok(State::Closed(said))
}

/// Reads back that no right of an administrator is left.
pub(super) fn capabilities() -> Result<State, Fault> {
    for set in [caps::CapSet::Effective, caps::CapSet::Permitted, caps::CapSet::Inheritable, caps::CapSet::Ambient] {
        let left = caps::read(None, set).map_err(|cause| Fault::from_cause("the capabilities cannot be read", cause))?;
        if !left.is_empty() {
            return Err(Fault::new(format!("{} capabilities stay after they were dropped", left.len())));
        }
    }
    Ok(State::Closed("none, in every thread".to_owned()))
}
