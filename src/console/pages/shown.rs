//! Views with every text made harmless, whatever fields a view may get.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::super::answer::Problem;
use crate::base::plain::plain;
use crate::control::desk::View;
use crate::control::papers::Papers;

/// The view with all its text as [`plain`] writes it. An item passes as it is: its page needs names as they are, and makes each text harmless itself.
pub(super) fn view(view: View) -> Result<View, Problem> {
    if matches!(view, View::Item(_) | View::Proof { .. }) {
        return Ok(view);
    }
    let strange = |_| Problem::away("what the keeper shows cannot be read");
    serde_json::from_value(harmless(serde_json::to_value(view).map_err(strange)?)).map_err(strange)
}

/// What the supervisor read, with all its text as [`plain`] writes it.
pub(super) fn papers(papers: Papers) -> Result<Papers, Problem> {
    of(papers)
}

/// Plain data with all its text as [`plain`] writes it.
pub(super) fn of<T: Serialize + DeserializeOwned>(data: T) -> Result<T, Problem> {
    let strange = |_| Problem::away("what is to be shown cannot be read");
    serde_json::from_value(harmless(serde_json::to_value(data).map_err(strange)?)).map_err(strange)
}

fn harmless(value: Value) -> Value {
    match value {
        Value::String(text) => Value::String(plain(&text)),
        Value::Array(list) => Value::Array(list.into_iter().map(harmless).collect()),
        Value::Object(map) => Value::Object(map.into_iter().map(|(key, value)| (key, harmless(value))).collect()),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::control::desk::Overview;

    #[test]
    fn what_cannot_be_seen_is_seen_in_every_field_of_a_view() {
        let hostile = "a\u{202e}b\u{1b}".to_owned();
        let overview =
            Overview { home: hostile.clone(), conditions: vec![(hostile.clone(), hostile.clone())], edition: hostile, ..Overview::default() };
        let text = serde_json::to_string(&view(View::Overview(Box::new(overview))).unwrap()).unwrap();
        assert!(!text.contains('\u{202e}') && !text.contains("\\u001b"), "{text}");
        assert_eq!(text.matches("a\\\\u{202e}b").count(), 4, "{text}");
    }
}
