//! The calls that a role may make: `deploy/seccomp/<role>.toml`, compiled in, read strictly, turned into filters of the kernel.
//!
//! What is not listed kills the process. A row may ask for arguments, and then other arguments kill; it may name an error, and then the call is
//! refused with it and does nothing, for libraries that ask first and know another way.

use std::collections::BTreeMap;

use seccompiler::{BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter, SeccompRule, TargetArch};
use serde::Deserialize;

use super::sys;
use super::{Role, State};
use crate::base::Fault;

/// One row: a call that a role may make.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Allowance {
    /// The name of the call, as the kernel writes it.
    pub call: String,
    /// What needs it.
    pub why: String,
    /// What its arguments must be, all of them; nothing asked where it is empty.
    #[serde(default)]
    pub when: Vec<Condition>,
    /// What it is answered instead of being done.
    pub answer: Option<Answer>,
    /// The architecture that has it, where not all have.
    pub only: Option<String>,
    /// When it is used, where no test can bring that about.
    pub seldom: Option<String>,
}

/// A condition on an argument.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Condition {
    /// Its place, from 0.
    pub arg: u8,
    /// The bits that count; all of them where it is absent.
    pub mask: Option<u64>,
    /// What they must be.
    pub is: u64,
}

/// The error with which a call is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
pub enum Answer {
    /// The kernel has no such call.
    #[serde(rename = "ENOSYS")]
    NoSuchCall,
    /// It is not permitted.
    #[serde(rename = "EPERM")]
    NotPermitted,
}

impl Answer {
    fn code(self) -> u32 {
        let code = match self {
            Self::NoSuchCall => libc::ENOSYS,
            Self::NotPermitted => libc::EPERM,
        };
        code.unsigned_abs()
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Sheet {
    calls: Vec<Allowance>,
}

fn text(role: Role) -> &'static str {
    match role {
        Role::Door => include_str!("../../deploy/seccomp/door.toml"),
        Role::Inspector => include_str!("../../deploy/seccomp/inspector.toml"),
        Role::Verifier => include_str!("../../deploy/seccomp/verifier.toml"),
        Role::Keeper => include_str!("../../deploy/seccomp/keeper.toml"),
        Role::Desk => include_str!("../../deploy/seccomp/desk.toml"),
    }
}

/// The rows of a role for this machine's architecture.
///
/// # Errors
/// When the rows that are compiled in are faulty: a mistake of ours, which a test finds first.
pub fn allowances(role: Role) -> Result<Vec<Allowance>, Fault> {
    read(text(role)).map_err(|what| Fault::new(format!("deploy/seccomp/{role}.toml: {what}")))
}

fn read(text: &str) -> Result<Vec<Allowance>, String> {
    let sheet: Sheet = toml::from_str(text).map_err(|error| error.message().to_owned())?;
    let mut before: Vec<&Allowance> = Vec::new();
    for row in &sheet.calls {
        if row.why.trim().is_empty() || row.seldom.as_ref().is_some_and(|seldom| seldom.trim().is_empty()) {
            return Err(format!("`{}` does not say why it is allowed", row.call));
        }
        if let Some(only) = &row.only
            && TargetArch::try_from(only.as_str()).is_err()
        {
            return Err(format!("`{}` is for `{only}`, which is no architecture of this house", row.call));
        }
        let twice = |other: &&&Allowance| {
            other.call == row.call && (other.when.is_empty() || row.when.is_empty() || other.when == row.when || other.answer != row.answer)
        };
        if before.iter().find(twice).is_some() {
            return Err(format!("`{}` stands twice", row.call));
        }
        before.push(row);
    }
    let here = |row: &Allowance| row.only.as_ref().is_none_or(|only| only == std::env::consts::ARCH);
    let rows: Vec<Allowance> = sheet.calls.iter().filter(|row| here(row)).cloned().collect();
    match rows.iter().find(|row| sys::number(&row.call).is_none()) {
        Some(unknown) => Err(format!(
            "`{}` is no call that this house knows on {}; correct it, or add it to the table of calls",
            unknown.call,
            std::env::consts::ARCH
        )),
        None => Ok(rows),
    }
}

/// The filters of a role, to be installed in this order: refusals first, for the last one lets nothing more be installed.
pub(super) fn filters(role: Role, rows: &[Allowance]) -> Result<Vec<BpfProgram>, Fault> {
    compile(rows).map_err(|cause| Fault::from_cause(format_args!("the filter of role `{role}` cannot be made"), cause))
}

fn compile(rows: &[Allowance]) -> Result<Vec<BpfProgram>, seccompiler::BackendError> {
    let arch = TargetArch::try_from(std::env::consts::ARCH)?;
    let mut listed: BTreeMap<i64, Vec<SeccompRule>> = BTreeMap::new();
    let mut refused: BTreeMap<Answer, BTreeMap<i64, Vec<SeccompRule>>> = BTreeMap::new();
    for row in rows {
        let Some(number) = sys::number(&row.call) else { continue };
        listed.entry(number).or_default().extend(rule(&row.when)?);
        if let Some(answer) = row.answer {
            refused.entry(answer).or_default().entry(number).or_default().extend(rule(&row.when)?);
        }
    }
    let mut filters = Vec::new();
    for (answer, rules) in refused {
        filters.push(SeccompFilter::new(rules, SeccompAction::Allow, SeccompAction::Errno(answer.code()), arch)?.try_into()?);
    }
    filters.push(SeccompFilter::new(listed, SeccompAction::KillProcess, SeccompAction::Allow, arch)?.try_into()?);
    Ok(filters)
}

/// A rule for conditions; none where nothing is asked, which the filter takes for any arguments.
fn rule(when: &[Condition]) -> Result<Option<SeccompRule>, seccompiler::BackendError> {
    let conditions = when.iter().map(|one| {
        let operator = one.mask.map_or(SeccompCmpOp::Eq, SeccompCmpOp::MaskedEq);
        SeccompCondition::new(one.arg, SeccompCmpArgLen::Qword, operator, one.is)
    });
    let conditions = conditions.collect::<Result<Vec<_>, _>>()?;
    if conditions.is_empty() { Ok(None) } else { SeccompRule::new(conditions).map(Some) }
}

/// Puts the filters on every thread.
pub(super) fn install(rows: &[Allowance], filters: &[BpfProgram]) -> Result<State, Fault> {
    for filter in filters {
        seccompiler::apply_filter_all_threads(filter)
            .map_err(|cause| Fault::from_cause("the filter of calls cannot be put on every thread", cause))?;
    }
    let count = rows.iter().filter(|row| row.answer.is_none()).count();
    Ok(State::Closed(format!("{count} calls, any other kills the process")))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What no role may ever do, whatever it is granted.
    const NEVER: &[&str] = &[
        "execve",
        "execveat",
        "fork",
        "vfork",
        "ptrace",
        "process_vm_readv",
        "process_vm_writev",
        "kill",
        "tkill",
        "tgkill",
        "rt_sigqueueinfo",
        "pidfd_open",
        "pidfd_getfd",
        "pidfd_send_signal",
        "mount",
        "umount2",
        "pivot_root",
        "chroot",
        "move_mount",
        "fsopen",
        "open_tree",
        "bpf",
        "io_uring_setup",
        "io_uring_enter",
        "io_uring_register",
        "userfaultfd",
        "keyctl",
        "add_key",
        "request_key",
        "unshare",
        "setns",
        "seccomp",
        "prlimit64",
        "setrlimit",
        "socket",
        "socketpair",
        "bind",
        "listen",
        "open",
        "openat2",
        "name_to_handle_at",
        "open_by_handle_at",
        "perf_event_open",
        "memfd_create",
        "setuid",
        "setgid",
        "capset",
        "init_module",
        "finit_module",
        "kexec_load",
        "reboot",
        "personality",
        "pkey_mprotect",
        "remap_file_pages",
        "shmat",
        "shmget",
        "mknod",
        "mknodat",
        "symlink",
        "symlinkat",
        "link",
        "linkat",
        "chmod",
        "fchmodat",
    ];

    #[test]
    fn every_sheet_reads_and_makes_filters() {
        for role in Role::ALL {
            let rows = allowances(*role).unwrap();
            assert!(rows.len() > 10, "{role}");
            assert!(!filters(*role, &rows).unwrap().is_empty());
        }
    }

    #[test]
    fn no_sheet_lists_what_no_role_may_do() {
        for role in Role::ALL {
            for row in allowances(*role).unwrap() {
                assert!(row.answer.is_some() || !NEVER.contains(&row.call.as_str()), "{role}: {}", row.call);
                let needs_condition = ["mmap", "mprotect", "clone", "prctl", "ioctl"].contains(&row.call.as_str());
                assert!(!needs_condition || !row.when.is_empty() || row.answer.is_some(), "{role}: `{}` asks for no arguments", row.call);
            }
        }
    }

    #[test]
    fn only_the_keeper_opens_files_and_only_doors_speak_udp() {
        for role in Role::ALL {
            let has = |call: &str| allowances(*role).unwrap().iter().any(|row| row.call == call && row.answer.is_none());
            assert_eq!(has("openat"), *role == Role::Keeper, "{role}");
            assert!(!has("recvmmsg") || *role == Role::Door, "{role}");
            assert!(!has("accept4") || *role == Role::Desk || *role == Role::Keeper, "{role}");
        }
    }

    #[test]
    fn a_faulty_sheet_is_refused_and_says_where() {
        let row = |text: &str| read(&format!("calls = [{text}]")).unwrap_err();
        assert!(row("{ call = \"reed\", why = \"x\" }").contains("`reed` is no call"));
        assert!(row("{ call = \"read\", why = \" \" }").contains("does not say why"));
        assert!(row("{ call = \"read\" }").contains("why"));
        assert!(row("{ call = \"read\", why = \"x\" }, { call = \"read\", why = \"y\" }").contains("stands twice"));
        assert!(row("{ call = \"read\", why = \"x\", only = \"vax\" }").contains("architecture"));
        assert!(row("{ call = \"read\", why = \"x\", because = \"y\" }").contains("because"));
        let twice = "{ call = \"mmap\", why = \"x\", when = [{ arg = 2, is = 1 }] }, { call = \"mmap\", why = \"y\", when = [{ arg = 2, is = 1 }] }";
        assert!(row(twice).contains("stands twice"));
    }
}
