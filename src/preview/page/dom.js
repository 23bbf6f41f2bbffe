// Small helpers. Text goes into the page as text nodes only, so that no value becomes markup.

export const byId = (id) => document.getElementById(id);

// Makes an element: el("p", { class: "hint" }, "text", child).
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
  made.append(...children.filter((child) => child !== null && child !== undefined));
  return made;
}

// Replaces the children of an element.
export function fill(parent, ...children) {
  parent.replaceChildren(...children.filter((child) => child !== null && child !== undefined));
}

// Splits a sentence at its backticks, and shows the words between them as code.
export function withCode(text) {
  return text.split("`").map((part, index) => (index % 2 ? el("code", {}, part) : part));
}

export async function getJson(path) {
  const response = await fetch(path);
  if (!response.ok) throw new Error(`${path}: ${response.status}`);
  return parse(await response.text());
}

// Numbers keep the digits that they were written with, where the browser can do that.
export function parse(text) {
  return JSON.parse(text, (key, value, context) =>
    typeof value === "number" && context?.source && JSON.rawJSON && String(value) !== context.source
      ? JSON.rawJSON(context.source)
      : value,
  );
}

export const toJson = (value) => JSON.stringify(value, null, 2);

let hideToast;
export function toast(text) {
  const box = byId("toast");
  box.textContent = text;
  clearTimeout(hideToast);
  hideToast = setTimeout(() => (box.textContent = ""), 2500);
}

// Makes buttons a list of tabs: a click or an arrow key chooses one.
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
      const next = buttons[(index + step + buttons.length) % buttons.length];
      select(next);
      next.focus();
    });
  });
  return select;
}

const LABELS = { login: "Username", secondEmail: "Secondary email", zipCode: "ZIP Code" };

// The label of an attribute: that of the widget for base attributes, else the name in words.
export function label(attribute) {
  if (LABELS[attribute]) return LABELS[attribute];
  const words = attribute.replaceAll("_", " ").replace(/([a-z0-9])([A-Z])/g, "$1 $2").toLowerCase();
  return words.charAt(0).toUpperCase() + words.slice(1);
}
