// Clicks through the preview page in Chromium. Run: `node run.mjs PROGRAM CHROMIUM [FOLDER FOR SCREENSHOTS]`
import assert from "node:assert/strict";
import { after, afterEach, before, beforeEach, describe, it } from "node:test";
import { connect } from "node:net";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { chromium } from "playwright-core";

import { AXE, requestWith, startAccountsApi, startPreview, startShipped, RULES, SKIPPING_RULES, TABLE_RULES, unzip } from "./support.mjs";

const [, , PROGRAM, CHROMIUM, SHOTS] = process.argv;
assert(CHROMIUM, "usage: node run.mjs PROGRAM CHROMIUM [FOLDER]");

let api;
let browser;
// The service and the page of one test.
let preview;
let page;
// Errors that the browser reports about the page, and the URLs that it asks.
let problems;
let asked;

before(async () => {
  api = await startAccountsApi();
  const args = process.getuid() === 0 ? ["--no-sandbox"] : [];
  browser = await chromium.launch({ executablePath: CHROMIUM, args });
});
after(async () => {
  await browser?.close();
  api?.server.close();
});

// Closes the page, and opens another one of this service.
async function reopen(options, service = preview) {
  await page?.context().close();
  const context = await browser.newContext({
    viewport: { width: 1280, height: 900 },
    // Without the animation of new requests, whose colours would be those of a moment.
    reducedMotion: "reduce",
    acceptDownloads: true,
    permissions: ["clipboard-read", "clipboard-write"],
    ...options,
  });
  page = await context.newPage();
  problems = [];
  asked = [];
  page.on("console", (message) => {
    if (message.type() !== "log") problems.push(`${message.type()}: ${message.text()}`);
  });
  page.on("pageerror", (error) => problems.push(error.message));
  page.on("request", (request) => asked.push(request.url()));
  page.setDefaultTimeout(60_000);
  await page.goto(service.url);
  await page.waitForSelector("body[data-decided]");
  // The page announces only requests that arrive after its first list.
  await page.waitForSelector("#live-chip[data-state=good]");
}

const seen = (text) => page.waitForFunction((text) => document.body.innerText.includes(text), text);
const seenIn = (selector, text) =>
  page.waitForFunction(([selector, text]) => document.querySelector(selector)?.innerText.includes(text), [selector, text]);

// Types an email address into the form, and waits for the decision of the request that has it.
async function fillEmail(address) {
  await page.fill("#field-email", address);
  await seenIn("#curl", address);
}

// Calls `change`, which changes the request or a lookup's result, and waits for the decision. Another decision must not
// be on its way.
async function decided(change) {
  const before = Number(await page.getAttribute("body", "data-decided"));
  await change();
  await page.waitForFunction((before) => Number(document.body.dataset.decided) > before, before);
}

// Sends a request to the hook `signup`, and waits until it is the first of the list.
async function postAndWait(form) {
  const before = await page.evaluate(() => document.querySelector("#requests .row")?.dataset.number);
  await preview.post("signup", form);
  await page.waitForFunction((before) => document.querySelector("#requests .row")?.dataset.number !== before, before);
}

// Clicks a button that copies. Returns the text that the clipboard then has.
async function copy(source) {
  await page.evaluate(() => (document.querySelector("#toast").textContent = ""));
  await page.click(`[data-copy=${source}]`);
  await seenIn("#toast", "Copied");
  return page.evaluate(() => navigator.clipboard.readText());
}

// Saves the fixture. Returns the files of the archive, which has this name.
async function download(name) {
  const [archive] = await Promise.all([page.waitForEvent("download"), page.click("#save button")]);
  assert.equal(archive.suggestedFilename(), name);
  return unzip(readFileSync(await archive.path()));
}

async function assertAccessible() {
  await page.addScriptTag({ path: AXE }).catch(() => page.evaluate(readFileSync(AXE, "utf8")));
  const { violations } = await page.evaluate(() => globalThis.axe.run());
  const found = violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" ")}`);
  assert.deepEqual(found, []);
}

async function assertNoSidewaysScroll() {
  const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  assert.ok(overflow <= 0, `${overflow} pixels too wide`);
}

// axe-core runs in the page although its policy allows no foreign script.
const FOR_AXE = { bypassCSP: true };

describe("the preview page", () => {
  // Each test has a service of its own, so no rules or requests of an earlier test arrive during it.
  beforeEach(async () => {
    preview = await startPreview(PROGRAM, api.url);
    await reopen();
  });
  afterEach(async () => {
    await page?.context().close();
    preview?.stop();
    const { origin } = new URL(page.url());
    assert.deepEqual(problems, []);
    assert.deepEqual(asked.filter((url) => !url.startsWith(origin) && !url.startsWith("blob:")), []);
  });

  it("decides a form, and shows the end user's screen", async () => {
    await page.fill("#field-email", "ana@okta.com");
    await seenIn("#verdict", "Denied");
    await page.click("#lookup-account-found");
    await page.fill("#column-account-status", "active");
    await seenIn("#verdict", "Allowed, with updates");
    assert.match(await page.textContent("#verdict-why"), /displayName/);
    assert.match(await page.textContent("#screen"), /check your email/);

    await fillEmail("ana@evil.example");
    await seenIn("#verdict-why", "work-email");
    assert.match(await page.textContent("#verdict-why"), /work-email/);
    assert.match(await page.textContent("#screen .wrong"), /Only okta\.com emails can register\./);
    assert.match(await page.textContent("#screen .banner"), /We found some errors/);
    assert.match(await page.textContent("#certainty"), /inferred/);
    assert.match(await page.textContent("#outcomes"), /expected a plain email address at okta\.com/);
    assert.match(await page.textContent("#okta"), /stops the registration/);
    assert.match(await page.textContent("#answer"), /"registration": "DENY"/);
  });

  it("shows each client, and what an app receives", async () => {
    await fillEmail("ana@evil.example");
    await seenIn("#verdict-why", "work-email");
    await page.click("[data-client=gen3]");
    assert.match(await page.textContent("#screen .gen3"), /Fields are required/);
    await page.keyboard.press("ArrowRight");
    assert.match(await page.textContent("#screen .app"), /Only okta\.com emails/);
    await page.selectOption("#flow", "classic");
    await page.waitForSelector("#screen .classic, [data-client=classic]");
    await page.click("[data-client=classic]");
    await seenIn("#screen", "Create Account");
    assert.match(await page.textContent("#screen"), /Only okta\.com emails/);
  });

  it("sets lookup results: found, not found, failed", async () => {
    await page.fill("#field-email", "ana@okta.com");
    await page.click("#lookup-account-not_found");
    await seenIn("#outcomes", "Not found");
    await seen("We do not know this account.");
    await page.click("#lookup-account-failed");
    await seenIn("#outcomes", "Failed");
    await seen("We cannot check this right now.");
    await page.click("#lookup-account-found");
    await page.fill("#column-account-status", "closed");
    await seenIn("#outcomes", "account.status");
    await page.fill("#column-account-status", "active");
    await seenIn("#verdict", "Allowed");
  });

  it("starts the columns of `Found` from the row of the table", async () => {
    writeFileSync(join(preview.folder, "rules/members.csv"), "memberNumber,lastName\n1,Jones\n");
    preview.writeRules(`
[self_service_registration.lookups.member]
file = "members.csv"
match = { memberNumber = "{memberNumber}" }
returns = ["lastName"]
[[self_service_registration.rules]]
id = "member"
attribute = "lastName"
equals = "member.lastName"
message = "We do not find this member."
`);
    await page.waitForSelector("#lookup-member-table");
    await page.fill("#field-lastName", "Jones");
    await page.fill("#field-memberNumber", "1");
    await seenIn("#verdict", "Allowed");
    await page.click("#lookup-member-found");
    assert.equal(await page.inputValue("#column-member-lastName"), "Jones");
    await page.fill("#column-member-lastName", "Smith");
    await seenIn("#verdict", "Denied");
    await page.click("#lookup-member-table");
    await seenIn("#verdict", "Allowed");
    await page.click("#lookup-member-found");
    assert.equal(await page.inputValue("#column-member-lastName"), "Smith");
  });

  it("shows a problem of the JSON at its line as one types", async () => {
    await page.click("#tab-json");
    await page.fill("#json", '{\n  "eventType": "com.okta.user.pre-registration",\n  "data": {,}\n}');
    await seenIn("#verdict", "Not a request");
    assert.equal(await page.textContent("#gutter .bad"), "3");
    assert.match(await page.textContent("#problem"), /not strict JSON/);
    await page.click("#problem button");
    assert.equal(await page.evaluate(() => document.activeElement.id), "json");
    await page.fill("#json", '{"eventType": "com.okta.user.pre-registration", "requestType": "self.service.registration", "data": {"userProfile": {"email": "x@evil.example"}}}');
    await seenIn("#verdict", "Denied");
    assert.equal(await page.isVisible("#problem"), false);
    await page.click("#tab-form");
    assert.equal(await page.inputValue("#field-email"), "x@evil.example");
  });

  it("hides the last decision while there is none, and says 400 only of a bad request", async () => {
    await fillEmail("ana@evil.example");
    await seenIn("#verdict-why", "work-email");
    await page.click("#tab-json");
    await page.fill("#json", "{,");
    await seenIn("#verdict-why", "status 400");
    assert.equal(await page.isVisible("#screen"), false);
    assert.equal(await page.isVisible("#answer"), false);
    assert.equal(await page.isVisible("text=There is no decision to explain."), true);
    await page.fill("#json", JSON.stringify({ data: { userProfile: { email: "x".repeat(300 << 10) } } }));
    await seenIn("#verdict", "No decision");
    assert.doesNotMatch(await page.textContent("#verdict-why"), /400/);
  });

  it("stays usable when an edit of the rules renames a column", async () => {
    await page.fill("#field-email", "ana@okta.com");
    await page.click("#lookup-account-found");
    await page.fill("#column-account-status", "active");
    await seenIn("#verdict", "Allowed");
    preview.writeRules(RULES.replace('{ status = "/status" }', '{ state = "/status" }').replace("account.status", "account.state"));
    await page.waitForSelector("#column-account-state");
    await page.fill("#column-account-state", "active");
    await seenIn("#verdict", "Allowed");
  });

  it("shows a username that differs from the email, and keeps it", async () => {
    await page.click("#tab-json");
    const form = { email: "a@okta.com", login: "a@okta.com", isAdult: true, level: 12, costCenter: "12" };
    const request = { eventType: "com.okta.user.pre-registration", requestType: "self.service.registration", data: { userProfile: form } };
    await page.fill("#json", JSON.stringify(request));
    await page.click("#tab-form");
    assert.equal(await page.locator("#field-login").count(), 0);
    await page.fill("#field-email", "b@okta.com");
    await page.fill("#field-isAdult", "false");
    await page.fill("#field-level", "13");
    await page.fill("#field-costCenter", "13");
    const typed = async () => JSON.parse(await page.inputValue("#json")).data.userProfile;
    assert.deepEqual(await typed(), { email: "b@okta.com", login: "b@okta.com", isAdult: false, level: 13, costCenter: "13" });
    await page.click("#tab-json");
    await page.fill("#json", (await page.inputValue("#json")).replace('"login": "b@okta.com"', '"login": "bea"'));
    await page.click("#tab-form");
    assert.equal(await page.inputValue("#field-login"), "bea");
    await page.fill("#field-email", "c@okta.com");
    assert.equal((await typed()).login, "bea");
    await seenIn("#screen", "Username");
  });

  it("follows a request type that is edited in the JSON", async () => {
    await page.click("#tab-json");
    await page.fill("#json", '{"eventType": "com.okta.user.pre-registration", "requestType": "progressive.profile", "data": {"userProfileUpdate": {"employeeNumber": "12"}}}');
    await seen("Employee numbers must have 4 digits.");
    assert.equal(await page.inputValue("#flow"), "progressive.profile");
    await page.click("#tab-form");
    assert.equal(await page.inputValue("#field-employeeNumber"), "12");
  });

  it("keeps a field that was left empty, and shows the order of the request", async () => {
    const names = () => page.locator("#screen .entry .name").allTextContents();
    await page.fill("#field-email", "");
    await seenIn("#screen .wrong .name", "Email");
    await page.click("#tab-json");
    await page.fill("#json", JSON.stringify(requestWith({ costCenter: "1", lastName: "Jones" })));
    await page.waitForFunction(() => document.querySelector("#screen .name").textContent === "Cost center");
    assert.deepEqual(await names(), ["Cost center", "Last name", "First name", "Email"]);
    assert.equal(await page.locator("#findings li").count(), 0);
  });

  it("keeps the order of the form and of the JSON while a field is empty", async () => {
    const form = { level: 1, lastName: "Jones", login: "ana@evil.example", email: "ana@evil.example", firstName: "Ana" };
    const shown = ["Level", "Last name", "Email", "First name"];
    const names = (selector) => page.locator(selector).evaluateAll((all) => all.map((one) => one.firstChild.textContent));
    await page.click("#tab-json");
    await page.fill("#json", JSON.stringify(requestWith(form)));
    await page.waitForFunction(() => document.querySelector("#screen .name").textContent === "Level");
    await page.click("#tab-form");
    for (const [name, value] of Object.entries(form)) {
      if (name === "login") continue;
      for (const typed of ["", String(value)]) {
        await decided(() => page.fill(`#field-${name}`, typed));
        assert.deepEqual(await names("#screen .name"), shown);
        await page.focus("#new-field");
      }
      assert.deepEqual(await names("#fields label"), shown);
      assert.deepEqual(Object.keys(JSON.parse(await page.inputValue("#json")).data.userProfile), Object.keys(form));
    }
  });

  it("keeps the focus while one types in a field that moves", async () => {
    await page.focus("#field-firstName");
    await page.keyboard.press("Control+a");
    await page.keyboard.press("Backspace");
    await page.keyboard.type("Ann", { delay: 50 });
    await page.waitForFunction(() => document.querySelector("#json").value.includes('"Ann"'));
    assert.equal(await page.evaluate(() => document.activeElement.id), "field-firstName");
  });

  it("keeps the focus and the selection when the rules are edited", async () => {
    await page.click("#tab-json");
    await page.fill("#json", JSON.stringify(requestWith({ email: "ana@evil.example", lastName: "Jones", costCenter: "1234" })));
    await page.click("#tab-form");
    await page.click("#lookup-account-found");
    await page.fill("#column-account-status", "active");
    let edits = 0;
    for (const selector of ["#field-lastName", "#field-costCenter", "#column-account-status", "#lookup-account-found"]) {
      await page.focus(selector);
      const isText = (await page.getAttribute(selector, "type")) !== "radio";
      if (isText) await page.evaluate(() => document.activeElement.setSelectionRange(1, 3));
      edits += 1;
      preview.writeRules(RULES.replace('message = "Only', `message = "${edits}: only`));
      await seenIn("#screen", `${edits}: only`);
      assert.equal(`#${await page.evaluate(() => document.activeElement.id)}`, selector);
      if (!isText) continue;
      const before = await page.inputValue(selector);
      await page.keyboard.type("QQ");
      assert.equal(await page.inputValue(selector), `${before.slice(0, 1)}QQ${before.slice(3)}`);
    }
  });

  it("decides a profile update", async () => {
    await page.selectOption("#flow", "progressive.profile");
    await page.fill("#field-employeeNumber", "12");
    await seenIn("#verdict", "Denied");
    await seen("Employee numbers must have 4 digits.");
    await page.fill("#field-employeeNumber", "1234");
    await seenIn("#verdict", "Allowed, with updates");
    assert.match(await page.textContent("#answer"), /employeeNumber/);
  });

  it("adds an attribute that no rule names", async () => {
    await page.fill("#new-field", "costCenter");
    await page.keyboard.press("Enter");
    await page.fill("#field-costCenter", "x1");
    await page.click("#tab-json");
    assert.match(await page.inputValue("#json"), /"costCenter": "x1"/);
  });

  it("shows requests as they arrive, and opens them", async () => {
    await seenIn("#requests", "None yet");
    await preview.post("signup", { email: "live@okta.com", login: "live@okta.com", firstName: "Li", lastName: "Ve" });
    await seenIn("#requests", "Updated");
    await seenIn("#requests", "lookup account: found");
    await preview.post("signup", { email: "live@evil.example", login: "live@evil.example" });
    await seenIn("#requests", "work-email fails");
    await preview.post("signup", {}, { authorization: "Basic eDp5" });
    await seenIn("#requests", "Refused, 401");
    await seenIn("#requests", "credentials_wrong");

    await page.click("#requests .row[data-state=update] button");
    await seenIn("#opened", "which arrived at");
    assert.equal(await page.inputValue("#field-email"), "live@okta.com");
    assert.equal(await page.inputValue("#column-account-status"), "active");
    await seenIn("#verdict", "Allowed, with updates");
  });

  it("keeps which failure a lookup of an opened request had, and saves no fixture that decides otherwise", async () => {
    const people = { firstName: "Ana", lastName: "Diaz" };
    preview.writeRules(SKIPPING_RULES);
    await page.fill("#field-email", "ana@okta.com");
    await page.click("#lookup-account-failed");
    await seenIn("#verdict", "Allowed, with updates");
    await preview.post("signup", { email: "html@okta.com", ...people });
    await seenIn("#requests .row:first-child", "lookup account: failed otherwise");
    await page.click("#requests .row:first-child button");
    await seenIn("#verdict", "Denied");
    await seenIn("#outcomes", "the response is not strict JSON");
    assert.ok(await page.isChecked("#lookup-account-failed_otherwise"));
    assert.ok(await page.isDisabled("#save-fixture"));
    await seenIn("#save-problem", "A fixture cannot hold this failure of account.");
    if (SHOTS) await shoot("preview-failure", { fullPage: true });

    await page.click("#lookup-account-failed");
    await seenIn("#verdict", "Allowed, with updates");
    assert.ok(!(await page.isDisabled("#save-fixture")));
    assert.ok(!(await page.isVisible("#save-problem")));
    await page.click("#lookup-account-failed_otherwise");
    await seenIn("#verdict", "Denied");
    await seenIn("#outcomes", "the response is not strict JSON");

    // With `on_failure = "deny"`, both failures have one decision.
    preview.writeRules(RULES);
    await page.waitForFunction(() => !document.querySelector("#save-fixture").disabled);
    await seenIn("#verdict", "Denied");
    await seenIn("#save-problem", "The failure of account is saved as a failure of the source, since a fixture has one word for both.");
  });

  it("gives a failure's reason only for the request and the hook that had it", async () => {
    preview.writeHook("other", SKIPPING_RULES);
    await page.waitForSelector("#hook option[value=other]", { state: "attached" });
    await postAndWait({ email: "html@okta.com", lastName: "Diaz" });
    await page.click("#requests .row:first-child button");
    await page.waitForSelector("#opened:not([hidden])");
    const [, number] = /Request (\d+)/.exec(await page.textContent("#opened"));
    await seenIn("#outcomes", "the response is not strict JSON");
    await page.fill("#field-lastName", "Edited");
    await seenIn("#outcomes", `as in request ${number}`);
    assert.doesNotMatch(await page.textContent("#outcomes"), /strict JSON/);
    await page.selectOption("#hook", "other");
    await seenIn("#outcomes", "this page assumes a failure");
    await page.selectOption("#hook", "signup");
    await seenIn("#outcomes", "this page assumes a failure");
  });

  it("assumes no failure of a lookup that an opened request did not ask", async () => {
    await postAndWait({ email: "ana@evil.example", firstName: "Ana" });
    await page.click("#requests .row:first-child button");
    await page.waitForSelector("#opened:not([hidden])");
    await seenIn("#outcomes", "Not asked");
    assert.ok(await page.isChecked("#lookup-account-not_found"));
    await page.fill("#field-email", "ana@okta.com");
    await seen("We do not know this account.");
  });

  it("opens a failure of a lookup that has become a table", async () => {
    await postAndWait({ email: "html@okta.com", lastName: "Diaz" });
    writeFileSync(join(preview.folder, "rules/accounts.csv"), "email,status\nhtml@okta.com,active\n");
    preview.writeRules(TABLE_RULES);
    await page.waitForSelector("#lookup-account-table");
    await page.click("#requests .row:first-child button");
    await page.waitForSelector("#opened:not([hidden])");
    assert.ok(await page.isChecked("#lookup-account-table"));
    await seenIn("#verdict", "Allowed");
  });

  it("explains the chosen failure of a lookup, also to a screen reader", async () => {
    const described = (id) =>
      page.evaluate((id) => document.getElementById(document.getElementById(id).getAttribute("aria-describedby"))?.innerText, id);
    assert.equal(await page.locator("#lookups .hint").count(), 0);
    await page.click("#lookup-account-failed");
    assert.match(await described("lookup-account-failed"), /a time-out.* on_failure applies\./);
    await page.keyboard.press("ArrowRight");
    assert.match(await described("lookup-account-failed_otherwise"), /a bad result.* on_failure does not apply\./);
    assert.equal(await described("lookup-account-failed"), undefined);
    assert.equal(await page.locator("#lookups .hint").count(), 1);
    assert.equal(await page.locator("#lookups [title]").count(), 0);
  });

  it("does not explain the failure of a table, whose source is a file", async () => {
    writeFileSync(join(preview.folder, "rules/accounts.csv"), "email,status\nana@okta.com,active\n");
    preview.writeRules(TABLE_RULES);
    await page.waitForSelector("#lookup-account-table");
    await page.click("#lookup-account-failed");
    assert.equal(await page.locator("#lookups .hint, #lookups [title], #lookups [aria-describedby]").count(), 0);
  });

  it("repeats no equal sentence to a screen reader while one types", async () => {
    preview.writeRules(SKIPPING_RULES);
    await page.fill("#field-email", "ana@okta.com");
    await page.click("#lookup-account-failed");
    await seenIn("#verdict-why", "2 rules are skipped");
    await page.click("#lookup-account-failed_otherwise");
    await seenIn("#save-problem", "A fixture cannot hold this failure of account.");
    await page.evaluate(() => {
      globalThis.changes = [];
      const observer = new MutationObserver((records) => globalThis.changes.push(...records.map(({ target }) => target.id)));
      for (const id of ["verdict", "verdict-why", "save-problem"]) {
        observer.observe(document.getElementById(id), { childList: true, characterData: true, subtree: true });
      }
    });
    await decided(() => page.fill("#field-lastName", "Typed"));
    assert.deepEqual(await page.evaluate(() => globalThis.changes), []);
  });

  it("counts passing and skipped rules", async () => {
    preview.writeRules(SKIPPING_RULES);
    await page.fill("#field-email", "ana@okta.com");
    await page.click("#lookup-account-failed");
    await seenIn("#verdict-why", "1 rule passes, 2 rules are skipped.");
    await preview.post("signup", { email: "down@okta.com", firstName: "Ana", lastName: "Diaz" });
    await seenIn("#requests .row:first-child", "1 rule passes, 2 rules are skipped");
    await seenIn("#requests .row:first-child", "lookup account: source failed");
    await preview.post("signup", { email: "ana@evil.example" });
    await seenIn("#requests .row:first-child", "work-email fails · 2 rules are skipped");
    await preview.post("signup", { email: "ana@okta.com" });
    await seenIn("#requests .row:first-child", "3 rules pass");
  });

  it("keeps a file open, and reads its text again, when the rules are edited", async () => {
    await page.click("#rules-files summary");
    await seenIn("#rules-files", 'domains = ["okta.com"]');
    preview.writeRules(RULES.replace('["okta.com"]', '["okta.com", "okta.org"]'));
    await seenIn("#rules-files", 'domains = ["okta.com", "okta.org"]');
  });

  it("stays where it has scrolled to while open files and lists are read again", async () => {
    const lines = "# A comment.\n".repeat(60);
    preview.writeRules(RULES + lines);
    await page.click('#rules-files details[data-path$="signup.toml"] summary');
    await page.waitForFunction(() => document.querySelectorAll("#rules-files .comment").length === 60);
    await page.click("#rules-fixtures summary");
    await page.waitForSelector("#rules-fixtures details button");
    // A slow answer keeps an emptied part on the screen for longer than a frame.
    const isSlow = (url) => url.pathname.endsWith("api/rules-file") || url.pathname.endsWith("api/fixtures");
    await page.route(isSlow, async (route) => {
      await new Promise((resume) => setTimeout(resume, 300));
      await route.continue();
    });
    await page.evaluate(() => {
      scrollTo(0, document.body.scrollHeight);
      document.querySelector("#rules-files pre").scrollTop = 200;
    });
    const places = () => page.evaluate(() => [scrollY, document.querySelector("#rules-files pre").scrollTop]);
    const before = await places();
    await page.evaluate(() => {
      globalThis.least = scrollY;
      const look = () => {
        globalThis.least = Math.min(globalThis.least, scrollY);
        requestAnimationFrame(look);
      };
      look();
    });
    await page.focus('#rules-files details[data-path$="signup.toml"] summary', { preventScroll: true });
    preview.writeRules(RULES.replace("Only okta.com", "Just okta.com") + lines);
    await seenIn("#rules-files", "Just okta.com");
    assert.equal(await page.evaluate(() => globalThis.least), before[0]);
    assert.deepEqual(await places(), before);
    assert.equal(await page.evaluate(() => document.activeElement.localName), "summary");
    assert.equal(await page.locator("#rules-fixtures details button").count(), 1);
    // Waits for answers that are still held back.
    await page.unrouteAll({ behavior: "wait" });
  });

  it("closes the part of a file that is removed, and reads it no longer", async () => {
    await page.fill("#field-email", "ana@evil.example");
    preview.writeHook("extra", "[self_service_registration]\nallow_all = true\n");
    const part = '#rules-files details[data-path$="extra.toml"]';
    await page.click(`${part} summary`);
    await seenIn(part, "allow_all = true");
    preview.removeHook("extra");
    await page.waitForFunction((part) => !document.querySelector(part), part);
    // The page may have read the file once more before the list was without it.
    asked = asked.filter((url) => !url.includes("extra.toml"));
    problems = [];
    preview.writeRules(RULES.replace("Only okta.com", "Just okta.com"));
    await seenIn("#screen", "Just okta.com");
    await page.waitForTimeout(300);
    assert.deepEqual(asked.filter((url) => url.includes("extra.toml")), []);
  });

  it("inserts only the rows of new requests, and announces them in one sentence", async () => {
    await page.evaluate(() => (document.querySelector("#live-news").textContent = ""));
    await preview.post("signup", { email: "one@evil.example" });
    await seenIn("#live-news", "Denied, signup");
    await page.evaluate(() => (document.querySelector("#requests .row").dataset.seen = "before"));
    await preview.post("signup", {}, { authorization: "Basic eDp5" });
    await seenIn("#live-news", "Refused, 401");
    assert.ok((await page.locator("#requests [data-seen=before]").count()) === 1);
    assert.match(await page.textContent("#live-news"), /^Request \d+: Refused, 401, signup\.$/);
    assert.equal(await page.getAttribute("#requests", "aria-live"), null);
  });

  it("draws a field with a long value as one line", async () => {
    await page.fill("#field-email", `${"x ".repeat(1500)}@evil.example`);
    await seenIn("#screen .wrong .input", "x x x");
    const heights = await page.locator("#screen .input").evaluateAll((fields) => fields.map((field) => field.offsetHeight));
    assert.ok(Math.max(...heights) < 60, heights.join());
  });

  // Other work of this machine delays some of the tries, but hardly all.
  it("draws the visible lines of a request of 200,000 lines, fast", async () => {
    await page.click("#tab-json");
    const milliseconds = await page.evaluate(() => {
      const json = document.getElementById("json");
      json.value = json.value + "\n".repeat(200_000);
      json.dispatchEvent(new Event("input"));
      const times = [];
      for (let tries = 0; tries < 5; tries += 1) {
        const started = performance.now();
        json.dispatchEvent(new Event("input"));
        document.querySelector("#gutter span").getBoundingClientRect();
        times.push(performance.now() - started);
      }
      return Math.min(...times);
    });
    console.log(`200,000 lines: drawn in ${milliseconds.toFixed(1)} ms`);
    assert.ok(milliseconds < 1000, `${milliseconds} ms`);
    assert.equal(await page.textContent("#gutter span"), "1");
    await page.evaluate(() => (document.getElementById("json").scrollTop = 100_000 * 20));
    await page.waitForFunction(() => document.querySelector("#gutter span").textContent === "100000");
    assert.ok((await page.locator("#gutter span").count()) < 50);
  });

  it("draws the colours and numbers where the text area has the text", async () => {
    await page.click("#tab-json");
    for (const lines of [100, 2000]) {
      await page.evaluate((lines) => {
        const json = document.getElementById("json");
        json.value = `${"x".repeat(100)}\n`.repeat(lines);
        json.dispatchEvent(new Event("input"));
        json.scrollTop = lines * 7;
        json.scrollLeft = 60;
      }, lines);
      await page.waitForFunction(() => {
        const top = document.querySelector("#json").scrollTop;
        const isDrawn = document.querySelector("#gutter span").textContent === String(Math.floor(top / 20));
        return isDrawn && document.querySelector("#colours div").style.transform.includes("-60px");
      });
      const places = await page.evaluate(() => {
        const [json, row, number] = ["#json", "#colours .line", "#gutter span"].map((selector) => document.querySelector(selector));
        const [box, drawn, numbered] = [json, row, number].map((element) => element.getBoundingClientRect());
        const index = Number(number.textContent) - 1;
        const text = { x: box.x + 12 - json.scrollLeft, y: box.y + 10 + 20 * index - json.scrollTop };
        return { text, drawn: { x: drawn.x, y: drawn.y }, numbered: numbered.y };
      });
      assert.deepEqual(places.drawn, places.text);
      assert.equal(places.numbered, places.text.y);
    }
  });

  it("shows no earlier decision beside a request of another shape", async () => {
    const allowed = requestWith({ email: "ana@okta.com" });
    const data = { userProfile: { email: "x@evil.example" } };
    const requests = [
      ["Not a request", "null"],
      ["Not a request", '{ "data": null }'],
      ["Not a request", '{ "data": 1.0 }'],
      ["Not a request", '{ "data": [] }'],
      ["Not a request", JSON.stringify({ ...allowed, data: { userProfile: "x" } })],
      ["Not a request", JSON.stringify({ ...allowed, requestType: "constructor" })],
      ["Denied", JSON.stringify({ ...allowed, data: { ...data, context: null } })],
      ["Denied", JSON.stringify({ ...allowed, data: { ...data, context: "x" } })],
      ["Denied", JSON.stringify({ ...allowed, data: { ...data, context: { user: 7 } } })],
      ["Denied", JSON.stringify({ ...allowed, data: { ...data, context: { user: { profile: [1] } } } })],
    ];
    await page.click("#tab-json");
    await page.click("#lookup-account-found");
    await page.fill("#column-account-status", "active");
    for (const [verdict, request] of requests) {
      await page.fill("#json", JSON.stringify(allowed));
      await seenIn("#verdict", "Allowed");
      await page.fill("#json", request);
      await seenIn("#verdict", verdict);
    }
  });

  it("opens a live request whose context has another shape", async () => {
    const form = { email: "odd@evil.example" };
    await preview.send("signup", JSON.stringify({ ...requestWith(form), data: { userProfile: form, context: "x" } }));
    await seenIn("#live-news", "Denied");
    await page.click("#requests .row:first-child button");
    await seenIn("#opened", "which arrived at");
    await seenIn("#verdict", "Denied");
    assert.equal(await page.inputValue("#field-email"), "odd@evil.example");
  });

  it("shows no decision after an error of the page", async () => {
    await seenIn("#verdict", "Denied");
    await page.evaluate(() => {
      Promise.reject(new Error("provoked"));
    });
    await seenIn("#verdict", "No decision");
    await seenIn("#problem", "provoked");
    assert.equal(await page.isDisabled("#save-fixture"), true);
    problems = [];
  });

  it("tells a service that refuses the question from one that does not respond", async () => {
    await page.click("#tab-json");
    await page.fill("#json", '{"data": {"userProfile": {"\\ud800": "x"}}}');
    await seenIn("#problem", "lone surrogate");
    await page.fill("#json", " ".repeat(700 << 10));
    await seenIn("#problem", "The request is too large.");
    await page.route("**/api/decide", (route) => route.abort());
    await page.fill("#json", "{}");
    await seenIn("#problem", "Is it still running?");
    await seenIn("#verdict-why", "Is it still running?");
    assert.doesNotMatch(await page.textContent("#problem"), /\?\./);
    problems = [];
  });

  it("draws the form of a request type that is pasted", async () => {
    await page.click("#tab-json");
    const update = { ...requestWith({}), requestType: "progressive.profile", data: { userProfileUpdate: { employeeNumber: "12" } } };
    await page.fill("#json", JSON.stringify(update));
    await seenIn("#screen", "Employee numbers must have 4 digits.");
    assert.doesNotMatch(await page.textContent("#screen"), /First name/);
    assert.equal(await page.locator("#findings li").count(), 0);
  });

  it("reads the rules again only after they have changed", async () => {
    await page.waitForSelector("#rules-files details");
    const readings = () => asked.filter((url) => url.endsWith("/api/rules")).length;
    const before = readings();
    await preview.post("signup", { email: "quiet@evil.example" });
    await page.waitForFunction(() => document.querySelector("#live-news").textContent);
    await page.waitForTimeout(200);
    assert.equal(readings(), before);
  });

  it("says `no such hook` only of a path without a hook", async () => {
    const { hostname, port } = new URL(preview.hooks);
    const socket = connect(port, hostname);
    socket.on("error", () => {});
    socket.end("no http\r\n\r\n");
    await seenIn("#requests .row:first-child", "not_http");
    assert.doesNotMatch(await page.textContent("#requests .row:first-child"), /no such hook/);
    await preview.post("none", {});
    await seenIn("#requests .row:first-child", "no such hook");
  });

  it("says that the hook of an opened request is gone", async () => {
    preview.writeHook("extra", "[self_service_registration]\nallow_all = true\n");
    await page.waitForSelector("#hook option[value=extra]", { state: "attached" });
    await preview.post("extra", { email: "gone@okta.com" });
    await seenIn("#requests .row:first-child", "extra");
    preview.removeHook("extra");
    await page.waitForFunction(() => !document.querySelector("#hook option[value=extra]"));
    await page.click("#requests .row:first-child button");
    await seenIn("#opened", "no longer have its hook extra, so signup decides here");
  });

  it("says how to apply an edit where reload is off", async () => {
    const still = await startPreview(PROGRAM, api.url, { HOOK__RULES__RELOAD: "off" });
    try {
      await reopen({}, still);
      await seenIn("#rules-hint", "send SIGHUP to the service: rules.reload is off");
    } finally {
      await page.context().close();
      still.stop();
    }
  });

  it("follows edits of the rules: new decisions, changed fixtures, problems", async () => {
    await page.fill("#field-email", "ana@okta.com");
    await page.click("#lookup-account-found");
    await page.fill("#column-account-status", "active");
    await seenIn("#verdict", "Allowed");
    await seenIn("#fixtures-summary", "1 recorded request, decided as recorded");

    preview.writeRules(RULES.replace('"okta.com"', '"example.com"'));
    await seenIn("#verdict", "Denied");
    await seenIn("#rules-fixtures", "update → deny by work-email");

    preview.writeRules(RULES.replace("domains =", "domain ="));
    await seenIn("#rules-chip", "problem");
    await seenIn("#rules-problems", "rules/signup.toml:");
    await seenIn("#rules-problems", "did you mean");
    await page.click("#rules-files summary");
    await page.waitForSelector("#rules-files .bad");

    preview.writeRules(RULES);
    await seenIn("#rules-chip", "Rules");
    await seenIn("#verdict", "Allowed");
    assert.equal(await page.locator("#rules-problems pre").count(), 0);
    await page.click("#rules-fixtures summary");
    await page.click('#rules-fixtures button[aria-label="Open the fixture known"]');
    await seenIn("#opened", "signup/known");
    assert.equal(await page.inputValue("#field-email"), "known@okta.com");
  });

  it("shows findings, shadow rules, and each of several possible screens", async () => {
    const message = 'message = "Only okta.com emails can register."';
    const shadow = '[[self_service_registration.rules]]\nid = "later"\nmode = "shadow"\nattribute = "costCenter"\ndigits = 4\nmessage = "Later."\n';
    preview.writeRules(RULES.replace(message, `${message}\nlocation = "data.userProfile.login"`) + shadow);
    await page.fill("#field-email", "ana@evil.example");
    await seenIn("#findings", "location-not-on-form");
    await seenIn("#outcomes", "shadow: does not decide");
    assert.ok((await page.locator(".choice button").count()) > 1);
    await page.click(".choice button:nth-of-type(2)");
    assert.equal(await page.getAttribute(".choice button:nth-of-type(2)", "aria-pressed"), "true");
    assert.equal(await page.evaluate(() => document.activeElement.textContent), "Screen 2");
    assert.match(await page.textContent("#certainty"), /unknown/);
    await page.click("[data-client=app]");
    assert.match(await page.textContent("#screen"), /No message: the form again, or only a status\./);
    assert.match(await page.textContent("#certainty"), /The app receives the form again, or only messages/);
    preview.writeRules(RULES);
    await page.waitForFunction(() => !document.querySelector("#findings li"));
    await page.fill("#field-email", "ana@okta.com");
    await page.click("#lookup-account-found");
    await page.fill("#column-account-status", "active");
    await seenIn("#verdict", "Allowed");
    assert.match(await page.textContent("#screen"), /No message: the next step follows\./);
  });

  it("saves a fixture that `replay` passes, and writes nothing itself", async () => {
    await fillEmail("ana@evil.example");
    await seenIn("#verdict-why", "work-email");
    assert.equal(await page.inputValue("#case"), "work-email-denied");
    const before = preview.fixtures();
    const files = await download("work-email-denied.zip");
    const start = "tests/fixtures/signup/work-email-denied";
    assert.deepEqual(Object.keys(files), [`${start}.request.json`, `${start}.response.json`, `${start}.lookups.json`]);
    assert.deepEqual(preview.fixtures(), before);
    for (const [path, text] of Object.entries(files)) writeFileSync(join(preview.folder, path), text);
    assert.match(preview.replay(), /\b2 passed, 0 failed/);
  });

  it("saves no failure of a lookup that was not asked", async () => {
    await fillEmail("ana@evil.example");
    await decided(() => page.click("#lookup-account-failed"));
    await seenIn("#outcomes", "Not asked");
    const start = "tests/fixtures/signup/work-email-denied";
    const files = await download("work-email-denied.zip");
    assert.deepEqual(Object.keys(files), [`${start}.request.json`, `${start}.response.json`]);
  });

  it("copies a curl line that works", async () => {
    await fillEmail("curl@evil.example");
    await seenIn("#verdict-why", "work-email");
    const line = await copy("curl");
    assert.match(preview.shell(line), /Only okta\.com emails can register\./);
    const answer = await copy("answer");
    assert.equal(preview.shell(line), answer);
  });

  it("works with the keyboard alone", async () => {
    await page.keyboard.press("Tab");
    assert.equal(await page.evaluate(() => document.activeElement.className), "skip");
    await page.keyboard.press("Enter");
    await page.waitForFunction(() => document.activeElement.id === "decision");
    await page.focus("#tab-form");
    await page.keyboard.press("ArrowRight");
    assert.ok(await page.isVisible("#json"));
    assert.equal(await page.evaluate(() => document.activeElement.id), "tab-json");
  });

  it("decides within 50 ms of a keystroke", async () => {
    const times = [];
    await page.focus("#field-email");
    for (const letter of "some.body@okta.com.evil.example") {
      await decided(() => page.keyboard.type(letter));
      times.push(Number(await page.evaluate(() => document.body.dataset.decideMs)));
    }
    times.sort((a, b) => a - b);
    const [fast, median, slow] = [0.1, 0.5, 0.9].map((share) => times[Math.floor(times.length * share)]);
    console.log(`a decision after a keystroke: median ${median} ms, 10 % within ${fast} ms, 90 % within ${slow} ms`);
    // Other work of this machine delays the fastest tenth least.
    assert.ok(fast < 50, `10 % within ${fast} ms`);
  });

  it("loads less than 100 KB at first, with the shipped rules and fixtures", async () => {
    const shipped = await startShipped(PROGRAM);
    try {
      await reopen({}, shipped);
      await seenIn("#fixtures-summary", "decided as recorded");
      await page.waitForTimeout(300);
      const bytes = await page.evaluate(() => {
        const entries = [...performance.getEntriesByType("resource"), ...performance.getEntriesByType("navigation")];
        return entries.reduce((sum, entry) => sum + entry.transferSize, 0);
      });
      console.log(`first load: ${bytes} bytes in ${asked.length} requests`);
      assert.ok(bytes > 20_000 && bytes < 100_000, `${bytes} bytes`);
    } finally {
      await page.context().close();
      shipped.stop();
    }
  });

  it("refuses a page without the token", async () => {
    const response = await page.context().request.get(new URL("/", preview.url).href);
    assert.equal(response.status(), 403);
  });

  it("makes the pictures of the documents", { skip: !SHOTS }, async () => {
    // The lower edge cuts no line of text in two.
    const viewport = { width: 1280, height: 930 };
    await reopen({ viewport });
    await fillEmail("rosario.jones@example.com");
    await seenIn("#verdict-why", "work-email");
    await shoot("preview-denied");
    await reopen({ viewport, colorScheme: "dark" });
    await preview.post("signup", { email: "live@evil.example", login: "live@evil.example" });
    await preview.post("signup", { email: "rosario.jones@okta.com", login: "rosario.jones@okta.com", firstName: "Rosario", lastName: "Jones" });
    await seenIn("#requests .row:first-child", "Updated");
    await page.click("#requests .row:first-child button");
    await seenIn("#curl", "rosario.jones@okta.com");
    await seenIn("#verdict", "Allowed, with updates");
    await page.click("[data-client=gen3]");
    await shoot("preview-live");
  });

  it("does not scroll sideways at 320 pixels, with a hook of a long name", async () => {
    const name = "signupOfTheEmployeesAndOfTheirFamiliesInAllRegions";
    preview.writeHook(name, "[self_service_registration]\nallow_all = true\n");
    await page.setViewportSize({ width: 320, height: 900 });
    await page.waitForSelector(`#hook option[value=${name}]`, { state: "attached" });
    await page.waitForSelector(`#rules-files details[data-path$="${name}.toml"]`);
    await assertNoSidewaysScroll();
    await page.selectOption("#hook", name);
    await seenIn("#verdict", "Allowed");
    await assertNoSidewaysScroll();
    await page.click("#tab-json");
    await assertNoSidewaysScroll();
  });

  for (const colorScheme of ["light", "dark"]) {
    for (const width of [1280, 390]) {
      it(`is accessible, ${colorScheme}, ${width} pixels wide`, async () => {
        await reopen({ ...FOR_AXE, colorScheme, viewport: { width, height: 900 } });
        await fillEmail("ana@evil.example");
        await seenIn("#verdict-why", "work-email");
        await preview.post("signup", { email: "ana@okta.com", login: "ana@okta.com", firstName: "Ana", lastName: "Diaz" });
        await seenIn("#requests", "Updated");
        await assertAccessible();
        await assertNoSidewaysScroll();
        if (SHOTS) await shoot(`preview-${colorScheme}-${width}`, { fullPage: true });
        await page.click("#tab-json");
        await page.fill("#json", "{,");
        await seenIn("#verdict", "Not a request");
        await assertAccessible();
      });
    }
  }
});

async function shoot(name, options) {
  mkdirSync(SHOTS, { recursive: true });
  await page.evaluate(() => {
    document.activeElement.blur();
    scrollTo(0, 0);
  });
  await page.screenshot({ path: join(SHOTS, `${name}.png`), ...options });
}
