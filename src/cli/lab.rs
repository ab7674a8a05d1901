//! Keys of a lab: for one gateway's configuration, every key, certificate and list that it names, and a file for each peer.
//!
//! Takes a configuration that is read, writes what is absent, and never overwrites. The authority's key lies beside its
//! certificate: good for labs and tests, wrong for anything else.

use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use crate::audit::SignerKey;
use crate::base::{Fault, Time};
use crate::config::{Binding, Domain, Gateway, Own, Peer};
use crate::control::Role;
use crate::journal::seal::SealKey;
use crate::link::pki::{Anchor, Use};

/// Days that certificates and lists of a lab are valid: 30.
pub(super) const DAYS: u32 = 30;

/// What was written and what was there.
#[derive(Debug, Default)]
pub(super) struct Made {
    pub(super) written: Vec<PathBuf>,
    pub(super) kept: usize,
}

impl Made {
    /// Writes a file that does not exist yet; keys only for their owner's eyes.
    fn write(&mut self, path: &Path, text: &str, mode: u32) -> Result<(), Fault> {
        use std::io::Write as _;
        let failed = |error| Fault::from_cause(format!("`{}` cannot be written", path.display()), error);
        folder_of(path)?;
        let mut file = std::fs::OpenOptions::new().write(true).create_new(true).mode(mode).open(path).map_err(failed)?;
        file.write_all(text.as_bytes()).and_then(|()| file.sync_all()).map_err(failed)?;
        self.written.push(path.to_owned());
        Ok(())
    }

    /// Whether a file has to be made.
    fn absent(&mut self, path: &Path) -> bool {
        if path.exists() {
            self.kept = self.kept.saturating_add(1);
        }
        !path.exists()
    }
}

fn folder_of(path: &Path) -> Result<(), Fault> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let existed = folder.exists();
    std::fs::create_dir_all(folder).map_err(|error| Fault::from_cause(format!("the folder `{}` cannot be made", folder.display()), error))?;
    if !existed {
        let closed = std::fs::set_permissions(folder, std::fs::Permissions::from_mode(0o700));
        closed.map_err(|error| Fault::from_cause(format!("the folder `{}` cannot be closed to others", folder.display()), error))?;
    }
    Ok(())
}

/// The key of an authority: beside its certificate, with the ending `key`.
pub(super) fn anchor_key(anchor: &Path) -> PathBuf {
    anchor.with_extension("key")
}

/// The file of a peer's own configuration.
pub(super) fn peer_file(domain: &Domain, peer: &Peer) -> PathBuf {
    domain.identity.anchor.with_file_name(format!("{}.toml", peer.name))
}

/// Reads an authority that [`make`] made.
pub(super) fn anchor(certificate: &Path) -> Result<Anchor, Fault> {
    let read = |path: &Path| std::fs::read_to_string(path).map_err(|error| Fault::from_cause(format!("`{}` cannot be read", path.display()), error));
    Anchor::load(&read(certificate)?, &zeroize::Zeroizing::new(read(&anchor_key(certificate))?))
}

/// Makes what a configuration names and does not find.
pub(super) fn make(gateway: &Gateway, now: Time) -> Result<Made, Fault> {
    let mut made = Made::default();
    for path in [&gateway.keys.pseudonym, &gateway.keys.audit, &gateway.keys.quarantine, &gateway.keys.hops] {
        folder_of(path)?;
    }
    if made.absent(&gateway.keys.pseudonym) {
        made.write(&gateway.keys.pseudonym, &secret()?, 0o600)?;
    }
    if made.absent(&gateway.keys.hops) {
        made.write(&gateway.keys.hops, &secret()?, 0o600)?;
    }
    if made.absent(&gateway.keys.audit) {
        SignerKey::create(&gateway.keys.audit, &format!("vestibule.lab/{}", gateway.home.to_lowercase()))?;
        made.written.push(gateway.keys.audit.clone());
    }
    if made.absent(&gateway.keys.quarantine) {
        SealKey::create(&gateway.keys.quarantine)?;
        made.written.push(gateway.keys.quarantine.clone());
    }
    if let Some(binding) = &gateway.keys.binding {
        of_binding(binding, &gateway.home, now, &mut made)?;
    }
    for domain in &gateway.domains {
        of_domain(domain, now, &mut made)?;
    }
    of_officers(gateway, now, &mut made)?;
    if let Some(console) = &gateway.console {
        of_console(&console.identity, &console_identity(gateway), now, &mut made)?;
    }
    Ok(made)
}

/// The name in the certificate of a lab's console: one that a browser on this machine finds.
pub(super) fn console_identity(gateway: &Gateway) -> String {
    match gateway.console.as_ref().is_some_and(|console| console.listen.ip().is_loopback()) {
        true => "localhost".to_owned(),
        false => format!("console.{}.lab", gateway.home.to_lowercase()),
    }
}

/// The anchor of the officers' certificates, those certificates, each with its key beside it with the ending `key`, and the lists.
fn of_officers(gateway: &Gateway, now: Time, made: &mut Made) -> Result<(), Fault> {
    let Some(files) = &gateway.officer_trust else { return Ok(()) };
    let anchor = authority(&files.anchor, &format!("{} lab officers' authority", gateway.home), now, made)?;
    for (name, path) in gateway.officers.iter().filter_map(|officer| Some((&officer.name, officer.certificate.as_ref()?))) {
        if made.absent(path) {
            let issued = anchor.issue(&officer_identity(name.as_str()), Use::Officer, now, DAYS)?;
            made.write(path, &issued.certificate, 0o644)?;
            made.write(&path.with_extension("key"), &issued.key, 0o600)?;
        }
    }
    for list in &files.revocations {
        if made.absent(list) {
            made.write(list, &anchor.revoke(&[], now, DAYS)?, 0o644)?;
        }
    }
    Ok(())
}

/// The console's anchor, which issues officers' certificates, its own certificate and its list.
fn of_console(own: &Own, identity: &str, now: Time, made: &mut Made) -> Result<(), Fault> {
    let anchor = authority(&own.anchor, "console lab authority", now, made)?;
    if made.absent(&own.certificate) {
        let issued = anchor.issue(identity, Use::Server, now, DAYS)?;
        made.write(&own.certificate, &issued.certificate, 0o644)?;
        made.write(&own.key, &issued.key, 0o600)?;
    }
    for list in &own.revocations {
        if made.absent(list) {
            made.write(list, &anchor.revoke(&[], now, DAYS)?, 0o644)?;
        }
    }
    Ok(())
}

/// The identity of an officer's certificate.
pub(super) fn officer_identity(name: &str) -> String {
    format!("urn:vestibule:officer:{name}")
}

/// The certificate of an officer, beside the key to sign with.
pub(super) fn officer_certificate(key: &Path) -> PathBuf {
    key.with_extension("console.pem")
}

/// Issues an officer's certificate for the console; its key lies beside it with the ending `key`.
pub(super) fn certify_officer(anchor: &Path, name: &str, key: &Path) -> Result<PathBuf, Fault> {
    let certificate = officer_certificate(key);
    let issued = self::anchor(anchor)?.issue(&officer_identity(name), Use::Client, crate::process::world::now(), DAYS)?;
    let mut made = Made::default();
    made.write(&certificate.with_extension("key"), &issued.key, 0o600)?;
    made.write(&certificate, &issued.certificate, 0o644)?;
    Ok(certificate)
}

/// The entry of an officer in a configuration.
pub(super) fn officer_entry(name: &str, key: &SignerKey, roles: &[Role], identity: Option<&str>) -> String {
    let roles: Vec<String> = roles.iter().map(|role| format!("\"{}\"", role.word())).collect();
    let identity = identity.map(|identity| format!("identity = \"{identity}\"\n")).unwrap_or_default();
    format!("\n[[officer]]\nname = \"{name}\"\nkey = \"{}\"\nroles = [{}]\n{identity}", key.verifier(), roles.join(", "))
}

/// The key that binds labels, below an authority of its own, which the recipients of bound labels take as their label anchor.
fn of_binding(binding: &Binding, home: &str, now: Time, made: &mut Made) -> Result<(), Fault> {
    folder_of(&binding.key)?;
    if !made.absent(&binding.certificate) {
        return Ok(());
    }
    let path = binding.certificate.with_extension("anchor.pem");
    let anchor = label_anchor(&path, home, now, made)?;
    let issued = anchor.issue(&format!("labels.{}.lab", home.to_lowercase()), Use::Label, now, DAYS)?;
    made.write(&binding.certificate, &issued.certificate, 0o644)?;
    made.write(&binding.key, &issued.key, 0o600)?;
    let list = path.with_extension("revoked.pem");
    if made.absent(&list) {
        made.write(&list, &anchor.revoke(&[], now, DAYS)?, 0o644)?;
    }
    Ok(())
}

/// An authority for signers of labels.
fn label_anchor(path: &Path, whose: &str, now: Time, made: &mut Made) -> Result<Anchor, Fault> {
    authority(path, &format!("{whose} lab label authority"), now, made)
}

/// An authority, made where it is not there.
fn authority(path: &Path, name: &str, now: Time, made: &mut Made) -> Result<Anchor, Fault> {
    if !made.absent(path) {
        return anchor(path);
    }
    let anchor = Anchor::make(name, now, DAYS.saturating_mul(12))?;
    made.write(path, anchor.certificate(), 0o644)?;
    made.write(&anchor_key(path), &anchor.key(), 0o600)?;
    Ok(anchor)
}

/// 64 hexadecimal digits from the system's randomness.
fn secret() -> Result<zeroize::Zeroizing<String>, Fault> {
    let mut bytes = zeroize::Zeroizing::new([0_u8; 32]);
    aws_lc_rs::rand::fill(bytes.as_mut()).map_err(|_| Fault::new("the system gave no randomness for a key"))?;
    Ok(zeroize::Zeroizing::new(bytes.iter().map(|byte| format!("{byte:02x}")).collect()))
}

fn of_domain(domain: &Domain, now: Time, made: &mut Made) -> Result<(), Fault> {
    let own = &domain.identity;
    let anchor = authority(&own.anchor, &format!("{} lab authority", domain.name), now, made)?;
    if made.absent(&own.certificate) {
        let issued = anchor.issue(&gateway_identity(domain), Use::Both, now, DAYS)?;
        made.write(&own.certificate, &issued.certificate, 0o644)?;
        made.write(&own.key, &issued.key, 0o600)?;
    }
    for list in &own.revocations {
        if made.absent(list) {
            made.write(list, &anchor.revoke(&[], now, DAYS)?, 0o644)?;
        }
    }
    if let Some(trust) = &domain.label_trust
        && (!trust.anchor.exists() || trust.revocations.iter().any(|list| !list.exists()))
    {
        let anchor = label_anchor(&trust.anchor, domain.name.as_str(), now, made)?;
        for list in &trust.revocations {
            if made.absent(list) {
                made.write(list, &anchor.revoke(&[], now, DAYS)?, 0o644)?;
            }
        }
    }
    domain.peers.iter().try_for_each(|peer| of_peer(&anchor, domain, peer, now, made))
}

/// The identity of a lab's gateway in a domain.
pub(super) fn gateway_identity(domain: &Domain) -> String {
    format!("gateway.{}.lab", domain.name.as_str().to_lowercase())
}

fn of_peer(anchor: &Anchor, domain: &Domain, peer: &Peer, now: Time, made: &mut Made) -> Result<(), Fault> {
    let file = peer_file(domain, peer);
    let (certificate, key) = (file.with_extension("pem"), file.with_extension("key"));
    if made.absent(&certificate) {
        let purpose = if peer.address.is_some() { Use::Both } else { Use::Client };
        let issued = anchor.issue(&peer.identity, purpose, now, DAYS)?;
        made.write(&certificate, &issued.certificate, 0o644)?;
        made.write(&key, &issued.key, 0o600)?;
    }
    if made.absent(&file) {
        made.write(&file, &peer_text(domain, peer), 0o644)?;
    }
    Ok(())
}

/// The configuration of a peer, whose files lie beside it.
fn peer_text(domain: &Domain, peer: &Peer) -> String {
    let name = |path: &Path| path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let lists: Vec<String> = domain.identity.revocations.iter().map(|list| format!("\"{}\"", name(list))).collect();
    format!(
        "# The peer `{peer}` of the lab, for `vestibule send` and `vestibule receive`.\nname = \"{peer}\"\ngateway = \"{gateway}\"\n\
         gateway_identity = \"{identity}\"\nanchor = \"{anchor}\"\ncertificate = \"{peer}.pem\"\nkey = \"{peer}.key\"\nrevocations = [{lists}]\n",
        peer = peer.name,
        gateway = domain.listen,
        identity = gateway_identity(domain),
        anchor = name(&domain.identity.anchor),
        lists = lists.join(", "),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_is_made_once_keys_are_closed_and_peers_can_read_their_files() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("gateway.toml");
        std::fs::write(&path, include_str!("../../deploy/lab/gateway.toml")).unwrap();
        let gateway = Gateway::read(&path).unwrap();
        let now = crate::process::world::now();
        let made = make(&gateway, now).unwrap();
        for key in made.written.iter().filter(|path| path.extension().is_some_and(|ending| ending == "key")) {
            assert_eq!(key.metadata().unwrap().permissions().mode() & 0o777, 0o600, "{}", key.display());
        }
        for domain in &gateway.domains {
            for peer in &domain.peers {
                let remote = crate::config::Remote::read(&peer_file(domain, peer)).unwrap();
                assert_eq!((&remote.name, remote.domain.peers[0].address), (&peer.name, Some(domain.listen)));
                assert!(crate::link::tls::Material::load(&remote.domain.identity).is_ok());
            }
        }
        let again = make(&gateway, now).unwrap();
        assert!(again.written.is_empty() && again.kept > 20, "{again:?}");
    }
}
