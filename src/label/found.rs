//! What is found of the markings of one message, or of one part of it: each read strictly, all of them saying the same.
//!
//! Labels are read first; what is only compared with a label (banner lines in text, letters of a header) comes after, and never is it.

use super::consistency::{Dates, Remark};
use super::labelled::{Form, Reading, Source};
use super::lattice::Lattice;
use super::mark::Label;
use super::stanag4774::{Read, Role};
use super::{acs, banner, cot, display, ess, ism, line, named, stanag4774, tlp};
use crate::base::{Budget, Place, Reason, Refusal, Time};
use crate::normal::{Kind, Marking, NodeId, Tree};

/// Seconds by which a sender's clock may run ahead of ours: 300.
pub(in crate::label) const CLOCK_SKEW_SECONDS_MAX: i64 = 300;
/// Markings of one message or part at most: 16. One label, its translations and two banner lines are fewer than ten.
pub(in crate::label) const MARKINGS_MAX: usize = 16;
/// Work units for each marking: about what a label of 30 values costs to read and check.
const WORK_PER_MARKING: u64 = 64;

/// The places of the markings of a message or part: those that are labels, and those that are compared with them.
#[derive(Debug)]
pub(in crate::label) struct Places {
    labels: Vec<Marking>,
    copies: Vec<Marking>,
}

impl Places {
    /// Sorts the places that a format gives.
    ///
    /// # Errors
    /// `label.malformed` for more than [`MARKINGS_MAX`].
    pub(in crate::label) fn of(markings: &[Marking]) -> Result<Self, Refusal> {
        // A message has as many free texts as it has remarks; of these only the lines that are meant as banners count, once they are read.
        let count = markings.iter().filter(|marking| !matches!(marking, Marking::Banner(_))).count();
        if count > MARKINGS_MAX {
            return Err(Refusal::new(Reason::LabelMalformed, format!("expected at most {MARKINGS_MAX} markings, found {count}")));
        }
        let (copies, labels) = markings.iter().partition(|marking| marking.is_copy());
        Ok(Self { labels, copies })
    }
}

impl Places {
    /// The texts whose lines may be banners.
    pub(in crate::label) fn banners(&self) -> impl Iterator<Item = NodeId> {
        self.copies.iter().filter_map(|copy| if let Marking::Banner(id) = copy { Some(*id) } else { None })
    }

    /// The same places without those texts.
    pub(in crate::label) fn without_banners(mut self) -> Self {
        self.copies.retain(|copy| !matches!(copy, Marking::Banner(_)));
        self
    }
}

/// What was found so far.
#[derive(Debug)]
pub(in crate::label) struct Found<'f> {
    lattice: &'f Lattice,
    reading: &'f Reading<'f>,
    now: Time,
    label: Option<Label>,
    alternatives: Vec<(Label, Place)>,
    metadata: Option<(Label, Place)>,
    sources: Vec<Source>,
    remarks: Vec<Remark>,
}

impl<'f> Found<'f> {
    /// Nothing yet.
    pub(in crate::label) const fn new(lattice: &'f Lattice, reading: &'f Reading<'f>, now: Time) -> Self {
        Self { lattice, reading, now, label: None, alternatives: Vec::new(), metadata: None, sources: Vec::new(), remarks: Vec::new() }
    }

    /// Nothing yet, for a part of the same message.
    pub(in crate::label) const fn part(&self) -> Found<'f> {
        Found::new(self.lattice, self.reading, self.now)
    }

    /// A part of the same message, whose label is known.
    pub(in crate::label) fn part_of(&self, label: Label) -> Found<'f> {
        Found { label: Some(label), ..self.part() }
    }

    /// The label, where one was found.
    pub(in crate::label) const fn label(&self) -> Option<&Label> {
        self.label.as_ref()
    }

    /// The marking schemes.
    pub(in crate::label) const fn lattice(&self) -> &'f Lattice {
        self.lattice
    }

    /// What is worth knowing of the labels that were read.
    pub(in crate::label) fn remarks(&self) -> &[Remark] {
        &self.remarks
    }

    /// The time of reading.
    pub(in crate::label) const fn now(&self) -> Time {
        self.now
    }

    /// Reads the label of the header, which stood there or in the binding around the message.
    pub(in crate::label) fn detached(&mut self, text: &str, form: Form, budget: &mut Budget) -> Result<(), Refusal> {
        budget.spend(WORK_PER_MARKING)?;
        if form == Form::Detached && display::is_meant(text) {
            return self.display(text, budget);
        }
        let read = stanag4774::read_detached(self.lattice, text, budget).map_err(|refusal| refusal.on("header"))?;
        if read.role != Role::Originator {
            return Err(Refusal::new(Reason::LabelMalformed, "expected an originator label in the header").on("header"));
        }
        self.word(read, form, in_header())
    }

    /// Reads the labels that stood in the binding around the message, beside the originator's.
    pub(in crate::label) fn around(&mut self, others: &[String], budget: &mut Budget) -> Result<(), Refusal> {
        for text in others {
            budget.spend(WORK_PER_MARKING)?;
            let read = stanag4774::read_detached(self.lattice, text, budget).map_err(|refusal| refusal.on("header"))?;
            self.word(read, Form::Around, in_header())?;
        }
        Ok(())
    }

    /// Reads the display label of the header: what people are shown is a copy of its label, and what it says elsewhere a translation.
    fn display(&mut self, text: &str, budget: &mut Budget) -> Result<(), Refusal> {
        let (lattice, scheme) = (self.lattice, self.reading.scheme);
        let found = display::read(lattice, text, budget).map_err(|refusal| refusal.on("header"))?;
        self.remark(found.dates, &in_header());
        self.add(found.label, Form::Display, in_header())?;
        for equivalent in found.equivalents {
            self.beside_it(Role::Alternative, equivalent, in_header())?;
        }
        let Some(marking) = found.marking else { return Ok(()) };
        budget.spend(WORK_PER_MARKING)?;
        let marking = line::read(lattice, scheme, &marking).map_err(|refusal| placed(refusal, &in_header()))?;
        self.add(marking, Form::Line, in_header())
    }

    /// Takes the labels that a binding in the header has proved; one of them is the originator's.
    pub(in crate::label) fn together(&mut self, labels: Vec<Read>) -> Result<(), Refusal> {
        labels.into_iter().try_for_each(|read| self.word(read, Form::Detached, in_header()))?;
        match self.label {
            Some(_) => Ok(()),
            None => Err(Refusal::new(Reason::LabelMalformed, "expected an originator label in the header").on("header")),
        }
    }

    /// Reads all places that are labels.
    pub(in crate::label) fn labels(&mut self, tree: &Tree<'_>, places: &Places, budget: &mut Budget) -> Result<(), Refusal> {
        places.labels.iter().try_for_each(|marking| self.marking(tree, *marking, budget))
    }

    /// Reads all places that are compared with the label.
    pub(in crate::label) fn copies(&mut self, tree: &Tree<'_>, places: &Places, budget: &mut Budget) -> Result<(), Refusal> {
        places.copies.iter().try_for_each(|marking| self.marking(tree, *marking, budget))
    }

    /// Takes the join of all parts for the label of a message that has none of its own. The parts were checked; their join may be one that
    /// no marking says, such as a list of recipients that is empty.
    pub(in crate::label) fn high_water(&mut self, join: Label, tree: &Tree<'_>) {
        self.label = Some(join);
        self.sources.push(Source { form: Form::Parts, place: tree.path(NodeId::ROOT) });
    }

    fn marking(&mut self, tree: &Tree<'_>, marking: Marking, budget: &mut Budget) -> Result<(), Refusal> {
        budget.spend(WORK_PER_MARKING)?;
        let (lattice, scheme) = (self.lattice, self.reading.scheme);
        match marking {
            Marking::Triple { access, caveat, releasable_to } => self.triple(tree, [access, caveat, releasable_to]),
            Marking::Stanag4774(id) => self.stanag4774(tree, id),
            Marking::Banner(id) => self.banner(tree, id, budget),
            Marking::Letter(id) => self.letter(tree, id),
            Marking::Ground(id) => self.ground(tree, id),
            Marking::Line(id) => self.read(tree, id, Form::Line, |text| line::read(lattice, scheme, text)),
            Marking::Tlp(id) => self.read(tree, id, Form::Tlp, |text| tlp::read(lattice, text)),
            Marking::Acs(id) => {
                let place = place_of(tree, id);
                let label = acs::read(lattice, tree, id, budget).map_err(|refusal| placed(refusal, &place))?;
                self.add(label, Form::Acs, place)
            }
            Marking::Ism(id) => {
                let place = place_of(tree, id);
                let label = ism::read(lattice, tree, id).map_err(|refusal| placed(refusal, &place))?;
                self.add(label, Form::Ism, place)
            }
            Marking::Ess(id) => {
                let place = place_of(tree, id);
                let label = ess::read(lattice, tree, id).map_err(|refusal| placed(refusal, &place))?;
                self.add(label, Form::Ess, place)
            }
            Marking::Named { policy, classification, category } => {
                let category = category.map(|id| text_of(tree, id)).transpose()?;
                let policy = text_of(tree, policy)?;
                self.read(tree, classification, Form::Named, |text| named::read(lattice, &policy, text, category.as_deref()))
            }
        }
    }

    fn read(&mut self, tree: &Tree<'_>, id: NodeId, form: Form, read: impl FnOnce(&str) -> Result<Label, Refusal>) -> Result<(), Refusal> {
        let place = place_of(tree, id);
        let label = text_of(tree, id).and_then(|text| read(&text)).map_err(|refusal| placed(refusal, &place))?;
        self.add(label, form, place)
    }

    fn triple(&mut self, tree: &Tree<'_>, nodes: [Option<NodeId>; 3]) -> Result<(), Refusal> {
        let [access, caveat, releasable_to] = nodes.map(|node| node.map(|id| tree.node(id).value.text()));
        let triple = cot::Triple { access: access.as_deref(), caveat: caveat.as_deref(), releasable_to: releasable_to.as_deref() };
        let Some(first) = nodes.into_iter().flatten().next() else { return Ok(()) };
        let place = place_of(tree, first);
        match cot::read(self.lattice, self.reading.scheme, triple).map_err(|refusal| placed(refusal, &place))? {
            Some(label) => self.add(label, Form::Triple, place),
            None => Ok(()),
        }
    }

    fn stanag4774(&mut self, tree: &Tree<'_>, id: NodeId) -> Result<(), Refusal> {
        let (role, label) = stanag4774::read(self.lattice, tree, id)?;
        self.word(Read { role, label, dates: stanag4774::dates(tree, id) }, Form::Stanag4774, place_of(tree, id))
    }

    /// Takes a label of STANAG 4774 by whose word it is; `form` is that of an originator's.
    fn word(&mut self, Read { role, label, dates }: Read, form: Form, place: Place) -> Result<(), Refusal> {
        self.remark(dates, &place);
        // Two originator labels are two words on one content, even where they are equal; so are two metadata labels on one set of metadata.
        let said = |form: Form| self.sources.iter().any(|source| source.form == form);
        match role {
            Role::Originator if said(form) => Err(placed(Refusal::new(Reason::LabelDisagree, "expected one originator label, found two"), &place)),
            Role::Metadata if said(Form::Metadata) => {
                Err(placed(Refusal::new(Reason::LabelDisagree, "expected one metadata label, found two"), &place))
            }
            Role::Originator => self.add(label, form, place),
            Role::Alternative | Role::Metadata => self.beside_it(role, label, place),
        }
    }

    /// Keeps a label that is no word on the content, until that is known.
    fn beside_it(&mut self, role: Role, label: Label, place: Place) -> Result<(), Refusal> {
        self.check(&label, &place)?;
        let form = if role == Role::Metadata { Form::Metadata } else { Form::Alternative };
        self.sources.push(Source { form, place: place.path.clone() });
        match role {
            Role::Metadata => self.metadata = Some((label, place)),
            Role::Originator | Role::Alternative => self.alternatives.push((label, place)),
        }
        Ok(())
    }

    fn banner(&mut self, tree: &Tree<'_>, id: NodeId, budget: &mut Budget) -> Result<(), Refusal> {
        let place = place_of(tree, id);
        self.portion_marks(tree, id, &place, budget)?;
        for label in self.banner_lines(tree, id, budget)? {
            if self.sources.len() >= MARKINGS_MAX {
                return Err(placed(Refusal::new(Reason::LabelMalformed, format!("expected at most {MARKINGS_MAX} markings, found more")), &place));
            }
            self.add(label, Form::Banner, place.clone())?;
        }
        Ok(())
    }

    /// What every line says that is meant as a banner: people paste marked texts into others, so a marking may stand in the middle.
    pub(in crate::label) fn banner_lines(&self, tree: &Tree<'_>, id: NodeId, budget: &mut Budget) -> Result<Vec<Label>, Refusal> {
        let text = tree.node(id).value.text();
        let place = place_of(tree, id);
        let mut labels = Vec::new();
        for line in text.lines().map(str::trim).filter(|line| banner::is_meant(line) && !self.is_portion(line)) {
            budget.spend(WORK_PER_MARKING)?;
            if labels.len() >= MARKINGS_MAX {
                return Err(placed(Refusal::new(Reason::LabelMalformed, format!("expected at most {MARKINGS_MAX} markings, found more")), &place));
            }
            labels.push(banner::read(self.lattice, self.reading.scheme, line).map_err(|refusal| placed(refusal, &place))?);
        }
        Ok(labels)
    }

    /// Every mark in front of a paragraph.
    fn portion_marks(&mut self, tree: &Tree<'_>, id: NodeId, place: &Place, budget: &mut Budget) -> Result<(), Refusal> {
        let text = tree.node(id).value.text();
        for line in text.lines().map(str::trim) {
            if let Some(mark) = banner::portion::mark_of(self.lattice, self.reading.scheme, line) {
                budget.spend(WORK_PER_MARKING)?;
                self.portion(mark, place)?;
            }
        }
        Ok(())
    }

    /// Whether a line begins with a portion mark: then it is no banner, whatever it looks like.
    fn is_portion(&self, line: &str) -> bool {
        banner::portion::mark_of(self.lattice, self.reading.scheme, line).is_some()
    }

    /// The mark in front of a paragraph: the label must stand above it.
    fn portion(&mut self, mark: &str, place: &Place) -> Result<(), Refusal> {
        let Some(whole) = &self.label else { return Ok(()) };
        let (lattice, scheme) = (self.lattice, self.reading.scheme);
        let portion = banner::portion::read_portion(lattice, scheme, mark, whole).map_err(|refusal| placed(refusal, place))?;
        self.check(&portion, place)?;
        if banner::portion::takes_part(lattice, &portion) && !lattice.dominates(whole, &portion, self.now) {
            return Err(placed(Refusal::new(Reason::LabelPortionAbove, "expected a label that stands above the mark of each paragraph"), place));
        }
        Ok(())
    }

    fn letter(&mut self, tree: &Tree<'_>, id: NodeId) -> Result<(), Refusal> {
        let place = place_of(tree, id);
        if let Some(label) = &self.label {
            text_of(tree, id).and_then(|text| line::agree(self.lattice, label, &text)).map_err(|refusal| placed(refusal, &place))?;
        }
        self.sources.push(Source { form: Form::Letter, place: place.path });
        Ok(())
    }

    /// Holds the colour behind a marking to that of the label's classification.
    fn ground(&self, tree: &Tree<'_>, id: NodeId) -> Result<(), Refusal> {
        let Some(label) = &self.label else { return Ok(()) };
        let held = text_of(tree, id).and_then(|shown| display::ground(self.lattice, &shown, label));
        held.map_err(|refusal| placed(refusal, &place_of(tree, id)))
    }

    /// Notes the dates of a label that have passed.
    fn remark(&mut self, dates: Dates, place: &Place) {
        self.remarks.extend(dates.passed(self.now).map(|reason| Remark { reason, place: place.clone() }));
    }

    fn check(&self, label: &Label, place: &Place) -> Result<(), Refusal> {
        self.lattice.check(label, self.now).map_err(|refusal| placed(refusal, place))?;
        let ahead = label.created.is_some_and(|created| created.seconds_since(self.now) > CLOCK_SKEW_SECONDS_MAX);
        if ahead {
            return Err(placed(
                Refusal::new(Reason::LabelDate, format!("expected a label created at most {CLOCK_SKEW_SECONDS_MAX} seconds from now")),
                place,
            ));
        }
        Ok(())
    }

    fn add(&mut self, label: Label, form: Form, place: Place) -> Result<(), Refusal> {
        self.check(&label, &place)?;
        match &mut self.label {
            None => self.label = Some(label),
            Some(present) if present.says_the_same(&label) => {
                // Who and when are kept from whichever marking says so.
                present.created = present.created.or(label.created);
                present.originator = present.originator.take().or(label.originator);
            }
            Some(_) => {
                let reason = if form == Form::Banner { Reason::LabelBannerAbove } else { Reason::LabelDisagree };
                let earlier = self.sources.first().map_or("label", |source| source.form.word());
                return Err(placed(Refusal::new(reason, format!("expected the {} to say what the {earlier} says", form.word())), &place));
            }
        }
        self.sources.push(Source { form, place: place.path });
        Ok(())
    }

    /// The label, once every alternative label has proved to be our own translation of it.
    pub(in crate::label) fn finish(self) -> Result<(Label, Vec<Source>), Refusal> {
        let label = self.label.ok_or_else(|| Refusal::new(Reason::LabelMissing, "expected a label, found none"))?;
        // A rule may take the text away that a banner stands in, and the label would go with it.
        if self.sources.iter().all(|source| matches!(source.form, Form::Banner | Form::Letter) || !source.form.says()) {
            return Err(Refusal::new(Reason::LabelMissing, "expected a label of the message, found only a banner line in its text"));
        }
        for (alternative, place) in &self.alternatives {
            let own = self.lattice.translate(&label, alternative.policy, self.now);
            if !own.is_ok_and(|own| own.says_the_same(alternative)) {
                return Err(placed(Refusal::new(Reason::LabelDisagree, "expected the alternative label that our own table gives"), place));
            }
        }
        // What says how it is marked leaves with what it marks: whoever may have the message must be among those who may have its metadata.
        if let Some((metadata, place)) = &self.metadata {
            let own = self.lattice.translate(metadata, label.policy, self.now);
            if !own.is_ok_and(|own| self.lattice.dominates(&label, &own, self.now)) {
                let (policy, level) = (self.lattice.policy_name(metadata.policy), self.lattice.level_name(metadata.policy, metadata.level));
                let expected = format!("expected a label that stands above that of the metadata, `{policy} {level}` with what else it says");
                return Err(placed(Refusal::new(Reason::LabelMetadataAbove, expected), place));
            }
        }
        Ok((label, self.sources))
    }
}

/// The place of what stands in no body.
fn in_header() -> Place {
    Place { span: None, path: "header".to_owned() }
}

/// The text of a place: its value, or the whole text of an element.
fn text_of<'t>(tree: &'t Tree<'_>, id: NodeId) -> Result<std::borrow::Cow<'t, str>, Refusal> {
    let mut content = tree.children(id).filter(|(_, node)| node.kind != Kind::Attribute);
    match (tree.node(id).kind, content.next(), content.next()) {
        (Kind::Element, Some((_, text)), None) if text.kind == Kind::Text => Ok(text.value.text()),
        (Kind::Element, Some(_), _) => Err(Refusal::new(Reason::LabelMalformed, "expected a marking that is text alone")),
        _ => Ok(tree.node(id).value.text()),
    }
}

pub(in crate::label) fn place_of(tree: &Tree<'_>, id: NodeId) -> Place {
    Place { span: Some(tree.node(id).span), path: tree.path(id) }
}

pub(in crate::label) fn placed(refusal: Refusal, place: &Place) -> Refusal {
    if refusal.place == Place::default() { Refusal { place: place.clone(), ..refusal } } else { refusal }
}
