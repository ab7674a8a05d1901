//! The text format of Prometheus.
// SPEC: Prometheus text exposition format 0.0.4: HELP and TYPE once before the samples of a metric, label values escaped, every line ended by LF.

use super::{METRICS, Metric};
use crate::control::desk::Sample;

/// Samples of one metric at most: 10,000; a hundred peers with each other.
const SAMPLES_MAX: usize = 10_000;

/// All samples whose rows and labels the table has, in the order of the table.
#[must_use]
pub fn write(samples: &[Sample]) -> String {
    let mut out = String::new();
    for metric in METRICS {
        let mut own = samples.iter().filter(|sample| sample.name == metric.name && has_labels(metric, sample)).take(SAMPLES_MAX).peekable();
        if own.peek().is_none() {
            continue;
        }
        let (name, kind) = (metric.name, metric.kind.word());
        out.push_str(&format!("# HELP {name} {} ({}).\n# TYPE {name} {kind}\n", escaped(metric.meaning, &[]), metric.unit));
        for sample in own {
            let labels: Vec<String> = sample.labels.iter().map(|(label, value)| format!("{label}=\"{}\"", escaped(value, &['"']))).collect();
            let labels = if labels.is_empty() { String::new() } else { format!("{{{}}}", labels.join(",")) };
            out.push_str(&format!("{name}{labels} {}\n", sample.value));
        }
    }
    out
}

fn has_labels(metric: &Metric, sample: &Sample) -> bool {
    sample.labels.iter().map(|(name, _)| name.as_str()).eq(metric.labels.iter().copied())
}

/// Backslashes, ends of lines and these characters with a backslash before them.
fn escaped(text: &str, also: &[char]) -> String {
    let mut out = String::with_capacity(text.len());
    for one in text.chars() {
        match one {
            '\n' => out.push_str("\\n"),
            '\\' => out.push_str("\\\\"),
            one if also.contains(&one) => {
                out.push('\\');
                out.push(one);
            }
            one => out.push(one),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(name: &str, labels: &[(&str, &str)], value: u64) -> Sample {
        let labels = labels.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Sample { name: name.to_owned(), labels, value }
    }

    /// Reads a label value; gives what follows it.
    fn value(text: &str) -> (String, &str) {
        let (mut out, mut rest) = (String::new(), text.strip_prefix('"').unwrap().chars());
        loop {
            match rest.next().unwrap() {
                '"' => return (out, rest.as_str()),
                '\\' => out.push(match rest.next().unwrap() {
                    'n' => '\n',
                    one @ ('\\' | '"') => one,
                    other => panic!("`\\{other}` is no escape"),
                }),
                one => out.push(one),
            }
        }
    }

    /// A sample as it reads back: name, labels, value.
    type Read = (String, Vec<(String, String)>, u64);

    /// Reads the format by its rules: name, labels, value of each sample; and holds the order of HELP, TYPE and samples.
    fn read(text: &str) -> Vec<Read> {
        let is_name = |name: &str| {
            !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_') && !name.as_bytes()[0].is_ascii_digit()
        };
        let (mut samples, mut now, mut seen) = (Vec::new(), None::<String>, Vec::new());
        assert!(text.ends_with('\n'));
        for line in text.strip_suffix('\n').unwrap().split('\n') {
            if let Some(help) = line.strip_prefix("# HELP ") {
                let name = help.split(' ').next().unwrap().to_owned();
                assert!(!seen.contains(&name), "`{name}` begins twice");
                seen.push(name.clone());
                now = Some(name);
            } else if let Some(kind) = line.strip_prefix("# TYPE ") {
                let (name, kind) = kind.split_once(' ').unwrap();
                assert!(Some(name) == now.as_deref() && ["counter", "gauge"].contains(&kind));
            } else {
                let at = line.find(['{', ' ']).unwrap();
                let (name, mut rest) = line.split_at(at);
                assert!(is_name(name) && Some(name) == now.as_deref(), "{line}");
                let mut labels = Vec::new();
                while let Some(inner) = rest.strip_prefix(['{', ',']) {
                    let (label, inner) = inner.split_once('=').unwrap();
                    assert!(is_name(label));
                    let (value, inner) = value(inner);
                    labels.push((label.to_owned(), value));
                    rest = inner;
                }
                let rest = if labels.is_empty() { rest } else { rest.strip_prefix('}').unwrap() };
                samples.push((name.to_owned(), labels, rest.strip_prefix(' ').unwrap().parse().unwrap()));
            }
        }
        samples
    }

    #[test]
    fn what_is_written_reads_back_by_the_rules_of_the_format() {
        let samples = [
            sample("vestibule_held", &[("precedence", "FLASH")], 2),
            sample("vestibule_records_total", &[], 18_446_744_073_709_551_615),
            sample("vestibule_held", &[("precedence", "a\"b\\c\nd")], 0),
        ];
        let read = read(&write(&samples));
        let expected: Vec<_> = [&samples[1], &samples[0], &samples[2]].map(|one| (one.name.clone(), one.labels.clone(), one.value)).to_vec();
        assert_eq!(read, expected);
    }

    #[test]
    fn a_sample_that_the_table_does_not_have_is_not_shown() {
        let samples = [
            sample("vestibule_secrets_total", &[], 1),
            sample("vestibule_held", &[("text", "of a message")], 1),
            sample("vestibule_held", &[], 1),
            sample("vestibule_held", &[("precedence", "FLASH"), ("peer", "x")], 1),
        ];
        assert_eq!(write(&samples), "");
    }
}
