// Markings of portions: text that was cut out of a marked document. What they say is not compared with the label, so people look.

rule portion_mark {
  meta:
    action = "hold"
    severity = "high"
    reason = "a portion mark of another document stands in the text"
  strings:
    $controls = /\((\/\/)?(TS|S|C|U|R|CTS|NS|NC|NR)\/\/[A-Z][A-Z0-9 ,\/-]{1,60}\)/
    $levels = /\((TS|CTS|NS|NC)\)/
  condition:
    any of them
}
