//! Forms and queries: `application/x-www-form-urlencoded`, read strictly.
//!
//! A field that is not expected, one that stands there twice and may not, a bad escape, or bytes that are no text refuse the whole: two programs that
//! pick different ones of two values are how checks are passed by.

/// Fields of a form at most: 20,000; a message has fewer nodes than that.
const FIELDS_MAX: usize = 20_000;

/// The fields that a route takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fields {
    /// Each at most once.
    pub once: &'static [&'static str],
    /// Each any number of times.
    pub many: &'static [&'static str],
}

/// A form that was read.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Form(Vec<(String, String)>);

impl Form {
    /// Reads a form of these fields.
    pub(super) fn parse(text: &str, fields: Fields) -> Result<Self, String> {
        let mut read: Vec<(String, String)> = Vec::new();
        for pair in text.split('&').filter(|pair| !pair.is_empty()) {
            let (key, value) = pair.split_once('=').ok_or("a field of the form has no value")?;
            let (key, value) = (decoded(key)?, decoded(value)?);
            let once = fields.once.contains(&key.as_str());
            if !once && !fields.many.contains(&key.as_str()) {
                return Err("the form has a field that is not expected".to_owned());
            }
            if once && read.iter().any(|(known, _)| *known == key) {
                return Err(format!("the form has the field `{key}` twice"));
            }
            if read.len() >= FIELDS_MAX {
                return Err(format!("the form has more than {FIELDS_MAX} fields"));
            }
            read.push((key, value));
        }
        Ok(Self(read))
    }

    /// A field; nothing where it is not there or is empty.
    pub(super) fn one(&self, key: &str) -> Option<&str> {
        self.0.iter().find(|(known, value)| known == key && !value.is_empty()).map(|(_, value)| value.as_str())
    }

    /// A field, or what is said where it is not there.
    pub(super) fn need(&self, key: &str) -> Result<&str, String> {
        self.one(key).ok_or_else(|| format!("the field `{key}` is empty; fill it in, and send the form again"))
    }

    /// All values of a field.
    pub(super) fn all<'f>(&'f self, key: &'f str) -> impl Iterator<Item = &'f str> {
        self.0.iter().filter(move |(known, _)| known == key).map(|(_, value)| value.as_str())
    }

    /// A field whose ends of lines are those of the machine: browsers send CR LF.
    pub(super) fn text(&self, key: &str) -> Option<String> {
        self.one(key).map(|value| value.replace("\r\n", "\n"))
    }
}

fn decoded(text: &str) -> Result<String, String> {
    let broken = || "the form has an escape that is none".to_owned();
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => {
                let pair = [rest.next().ok_or_else(broken)?, rest.next().ok_or_else(broken)?];
                if !pair.iter().all(u8::is_ascii_hexdigit) {
                    return Err(broken());
                }
                let digits = std::str::from_utf8(&pair).map_err(|_| broken())?;
                u8::from_str_radix(digits, 16).map_err(|_| broken())?
            }
            other => other,
        });
    }
    String::from_utf8(bytes).map_err(|_| "the form holds bytes that are no text".to_owned())
}

/// A value as it stands in an address.
pub(super) fn encoded(text: &str) -> String {
    let safe = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    text.bytes().map(|byte| if safe(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIELDS: Fields = Fields { once: &["id", "reason"], many: &["waive"] };

    #[test]
    fn fields_read_back_and_lists_keep_their_order() {
        let form = Form::parse("id=a%2Fb+c&waive=1&waive=2&reason=%C3%A4%0D%0Ab", FIELDS).unwrap();
        assert_eq!(form.one("id"), Some("a/b c"));
        assert_eq!(form.all("waive").collect::<Vec<_>>(), ["1", "2"]);
        assert_eq!(form.text("reason").unwrap(), "ä\nb");
        assert_eq!(Form::parse(&format!("id={}", encoded("<\"&+ é%")), FIELDS).unwrap().one("id"), Some("<\"&+ é%"));
    }

    #[test]
    fn what_could_be_read_in_two_ways_is_refused() {
        for bad in ["id=1&id=2", "id=1&id=1", "as=root", "id", "id=%4", "id=%zz", "id=%+1", "id=%ff", "id=1;id=2&x=y", "%69d=1&id=2"] {
            assert!(Form::parse(bad, FIELDS).is_err(), "{bad}");
        }
        assert!(Form::parse("", FIELDS).unwrap().need("id").unwrap_err().contains("`id`"));
        let long = "waive=1&".repeat(FIELDS_MAX + 1);
        assert!(Form::parse(&long, FIELDS).is_err());
    }
}
