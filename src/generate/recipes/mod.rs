//! The recipes, in tables by what they try: releases, labels, malformed text, content, contacts at sea, the other formats.

mod content;
mod forms;
mod label;
mod malformed;
mod oth;
mod release;
mod tak;

use super::Recipe;

/// All tables.
pub static TABLES: &[&[Recipe]] =
    &[release::RECIPES, label::RECIPES, malformed::RECIPES, content::RECIPES, tak::RECIPES, oth::RECIPES, forms::RECIPES];
