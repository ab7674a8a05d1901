// Credentials have no business in a track, whoever sends it.

rule credential {
  meta:
    action = "hold"
    severity = "high"
    reason = "a password or access token seems to stand in the text"
  strings:
    $word = /\b(password|passwd|passphrase|api[_-]?key|secret[_-]?key)\s{0,3}[:=]\s{0,3}[^\s]{6,64}/ nocase
  condition:
    $word
}
