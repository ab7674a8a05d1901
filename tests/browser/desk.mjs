// Drives the console in a real browser, as officers would: pictures of pages, what axe finds, decisions under two names, hostile content.
// Takes a JSON object of settings and the name of an errand; prints one JSON object. tests/browser.rs says what must be in it.
import { createRequire } from "node:module";
import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const settings = JSON.parse(process.argv[2]);
const errand = process.argv[3];
const require = createRequire(join(settings.modules, "package.json"));
const { chromium } = require("playwright-core");
const axe = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");

const SIZES = [{ width: 1280, height: 900 }, { width: 390, height: 844 }];
const browser = await chromium.launch({ executablePath: settings.chromium, args: ["--no-sandbox"] });

/** A browser of one officer: the certificate says who looks. */
async function officer(name, options = {}) {
  const { certificate, key } = settings.officers[name];
  const context = await browser.newContext({
    ignoreHTTPSErrors: true,
    clientCertificates: [{ origin: settings.origin, certPath: certificate, keyPath: key }],
    ...options,
  });
  context.setDefaultTimeout(20000);
  const page = await context.newPage();
  const seen = { errors: [], foreign: [], dialogs: [] };
  page.on("console", (message) => message.type() === "error" && seen.errors.push(message.text()));
  page.on("pageerror", (error) => seen.errors.push(String(error)));
  page.on("request", (request) => {
    if (!request.url().startsWith(settings.origin) && !request.url().startsWith("data:")) seen.foreign.push(request.url());
  });
  page.on("dialog", (dialog) => { seen.dialogs.push(dialog.message()); return dialog.dismiss(); });
  return { context, page, seen };
}

async function open(page, path) {
  const answer = await page.goto(settings.origin + path, { waitUntil: "load" });
  return answer.status();
}

const item = (held) => `/item?${new URLSearchParams(held)}`;

/** Every page at both widths and in both colour schemes: a picture, what axe finds, and whether it is wider than the window. */
async function pages() {
  mkdirSync(settings.pictures, { recursive: true });
  const found = [];
  for (const colorScheme of ["light", "dark"]) {
    for (const viewport of SIZES) {
      // The page's own policy lets no script in but its own: axe is let in here, and the policy is tested elsewhere.
      const { context, page, seen } = await officer(settings.viewer, { colorScheme, viewport, bypassCSP: true });
      for (const [name, path] of Object.entries(settings.pages)) {
        const status = await open(page, path);
        await page.screenshot({ path: join(settings.pictures, `${name}-${viewport.width}-${colorScheme}.png`), fullPage: true });
        await page.evaluate(axe);
        const { violations } = await page.evaluate(() => axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] }));
        const wide = await page.evaluate(() => document.documentElement.scrollWidth > document.documentElement.clientWidth);
        const faults = violations.map((one) => `${one.id}: ${one.help}: ${one.nodes.slice(0, 3).map((node) => node.html).join(" | ")}`);
        found.push({ name, width: viewport.width, colorScheme, status, wide, faults });
      }
      found.push({ name: "all", width: viewport.width, colorScheme, status: 200, wide: false, faults: [...seen.errors, ...seen.foreign] });
      await context.close();
    }
  }
  return { found };
}

/** The record of a review, printed. */
async function print() {
  const { page } = await officer(settings.viewer);
  await open(page, item(settings.held));
  await page.pdf({ path: join(settings.pictures, "record.pdf"), format: "A4", printBackground: false });
  await page.emulateMedia({ media: "print" });
  await page.setViewportSize({ width: 794, height: 1123 });
  await page.screenshot({ path: join(settings.pictures, "record-print.png"), fullPage: true });
  return {};
}

/** Chooses: waives everything that may be waived, and asks for the text to sign. */
async function choose(page, verdict) {
  await open(page, item(settings.held));
  for (const box of await page.locator("input[name=waive]").all()) {
    await box.check();
    await box.locator("xpath=ancestor::p//input[@name='why']").fill("seen, and known");
  }
  await page.locator(`input[name=verdict][value=${verdict}]`).check();
  await page.locator("input[name=reason]").fill("checked against the order");
  await page.getByRole("button", { name: "Show what would leave" }).click();
  await page.waitForSelector("#sign");
  return (await page.locator("#text").count()) ? page.locator("#text").textContent() : null;
}

/** Decides by the browser alone: the key file is read by the page's script, and what it signed is sent. */
async function decide() {
  const { page, seen } = await officer(settings.by);
  const text = await choose(page, settings.verdict);
  if (text === null) return { text, said: await page.locator("#sign").innerText(), seen };
  await page.setInputFiles("#key", settings.officers[settings.by].signing);
  await page.waitForFunction(() => document.getElementById("signed").textContent !== "");
  const signed = await page.locator("#signed").textContent();
  await page.getByRole("button", { name: "Decide" }).click();
  await page.waitForLoadState("load");
  return { text, signed, said: await page.locator("main").innerText(), seen };
}

/** Without script: gives the text to sign, or, where a note is given, sends that. */
async function plain() {
  const { page, seen } = await officer(settings.by, { javaScriptEnabled: false });
  const text = await choose(page, settings.verdict);
  if (!settings.note) return { text, seen };
  await page.locator("#note").fill(settings.note);
  await page.getByRole("button", { name: "Decide" }).click();
  await page.waitForLoadState("load");
  return { said: await page.locator("main").innerText(), seen };
}

/** Signs an edition: the text is shown, the key file is read by the page's script, and the note is handed in. */
async function sign() {
  mkdirSync(settings.pictures, { recursive: true });
  const { page, seen } = await officer(settings.by);
  await open(page, settings.edition);
  await page.locator(`input[name=role][value=${settings.role}]`).check();
  await page.getByRole("button", { name: "Show the text to sign" }).click();
  await page.waitForSelector("#text");
  const text = await page.locator("#text").textContent();
  await page.screenshot({ path: join(settings.pictures, `sign-${settings.role}.png`), fullPage: true });
  await page.setInputFiles("#key", settings.officers[settings.by].signing);
  await page.waitForFunction(() => document.getElementById("signed").textContent !== "");
  await page.getByRole("button", { name: "Hand in the signature" }).click();
  await page.waitForLoadState("load");
  return { text, said: await page.locator("main").innerText(), seen };
}

/** Puts an edition in force that two have signed. */
async function activate() {
  const { page, seen } = await officer(settings.by);
  page.setDefaultTimeout(60000);
  await open(page, settings.edition);
  await page.getByRole("button", { name: "Put in force" }).click();
  await page.waitForSelector(".said");
  return { said: await page.locator("main").innerText(), seen };
}

/** By keys alone: from the list to the first item. */
async function keys() {
  const { page } = await officer(settings.by);
  await open(page, "/held");
  await page.keyboard.press("j");
  await page.keyboard.press("Enter");
  await page.waitForURL((url) => url.pathname === "/item");
  return { url: page.url() };
}

/** A message full of markup is text: nothing of it runs, and nothing of it is an element. */
async function hostile() {
  const { page, seen } = await officer(settings.viewer);
  const states = [];
  for (const path of [item(settings.held), ...Object.values(settings.pages)]) {
    const status = await open(page, path);
    const state = await page.evaluate(() => ({
      ran: window.ran === true,
      scripts: document.querySelectorAll("script:not([src])").length,
      foreign: [...document.querySelectorAll("img, iframe, object, embed, base, meta[http-equiv], svg script, [onerror], [onload], [onclick]")].length,
      links: [...document.links].filter((link) => link.protocol === "javascript:").length,
    }));
    states.push({ path, status, ...state, text: (await page.locator("main").innerText()).includes(settings.marker) });
  }
  return { states, seen };
}

/** How long the first page takes, in milliseconds: five times, each with a connection of its own. */
async function first() {
  const times = [];
  for (let n = 0; n < 5; n += 1) {
    const { context, page } = await officer(settings.viewer);
    await open(page, "/held");
    times.push(await page.evaluate(() => { const [t] = performance.getEntriesByType("navigation"); return t.responseEnd - t.requestStart; }));
    await context.close();
  }
  return { times };
}

const errands = { pages, print, decide, plain, keys, hostile, first, sign, activate };
try {
  console.log(JSON.stringify(await errands[errand]()));
} finally {
  await browser.close();
}
