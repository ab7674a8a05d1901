//! The kernel, asked directly: the only folder with unsafe code.
//!
//! Each function asks one thing, gives what the kernel answered, and decides nothing. JUSTIFICATION for the folder: the standard library has no
//! word for namespaces, limits, capabilities of other threads, locked memory and landlock on all threads; crates that have one bring a second
//! view of descriptors and processes with them.
#![expect(unsafe_code, reason = "the kernel is asked for what the standard library has no word for; nothing else of the house may be unsafe")]

mod calls;
pub(super) mod deeds;
mod heap;
mod host;
mod pages;
mod threads;

use std::io::Error;

use libc::{c_int, c_ulong};

pub(super) use calls::number;
pub(super) use heap::warm as warm_heap;
pub(super) use host::{clock_is_kept, space};
pub(super) use pages::Pages;
pub(super) use threads::{confine as confine_threads, list as threads};

/// What the kernel answered, as a result: below zero is the error of this thread.
fn answered(result: c_int) -> Result<(), Error> {
    if result < 0 { Err(Error::last_os_error()) } else { Ok(()) }
}

/// A limit of this process.
#[derive(Debug, Clone, Copy)]
pub(super) enum Limit {
    /// Bytes of a core file.
    Core,
    /// Bytes of private writable memory.
    Data,
    /// Open descriptors.
    Files,
    /// Processes and threads of the user.
    Processes,
    /// Bytes of a file that is written.
    FileSize,
}

/// Sets a limit, hard and soft.
pub(super) fn limit(limit: Limit, value: u64) -> Result<(), Error> {
    let resource = match limit {
        Limit::Core => libc::RLIMIT_CORE,
        Limit::Data => libc::RLIMIT_DATA,
        Limit::Files => libc::RLIMIT_NOFILE,
        Limit::Processes => libc::RLIMIT_NPROC,
        Limit::FileSize => libc::RLIMIT_FSIZE,
    };
    let asked = libc::rlimit { rlim_cur: value, rlim_max: value };
    // SAFETY: `asked` is a whole structure that outlives the call; the kernel reads it only.
    answered(unsafe { libc::setrlimit(resource, &raw const asked) })
}

/// Takes the process's memory from the sight of others of the same user.
pub(super) fn not_dumpable() -> Result<(), Error> {
    let off: c_ulong = 0;
    // SAFETY: numbers only.
    answered(unsafe { libc::prctl(libc::PR_SET_DUMPABLE, off, off, off, off) })
}

/// The user and the group of this process, as files and sockets see them.
pub(super) fn own_ids() -> (u32, u32) {
    // SAFETY: these two cannot fail and touch no memory.
    unsafe { (libc::geteuid(), libc::getegid()) }
}

/// Users, network and shared memory of its own. The kernel refuses where a second thread exists.
pub(super) fn unshare_all() -> Result<(), Error> {
    // SAFETY: numbers only; descriptors and memory stay as they are.
    answered(unsafe { libc::unshare(libc::CLONE_NEWUSER | libc::CLONE_NEWNET | libc::CLONE_NEWIPC) })
}

/// Network and shared memory of its own, for an administrator.
pub(super) fn unshare_network() -> Result<(), Error> {
    // SAFETY: as above.
    answered(unsafe { libc::unshare(libc::CLONE_NEWNET | libc::CLONE_NEWIPC) })
}

/// The edition of landlock that the kernel has; below one where it has none.
pub(super) fn landlock_edition() -> i64 {
    const VERSION: u32 = 1;
    // SAFETY: with this flag the kernel takes no attributes: the pointer is null and the size zero, as it asks.
    unsafe { libc::syscall(libc::SYS_landlock_create_ruleset, std::ptr::null::<u8>(), 0_usize, VERSION) }
}

/// Whether the kernel can kill a process for a call.
pub(super) fn calls_can_kill() -> bool {
    let action = libc::SECCOMP_RET_KILL_PROCESS;
    // SAFETY: the kernel reads four bytes of `action`, which outlives the call.
    unsafe { libc::syscall(libc::SYS_seccomp, libc::SECCOMP_GET_ACTION_AVAIL, 0, &raw const action) == 0 }
}

/// What a child process of its own is refused when it asks for users and a network of its own; `Ok` where it is given them.
pub(super) fn try_unshare() -> Result<(), Error> {
    // SAFETY: the child calls nothing that needs the threads or locks that it has not got: one call of the kernel, then its end.
    let child = unsafe { libc::fork() };
    answered(child)?;
    if child == 0 {
        let code = unshare_all().err().and_then(|error| error.raw_os_error()).unwrap_or(0);
        // SAFETY: ends the child at once, without what the parent registered for its own end.
        unsafe { libc::_exit(code) }
    }
    let mut status: c_int = 0;
    // SAFETY: `status` is ours and outlives the call.
    answered(unsafe { libc::waitpid(child, &raw mut status, 0) })?;
    match libc::WEXITSTATUS(status) {
        0 if libc::WIFEXITED(status) => Ok(()),
        code => Err(Error::from_raw_os_error(code)),
    }
}
