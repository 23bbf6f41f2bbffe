// The rules: their files and revision, their problems on disk, and the fixtures whose decision changes.
import { byId, el, fill, fillAll, getJson, toast, withCode } from "./dom.js";

// The rules as they were last shown, as JSON.
let shown = "";
// The name of the list of recorded requests. Paths of files are never empty.
const FIXTURES = "";

// Returns a function that shows the rules if they have changed. If the service has loaded new ones, that function
// first calls `rulesChanged`. The texts of files and the list of unchanged fixtures are not among the rules: the page
// asks for these once somebody opens them.
export function setUpRules(open, rulesChanged) {
  let revision = null;
  return async () => {
    const rules = await getJson("api/rules");
    if (!rules) return;
    const text = JSON.stringify(rules);
    if (text === shown) return readOpenAgain();
    // Waits for the new decision, so that it and the rules change together on the page.
    if (revision !== null && revision !== rules.revision) await rulesChanged();
    revision = rules.revision;
    shown = text;
    draw(rules, open);
  };
}

// Reads the open texts and lists again.
function readOpenAgain() {
  for (const opened of openDetails()) opened.dispatchEvent(new Event("toggle"));
}

const openDetails = () => document.querySelectorAll(".rules details[open]");

function draw(rules, open) {
  const opened = new Set([...openDetails()].map(({ dataset }) => dataset.path));
  const count = rules.problem_count;
  const chip = byId("rules-chip");
  chip.dataset.state = count ? "bad" : "good";
  chip.textContent = count ? counted(count, "problem") : `Rules ${rules.revision}`;
  fill(
    byId("rules-hint"),
    `The service decides with ${rules.source.replaceAll("`", "")}, revision `,
    el("code", {}, rules.revision),
    rules.reloads
      ? ". Edit a file and save it: this page follows."
      : ". After an edit, send SIGHUP to the service: rules.reload is off.",
  );
  drawProblems(rules);
  drawFixtures(rules, open, opened.has(FIXTURES));
  const files = rules.files.map((path) => drawFile(path, rules.problems, opened.has(path)));
  fill(byId("rules-files"), files.length ? el("h3", {}, "Files") : null, ...files);
}

function drawProblems({ problems, problem_count }) {
  if (!problem_count) return fill(byId("rules-problems"));
  fill(
    byId("rules-problems"),
    el("h3", {}, `${counted(problem_count, "problem")} on disk`),
    el("p", { class: "hint" }, "The last valid rules stay active until the files load again."),
    ...problems.map((problem) => el("pre", { class: "code bad", tabindex: "0" }, problem)),
  );
}

function drawFixtures(rules, open, isOpen) {
  const { changed_fixtures: changed, changed_fixture_count: changedCount, unchanged_fixture_count: unchanged } = rules;
  const count = changedCount + unchanged;
  if (!count) return fill(byId("rules-fixtures"));
  const rows = (fixtures) => fixtures.map((fixture) => drawFixture(fixture, open));
  const list = el("ul", { class: "requests" });
  const read = async () => {
    const fixtures = await getJson("api/fixtures").catch(() => null);
    if (fixtures) fillAll(list, rows(fixtures));
  };
  fill(
    byId("rules-fixtures"),
    el("h3", {}, "Fixtures"),
    el(
      "p",
      { class: "hint", id: "fixtures-summary" },
      changed.length
        ? `${changedCount} of ${counted(count, "recorded request")}, with a problem or no longer decided as recorded:`
        : `${counted(count, "recorded request")}, decided as recorded.`,
    ),
    changed.length ? el("ul", { class: "requests" }, ...rows(changed)) : null,
    changedCount > changed.length ? el("p", { class: "hint" }, `and ${changedCount - changed.length} more`) : null,
    details(FIXTURES, isOpen, read, el("summary", {}, `Open a recorded request (${unchanged})`), list),
  );
}

// A part whose content is read once it is open. It keeps its name when the rules are drawn again.
function details(name, isOpen, read, ...children) {
  const part = el("details", { "data-path": name, open: isOpen }, ...children);
  part.addEventListener("toggle", () => part.open && read());
  return part;
}

function drawFixture(fixture, open) {
  const { hook, case: name, now } = fixture;
  const openIt = async () => {
    const query = new URLSearchParams({ hook, case: name });
    const content = await getJson(`api/fixture?${query}`).catch(() => null);
    if (!content) return toast("This fixture can no longer be read.");
    open({ hook, ...content, from: `The fixture ${hook}/${name}. Editing it here does not change the file.` });
  };
  return el(
    "li",
    { class: "row", "data-state": fixture.problem ? "refused" : now },
    el("span", { class: "mark", "aria-hidden": "true" }),
    el("div", { class: "what" }, el("strong", {}, name), " ", hook ? el("code", {}, hook) : null, el("p", {}, ...withCode(describeFixture(fixture)))),
    hook ? el("button", { class: "quiet", "aria-label": `Open the fixture ${name}`, on: { click: openIt } }, "Open") : null,
  );
}

// The decision of the live rules, and the recorded one if it differs.
function describeFixture({ recorded, now, problem, denied_by }) {
  if (problem) return problem;
  const rules = denied_by.map((id) => `\`${id}\``).join(", ");
  const decision = rules ? `${now} by ${rules}` : now;
  return recorded && recorded !== now ? `${recorded} → ${decision}` : decision;
}

// A file. Its text is read once it is open. The lines of its problems are marked.
function drawFile(path, problems, isOpen) {
  const bad = new Set();
  for (const problem of problems) {
    // A problem begins with its place: `path:line:column`.
    const start = `${path}:`;
    if (problem.startsWith(start)) bad.add(parseInt(problem.slice(start.length), 10));
  }
  const content = el("pre", { class: "code numbered", tabindex: "0" });
  const read = async () => {
    const file = await getJson(`api/rules-file?${new URLSearchParams({ path })}`).catch(() => null);
    fillAll(content, drawLines(file?.text ?? `# This file cannot be read: ${file?.problem ?? "it is gone"}.`, bad));
  };
  const summary = el("summary", {}, el("code", {}, path), bad.size ? ` · ${counted(bad.size, "line")} with problems` : null);
  return details(path, isOpen, read, summary, content);
}

function drawLines(text, bad) {
  return text.split("\n").map((line, index) => {
    let kind = "line";
    if (bad.has(index + 1)) kind = "line bad";
    else if (line.startsWith("#")) kind = "line comment";
    return el("span", { class: kind }, line, "\n");
  });
}

const counted = (count, noun) => `${count} ${noun}${count === 1 ? "" : "s"}`;
