//! Attacks on signed bindings, as a table: what is done, and the code with which it is refused.
//!
//! Each is made from a message that is taken as it stands. Two kinds: a signed message that somebody changed, and a message that a trusted
//! signer has signed in a form that says less than it seems to.

use rcgen::{BasicConstraints, ExtendedKeyUsagePurpose as Eku, IsCa, KeyUsagePurpose as Ku};

use super::lab::*;
use super::taken;

/// One attack.
struct Attack {
    name: String,
    text: String,
    code: &'static str,
}

#[derive(Default)]
struct Table(Vec<Attack>);

impl Table {
    fn add(&mut self, code: &'static str, name: impl Into<String>, text: String) {
        self.0.push(Attack { name: name.into(), text, code });
    }

    /// A signed message in which `from` becomes `to`.
    fn changed(&mut self, code: &'static str, name: &str, from: &str, to: &str) {
        for (form, plan) in [("filtered", Plan::filtered()), ("enveloped", Plan::enveloped())] {
            let signed = plan.sign(&message(), &SIGNER);
            assert!(signed.contains(from), "{name}: {from}");
            self.add(code, format!("{name}, {form}"), signed.replacen(from, to, 1));
        }
    }

    /// A message signed by a trusted signer after another plan.
    fn planned(&mut self, code: &'static str, name: impl Into<String>, change: impl FnOnce(&mut Plan)) {
        self.add(code, name, Plan::filtered().with(change).sign(&message(), &SIGNER));
    }

    /// Another message, signed as it should be.
    fn message(&mut self, code: &'static str, name: &str, message: &str) {
        self.add(code, name, Plan::filtered().sign(message, &SIGNER));
    }
}

/// An object with a time.
pub(super) fn made(time: &str) -> String {
    format!(
        "<ds:Object Id=\"o1\"><ds:SignatureProperties><ds:SignatureProperty Target=\"\"><wsu:Timestamp xmlns:wsu=\"http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd\"><wsu:Created>{time}</wsu:Created></wsu:Timestamp></ds:SignatureProperty></ds:SignatureProperties></ds:Object>"
    )
}

fn content(table: &mut Table) {
    table.changed("label.binding_digest", "content changed", "lat=\"1.50\"", "lat=\"1.51\"");
    table.changed("label.binding_digest", "number spelt in another way", "lat=\"1.50\"", "lat=\"1.5\"");
    table.changed("label.binding_digest", "field added", "<contact ", "<x y=\"1\"/><contact ");
    table.changed("label.binding_digest", "field taken away", "<contact callsign=\"A&amp;B &#xE8;é\"/>", "");
    table.changed("label.binding_digest", "label lowered", ">SECRET<", ">UNCLASSIFIED<");
    table.changed("label.binding_digest", "label policy changed", "NATO</slab:GenericValue>", "KFOR</slab:GenericValue>");
    table.changed("malformed.xml.comment", "comment in a value of the label", ">SECRET<", ">SEC<!-- -->RET<");
    table.changed("malformed.xml.comment", "comment before a value", ">SECRET<", "><!-- UN -->SECRET<");
    table.changed("malformed.xml.cdata", "CDATA in a value of the label", ">SECRET<", "><![CDATA[SECRET]]><");
    table.changed("malformed.xml.doctype", "DOCTYPE", "<event ", "<!DOCTYPE event><event ");
    table.changed("label.binding_value", "signature of something else", "<ds:SignatureValue>", "<ds:SignatureValue>AAAA");
    table.changed("label.binding_signature", "digest of another length", "<ds:DigestValue>", "<ds:DigestValue>A");
    for plan in [Plan::filtered(), Plan::enveloped()] {
        let value = |signed: &str| signed.split("SignatureValue>").nth(1).unwrap().to_owned();
        let (honest, other) = (plan.sign(&message(), &SIGNER), plan.sign(&message().replace("1.50", "1.51"), &SIGNER));
        table.add("label.binding_value", "content changed and digests made anew", other.replace(&value(&other), &value(&honest)));
    }
    table.changed(
        "label.binding_digest",
        "namespace of a label's prefix declared anew as the same prefix elsewhere",
        "slab:Classification>SECRET</slab:Classification",
        "x:Classification xmlns:x=\"urn:nato:stanag:4774:confidentialitymetadatalabel:1:0\">SECRET</x:Classification",
    );
    table.changed(
        "malformed.xml.namespace",
        "label in another namespace",
        "confidentialitymetadatalabel:1:0\" Rev",
        "confidentialitymetadatalabel:1:1\" Rev",
    );
}

fn wrapping(table: &mut Table) {
    let signed = Plan::filtered().sign(&message(), &SIGNER);
    let whole = binding(&label("UNCLASSIFIED"), WHOLE).replace(HERE, "");
    let second = |text: &str| signed.replace("<contact ", &format!("{text}<contact "));
    table.add("label.binding_wrapped", "second binding, unsigned", second(&whole));
    table.add("label.binding_wrapped", "second binding before the signed one", signed.replace("<detail>", &format!("<detail>{whole}")));
    let bare = Plan::filtered().sign(&message().replace("<contact ", &format!("{}<contact ", label("SECRET"))), &SIGNER);
    table.add("label.binding_wrapped", "signed label beside the binding", bare);
    let metadata = Plan::filtered().sign(&message().replace("<contact ", &format!("{}<contact ", of_metadata("UNCLASSIFIED"))), &SIGNER);
    table.add("label.binding_wrapped", "signed label of metadata beside the binding", metadata);
    let higher = message().replace("</mb:Metadata>", &format!("</mb:Metadata><mb:Metadata>{}</mb:Metadata>", of_metadata("TOP SECRET")));
    table.add("label.metadata_above", "metadata above the content, in the signed binding", Plan::filtered().sign(&higher, &SIGNER));
    let container = "</mb:MetadataBindingContainer>";
    let more = |text: &str| signed.replace(container, &format!("{container}{text}"));
    let inner = &whole[whole.find("<mb:MetadataBindingContainer>").unwrap()..whole.find("</mb:BindingInformation>").unwrap()];
    table.add("label.binding_form", "second container", more(inner));
    table.add("label.binding_form", "label after the container", more(&label("UNCLASSIFIED")));
    let unsigned_first = signed.replace("<mb:MetadataBindingContainer>", &format!("{}<mb:MetadataBindingContainer>", inner.replace("b1", "b2")));
    table.add("label.binding_form", "unsigned container before the signed one", unsigned_first);
    let moved = signed
        .replace("<mb:MetadataBinding Id=\"b1\">", "<mb:MetadataBinding Id=\"b2\"><mb:Metadata/></mb:MetadataBinding><mb:MetadataBinding Id=\"b1\">");
    table.add("label.binding_form", "second binding in the container", moved);
    let in_object = signed.replace("</ds:Signature>", &format!("<ds:Object>{inner}</ds:Object></ds:Signature>"));
    table.add("malformed.xml.namespace", "signed binding moved into an object of the signature", in_object);
    let extra = signed
        .replace("</mb:Metadata><mb:DataReference", &format!("</mb:Metadata><mb:Metadata>{}</mb:Metadata><mb:DataReference", label("UNCLASSIFIED")));
    table.add("label.binding_digest", "second label in the signed binding", extra);
    let signature = &signed[signed.find("<ds:Signature ").unwrap()..signed.find("</ds:Signature>").unwrap() + "</ds:Signature>".len()];
    table.add("label.binding_signature", "two signatures", signed.replace(signature, &signature.repeat(2)));
    table.add("malformed.xml.namespace", "signature outside the binding", second(signature));
    table.add("label.binding_form", "unsigned words in an attribute of the binding", signed.replace("cryptoartefact:1:2", "any words"));
    table.add(
        "label.binding_form",
        "unsigned attribute of the container",
        signed.replace("<mb:MetadataBindingContainer>", "<mb:MetadataBindingContainer Id=\"words\">"),
    );
    table.add("invalid.cot.text", "text in the binding", signed.replace("</mb:MetadataBindingContainer>", "</mb:MetadataBindingContainer>words"));
}

fn identifiers(table: &mut Table) {
    for attribute in ["Id", "id", "ID", "xml:id"] {
        let twice = message().replace("<slab:ConfidentialityInformation>", &format!("<slab:ConfidentialityInformation {attribute}=\"b1\">"));
        table.message("label.binding_id", &format!("identifier twice, as {attribute}"), &twice);
        let only = message().replace("MetadataBinding Id=\"b1\"", &format!("MetadataBinding {attribute}=\"b1\""));
        if attribute != "Id" {
            table.message("label.binding_form", &format!("identifier as {attribute}"), &only);
        }
    }
    let field = message().replace("<contact ", "<emitter id=\"b1\"/><contact ");
    table.message("label.binding_id", "identifier of a field of the event", &field);
    table.planned("label.binding_reference", "reference to nothing", |plan| plan.references[1].uri = "#b9".into());
    for uri in ["#xpointer(/)", "#xpointer(id('b1'))", "#element(/1)", "#", "http://example.org/a.xml", "file:///etc/passwd", "../other.xml"] {
        table.planned("label.binding_reference", format!("reference `{uri}`"), |plan| plan.references[1].uri = uri.into());
    }
    for uri in ["other.xml", "cid:part", "pack:///word/document.xml"] {
        table.planned("label.binding_coverage", format!("reference `{uri}`"), |plan| {
            plan.references[1] = Reference { uri: uri.into(), transforms: String::new(), bytes: Some(Vec::new()) };
        });
    }
}

fn coverage(table: &mut Table) {
    table.planned("label.binding_coverage", "label not covered", |plan| plan.references.truncate(1));
    table.planned("label.binding_coverage", "content not covered", |plan| drop(plan.references.remove(0)));
    let part = message().replace("<slab:ConfidentialityInformation>", "<slab:ConfidentialityInformation Id=\"p1\">");
    let plan = Plan::filtered().with(|plan| plan.references[1].uri = "#p1".into());
    table.add("label.binding_coverage", "reference to a part of the label", plan.sign(&part, &SIGNER));
    let to_part = message()
        .replace(WHOLE, "<mb:DataReference URI=\"#p1\"/>")
        .replace("<slab:ConfidentialityInformation>", "<slab:ConfidentialityInformation Id=\"p1\">");
    table.message("label.binding_coverage", "data is a part", &to_part);
    let field = message().replace(WHOLE, "<mb:DataReference URI=\"#c1\"/>").replace("<contact ", "<contact Id=\"c1\" ");
    table.message("label.binding_coverage", "data is a field of the event", &field);
    let outside = message().replace(WHOLE, "<mb:DataReference URI=\"./other.xml\"/>");
    table.message("label.binding_coverage", "data is outside", &outside);
    let inside = message().replace(WHOLE, "<mb:Data><mb:x>words</mb:x></mb:Data>");
    table.message("label.binding_coverage", "data is in the binding, and the event is around it", &inside);
    let filtered = message().replace(WHOLE, &format!("<mb:DataReference URI=\"\">{}</mb:DataReference>", "<mb:Transforms/>"));
    table.message("label.binding_coverage", "data with transforms", &filtered);
    table.planned("label.binding_coverage", "same reference twice", |plan| plan.references.push(plan.references[1].clone()));
    table.planned("label.binding_coverage", "time that is not signed", |plan| plan.object = made("2026-06-01T11:59:00Z"));
    let none = message().replace(WHOLE, "");
    table.message("label.binding_form", "no data", &none);
    let two = message().replace(WHOLE, &WHOLE.repeat(2));
    table.message("label.binding_form", "two data", &two);
    let referred = message().replace("<mb:Metadata>", "<mb:MetadataReference URI=\"http://example.org/label\"/><mb:Metadata>");
    table.message("label.binding_form", "label by reference", &referred);
}

fn transforms(table: &mut Table) {
    let transform = |uri: &str, inside: &str| format!("<ds:Transform Algorithm=\"{uri}\">{inside}</ds:Transform>");
    let xpath = |path: &str| transform("http://www.w3.org/TR/1999/REC-xpath-19991116", &format!("<ds:XPath>{path}</ds:XPath>"));
    for (name, filter) in [
        ("XPath that hides the label", xpath("not(ancestor-or-self::*[local-name()='originatorConfidentialityLabel'])")),
        ("XPath of true", xpath("true()")),
        (
            "XPath of the profile, with a word more",
            xpath(
                "not(ancestor-or-self::*[local-name()='BindingInformation' and namespace-uri()='urn:nato:stanag:4778:bindinginformation:1:0']) or true()",
            ),
        ),
        ("XPath filter 2", transform("http://www.w3.org/2002/06/xmldsig-filter2", "")),
        ("XSLT", transform("http://www.w3.org/TR/1999/REC-xslt-19991116", "")),
        ("base64", transform("http://www.w3.org/2000/09/xmldsig#base64", "")),
        ("decryption", transform("http://www.w3.org/2002/07/decrypt#XML", "")),
        ("inclusive canonical XML first", transform("http://www.w3.org/TR/2001/REC-xml-c14n-20010315", "")),
        (
            "enveloped signature with something in it",
            transform("http://www.w3.org/2000/09/xmldsig#enveloped-signature", "<ds:XPath>true()</ds:XPath>"),
        ),
    ] {
        table.planned("label.binding_transform", name, |plan| plan.references[0].transforms = format!("{filter}{EXCLUSIVE}"));
    }
    for (name, all) in [
        ("no transform", String::new()),
        ("filter alone", FILTER.into()),
        ("inclusive canonical XML", format!("{FILTER}{}", transform("http://www.w3.org/TR/2001/REC-xml-c14n-20010315", ""))),
        ("exclusive canonical XML with comments", format!("{FILTER}{}", transform("http://www.w3.org/2001/10/xml-exc-c14n#WithComments", ""))),
        ("canonical XML 1.1", format!("{FILTER}{}", transform("http://www.w3.org/2006/12/xml-c14n11", ""))),
        ("canonical form before the filter", format!("{EXCLUSIVE}{FILTER}")),
    ] {
        table.planned("label.binding_transform", name, |plan| plan.references[0].transforms = all);
    }
    table.planned("label.binding_transform", "filter on an element", |plan| plan.references[1].transforms = format!("{ENVELOPED}{EXCLUSIVE}"));
    table.planned("label.binding_limit", "three transforms", |plan| plan.references[0].transforms = format!("{FILTER}{ENVELOPED}{EXCLUSIVE}"));
    table.planned("label.binding_limit", "nine references", |plan| plan.references = vec![plan.references[1].clone(); 9]);
    let prefixes = vec!["mb"; 17].join(" ");
    let listed = format!("<ec:InclusiveNamespaces xmlns:ec=\"http://www.w3.org/2001/10/xml-exc-c14n#\" PrefixList=\"{prefixes}\"/>");
    table.planned("label.binding_limit", "seventeen prefixes", |plan| {
        plan.references[1].transforms = transform("http://www.w3.org/2001/10/xml-exc-c14n#", &listed);
    });
    for name in ["http://www.w3.org/2001/10/xml-exc-c14n#WithComments", "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"] {
        table.planned("label.binding_transform", format!("canonicalisation `{name}`"), |plan| {
            plan.canonicalisation = format!("<ds:CanonicalizationMethod Algorithm=\"{name}\"/>");
        });
    }
}

fn algorithms(table: &mut Table) {
    for digest in [
        "http://www.w3.org/2000/09/xmldsig#sha1",
        "http://www.w3.org/2001/04/xmldsig-more#md5",
        "http://www.w3.org/2001/04/xmldsig-more#sha224",
        "urn:none",
    ] {
        table.planned("label.binding_algorithm", format!("digest `{digest}`"), |plan| plan.digest = digest.into());
    }
    for algorithm in [
        "http://www.w3.org/2000/09/xmldsig#rsa-sha1",
        "http://www.w3.org/2001/04/xmldsig-more#rsa-md5",
        "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha1",
        "http://www.w3.org/2000/09/xmldsig#dsa-sha1",
        "http://www.w3.org/2007/05/xmldsig-more#rsa-pss",
        "urn:none",
    ] {
        table.planned("label.binding_algorithm", format!("algorithm `{algorithm}`"), |plan| plan.algorithm = algorithm.into());
    }
    for algorithm in [
        "http://www.w3.org/2000/09/xmldsig#hmac-sha1",
        "http://www.w3.org/2001/04/xmldsig-more#hmac-sha256",
        "http://www.w3.org/2001/04/xmldsig-more#hmac-sha384",
    ] {
        table.planned("label.binding_shared", format!("shared key: `{algorithm}`"), |plan| plan.algorithm = algorithm.into());
    }
    for algorithm in [RSA_256, ECDSA_384, ED25519] {
        let named = Plan::filtered().sign(&message(), &SIGNER).replace(ECDSA_256, algorithm);
        table.add("label.binding_algorithm", format!("`{algorithm}` with a key of P-256"), named);
    }
}

fn keys(table: &mut Table) {
    for (name, inside) in [
        ("key without certificate", "<ds:KeyValue><ds:RSAKeyValue/></ds:KeyValue>"),
        ("name of a key", "<ds:KeyName>signer</ds:KeyName>"),
        ("retrieval", "<ds:RetrievalMethod URI=\"http://example.org/key\"/>"),
        ("nothing", ""),
        ("data without certificate", "<ds:X509Data><ds:X509SubjectName>CN=a</ds:X509SubjectName></ds:X509Data>"),
        ("empty data", "<ds:X509Data/>"),
    ] {
        table.planned("label.binding_key", format!("key info: {name}"), |plan| plan.key_info = Some(format!("<ds:KeyInfo>{inside}</ds:KeyInfo>")));
    }
    let data = "<ds:X509Data>";
    table.changed("label.binding_key", "key beside the certificate", data, "<ds:KeyValue><ds:ECKeyValue/></ds:KeyValue><ds:X509Data>");
    let five = "<ds:X509Certificate>AAAA</ds:X509Certificate>".repeat(4);
    table.changed("label.binding_limit", "five certificates", data, &format!("{data}{five}"));
    table.changed("label.binding_certificate", "no certificate first", data, &format!("{data}<ds:X509Certificate>AAAA</ds:X509Certificate>"));
    table.changed(
        "label.binding_limit",
        "certificate of many bytes",
        data,
        &format!("{data}<ds:X509Certificate>{}</ds:X509Certificate>", "A".repeat(30_000)),
    );
    table.changed("label.binding_limit", "signature of many bytes", "<ds:SignatureValue>", &format!("<ds:SignatureValue>{}", "A".repeat(4_000)));
    let signed = |signer: &Signer| Plan::filtered().sign(&message(), signer);
    let mut with = |code, name: &str, signer: &Signer| table.add(code, name, signed(signer));
    let other = Authority::make("label anchor", &[]);
    with("label.binding_certificate", "signer of another authority of the same name", &other.signer(ECDSA_256, 7, |_| {}));
    with("label.binding_revoked", "revoked signer", &AUTHORITY.signer(ECDSA_256, 13, |_| {}));
    let changed = |change: fn(&mut rcgen::CertificateParams)| AUTHORITY.signer(ECDSA_256, 8, change);
    with("label.binding_certificate", "signer whose certificate is over", &changed(|p| p.not_after = rcgen::date_time_ymd(2026, 5, 31)));
    with("label.binding_certificate", "signer whose certificate has not begun", &changed(|p| p.not_before = rcgen::date_time_ymd(2026, 6, 2)));
    with("label.binding_certificate", "certificate of the link", &changed(|p| p.extended_key_usages = vec![Eku::ClientAuth, Eku::ServerAuth]));
    with("label.binding_certificate", "certificate for every purpose", &changed(|p| p.extended_key_usages = vec![Eku::Any]));
    with("label.binding_certificate", "certificate that may not sign", &changed(|p| p.key_usages = vec![Ku::KeyEncipherment]));
    with("label.binding_certificate", "authority as signer", &changed(|p| p.is_ca = IsCa::Ca(BasicConstraints::Unconstrained)));
}

fn structure(table: &mut Table) {
    let method = "<ds:SignatureMethod";
    table.changed("label.binding_signature", "two SignedInfo", "<ds:SignatureValue>", "<ds:SignedInfo/><ds:SignatureValue>");
    table.changed("label.binding_signature", "two SignatureValue", "<ds:SignatureValue>", "<ds:SignatureValue/><ds:SignatureValue>");
    table.changed("label.binding_algorithm", "two algorithms", method, "<ds:SignatureMethod Algorithm=\"x\"/><ds:SignatureMethod");
    table.changed("label.binding_signature", "no KeyInfo", "<ds:KeyInfo>", "<ds:Object/><ds:KeyInfo>");
    table.changed(
        "label.binding_signature",
        "parameters of the algorithm",
        "ecdsa-sha256\"/>",
        "ecdsa-sha256\"><ds:HMACOutputLength>8</ds:HMACOutputLength></ds:SignatureMethod>",
    );
    table.changed("label.binding_signature", "type of a reference", "<ds:Reference ", "<ds:Reference Type=\"urn:x\" ");
    table.changed(
        "label.binding_manifest",
        "reference to a manifest",
        "<ds:Reference ",
        "<ds:Reference Type=\"http://www.w3.org/2000/09/xmldsig#Manifest\" ",
    );
    table.changed(
        "label.binding_manifest",
        "manifest in an object",
        "</ds:Signature>",
        "<ds:Object Id=\"m\"><ds:Manifest/></ds:Object></ds:Signature>",
    );
    table.changed("label.binding_signature", "object with words", "</ds:Signature>", "<ds:Object>words</ds:Object></ds:Signature>");
    table.changed("label.binding_signature", "short digest", "<ds:DigestValue>", "<ds:DigestValue>AAAA</ds:DigestValue><ds:DigestValue>");
    table.changed("label.binding_signature", "base64 without padding", "</ds:SignatureValue>", "A</ds:SignatureValue>");
    table.changed("label.binding_signature", "attribute of the signature", "<ds:SignedInfo>", "<ds:SignedInfo words=\"any\">");
    for (name, time) in [("in the future", "2026-06-01T12:06:00Z"), ("malformed", "yesterday")] {
        table.planned("label.binding_time", format!("time {name}"), |plan| {
            plan.object = made(time);
            plan.references.push(Reference::new("#o1", &[EXCLUSIVE]));
        });
    }
}

#[test]
fn every_attack_is_refused_with_its_own_code() {
    let mut table = Table::default();
    for fill in [content, wrapping, identifiers, coverage, transforms, algorithms, keys, structure] {
        fill(&mut table);
    }
    let mut wrong = Vec::new();
    for attack in &table.0 {
        let found = taken(&attack.text);
        println!("{:<32} {}", found, attack.name);
        if found != attack.code {
            wrong.push(format!("{}: expected {}, found {found}", attack.name, attack.code));
        }
    }
    println!("{} attacks", table.0.len());
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
    assert!(table.0.len() >= 100);
    let codes: std::collections::BTreeSet<_> = table.0.iter().map(|attack| attack.code).filter(|code| code.starts_with("label.binding_")).collect();
    assert_eq!(codes.len(), 17, "{codes:?}");
    let rows = table.0.iter().map(|attack| format!("| {} | `{}` |", attack.name.replace('|', "\\|"), attack.code));
    super::the_manual_holds("| attack | code |", &rows.collect::<Vec<_>>());
}

#[test]
fn a_list_that_is_no_longer_in_force_refuses_every_signer() {
    let signed = Plan::filtered().sign(&message(), &SIGNER);
    let stale = Authority::make("label anchor", &[]);
    let trust = vestibule::label::signature::Trust::of_pem(AUTHORITY.pem.as_bytes(), stale.revocations.as_bytes()).unwrap();
    let refusal = super::taken_with(&signed, Some(&trust)).unwrap_err();
    assert_eq!(refusal.reason.code(), "label.binding_certificate", "a list of another key is no list: {}", refusal.detail);
    assert!(vestibule::label::signature::Trust::of_pem(AUTHORITY.pem.as_bytes(), b"").is_err());
    assert!(vestibule::label::signature::Trust::of_pem(b"", AUTHORITY.revocations.as_bytes()).is_err());
}
