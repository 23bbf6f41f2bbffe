// The requests that arrive at the hooks, as they come.
import { byId, el, fill, getJson, withCode } from "./dom.js";

const WORDS = { allow: "Allowed", update: "Updated", deny: "Denied" };
// The newest request that has been drawn.
let newest = 0;

// Follows the feed for as long as the page is open. Calls `refreshRules` after each change.
export async function setUpLive(open, refreshRules) {
  let version = 0;
  for (;;) {
    try {
      const list = await getJson(`api/feed?after=${version}`);
      if (list.version !== version) {
        version = list.version;
        draw(list.requests, open);
        await refreshRules();
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
  chip.textContent = connected ? "Live" : "Not running";
}

function draw(requests, open) {
  const focused = document.activeElement?.dataset?.number;
  fill(byId("requests"), ...requests.map((request) => drawRequest(request, open)));
  if (!requests.length) {
    fill(byId("requests"), el("li", { class: "empty" }, "None yet. Send one with the curl line above, or register in your org."));
  }
  newest = requests[0]?.number ?? 0;
  if (focused) document.querySelector(`[data-number="${focused}"]`)?.focus();
}

function drawRequest({ number, opens, row }, open) {
  const explained = row.explained;
  const state = explained ? explained.decision : "refused";
  const title = explained ? WORDS[explained.decision] : `Refused, ${row.status}`;
  // The first list is not new.
  const isNew = newest > 0 && number > newest;
  const openIt = async () => {
    const content = await getJson(`api/request?number=${number}`);
    open({ ...content, from: `Request ${number}, which arrived at ${clock(row.time)}. Editing it here changes nothing there.` });
  };
  return el(
    "li",
    { class: isNew ? "row new" : "row", "data-state": state },
    el("span", { class: "mark", "aria-hidden": "true" }),
    el(
      "div",
      { class: "what" },
      el("strong", {}, title),
      " ",
      el("code", {}, row.hook ?? "no such hook"),
      el("p", {}, el("time", { datetime: row.time }, clock(row.time)), " · ", ...withCode(summary(row))),
    ),
    opens ? el("button", { class: "quiet", "data-number": number, "aria-label": `Open request ${number}`, on: { click: openIt } }, "Open") : null,
  );
}

// The refusal, or the rules and lookups, and the time of a request in one line.
function summary(row) {
  const parts = [];
  if (row.refusal) parts.push(`\`${row.refusal.reason}\``, row.refusal.cause);
  const rules = row.explained?.rules ?? [];
  const failing = rules.filter(({ outcome }) => outcome === "fail");
  for (const { id, mode } of failing) parts.push(`\`${id}\` fails${mode === "shadow" ? " (shadow)" : ""}`);
  if (row.explained && !failing.length) parts.push(rules.length === 1 ? "the rule passes" : `no rule of ${rules.length} fails`);
  for (const lookup of row.explained?.lookups ?? []) {
    if (lookup.outcome === "not_asked") continue;
    const time = timeOfLookup(row, lookup.name);
    parts.push(`lookup \`${lookup.name}\` ${lookup.outcome.replace("_", " ")}${time}`);
  }
  parts.push(duration(row.duration_us));
  return parts.join(" · ");
}

function timeOfLookup(row, lookup) {
  const time = row.lookup_times.find(({ name }) => name === lookup);
  if (!time) return "";
  return time.cached ? ", kept" : `, ${duration(time.duration_us)}`;
}

// With a no-break space before the unit.
const duration = (us) => (us < 1000 ? `${us}\u00a0µs` : `${(us / 1000).toFixed(1)}\u00a0ms`);
const clock = (time) => new Date(time).toLocaleTimeString([], { hour12: false });
