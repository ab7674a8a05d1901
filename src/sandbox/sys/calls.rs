//! The names of calls, and their numbers on this architecture.
//!
//! Only calls that a sheet names, and those that the probe makes, are here: a name that is misspelt is unknown, and is refused.

macro_rules! table {
    ($($name:ident $number:ident)*; $($old:ident $old_number:ident)*) => {
        const TABLE: &[(&str, libc::c_long)] = &[
            $((stringify!($name), libc::$number),)*
            $(#[cfg(target_arch = "x86_64")] (stringify!($old), libc::$old_number),)*
        ];
    };
}

// Before the semicolon what both architectures have, after it what x86_64 has kept from older times.
table! {
    accept4 SYS_accept4
    brk SYS_brk
    clock_gettime SYS_clock_gettime
    clock_nanosleep SYS_clock_nanosleep
    clone SYS_clone
    clone3 SYS_clone3
    close SYS_close
    dup SYS_dup
    epoll_create1 SYS_epoll_create1
    epoll_ctl SYS_epoll_ctl
    epoll_pwait SYS_epoll_pwait
    eventfd2 SYS_eventfd2
    exit SYS_exit
    exit_group SYS_exit_group
    fallocate SYS_fallocate
    fchmod SYS_fchmod
    fchown SYS_fchown
    fcntl SYS_fcntl
    fdatasync SYS_fdatasync
    flock SYS_flock
    fstat SYS_fstat
    fsync SYS_fsync
    ftruncate SYS_ftruncate
    futex SYS_futex
    getcpu SYS_getcpu
    getcwd SYS_getcwd
    getdents64 SYS_getdents64
    geteuid SYS_geteuid
    getpeername SYS_getpeername
    getpid SYS_getpid
    getppid SYS_getppid
    getrandom SYS_getrandom
    getsockname SYS_getsockname
    getsockopt SYS_getsockopt
    gettid SYS_gettid
    getuid SYS_getuid
    lseek SYS_lseek
    madvise SYS_madvise
    membarrier SYS_membarrier
    mmap SYS_mmap
    mprotect SYS_mprotect
    mremap SYS_mremap
    munmap SYS_munmap
    nanosleep SYS_nanosleep
    newfstatat SYS_newfstatat
    openat SYS_openat
    ppoll SYS_ppoll
    prctl SYS_prctl
    pread64 SYS_pread64
    pwrite64 SYS_pwrite64
    read SYS_read
    readlinkat SYS_readlinkat
    readv SYS_readv
    recvfrom SYS_recvfrom
    recvmmsg SYS_recvmmsg
    recvmsg SYS_recvmsg
    restart_syscall SYS_restart_syscall
    rseq SYS_rseq
    rt_sigaction SYS_rt_sigaction
    rt_sigprocmask SYS_rt_sigprocmask
    rt_sigreturn SYS_rt_sigreturn
    sched_getaffinity SYS_sched_getaffinity
    sched_yield SYS_sched_yield
    sendmmsg SYS_sendmmsg
    sendmsg SYS_sendmsg
    sendto SYS_sendto
    set_robust_list SYS_set_robust_list
    setsockopt SYS_setsockopt
    shutdown SYS_shutdown
    sigaltstack SYS_sigaltstack
    statx SYS_statx
    timerfd_settime SYS_timerfd_settime
    unlinkat SYS_unlinkat
    write SYS_write
    writev SYS_writev
    ;
    access SYS_access
    epoll_wait SYS_epoll_wait
    lstat SYS_lstat
    open SYS_open
    poll SYS_poll
    readlink SYS_readlink
    stat SYS_stat
    unlink SYS_unlink
}

/// The number of a call; none for a name that is unknown here.
pub(in crate::sandbox) fn number(name: &str) -> Option<i64> {
    TABLE.iter().find(|(known, _)| *known == name).map(|(_, number)| *number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_name_stands_once_and_in_order() {
        let names: Vec<&str> = TABLE.iter().map(|(name, _)| *name).collect();
        assert!(names.iter().all(|name| names.iter().filter(|other| *other == name).count() == 1));
        assert!(number("read").is_some() && number("reed").is_none());
    }
}
