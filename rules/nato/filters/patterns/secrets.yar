// Keys, credentials and blobs that have no business in a track.

rule private_key {
  meta:
    action = "refuse"
    severity = "critical"
    reason = "a private key stands in the text"
  strings:
    $pem = /-----BEGIN ([A-Z0-9]{2,12} ){0,3}PRIVATE KEY( BLOCK)?-----/
    $putty = "PuTTY-User-Key-File-"
  condition:
    any of them
}

rule credential {
  meta:
    action = "hold"
    severity = "high"
    reason = "a password or access token seems to stand in the text"
  strings:
    $word = /\b(password|passwd|passphrase|api[_-]?key|secret[_-]?key)\s{0,3}[:=]\s{0,3}[^\s]{6,64}/ nocase
    $bearer = /\bBearer [A-Za-z0-9._~+\/-]{20,200}/
    $aws = /\bAKIA[0-9A-Z]{16}\b/
    $jwt = /\beyJ[A-Za-z0-9_-]{10,400}\.eyJ[A-Za-z0-9_-]{10,400}\./
  condition:
    any of them
}

rule encoded_file {
  meta:
    action = "hold"
    severity = "medium"
    reason = "the beginning of a picture, document or archive in base64"
  strings:
    $data = ";base64," nocase
    $jpeg = "/9j/4AAQSkZJRg"
    $png = "iVBORw0KGgo"
    $gif = "R0lGODlh"
    $pdf = "JVBERi0xL"
    $gzip = "H4sIAAAAAAA"
    $der = /\bMII[A-F][A-Za-z0-9+\/]{60,64}/
  condition:
    any of them
}

rule executable {
  meta:
    action = "refuse"
    severity = "critical"
    reason = "the beginning of a program or archive, written as text"
  strings:
    $pe = "TVqQAAMAAAAEAAAA"
    $elf = "f0VMRgIBAQ"
    $zip = "UEsDBBQA"
    $script = "powershell -enc" nocase
  condition:
    any of them
}
