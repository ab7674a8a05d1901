//! How deep the expressions of a Cedar text are, found without reading them: what reads Cedar does so by calling itself, once a level, and ends the
//! process where its stack ends.
//!
//! Takes a text, gives the first policy that is too deep. It counts more levels than there are, never fewer: every operator of a chain is one, and so
//! is every bracket. Absent on purpose: any judgement of the text, which Cedar's own reader makes next.

use std::ops::Range;

use super::edition::SourceFile;
use super::faults::Faults;

/// Levels of one policy or condition at most: 96. Cedar's reader takes up to 16 KiB of stack for each (measured without optimisation), and threads have
/// two megabytes; what officers write by hand has ten.
const LEVELS_MAX: usize = 96;

/// Complains of what is too deep in a file of policies.
pub(in crate::policy) fn complain(file: &SourceFile, faults: &mut Faults) {
    if let Some(at) = too_deep(&file.text) {
        told(&at, faults);
    }
}

/// Complains of a condition that is too deep; says whether it may be read.
pub(in crate::policy) fn admits(text: &str, at: &Range<usize>, faults: &mut Faults) -> bool {
    let deep = too_deep(text).is_some();
    if deep {
        told(at, faults);
    }
    !deep
}

fn told(at: &Range<usize>, faults: &mut Faults) {
    let what = format!("more than {LEVELS_MAX} operators and brackets stand within each other");
    let remedy = "split it into several policies, or name the values of a chain in one set: `[...].contains(...)`";
    faults.at(at, what, "an expression that can be read in bounded memory", remedy);
}

/// The place in a text where its levels become too many.
fn too_deep(text: &str) -> Option<Range<usize>> {
    let mut levels: Vec<Level> = vec![Level::default()];
    for (token, at) in (Tokens { text, at: 0 }) {
        let level = levels.last_mut()?;
        match token {
            Token::Operator => level.operator(1),
            Token::Comparison => level.compare(),
            Token::Word => level.operator(0),
            Token::Dot => level.dots = level.dots.saturating_add(1),
            Token::Between => level.end(),
            Token::Open => levels.push(Level::default()),
            // One too many closes nothing: that is for Cedar's reader to say.
            Token::Close if levels.len() > 1 => {
                let below = levels.pop()?.weight();
                let level = levels.last_mut()?;
                level.below = level.below.max(below);
            }
            Token::Close => {}
        }
        // Brackets that are open count as they stand: what is within them cannot be less.
        if levels.iter().map(Level::weight).fold(0_usize, usize::saturating_add) > LEVELS_MAX {
            return Some(at);
        }
    }
    None
}

/// What stands between two brackets.
#[derive(Debug, Default)]
struct Level {
    /// Operators since the last comma.
    operators: usize,
    /// One where something is compared: comparisons do not stand in chains.
    compared: usize,
    /// Accesses in a row, and the most there were.
    dots: usize,
    dots_most: usize,
    /// The deepest bracket within.
    below: usize,
    /// The most that stood between two commas.
    most: usize,
}

impl Level {
    fn operator(&mut self, levels: usize) {
        self.operators = self.operators.saturating_add(levels);
        self.dots_most = self.dots_most.max(self.dots);
        self.dots = 0;
    }

    fn compare(&mut self) {
        self.operator(0);
        self.compared = 1;
    }

    fn end(&mut self) {
        *self = Self { most: self.weight(), ..Self::default() };
    }

    fn weight(&self) -> usize {
        let chain = self.operators.saturating_add(self.compared);
        let own = chain.saturating_add(self.dots.max(self.dots_most)).saturating_add(self.below);
        self.most.max(own.saturating_add(1))
    }
}

/// What matters for depth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Token {
    Open,
    Close,
    /// What makes a level: chains lean to one side.
    Operator,
    /// What compares, once between two of the others.
    Comparison,
    /// What stands between two expressions of the same level.
    Word,
    Dot,
    /// A comma or the end of a policy.
    Between,
}

struct Tokens<'t> {
    text: &'t str,
    at: usize,
}

impl Iterator for Tokens<'_> {
    type Item = (Token, Range<usize>);

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let rest = self.text.get(self.at..)?;
            let first = rest.chars().next()?;
            let (token, length) = match first {
                '"' => (None, string(rest)),
                '/' if rest.starts_with("//") => (None, rest.find('\n').unwrap_or(rest.len())),
                '(' | '[' | '{' => (Some(Token::Open), 1),
                ')' | ']' | '}' => (Some(Token::Close), 1),
                '.' => (Some(Token::Dot), 1),
                ',' | ';' => (Some(Token::Between), 1),
                '&' | '|' => (Some(Token::Operator), if rest.starts_with("&&") || rest.starts_with("||") { 2 } else { 1 }),
                '<' | '>' | '=' => (Some(Token::Comparison), 1),
                '!' if rest.starts_with("!=") => (Some(Token::Comparison), 2),
                '!' | '+' | '-' | '*' | '%' | '/' => (Some(Token::Operator), 1),
                _ if first.is_alphanumeric() || first == '_' => word(rest),
                _ => (None, first.len_utf8()),
            };
            let start = self.at;
            self.at = self.at.saturating_add(length);
            if let Some(token) = token {
                return Some((token, start..self.at));
            }
        }
    }
}

/// Bytes of a string, both quotes included.
fn string(text: &str) -> usize {
    let mut escaped = false;
    for (at, byte) in text.bytes().enumerate().skip(1) {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return at.saturating_add(1),
            _ => {}
        }
    }
    text.len()
}

/// A word: some hold what follows within them.
fn word(text: &str) -> (Option<Token>, usize) {
    let length = text.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(text.len());
    let token = match text.get(..length) {
        Some("if" | "when" | "unless") => Some(Token::Operator),
        Some("then" | "else") => Some(Token::Word),
        Some("in" | "has" | "like" | "is") => Some(Token::Comparison),
        _ => None,
    };
    (token, length)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn deep(text: &str) -> bool {
        too_deep(text).is_some()
    }

    #[test]
    fn whatever_nests_is_bounded_and_what_stands_side_by_side_is_not() {
        for (many, few) in
            [("(", ")"), ("[", "]"), ("{a: ", "}"), ("!(", ")"), ("if a then b else ", ""), ("a || ", ""), ("a && ", ""), ("1 + ", ""), ("!", "")]
        {
            let text = |count: usize| format!("forbid (principal, action, resource) when {{ {}a{} }};", many.repeat(count), few.repeat(count));
            assert!(!deep(&text(20)), "{many}");
            assert!(deep(&text(200)) && deep(&text(100_000)), "{many}");
        }
        assert!(deep(&format!("context{}", ".a".repeat(200))));
        assert!(deep(&format!("forbid (principal, action, resource) {};", "when { a } ".repeat(200))));
        let policy = "@id(\"a\")\nforbid (principal, action, resource)\nwhen { context.kind like \"a*\" && context.format == Format::\"cot\" };\n";
        assert!(!deep(&policy.repeat(1_000)));
        assert!(!deep(&format!("context.kind == \"a\"{}", " || context.kind == \"b\"".repeat(80))));
        assert!(!deep(&format!("[{}].contains(context.kind)", "\"a\", ".repeat(5_000))));
    }

    #[test]
    fn brackets_in_strings_and_comments_are_text() {
        let brackets = "(".repeat(500);
        assert!(!deep(&format!("// {brackets}\nforbid (principal, action, resource) when {{ context.kind == \"\\\"{brackets}\" }};")));
        assert!(deep(&format!("// \"\n{brackets}")));
        // A text that ends within a string has no more tokens.
        assert!(!deep(&format!("\"{brackets}")) && !deep(&format!("\"{brackets}\\")));
    }

    #[test]
    fn levels_add_up_along_the_way_down() {
        let within = |text: &str, count: usize| format!("{}{text}{}", "(".repeat(count), ")".repeat(count));
        let chain = |count: usize| format!("{}a", "a || ".repeat(count));
        assert!(!deep(&within(&chain(40), 40)));
        assert!(deep(&within(&chain(60), 60)));
        assert!(!deep(&format!("[{0}, {0}, {0}]", chain(60))));
    }
}
