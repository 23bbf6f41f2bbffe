// The result: the decision, the rules, the answer, and what Okta will do.
import { byId, drawRow, el, fill, parse, toast, toJson, toSentence, updateText, withCode } from "./dom.js";
import { showSave, suggestCase } from "./save.js";
import { showScreens } from "./screen.js";

const VERDICTS = { allow: "Allowed", update: "Allowed, with updates", deny: "Denied" };
const OUTCOMES = { pass: "Passes", fail: "Fails", skip: "Skipped" };
const LOOKUPS = { found: "Found", not_found: "Not found", failed: "Failed", not_asked: "Not asked" };

export function setUpResult() {
  for (const button of document.querySelectorAll("[data-copy]")) {
    button.addEventListener("click", async () => {
      const source = byId(button.dataset.copy);
      try {
        await navigator.clipboard.writeText(source.dataset.exact ?? source.textContent);
        toast("Copied");
      } catch {
        toast("The browser does not allow this page to copy.");
      }
    });
  }
}

// Shows the decision of the service, or that there is none.
export function showResult(decided, request) {
  const { explained, problem } = decided;
  const noDecision = decided.is_bad_request ? "Not a request" : "No decision";
  const title = problem ? noDecision : VERDICTS[explained.decision];
  const box = byId("verdict-box");
  box.dataset.state = problem ? "problem" : explained.decision;
  byId("verdict-chip").dataset.state = box.dataset.state;
  byId("verdict-chip").textContent = title;
  updateText("verdict", title);
  byId("decision").classList.toggle("undecided", Boolean(problem));
  document.querySelector(".details").classList.toggle("undecided", Boolean(problem));
  showSave(decided);
  if (problem) {
    const refused = "The service would refuse it with status 400, and Okta would deny.";
    updateText("verdict-why", decided.is_bad_request ? refused : toSentence(problem));
    return;
  }
  updateText("verdict-why", reasonOf(explained, decided.response));
  showScreens(decided, request);
  showOutcomes(explained);
  byId("okta").textContent = `Okta ${explained.okta}.`;
  fill(byId("findings"), ...(decided.findings ?? []).map(drawFinding));
  const answer = byId("answer");
  answer.textContent = toJson(parse(decided.response));
  answer.dataset.exact = decided.response;
  byId("curl").textContent = decided.curl;
  suggestCase(caseName(explained));
}

const denyingRules = (explained) =>
  explained.rules.filter(({ outcome, mode }) => outcome === "fail" && mode === "enforce");

// Why the request is decided so, in a sentence or two.
function reasonOf(explained, response) {
  if (explained.note) return explained.note;
  const ids = denyingRules(explained).map(({ id }) => `\`${id}\``);
  if (explained.decision === "deny") return `By the rule${ids.length > 1 ? "s" : ""} ${ids.join(" and ")}.`;
  const rules = `${countOthers(explained.rules)}.`;
  if (explained.decision === "allow") return `${rules} The form is taken as submitted.`;
  const names = writtenAttributes(response).map((name) => `\`${name}\``);
  return `${rules} The answer writes ${names.join(", ")}.`;
}

// Counts the rules that do not fail: "2 rules pass", "1 rule passes, 1 rule is skipped".
export function countOthers(rules) {
  const counts = [];
  for (const [kind, one, several] of [["pass", "passes", "pass"], ["skip", "is skipped", "are skipped"]]) {
    const count = rules.filter(({ outcome }) => outcome === kind).length;
    if (count) counts.push(count === 1 ? `1 rule ${one}` : `${count} rules ${several}`);
  }
  return counts.join(", ") || "0 rules pass";
}

// The attributes that the answer's update writes. A command with `registration` is not an update.
function writtenAttributes(response) {
  for (const { value } of JSON.parse(response).commands ?? []) {
    if (value && !("registration" in value)) return Object.keys(value);
  }
  return [];
}

function showOutcomes({ rules, lookups, sets }) {
  const rows = [];
  for (const { id, mode, outcome, why } of rules) {
    const isShadow = mode === "shadow";
    const state = isShadow && outcome === "fail" ? "shadow" : outcome;
    rows.push(drawOutcome(state, OUTCOMES[outcome], id, isShadow ? "shadow: does not decide" : null, why));
  }
  for (const { name, outcome, why } of lookups) {
    const state = { found: "pass", failed: "fail" }[outcome] ?? "skip";
    rows.push(drawOutcome(state, LOOKUPS[outcome], name, "lookup", why));
  }
  for (const { attribute, alternative, why_not } of sets) {
    const state = why_not ? "skip" : "pass";
    rows.push(drawOutcome(state, why_not ? "Not set" : "Set", attribute + alternative, "attribute", why_not));
  }
  fill(byId("outcomes"), ...rows);
}

function drawOutcome(state, word, name, tag, why) {
  return drawRow(state, word, name, tag ? el("span", { class: "tag" }, tag) : null, why ? el("p", {}, ...withCode(why)) : null);
}

function drawFinding({ id, place, problem, effect, fix }) {
  return drawOutcome("finding", "Finding", id, place, `${problem}: ${effect}. Fix: ${fix}.`);
}

// A name for the recorded request: `okta-email-denied`.
function caseName(explained) {
  const rule = denyingRules(explained)[0];
  const words = { allow: "allowed", update: "updated", deny: "denied" };
  const name = (rule ? `${rule.id}-` : "") + words[explained.decision];
  return name.replace(/[^A-Za-z0-9_-]/g, "-");
}
