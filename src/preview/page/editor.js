// The JSON editor: a text area over the same text in colours, with line numbers. It draws the visible lines only.
import { byId, el, fill, fillAll } from "./dom.js";

// A string, with the colon if it is a key; a word; or a number.
const TOKEN = /("(?:\\.|[^"\\])*"?)(\s*:)?|\b(?:true|false|null)\b|-?\d[\d.eE+-]*/g;
// A longer line has no colours, so that typing stays fast.
const MOST_COLOURED_LETTERS = 5000;
// The height of a line in pixels, as in style.css.
const LINE_HEIGHT = 20;
let lines = [""];
// The number of the line that has a problem. Null if none has.
let problemLine = null;

export function setUpEditor(changed) {
  const text = byId("json");
  text.addEventListener("input", () => {
    readLines();
    changed();
  });
  text.addEventListener("scroll", draw);
}

export function setText(json) {
  byId("json").value = json;
  readLines();
}

// Marks the line of a problem. Null marks none.
export function markLine(line) {
  problemLine = line;
  draw();
}

function readLines() {
  lines = byId("json").value.split("\n");
  byId("gutter").style.minWidth = `calc(${String(lines.length).length}ch + 18px)`;
  draw();
}

// Draws the colours and the numbers of the visible lines, where the text area has scrolled to.
function draw() {
  const { scrollTop, scrollLeft, clientHeight } = byId("json");
  // One more line at each end shows in the padding, and one more where the first line is only partly visible.
  const first = Math.max(Math.floor(scrollTop / LINE_HEIGHT) - 1, 0);
  const visible = lines.slice(first, first + Math.ceil(clientHeight / LINE_HEIGHT) + 3);
  const numbers = [];
  const rows = [];
  for (const [index, line] of visible.entries()) {
    const number = first + index + 1;
    const isBad = number === problemLine;
    numbers.push(el("span", { class: isBad ? "bad" : null }, String(number)));
    const row = el("span", { class: isBad ? "line bad" : "line" });
    fillAll(row, [...coloured(line), "\n"]);
    rows.push(row);
  }
  const top = first * LINE_HEIGHT - scrollTop;
  showMoved("gutter", numbers, `translateY(${top}px)`);
  showMoved("colours", rows, `translate(${-scrollLeft}px, ${top}px)`);
}

// Shows rows in an element, moved as far as the text area has scrolled.
function showMoved(id, rows, transform) {
  const block = el("div");
  block.style.transform = transform;
  fillAll(block, rows);
  fill(byId(id), block);
}

// Splits a line into its tokens, each in the colour of its kind.
function coloured(line) {
  if (line.length > MOST_COLOURED_LETTERS) return [line];
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
