// The JSON editor: a text area over the same text in colours, with line numbers.
import { byId, el, fill } from "./dom.js";

const TOKEN = /("(?:\\.|[^"\\])*"?)(\s*:)?|\b(?:true|false|null)\b|-?\d[\d.eE+-]*/g;
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
  const isLong = lines.length > 2000;
  fill(
    byId("gutter"),
    ...lines.map((_, index) => el("span", { class: index + 1 === problemLine ? "bad" : null }, String(index + 1))),
  );
  fill(
    byId("colours"),
    ...lines.map((line, index) =>
      el("span", { class: index + 1 === problemLine ? "line bad" : "line" }, ...(isLong ? [line] : coloured(line)), "\n"),
    ),
  );
  follow();
}

function coloured(line) {
  const parts = [];
  let end = 0;
  for (const match of line.matchAll(TOKEN)) {
    parts.push(line.slice(end, match.index));
    const [whole, string, colon] = match;
    const kind = colon ? "key" : string ? "string" : "literal";
    parts.push(el("span", { class: kind }, string ?? whole), colon ?? "");
    end = match.index + whole.length;
  }
  return [...parts, line.slice(end)];
}

// Scrolls the colours and the numbers with the text.
function follow() {
  const { scrollTop, scrollLeft } = byId("json");
  byId("gutter").scrollTop = scrollTop;
  byId("colours").scrollTop = scrollTop;
  byId("colours").scrollLeft = scrollLeft;
}
