// The rules: their files and revision, their problems on disk, and the fixtures whose decision changes.
import { byId, drawRow, el, fill, fillAll, getJson, toast, withCode } from "./dom.js";

// The rules as they were last shown, as JSON.
let shown = "";
// The problems that were last shown.
let problemsOnDisk = [];
// The parts of the page that are open, each with the function that reads its content.
const openParts = new Map();
// The part of each file, by its path. It keeps its text while the rules change.
const fileParts = new Map();

// Returns a function that shows the rules if they have changed. If the service has loaded new ones, that function
// first calls `rulesChanged`. The texts of files and the list of unchanged fixtures are not among the rules: the page
// asks for these once somebody opens them.
export function setUpRules(open, rulesChanged) {
  let revision = null;
  readWhileOpen(byId("unchanged-fixtures"), () => readUnchanged(open));
  return async () => {
    const rules = await getJson("api/rules");
    if (!rules) return;
    const text = JSON.stringify(rules);
    if (text !== shown) {
      // Waits for the new decision, so that it and the rules change together on the page.
      if (revision !== null && revision !== rules.revision) await rulesChanged();
      revision = rules.revision;
      shown = text;
      draw(rules, open);
    }
    for (const read of openParts.values()) read();
  };
}

// Reads the content of a part when it is opened. While it is open, each change of the rules reads it again, and the old
// content stays until the new one is there.
function readWhileOpen(part, read) {
  part.addEventListener("toggle", () => {
    if (!part.open) return openParts.delete(part);
    openParts.set(part, read);
    read();
  });
}

function draw(rules, open) {
  const count = rules.problem_count;
  const chip = byId("rules-chip");
  chip.dataset.state = count ? "bad" : "good";
  chip.textContent = count ? counted(count, "problem") : `Rules ${rules.revision}`;
  fill(
    byId("rules-hint"),
    ...withCode(`The service decides with ${rules.source}, revision \`${rules.revision}\``),
    rules.reloads
      ? ". Edit a file and save it: this page follows."
      : ". After an edit, send SIGHUP to the service: rules.reload is off.",
  );
  drawProblems(rules);
  drawFixtures(rules, open);
  drawFiles(rules);
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

function drawFixtures(rules, open) {
  const { changed_fixtures: changed, changed_fixture_count: changedCount, unchanged_fixture_count: unchanged } = rules;
  const count = changedCount + unchanged;
  byId("rules-fixtures").hidden = !count;
  byId("unchanged-title").textContent = `Open a recorded request (${unchanged})`;
  const rows = (fixtures) => fixtures.map((fixture) => drawFixture(fixture, open));
  fill(
    byId("changed-fixtures"),
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
  );
}

async function readUnchanged(open) {
  const fixtures = await getJson("api/fixtures").catch(() => null);
  if (fixtures) fillAll(byId("unchanged-list"), fixtures.map((fixture) => drawFixture(fixture, open)));
}

function drawFixture(fixture, open) {
  const { hook, case: name, now } = fixture;
  const openIt = async () => {
    const query = new URLSearchParams({ hook, case: name });
    const content = await getJson(`api/fixture?${query}`).catch(() => null);
    if (!content) return toast("This fixture can no longer be read.");
    open({ hook, ...content, from: `The fixture ${hook}/${name}. Editing it here does not change the file.` });
  };
  const row = drawRow(fixture.problem ? "refused" : now, name, hook, el("p", {}, ...withCode(describeFixture(fixture))));
  if (hook) row.append(el("button", { class: "quiet", "aria-label": `Open the fixture ${name}`, on: { click: openIt } }, "Open"));
  return row;
}

// The decision of the live rules, and the recorded one if it differs.
function describeFixture({ recorded, now, problem, denied_by }) {
  if (problem) return problem;
  const rules = denied_by.map((id) => `\`${id}\``).join(", ");
  const decision = rules ? `${now} by ${rules}` : now;
  return recorded && recorded !== now ? `${recorded} → ${decision}` : decision;
}

// Shows the files. The parts of files that are listed already stay where they are, so that nothing scrolls.
function drawFiles({ files, problems }) {
  problemsOnDisk = problems;
  byId("files-title").hidden = !files.length;
  for (const [path, part] of fileParts) {
    if (!files.includes(path)) removeFile(path, part);
  }
  const box = byId("rules-files");
  for (const [index, path] of files.entries()) {
    const part = fileParts.get(path) ?? makeFile(path);
    const bad = linesWithProblems(path);
    fill(part.firstChild, el("code", {}, path), bad.size ? ` · ${counted(bad.size, "line")} with problems` : null);
    const inPlace = box.children[index] ?? null;
    if (part !== inPlace) box.insertBefore(part, inPlace);
  }
}

function removeFile(path, part) {
  part.remove();
  openParts.delete(part);
  fileParts.delete(path);
}

function linesWithProblems(path) {
  const bad = new Set();
  for (const problem of problemsOnDisk) {
    // A problem begins with its place: `path:line:column`.
    const start = `${path}:`;
    if (problem.startsWith(start)) bad.add(parseInt(problem.slice(start.length), 10));
  }
  return bad;
}

// Makes the part of a file. Its text is read once it is open. The lines of its problems are marked.
function makeFile(path) {
  const content = el("pre", { class: "code numbered", tabindex: "0" });
  const part = el("details", { "data-path": path }, el("summary"), content);
  readWhileOpen(part, async () => {
    const bad = linesWithProblems(path);
    const file = await getJson(`api/rules-file?${new URLSearchParams({ path })}`).catch(() => null);
    fillAll(content, drawLines(file?.text ?? `# This file cannot be read: ${file?.problem ?? "it is gone"}.`, bad));
  });
  fileParts.set(path, part);
  return part;
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
