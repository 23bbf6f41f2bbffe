// The results of lookups that the page assumes: found with columns, not found, failed.
import { byId, el, fill, label, parse } from "./dom.js";

let form = null;
// By the lookup's name: the choice, and the values of the columns.
let results = {};
let changed = () => {};

const CHOICES = { table: "As in the table", found: "Found", not_found: "Not found", failed: "Failed" };

// Shows the lookups of a form. Keeps the results of those that stay.
export function describeLookups(nextForm, decide) {
  form = nextForm;
  changed = decide;
  const kept = {};
  for (const lookup of form?.lookups ?? []) {
    kept[lookup.name] = results[lookup.name] ?? { choice: lookup.is_table ? "table" : "not_found", columns: {} };
  }
  results = kept;
  draw();
}

// Takes the results of a recorded request.
export function recordedLookups(json) {
  const recorded = typeof json === "string" ? parse(json) : (json ?? {});
  for (const { name, is_table } of form?.lookups ?? []) {
    const result = recorded[name];
    if (result === undefined) results[name] = { choice: is_table ? "table" : "failed", columns: {} };
    else if (typeof result === "string") results[name] = { choice: result, columns: {} };
    else results[name] = { choice: "found", columns: result };
  }
  draw();
}

// The results as a recorded file has them. A table answers itself.
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
  fill(byId("lookups"), el("h3", {}, "Lookup results"), ...lookups.map(drawLookup));
}

function drawLookup(lookup) {
  const result = results[lookup.name];
  const choices = Object.keys(CHOICES).filter((choice) => choice !== "table" || lookup.is_table);
  const radios = choices.map((choice) => {
    const id = `lookup-${lookup.name}-${choice}`;
    const checked = result.choice === choice;
    const choose = () => {
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
  const value = columns[column];
  input.value = value === undefined || value === null ? "" : typeof value === "string" ? value : JSON.stringify(value);
  input.addEventListener("input", () => {
    if (input.value === "") delete columns[column];
    else columns[column] = input.value;
    changed();
  });
  return el("div", { class: "field" }, el("label", { for: id }, label(column), el("code", {}, column)), input);
}
