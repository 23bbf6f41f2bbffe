// The rules: their files and revision, their problems on disk, and the fixtures whose decision changes.
import { byId, el, fill, fillAll, getJson, toast, withCode } from "./dom.js";

// The rules as they were last shown, as JSON.
let shown = "";

// Returns a function that shows the rules if they have changed. If the service has loaded new ones, that function
// first calls `rulesChanged`.
export function setUpRules(open, rulesChanged) {
  let revision = null;
  return async () => {
    const rules = await getJson("api/rules");
    if (!rules) return;
    const text = JSON.stringify(rules);
    if (text === shown) return;
    // Waits for the new decision, so that it and the rules change together on the page.
    if (revision !== null && revision !== rules.revision) await rulesChanged();
    revision = rules.revision;
    shown = text;
    draw(rules, open);
  };
}

function draw(rules, open) {
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
  drawFixtures(rules.fixtures, open);
  const files = rules.files.map((file) => drawFile(file, rules.problems));
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

function drawFixtures(fixtures, open) {
  if (!fixtures.length) return fill(byId("rules-fixtures"));
  const changed = fixtures.filter(({ recorded, now, problem }) => problem || (recorded && recorded !== now));
  const others = fixtures.filter((fixture) => !changed.includes(fixture));
  fill(
    byId("rules-fixtures"),
    el("h3", {}, "Fixtures"),
    el(
      "p",
      { class: "hint", id: "fixtures-summary" },
      changed.length
        ? `${changed.length} of ${counted(fixtures.length, "recorded request")}, with a problem or no longer decided as recorded:`
        : `${counted(fixtures.length, "recorded request")}, decided as recorded.`,
    ),
    changed.length ? el("ul", { class: "requests" }, ...changed.map((fixture) => drawFixture(fixture, open))) : null,
    el(
      "details",
      {},
      el("summary", {}, `Open a recorded request (${others.length})`),
      el("ul", { class: "requests" }, ...others.map((fixture) => drawFixture(fixture, open))),
    ),
  );
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

// The text of a file, with the lines of its problems marked.
function drawFile({ path, text }, problems) {
  const bad = new Set();
  for (const problem of problems) {
    // A problem begins with its place: `path:line:column`.
    const start = `${path}:`;
    if (problem.startsWith(start)) bad.add(parseInt(problem.slice(start.length), 10));
  }
  const lines = text.split("\n").map((line, index) => {
    let kind = "line";
    if (bad.has(index + 1)) kind = "line bad";
    else if (line.startsWith("#")) kind = "line comment";
    return el("span", { class: kind }, line, "\n");
  });
  const content = el("pre", { class: "code numbered", tabindex: "0" });
  fillAll(content, lines);
  return el(
    "details",
    { "data-path": path },
    el("summary", {}, el("code", {}, path), bad.size ? ` · ${counted(bad.size, "line")} with problems` : null),
    content,
  );
}

const counted = (count, noun) => `${count} ${noun}${count === 1 ? "" : "s"}`;
