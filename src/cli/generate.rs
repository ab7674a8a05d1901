//! `vestibule generate`: messages with known outcomes, as files with headers beside them.

use std::path::PathBuf;

use serde::Serialize;

use super::{Answer, Failure, Output, Verb, letter, output};
use crate::base::{Outcome, Reason};
use crate::generate::{Edited, Expected, Recipe, ending, padded, recipe, recipes};
use crate::process::world;

/// Writes synthetic traffic.
#[derive(Debug, clap::Args)]
pub(super) struct Generate {
    /// List the recipes and what each recipient must get, and write nothing
    #[arg(long)]
    list: bool,
    /// Print one JSON object for each message on standard output
    #[arg(long)]
    json: bool,
    /// Folder for the messages; it is made if it does not exist
    #[arg(long, value_name = "FOLDER", required_unless_present = "list")]
    into: Option<PathBuf>,
    /// Only this recipe; may be given more than once
    #[arg(long, value_name = "RECIPE")]
    only: Vec<String>,
    /// Messages of each recipe
    #[arg(long, value_name = "N", default_value_t = 1)]
    count: u32,
    /// The seed: the same seed makes the same content
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Pad well-formed messages with drawn lines to about so many bytes
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = clap::value_parser!(u32).range(0..=16_000_000))]
    bytes: u32,
}

#[derive(Serialize)]
struct Wanted {
    to: &'static str,
    outcome: Outcome,
    code: Option<Reason>,
    #[serde(skip_serializing_if = "Option::is_none")]
    edited: Option<bool>,
}

#[derive(Serialize)]
struct Entry<'e> {
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<String>,
    recipe: &'e str,
    says: &'e str,
    from: &'e str,
    to: &'e [&'e str],
    expected: Vec<Wanted>,
}

impl From<&Expected> for Wanted {
    fn from(expected: &Expected) -> Self {
        let edited = match expected.edited {
            Edited::Yes => Some(true),
            Edited::No => Some(false),
            Edited::Either => None,
        };
        Self { to: expected.to, outcome: expected.outcome, code: expected.code, edited }
    }
}

impl Entry<'_> {
    fn of(recipe: &'static Recipe) -> Entry<'static> {
        let expected = recipe.expected.iter().map(Wanted::from).collect();
        Entry { file: None, id: None, recipe: recipe.name, says: recipe.says, from: recipe.from, to: recipe.to, expected }
    }
}

impl Verb for Generate {
    const PATH: &'static [&'static str] = &["generate"];
    const ABOUT: &'static str = "Write messages with known outcomes, for exercises, load and tests";
    const EXAMPLES: &'static str = "  vestibule generate --list\n  vestibule generate --into traffic                           one message of each recipe, and expected.jsonl\n  \
        vestibule generate --into load --only track-five-eyes --count 1000 --bytes 2048\n  \
        vestibule send --config gbr-ops.toml traffic/0001-track-five-eyes.xml";

    fn run(self, out: &mut Output) -> Result<Answer, Failure> {
        let chosen = chosen(&self.only)?;
        match &self.into {
            Some(folder) if !self.list => self.write(folder, &chosen, out)?,
            _ if self.json => chosen.iter().try_for_each(|recipe| out.json(&Entry::of(recipe)))?,
            _ => list(&chosen, out)?,
        }
        Ok(Answer::Done)
    }
}

fn chosen(only: &[String]) -> Result<Vec<&'static Recipe>, Failure> {
    if only.is_empty() {
        return Ok(recipes());
    }
    let unknown = |name: &String| Failure::Usage(format!("there is no recipe `{name}`; `vestibule generate --list` shows them"));
    only.iter().map(|name| recipe(name).ok_or_else(|| unknown(name))).collect()
}

fn list(recipes: &[&Recipe], out: &mut Output) -> Result<(), Failure> {
    let mut table = output::table(&["recipe", "what it is", "from", "to", "outcome", "code"]);
    for recipe in recipes {
        for expected in recipe.expected {
            let code = expected.code.map_or("", Reason::code);
            let cells = [recipe.name, recipe.says, recipe.from, expected.to].map(comfy_table::Cell::new);
            table.add_row(cells.into_iter().chain([output::outcome(expected.outcome), comfy_table::Cell::new(code)]));
        }
    }
    out.line(table)
}

impl Generate {
    fn write(&self, folder: &std::path::Path, recipes: &[&'static Recipe], out: &mut Output) -> Result<(), Failure> {
        let failed = |error| crate::base::Fault::from_cause(format!("the folder `{}` cannot be made", folder.display()), error);
        std::fs::create_dir_all(folder).map_err(failed)?;
        let mut index = String::new();
        let mut number = 0_u32;
        for round in 0..self.count {
            for recipe in recipes {
                number = number.saturating_add(1);
                let seed = self.seed.wrapping_add(u64::from(round).wrapping_mul(0x1_0000_0001));
                let (header, body) = padded(recipe, seed, world::now(), usize::try_from(self.bytes).unwrap_or(0));
                let name = format!("{number:04}-{}.{}", recipe.name, ending(&header.media_type));
                letter::write(&folder.join(&name), &header, &body)?;
                let entry = Entry { file: Some(name), id: Some(header.id.to_string()), ..Entry::of(recipe) };
                let line = serde_json::to_string(&entry).map_err(|error| crate::base::Fault::from_cause("an expectation has no JSON", error))?;
                if self.json {
                    out.line(&line)?;
                }
                index.push_str(&line);
                index.push('\n');
            }
        }
        letter::durable(&folder.join("expected.jsonl"), index.as_bytes())?;
        if self.json { Ok(()) } else { out.line(format_args!("{number} messages and `expected.jsonl` written to `{}`", folder.display())) }
    }
}
