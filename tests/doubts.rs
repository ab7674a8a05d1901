//! Rules that are well formed and say nothing, or too much: each is told with its place, what was expected and a remedy.
//!
//! The reports stand in `tests/golden/doubts`. To write them anew: `VESTIBULE_GOLDEN=write cargo test --test all doubts`, then read the diff.

use super::rules::Break::{self, All, Drop, Put, Swap};
use super::rules::as_golden;

const FVEY: &str = "agreements/fvey-tracks.toml";
const COT: &str = "formats/cot.toml";

/// Each rule set with the name of its golden file and a part of its report.
const DOUBTS: &[(&str, &str, Break)] = &[
    (
        "clause-nobody-cleared",
        "none of its recipients is cleared",
        Swap(
            "agreements/isac-notices.toml",
            "up_to = [{ policy = \"GBR\", level = \"OFFICIAL\" }]\nrelease = \"automatic\"",
            "up_to = [{ policy = \"CAN-PROTECTED\", level = \"PROTECTED A\" }]\nrelease = \"automatic\"",
        ),
    ),
    ("clause-no-traffic", "take part in the traffic", Swap("agreements/isac-notices.toml", "traffic = [\"operation\"]", "traffic = [\"exercise\"]")),
    (
        "clause-dates-never-meet",
        "is never in force",
        All(&[
            Swap(
                "ruleset.toml",
                "[[member]]\nof = \"NATO\"\ncode = \"FIN\"",
                "[[member]]\nof = \"EU\"\ncode = \"DEU\"\nfrom = 2035-01-01T00:00:00Z\n\n[[member]]\nof = \"NATO\"\ncode = \"FIN\"",
            ),
            Swap("agreements/eu-sa.toml", "from = [\"DEU\"]", "from = [\"EU\"]"),
        ]),
    ),
    ("clause-kind-of-another-format", "`nffi` has it", Swap(FVEY, "kinds = [\"a-*\"]", "kinds = [\"track\"]")),
    ("clause-kind-of-no-format", "meets no message", Swap("agreements/cyber.toml", "kinds = [\"indicator\"", "kinds = [\"indicater\"")),
    ("clause-format-without-kind", "names `nffi` and no kind of it", Swap(FVEY, "formats = [\"cot\"]", "formats = [\"cot\", \"nffi\"]")),
    (
        "clause-shadowed",
        "never speaks: `FVEY-TRACKS/1.1` stands before it",
        Put(
            "agreements/zulu.toml",
            "id = \"ZULU\"\ntitle = \"Hostile tracks once more\"\nfrom = \"2026-01-01T00:00:00Z\"\nuntil = \"2027-01-01T00:00:00Z\"\nformats = [\"cot\"]\ntraffic = [\"operation\"]\n\n[[clause]]\nid = \"1\"\nfrom = [\"usa-ops\"]\nto = [\"GBR\", \"can-ops\"]\nkinds = [\"a-h-*\"]\nup_to = [{ policy = \"USA\", level = \"CONFIDENTIAL\" }]\nrelease = \"automatic\"\n",
        ),
    ),
    (
        "clause-nobody-reads-it",
        "none of its recipients reads",
        Swap(
            "agreements/systems.toml",
            "formats = [\"cot\", \"tak\"]\nfrom = [\"FVEY\"]\nto = [\"usa-handsets\"]\nkinds = [\"a-*\", \"b-a-*\"]",
            "formats = [\"cot\", \"oth\"]\nfrom = [\"FVEY\"]\nto = [\"usa-handsets\"]\nkinds = [\"a-*\", \"GOLD-CONTACT\"]",
        ),
    ),
    ("profile-field-of-no-message", "has the field `/event/point/@cep`", Swap(COT, "/event/point/@ce\"", "/event/point/@cep\"")),
    ("profile-root-of-another-format", "has the field `/evnt/@qos`", Swap(COT, "/event/@qos", "/evnt/@qos")),
    (
        "profile-rest-of-no-message",
        "has the field `/event/place/@lat`",
        Swap(COT, "rest = [\"/event/point/@lat\"]", "rest = [\"/event/place/@lat\"]"),
    ),
    (
        "profile-section-of-no-message",
        "has the field",
        Swap("formats/nffi.toml", "/NFFIMessage/track/operStatusData/", "/NFFIMessage/track/statusData/"),
    ),
    ("profile-allows-a-stranger", "which is no pattern or detector", Swap(COT, "allow = [\"encoded_file\"]", "allow = [\"encoded_flie\"]")),
    (
        "profile-takes-what-must-stand",
        "cannot be without it",
        Swap(
            COT,
            "{ path = \"/event/point/@le\", type = \"number\", min = 0, max = 9999999 }",
            "{ path = \"/event/point/@le\", forbid = \"strip\" }",
        ),
    ),
    (
        "profile-transform-of-another-type",
        "does not fit the type",
        Swap(
            COT,
            "{ path = \"/event/@time\", type = \"time\" }",
            "{ path = \"/event/@time\", type = \"time\", transform = { action = \"coarsen\", digits = 2 } }",
        ),
    ),
    (
        "profile-attribute-as-element",
        "is called an element",
        Swap(COT, "{ path = \"/event/@time\", type = \"time\" }", "{ path = \"/event/@time\", type = \"element\" }"),
    ),
    (
        "words-subsumed",
        "says nothing that `GREYWATER` does not say",
        Swap("filters/words/codewords.txt", "BRAMBLEGATE\n", "BRAMBLEGATE\nOPERATION GREYWATER\n"),
    ),
    (
        "words-folded-alike",
        "says nothing that `GREYWATER` does not say",
        Swap("filters/words/codewords.txt", "BRAMBLEGATE\n", "BRAMBLEGATE\nGR\u{415}YW\u{410}TER\n"),
    ),
    ("words-folded-away", "has less than 2 letters", Swap("filters/words/codewords.txt", "BRAMBLEGATE\n", "BRAMBLEGATE\nX-\n")),
    ("words-no-letters", "neither letter nor digit", Swap("filters/words/codewords.txt", "BRAMBLEGATE\n", "BRAMBLEGATE\n***\n")),
    ("words-marking", "stands in every message that is marked so", Swap("filters/words/handling.txt", "do not share\n", "do not share\nSecret\n")),
    ("words-header-below", "stands again, or below entries", Swap("filters/words/handling.txt", "do not share\n", "do not share\n# action: note\n")),
    (
        "pattern-slow",
        "slow",
        Put(
            "filters/patterns/slow.yar",
            "rule slow {\n  meta:\n    action = \"hold\"\n    severity = \"low\"\n    reason = \"a number\"\n  strings:\n    $number = /[0-9]+/\n  condition:\n    $number\n}\n",
        ),
    ),
    (
        "pattern-broad-empty",
        "is too broad: it matches the empty text",
        Put(
            "filters/patterns/broad.yar",
            "rule broad {\n  meta:\n    action = \"hold\"\n    severity = \"low\"\n    reason = \"no greeting\"\n  strings:\n    $greeting = \"good morning\" nocase\n  condition:\n    not $greeting\n}\n",
        ),
    ),
    (
        "pattern-broad-size",
        "is too broad",
        Put(
            "filters/patterns/broad.yar",
            "rule broad {\n  meta:\n    action = \"hold\"\n    severity = \"low\"\n    reason = \"short\"\n  condition:\n    filesize < 4096\n}\n",
        ),
    ),
    (
        "pattern-without-meta",
        "does not say its `reason`",
        Put(
            "filters/patterns/bare.yar",
            "rule bare {\n  meta:\n    action = \"hold\"\n    severity = \"low\"\n  strings:\n    $word = \"hidden word\"\n  condition:\n    $word\n}\n",
        ),
    ),
    (
        "pattern-action",
        "asks for the action `drop`",
        Put(
            "filters/patterns/bare.yar",
            "rule bare {\n  meta:\n    action = \"drop\"\n    severity = \"low\"\n    reason = \"a word\"\n  strings:\n    $word = \"hidden word\"\n  condition:\n    $word\n}\n",
        ),
    ),
    (
        "pattern-global",
        "is global",
        Put(
            "filters/patterns/bare.yar",
            "global rule bare {\n  meta:\n    action = \"hold\"\n    severity = \"low\"\n    reason = \"a word\"\n  strings:\n    $word = \"hidden word\"\n  condition:\n    $word\n}\n",
        ),
    ),
    (
        "pattern-syntax",
        "filters/patterns/bare.yar",
        Put("filters/patterns/bare.yar", "rule bare {\n  strings:\n    $word = \"hidden word\"\n  condition\n    $word\n}\n"),
    ),
    (
        "detector-unknown",
        "there is no detector `grid-refrence`",
        Swap("filters/detectors.toml", "name = \"grid-reference\"", "name = \"grid-refrence\""),
    ),
    (
        "detector-too-weak",
        "cannot be let pass",
        Swap("filters/detectors.toml", "name = \"label-banner\"\naction = \"hold\"", "name = \"label-banner\"\naction = \"note\""),
    ),
    ("definition-twice", "two files define `POSREP`", Swap("messages/ownsitrep.toml", "kind = \"OWNSITREP\"", "kind = \"POSREP\"")),
    (
        "cedar-may-overflow",
        "may fail while it is asked",
        Put("release.cedar", "@id(\"x\")\nforbid (principal, action, resource)\nwhen { context.now_ms + 86400000 > 1900000000000 };\n"),
    ),
    (
        "cedar-without-has",
        "does not hold",
        Put("release.cedar", "@id(\"x\")\nforbid (principal, action, resource)\nwhen { context.ranks[\"NATO\"] > 3 };\n"),
    ),
    (
        "cedar-tag",
        "does not hold",
        Put("release.cedar", "@id(\"x\")\nforbid (principal, action, resource)\nwhen { principal.getTag(\"desk\") == \"a\" };\n"),
    ),
    (
        "cedar-says-the-same",
        "never speaks: `release.cedar/x` says the same",
        Put(
            "release.cedar",
            "@id(\"x\")\nforbid (principal, action, resource) when { context.policy == Policy::\"USA\" };\n@id(\"y\")\nforbid (principal, action, resource) when { context.policy == Policy::\"USA\" };\n",
        ),
    ),
    (
        "cedar-template",
        "is never filled",
        Put("release.cedar", "@id(\"x\")\nforbid (principal == ?principal, action, resource)\nwhen { context.policy == Policy::\"USA\" };\n"),
    ),
    (
        "case-asked-before",
        "the case tests nothing: `a code word is held`",
        Swap(
            "cases/content.toml",
            "[[case]]\nname = \"a code word with spaces",
            "[[case]]\nname = \"the code word once more\"\nfrom = \"gbr-ops\"\nfile = \"track.xml\"\nreplace = { \"two vehicles moving west along the river road\" = \"the next GREYWATER window opens at dusk\" }\nexpect = [{ to = \"usa-ops\", outcome = \"quarantine\", code = \"content.words\" }]\n\n[[case]]\nname = \"a code word with spaces",
        ),
    ),
    (
        "case-beyond-all-rules",
        "the case tests nothing: no agreement speaks of its format",
        All(&[
            Drop("agreements/maritime.toml"),
            Swap("agreements/systems.toml", "formats = [\"cot\", \"tak\", \"nffi\", \"oth\"]\nfrom", "formats = [\"cot\", \"tak\", \"nffi\"]\nfrom"),
            Swap("agreements/systems.toml", "kinds = [\"a-*\", \"track\", \"GOLD-CONTACT\"]", "kinds = [\"a-*\", \"track\"]"),
            Put(
                "cases/oth.toml",
                "now = \"2026-03-01T12:00:30Z\"\n\n[[case]]\nname = \"contacts at sea stay\"\nfrom = \"gbr-ops\"\nfile = \"contact.oth\"\nexpect = [{ to = \"usa-ops\", outcome = \"withhold\", code = \"agreement.none\" }]\n",
            ),
        ]),
    ),
    (
        "case-expects-nothing",
        "the case expects nothing",
        Swap("cases/content.toml", "expect = [{ to = \"usa-ops\", outcome = \"quarantine\", code = \"content.words\" }]", "expect = []"),
    ),
    (
        "case-expects-twice",
        "two expectations for `usa-ops`",
        Swap(
            "cases/content.toml",
            "expect = [{ to = \"usa-ops\", outcome = \"quarantine\", code = \"content.words\" }]",
            "expect = [{ to = \"usa-ops\", outcome = \"quarantine\", code = \"content.words\" }, { to = \"usa-ops\", outcome = \"forward\" }]",
        ),
    ),
];

#[test]
fn each_doubtful_rule_is_reported_as_its_golden_file_says() {
    as_golden("doubts", DOUBTS);
}
