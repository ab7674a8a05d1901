// Exact places in words: they would give back what coarsening takes away.
// Digits may stand apart in the two patterns that end in them; without the space the engine would search by digits, and stop at every number.

rule grid_reference {
  meta:
    action = "hold"
    severity = "high"
    reason = "a grid reference stands in the text, finer than a coarse place"
  strings:
    $mgrs = /\b[0-9]{1,2}[C-HJ-NP-X] ?[A-HJ-NP-Z]{2} ?[0-9][0-9 ]{4,10}[0-9]\b/
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
    $words = /\blat(itude)?\s{0,2}[:=]?\s{0,2}-?[0-9]{1,2}\.[0-9][0-9 ]{1,6}[0-9]\b/ nocase
  condition:
    any of them
}
