// The results of lookups that the page assumes: found with columns, not found, failed.
import { asText, byId, el, fill, isObject, keepFocus, label, parse } from "./dom.js";

let form = null;
// The assumed results by the lookup's name: the choice, and the values of the columns.
let results = {};
// The results of the latest decision by the lookup's name. They have the rows of tables, too.
let decidedResults = {};
// Called after each change of an assumed result.
let changed = () => {};

const CHOICES = { table: "As in the table", found: "Found", not_found: "Not found", failed: "Failed" };

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
  if (!before) return firstChoice;
  if (before.choice === "table" && !lookup.is_table) return firstChoice;
  return { choice: before.choice, columns: knownColumns(lookup, before.columns) };
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

// Assumes the results of a recorded request. They are JSON text, an object, or null.
export function assumeRecorded(json) {
  const recorded = typeof json === "string" ? parse(json) : (json ?? {});
  for (const lookup of form?.lookups ?? []) {
    results[lookup.name] = assumedResult(recorded[lookup.name], lookup);
  }
  draw();
}

// A recorded result is "not_found", "failed", or an object of columns. A lookup without one is answered by its table,
// or else has failed.
function assumedResult(recorded, lookup) {
  if (recorded === undefined) return { choice: lookup.is_table ? "table" : "failed", columns: {} };
  if (typeof recorded === "string") return { choice: recorded, columns: {} };
  return { choice: "found", columns: knownColumns(lookup, recorded) };
}

// The assumed results, in the form of a `.lookups.json` file. Leaves out lookups that a table answers: the service
// reads the table itself.
export function lookupsJson() {
  const recorded = {};
  for (const [name, { choice, columns }] of Object.entries(results)) {
    if (choice === "found") recorded[name] = columns;
    else if (choice !== "table") recorded[name] = choice;
  }
  return JSON.stringify(recorded);
}

function draw() {
  const lookups = form?.lookups ?? [];
  if (!lookups.length) return fill(byId("lookups"));
  keepFocus(() => fill(byId("lookups"), el("h3", {}, "Lookup results"), ...lookups.map(drawLookup)));
}

function drawLookup(lookup) {
  const result = results[lookup.name];
  const choices = Object.keys(CHOICES).filter((choice) => choice !== "table" || lookup.is_table);
  const radios = choices.map((choice) => {
    const id = `lookup-${lookup.name}-${choice}`;
    const checked = result.choice === choice;
    const choose = () => {
      if (result.choice === "table" && choice === "found") copyRow(lookup, result);
      result.choice = choice;
      draw();
      byId(id).focus();
      changed();
    };
    const radio = el("input", { type: "radio", id, name: `lookup-${lookup.name}`, checked, on: { change: choose } });
    return el("label", {}, radio, el("span", {}, CHOICES[choice]));
  });
  const columns = result.choice === "found" ? lookup.columns.map((column) => drawColumn(lookup, column)) : [];
  return el(
    "fieldset",
    { class: "lookup" },
    el("legend", {}, el("code", {}, lookup.name)),
    el("div", { class: "choices" }, ...radios),
    columns.length ? el("div", { class: "fields" }, ...columns) : null,
  );
}

function drawColumn(lookup, column) {
  const { columns } = results[lookup.name];
  const id = `column-${lookup.name}-${column}`;
  const input = el("input", { id, autocomplete: "off", spellcheck: "false" });
  input.value = asText(columns[column]);
  input.addEventListener("input", () => {
    if (input.value === "") delete columns[column];
    else columns[column] = input.value;
    changed();
  });
  return el("div", { class: "field" }, el("label", { for: id }, label(column), el("code", {}, column)), input);
}
