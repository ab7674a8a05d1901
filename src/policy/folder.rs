//! The folder of a rule set, read from disk into memory: the only file access of this room, and none of it follows a link.

use std::path::Path;
use std::sync::Arc;

use super::edition::SourceFile;
use crate::base::Fault;

/// Files of a rule set at most: 2,000. The two that come with the guard have fewer than 100; more is a wrong folder.
pub const FILES_MAX: usize = 2_000;
/// Bytes of one file at most: 4 MiB. The greatest public security policy file has some 400 KB.
pub const FILE_BYTES_MAX: u64 = 4 * 1024 * 1024;
/// Bytes of all files at most: 32 MiB, held in memory by every inspector.
pub const FOLDER_BYTES_MAX: u64 = 32 * 1024 * 1024;
/// Folders below each other at most: 4. The deepest that has a meaning is `cases/messages/`.
pub const DEPTH_MAX: usize = 4;

/// The folder of signatures beside the rules: signatures are over the digest of the rules, and no part of it.
pub const SIGNATURES: &str = "signatures";

/// The folder of reports beside the rules, as `vestibule rules report` makes them: they say something about the rules, and are no part of them.
pub const REPORTS: &str = "reports";

/// Reads all files below `dir`, in path order, but for signatures and reports.
///
/// # Errors
/// A folder that cannot be read, a link or device in it, text that is not UTF-8, a limit.
pub fn read_folder(dir: &Path) -> Result<Vec<SourceFile>, Fault> {
    let mut files = Vec::new();
    gather(dir, "", 0, &mut files)?;
    if files.is_empty() {
        return Err(Fault::new(format!("the folder `{}` holds no rule files: name the folder of a rule set", dir.display())));
    }
    files.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(files)
}

fn gather(dir: &Path, above: &str, depth: usize, files: &mut Vec<SourceFile>) -> Result<(), Fault> {
    if depth >= DEPTH_MAX {
        return Err(Fault::new(format!("the folder `{}` lies too deep: a rule set has at most {DEPTH_MAX} levels", dir.display())));
    }
    let unreadable = |cause| Fault::from_cause(format!("cannot read the folder `{}`", dir.display()), cause);
    for entry in std::fs::read_dir(dir).map_err(unreadable)? {
        let entry = entry.map_err(unreadable)?;
        let Ok(name) = entry.file_name().into_string() else {
            return Err(Fault::new(format!("a file name in `{}` is not UTF-8: rename it", dir.display())));
        };
        let kind = entry.file_type().map_err(unreadable)?;
        let path = if above.is_empty() { name } else { format!("{above}/{name}") };
        if kind.is_dir() && [SIGNATURES, REPORTS].contains(&path.as_str()) {
            continue;
        }
        if kind.is_dir() {
            gather(&entry.path(), &path, depth.saturating_add(1), files)?;
        } else if kind.is_file() {
            files.push(read_file(&entry.path(), path)?);
            within_limits(dir, files)?;
        } else {
            return Err(Fault::new(format!("`{path}` is neither a file nor a folder: a rule set holds no links, replace it by a copy")));
        }
    }
    Ok(())
}

fn read_file(at: &Path, path: String) -> Result<SourceFile, Fault> {
    use std::io::Read;
    let unreadable = |cause| Fault::from_cause(format!("cannot read the rule file `{}`", at.display()), cause);
    let mut text = String::new();
    // One byte more than allowed is read, so that a file that grows meanwhile cannot slip past a size asked for before.
    let limit = FILE_BYTES_MAX.saturating_add(1);
    std::fs::File::open(at).map_err(unreadable)?.take(limit).read_to_string(&mut text).map_err(unreadable)?;
    if u64::try_from(text.len()).unwrap_or(u64::MAX) > FILE_BYTES_MAX {
        return Err(Fault::new(format!("the rule file `{path}` is larger than {FILE_BYTES_MAX} bytes: split it")));
    }
    Ok(SourceFile { path: path.into(), text: text.into() })
}

fn within_limits(dir: &Path, files: &[SourceFile]) -> Result<(), Fault> {
    let bytes = files.iter().fold(0_u64, |sum, file| sum.saturating_add(u64::try_from(file.text.len()).unwrap_or(u64::MAX)));
    if files.len() > FILES_MAX || bytes > FOLDER_BYTES_MAX {
        let limits = format!("{FILES_MAX} files and {FOLDER_BYTES_MAX} bytes");
        return Err(Fault::new(format!("the folder `{}` holds more than {limits}: name the folder of a rule set", dir.display())));
    }
    Ok(())
}

/// The files of a rule set as paths and texts, for rule sets that are no folder (tests, fuzzing).
#[must_use]
pub fn from_texts<'t>(texts: impl IntoIterator<Item = (&'t str, &'t str)>) -> Vec<SourceFile> {
    let one = |(path, text): (&str, &str)| SourceFile { path: Arc::from(path), text: Arc::from(text) };
    let mut files: Vec<SourceFile> = texts.into_iter().map(one).collect();
    files.sort_by(|a, b| a.path.cmp(&b.path));
    files
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_read_in_path_order() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir(dir.path().join("b")).unwrap();
        for (path, text) in [("b/z.txt", "1"), ("a.toml", "2"), ("b/a.txt", "3")] {
            std::fs::write(dir.path().join(path), text).unwrap();
        }
        let files = read_folder(dir.path()).unwrap();
        let seen: Vec<_> = files.iter().map(|file| (&*file.path, &*file.text)).collect();
        assert_eq!(seen, [("a.toml", "2"), ("b/a.txt", "3"), ("b/z.txt", "1")]);
    }

    #[test]
    fn signatures_are_no_part_of_the_rules_and_a_file_of_that_name_is() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir(dir.path().join(SIGNATURES)).unwrap();
        std::fs::create_dir_all(dir.path().join("cases").join(SIGNATURES)).unwrap();
        for path in ["signatures/a.author.note", "a.toml", "cases/signatures/b"] {
            std::fs::write(dir.path().join(path), "1").unwrap();
        }
        let paths: Vec<_> = read_folder(dir.path()).unwrap().iter().map(|file| file.path.to_string()).collect();
        assert_eq!(paths, ["a.toml", "cases/signatures/b"]);
    }

    #[test]
    fn links_are_refused() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("a"), "1").unwrap();
        std::os::unix::fs::symlink(dir.path().join("a"), dir.path().join("b")).unwrap();
        assert!(read_folder(dir.path()).unwrap_err().what.contains("no links"));
    }

    #[test]
    fn an_empty_a_missing_and_a_deep_folder_are_refused() {
        let dir = tempfile::tempdir().unwrap();
        assert!(read_folder(dir.path()).is_err());
        assert!(read_folder(&dir.path().join("absent")).is_err());
        std::fs::create_dir_all(dir.path().join("a/b/c/d/e")).unwrap();
        assert!(read_folder(dir.path()).unwrap_err().what.contains("too deep"));
    }

    #[test]
    fn a_large_file_and_one_that_is_not_utf8_are_refused() {
        let dir = tempfile::tempdir().unwrap();
        let large = usize::try_from(FILE_BYTES_MAX).unwrap();
        std::fs::write(dir.path().join("a"), " ".repeat(large)).unwrap();
        assert!(read_folder(dir.path()).is_ok());
        std::fs::write(dir.path().join("a"), " ".repeat(large.checked_add(1).unwrap())).unwrap();
        assert!(read_folder(dir.path()).unwrap_err().what.contains("larger"));
        std::fs::write(dir.path().join("a"), b"\xff").unwrap();
        assert!(read_folder(dir.path()).is_err());
    }
}
