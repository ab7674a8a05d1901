//! Generated messages: put together from pieces that bend the grammar.

use proptest::prelude::*;
use vestibule::format::laws;

use super::MTF;
use crate::samples::{read, write};

/// Lines and pieces of lines that mean something somewhere.
const PIECES: [&str; 56] = [
    "MSGID/INTREP/HQ//",
    "MSGID/GENADMIN/HQ//",
    "EXER/A//",
    "OPER/B/C//",
    "REF/A/B//",
    "AMPN/TEXT//",
    "NARR/",
    "RMKS/",
    "GENTEXT/SUBJECT/",
    "GENTEXT",
    "SUBJ/",
    "POC/",
    "//",
    "/",
    "\n",
    "\n",
    "\n",
    " ",
    "  ",
    "-",
    ":",
    "A",
    "TEXT",
    "a",
    "1. (U) ",
    "(S) X",
    "2.(NC)",
    "(1) (NU)",
    "FROM:X",
    "1FWPNS\n",
    "/CODE  /QTY\n",
    "/AB    /12\n",
    "BT",
    "NNNN",
    "#0012",
    "UNCLAS\n",
    "UNCLAS //N05060//\n",
    "N A T O  S E C R E T\n",
    "SECRET\n",
    "UNCLAS NAVADMIN 001/26\n",
    "RTTUZYUW RAABBCC0012 0611200-UUUU--RDDEEFF.\n",
    "ZNR UUUUU\n",
    "R 021200Z MAR 26\n",
    "FM A\n",
    "TO B\nC\n",
    "INFO D\n",
    "PAGE 02 RAABBCC0012 UNCLAS\n",
    "ROUTINE\n",
    "CLASSIFICATION: UNCLASSIFIED//\n",
    "\r\n",
    "AND/OR",
    "REF",
    "DECL/X//",
    "A VERY LONG PIECE OF TEXT THAT FILLS MOST OF A LINE UP TO ITS END",
    "TRIP/",
    ".",
];

const HEADER: &str = "RTTUZYUW RAABBCC0012 0611200-UUUU--RDDEEFF.\nZNR UUUUU\nR 021200Z MAR 26\nFM A\nTO B\nBT\nUNCLAS\n";

fn pieces(most: usize) -> impl Strategy<Value = String> {
    prop::collection::vec(prop::sample::select(&PIECES[..]), 0..most).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3000))]

    #[test]
    fn any_order_of_pieces_keeps_the_laws(body in pieces(14)) {
        laws::all(MTF.format(), body.as_bytes(), write).unwrap();
    }

    #[test]
    fn any_text_behind_a_msgid_keeps_the_laws(kind in prop::sample::select(&["INTREP", "GENADMIN"][..]), body in pieces(10)) {
        laws::all(MTF.format(), format!("MSGID/{kind}/HQ//\n{body}//\n").as_bytes(), write).unwrap();
    }

    #[test]
    fn any_text_behind_a_header_keeps_the_laws(body in pieces(8)) {
        laws::all(MTF.format(), format!("{HEADER}MSGID/GENADMIN/HQ//\nRMKS/{body}//\nBT\n").as_bytes(), write).unwrap();
    }

    #[test]
    fn fields_are_read_as_they_were_written(fields in prop::collection::vec("[A-Z0-9][A-Z0-9 .,()?-]{0,66}[A-Z0-9]", 1..12)) {
        let lines: String = fields.iter().map(|field| format!("\n/{field}")).collect();
        let body = format!("MSGID/INTREP/HQ//\nTRIP{lines}\n//\n");
        let tree = read(body.as_bytes()).unwrap();
        for (at, field) in fields.iter().enumerate() {
            let path = if fields.len() == 1 { "/mtf/text/TRIP/field".to_owned() } else { format!("/mtf/text/TRIP/field[{}]", at + 1) };
            prop_assert_eq!(&super::text(&tree, &path), field);
        }
        laws::all(MTF.format(), body.as_bytes(), write).unwrap();
    }
}
