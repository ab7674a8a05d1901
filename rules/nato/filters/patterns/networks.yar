// Addresses of networks and people. The field that holds one is taken away; the rest goes on.

// The second number is spelt out between its two points, so that the engine searches by them and not by every number with a fraction.
rule ipv4_address {
  meta:
    action = "strip"
    severity = "medium"
    reason = "a network address stands in the text"
  strings:
    $address = /\b(25[0-5]|2[0-4][0-9]|1?[0-9]{1,2})\[?(\.\]?[0-9]\[?\.|\.\]?[0-9]{2}\[?\.|\.\]?1[0-9]{2}\[?\.|\.\]?2[0-5][0-9]\[?\.)\]?(25[0-5]|2[0-4][0-9]|1?[0-9]{1,2})\[?\.\]?(25[0-5]|2[0-4][0-9]|1?[0-9]{1,2})\b/
  condition:
    $address
}

rule ipv6_address {
  meta:
    action = "strip"
    severity = "medium"
    reason = "a network address stands in the text"
  strings:
    $whole = /\b(2[0-9a-f]{3}|3[0-9a-f]{3}|f[cd][0-9a-f]{2}|fe80):([0-9a-f]{1,4}:){6}[0-9a-f]{1,4}\b/ nocase
    $short = /\b(2[0-9a-f]{3}|3[0-9a-f]{3}|f[cd][0-9a-f]{2}|fe80)(:[0-9a-f]{1,4}){0,6}::([0-9a-f]{1,4})?/ nocase
  condition:
    any of them
}

rule url {
  meta:
    action = "strip"
    severity = "medium"
    reason = "an address to fetch from stands in the text"
  strings:
    $url = /\b(h[tx]{2}ps?|ftps?|rtsps?|rtmp|udp|ssh|file):\/\/[^\s"<>]{3,256}/ nocase
  condition:
    $url
}

rule email_address {
  meta:
    action = "strip"
    severity = "medium"
    reason = "a mail address stands in the text"
  strings:
    $mail = /\b[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9-]{1,63}(\.[A-Za-z0-9-]{1,63}){0,4}\.[A-Za-z]{2,24}\b/
  condition:
    $mail
}
