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
    FormatEncapsulated = "format.encapsulated", Internal, Reject, "the body is a binding that holds the message, and the sender's labels need none", "send the message itself, or have the entry of the sender ask for bindings";
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
    // mail
    MalformedMailLineEnd = "malformed.mail.line_end", Internal, Reject, "a line of the mail does not end with CR LF", "end every line with CR LF, and use neither alone";
    MalformedMailLineLength = "malformed.mail.line_length", Internal, Reject, "a line of the mail is longer than 998 bytes", "fold the header field, or encode the part as base64";
    MalformedMailCharacter = "malformed.mail.character", Internal, Reject, "a NUL, a control character or an 8-bit byte stands where mail has none", "send header fields in printable ASCII, and declare 8bit or encode the part";
    MalformedMailHeader = "malformed.mail.header", Internal, Reject, "a line of the header is no field, or the header has no end", "write `Name: value`, and an empty line after the header";
    MalformedMailFolding = "malformed.mail.folding", Internal, Reject, "a header field is folded over a blank line", "fold before words only";
    MalformedMailDot = "malformed.mail.dot", Internal, Reject, "a line is a single full stop, which ends a mail in transport", "encode the part as quoted-printable or base64";
    MalformedMailBoundary = "malformed.mail.boundary", Internal, Reject, "the parts of the mail are not cut in exactly one way", "begin with the boundary, end with the closing one, and use it nowhere else";
    MalformedMailEncoding = "malformed.mail.encoding", Internal, Reject, "base64 or quoted-printable is not well-formed", "encode as RFC 2045 writes it, with padding and lines of at most 76";
    MalformedMailEncodedWord = "malformed.mail.encoded_word", Internal, Reject, "an encoded word is not well-formed, or not of UTF-8 or ASCII", "encode as RFC 2047 writes it, in UTF-8, with white space around";
    InvalidMailMissing = "invalid.mail.missing", Internal, Reject, "a header field that every mail needs is missing", "send Date, From and Message-ID";
    InvalidMailRepeated = "invalid.mail.repeated", Internal, Reject, "a header field that may stand once stands twice", "send it once";
    InvalidMailDate = "invalid.mail.date", Internal, Reject, "a date is not written as `Mon, 2 Mar 2026 10:00:00 +0000`, or its day of the week is another", "write the date with a numeric zone, without comment";
    InvalidMailAddress = "invalid.mail.address", Internal, Reject, "an address is not `local@domain` or `Name <local@domain>`, or more of them stand than may", "write plain addresses; no groups, routes, literals, quoted local parts or encoded words";
    InvalidMailComment = "invalid.mail.comment", Internal, Reject, "a comment in parentheses stands in a structured header field", "leave comments out";
    InvalidMailIdentifier = "invalid.mail.identifier", Internal, Reject, "a message identifier is not `<left@right>`", "write identifiers in angle brackets";
    InvalidMailMmhs = "invalid.mail.mmhs", Internal, Reject, "the value of an MMHS field does not follow its grammar", "see the manual page `formats`";
    InvalidMailParameter = "invalid.mail.parameter", Internal, Reject, "a parameter of a header field is repeated, badly written or out of order", "write `name=value`, each once, continued as `name*0`, `name*1`";
    InvalidMailMime = "invalid.mail.mime", Internal, Reject, "a MIME field has a value that this gateway does not read", "use MIME-Version 1.0, a plain media type, and 7bit, 8bit, quoted-printable or base64";
    InvalidMailPart = "invalid.mail.part", Internal, Reject, "a header field stands in a part of the mail that parts do not have", "send Content-Type, Content-Transfer-Encoding, Content-Disposition, Content-ID and Content-Description only";
    InvalidMailCharset = "invalid.mail.charset", Internal, Reject, "a text holds bytes that its character set has not", "declare utf-8, and send UTF-8";
    InvalidMailFileName = "invalid.mail.file_name", Internal, Reject, "a file name is empty, long, a path, or not plain ASCII", "name files with at most 128 letters, digits, spaces and `._-+=,()[]`";
    InvalidMailLabel = "invalid.mail.label", Internal, Reject, "the SIO-Label field does not follow its grammar, or its label is no label in XML", "see RFC 7444 and the manual page `formats`";
    InvalidMailLabelType = "invalid.mail.label_type", Internal, Quarantine, "the SIO-Label is of a type that this gateway does not read", "label with type `:xml` or `:ess`, or have the message reviewed outside";
    InvalidMailComposite = "invalid.mail.composite", Internal, Quarantine, "a part holds parts of its own: alternatives, a signature, an encryption or another mail", "send text and attachments, one level deep";
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
    // OTH-Gold
    MalformedOthCharacter = "malformed.oth.character", Internal, Reject, "a byte is neither visible ASCII, blank nor line end", "send visible ASCII, with line feeds";
    MalformedOthLine = "malformed.oth.line", Internal, Reject, "a line is longer than 69 characters, or continues nothing", "continue a set on a line that begins with `/`";
    MalformedOthHeader = "malformed.oth.header", Internal, Reject, "the header before the message does not have its form", "see the manual page `formats`";
    MalformedOthEnd = "malformed.oth.end", Internal, Reject, "the message does not end with ENDAT, or something stands after its end", "end the message with ENDAT, and the header's message with BT and NNNN";
    InvalidOthSet = "invalid.oth.set", Internal, Reject, "a set is not known, or may not stand where it stands", "see the manual page `formats`";
    InvalidOthMissing = "invalid.oth.missing", Internal, Reject, "a required field or set is missing", "add it";
    InvalidOthField = "invalid.oth.field", Internal, Reject, "a field has other characters, or more or fewer, than it may have", "see the manual page `formats`";
    InvalidOthSurplus = "invalid.oth.surplus", Internal, Reject, "a set has more fields than it may have, or ends with an empty one", "send the fields of the set, without trailing solidi";
    InvalidOthCheck = "invalid.oth.check", Internal, Reject, "a check digit is wrong", "send the sum of the digits before it, modulo 10";
    InvalidOthPosition = "invalid.oth.position", Internal, Reject, "a latitude or longitude does not have its form or range", "send degrees and minutes, hemisphere and check digit";
    InvalidOthTime = "invalid.oth.time", Internal, Reject, "a date-time group or month does not have its form", "send `DDhhmmZ` with check digit, and the month in three letters";
    InvalidOthNumber = "invalid.oth.number", Internal, Reject, "a bearing or speed does not have its form or range", "send bearings as `000T` and speeds as `12K`";
    InvalidOthFreeText = "invalid.oth.free_text", Internal, Reject, "a line of free text would be read as a set", "begin the line with another word";
    // MISP
    InvalidMispRoot = "invalid.misp.root", Internal, Reject, "the body is not one MISP message under its key", "send an object with the one key `Event`, `Note`, `Opinion`, `Relationship`, `GalaxyCluster` or `ShadowAttribute`";
    InvalidMispSeveral = "invalid.misp.several", Internal, Reject, "the body wraps several MISP messages, or none", "send each message alone";
    InvalidMispShape = "invalid.misp.shape", Internal, Reject, "a value, an object or a list stands where MISP has another of them", "see the manual page `formats`";
    InvalidMispMissing = "invalid.misp.missing", Internal, Reject, "a required field of the MISP message is missing", "add it";
    InvalidMispNumber = "invalid.misp.number", Internal, Reject, "a number of the MISP message is not a whole number in its range", "write digits without superfluous zeros, as text or number";
    InvalidMispDistribution = "invalid.misp.distribution", Internal, Reject, "a distribution is not a level that may stand there", "send 0 to 4, or 5 where it can be inherited";
    InvalidMispSharingGroup = "invalid.misp.sharing_group", Internal, Reject, "distribution 4 stands without its sharing group", "send the sharing group along";
    InvalidMispFlag = "invalid.misp.flag", Internal, Reject, "a truth value of the MISP message is neither true nor false", "send `true` or `false`";
    InvalidMispUuid = "invalid.misp.uuid", Internal, Reject, "a UUID of the MISP message is malformed", "write it with 32 hexadecimal digits in lower case and four hyphens";
    InvalidMispTime = "invalid.misp.time", Internal, Reject, "a date or time of the MISP message is malformed", "write times in UTC, as the manual page `formats` says for each field";
    InvalidMispTag = "invalid.misp.tag", Internal, Reject, "a tag has white space at its ends, invisible characters or a namespace in other than plain letters", "write the tag as its taxonomy does";
    InvalidMispText = "invalid.misp.text", Internal, Reject, "a text of the MISP message is longer than its limit", "shorten it";
    InvalidMispCharacter = "invalid.misp.character", Internal, Reject, "a name in the MISP message holds a control, bidirectional, zero-width or private character", "use visible characters";
    InvalidMispData = "invalid.misp.data", Internal, Reject, "attached data of the MISP message is not plain base64", "encode with padding and without line ends";
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
    // TAK protocol
    MalformedProtobufVarint = "malformed.protobuf.varint", Internal, Reject, "a number on the wire is cut off, too large, or written with more bytes than it needs", "encode varints minimally";
    MalformedProtobufLength = "malformed.protobuf.length", Internal, Reject, "a field reaches beyond the end of its message", "send whole fields with true lengths";
    MalformedProtobufWire = "malformed.protobuf.wire", Internal, Reject, "a field has number 0, is a group, or has a wire type that is not its own", "encode by the published message definitions";
    MalformedProtobufOrder = "malformed.protobuf.order", Internal, Reject, "a field stands before one of a lower number", "write fields in rising order of their numbers";
    MalformedProtobufRepeated = "malformed.protobuf.repeated", Internal, Reject, "a field that may stand once stands twice", "send each field once";
    InvalidTakFrame = "invalid.tak.frame", Internal, Reject, "the frame is neither a mesh frame of version 1 nor a stream frame of the length that it states", "send `bf 01 bf` or `bf` and the length, then one message and nothing else";
    InvalidTakField = "invalid.tak.field", Internal, Reject, "a field number that the TAK protocol does not define", "send the fields of version 1, as the manual page `formats` lists them";
    InvalidTakEvent = "invalid.tak.event", Internal, Reject, "the message holds no event", "send events; announcements of protocol versions do not pass";
    InvalidTakBeside = "invalid.tak.beside", Internal, Reject, "an element of detail stands typed and also in the XML", "send it in one of the two";
    InvalidTakControl = "invalid.tak.control", Internal, Reject, "the protocol versions of takControl are no range from 1 to 255", "state the least and the greatest version that is spoken";
    // slash-delimited text
    MalformedSlashCharacter = "malformed.slash.character", Internal, Reject, "a character that the profile of the text does not have", "use the 45 characters of formatted text, or printable ASCII in administrative messages";
    MalformedSlashLine = "malformed.slash.line", Internal, Reject, "a line is longer than the profile of the text allows", "break the line at 69 columns, or 80 in administrative messages";
    MalformedSlashSet = "malformed.slash.set", Internal, Reject, "a line stands where a set should begin", "begin each set in column 1 with its identifier";
    MalformedSlashField = "malformed.slash.field", Internal, Reject, "a field is empty, too long, split or badly described", "write `-` for no data, and no descriptor before it";
    MalformedSlashColumn = "malformed.slash.column", Internal, Reject, "a row does not keep to the columns of its set", "begin each column where its title begins";
    MalformedSlashEnd = "malformed.slash.end", Internal, Reject, "a set is not ended, or `//` stands inside a line", "end each set with `//` at the end of a line, and nowhere else";
    MalformedSlashHidden = "malformed.slash.hidden", Internal, Reject, "a line inside a set reads as another set or as an end marker", "end the set before it, or reword the line";
    MalformedSlashTrailing = "malformed.slash.trailing", Internal, Reject, "something follows the end of the message", "send one message";
    // MTF
    InvalidMtfHeader = "invalid.mtf.header", Internal, Reject, "a line of the communication header is missing, unknown or out of order", "see the manual page `formats`";
    InvalidMtfRouting = "invalid.mtf.routing", Internal, Reject, "the routing line does not have its columns", "write the 43 columns of format line 2";
    InvalidMtfPrecedence = "invalid.mtf.precedence", Internal, Reject, "two places of the header give different precedence", "give one precedence";
    InvalidMtfClassificationRouting = "invalid.mtf.classification_routing", Internal, Reject, "column 4 and columns 30 to 33 of the routing line give different classification", "give one classification";
    InvalidMtfClassificationSecurity = "invalid.mtf.classification_security", Internal, Reject, "format line 4 gives another classification than the routing line, or five different letters", "give one classification";
    InvalidMtfClassificationPage = "invalid.mtf.classification_page", Internal, Reject, "a page line gives another classification than the text", "give one classification";
    InvalidMtfClassificationText = "invalid.mtf.classification_text", Internal, Reject, "the text does not begin with the classification that the header gives", "begin the text with its classification";
    InvalidMtfPage = "invalid.mtf.page", Internal, Reject, "a page line is out of order or of another message", "number the pages, with the station and number of the routing line";
    InvalidMtfMsgid = "invalid.mtf.msgid", Internal, Reject, "the set MSGID is missing, repeated or without a message identifier", "send one MSGID in front of the other sets";
    InvalidMtfOrder = "invalid.mtf.order", Internal, Reject, "a set stands where the structure of messages has no place for it", "put EXER or OPER before MSGID, AMPN and NARR after what they explain, and RMKS last";
    InvalidMtfEnding = "invalid.mtf.ending", Internal, Reject, "the ending of the message is missing or does not belong to its header", "end the text with BT, then the number of the routing line and NNNN";
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
    LabelBind = "label.bind", Internal, Quarantine, "the label cannot be bound to the message for a recipient whose entry asks for that", "see what the finding expected: a binding key, a format that holds a binding, a label in the body";
    LabelBannerAbove = "label.banner_above", Internal, Quarantine, "a banner line in the text is higher than the label, or differs from it", "make label and banner agree";
    LabelPortionAbove = "label.portion_above", Internal, Quarantine, "a part of the message is marked above the message", "mark the message at least as high as each of its parts";
    LabelMetadataAbove = "label.metadata_above", Internal, Quarantine, "the label of the metadata is above that of the message that carries them", "mark the message at least as high as its metadata";
    LabelReviewPast = "label.review_past", Internal, Quarantine, "the date by which the label was to be reviewed has passed", "ask the originator to review the label; it is valid all the same";
    LabelSuccessionPast = "label.succession_past", Internal, Quarantine, "the date on which another label was to succeed this one has passed", "ask the originator to label anew; the present label counts";
    LabelPartsApart = "label.parts_apart", Internal, Quarantine, "the parts of the message name recipients, and together they name nobody", "send parts for different recipients in messages of their own";
    // mandatory control
    ClearanceUnknown = "clearance.unknown", Internal, Withhold, "the recipient holds no clearance in a policy to which the label can be taken", "add a clearance or an equivalence";
    ClearanceEquivalence = "clearance.equivalence", Internal, Withhold, "the policy has no equivalent for a part of the label in the recipient's policy", "add the equivalence, or do not release";
    ClearanceLevel = "clearance.level", Internal, Withhold, "the classification is above the recipient's clearance", "do not release";
    ClearanceRestrictive = "clearance.restrictive", Internal, Withhold, "the recipient does not hold a restrictive category of the label", "do not release";
    ClearancePermissive = "clearance.permissive", Internal, Withhold, "the recipient is in none of the groups to which the label permits release", "do not release";
    ClearanceNationalOnly = "clearance.national_only", Internal, Withhold, "the label keeps the message within its nation", "do not release";
    ClearanceOriginator = "clearance.originator", Internal, Quarantine, "the label needs the originator's consent", "ask the originator";
    ClearanceGroupStale = "clearance.group_stale", Internal, Quarantine, "the label names a group whose table of members is older than its limit", "look at the members of the group, and set `known` in ruleset.toml anew";
    // agreement
    AgreementNone = "agreement.none", Internal, Withhold, "no agreement in force permits this release", "conclude an agreement, or do not release";
    AgreementForbidden = "agreement.forbidden", Internal, Withhold, "a policy of the rule set forbids this release", "see the policy that the finding names";
    AgreementReview = "agreement.review", Internal, Quarantine, "the clause permits release only after review", "review the message";
    AgreementError = "agreement.error", Internal, Quarantine, "a rule failed while it was evaluated", "correct the rule set";
    // consent of third parties, and recall
    AgreementConsent = "agreement.consent", Internal, Quarantine, "the message carries information of a third party that has not consented to this release", "ask the third party for a statement of consent";
    ConsentOriginator = "consent.originator", Internal, Quarantine, "a consent was given by somebody whose information the message does not carry", "ask the party that the label names";
    ConsentContent = "consent.content", Internal, Quarantine, "a consent was given for other content, another label or another clause", "ask for consent to this content under this label";
    ConsentRecipient = "consent.recipient", Internal, Quarantine, "a consent was given for other recipients", "ask for consent to this recipient";
    ConsentExpired = "consent.expired", Internal, Quarantine, "a consent is not yet or no longer good", "ask for a new one";
    ConsentRevoked = "consent.revoked", Internal, Quarantine, "a consent was taken back by who gave it", "do not release";
    ConsentExhausted = "consent.exhausted", Internal, Quarantine, "a consent was used as often as it allows", "ask for a new one";
    ConsentMalformed = "consent.malformed", Internal, Reject, "the statement does not have the form of one", "write it with `vestibule consent` or `vestibule recall`";
    ConsentSignature = "consent.signature", Internal, Reject, "the statement is not signed with a key of the party that it names", "sign with the key that the rule set has of the party";
    ConsentReplayed = "consent.replayed", Internal, Reject, "a statement with this identity is on record", "give each statement its own identity";
    ConsentUnknown = "consent.unknown", Internal, Reject, "a revocation names no consent of this party that could be taken back", "name a consent that this party gave and that says that it can be taken back";
    ConsentFull = "consent.full", Internal, Reject, "the gateway keeps no more consents", "give fewer of them, or let some of them end";
    RecallOriginator = "recall.originator", Internal, Reject, "a recall was made by somebody whose information it is not", "let the originator recall it";
    RecallUnknown = "recall.unknown", Internal, Reject, "a recall names nothing that is on record", "name the message's identity, or the digest of its body as it came";
    RecallAcknowledgement = "recall.acknowledgement", Internal, Reject, "an acknowledgement is of somebody who was sent no such recall, or has acknowledged it", "acknowledge a recall that was delivered, once";
    RecallWithdrawn = "recall.withdrawn", Internal, Reject, "the originator has withdrawn the message", "do not release";
    // fields
    FieldsUnknown = "fields.unknown", Internal, Quarantine, "a field that the profile does not list", "list the field in the profile";
    FieldsForbidden = "fields.forbidden", Internal, Quarantine, "a field that the profile forbids", "remove the field";
    FieldsRange = "fields.range", Internal, Quarantine, "a value outside the profile's range", "send a value in range";
    FieldsPattern = "fields.pattern", Internal, Quarantine, "a value that does not match the profile's pattern", "send a value of the stated form";
    FieldsLength = "fields.length", Internal, Quarantine, "a value longer than the profile allows", "shorten it";
    FieldsSet = "fields.set", Internal, Quarantine, "a set that the definition of the message does not list", "list the set in the definition, or do not send it";
    FieldsForm = "fields.form", Internal, Quarantine, "a field of a set does not have the form that the definition of the message gives", "send a value of the stated form";
    FieldsMissing = "fields.missing", Internal, Quarantine, "a set or field that the definition of the message requires is missing", "add it";
    FieldsOrder = "fields.order", Internal, Quarantine, "a set stands out of order, or more often than the definition of the message allows", "send the sets as they are defined";
    FieldsStripped = "fields.stripped", Internal, Forward, "a field was taken away as the profile asks", "none needed";
    // content
    ContentWords = "content.words", Internal, Quarantine, "a word of a word list stands in the text", "remove the word, or ask for review";
    ContentPattern = "content.pattern", Internal, Quarantine, "a pattern matched", "remove the content, or ask for review";
    ContentDetector = "content.detector", Internal, Quarantine, "a detector of the gateway spoke", "remove the content, or ask for review";
    ContentUnicode = "content.unicode", Internal, Quarantine, "text holds bidirectional controls, zero-width or look-alike characters", "write plain text";
    ContentLimit = "content.limit", Internal, Quarantine, "more findings than are kept for one message", "remove the content";
    // references
    ReferenceWithheld = "reference.withheld", Internal, Quarantine, "a reference to something that is not released", "remove the reference";
    ReferenceUrl = "reference.url", Internal, Forward, "a network address or pull reference was taken away", "none needed";
    // rest
    RestEmpty = "rest.empty", Internal, Withhold, "after the edits nothing worth sending is left", "relax the profile, or do not send";
    // exercise
    ExerciseMixed = "exercise.mixed", Internal, Quarantine, "the exercise flag, the content or the label disagree about exercise or operation", "mark exercise traffic in every place";
    ExerciseWords = "exercise.words", Internal, Quarantine, "the content says exercise in one place and operation in another", "take exercise words out of operational traffic, or mark the exercise in every place";
    ExercisePolicy = "exercise.policy", Internal, Quarantine, "the label is of a policy that is kept for exercises, and the flag says operation, or the reverse", "label exercises, and nothing else, with the policy that is kept for them";
    // translate
    TranslateNone = "translate.none", Internal, Withhold, "the recipient reads another format, and this one is not translated into it", "agree on a format that both sides have, or correct `reads` in the recipient's entry";
    TranslateMarking = "translate.marking", Internal, Withhold, "a marking cannot be carried over into the format that the recipient reads", "do not release, or send the message in another format";
    TranslateValue = "translate.value", Internal, Withhold, "a value that the recipient's format must have cannot be carried over into it", "do not release, or send the message in another format";
    TranslateSeveral = "translate.several", Internal, Withhold, "the message speaks of several things, and the recipient's format of one", "send each in a message of its own";
    // verify
    VerifyDisagreement = "verify.disagreement", Internal, Quarantine, "the second reader does not agree with the first", "report it: one of the readers is wrong";
    VerifyRelease = "verify.release", Internal, Quarantine, "the second decision on clearance differs from the first", "report it: one of the decisions is wrong";
    VerifyEdit = "verify.edit", Internal, Quarantine, "the result differs from the original in more than the declared edits", "report it";
    VerifyBinding = "verify.binding", Internal, Quarantine, "the binding that the gateway made does not hold for the second reader", "report it";
    VerifyConsent = "verify.consent", Internal, Quarantine, "the second half finds no consent of a third party whose information the message carries", "report it: one of the halves is wrong";
    VerifyCanonical = "verify.canonical", Internal, Quarantine, "the result is not canonical", "report it";
    // review and faults
    ReviewRemoval = "review.removal", Internal, Quarantine, "reviewers take out something that must stay, or that the message does not have", "take out the part around it, or reject the message";
    ReviewExpired = "review.expired", Internal, Reject, "nobody decided on the held message within the time of the rule set", "send it again, or ask for reviewers";
    ReviewSeed = "review.seed", Internal, Reject, "it was a known item, put among what is held to see whether reviewers look; nothing left", "nothing: it was no message of a peer";
    ReviewReturned = "review.returned", Internal, Reject, "a reviewer returned the message to its sender", "see the class of reason in the notice, correct the message, and send it under a new id";
    ReviewRejected = "review.rejected", Internal, Reject, "a reviewer rejected the message", "see the reviewer's reason";
    FaultHop = "fault.hop", Internal, Quarantine, "a process of the gateway was given what no other process sealed for it", "stop the gateway and look at its processes: one of them is not what it should be";
    FaultRestored = "fault.restored", Internal, Quarantine, "the journal was put back from a backup, and the message may have left after that was made", "ask the recipient whether it has the message, then release or reject it";
    FaultLost = "fault.lost", Internal, Quarantine, "two processes were lost over the message", "report it; the message is kept";
    FaultInternal = "fault.internal", Internal, Quarantine, "the guard failed while it worked on the message", "report it; the message is kept";
}

impl Reason {
    /// Whether a message is held for this because a third party has not consented to its release.
    #[must_use]
    pub const fn is_for_want_of_consent(self) -> bool {
        matches!(
            self,
            Self::AgreementConsent
                | Self::ConsentOriginator
                | Self::ConsentContent
                | Self::ConsentRecipient
                | Self::ConsentExpired
                | Self::ConsentRevoked
                | Self::ConsentExhausted
        )
    }
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
