// Small helpers. Text goes into the page as text nodes only, so that no value becomes markup.

export const byId = (id) => document.getElementById(id);

// Makes an element: el("p", { class: "hint", on: { click: listener } }, "text", child).
export function el(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key === "on") {
      for (const [event, listener] of Object.entries(value)) made.addEventListener(event, listener);
    } else if (value === true) {
      made.setAttribute(key, "");
    } else if (value !== false && value !== null && value !== undefined) {
      made.setAttribute(key, value);
    }
  }
  made.append(...present(children));
  return made;
}

// Replaces the children of an element.
export function fill(parent, ...children) {
  parent.replaceChildren(...present(children));
}

// A child that is null or undefined is left out.
const present = (children) => children.filter((child) => child !== null && child !== undefined);

// Replaces the children of an element by any number of others. `fill` is for a few: browsers limit the number of
// arguments of a call.
export function fillAll(parent, children) {
  const all = document.createDocumentFragment();
  for (const child of children) all.append(child);
  parent.replaceChildren(all);
}

// Draws a part of the page again. The element with the focus keeps it, and its selection, if it has an id.
export function keepFocus(draw) {
  const { id, selectionStart, selectionEnd } = document.activeElement;
  draw();
  const again = id ? byId(id) : null;
  if (!again || again === document.activeElement) return;
  again.focus();
  if (typeof selectionStart === "number") again.setSelectionRange(selectionStart, selectionEnd);
}

// A problem as a sentence: with a capital letter and a full stop.
export const toSentence = (problem) =>
  problem.charAt(0).toUpperCase() + problem.slice(1) + (/[.?!]$/.test(problem) ? "" : ".");

// Splits a sentence at its backticks, and shows the words between them as code.
export function withCode(text) {
  const parts = text.split("`");
  // Every second part stands between backticks.
  return parts.map((part, index) => (index % 2 === 1 ? el("code", {}, part) : part));
}

// Shows a text whose code stands between backticks, unless it is there already: a screen reader would repeat it.
export function updateText(id, text) {
  const box = byId(id);
  if (box.textContent !== text.replaceAll("`", "")) fill(box, el("span", {}, ...withCode(text)));
}

// A row of a list: a mark of its state, a title, a name or null, and more.
export function drawRow(state, title, name, ...more) {
  const what = [el("strong", {}, title), " ", name ? el("code", {}, name) : null, ...more];
  const mark = el("span", { class: "mark", "aria-hidden": "true" });
  return el("li", { class: "row", "data-state": state }, mark, el("div", { class: "what" }, ...what));
}

// A row of a form: an input with the label of its attribute.
export function drawField(name, id, changed) {
  const input = el("input", { id, autocomplete: "off", spellcheck: "false", "data-name": name, on: { input: changed } });
  return el("div", { class: "field" }, el("label", { for: id }, label(name), el("code", {}, name)), input);
}

export async function getJson(path) {
  const response = await fetch(path);
  if (!response.ok) throw new Error(`${path}: ${response.status}`);
  return parse(await response.text());
}

// Parses JSON. Numbers keep the digits that they were written with, where the browser can do that.
export const parse = (text) => JSON.parse(text, keepDigits);

function keepDigits(key, value, context) {
  if (typeof value !== "number" || !context?.source || !JSON.rawJSON) return value;
  return String(value) === context.source ? value : JSON.rawJSON(context.source);
}

// Whether a parsed value is a JSON object. A number that keeps its digits is an object of JavaScript's, too.
export const isObject = (value) =>
  typeof value === "object" && value !== null && !Array.isArray(value) && !JSON.isRawJSON?.(value);

// The text of a value in a field: texts as they are, other values as JSON.
export function asText(value) {
  if (value === undefined || value === null) return "";
  return typeof value === "string" ? value : JSON.stringify(value);
}

export const toJson = (value) => JSON.stringify(value, null, 2);

let hideToast;
export function toast(text) {
  const box = byId("toast");
  box.textContent = text;
  clearTimeout(hideToast);
  hideToast = setTimeout(() => (box.textContent = ""), 2500);
}

// Makes buttons a list of tabs: a click or an arrow key selects one, and `choose` is called with it. Returns the
// function that selects a button.
export function tabs(buttons, choose) {
  const select = (chosen) => {
    for (const button of buttons) {
      button.setAttribute("aria-selected", button === chosen);
      button.tabIndex = button === chosen ? 0 : -1;
    }
    choose(chosen);
  };
  buttons.forEach((button, index) => {
    button.addEventListener("click", () => select(button));
    button.addEventListener("keydown", (event) => {
      const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
      if (!step) return;
      // After the last tab comes the first.
      const next = buttons[(index + step + buttons.length) % buttons.length];
      select(next);
      next.focus();
    });
  });
  return select;
}

const LABELS = { login: "Username", secondEmail: "Secondary email", zipCode: "ZIP Code" };

// The label of an attribute: the widget's own label if it has one, else the name in words.
export function label(attribute) {
  if (LABELS[attribute]) return LABELS[attribute];
  const words = attribute.replaceAll("_", " ").replace(/([a-z0-9])([A-Z])/g, "$1 $2").toLowerCase();
  return words.charAt(0).toUpperCase() + words.slice(1);
}
