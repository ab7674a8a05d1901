//! The reason table: every way in which the guard says no, each with sentence and remedy.
//!
//! Codes are stable: journals and partners' scripts hold them. A new reason is one row; a row is never renamed.

use serde::{Serialize, Serializer};

use super::Outcome;

/// What a peer may learn of a refusal: a coarse class, so that refusals are no oracle for rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Class {
    /// The frame broke the link's rules.
    Frame,
    /// A limit was exceeded; later or smaller may work.
    Limit,
    /// Decided after acceptance: the sender learns nothing.
    Internal,
}

macro_rules! reasons {
    ($($name:ident = $code:literal, $class:ident, $outcome:ident, $sentence:literal, $remedy:literal;)*) => {
        /// A row of the reason table.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Reason {
            $(#[doc = $sentence] $name,)*
        }

        impl Reason {
            /// All rows, in the order of evaluation.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The stable dotted code.
            #[must_use]
            pub const fn code(self) -> &'static str {
                match self { $(Self::$name => $code,)* }
            }

            /// What a peer may learn.
            #[must_use]
            pub const fn class(self) -> Class {
                match self { $(Self::$name => Class::$class,)* }
            }

            /// The outcome, unless a rule sets a stricter one.
            #[must_use]
            pub const fn outcome(self) -> Outcome {
                match self { $(Self::$name => Outcome::$outcome,)* }
            }

            /// What is wrong, in one sentence.
            #[must_use]
            pub const fn sentence(self) -> &'static str {
                match self { $(Self::$name => $sentence,)* }
            }

            /// What to do about it.
            #[must_use]
            pub const fn remedy(self) -> &'static str {
                match self { $(Self::$name => $remedy,)* }
            }

            /// The row of a code.
            #[must_use]
            pub fn from_code(code: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|reason| reason.code() == code)
            }
        }
    };
}

reasons! {
    // frame
    FrameMagic = "frame.magic", Frame, Reject, "the stream does not begin with a vestibule/1 frame", "send frames as the manual page `link` specifies";
    FrameVersion = "frame.version", Frame, Reject, "the frame has a version that this gateway does not speak", "use version 1";
    FrameHeader = "frame.header", Frame, Reject, "the frame header is malformed", "see the header grammar in the manual page `link`";
    FrameTruncated = "frame.truncated", Frame, Reject, "the stream ended before the frame did", "send the whole frame, then finish the stream";
    FrameTrailing = "frame.trailing", Frame, Reject, "bytes follow the end of the frame", "one stream carries one frame";
    FrameDigest = "frame.digest", Frame, Reject, "the body does not have the digest that the header states", "send the body that the header describes";
    FrameSlow = "frame.slow", Frame, Reject, "the message did not arrive within the time for a whole message", "send faster, or ask the operator for a longer time";
    FrameReset = "frame.reset", Frame, Reject, "the stream was reset by the sender", "finish the stream";
    FrameDestination = "frame.destination", Frame, Reject, "a destination is neither a peer nor a community of this gateway", "address a peer or community that the rule set names";
    FrameTime = "frame.time", Frame, Reject, "the time sent lies too far from the gateway's clock", "set the sender's clock";
    FrameIdReused = "frame.id_reused", Frame, Reject, "the message id was used before for other content", "give each message its own UUIDv7";
    // size and rate
    SizeBody = "size.body", Limit, Reject, "the body is larger than the limit", "send less, or ask the operator for a higher limit";
    SizeHeader = "size.header", Limit, Reject, "the header is larger than the limit", "shorten destinations or the detached label";
    SizeBudget = "size.budget", Internal, Reject, "the message asks for more work than its size allows", "simplify the message";
    SizeDepth = "size.depth", Internal, Reject, "the message is nested more deeply than the limit", "nest less";
    SizeNodes = "size.nodes", Internal, Reject, "the message has more parts than the limit", "send fewer parts in a message";
    SizeRate = "size.rate", Limit, Reject, "the peer sends more messages in a second than the limit", "send more slowly";
    SizeBusy = "size.busy", Limit, Reject, "the gateway takes no more messages now", "try again later with the same message id";
    // format
    FormatUnrecognised = "format.unrecognised", Internal, Reject, "no format claims these bytes", "send a format that the gateway reads";
    FormatAmbiguous = "format.ambiguous", Internal, Reject, "more than one format claims these bytes", "send bytes with one reading";
    FormatMediaType = "format.media_type", Internal, Reject, "the claimed media type is not that of the format found", "state the true media type";
    // malformed
    MalformedUtf8 = "malformed.utf8", Internal, Reject, "the text is not valid UTF-8", "encode as UTF-8 without byte order mark";
    MalformedXmlSyntax = "malformed.xml.syntax", Internal, Reject, "the XML is not well-formed", "send well-formed XML 1.0";
    MalformedXmlDeclaration = "malformed.xml.declaration", Internal, Reject, "the XML declaration is not that of XML 1.0 in UTF-8", "declare version 1.0 and encoding UTF-8, or nothing";
    MalformedXmlDoctype = "malformed.xml.doctype", Internal, Reject, "a document type declaration is present", "send XML without DOCTYPE";
    MalformedXmlInstruction = "malformed.xml.instruction", Internal, Reject, "a processing instruction is present", "send XML without processing instructions";
    MalformedXmlComment = "malformed.xml.comment", Internal, Reject, "a comment stands where it could split a value", "send values without comments inside";
    MalformedXmlCdata = "malformed.xml.cdata", Internal, Reject, "a CDATA section stands where none is allowed", "write text with entities instead";
    MalformedXmlEntity = "malformed.xml.entity", Internal, Reject, "a reference to an entity that XML does not predefine", "use only the five predefined entities and character references";
    MalformedXmlCharacter = "malformed.xml.character", Internal, Reject, "a character that XML 1.0 does not allow", "remove control characters";
    MalformedXmlAttribute = "malformed.xml.attribute", Internal, Reject, "an attribute is repeated or badly written", "give each attribute once, quoted";
    MalformedXmlNamespace = "malformed.xml.namespace", Internal, Reject, "a namespace prefix is not bound, or a namespace is not expected here", "declare the prefix, or remove the element";
    MalformedXmlTrailing = "malformed.xml.trailing", Internal, Reject, "something follows the document element", "send one document";
    MalformedJsonSyntax = "malformed.json.syntax", Internal, Reject, "the JSON is not well-formed", "send JSON as RFC 8259 writes it";
    MalformedJsonRepeated = "malformed.json.repeated", Internal, Reject, "a key stands twice in one object", "give each key once";
    MalformedJsonCharacter = "malformed.json.character", Internal, Reject, "a text of the JSON holds a raw control character, half a surrogate pair or a non-character", "escape control characters, and remove what is no character";
    MalformedJsonNumber = "malformed.json.number", Internal, Reject, "a number of the JSON cannot be kept exactly, or is a negative zero", "send at most 18 digits before and after the point, and zero without a sign";
    MalformedJsonKey = "malformed.json.key", Internal, Reject, "a key of the JSON is no plain name", "use 1 to 128 letters, digits and `_ . : -`, without escapes";
    MalformedJsonEmpty = "malformed.json.empty", Internal, Reject, "the JSON holds null, an empty list or item, or a list within a list", "leave out what says nothing";
    MalformedJsonTrailing = "malformed.json.trailing", Internal, Reject, "something follows the JSON value", "send one value";
    MalformedTextCharacter = "malformed.text.character", Internal, Reject, "plain text holds a control character", "remove control characters";
    // CoT
    InvalidCotElement = "invalid.cot.element", Internal, Reject, "an element stands where Cursor-on-Target has none", "see the manual page `formats`";
    InvalidCotAttribute = "invalid.cot.attribute", Internal, Reject, "an attribute stands where Cursor-on-Target has none", "see the manual page `formats`";
    InvalidCotMissing = "invalid.cot.missing", Internal, Reject, "a required element or attribute is missing", "add it";
    InvalidCotRepeated = "invalid.cot.repeated", Internal, Reject, "an element that may stand once stands twice", "send it once";
    InvalidCotVersion = "invalid.cot.version", Internal, Reject, "the version is not 2.0", "send version 2.0";
    InvalidCotUid = "invalid.cot.uid", Internal, Reject, "the uid is empty, too long or has other characters", "use 1 to 128 of the allowed characters";
    InvalidCotType = "invalid.cot.type", Internal, Reject, "the type does not follow the type grammar", "use atoms joined by `-`";
    InvalidCotHow = "invalid.cot.how", Internal, Reject, "the how does not follow its grammar", "use atoms joined by `-`";
    InvalidCotQos = "invalid.cot.qos", Internal, Reject, "the qos does not follow its grammar", "use digit-r|f|i-g|d|c";
    InvalidCotOpex = "invalid.cot.opex", Internal, Reject, "the opex does not follow its grammar", "use o, e or s, with an optional name";
    InvalidCotNumber = "invalid.cot.number", Internal, Reject, "a number is not a plain decimal number", "write digits with an optional point; no exponent, NaN or infinity";
    InvalidCotRange = "invalid.cot.range", Internal, Reject, "a number lies outside its range", "send latitude in -90..90, longitude in -180..180";
    InvalidCotTime = "invalid.cot.time", Internal, Reject, "a time is not written as YYYY-MM-DDThh:mm:ss[.f]Z", "write UTC with Z";
    InvalidCotTimeOrder = "invalid.cot.time_order", Internal, Reject, "stale lies before start", "send start before stale";
    InvalidCotText = "invalid.cot.text", Internal, Reject, "text stands where Cursor-on-Target has none", "put text into remarks";
    InvalidCotCharacter = "invalid.cot.character", Internal, Reject, "an identifier or marking holds a bidirectional control, zero-width or private character", "use plain characters";
    // stix
    InvalidStixBundle = "invalid.stix.bundle", Internal, Reject, "the message is not one bundle of objects", "send a bundle with type, id and objects, and nothing else";
    InvalidStixVersion = "invalid.stix.version", Internal, Reject, "the content is not of STIX 2.1", "send STIX 2.1, with the version on each object";
    InvalidStixType = "invalid.stix.type", Internal, Reject, "the standard has no such type of object", "send types of the standard";
    InvalidStixProperty = "invalid.stix.property", Internal, Reject, "the type of the object has no such property", "leave out custom properties";
    InvalidStixExtension = "invalid.stix.extension", Internal, Reject, "an extension that the gateway does not know stands here", "leave out the extension";
    InvalidStixMissing = "invalid.stix.missing", Internal, Reject, "a required property is missing", "add it";
    InvalidStixValue = "invalid.stix.value", Internal, Reject, "a property holds a value of another kind than the standard has", "see the properties of the type in the manual page `formats`";
    InvalidStixWord = "invalid.stix.word", Internal, Reject, "a word is not one of a closed vocabulary", "use a word of the vocabulary";
    InvalidStixRange = "invalid.stix.range", Internal, Reject, "a number is outside its limits", "send a number within the stated limits";
    InvalidStixTime = "invalid.stix.time", Internal, Reject, "a time is malformed", "write UTC as `YYYY-MM-DDThh:mm:ssZ`, at most nine fraction digits";
    InvalidStixTimeOrder = "invalid.stix.time_order", Internal, Reject, "an end lies before its beginning", "correct the times";
    InvalidStixId = "invalid.stix.id", Internal, Reject, "an identifier is malformed, or names a type that may not stand here", "write the type, `--` and a UUID in lower case";
    InvalidStixCharacter = "invalid.stix.character", Internal, Reject, "a name or word holds a control, bidirectional, zero-width or private-use character", "remove it";
    InvalidStixRule = "invalid.stix.rule", Internal, Reject, "properties stand together, or alone, that the standard does not let stand so", "see the rule that the finding names";
    InvalidStixDuplicate = "invalid.stix.duplicate", Internal, Reject, "one version of an object stands twice, or two versions differ in what no version may change", "send each version of an object once";
    InvalidStixMarking = "invalid.stix.marking", Internal, Reject, "a marking is named that neither the bundle nor the standard defines", "send the marking definition in the bundle";
    InvalidStixTlp = "invalid.stix.tlp", Internal, Reject, "a definition of a Traffic Light Protocol marking differs from that of the standard", "use the definitions of the standard, or name them without defining them";
    InvalidStixSelector = "invalid.stix.selector", Internal, Reject, "a granular marking selects nothing, or what may not be marked alone", "select properties that stand in the object";
    // NFFI
    InvalidNffiElement = "invalid.nffi.element", Internal, Reject, "an element stands where NFFI has none", "see the manual page `formats`";
    InvalidNffiAttribute = "invalid.nffi.attribute", Internal, Reject, "an attribute stands where NFFI has none", "see the manual page `formats`";
    InvalidNffiMissing = "invalid.nffi.missing", Internal, Reject, "a required element or value is missing", "add it";
    InvalidNffiRepeated = "invalid.nffi.repeated", Internal, Reject, "an element stands more often than it may", "send it as often as the manual page `formats` says";
    InvalidNffiOrder = "invalid.nffi.order", Internal, Reject, "the elements of a track do not stand in their order", "send them in the order of the manual page `formats`";
    InvalidNffiText = "invalid.nffi.text", Internal, Reject, "text stands where NFFI has none", "put text into remarks";
    InvalidNffiValue = "invalid.nffi.value", Internal, Reject, "a value does not follow its grammar or is none of its words", "see the manual page `formats`";
    InvalidNffiNumber = "invalid.nffi.number", Internal, Reject, "a number is not a plain decimal number", "write digits with an optional point; no exponent, NaN or infinity";
    InvalidNffiRange = "invalid.nffi.range", Internal, Reject, "a number lies outside its range", "send a number within the range that the finding names";
    InvalidNffiLength = "invalid.nffi.length", Internal, Reject, "a text is empty or too long", "send as many characters as the finding names";
    InvalidNffiCharacter = "invalid.nffi.character", Internal, Reject, "a name or marking holds a bidirectional control, zero-width or private character", "use plain characters";
    InvalidNffiLabel = "invalid.nffi.label", Internal, Quarantine, "a section has no whole security label, or some sections have one and others none", "label every section with policy and classification, or none";
    // label
    LabelMissing = "label.missing", Internal, Quarantine, "the message has no label", "label the message";
    LabelMalformed = "label.malformed", Internal, Quarantine, "the label is malformed", "see what the finding expected";
    LabelDisagree = "label.disagree", Internal, Quarantine, "two labels of the message disagree", "label the message in one way";
    LabelPolicyUnknown = "label.policy_unknown", Internal, Quarantine, "the label names a policy that the rule set does not know", "use a policy of the rule set";
    LabelPolicyConflict = "label.policy_conflict", Internal, Quarantine, "the policy's name and object identifier are of different policies", "give a matching pair";
    LabelPolicyExpired = "label.policy_expired", Internal, Quarantine, "the policy is not in force at this time", "load a policy that is in force";
    LabelLevelUnknown = "label.level_unknown", Internal, Quarantine, "the policy has no such classification", "use a classification of the policy, spelt as the policy spells it";
    LabelCategoryUnknown = "label.category_unknown", Internal, Quarantine, "the policy has no such category or value", "use a category of the policy";
    LabelCategoryType = "label.category_type", Internal, Quarantine, "the category has another type in the policy", "give the type that the policy gives";
    LabelRule = "label.rule", Internal, Quarantine, "the policy forbids this combination of classification and categories", "correct the label";
    LabelObsolete = "label.obsolete", Internal, Quarantine, "the label uses a value that the policy calls obsolete", "label with current values";
    LabelDate = "label.date", Internal, Quarantine, "a date of the label is missing, malformed or in the future", "correct the dates";
    LabelCharacter = "label.character", Internal, Quarantine, "a marking holds a bidirectional control, zero-width, look-alike or other unexpected character", "write the marking in plain capital letters";
    LabelBinding = "label.binding", Internal, Quarantine, "the label is not bound to the content as the peer's entry requires", "bind the label";
    LabelBindingForm = "label.binding_form", Internal, Quarantine, "the binding is not one of STANAG 4778 in the form that this guard reads", "see what the finding expected";
    LabelBindingLimit = "label.binding_limit", Internal, Quarantine, "the signature of the binding exceeds a limit on references, transforms, certificates or sizes", "sign with fewer or smaller parts";
    LabelBindingSignature = "label.binding_signature", Internal, Quarantine, "the signature of the binding does not have the one form that this guard reads", "see what the finding expected";
    LabelBindingTransform = "label.binding_transform", Internal, Quarantine, "the signature uses a transform or canonicalisation that is not allowed", "use the enveloped signature, the filter of STANAG 4778 and exclusive canonical XML only";
    LabelBindingAlgorithm = "label.binding_algorithm", Internal, Quarantine, "the signature uses a digest, signature algorithm or key that is not allowed", "use SHA-256 or SHA-384 with ECDSA P-256 or P-384, RSA of at least 2,048 bits, or Ed25519";
    LabelBindingShared = "label.binding_shared", Internal, Quarantine, "the signature is made with a shared key, which proves no originator", "sign with a private key and its certificate";
    LabelBindingManifest = "label.binding_manifest", Internal, Quarantine, "the signature covers a manifest, whose references nobody has to check", "refer to the content in the signature itself";
    LabelBindingKey = "label.binding_key", Internal, Quarantine, "the key of the signature is not given by one list of certificates", "give the signer's certificates as X509Data and nothing else";
    LabelBindingId = "label.binding_id", Internal, Quarantine, "an identifier to which the signature refers stands more than once", "give every identifier once";
    LabelBindingReference = "label.binding_reference", Internal, Quarantine, "a reference of the binding leads to nothing, outside the message, or is a pointer into it", "refer to the whole message, or to an element by its identifier";
    LabelBindingCoverage = "label.binding_coverage", Internal, Quarantine, "the binding does not cover the label and exactly the content that would leave", "bind the label to the whole message";
    LabelBindingWrapped = "label.binding_wrapped", Internal, Quarantine, "a label or binding stands outside the one binding that is signed", "carry one binding, and no label beside it";
    LabelBindingCertificate = "label.binding_certificate", Internal, Quarantine, "the signer's certificate is not one for signing labels, in force and below a label anchor of the domain", "sign with a certificate that the domain's label anchor has issued";
    LabelBindingRevoked = "label.binding_revoked", Internal, Quarantine, "the signer's certificate is revoked, or no revocation list in force speaks about it", "sign with another certificate, or load the current revocation list";
    LabelBindingValue = "label.binding_value", Internal, Quarantine, "the signature is not that of the key in the signer's certificate", "sign the binding again";
    LabelBindingDigest = "label.binding_digest", Internal, Quarantine, "the label or content is not what was signed", "send what was signed, unchanged";
    LabelBindingTime = "label.binding_time", Internal, Quarantine, "the time of the signature is malformed or in the future", "correct the clock of the signer";
    LabelBannerAbove = "label.banner_above", Internal, Quarantine, "a banner line in the text is higher than the label, or differs from it", "make label and banner agree";
    LabelPortionAbove = "label.portion_above", Internal, Quarantine, "a part of the message is marked above the message", "mark the message at least as high as each of its parts";
    // mandatory control
    ClearanceUnknown = "clearance.unknown", Internal, Withhold, "the recipient holds no clearance in a policy to which the label can be taken", "add a clearance or an equivalence";
    ClearanceEquivalence = "clearance.equivalence", Internal, Withhold, "the policy has no equivalent for a part of the label in the recipient's policy", "add the equivalence, or do not release";
    ClearanceLevel = "clearance.level", Internal, Withhold, "the classification is above the recipient's clearance", "do not release";
    ClearanceRestrictive = "clearance.restrictive", Internal, Withhold, "the recipient does not hold a restrictive category of the label", "do not release";
    ClearancePermissive = "clearance.permissive", Internal, Withhold, "the recipient is in none of the groups to which the label permits release", "do not release";
    ClearanceNationalOnly = "clearance.national_only", Internal, Withhold, "the label keeps the message within its nation", "do not release";
    ClearanceOriginator = "clearance.originator", Internal, Quarantine, "the label needs the originator's consent", "ask the originator";
    // agreement
    AgreementNone = "agreement.none", Internal, Withhold, "no agreement in force permits this release", "conclude an agreement, or do not release";
    AgreementForbidden = "agreement.forbidden", Internal, Withhold, "a policy of the rule set forbids this release", "see the policy that the finding names";
    AgreementReview = "agreement.review", Internal, Quarantine, "the clause permits release only after review", "review the message";
    AgreementError = "agreement.error", Internal, Quarantine, "a rule failed while it was evaluated", "correct the rule set";
    // fields
    FieldsUnknown = "fields.unknown", Internal, Quarantine, "a field that the profile does not list", "list the field in the profile";
    FieldsForbidden = "fields.forbidden", Internal, Quarantine, "a field that the profile forbids", "remove the field";
    FieldsRange = "fields.range", Internal, Quarantine, "a value outside the profile's range", "send a value in range";
    FieldsPattern = "fields.pattern", Internal, Quarantine, "a value that does not match the profile's pattern", "send a value of the stated form";
    FieldsLength = "fields.length", Internal, Quarantine, "a value longer than the profile allows", "shorten it";
    FieldsStripped = "fields.stripped", Internal, Forward, "a field was taken away as the profile asks", "none needed";
    // content
    ContentWords = "content.words", Internal, Quarantine, "a word of a word list stands in the text", "remove the word, or ask for review";
    ContentPattern = "content.pattern", Internal, Quarantine, "a pattern matched", "remove the content, or ask for review";
    ContentUnicode = "content.unicode", Internal, Quarantine, "text holds bidirectional controls, zero-width or look-alike characters", "write plain text";
    ContentLimit = "content.limit", Internal, Quarantine, "more findings than are kept for one message", "remove the content";
    // references
    ReferenceWithheld = "reference.withheld", Internal, Quarantine, "a reference to something that is not released", "remove the reference";
    ReferenceUrl = "reference.url", Internal, Forward, "a network address or pull reference was taken away", "none needed";
    // rest
    RestEmpty = "rest.empty", Internal, Withhold, "after the edits nothing worth sending is left", "relax the profile, or do not send";
    // exercise
    ExerciseMixed = "exercise.mixed", Internal, Quarantine, "the exercise flag, the content or the label disagree about exercise or operation", "mark exercise traffic in every place";
    // verify
    VerifyDisagreement = "verify.disagreement", Internal, Quarantine, "the second reader does not agree with the first", "report it: one of the readers is wrong";
    VerifyRelease = "verify.release", Internal, Quarantine, "the second decision on clearance differs from the first", "report it: one of the decisions is wrong";
    VerifyEdit = "verify.edit", Internal, Quarantine, "the result differs from the original in more than the declared edits", "report it";
    VerifyCanonical = "verify.canonical", Internal, Quarantine, "the result is not canonical", "report it";
    // review and faults
    ReviewRejected = "review.rejected", Internal, Reject, "a reviewer rejected the message", "see the reviewer's reason";
    FaultInternal = "fault.internal", Internal, Quarantine, "the guard failed while it worked on the message", "report it; the message is kept";
}

impl std::fmt::Display for Reason {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.code())
    }
}

impl Serialize for Reason {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        out.serialize_str(self.code())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_unique_dotted_and_found_again() {
        for &reason in Reason::ALL {
            assert_eq!(Reason::from_code(reason.code()), Some(reason));
            assert!(reason.code().contains('.') && reason.code().bytes().all(|b| b.is_ascii_lowercase() || b".0123456789_".contains(&b)));
            assert!(!reason.sentence().ends_with('.') && !reason.remedy().is_empty());
        }
    }
}
