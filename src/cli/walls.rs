//! `vestibule check --walls`: every forbidden thing, tried behind the walls of every role.

use std::io::{BufRead as _, BufReader, Read as _};
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::{Answer, Failure, Output, output};
use crate::base::Fault;
use crate::process::world;
use crate::sandbox::deeds::{self, Behind, DEEDS, Deed, End, READY, Trial, Verdict};
use crate::sandbox::{Grants, Layer, Role, State, survey};

/// A folder of the probe, removed at the end.
struct Folder(PathBuf);

impl Folder {
    fn make() -> Result<Self, Failure> {
        let path = std::env::temp_dir().join(format!("vestibule-walls-{}", world::fresh_id()?));
        std::fs::create_dir(&path).map_err(|cause| Fault::from_cause(format_args!("the folder {} cannot be made", path.display()), cause))?;
        Ok(Self(path))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // What cannot be removed stays in the folder for temporary files, which the system clears.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// One cell of the table.
#[derive(serde::Serialize)]
struct Line {
    role: Role,
    deed: &'static str,
    about: &'static str,
    /// What stopped it behind all walls.
    walls: Verdict,
    /// What would stop it were there no filter of calls.
    behind: Verdict,
}

/// Tries everything; the answer is no where anything is not stopped.
pub(super) fn probe(json: bool, out: &mut Output) -> Result<Answer, Failure> {
    let folder = Folder::make()?;
    let mut lines = Vec::new();
    for role in Role::ALL {
        for deed in DEEDS {
            let [walls, behind] = [Behind::Walls, Behind::WallsWithoutCalls].map(|behind| try_one(*role, deed, behind, &folder.0));
            lines.push(Line { role: *role, deed: deed.name, about: deed.about, walls: walls?, behind: behind? });
        }
    }
    match json {
        true => lines.iter().try_for_each(|line| out.json(line))?,
        false => show(&lines, out)?,
    }
    Ok(if lines.iter().all(|line| line.walls != Verdict::NotStopped) { Answer::Done } else { Answer::No })
}

/// Tries one deed in a process of its own.
fn try_one(role: Role, deed: &Deed, behind: Behind, folder: &Path) -> Result<Verdict, Fault> {
    let failed = |cause| Fault::from_cause("the trial of a deed cannot be started", cause);
    let victim = i32::try_from(std::process::id()).map_err(|cause| Fault::from_cause("this process has no number", cause))?;
    let trial = Trial { role, deed: deed.name.to_owned(), behind, folder: folder.to_owned(), victim, address: deeds::address() };
    let told = serde_json::to_string(&trial).map_err(|cause| Fault::from_cause("a trial cannot be written", cause))?;
    let program = std::env::current_exe().map_err(failed)?;
    let mut command = Command::new(program);
    command.args(["check", "--walls-trial", &told]).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().map_err(failed)?;
    let mut said = String::new();
    if let Some(stdout) = child.stdout.take() {
        BufReader::new(stdout).read_line(&mut said).map_err(failed)?;
    }
    let mut complaint = String::new();
    if let Some(mut stderr) = child.stderr.take() {
        stderr.read_to_string(&mut complaint).map_err(failed)?;
    }
    let status = child.wait().map_err(failed)?;
    let end = status.signal().map(End::Killed).or_else(|| status.code().map(End::Refused));
    let verdict = end.filter(|_| said.trim_end() == READY).and_then(|end| Verdict::of(deed, end));
    verdict.ok_or_else(|| Fault::new(format!("the trial `{}` of role `{role}` did not come to an end that says something: {}", deed.name, complaint.trim())))
}

/// The other end of [`try_one`].
pub(super) fn trial(told: &str) -> Result<Answer, Failure> {
    let trial: Trial = serde_json::from_str(told).map_err(|error| Failure::Usage(error.to_string()))?;
    match deeds::attempt(&trial, &Grants::default())? {}
}

fn show(lines: &[Line], out: &mut Output) -> Result<(), Failure> {
    let heading: Vec<&str> = std::iter::once("deed").chain(Role::ALL.iter().map(|role| role.name())).chain(["what for"]).collect();
    let mut table = output::table(&heading);
    let cell = |line: &Line| match (line.walls, line.behind) {
        (Verdict::NotStopped, _) => "NOT STOPPED".to_owned(),
        (Verdict::StoppedBy(layer), Verdict::StoppedBy(next)) if next != layer => format!("{layer}, {next}"),
        (Verdict::StoppedBy(layer), _) => layer.to_string(),
    };
    for deed in DEEDS {
        let of = lines.iter().filter(|line| line.deed == deed.name).map(cell);
        table.add_row(std::iter::once(deed.name.to_owned()).chain(of).chain([deed.about.to_owned()]));
    }
    out.line(table)?;
    out.line("each cell: the layer that stops it, and, after a comma, the one that would without the filter of calls")
}

/// What the host gives, as lines of `check`.
pub(super) fn layers() -> Vec<(Layer, Result<String, String>)> {
    let said = |state| match state {
        State::Closed(detail) => Ok(detail),
        State::Unavailable(why) | State::Open(why) => Err(why),
    };
    survey().into_iter().map(|(layer, state)| (layer, said(state))).collect()
}
