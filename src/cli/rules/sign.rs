//! `vestibule rules sign`: an officer's name under an edition, in a file beside the rules.

use std::path::PathBuf;

use super::super::signer::Certified;
use super::super::{Answer, Failure, Output, Verb, letter};
use super::load;
use crate::base::{Fault, Name, Time};
use crate::control::{Edict, Emergency, Role, Statement, statement};
use crate::policy::folder::SIGNATURES;
use crate::process::world;

/// Signs an edition.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Sign {
    /// The officer's key, as `vestibule pki officer` made it
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
    #[command(flatten)]
    certified: Certified,
    /// In which role
    #[arg(long, value_enum)]
    role: Role,
    /// For an emergency: until when
    #[arg(long, value_name = "TIME", requires_all = ["scope", "reason"])]
    until: Option<String>,
    /// For an emergency: the clauses in which the edition may differ, as `agreement/clause`
    #[arg(long, value_name = "CLAUSE", value_delimiter = ',', requires = "until")]
    scope: Vec<String>,
    /// For an emergency: why
    #[arg(long, value_name = "TEXT", requires = "until")]
    reason: Option<String>,
    /// The rule set's folder
    folder: PathBuf,
}

impl Verb for Sign {
    const PATH: &'static [&'static str] = &["rules", "sign"];
    const ABOUT: &'static str = "Put an officer's name under an edition";
    const EXAMPLES: &'static str = "  vestibule rules sign rules/five-eyes --key a.lovelace.key --role author\n  \
        vestibule rules sign rules/five-eyes --key g.hopper.key --role approver\n  \
        vestibule rules sign rules/five-eyes --certificate g.hopper.pem --key g.hopper.key --officer g.hopper --role approver\n  \
        vestibule rules sign flood/ --key a.lovelace.key --role author --until 2026-11-23T20:00:00Z --scope FVEY-TRACKS/4.2 --reason 'flood, order 7'\n\n\
        The signature goes into `signatures/` in the folder, and is over the digest of everything else in it. Exit status 1 where the rules have faults.";

    fn run(self, out: &mut Output) -> Result<Answer, Failure> {
        let signer = self.certified.signer(&self.key)?;
        let officer = signer.officer();
        let emergency = self.emergency()?;
        let Some(guard) = load(&self.folder, false, out)? else { return Ok(Answer::No) };
        let edition = guard.edition();
        let edict = Edict { ruleset: edition.name.to_string(), number: edition.edition.clone(), digest: edition.digest };
        let statement = Statement { edict, officer: officer.clone(), role: self.role, signed: world::now(), emergency };
        let folder = self.folder.join(SIGNATURES);
        std::fs::create_dir_all(&folder).map_err(|cause| Fault::from_cause(format!("`{}` cannot be made", folder.display()), cause))?;
        let path = folder.join(format!("{officer}.{}.note", self.role.word()).replace('/', "_"));
        letter::durable(&path, signer.sign(&statement.text())?.as_bytes())?;
        out.text(&statement.text())?;
        out.line(format_args!("signed into `{}`", path.display()))?;
        Ok(Answer::Done)
    }
}

impl Sign {
    fn emergency(&self) -> Result<Option<Emergency>, Failure> {
        let Some(until) = &self.until else { return Ok(None) };
        let until = Time::parse(until).ok_or_else(|| Failure::Usage(format!("`{until}` is no time; expected one as 2026-11-23T20:00:00Z")))?;
        let reason = self.reason.clone().unwrap_or_default();
        statement::check_reason(&reason).map_err(Failure::Usage)?;
        let plain = |id: &String| Name::new(id).is_some();
        match self.scope.iter().all(plain) {
            true => Ok(Some(Emergency { until, scope: self.scope.iter().cloned().collect(), reason })),
            false => Err(Failure::Usage("expected clauses as `agreement/clause`, with commas between".to_owned())),
        }
    }
}
