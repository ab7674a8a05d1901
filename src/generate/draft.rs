//! A draft: one Cursor-on-Target event before it is written, which a recipe changes until it is what its name says, or for which it gives
//! a message of another format.

use crate::base::{Precedence, Time, Traffic};

use super::dice::Dice;

/// The parts of an event, as they will be written; nothing is escaped or checked, so that recipes can write wrong ones.
#[derive(Debug, Clone)]
pub struct Draft {
    /// `uid`.
    pub uid: String,
    /// `type`.
    pub kind: &'static str,
    /// `how`.
    pub how: &'static str,
    /// `access`, `caveat`, `releasableTo`, `opex` and whatever else a recipe adds, as name and value.
    pub attributes: Vec<(&'static str, String)>,
    /// `time`, `start`, `stale`.
    pub times: [String; 3],
    /// `lat`, `lon`, `hae`, `ce`, `le`.
    pub point: [String; 5],
    /// Elements of `detail`, written out.
    pub detail: Vec<String>,
    /// Text of `remarks`, escaped.
    pub remarks: Option<String>,
    /// What the frame says.
    pub precedence: Precedence,
    /// What the frame says.
    pub traffic: Traffic,
    /// What the frame claims; empty for nothing.
    pub media_type: &'static str,
    /// A detached label of the frame.
    pub label: Option<String>,
    /// A message of another format, in place of the event.
    pub body: Option<String>,
}

const CALLSIGNS: &[&str] = &["VIPER", "LANCER", "ANVIL", "HERON", "TANGO", "BISON", "RAPIER", "OSPREY", "KESTREL", "MALLET"];
const COLOURS: &[&str] = &["Cyan", "Blue", "Green", "Yellow", "Orange", "Purple"];
const ROLES: &[&str] = &["Team Member", "Team Lead", "HQ", "Medic", "Forward Observer"];
const REMARKS: &[&str] = &[
    "two vehicles moving west along the river road",
    "patrol reports bridge passable for light vehicles",
    "convoy halted, engine trouble, recovery requested",
    "observed smoke north of the village, source unclear",
    "checkpoint established, traffic light, no incidents",
    "landing site surveyed, firm ground, trees to the east",
];

impl Draft {
    /// A plausible friendly ground track of the time `now`, without label.
    #[must_use]
    pub fn new(dice: &mut Dice, now: Time) -> Self {
        let seen = i64::from(dice.below(20_000));
        let time = shifted(now, seen.saturating_neg());
        let stale = shifted(now, i64::from(dice.below(600_000)).saturating_add(60_000));
        let callsign = format!("{}-{}", dice.pick(CALLSIGNS), dice.below(90).saturating_add(10));
        let mut detail = vec![
            format!(r#"<contact callsign="{callsign}"/>"#),
            format!(r#"<__group name="{}" role="{}"/>"#, dice.pick(COLOURS), dice.pick(ROLES)),
            format!(r#"<track course="{}" speed="{}"/>"#, dice.decimal(0, 359, 2), dice.decimal(0, 30, 1)),
        ];
        if dice.below(2) == 0 {
            detail.push(format!(r#"<status battery="{}"/>"#, dice.below(100)));
        }
        if dice.below(2) == 0 {
            detail.push(r#"<precisionlocation altsrc="DTED2" geopointsrc="GPS"/>"#.to_owned());
        }
        Self {
            uid: format!("GEN-{:016X}", dice.roll()),
            kind: "a-f-G-U-C",
            how: "m-g",
            attributes: Vec::new(),
            times: [time.to_string(), time.to_string(), stale.to_string()],
            point: [dice.decimal(49, 8, 5), dice.decimal(5, 20, 5), dice.decimal(10, 900, 1), dice.decimal(3, 12, 1), "9999999".to_owned()],
            detail,
            remarks: Some(dice.pick(REMARKS).to_owned()),
            precedence: match dice.below(8) {
                0 => Precedence::Flash,
                1 => Precedence::Immediate,
                2 | 3 => Precedence::Priority,
                _ => Precedence::Routine,
            },
            traffic: Traffic::Operation,
            media_type: "application/cot+xml",
            label: None,
            body: None,
        }
    }

    /// Marks the event in Cursor-on-Target's three attributes; an empty word leaves its attribute out.
    pub fn mark(&mut self, access: &str, caveat: &str, releasable_to: &str) {
        let triple = [("access", access), ("caveat", caveat), ("releasableTo", releasable_to)];
        self.attributes.extend(triple.into_iter().filter(|(_, value)| !value.is_empty()).map(|(name, value)| (name, value.to_owned())));
    }

    /// Adds an attribute to `event`.
    pub fn attribute(&mut self, name: &'static str, value: &str) {
        self.attributes.push((name, value.to_owned()));
    }

    /// Adds an element to `detail`.
    pub fn element(&mut self, xml: impl Into<String>) {
        self.detail.push(xml.into());
    }

    /// Adds vertices of a drawn line to `detail` until the event has about `bytes` bytes. A message of another format stays as it is.
    pub fn pad(&mut self, dice: &mut Dice, bytes: usize) {
        const SHELL: &str = r#"<shape><polyline closed="false"></polyline></shape>"#;
        if self.body.is_some() {
            return;
        }
        let missing = bytes.saturating_sub(self.written().len().saturating_add(SHELL.len()));
        let mut line = String::with_capacity(missing);
        loop {
            let vertex = format!(r#"<vertex lat="{}" lon="{}" hae="{}"/>"#, dice.decimal(49, 8, 5), dice.decimal(5, 20, 5), dice.decimal(10, 900, 1));
            if line.len().saturating_add(vertex.len()) > missing {
                break;
            }
            line.push_str(&vertex);
        }
        if !line.is_empty() {
            self.element(format!(r#"<shape><polyline closed="false">{line}</polyline></shape>"#));
        }
    }

    /// The event as XML, or the message that stands in its place.
    #[must_use]
    pub fn written(&self) -> String {
        if let Some(body) = &self.body {
            return body.clone();
        }
        let Self { uid, kind, how, times: [time, start, stale], point: [lat, lon, hae, ce, le], .. } = self;
        let extra: String = self.attributes.iter().map(|(name, value)| format!(r#" {name}="{value}""#)).collect();
        let remarks = self.remarks.iter().map(|text| format!("<remarks>{text}</remarks>"));
        let detail: String = self.detail.iter().cloned().chain(remarks).collect();
        format!(
            r#"<?xml version="1.0" encoding="UTF-8"?>
<event version="2.0" uid="{uid}" type="{kind}" time="{time}" start="{start}" stale="{stale}" how="{how}"{extra}><point lat="{lat}" lon="{lon}" hae="{hae}" ce="{ce}" le="{le}"/><detail>{detail}</detail></event>
"#
        )
    }
}

/// `now` moved by `ms` milliseconds; `now` where that leaves the calendar.
pub(super) fn shifted(now: Time, ms: i64) -> Time {
    Time::from_unix_ms(now.unix_ms().saturating_add(ms)).unwrap_or(now)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> Time {
        Time::parse("2026-11-23T08:00:00Z").unwrap()
    }

    #[test]
    fn a_fresh_draft_is_well_formed_and_carries_its_marking() {
        for seed in 0..50 {
            let mut draft = Draft::new(&mut Dice::seeded(seed), now());
            draft.mark("SECRET", "", "GBR USA");
            let text = draft.written();
            let document = roxmltree::Document::parse(&text).unwrap();
            let event = document.root_element();
            assert_eq!(
                (event.attribute("access"), event.attribute("caveat"), event.attribute("releasableTo")),
                (Some("SECRET"), None, Some("GBR USA"))
            );
            assert!(event.attribute("start") < event.attribute("stale"));
        }
    }

    #[test]
    fn padding_comes_close_to_the_size_and_never_beyond_it() {
        for bytes in [2_000, 8_000, 32_000] {
            let mut dice = Dice::seeded(3);
            let mut draft = Draft::new(&mut dice, now());
            draft.pad(&mut dice, bytes);
            let written = draft.written();
            assert!(written.len() <= bytes && written.len() + 100 > bytes, "{}", written.len());
            assert!(roxmltree::Document::parse(&written).is_ok());
        }
    }
}
