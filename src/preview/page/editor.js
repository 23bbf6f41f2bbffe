// The JSON editor: a text area over the same text in colours, with line numbers.
import { byId, el, fillAll } from "./dom.js";

const TOKEN = /("(?:\\.|[^"\\])*"?)(\s*:)?|\b(?:true|false|null)\b|-?\d[\d.eE+-]*/g;
// A longer text has no colours, so that typing stays fast.
const MOST_COLOURED_LINES = 2000;
let problemLine = null;

export function setUpEditor(changed) {
  const text = byId("json");
  text.addEventListener("input", () => {
    draw();
    changed();
  });
  text.addEventListener("scroll", follow);
}

export function setText(json) {
  byId("json").value = json;
  draw();
}

// Marks the line of a problem, or none.
export function markLine(line) {
  problemLine = line;
  draw();
}

// Draws the colours and the line numbers.
function draw() {
  const lines = byId("json").value.split("\n");
  const isColoured = lines.length <= MOST_COLOURED_LINES;
  const numbers = [];
  const rows = [];
  for (const [index, line] of lines.entries()) {
    const number = index + 1;
    const isBad = number === problemLine;
    numbers.push(el("span", { class: isBad ? "bad" : null }, String(number)));
    const parts = isColoured ? coloured(line) : [line];
    const row = el("span", { class: isBad ? "line bad" : "line" });
    fillAll(row, [...parts, "\n"]);
    rows.push(row);
  }
  fillAll(byId("gutter"), numbers);
  fillAll(byId("colours"), rows);
  follow();
}

// Splits a line into its tokens, each in the colour of its kind.
function coloured(line) {
  const parts = [];
  let end = 0;
  for (const match of line.matchAll(TOKEN)) {
    parts.push(line.slice(end, match.index));
    const [whole, string, colon] = match;
    parts.push(el("span", { class: kindOf(string, colon) }, string ?? whole), colon ?? "");
    end = match.index + whole.length;
  }
  return [...parts, line.slice(end)];
}

function kindOf(string, colon) {
  if (colon) return "key";
  return string ? "string" : "literal";
}

// Scrolls the colours and the numbers with the text.
function follow() {
  const { scrollTop, scrollLeft } = byId("json");
  byId("gutter").scrollTop = scrollTop;
  byId("colours").scrollTop = scrollTop;
  byId("colours").scrollLeft = scrollLeft;
}
