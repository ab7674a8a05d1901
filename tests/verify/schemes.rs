//! Three small marking schemes, made by hand: these tests ask the second decision, not the rule files.

use vestibule::label::scheme::{
    Applied, BannerForm, Case, EquivalentPolicy, Holders, Implied, ImpliedWhen, Level, LevelEquivalent, Policy, Status, Tag, TagKind, TagValue,
    Target, Unmarked, ValueEquivalent, Words,
};
use vestibule::label::{Lattice, LevelIx, PolicyIx, TagIx, ValueIx};

const USA: usize = 0;
const GBR: usize = 1;
const NATO: usize = 2;

/// USA, GBR and NATO; Canada and the Five Eyes are named by both nations, CONFIDENTIAL has no British equivalent.
pub(crate) fn lattice() -> Lattice {
    Lattice::of(vec![usa(), gbr(), nato()])
}

fn usa() -> Policy {
    let levels = vec![
        level("UNCLASSIFIED", 1, Unmarked::Owner, &[(GBR, 0)]),
        level("CONFIDENTIAL", 2, Unmarked::Owner, &[(NATO, 2)]),
        level("SECRET", 3, Unmarked::Owner, &[(GBR, 1), (NATO, 3)]),
        level("TOP SECRET", 4, Unmarked::Owner, &[(GBR, 2)]),
    ];
    let recipients = vec![
        value("USA", Holders::Listed, &[(GBR, 0, 1), (NATO, 1, 1)]),
        value("GBR", Holders::Listed, &[(GBR, 0, 0)]),
        value("CAN", Holders::Listed, &[(GBR, 0, 2)]),
        value("FVEY", Holders::Listed, &[(GBR, 0, 3)]),
        value("NATO", Holders::Listed, &[(NATO, 1, 0)]),
    ];
    let tags = vec![
        tag("Releasable To", "1.1.1", TagKind::Permissive, recipients),
        tag("Dissemination", "1.1.2", TagKind::Restrictive, vec![value("NOFORN", Holders::Owner, &[]), value("ORCON", Holders::Originator, &[])]),
        tag("Codewords", "1.1.3", TagKind::Restrictive, vec![value("TAMARIND", Holders::Listed, &[])]),
        tag("Notes", "1.1.4", TagKind::Informative, vec![left_behind("FOUO", &[GBR, NATO])]),
    ];
    let context = |value| (TagIx::at(0), ValueIx::at(value));
    let equivalents = vec![
        EquivalentPolicy { policy: PolicyIx::at(GBR), adds: Vec::new() },
        EquivalentPolicy { policy: PolicyIx::at(NATO), adds: vec![context(0), context(1)] },
    ];
    Policy {
        owner: Some("USA".into()),
        release: Some(TagIx::at(0)),
        equivalents,
        banner: Some(BannerForm::Usa),
        ..policy("USA", "1.1", levels, tags)
    }
}

fn gbr() -> Policy {
    let levels = vec![
        level("OFFICIAL", 1, Unmarked::Owner, &[(NATO, 1)]),
        level("SECRET", 2, Unmarked::Owner, &[(USA, 2), (NATO, 3)]),
        level("TOP SECRET", 3, Unmarked::Owner, &[(USA, 3)]),
    ];
    let recipients = vec![
        value("GBR", Holders::Listed, &[(USA, 0, 1)]),
        value("USA", Holders::Listed, &[(USA, 0, 0)]),
        value("CAN", Holders::Listed, &[(USA, 0, 2)]),
        value("FVEY", Holders::Listed, &[(USA, 0, 3)]),
    ];
    let tags = vec![
        tag("Releasable To", "1.2.1", TagKind::Permissive, recipients),
        tag("Caveats", "1.2.2", TagKind::Restrictive, vec![value("UK EYES ONLY", Holders::Owner, &[])]),
    ];
    let equivalents = vec![EquivalentPolicy { policy: PolicyIx::at(USA), adds: Vec::new() }];
    Policy {
        owner: Some("GBR".into()),
        release: Some(TagIx::at(0)),
        equivalents,
        banner: Some(BannerForm::Gbr),
        ..policy("GBR", "1.2", levels, tags)
    }
}

fn nato() -> Policy {
    let levels = ["UNCLASSIFIED", "RESTRICTED", "CONFIDENTIAL", "SECRET", "TOP SECRET"];
    let levels = levels.iter().zip(1..).map(|(name, rank)| level(name, rank, Unmarked::Open, &[])).collect();
    let tags = vec![
        tag("Context", "1.3.26.1.4.4", TagKind::Permissive, vec![value("NATO", Holders::Listed, &[]), value("Releasable", Holders::Everyone, &[])]),
        tag("Releasable To", "1.3.26.1.4.2", TagKind::Permissive, ["NATO", "USA", "NZL"].map(|name| value(name, Holders::Listed, &[])).into()),
        tag("Special Category Designators", "1.3.26.1.4.1", TagKind::Restrictive, vec![value("ATOMAL", Holders::Listed, &[])]),
    ];
    let implied = |value, when| Implied { tag: TagIx::at(0), value: ValueIx::at(value), when };
    Policy {
        case: Case::Folded,
        release: Some(TagIx::at(1)),
        mandatory: vec![TagIx::at(0)],
        implied: vec![implied(0, ImpliedWhen::Always), implied(1, ImpliedWhen::Released)],
        banner: Some(BannerForm::Nato),
        ..policy("NATO", "1.3.26.1.3.1", levels, tags)
    }
}

fn policy(name: &str, oid: &str, levels: Vec<Level>, tags: Vec<Tag>) -> Policy {
    Policy {
        name: name.into(),
        oid: oid.into(),
        owner: None,
        case: Case::Exact,
        levels,
        tags,
        release: None,
        origins: None,
        mandatory: Vec::new(),
        implied: Vec::new(),
        rules: Vec::new(),
        groups: Default::default(),
        equivalents: Vec::new(),
        banner: None,
        words: Words::default(),
        not_before: None,
        not_after: None,
        file: "test".into(),
    }
}

fn level(name: &str, hierarchy: u32, unmarked: Unmarked, to: &[(usize, usize)]) -> Level {
    let equivalent = |&(policy, level): &(usize, usize)| LevelEquivalent {
        policy: PolicyIx::at(policy),
        level: LevelIx::at(level),
        applied: Applied::Release,
        adds: Vec::new(),
    };
    let equivalents = to.iter().map(equivalent).collect();
    Level {
        name: name.into(),
        lacv: 1,
        hierarchy,
        colour: None,
        words: Words::default(),
        status: Status::Current,
        required: Vec::new(),
        unmarked,
        equivalents,
    }
}

fn tag(set: &str, oid: &str, kind: TagKind, values: Vec<TagValue>) -> Tag {
    Tag { set: set.into(), oid: oid.into(), aliases: Vec::new(), kind, values, select_min: None, select_max: None, words: Words::default() }
}

/// A value that informs, and that translations into these policies leave behind.
fn left_behind(name: &str, policies: &[usize]) -> TagValue {
    let discard = |policy: &usize| ValueEquivalent { policy: PolicyIx::at(*policy), to: Target::Discard, applied: Applied::Release };
    TagValue { equivalents: policies.iter().map(discard).collect(), ..value(name, Holders::Listed, &[]) }
}

fn value(name: &str, holders: Holders, to: &[(usize, usize, usize)]) -> TagValue {
    let equivalent = |&(policy, tag, value): &(usize, usize, usize)| ValueEquivalent {
        policy: PolicyIx::at(policy),
        to: Target::Value(TagIx::at(tag), ValueIx::at(value)),
        applied: Applied::Release,
    };
    TagValue {
        name: name.into(),
        lacv: 1,
        status: Status::Current,
        words: Words::default(),
        holders,
        excluded_levels: Vec::new(),
        required_level: None,
        excluded: Vec::new(),
        required: Vec::new(),
        not_before: None,
        not_after: None,
        equivalents: to.iter().map(equivalent).collect(),
    }
}
