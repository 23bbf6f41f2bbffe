// Saves the request as a fixture: a zip archive in the repository's layout. Writes no file itself.
import { byId, el, parse, toast, toJson } from "./dom.js";

let decided = () => null;

export function setUpSave(latest) {
  decided = latest;
  byId("case").addEventListener("input", showPath);
  byId("save").addEventListener("submit", (event) => {
    event.preventDefault();
    save();
  });
  showPath();
}

// Suggests a name for the case, unless the user has typed one.
export function suggestCase(name) {
  const input = byId("case");
  if (input.value === "" || input.value === input.dataset.suggested) input.value = name;
  input.dataset.suggested = name;
  showPath();
}

function showPath() {
  const hook = decided()?.hook ?? "<hook>";
  byId("save-path").textContent = `tests/fixtures/${hook}/${byId("case").value || "<case>"}.request.json`;
}

function save() {
  const latest = decided();
  if (!latest?.explained) return toast("There is no decision to save.");
  const { hook, request, lookups, response } = latest;
  const name = byId("case").value;
  const start = `tests/fixtures/${hook}/${name}`;
  const files = [
    [`${start}.request.json`, request.endsWith("\n") ? request : request + "\n"],
    [`${start}.response.json`, toJson(parse(response)) + "\n"],
  ];
  if (lookups !== "{}") files.push([`${start}.lookups.json`, toJson(parse(lookups)) + "\n"]);
  const url = URL.createObjectURL(new Blob([zip(files)], { type: "application/zip" }));
  el("a", { href: url, download: `${name}.zip` }).click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
  toast(`${files.length} files in ${name}.zip`);
}

// A zip archive of these files, without compression.
function zip(files) {
  const parts = [];
  const directory = [];
  let offset = 0;
  for (const [path, text] of files) {
    const [name, data] = [new TextEncoder().encode(path), new TextEncoder().encode(text)];
    // Version, flags (names in UTF-8), method, time, date, checksum, sizes, length of the name, no extra field.
    const common = numbers([2, 20], [2, 0x800], [2, 0], [2, 0], [2, 0x21], [4, crc32(data)], [4, data.length], [4, data.length], [2, name.length], [2, 0]);
    const local = [numbers([4, 0x04034b50]), common, name, data];
    directory.push(numbers([4, 0x02014b50], [2, 20]), common, numbers([2, 0], [2, 0], [2, 0], [4, 0], [4, offset]), name);
    parts.push(...local);
    offset += size(local);
  }
  const end = numbers([4, 0x06054b50], [2, 0], [2, 0], [2, files.length], [2, files.length], [4, size(directory)], [4, offset], [2, 0]);
  return new Blob([...parts, ...directory, end]);
}

const size = (parts) => parts.reduce((sum, part) => sum + part.length, 0);

// Numbers of these lengths in bytes, the least significant byte first.
function numbers(...fields) {
  const bytes = [];
  for (const [length, value] of fields) for (let byte = 0; byte < length; byte++) bytes.push((value >>> (8 * byte)) & 255);
  return new Uint8Array(bytes);
}

function crc32(data) {
  let crc = -1;
  for (const byte of data) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return ~crc >>> 0;
}
