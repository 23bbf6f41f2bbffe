// The request: form fields and JSON are two views of one text.
import { asText, byId, el, fill, isObject, keepFocus, label, parse, tabs, toJson, toSentence, withCode } from "./dom.js";
import { markLine, setText, setUpEditor } from "./editor.js";

// The hook's form for the request type, as the service describes it.
let form = null;
// The sample of the request type.
let sample = null;
// The names of the attributes on the form.
let fields = [];
// The names that the user has added to the form.
let added = [];
// The names of a changed form and of a changed profile, in their order. An emptied field keeps its place in it. Empty
// after a change of the JSON, whose order then counts.
let formOrder = [];
let profileOrder = [];
// The names of the fields that were emptied since then. They stay on the form.
let emptied = [];
// Called after each change of the request.
let decide;

export const requestText = () => byId("json").value;

// Replaces the request by a text, or by an object.
export function setRequestText(request) {
  forgetOrder();
  setText(typeof request === "string" ? request : toJson(request));
}

function forgetOrder() {
  formOrder = [];
  profileOrder = [];
  emptied = [];
}

export function setUpRequest(changed) {
  decide = changed;
  setUpEditor(() => {
    forgetOrder();
    showValues();
    decide();
  });
  const panels = { "tab-form": byId("panel-form"), "tab-json": byId("panel-json") };
  tabs([byId("tab-form"), byId("tab-json")], (chosen) => {
    for (const [tab, panel] of Object.entries(panels)) panel.hidden = tab !== chosen.id;
    if (chosen.id === "tab-json") setText(requestText());
  });
  byId("add-field").addEventListener("submit", (event) => {
    event.preventDefault();
    const name = byId("new-field").value.trim();
    if (!name) return;
    byId("new-field").value = "";
    if (!fields.includes(name)) {
      added.push(name);
      fields = [...fields, name];
      drawFields();
    }
    byId(`field-${name}`)?.focus();
    decide();
  });
}

// Shows the fields of a form. `showFields` adds those of the request once the service has decided it.
export function showForm(nextForm, nextSample) {
  if (nextForm?.flow !== form?.flow) added = [];
  sample = nextSample;
  fields = [...(nextForm?.fields ?? []), ...added];
  updateForm(nextForm);
}

// Shows the form after an edit of the rules. It keeps its fields until the service has decided the request again.
export function updateForm(nextForm) {
  form = nextForm;
  fields = [...new Set([...fields, ...(form?.fields ?? [])])];
  drawFields();
}

// The attributes that are on the form although neither the request nor the rules may have them.
export const addedFields = () => [...added, ...emptied];

// The order of the form, as far as the user has changed the form.
export const orderOfForm = () => formOrder;

// Shows the fields that the service has found. While the user types in a field, moves and removes none.
export function showFields(names) {
  const isTyping = byId("fields").contains(document.activeElement);
  const next = isTyping ? [...new Set([...fields, ...names])] : names;
  if (toJson(next) === toJson(fields)) return;
  fields = next;
  drawFields();
}

// The object that holds the form's values. Null if the text is not a request of this type.
const submittedForm = () => formOf(readRequest());

function formOf(request) {
  const submitted = request?.data[sample.member];
  return isObject(submitted) ? submitted : null;
}

// The request as an object with an object `data`. Null if the text is something else.
function readRequest() {
  try {
    const request = parse(requestText());
    return isObject(request?.data) ? request : null;
  } catch {
    return null;
  }
}

function drawFields() {
  const rows = fields.map((name) => fieldRow(name, `field-${name}`, () => setAttribute(name)));
  const profile = (form?.profile ?? []).map((name) =>
    fieldRow(name, `profile-${name}`, () => setProfile(name)),
  );
  const heading = profile.length ? el("h3", {}, "Existing profile") : null;
  keepFocus(() => {
    fill(byId("fields"), ...rows, heading, ...profile);
    showValues();
  });
}

function fieldRow(name, id, changed) {
  const input = el("input", { id, autocomplete: "off", spellcheck: "false", "data-name": name, on: { input: changed } });
  return el("div", { class: "field" }, el("label", { for: id }, label(name), el("code", {}, name)), input);
}

// Shows the values of the text in the fields.
function showValues() {
  const submitted = submittedForm();
  const profile = getOrAddProfile(readRequest());
  for (const input of byId("fields").querySelectorAll("input")) {
    const values = input.id.startsWith("profile-") ? profile : submitted;
    if (input !== document.activeElement) {
      const value = values?.[input.dataset.name] ?? "";
      input.value = asText(value);
      input.dataset.isJson = typeof value !== "string";
    }
    input.disabled = values === null;
  }
}

function setAttribute(name) {
  const request = readRequest();
  const submitted = formOf(request);
  if (!submitted) return;
  // Okta fills in the username of a registration from the email, unless the form asks for it.
  const isRegistration = sample.flow !== "progressive.profile";
  const loginFollows = name === "email" && isRegistration && submitted.login === submitted.email;
  const value = typedValue(byId(`field-${name}`));
  if (value === "" && !emptied.includes(name)) emptied.push(name);
  formOrder = [...new Set([...formOrder, ...Object.keys(submitted), ...fields])];
  let changed = withMember(submitted, name, value, formOrder);
  if (loginFollows) changed = withMember(changed, "login", changed.email ?? "", formOrder);
  request.data[sample.member] = changed;
  setText(toJson(request));
  decide();
}

function setProfile(name) {
  const request = readRequest();
  const profile = getOrAddProfile(request);
  if (!profile) return;
  profileOrder = [...new Set([...profileOrder, ...Object.keys(profile), ...form.profile])];
  request.data.context.user.profile = withMember(profile, name, typedValue(byId(`profile-${name}`)), profileOrder);
  setText(toJson(request));
  decide();
}

// The value of a field. If it was JSON of another type than text, the new text is read as JSON where it is JSON.
function typedValue({ value, dataset }) {
  if (dataset.isJson !== "true") return value;
  try {
    return parse(value);
  } catch {
    return value;
  }
}

// The object with this member in its place of the order, or without it if the field is empty: Okta does not submit
// empty fields.
function withMember(object, name, value, order) {
  const members = Object.entries(object).filter(([other]) => other !== name);
  if (value !== "") {
    const later = order.slice(order.indexOf(name) + 1);
    const next = members.findIndex(([other]) => later.includes(other));
    members.splice(next < 0 ? members.length : next, 0, [name, value]);
  }
  return Object.fromEntries(members);
}

// The profile that the user of a progressive profile already has. Adds it to the request if it is missing. Null if
// the request has something else in its place.
function getOrAddProfile(request) {
  let object = request?.data;
  for (const name of ["context", "user", "profile"]) {
    if (!isObject(object)) return null;
    object = object[name] ??= {};
  }
  return isObject(object) ? object : null;
}

// Shows why the request cannot be decided, at its line.
export function showProblem({ problem, line: knownLine, column }) {
  const box = byId("problem");
  const line = knownLine ?? lineOfName(problem);
  box.hidden = !problem;
  markLine(line);
  byId("json").setAttribute("aria-invalid", Boolean(problem));
  if (!problem) return;
  const goButton = el("button", { class: "quiet", on: { click: () => goTo(line, column ?? 1) } }, `Line ${line}`);
  fill(box, el("span", {}, ...withCode(toSentence(problem))), line ? goButton : null);
}

// The line of the member that a problem names, if it names one that the text has.
function lineOfName(problem) {
  const name = /`(\w+)`/.exec(problem ?? "")?.[1];
  if (!name) return null;
  const lines = requestText().split("\n");
  const index = lines.findIndex((line) => line.includes(`"${name}"`));
  return index < 0 ? null : index + 1;
}

// Puts the cursor at a place of the text.
function goTo(line, column) {
  byId("tab-json").click();
  const linesBefore = requestText().split("\n").slice(0, line - 1);
  let at = Math.max(column - 1, 0);
  for (const before of linesBefore) at += before.length + 1;
  byId("json").focus();
  byId("json").setSelectionRange(at, at);
}
