//! What the processes of a gateway are started from: its plan, which of them there are, and what each is given.

use std::path::{Path, PathBuf};

use super::gateway::check_peers;
use super::keys::{DoorKeys, from_doors, to_doors};
use super::order::{Confinement, CredentialsGiven, DoorRing, OfficeGiven, Part, Pems, Post, Renewed, Ring, Secret, sent};
use super::rules::Rules;
use super::{credentials, label_trust, seeds, world};
use crate::base::{Digest, Fault, Name};
use crate::config;
use crate::hop::{HopKey, Party};
use crate::link::Door;

/// The rank of verifier and inspectors.
pub(super) const RANK_WORKER: u8 = 1;

/// Makes what one process is given, from the plan in force.
type Make = Box<dyn Fn(&Plan, &Rules) -> Result<Part, Fault> + Send + Sync>;

/// A process that the supervisor looks after.
pub(super) struct Charge {
    pub(super) name: String,
    pub(super) at: usize,
    /// Which others it waits for when the gateway starts: all of a lower rank.
    pub(super) rank: u8,
    pub(super) part: Make,
    /// In which of the two shifts, where it works under an edition.
    pub(super) shift: Option<usize>,
    /// What the keeper is to take it for; the keeper itself has none.
    pub(super) post: Option<Post>,
}

/// What processes are started from, as it is in force.
pub(super) struct Plan {
    pub(super) path: PathBuf,
    pub(super) text: String,
    pub(super) config: config::Gateway,
    pub(super) secret: world::HopSecret,
    pub(super) confinement: Confinement,
    /// Of everything that verifier and inspectors read when they start, but for the rules: where it changes they are replaced.
    pub(super) trust: Digest,
}

/// Reads what verifier and inspectors will read when they start, so that a fault of it is said before one of them is replaced; gives its digest.
pub(super) fn trusted(config: &config::Gateway) -> Result<Digest, Fault> {
    label_trust::read(config)?;
    config.keys.binding.as_ref().map(world::signer).transpose()?;
    let labels = config.domains.iter().filter_map(|domain| Some((domain, domain.label_trust.as_ref()?)));
    let mut paths: Vec<&Path> = vec![&config.keys.pseudonym, &config.keys.hops];
    paths.extend(config.keys.binding.iter().flat_map(|files| [files.key.as_path(), &files.certificate]));
    paths.extend(labels.clone().flat_map(|(_, files)| std::iter::once(files.anchor.as_path()).chain(files.revocations.iter().map(PathBuf::as_path))));
    // Whose labels an anchor is for follows from who is in its domain.
    let peers = labels.flat_map(|(domain, _)| domain.peers.iter().map(|peer| peer.name.as_str()));
    let mut all = zeroize::Zeroizing::new(peers.flat_map(|name| [name.as_bytes(), b"\n"].concat()).collect::<Vec<u8>>());
    for path in paths {
        let bytes = std::fs::read(path).map(zeroize::Zeroizing::new);
        let bytes = bytes.map_err(|cause| Fault::from_cause(format!("`{}` cannot be read", path.display()), cause))?;
        all.extend_from_slice(&Digest::of(&bytes).0);
    }
    Ok(Digest::of(&all))
}

/// The processes of a configuration, in the order in which they start; then the places of workers of the next edition.
pub(super) fn charges(config: &config::Gateway) -> Vec<Charge> {
    let keeper = |plan: &Plan, rules: &Rules| {
        Ok(Part::Keeper {
            rules: sent(&rules.files),
            title: rules.title.clone(),
            founding: rules.founding.clone(),
            office: office(plan)?,
            credentials: credentials_given(plan)?,
        })
    };
    let mut all: Vec<(String, Make, Option<Post>, Option<usize>)> = vec![("keeper".to_owned(), Box::new(keeper), None, None)];
    all.extend(workers(config, 0));
    for domain in &config.domains {
        let name = domain.name.clone();
        let post = Post::Door { domain: domain.name.clone() };
        all.push((format!("door-{name}"), Box::new(move |plan, _| door(plan, &name)), Some(post), None));
    }
    all.push(("desk".to_owned(), Box::new(|_, _| Ok(Part::Desk)), Some(Post::Desk), None));
    all.extend(workers(config, 1));
    let rank = |post: &Option<Post>| match post {
        None => 0,
        Some(Post::Verifier | Post::Inspector { .. }) => RANK_WORKER,
        Some(Post::Door { .. }) => 2,
        Some(Post::Desk) => 3,
    };
    all.into_iter().enumerate().map(|(at, (name, part, post, shift))| Charge { name, at, rank: rank(&post), part, shift, post }).collect()
}

/// Verifier and inspectors of one shift.
fn workers(config: &config::Gateway, shift: usize) -> Vec<(String, Make, Option<Post>, Option<usize>)> {
    let mut all: Vec<(String, Make, Option<Post>, Option<usize>)> = vec![
        ("verifier".to_owned(), Box::new(verifier), Some(Post::Verifier), Some(shift)),
        ("inspector-urgent".to_owned(), Box::new(|plan, rules| inspector(plan, rules, true)), Some(Post::Inspector { urgent: true }), Some(shift)),
    ];
    for number in 1..=config.inspectors.max(1) {
        let make: Make = Box::new(|plan, rules| inspector(plan, rules, false));
        all.push((format!("inspector-{number}"), make, Some(Post::Inspector { urgent: false }), Some(shift)));
    }
    all
}

fn inspector(plan: &Plan, rules: &Rules, urgent: bool) -> Result<Part, Fault> {
    let secret = plan.secret.bytes();
    Ok(Part::Inspector {
        urgent,
        rules: sent(&rules.files),
        pseudonym: Secret::new(&world::pseudonym_key(&plan.config.keys.pseudonym)?),
        doors: Ring::of(&from_doors(secret, rules.edition.peers.keys(), &Party::Inspector)?),
        verifier: Secret::of(&HopKey::derive(secret, &Party::Inspector, &Party::Verifier)?),
        office: Secret::of(&HopKey::derive(secret, &Party::Office, &Party::Inspector)?),
    })
}

/// What the keeper is given of the office.
pub(super) fn office(plan: &Plan) -> Result<Option<OfficeGiven>, Fault> {
    Ok(seeds::given(&plan.secret, &plan.config)?.map(OfficeGiven::of))
}

/// The certificates of officers, as their files are now.
pub(super) fn credentials_given(plan: &Plan) -> Result<CredentialsGiven, Fault> {
    credentials::read(&plan.config).map(CredentialsGiven::of)
}

fn verifier(plan: &Plan, rules: &Rules) -> Result<Part, Fault> {
    let secret = plan.secret.bytes();
    Ok(Part::Verifier {
        rules: sent(&rules.files),
        doors: Ring::of(&from_doors(secret, rules.edition.peers.keys(), &Party::Verifier)?),
        permits: Ring::of(&to_doors(secret, rules.edition.peers.keys())?),
        inspector: Secret::of(&HopKey::derive(secret, &Party::Inspector, &Party::Verifier)?),
    })
}

fn door(plan: &Plan, name: &Name) -> Result<Part, Fault> {
    let Renewed { own, keys } = renewed(plan, name)?;
    Ok(Part::Door { domain: name.clone(), own, keys })
}

/// What a door is given: files of its domain, and keys for its own peers.
pub(super) fn renewed(plan: &Plan, name: &Name) -> Result<Renewed, Fault> {
    let domain = plan.config.domains.iter().find(|domain| domain.name == *name);
    let domain = domain.ok_or_else(|| Fault::new(format!("the configuration has no domain `{name}`")))?;
    let own = pems(&domain.identity)?;
    let keys = DoorKeys::derive(plan.secret.bytes(), domain.peers.iter().map(|peer| &peer.name))?;
    let keys = DoorRing { inspector: Ring::of(&keys.inspector), verifier: Ring::of(&keys.verifier), permits: Ring::of(&keys.permits) };
    Ok(Renewed { own, keys })
}

/// What the files of a side hold.
pub(super) fn pems(own: &config::Own) -> Result<Pems, Fault> {
    let read = |path: &Path| std::fs::read(path).map_err(|cause| Fault::from_cause(format!("`{}` cannot be read", path.display()), cause));
    Ok(Pems {
        anchor: read(&own.anchor)?.into(),
        certificate: read(&own.certificate)?.into(),
        key: Secret::new(&zeroize::Zeroizing::new(read(&own.key)?)),
        revocations: own.revocations.iter().map(|path| read(path).map(Into::into)).collect::<Result<_, _>>()?,
    })
}

/// The plan as its files say it now.
pub(super) fn changed(present: &Plan, rules: &Rules) -> Result<Plan, Fault> {
    let text = std::fs::read_to_string(&present.path).map_err(|cause| Fault::from_cause("the configuration cannot be read", cause))?;
    let config = config::Gateway::of_text(&present.path, &text).map_err(|fault| Fault::new(fault.to_string()))?;
    check_peers(&config, &rules.edition)?;
    credentials::officers(&config)?;
    let places = |config: &config::Gateway| config.domains.iter().map(|domain| (domain.name.clone(), domain.listen)).collect::<Vec<_>>();
    if places(&config) != places(&present.config) {
        return Err(Fault::new("domains or their addresses have changed; restart the gateway for that"));
    }
    let listens = |config: &config::Gateway| (config.console.as_ref().map(|console| console.listen), config.metrics);
    if listens(&config) != listens(&present.config) {
        return Err(Fault::new("the addresses of console or metrics have changed; restart the gateway for that"));
    }
    config.domains.iter().try_for_each(Door::check)?;
    Ok(Plan {
        path: present.path.clone(),
        text,
        secret: world::HopSecret::read(&config.keys.hops)?,
        trust: trusted(&config)?,
        config,
        confinement: present.confinement,
    })
}
