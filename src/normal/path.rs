//! Path patterns: how rules name fields, such as `/event/detail/link/@uid` or `/event/detail/**`.

use super::{Kind, NodeId, Tree};

/// A pattern over paths. A step is a name, `@name`, `*` (one element of any name), `@*` (any attribute),
/// or, last, `**` (the element itself and everything below it). Ordinals do not occur: a pattern speaks of all siblings of a name.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct PathPattern {
    steps: Vec<String>,
    below: bool,
}

impl PathPattern {
    /// Reads a pattern.
    ///
    /// # Errors
    /// One line that says what was expected.
    pub fn parse(text: &str) -> Result<Self, String> {
        let Some(rest) = text.strip_prefix('/') else { return Err("expected a path that begins with `/`".into()) };
        let mut steps: Vec<String> = rest.split('/').map(str::to_owned).collect();
        let below = steps.last().is_some_and(|last| last == "**");
        if below {
            steps.pop();
        }
        let count = steps.len();
        for (at, step) in steps.iter().enumerate() {
            let name = step.strip_prefix('@').unwrap_or(step);
            let last = at.saturating_add(1) == count;
            if step.starts_with('@') && (!last || below) {
                return Err(format!("expected the attribute `{step}` as the last step"));
            }
            let plain = name == "*" || (!name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || "_-.".contains(c)));
            if !plain {
                return Err(format!("expected a name, `*` or, last, `**`, found `{step}`"));
            }
        }
        if steps.is_empty() {
            return Err("expected at least the name of the document element".into());
        }
        Ok(Self { steps, below })
    }

    /// The steps without a final `**`.
    #[must_use]
    pub fn steps(&self) -> &[String] {
        &self.steps
    }

    /// Whether the pattern ends in `**`.
    #[must_use]
    pub const fn reaches_below(&self) -> bool {
        self.below
    }

    /// The elements and attributes that this pattern names, in document order: found from the root down, so that the cost is that of the
    /// siblings on the way and not of the whole tree. Text is named through its element.
    #[must_use]
    pub fn select(&self, tree: &Tree<'_>) -> Vec<NodeId> {
        let Some((first, rest)) = self.steps.split_first() else { return Vec::new() };
        let mut here = Vec::new();
        if step_matches(first, tree, NodeId::ROOT) {
            here.push(NodeId::ROOT);
        }
        for step in rest {
            here = here.iter().flat_map(|&above| tree.children(above).filter(|&(id, _)| step_matches(step, tree, id)).map(|(id, _)| id)).collect();
        }
        if self.below {
            return here.iter().flat_map(|&top| tree.subtree(top).filter(|(_, node)| node.kind != Kind::Text).map(|(id, _)| id)).collect();
        }
        here
    }

    /// Whether a node is named by this pattern. Text nodes are named by the path of their element.
    #[must_use]
    pub fn matches(&self, tree: &Tree<'_>, id: NodeId) -> bool {
        let mut chain = Vec::with_capacity(8);
        let mut at = Some(id);
        while let Some(here) = at {
            if tree.node(here).kind != Kind::Text {
                chain.push(here);
            }
            at = tree.parent(here);
        }
        chain.reverse();
        let long_enough = if self.below { chain.len() >= self.steps.len() } else { chain.len() == self.steps.len() };
        long_enough && self.steps.iter().zip(&chain).all(|(step, &node)| step_matches(step, tree, node))
    }
}

fn step_matches(step: &str, tree: &Tree<'_>, id: NodeId) -> bool {
    let node = tree.node(id);
    match (step.strip_prefix('@'), node.kind) {
        (Some("*"), Kind::Attribute) | (None, Kind::Element) if step == "*" || step == "@*" => true,
        (Some(name), Kind::Attribute) => name == node.name,
        (None, Kind::Element) => step == node.name,
        _ => false,
    }
}

impl std::fmt::Display for PathPattern {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "/{}{}", self.steps.join("/"), if self.below { "/**" } else { "" })
    }
}
