//! Forbidden things, each as one or two calls of the kernel: for the probe, which tries them behind closed walls.
//!
//! Raw calls, so that no library gives up before the kernel is asked. Each is made to do no harm where nothing stops it: a file that is read is
//! the program itself, a signal is the number 0, which only asks whether one might be sent.

use std::ffi::{CStr, CString};
use std::io::Error;
use std::os::fd::{AsRawFd, FromRawFd as _, OwnedFd};

use libc::{c_int, c_long, c_void};

/// What a trial needs, made before the walls close.
#[derive(Debug)]
pub(in crate::sandbox) struct Tools {
    /// A file that exists and can be executed: this program.
    pub(in crate::sandbox) program: CString,
    /// A file that does not exist, in a folder in which it could be made.
    pub(in crate::sandbox) fresh: CString,
    /// The memory of the process that is to be harmed, as a file.
    pub(in crate::sandbox) victim_memory: CString,
    /// The process that is to be harmed, and an address that is mapped in it.
    pub(in crate::sandbox) victim: c_int,
    pub(in crate::sandbox) address: usize,
    /// A TCP socket that is connected with nobody, and a port of this host on which somebody listens.
    pub(in crate::sandbox) socket: OwnedFd,
    pub(in crate::sandbox) port: u16,
}

/// One forbidden thing; the error number of the first call that is refused, zero where all is done.
pub(in crate::sandbox) type Attempt = fn(&Tools) -> c_int;

fn code(result: c_long) -> c_int {
    if result < 0 { Error::last_os_error().raw_os_error().unwrap_or(libc::EIO) } else { 0 }
}

/// Ends this process at once, with a status.
pub(in crate::sandbox) fn end(status: c_int) -> ! {
    // SAFETY: ends the process; nothing of it is used afterwards.
    unsafe { libc::_exit(status) }
}

/// A TCP socket that is connected with nobody, which the standard library does not make.
pub(in crate::sandbox) fn unconnected() -> Result<OwnedFd, Error> {
    // SAFETY: numbers only.
    let made = unsafe { libc::socket(libc::AF_INET, libc::SOCK_STREAM | libc::SOCK_CLOEXEC, 0) };
    super::answered(made)?;
    // SAFETY: the kernel just made this descriptor, and nobody else holds it.
    Ok(unsafe { OwnedFd::from_raw_fd(made) })
}

/// Where something lies in this process that its parent lets be read, and that it tells its children.
pub(in crate::sandbox) fn address() -> usize {
    static READ_ME: u64 = 7;
    (&raw const READ_ME).addr()
}

fn open(path: &CStr, flags: c_int) -> c_int {
    // SAFETY: `path` ends in zero and outlives the call.
    code(unsafe { libc::syscall(libc::SYS_openat, libc::AT_FDCWD, path.as_ptr(), flags, 0o600) })
}

pub(in crate::sandbox) fn read_file(tools: &Tools) -> c_int {
    open(&tools.program, libc::O_RDONLY)
}

pub(in crate::sandbox) fn make_file(tools: &Tools) -> c_int {
    open(&tools.fresh, libc::O_WRONLY | libc::O_CREAT)
}

pub(in crate::sandbox) fn open_memory(tools: &Tools) -> c_int {
    open(&tools.victim_memory, libc::O_RDONLY)
}

fn socket(family: c_int, kind: c_int) -> c_int {
    // SAFETY: numbers only.
    code(unsafe { libc::syscall(libc::SYS_socket, family, kind, 0) })
}

pub(in crate::sandbox) fn socket_udp(_: &Tools) -> c_int {
    socket(libc::AF_INET, libc::SOCK_DGRAM)
}

pub(in crate::sandbox) fn socket_tcp(_: &Tools) -> c_int {
    socket(libc::AF_INET, libc::SOCK_STREAM)
}

pub(in crate::sandbox) fn socket_unix(_: &Tools) -> c_int {
    socket(libc::AF_UNIX, libc::SOCK_STREAM)
}

pub(in crate::sandbox) fn connect(tools: &Tools) -> c_int {
    let family = libc::sa_family_t::try_from(libc::AF_INET).unwrap_or(0);
    let here = libc::in_addr { s_addr: u32::from_ne_bytes([127, 0, 0, 1]) };
    let to = libc::sockaddr_in { sin_family: family, sin_port: tools.port.to_be(), sin_addr: here, sin_zero: [0; 8] };
    // SAFETY: `to` is a whole address of the size that is given, and outlives the call.
    code(unsafe { libc::syscall(libc::SYS_connect, tools.socket.as_raw_fd(), &raw const to, size_of::<libc::sockaddr_in>()) })
}

pub(in crate::sandbox) fn execute(tools: &Tools) -> c_int {
    let version = c"--version";
    let words = [tools.program.as_ptr(), version.as_ptr(), std::ptr::null()];
    let environment: [*const libc::c_char; 1] = [std::ptr::null()];
    // SAFETY: both lists end in a null pointer, their texts in zero, and all outlive the call.
    code(unsafe { libc::syscall(libc::SYS_execve, tools.program.as_ptr(), words.as_ptr(), environment.as_ptr()) })
}

pub(in crate::sandbox) fn fork(_: &Tools) -> c_int {
    // SAFETY: without a flag this is `fork`: the child has memory of its own, and ends at once.
    let child = unsafe { libc::syscall(libc::SYS_clone, libc::SIGCHLD, 0_usize, 0_usize, 0_usize, 0_usize) };
    if child == 0 {
        end(0);
    }
    code(child)
}

pub(in crate::sandbox) fn trace(tools: &Tools) -> c_int {
    // SAFETY: numbers only; seizing does not stop the other process, and ends with this one.
    code(unsafe { libc::syscall(libc::SYS_ptrace, libc::PTRACE_SEIZE, tools.victim, 0_usize, 0_usize) })
}

pub(in crate::sandbox) fn read_memory(tools: &Tools) -> c_int {
    let mut read = 0_u64;
    let own = libc::iovec { iov_base: (&raw mut read).cast::<c_void>(), iov_len: size_of::<u64>() };
    let other = libc::iovec { iov_base: std::ptr::without_provenance_mut(tools.address), iov_len: size_of::<u64>() };
    // SAFETY: the kernel writes eight bytes to `read`, which outlives the call; the other address is looked up in the other process.
    code(unsafe { libc::syscall(libc::SYS_process_vm_readv, tools.victim, &raw const own, 1_usize, &raw const other, 1_usize, 0_usize) })
}

pub(in crate::sandbox) fn signal(tools: &Tools) -> c_int {
    // SAFETY: numbers only; the signal 0 is never delivered.
    code(unsafe { libc::syscall(libc::SYS_kill, tools.victim, 0) })
}

pub(in crate::sandbox) fn take_descriptor(tools: &Tools) -> c_int {
    // SAFETY: numbers only.
    let held = unsafe { libc::syscall(libc::SYS_pidfd_open, tools.victim, 0) };
    if held < 0 {
        return code(held);
    }
    // SAFETY: numbers only; what is given is closed with this process.
    code(unsafe { libc::syscall(libc::SYS_pidfd_getfd, held, 0, 0) })
}

fn map(rights: c_int) -> c_long {
    // SAFETY: a new private mapping at an address that the kernel chooses; nothing of ours is replaced.
    unsafe { libc::syscall(libc::SYS_mmap, 0_usize, 4096_usize, rights, libc::MAP_PRIVATE | libc::MAP_ANONYMOUS, -1, 0_usize) }
}

pub(in crate::sandbox) fn map_executable(_: &Tools) -> c_int {
    code(map(libc::PROT_READ | libc::PROT_WRITE | libc::PROT_EXEC))
}

pub(in crate::sandbox) fn make_executable(_: &Tools) -> c_int {
    let start = map(libc::PROT_READ | libc::PROT_WRITE);
    if start < 0 {
        return code(start);
    }
    // SAFETY: the page was just mapped, and nobody else uses it.
    code(unsafe { libc::syscall(libc::SYS_mprotect, start, 4096_usize, libc::PROT_READ | libc::PROT_EXEC) })
}

pub(in crate::sandbox) fn raise_limit(_: &Tools) -> c_int {
    let asked = libc::rlimit { rlim_cur: 4096, rlim_max: 4096 };
    // SAFETY: the kernel reads `asked`, which outlives the call.
    code(unsafe { libc::syscall(libc::SYS_prlimit64, 0, libc::RLIMIT_CORE, &raw const asked, 0_usize) })
}

pub(in crate::sandbox) fn unshare(_: &Tools) -> c_int {
    // SAFETY: numbers only.
    code(unsafe { libc::syscall(libc::SYS_unshare, libc::CLONE_NEWUSER) })
}

/// A kind of file system that no kernel has: who may mount is told so, who may not is refused before.
pub(in crate::sandbox) fn mount(_: &Tools) -> c_int {
    let (none, root, kind) = (c"none", c"/", c"no-such-kind");
    // SAFETY: the texts end in zero and outlive the call.
    let result = unsafe { libc::syscall(libc::SYS_mount, none.as_ptr(), root.as_ptr(), kind.as_ptr(), 0_usize, 0_usize) };
    match code(result) {
        libc::ENODEV => 0,
        other => other,
    }
}

pub(in crate::sandbox) fn bpf(_: &Tools) -> c_int {
    // An array of one value: kind 2, key of 4 bytes, value of 4 bytes, one entry; the rest of the structure is zero.
    let asked: [u32; 32] = std::array::from_fn(|at| [2, 4, 4, 1].get(at).copied().unwrap_or(0));
    // SAFETY: the kernel reads as many bytes as are given, from `asked`, which outlives the call.
    code(unsafe { libc::syscall(libc::SYS_bpf, 0, asked.as_ptr(), size_of_val(&asked)) })
}

pub(in crate::sandbox) fn ring(_: &Tools) -> c_int {
    let mut asked = [0_u8; 256];
    // SAFETY: the kernel reads and writes 120 bytes of `asked`, which is longer and outlives the call.
    code(unsafe { libc::syscall(libc::SYS_io_uring_setup, 1, asked.as_mut_ptr()) })
}

pub(in crate::sandbox) fn user_fault(_: &Tools) -> c_int {
    // SAFETY: numbers only.
    code(unsafe { libc::syscall(libc::SYS_userfaultfd, libc::O_CLOEXEC | 1) })
}

pub(in crate::sandbox) fn keyring(_: &Tools) -> c_int {
    // SAFETY: numbers only: the id of the session's keyring is asked for, and none is made.
    code(unsafe { libc::syscall(libc::SYS_keyctl, 0, -3, 0, 0, 0) })
}

pub(in crate::sandbox) fn memory_file(_: &Tools) -> c_int {
    // SAFETY: the name ends in zero and outlives the call.
    code(unsafe { libc::syscall(libc::SYS_memfd_create, c"probe".as_ptr(), 0) })
}
