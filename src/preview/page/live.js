// The requests that arrive at the hooks, as they come.
import { byId, drawRow, el, fill, getJson, toast, withCode } from "./dom.js";
import { countOthers } from "./result.js";

const WORDS = { allow: "Allowed", update: "Updated", deny: "Denied" };
// The number of the newest request that has been drawn. 0 if there was none, null before the first list.
let newest = null;

// Follows the feed for as long as the page is open. Calls `refreshRules` after each change of the rules.
export async function setUpLive(open, refreshRules) {
  let version = 0;
  let rulesVersion = 0;
  for (;;) {
    try {
      const list = await getJson(`api/feed?after=${version}`);
      if (list.version !== version) {
        draw(list.requests, open);
        if (list.rules_version !== rulesVersion) await refreshRules();
        rulesVersion = list.rules_version;
        version = list.version;
      }
      setConnected(true);
    } catch {
      setConnected(false);
      await new Promise((resume) => setTimeout(resume, 1000));
    }
  }
}

function setConnected(connected) {
  const chip = byId("live-chip");
  chip.dataset.state = connected ? "good" : "bad";
  chip.textContent = connected ? "Live" : "Not connected";
}

// Inserts the new requests and removes those that are no longer kept. The others stay in place.
function draw(requests, open) {
  const list = byId("requests");
  if (!requests.length) {
    newest = 0;
    return fill(list, el("li", { class: "empty" }, "None yet. Send one with the command of “Send it yourself”, or register in your org."));
  }
  const numbers = new Set(requests.map(({ number }) => String(number)));
  for (const row of [...list.children]) {
    if (!numbers.has(row.dataset.number)) row.remove();
  }
  const added = requests.filter(({ number }) => number > (newest ?? 0));
  list.prepend(...added.map((request) => drawRequest(request, open)));
  if (newest !== null && added.length) announce(added);
  newest = requests[0].number;
}

// Makes a screen reader say one sentence, however many requests have arrived.
function announce([latest, ...earlier]) {
  const { title, hook } = titleOf(latest.row);
  const at = hook ? `, ${hook}` : "";
  const more = earlier.length ? `, and ${earlier.length} more` : "";
  byId("live-news").textContent = `Request ${latest.number}: ${title}${at}${more}.`;
}

// The title of a row, and the hook. The hook is null if the bytes were not an HTTP request, but TLS for example.
function titleOf({ explained, status, hook, refusal }) {
  const title = explained ? WORDS[explained.decision] : `Refused, ${status}`;
  const isUnknownPath = refusal?.reason === "not_found";
  return { title, hook: isUnknownPath ? "no such hook" : hook };
}

function drawRequest({ number, opens, row }, open) {
  const state = row.explained ? row.explained.decision : "refused";
  const { title, hook } = titleOf(row);
  const openIt = async () => {
    const content = await getJson(`api/request?number=${number}`).catch(() => null);
    if (!content) return toast("This request is no longer kept.");
    open({ ...content, number, from: `Request ${number}, which arrived at ${clock(row.time)}. Editing it here changes nothing there.` });
  };
  const time = el("time", { datetime: row.time }, clock(row.time));
  const drawn = drawRow(state, title, hook, el("p", {}, time, " · ", ...withCode(summary(row))));
  drawn.dataset.number = number;
  // The rows of the first list are not marked as new.
  drawn.classList.toggle("new", newest !== null);
  if (opens) drawn.append(el("button", { class: "quiet", "aria-label": `Open request ${number}`, on: { click: openIt } }, "Open"));
  return drawn;
}

// One line about a request: its refusal, or its rules and lookups; then its duration.
function summary(row) {
  const parts = [];
  if (row.refusal) parts.push(`\`${row.refusal.reason}\``, row.refusal.cause);
  if (row.explained) parts.push(...describeRules(row.explained.rules), ...describeLookups(row));
  parts.push(row.duration);
  return parts.join(" · ");
}

// Names each failing rule, and counts the others.
function describeRules(rules) {
  const failing = rules.filter(({ outcome }) => outcome === "fail");
  const parts = failing.map(({ id, mode }) => `\`${id}\` fails` + (mode === "shadow" ? " (shadow)" : ""));
  if (rules.length > failing.length) parts.push(countOthers(rules));
  return parts;
}

function describeLookups(row) {
  const asked = row.explained.lookups.filter(({ outcome }) => outcome !== "not_asked");
  return asked.map(({ name, outcome }) => `lookup \`${name}\`: ${outcomeInWords(row, name, outcome)}${timeOfLookup(row, name)}`);
}

function outcomeInWords(row, lookup, outcome) {
  if (outcome === "failed") return row.failures[lookup]?.is_of_source ? "source failed" : "failed otherwise";
  return outcome.replace("_", " ");
}

function timeOfLookup(row, lookup) {
  const time = row.lookup_times.find(({ name }) => name === lookup);
  if (!time) return "";
  return time.cached ? ", from the cache" : `, ${time.duration}`;
}

const clock = (time) => new Date(time).toLocaleTimeString([], { hour12: false });
