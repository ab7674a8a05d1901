//! The recipes, in tables by what they try: releases, labels, malformed text, content.

mod content;
mod label;
mod malformed;
mod release;
mod tak;

use super::Recipe;

/// All tables.
pub static TABLES: &[&[Recipe]] = &[release::RECIPES, label::RECIPES, malformed::RECIPES, content::RECIPES, tak::RECIPES];
