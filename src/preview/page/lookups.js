// The results of lookups that the page assumes: found with columns, not found, or failed in one of two ways.
import { asText, byId, drawField, el, fill, isObject, keepFocus, parse, withCode } from "./dom.js";

// The name of the hook, and its form for the request type.
let hook = null;
let form = null;
// The number, the text and the failures of the live request that was opened last. Null after a fixture.
let opened = null;
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

// Shows the lookups of a form. Keeps the assumed results of lookups that the former form had, too, but keeps the reason
// of a failure only for the same hook and request type.
export function showLookups(nextHook, nextForm, whenChanged) {
  const isSameForm = nextHook === hook && nextForm?.flow === form?.flow;
  hook = nextHook;
  form = nextForm;
  changed = whenChanged;
  const kept = {};
  for (const lookup of form?.lookups ?? []) {
    kept[lookup.name] = keptResult(lookup, results[lookup.name]);
    if (!isSameForm) delete kept[lookup.name].failure;
  }
  results = kept;
  draw();
}

// The former result of a lookup, or else the first choice. An edit of the rules may have taken the table away.
function keptResult(lookup, before) {
  if (!before || !choicesOf(lookup).includes(before.choice)) return firstResult(lookup);
  return { ...before, columns: knownColumns(lookup, before.columns) };
}

// The result that a lookup has on a fresh form.
function firstResult({ is_table }) {
  return { choice: is_table ? "table" : "not_found", columns: {} };
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

// Assumes the results of a recorded request. They are JSON text, an object, or null. `live` is given for a live request
// only.
export function assumeRecorded(json, live = null) {
  opened = live;
  const recorded = typeof json === "string" ? parse(json) : (json ?? {});
  for (const lookup of form?.lookups ?? []) {
    const result = recorded[lookup.name];
    results[lookup.name] = result === undefined ? resultWithoutRecord(lookup) : recordedResult(lookup, result);
  }
  draw();
}

// A live request did not ask a lookup that has no result. A lookup that a fixture does not name is answered by its
// table, or else has failed.
function resultWithoutRecord(lookup) {
  return opened || lookup.is_table ? firstResult(lookup) : { choice: "failed", columns: {} };
}

// A recorded result is "not_found", "failed", or an object of columns. An edit of the rules may have made the lookup a
// table, which has no other failure.
function recordedResult(lookup, recorded) {
  if (isObject(recorded)) return { choice: "found", columns: knownColumns(lookup, recorded) };
  const failure = opened?.failures[lookup.name];
  const choice = failure?.is_of_source === false ? "failed_otherwise" : recorded;
  return choicesOf(lookup).includes(choice) ? { choice, columns: {}, failure } : firstResult(lookup);
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

// The failures that such a file cannot tell apart. An edited request has only the name of the opened one as a reason.
export function failuresJson(request) {
  const failures = {};
  for (const [name, { choice, failure }] of Object.entries(results)) {
    const isOfSource = choice === "failed";
    if (!isOfSource && choice !== "failed_otherwise") continue;
    if (failure?.is_of_source === isOfSource) {
      const why = request === opened.request ? failure.why : `as in request ${opened.number}`;
      failures[name] = { ...failure, why };
    } else if (!isOfSource) failures[name] = OTHER_FAILURE;
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
