// The results of lookups that the page assumes: found with columns, not found, or failed in one of two ways.
import { asText, byId, drawField, el, fill, isObject, keepFocus, parse, withCode } from "./dom.js";

let form = null;
// The assumed results by the lookup's name: the choice, the values of the columns, and the failure of an opened request.
let results = {};
// The results of the latest decision by the lookup's name. They have the rows of tables, too.
let decidedResults = {};
// Called after each change of an assumed result.
let changed = () => {};

const CHOICES = {
  table: "As in the table",
  found: "Found",
  not_found: "Not found",
  failed: "Source failed",
  failed_otherwise: "Other failure",
};
// `on_failure` says what a failure of the source does. After any other failure, the rules deny.
const HINTS = {
  failed: "For example a time-out, no connection, or status 500. `on_failure` applies.",
  failed_otherwise: "For example a bad result, two rows, or no free connection. `on_failure` does not apply.",
};
const OTHER_FAILURE = { why: "this page assumes a failure that is not one of the source itself", is_of_source: false };

// Shows the lookups of a form. Keeps the assumed results of lookups that the former form had, too.
export function showLookups(nextForm, whenChanged) {
  form = nextForm;
  changed = whenChanged;
  const kept = {};
  for (const lookup of form?.lookups ?? []) {
    kept[lookup.name] = keptResult(lookup, results[lookup.name]);
  }
  results = kept;
  draw();
}

// The former result of a lookup, or else the first choice. An edit of the rules may have taken the table away.
function keptResult(lookup, before) {
  const firstChoice = { choice: lookup.is_table ? "table" : "not_found", columns: {} };
  if (!before || !choicesOf(lookup).includes(before.choice)) return firstChoice;
  return { ...before, columns: knownColumns(lookup, before.columns) };
}

// The results that a lookup can have. Only tables have rows here, and they have no other failure.
function choicesOf({ is_table }) {
  return Object.keys(CHOICES).filter((choice) => choice !== (is_table ? "failed_otherwise" : "table"));
}

// Leaves out the columns that the lookup does not have, since the service refuses them.
function knownColumns(lookup, columns) {
  return Object.fromEntries(Object.entries(columns).filter(([name]) => lookup.columns.includes(name)));
}

// Keeps the results that a decision had. Without a decision, they are undefined.
export function keepResults(resultsOfDecision) {
  decidedResults = resultsOfDecision ?? {};
}

// Fills the columns of a result from the row of the table, unless the user has filled in some.
function copyRow(lookup, result) {
  const row = decidedResults[lookup.name];
  if (isObject(row) && !Object.keys(result.columns).length) result.columns = knownColumns(lookup, row);
}

// Assumes the results of a recorded request. They are JSON text, an object, or null. A live request has its failures.
export function assumeRecorded(json, failures = {}) {
  const recorded = typeof json === "string" ? parse(json) : (json ?? {});
  for (const lookup of form?.lookups ?? []) {
    results[lookup.name] = assumedResult(recorded[lookup.name], failures[lookup.name], lookup);
  }
  draw();
}

// A recorded result is "not_found", "failed", or an object of columns. A lookup without one is answered by its table,
// or else has failed.
function assumedResult(recorded, failure, lookup) {
  if (recorded === undefined) return { choice: lookup.is_table ? "table" : "failed", columns: {} };
  if (failure) return { choice: failure.is_of_source ? "failed" : "failed_otherwise", columns: {}, failure };
  if (typeof recorded === "string") return { choice: recorded, columns: {} };
  return { choice: "found", columns: knownColumns(lookup, recorded) };
}

// The assumed results, in the form of a `.lookups.json` file, which has one word for both failures. Leaves out lookups
// that a table answers: the service reads the table itself.
export function lookupsJson() {
  const recorded = {};
  for (const [name, { choice, columns }] of Object.entries(results)) {
    if (choice === "found") recorded[name] = columns;
    else if (choice === "failed_otherwise") recorded[name] = "failed";
    else if (choice !== "table") recorded[name] = choice;
  }
  return JSON.stringify(recorded);
}

// The failures that such a file cannot tell apart.
export function failuresJson() {
  const failures = {};
  for (const [name, { choice, failure }] of Object.entries(results)) {
    const isOfSource = choice === "failed";
    if (!isOfSource && choice !== "failed_otherwise") continue;
    if (failure?.is_of_source === isOfSource) failures[name] = failure;
    else if (!isOfSource) failures[name] = OTHER_FAILURE;
  }
  return JSON.stringify(failures);
}

function draw() {
  const lookups = form?.lookups ?? [];
  if (!lookups.length) return fill(byId("lookups"));
  keepFocus(() => fill(byId("lookups"), el("h3", {}, "Lookup results"), ...lookups.map(drawLookup)));
}

function drawLookup(lookup) {
  const result = results[lookup.name];
  const hint = lookup.is_table ? undefined : HINTS[result.choice];
  const hintId = `lookup-${lookup.name}-hint`;
  const radios = choicesOf(lookup).map((choice) => {
    const id = `lookup-${lookup.name}-${choice}`;
    const checked = result.choice === choice;
    const choose = () => {
      if (result.choice === "table" && choice === "found") copyRow(lookup, result);
      result.choice = choice;
      draw();
      byId(id).focus();
      changed();
    };
    const describedBy = checked && hint ? hintId : null;
    const attributes = { type: "radio", id, name: `lookup-${lookup.name}`, checked, "aria-describedby": describedBy };
    return el("label", {}, el("input", { ...attributes, on: { change: choose } }), el("span", {}, CHOICES[choice]));
  });
  const columns = result.choice === "found" ? lookup.columns.map((column) => drawColumn(lookup, column)) : [];
  return el(
    "fieldset",
    { class: "lookup" },
    el("legend", {}, el("code", {}, lookup.name)),
    el("div", { class: "choices" }, ...radios),
    hint ? el("p", { class: "hint", id: hintId }, ...withCode(hint)) : null,
    columns.length ? el("div", { class: "fields" }, ...columns) : null,
  );
}

function drawColumn(lookup, column) {
  const { columns } = results[lookup.name];
  const field = drawField(column, `column-${lookup.name}-${column}`, ({ target }) => {
    if (target.value === "") delete columns[column];
    else columns[column] = target.value;
    changed();
  });
  field.lastChild.value = asText(columns[column]);
  return field;
}
