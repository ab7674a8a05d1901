// Exact places in words: they would give back what coarsening takes away.
// Where letters tell a place, its digits may stand apart: without the space the engine would search by the digits, and stop at every number
// of a drawing. `vestibule rules test` holds what must be found; `cargo bench --bench path` shows what it costs.

rule grid_reference {
  meta:
    action = "hold"
    severity = "high"
    reason = "a grid reference stands in the text, finer than a coarse place"
  strings:
    $mgrs = /\b[0-9]{1,2}[C-HJ-NP-X][ -]{0,2}[A-HJ-NP-Z]{2}[ -]{0,2}[0-9][0-9 -]{4,11}[0-9]\b/ nocase
  condition:
    $mgrs
}

rule degrees_in_text {
  meta:
    action = "hold"
    severity = "high"
    reason = "latitude and longitude stand in the text"
  strings:
    $letters = /\b[0-9]{1,2}(\.[0-9]{2,8})?\s?[NS][ ,\/]{1,3}[0-9]{1,3}(\.[0-9]{2,8})?\s?[EW]\b/
    $minutes = /[0-9][NS][ ,\/]{0,3}[0-9][0-9 .]{3,11}[0-9][EW]\b/ nocase
    $before = /\b[NS] ?[0-9]{2}[ -][0-9 ]{2}\.[0-9]{1,5}/ nocase
    $degrees = /[0-9]{1,3} ?(\xC2\xB0|deg) ?[0-9]{1,2}(\.[0-9]{1,6})? ?('|\xE2\x80\xB2|\xE2\x80\x99|min)/ nocase
    // Two decimal numbers after a word, or apart by a space: routes write theirs without, in fields of their own.
    $pair = /[A-Za-z:=(@] ?-?[0-9]{1,2}\.[0-9]{3,10} ?[ ,;\/] ?-?[0-9]{1,3}\.[0-9]{3,10}/
    $apart = /\b[0-9]{1,2}\.[0-9]{3,10}[,;]? {1,2}-?[0-9]{1,3}\.[0-9]{3,10}\b/
    $words = /\blat(itude)?\s{0,2}[:=]?\s{0,2}-?[0-9]{1,2}\.[0-9][0-9 ]{1,6}[0-9]\b/ nocase
  condition:
    any of them
}
