//! The host: what walls it gives, how much it lets a process open and lock, its clock, the disk below the journal.

use std::path::Path;

use super::super::walls;
use super::{Ground, Seen, span};
use crate::sandbox::{Need, clock_is_kept, room};

/// Descriptors that the keeper asks for: 1,024.
const FILES_MIN: u64 = 1024;
/// Bytes that must be lockable: 64 KiB, a page for each secret with as many again.
const LOCKED_BYTES_MIN: u64 = 64 << 10;
/// Free descriptors of the whole system below which a gateway may be refused one: 4,096.
const SYSTEM_FILES_MIN: u64 = 4096;
/// Room on the disk below which it is bad: 256 MiB, some minutes of a busy journal.
const ROOM_BYTES_BAD: u64 = 256 << 20;
/// Room on the disk below which it is doubtful: 4 GiB, a day of a busy journal.
const ROOM_BYTES_DOUBTFUL: u64 = 4 << 30;
/// File systems whose locks and syncs do not hold what a journal needs, and such as are gone after a restart.
const REMOTE: &[&str] = &["nfs", "nfs4", "cifs", "smb3", "9p", "ceph", "fuse.sshfs", "fuse.glusterfs", "afs"];
const FLEETING: &[&str] = &["tmpfs", "ramfs"];

pub(super) fn walls(_: &Ground) -> Vec<Seen> {
    let seen = |(layer, given): (crate::sandbox::Layer, Result<String, String>)| match given {
        Ok(text) => Seen::good(layer.to_string(), text),
        Err(why) if layer.need() == Need::WhereGiven => {
            Seen::doubtful(layer.to_string(), format!("not given: {why}"), "give it where the host can; the other layers hold without it")
        }
        Err(why) => Seen::bad(layer.to_string(), format!("not given: {why}"), "no process starts without it: another kernel, or another host"),
    };
    walls::layers().into_iter().map(seen).collect()
}

/// The soft limit of a row of `/proc/self/limits`; the greatest number where it has none.
fn limit(table: &str, name: &str) -> Option<u64> {
    let line = table.lines().find_map(|line| line.strip_prefix(name))?;
    let word = line.split_whitespace().next()?;
    if word == "unlimited" { Some(u64::MAX) } else { word.parse().ok() }
}

pub(super) fn limits(_: &Ground) -> Vec<Seen> {
    let Ok(table) = std::fs::read_to_string("/proc/self/limits") else {
        return vec![Seen::doubtful("this process", "the system does not say what its limits are", "mount /proc")];
    };
    let rows = [
        ("Max open files", "open files", FILES_MIN, "`LimitNOFILE=4096` in the service, or `ulimit -n 4096`"),
        ("Max locked memory", "locked memory", LOCKED_BYTES_MIN, "`LimitMEMLOCK=16M` in the service, or `ulimit -l 16384`"),
    ];
    let seen = |(row, of, least, remedy): (&str, &str, u64, &str)| match limit(&table, row) {
        Some(u64::MAX) => Seen::good(of, "no limit"),
        Some(number) if number >= least => Seen::good(of, format!("{number}; {least} are needed")),
        Some(number) => Seen::bad(of, format!("{number}; {least} are needed"), remedy),
        None => Seen::doubtful(of, "the system does not say", "look at /proc/self/limits"),
    };
    rows.into_iter().map(seen).collect()
}

pub(super) fn descriptors(_: &Ground) -> Vec<Seen> {
    let read = || {
        let text = std::fs::read_to_string("/proc/sys/fs/file-nr").ok()?;
        let numbers: Vec<u64> = text.split_whitespace().filter_map(|word| word.parse().ok()).collect();
        let (used, most) = (numbers.first()?, numbers.get(2)?);
        Some(most.saturating_sub(*used))
    };
    vec![match read() {
        Some(free) if free < SYSTEM_FILES_MIN => Seen::bad("this host", format!("{free} are free"), "find who holds them, or raise fs.file-max"),
        Some(_) => Seen::good("this host", format!("more than {SYSTEM_FILES_MIN} are free")),
        None => Seen::doubtful("this host", "the system does not say how many are free", "look at /proc/sys/fs/file-nr"),
    }]
}

pub(super) fn clock(ground: &Ground) -> Vec<Seen> {
    vec![match clock_is_kept() {
        Ok(true) => Seen::good("time service", format!("the clock is kept; it is {}", ground.now)),
        Ok(false) => Seen::doubtful(
            "time service",
            format!("no time service keeps the clock; it is {}", ground.now),
            format!("run one: messages are refused whose time is {} away", span(i64::from(ground.config.clock_seconds_max))),
        ),
        Err(fault) => Seen::doubtful("time service", fault.to_string(), "compare the clock with another one"),
    }]
}

/// The nearest folder above a path that is there.
fn above(path: &Path) -> &Path {
    path.ancestors().find(|folder| folder.is_dir()).unwrap_or_else(|| Path::new("/"))
}

/// The kind of the file system of a path, by the mounts of this process: the longest mount point that leads to it counts, and of equals the last.
fn kind(mounts: &str, path: &Path) -> Option<String> {
    let row = |line: &str| {
        let (left, right) = line.split_once(" - ")?;
        let point = left.split_whitespace().nth(4)?.replace("\\040", " ");
        Some((point, right.split_whitespace().next()?.to_owned()))
    };
    let rows = mounts.lines().filter_map(row).filter(|(point, _)| path.starts_with(point));
    rows.max_by_key(|(point, _)| point.len()).map(|(_, kind)| kind)
}

pub(super) fn disk(ground: &Ground) -> Vec<Seen> {
    let folder = above(&ground.config.journal);
    let folder = std::fs::canonicalize(folder).unwrap_or_else(|_| folder.to_owned());
    let free = match room(&folder) {
        Ok(room) => {
            let seen = format!("{} MiB of {} are free", room.free >> 20, room.whole >> 20);
            match room.free {
                free if free < ROOM_BYTES_BAD => Seen::bad("room", seen, "make room: a gateway whose journal cannot be written stops"),
                free if free < ROOM_BYTES_DOUBTFUL => Seen::doubtful("room", seen, "make room before it is needed"),
                _ => Seen::good("room", seen),
            }
        }
        Err(fault) => Seen::bad("room", fault.to_string(), "look at the disk of the journal"),
    };
    let kind = std::fs::read_to_string("/proc/self/mountinfo").ok().and_then(|mounts| kind(&mounts, &folder));
    let kind = match kind {
        Some(kind) if REMOTE.contains(&kind.as_str()) => {
            Seen::bad("file system", kind, "put the journal on a local file system: its locks must hold")
        }
        Some(kind) if FLEETING.contains(&kind.as_str()) => {
            Seen::doubtful("file system", format!("{kind}: it is gone after a restart"), "put the journal on a disk")
        }
        Some(kind) => Seen::good("file system", kind),
        None => Seen::doubtful("file system", "the system does not say which it is", "look at `findmnt --target` of the journal's folder"),
    };
    vec![free, kind]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_mount_that_leads_to_a_path_says_its_kind() {
        let mounts = "1 0 8:1 / / rw - ext4 /dev/a rw\n2 1 0:2 / /var rw shared:1 - nfs4 host:/var rw\n3 1 0:3 / /var/lib\\040x rw - tmpfs none rw\n";
        for (path, expected) in [("/home", "ext4"), ("/var/lib", "nfs4"), ("/var/lib x/j", "tmpfs"), ("/variable", "ext4")] {
            assert_eq!(kind(mounts, Path::new(path)).as_deref(), Some(expected), "{path}");
        }
    }

    #[test]
    fn a_limit_is_its_soft_one() {
        let table = "Limit                     Soft Limit           Hard Limit           Units\nMax open files            1024                 4096                 files\nMax locked memory         unlimited            unlimited            bytes\n";
        assert_eq!((limit(table, "Max open files"), limit(table, "Max locked memory"), limit(table, "Max x")), (Some(1024), Some(u64::MAX), None));
    }
}
