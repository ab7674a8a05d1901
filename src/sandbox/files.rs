//! Files, TCP and scopes: the landlock ruleset of a process.
//!
//! Takes the granted folders, gives a ruleset that names everything the kernel can forbid and allows those folders alone. The newest edition of
//! landlock that the kernel has is used; what an older one lacks is said, not silently left out.

use std::os::fd::{AsRawFd, OwnedFd, RawFd};
use std::path::{Path, PathBuf};

use landlock::{ABI, Access as _, AccessFs, AccessNet, BitFlags, PathBeneath, PathFd, Ruleset, RulesetAttr, RulesetCreatedAttr, Scope};

use super::sys;
use super::{Access, Layer, State};
use crate::base::Fault;

/// The newest edition that this house knows; a kernel that has less is asked for less.
const NEWEST: ABI = ABI::V7;

/// The first edition that knows TCP, and the first that knows scopes.
const TCP_SINCE: i64 = 4;
const SCOPES_SINCE: i64 = 6;

/// A ruleset that waits to be put on threads.
#[derive(Debug)]
pub(super) struct Files {
    descriptor: OwnedFd,
    edition: i64,
}

impl Files {
    pub(super) fn descriptor(&self) -> RawFd {
        self.descriptor.as_raw_fd()
    }
}

fn failed(cause: impl std::error::Error + Send + Sync + 'static) -> Fault {
    Fault::from_cause("landlock does not take the rules; see `vestibule check --walls`", cause)
}

/// What may be done with plain files: no device, socket, pipe or link is made, nothing is executed.
fn rights(access: Access) -> BitFlags<AccessFs> {
    let read = AccessFs::ReadFile | AccessFs::ReadDir;
    match access {
        Access::Read => read,
        Access::ReadWrite => read | AccessFs::WriteFile | AccessFs::MakeReg | AccessFs::RemoveFile | AccessFs::Truncate,
    }
}

/// Refuses a folder whose path goes through links or begins at the folder in which the process was started: whoever opens a file in it would follow
/// them, and calls that follow are not listed.
fn straight(folder: &Path) -> Result<(), Fault> {
    let seen = |cause| Fault::from_cause(format_args!("the granted folder {} cannot be opened", folder.display()), cause);
    match folder.canonicalize().map_err(seen)? {
        same if same == *folder => Ok(()),
        other => Err(Fault::new(format!("the granted folder {} is really {}; grant that, and open files by it", folder.display(), other.display()))),
    }
}

/// The ruleset of a process that may touch these folders and nothing else.
pub(super) fn ruleset(folders: &[(PathBuf, Access)]) -> Result<Files, Fault> {
    let edition = sys::landlock_edition();
    let created = Ruleset::default()
        .handle_access(AccessFs::from_all(NEWEST))
        .and_then(|ruleset| ruleset.handle_access(AccessNet::from_all(NEWEST)))
        .and_then(|ruleset| ruleset.scope(Scope::from_all(NEWEST)))
        .and_then(Ruleset::create)
        .map_err(failed)?;
    let mut ruleset = created;
    for (folder, access) in folders {
        straight(folder)?;
        let held = PathFd::new(folder)
            .map_err(|cause| Fault::from_cause(format_args!("the granted folder {} cannot be opened", folder.display()), cause))?;
        ruleset = ruleset.add_rule(PathBeneath::new(held, rights(*access))).map_err(failed)?;
    }
    let descriptor: Option<OwnedFd> = ruleset.into();
    let descriptor =
        descriptor.ok_or_else(|| Fault::new("this kernel has no landlock: it needs Linux 5.13 or later, with `landlock` in its list of modules"))?;
    Ok(Files { descriptor, edition })
}

/// What becomes of the three layers once the ruleset is on every thread.
pub(super) fn states(files: &Files, folders: &[(PathBuf, Access)]) -> Vec<(Layer, State)> {
    let open = match folders {
        [] => "no file".to_owned(),
        [(one, _)] => format!("{} alone", one.display()),
        many => format!("{} folders", many.len()),
    };
    let since = |first: i64, closed: &str| match files.edition >= first {
        true => State::Closed(closed.to_owned()),
        false => State::Unavailable(format!("landlock {} has not got it; edition {first} has", files.edition)),
    };
    vec![
        (Layer::Files, State::Closed(format!("landlock {}: {open}", files.edition))),
        (Layer::Tcp, since(TCP_SINCE, "neither bind nor connect")),
        (Layer::Scopes, since(SCOPES_SINCE, "no signal to others, no abstract socket of others")),
    ]
}

/// What this kernel gives of the three layers.
pub(super) fn survey() -> Vec<(Layer, State)> {
    let edition = sys::landlock_edition();
    let since = |layer, first: i64| {
        let state = match edition >= first {
            true => State::Closed(format!("landlock {edition}")),
            false if edition <= 0 => State::Unavailable("this kernel has no landlock".to_owned()),
            false => State::Unavailable(format!("landlock {edition} has not got it; edition {first} has")),
        };
        (layer, state)
    };
    vec![since(Layer::Files, 1), since(Layer::Tcp, TCP_SINCE), since(Layer::Scopes, SCOPES_SINCE)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_granted_by_its_straight_path_alone() {
        let place = tempfile::tempdir().unwrap();
        let real = place.path().canonicalize().unwrap();
        std::os::unix::fs::symlink(&real, real.join("link")).unwrap();
        assert!(straight(&real).is_ok());
        assert!(straight(&real.join("link")).unwrap_err().what.contains("is really"));
        assert!(straight(&real.join("..")).is_err() && straight(&real.join("absent")).is_err() && straight(Path::new("src")).is_err());
    }

    #[test]
    fn what_an_older_kernel_lacks_is_said() {
        let unavailable = |edition| {
            let descriptor = std::fs::File::open("/dev/null").unwrap().into();
            let all = states(&Files { descriptor, edition }, &[]);
            all.into_iter().filter(|(_, state)| matches!(state, State::Unavailable(_))).map(|(layer, _)| layer).collect::<Vec<_>>()
        };
        assert_eq!(unavailable(7), []);
        assert_eq!(unavailable(5), [Layer::Scopes]);
        assert_eq!(unavailable(3), [Layer::Tcp, Layer::Scopes]);
    }
}
