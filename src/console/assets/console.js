// The script of the console: what pages can do without it, it makes quicker. It asks nobody but the console, and keeps nothing.
"use strict";

// Rows by key: j and k move, Enter opens.
(() => {
  const rows = [...document.querySelectorAll("tr[data-row]")];
  if (rows.length === 0) return;
  document.querySelectorAll(".keys").forEach((keys) => { keys.hidden = false; });
  let here = -1;
  const go = (to) => {
    if (here >= 0) rows[here].removeAttribute("data-here");
    here = Math.max(0, Math.min(rows.length - 1, to));
    rows[here].setAttribute("data-here", "");
    const open = rows[here].querySelector("a[data-open]");
    if (open) open.focus({ preventScroll: true });
    rows[here].scrollIntoView({ block: "nearest" });
  };
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey || event.target.closest("input, textarea, select")) return;
    if (event.key === "j") go(here + 1);
    else if (event.key === "k") go(here - 1);
    else return;
    event.preventDefault();
  });
})();

// News of the overview: text into places that the page has, and nothing else.
(() => {
  const places = document.querySelectorAll("[data-live]");
  const news = document.getElementById("news");
  if (places.length === 0 || !news || !window.EventSource) return;
  const source = new EventSource("/live");
  source.onmessage = (event) => {
    let values;
    try { values = JSON.parse(event.data); } catch { return; }
    news.textContent = "live";
    for (const place of places) {
      const value = values[place.dataset.live];
      if (typeof value === "string" && place.textContent !== value) place.textContent = value;
    }
  };
  source.onerror = () => { news.textContent = "not live: the console does not answer"; };
  window.addEventListener("pagehide", () => source.close());
})();

// Signing: the key is read here, used once, and goes nowhere. The note is a C2SP signed note.
(() => {
  const file = document.getElementById("key");
  const text = document.getElementById("text");
  const note = document.getElementById("note");
  const told = document.getElementById("signed");
  if (!file || !text || !note || !window.crypto || !crypto.subtle) return;
  document.querySelectorAll(".script").forEach((part) => { part.hidden = false; });
  const paste = document.getElementById("paste");
  if (paste) paste.open = false;
  const bytes = (base64) => Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
  const base64 = (all) => btoa(String.fromCharCode(...all));
  // PKCS #8 around an Ed25519 seed (RFC 8410).
  const AROUND = [0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20];
  const sign = async (line) => {
    const found = /^PRIVATE\+KEY\+([^+\s]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/=]+)\s*$/.exec(line);
    if (!found) throw new Error("this is no key file of `vestibule pki officer`");
    const [, name, hash, encoded] = found;
    const raw = bytes(encoded);
    if (raw.length !== 33 || raw[0] !== 1) throw new Error("the key is no Ed25519 key");
    const key = await crypto.subtle.importKey("pkcs8", Uint8Array.from([...AROUND, ...raw.slice(1)]), "Ed25519", false, ["sign"]);
    raw.fill(0);
    const said = text.textContent;
    const signature = new Uint8Array(await crypto.subtle.sign("Ed25519", key, new TextEncoder().encode(said)));
    const id = hash.match(/../g).map((pair) => parseInt(pair, 16));
    return { name, note: `${said}\n\u2014 ${name} ${base64([...id, ...signature])}\n` };
  };
  file.addEventListener("change", async () => {
    const [chosen] = file.files;
    if (!chosen) return;
    try {
      if (chosen.size > 4096) throw new Error("this is no key file of `vestibule pki officer`");
      const made = await sign(await chosen.text());
      note.value = made.note;
      told.textContent = `signed by ${made.name}`;
    } catch (error) {
      told.textContent = `not signed: ${error.message}`;
    }
    file.value = "";
  });
})();
