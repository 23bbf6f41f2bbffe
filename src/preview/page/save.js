// Saves the request as a fixture: a zip archive in the repository's layout. Writes no file itself.
import { byId, el, fill, parse, toast, toJson, withCode } from "./dom.js";

// The function that returns the latest decision with its request, or a problem. Set by `setUpSave`.
let latestDecision = () => null;

export function setUpSave(getLatest) {
  latestDecision = getLatest;
  byId("case").addEventListener("input", showPath);
  byId("save").addEventListener("submit", (event) => {
    event.preventDefault();
    save();
  });
  showPath();
}

// Lets the user save what a fixture can hold, and notes what it changes.
export function showSave({ problem, not_recordable: lost = [], recorded_as_source: changed = [] }) {
  byId("save-fixture").disabled = Boolean(problem) || lost.length > 0;
  byId("save-problem").hidden = !changed.length;
  if (!changed.length) return;
  const text = lost.length
    ? `A fixture cannot hold this failure of ${namesOf(lost)}. In a fixture, \`failed\` means that the source itself failed, so \`replay\` would decide otherwise.`
    : `The failure of ${namesOf(changed)} is saved as a failure of the source, since a fixture has one word for both.`;
  fill(byId("save-problem"), el("span", {}, ...withCode(text)));
}

const namesOf = (lookups) => lookups.map((name) => `\`${name}\``).join(" and ");

// Suggests a name for the case, unless the user has typed one.
export function suggestCase(name) {
  const input = byId("case");
  if (input.value === "" || input.value === input.dataset.suggested) input.value = name;
  input.dataset.suggested = name;
  showPath();
}

function showPath() {
  const hook = latestDecision()?.hook ?? "<hook>";
  byId("save-path").textContent = `tests/fixtures/${hook}/${byId("case").value || "<case>"}.request.json`;
}

function save() {
  const latest = latestDecision();
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
    const name = new TextEncoder().encode(path);
    const data = new TextEncoder().encode(text);
    // The fields that both headers of a file have.
    const common = bytes(
      u16(20), // Version that is needed.
      u16(0x800), // Flags: the name is UTF-8.
      u16(0), // Method: stored.
      u16(0), // Time.
      u16(0x21), // Date: 1980-01-01.
      u32(crc32(data)),
      u32(data.length), // Compressed size.
      u32(data.length), // Size.
      u16(name.length),
      u16(0), // Length of the extra field.
    );
    const local = [bytes(u32(0x04034b50)), common, name, data];
    // Comment, disk and attributes are empty.
    const rest = bytes(u16(0), u16(0), u16(0), u32(0), u32(offset));
    directory.push(bytes(u32(0x02014b50), u16(20)), common, rest, name);
    parts.push(...local);
    offset += size(local);
  }
  // The archive has one disk, and no comment.
  const end = bytes(
    u32(0x06054b50),
    u16(0),
    u16(0),
    u16(files.length),
    u16(files.length),
    u32(size(directory)),
    u32(offset),
    u16(0),
  );
  return new Blob([...parts, ...directory, end]);
}

const size = (parts) => parts.reduce((sum, part) => sum + part.length, 0);

const u16 = (value) => ({ length: 2, value });
const u32 = (value) => ({ length: 4, value });

// The bytes of these numbers, the least significant byte first.
function bytes(...numbers) {
  const written = [];
  for (const { length, value } of numbers) {
    for (let byte = 0; byte < length; byte++) written.push((value >>> (8 * byte)) & 255);
  }
  return new Uint8Array(written);
}

function crc32(data) {
  let crc = -1;
  for (const byte of data) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return ~crc >>> 0;
}
