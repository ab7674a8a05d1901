//! Every thread of the process, confined: no new privileges, no capabilities, landlock.
//!
//! The kernel keeps these three for each thread, so each has to ask for itself. A signal makes each thread do so, as the C library does when a
//! process changes its user; the caller comes last, and two rounds without a thread that is new end it. A thread that was made by a confined
//! one is confined from its beginning.

use std::collections::BTreeSet;
use std::io::Error;
use std::os::fd::RawFd;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicI32, AtomicUsize, Ordering};
use std::time::Duration;

use libc::{c_int, c_ulong};

use super::answered;

/// Threads of a process at most when its walls close: 1,024, four times what the largest host gives a process of this house.
const THREADS_MAX: usize = 1024;

/// How long a thread may take to answer: 5,000 waits of a millisecond. Each has only to leave the call that it waits in.
const WAITS_MAX: u32 = 5_000;

static RULESET: AtomicI32 = AtomicI32::new(-1);
static DONE: [AtomicI32; THREADS_MAX] = [const { AtomicI32::new(0) }; THREADS_MAX];
static COUNT: AtomicUsize = AtomicUsize::new(0);
static FAILED: AtomicI32 = AtomicI32::new(0);
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

#[repr(C)]
struct CapabilityHeader {
    version: u32,
    thread: c_int,
}

#[repr(C)]
#[derive(Clone, Copy)]
struct CapabilitySets {
    effective: u32,
    permitted: u32,
    inheritable: u32,
}

/// The third edition of capabilities: 64 of them, as two words of 32.
const CAPABILITY_EDITION: u32 = 0x2008_0522;

/// As many as this edition has room for; kernels have fewer, and refuse the rest.
const CAPABILITIES: c_ulong = 64;

fn own_thread() -> c_int {
    // SAFETY: cannot fail, touches no memory.
    unsafe { libc::gettid() }
}

/// The threads of this process.
pub(in crate::sandbox) fn list() -> Result<Vec<c_int>, Error> {
    let entries = std::fs::read_dir("/proc/self/task")?;
    entries.map(|entry| entry?.file_name().to_string_lossy().parse().map_err(Error::other)).collect()
}

/// Confines every thread.
pub(in crate::sandbox) fn confine(ruleset: RawFd) -> Result<(), Error> {
    let _alone = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    RULESET.store(ruleset, Ordering::SeqCst);
    COUNT.store(0, Ordering::SeqCst);
    FAILED.store(0, Ordering::SeqCst);
    DONE.iter().for_each(|slot| slot.store(0, Ordering::SeqCst));
    let signal = libc::SIGRTMIN();
    let before = answer_to(signal)?;
    let confined = confine_others(signal);
    restore(signal, &before)?;
    confined?;
    match confine_this(ruleset) {
        0 => Ok(()),
        code => Err(Error::from_raw_os_error(code)),
    }
}

fn confine_others(signal: c_int) -> Result<(), Error> {
    let mut seen = BTreeSet::from([own_thread()]);
    let mut quiet: u8 = 0;
    while quiet < 2 {
        let fresh: Vec<c_int> = list()?.into_iter().filter(|thread| !seen.contains(thread)).collect();
        quiet = if fresh.is_empty() { quiet.saturating_add(1) } else { 0 };
        if seen.len().saturating_add(fresh.len()) > THREADS_MAX {
            return Err(Error::other(format!("the process has more than {THREADS_MAX} threads")));
        }
        for thread in fresh {
            seen.insert(thread);
            tell(thread, signal)?;
        }
    }
    match FAILED.load(Ordering::SeqCst) {
        0 => Ok(()),
        code => Err(Error::from_raw_os_error(code)),
    }
}

/// Tells a thread, and waits until it has done it or is gone.
fn tell(thread: c_int, signal: c_int) -> Result<(), Error> {
    // SAFETY: numbers only; the signal has a handler that every thread can run.
    let sent = unsafe { libc::syscall(libc::SYS_tgkill, libc::getpid(), thread, signal) };
    if sent < 0 {
        let error = Error::last_os_error();
        return if error.raw_os_error() == Some(libc::ESRCH) { Ok(()) } else { Err(error) };
    }
    for _ in 0..WAITS_MAX {
        if DONE.iter().take(COUNT.load(Ordering::SeqCst)).any(|done| done.load(Ordering::SeqCst) == thread) || !is_there(thread) {
            return Ok(());
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    Err(Error::other(format!("thread {thread} does not answer")))
}

fn is_there(thread: c_int) -> bool {
    std::path::Path::new(&format!("/proc/self/task/{thread}")).exists()
}

/// What a thread does when it is told. Only calls of the kernel and atomics: a handler may interrupt anything.
extern "C" fn told(_: c_int) {
    // SAFETY: the place of this thread's error number is valid for as long as the thread is.
    let place = unsafe { libc::__errno_location() };
    // SAFETY: as above.
    let error = unsafe { *place };
    let code = confine_this(RULESET.load(Ordering::SeqCst));
    if code != 0 {
        FAILED.store(code, Ordering::SeqCst);
    }
    if let Some(slot) = DONE.get(COUNT.fetch_add(1, Ordering::SeqCst)) {
        slot.store(own_thread(), Ordering::SeqCst);
    }
    // SAFETY: as above; the interrupted code finds its error number as it left it.
    unsafe { *place = error }
}

/// Confines the thread that runs it; gives the error number, zero where all is done.
fn confine_this(ruleset: RawFd) -> c_int {
    let (on, off): (c_ulong, c_ulong) = (1, 0);
    // SAFETY: numbers only.
    let privileges = unsafe { libc::prctl(libc::PR_SET_NO_NEW_PRIVS, on, off, off, off) };
    if privileges != 0 || !drop_capabilities() {
        return error_number();
    }
    // SAFETY: numbers only; the descriptor is held open by the caller of `confine`.
    let restricted = unsafe { libc::syscall(libc::SYS_landlock_restrict_self, ruleset, 0_u32) };
    if restricted != 0 { error_number() } else { 0 }
}

/// Never zero, so that a failure without a number does not pass for success.
fn error_number() -> c_int {
    // SAFETY: the place of this thread's error number is valid for as long as the thread is.
    match unsafe { *libc::__errno_location() } {
        0 => libc::EIO,
        code => code,
    }
}

fn drop_capabilities() -> bool {
    let off: c_ulong = 0;
    for capability in 0..CAPABILITIES {
        // SAFETY: numbers only. A thread that may not shrink its bounding set gains nothing from it either, for it has no new privileges; a
        // number that is no capability is refused and changes nothing.
        unsafe { libc::prctl(libc::PR_CAPBSET_DROP, capability, off, off, off) };
    }
    // SAFETY: numbers only; older kernels have no ambient set and refuse.
    unsafe { libc::prctl(libc::PR_CAP_AMBIENT, libc::PR_CAP_AMBIENT_CLEAR_ALL, off, off, off) };
    let header = CapabilityHeader { version: CAPABILITY_EDITION, thread: 0 };
    let none = [CapabilitySets { effective: 0, permitted: 0, inheritable: 0 }; 2];
    // SAFETY: header and sets have the layout that the third edition asks for, and outlive the call.
    unsafe { libc::syscall(libc::SYS_capset, &raw const header, none.as_ptr()) == 0 }
}

fn answer_to(signal: c_int) -> Result<libc::sigaction, Error> {
    let handler: extern "C" fn(c_int) = told;
    #[expect(clippy::as_conversions, reason = "the kernel's structure holds the address of a function as a number")]
    let address = handler as libc::sighandler_t;
    // SAFETY: all bytes zero is a valid action: the default one, with no flags and an empty mask.
    let (mut action, mut before): (libc::sigaction, libc::sigaction) = unsafe { (std::mem::zeroed(), std::mem::zeroed()) };
    action.sa_sigaction = address;
    action.sa_flags = libc::SA_RESTART;
    // SAFETY: both structures are ours and outlive the call; the handler is `extern "C"` and takes one number, as without `SA_SIGINFO`.
    answered(unsafe { libc::sigaction(signal, &raw const action, &raw mut before) })?;
    Ok(before)
}

fn restore(signal: c_int, before: &libc::sigaction) -> Result<(), Error> {
    // SAFETY: `before` came from the kernel.
    answered(unsafe { libc::sigaction(signal, before, std::ptr::null_mut()) })
}
