//! The names of calls, and their numbers on this architecture.
//!
//! Only calls that a sheet names are here: a name that is misspelt is unknown, and is refused.

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
    epoll_ctl SYS_epoll_ctl
    epoll_pwait SYS_epoll_pwait
    exit SYS_exit
    exit_group SYS_exit_group
    fchown SYS_fchown
    fcntl SYS_fcntl
    fdatasync SYS_fdatasync
    fstat SYS_fstat
    fsync SYS_fsync
    ftruncate SYS_ftruncate
    futex SYS_futex
    geteuid SYS_geteuid
    getpid SYS_getpid
    getrandom SYS_getrandom
    getsockopt SYS_getsockopt
    gettid SYS_gettid
    madvise SYS_madvise
    mmap SYS_mmap
    mprotect SYS_mprotect
    munmap SYS_munmap
    newfstatat SYS_newfstatat
    openat SYS_openat
    prctl SYS_prctl
    pread64 SYS_pread64
    pwrite64 SYS_pwrite64
    read SYS_read
    recvfrom SYS_recvfrom
    recvmmsg SYS_recvmmsg
    renameat SYS_renameat
    restart_syscall SYS_restart_syscall
    rseq SYS_rseq
    rt_sigprocmask SYS_rt_sigprocmask
    rt_sigreturn SYS_rt_sigreturn
    sched_getaffinity SYS_sched_getaffinity
    sched_yield SYS_sched_yield
    sendmsg SYS_sendmsg
    sendto SYS_sendto
    set_robust_list SYS_set_robust_list
    shutdown SYS_shutdown
    sigaltstack SYS_sigaltstack
    unlinkat SYS_unlinkat
    write SYS_write
    ;
    epoll_wait SYS_epoll_wait
    rename SYS_rename
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
