// Shows the answers of the service in the real sign-in widget, and compares the screen with the prediction
// of `eval --format json`. Run: `node run.mjs PROGRAM CHROMIUM`
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { after, before, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";

import { chromium } from "playwright-core";

import { Org } from "./org.mjs";

assert(process.argv[3], "usage: node run.mjs PROGRAM CHROMIUM");
const PROGRAM = resolve(process.argv[2]);
const CHROMIUM = process.argv[3];
const RULES = fileURLToPath(new URL("rules", import.meta.url));
const DOCUMENT = fileURLToPath(new URL("../../docs/user-view.md", import.meta.url));
const AUTHORIZATION = `Basic ${btoa("okta:widget-test")}`;

const NAME = ["lastName", "firstName", "email"];
const GOOD = { lastName: "Jones", firstName: "Rosario", email: "rosario@okta.com" };
const NUMBER = ["employeeNumber", "department"];

/**
 * Each form, with the clients that show it. Each assumption draws the predicted screen at its place in the list. If
 * fewer screens are predicted, it draws the last one.
 */
const CASES = [
  { title: "an ALLOW", form: {}, classic: true },
  { title: "a text at a field", form: { email: "a@bad.example" }, classic: true },
  { title: "two texts at a field", form: { email: "twice@bad.example" }, classic: true },
  {
    title: "texts at two fields, with markup and a line break",
    form: { email: "a@bad.example", firstName: "bad" },
    classic: true,
  },
  {
    title: "texts whose attributes are not on the form",
    form: { lastName: "login" },
    assumptions: ["dropped", "own text", "for the form"],
  },
  {
    title: "a text at a field, and texts without one",
    form: { email: "a@bad.example", lastName: "login" },
    assumptions: ["dropped", "own text", "for the form"],
  },
  { title: "a location that is a field of Classic Engine", form: { lastName: "field" }, classic: "only" },
  { title: "a location that is not an attribute", form: { lastName: "elsewhere" }, classic: "only" },
  {
    title: "a text for the profile, then one at a field of Classic Engine",
    form: { email: "a@bad.example", lastName: "field" },
    classic: "only",
  },
  {
    title: "a progressive profile with a text at a field",
    fields: NUMBER,
    form: { employeeNumber: "12", department: "Sales" },
  },
  {
    title: "a progressive profile with an update",
    fields: NUMBER,
    form: { employeeNumber: "1234", department: "Sales" },
  },
  {
    title: "a progressive profile with a location in the update",
    fields: NUMBER,
    form: { employeeNumber: "1234", department: "bad" },
    assumptions: ["mapped", "dropped"],
  },
];

const environment = Object.fromEntries(
  Object.entries(process.env).filter(
    ([name]) => !/^HOOK__/i.test(name) && !["PORT", "RUST_LOG"].includes(name),
  ),
);

/** Starts the service. Returns the URL of its hook. */
async function startService(children) {
  const env = {
    ...environment,
    HOOK__SERVER__BIND: "127.0.0.1:0",
    HOOK__AUTH__BASIC__USERNAME: "okta",
    HOOK__AUTH__BASIC__PASSWORD: "widget-test",
  };
  const stdio = ["ignore", "ignore", "pipe"];
  const service = spawn(PROGRAM, ["serve", "--rules", RULES], { env, stdio });
  children.push(service);
  process.on("exit", () => service.kill("SIGKILL"));
  let log = "";
  service.on("error", (error) => (log += error));
  service.stderr.setEncoding("utf8").on("data", (text) => (log += text));
  for (const end = Date.now() + 60_000; Date.now() < end && service.exitCode === null; ) {
    const found = /listens on (http:\/\/[\d.]+:\d+)/.exec(log);
    if (found) return `${found[1]}/widget`;
    await sleep(20);
  }
  throw new Error(`the service did not start:\n${log}`);
}

/** The predicted screens of a client: their texts, and the state of the form. */
function predict(request, client) {
  const arguments_ = ["eval", "widget", "-", "--format", "json", "--rules", RULES];
  const { stdout, stderr } = spawnSync(PROGRAM, arguments_, { input: request, env: environment });
  assert(stdout.length, String(stderr));
  const screens = JSON.parse(stdout).user_sees[client];
  return screens.map(({ form, shows }) => ({
    form,
    shows: shows.map(({ place, field, text }) => `${field ?? place}: ${text}`),
  }));
}

/** The field of an attribute. Identity Engine's forms have a prefix before its name. */
const input = (attribute) => `input[name="userProfile.${attribute}"], input[name="${attribute}"]`;

/** Reads the texts on the screen. It runs in the page. */
function readScreen(fields) {
  const words = (element) => element.innerText.replace(/\s+/g, " ").trim();
  const shows = [];
  for (const box of document.querySelectorAll(".infobox-error, .MuiAlert-colorError")) {
    shows.push(`banner: ${words(box)}`);
  }
  const values = {};
  for (const field of fields) {
    const found = document.querySelector(
      `input[name="userProfile.${field}"], input[name="${field}"]`,
    );
    if (!found) continue;
    values[field] = found.value;
    const gen3 = document.getElementById(`userProfile.${field}-error`);
    const texts = gen3
      ? (gen3.querySelectorAll("li").length && gen3.querySelectorAll("li")) || [gen3.lastChild]
      : (found.closest(".o-form-input")?.querySelectorAll(".o-form-input-error") ?? []);
    for (const text of texts) shows.push(`${field}: ${words(text)}`);
  }
  return { shows, values };
}

/**
 * Fills in a form. The widget moves the focus to its first field some time after it has drawn the form, and
 * a text then lands there. So a form with other values is filled in again.
 */
async function fillIn(page, fields, form) {
  for (let tries = 0; tries < 10; tries += 1) {
    for (const field of fields) {
      await page.fill(input(field), form[field]);
      // The widget reads a field when the focus leaves it.
      await page.locator(input(field)).blur();
    }
    await page.evaluate(waitForValidation);
    const values = await Promise.all(fields.map((field) => page.inputValue(input(field))));
    if (fields.every((field, index) => values[index] === form[field])) return;
  }
  assert.fail("the widget does not keep what is filled in");
}

/**
 * Waits until the widget shows any further error. It runs in the page.
 *
 * The widget reports a field that the focus left empty 100 ms later, even if the field is filled in by then. For
 * 100 ms after this report, it drops all errors. It would drop the service's answer, and show no text at all.
 */
async function waitForValidation() {
  const pause = () => new Promise((done) => setTimeout(done, 150));
  // The second pause begins after the report, however late the timers of a busy machine are.
  await pause();
  await pause();
}

/**
 * Fills in a form in the widget and submits it. Returns the screen when it is as expected and stays so. Returns
 * the last screen if that takes more than 70 s: the hook has 60 s for its answer. `isExpected` takes a screen, and is
 * called only after the hook was asked.
 */
async function submit(context, org, form, isExpected) {
  const page = await context.newPage();
  page.setDefaultTimeout(60_000);
  const problems = [];
  page.on("pageerror", (error) => problems.push(String(error)));
  page.on("request", (request) => {
    const isOurs = request.url().startsWith(`${org.url}/`) || request.url().startsWith("data:");
    if (!isOurs) problems.push(`external request: ${request.url()}`);
  });
  await page.goto(`${org.url}/`);
  if (org.client === "classic") await page.click(".registration-link");
  await fillIn(page, org.fields, form);
  await page.click("input[type=submit], button[type=submit]");
  for (const end = Date.now() + 60_000; Date.now() < end && !org.request; ) await sleep(20);
  assert(org.request, "the widget did not send the form within 60 s");
  let screen;
  // Gen3 adds texts one after the other. So a screen counts when it stays the same.
  let timesSeen = 0;
  for (const end = Date.now() + 70_000; Date.now() < end && timesSeen < 4; ) {
    screen = await page.evaluate(readScreen, org.fields);
    timesSeen = isExpected(screen) ? timesSeen + 1 : 0;
    await sleep(100);
  }
  await page.close();
  assert.deepEqual([...problems, ...org.problems], []);
  return screen;
}

/** Whether a screen is drawn as predicted. */
function isDrawn(predicted, { shows, values }, form) {
  const isFilledIn = JSON.stringify(values) === JSON.stringify(form);
  const isFormAsPredicted = {
    stays: isFilledIn,
    may_stay: true,
    replaced: Object.keys(values).length === 0,
    next_step: Object.keys(values).length === 0,
  }[predicted.form];
  return isFormAsPredicted && JSON.stringify(predicted.shows) === JSON.stringify(shows);
}

/** A text of the document, by its number. */
function documented(id) {
  return new RegExp(`^\\| ${id} \\| (.*?) \\|`, "m").exec(readFileSync(DOCUMENT, "utf8"))[1];
}

// Leaves no process behind, whatever hangs.
setTimeout(() => {
  console.error("the tests did not end within 1200 s");
  process.exit(1);
}, 1_200_000).unref();
for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => process.exit(1));

describe("the sign-in widget", { timeout: 1_190_000 }, () => {
  const children = [];
  let browser;
  let context;
  let org;

  before(async () => {
    org = new Org(await startService(children));
    org.server.listen(0, "127.0.0.1");
    await once(org.server, "listening");
    org.url = `http://127.0.0.1:${org.server.address().port}`;
    // The page has no reason to leave this machine. Containers that run tests as root have no sandbox.
    const args = ["--no-sandbox", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"];
    browser = await chromium.launch({ executablePath: CHROMIUM, args });
    // One context for all tests, so that the scripts are cached.
    context = await browser.newContext({ locale: "en-US" });
  });

  after(async () => {
    await browser?.close();
    for (const child of children) child.kill("SIGKILL");
    org?.server.close();
    org?.server.closeAllConnections();
  });

  for (const { title, fields = NAME, form, assumptions = ["dropped"], classic } of CASES) {
    const clients = classic === "only" ? [] : ["gen2", "gen3"];
    if (classic) clients.push("classic");
    for (const client of clients) {
      it(`draws ${title} in ${client} as predicted`, async () => {
        const isProgressive = fields === NUMBER;
        const values = isProgressive ? form : { ...GOOD, ...form };
        const drawn = new Set();
        let predicted;
        for (const [index, assumption] of assumptions.entries()) {
          const authorization = AUTHORIZATION;
          org.prepare({ client, fields, isProgressive, assumption, authorization });
          predicted = undefined;
          let expected;
          const screen = await submit(context, org, values, (screen) => {
            predicted ??= predict(org.request, client);
            expected = Math.min(index, predicted.length - 1);
            return isDrawn(predicted[expected], screen, values);
          });
          const details = JSON.stringify({ assumption, screen, predicted }, null, 2);
          assert(isDrawn(predicted[expected], screen, values), `the screen is not as predicted: ${details}`);
          drawn.add(expected);
        }
        // A prediction that no assumption draws would be an invention.
        assert.equal(drawn.size, predicted.length, JSON.stringify(predicted));
      });
    }
  }

  for (const client of ["gen2", "gen3"]) {
    it(`shows its own text in ${client} after a call that the service refused`, async () => {
      org.prepare({ client, fields: NAME, authorization: "Basic wrong" });
      const expected = JSON.stringify([`banner: ${documented("T2")}`]);
      const isExpected = ({ shows }) => JSON.stringify(shows) === expected;
      const { shows } = await submit(context, org, GOOD, isExpected);
      assert.equal(JSON.stringify(shows), expected);
    });
  }
});
