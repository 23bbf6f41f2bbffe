// The request: form fields and JSON are two views of one text.
import { asText, byId, drawField, el, fill, isObject, keepFocus, parse, tabs, toJson, toSentence, withCode } from "./dom.js";
import { markLine, setText, setUpEditor } from "./editor.js";

// The hook's form for the request type, as the service describes it.
let form = null;
// The sample of the request type.
let sample = null;
// The names of the attributes on the form.
let fields = [];
// The names that the user has added to the form.
let added = [];
// The order of the form's attributes, and of the profile's, once the user has changed a field: an emptied field keeps
// its place. After a change of the JSON both are empty, and the order of the JSON counts.
let formOrder = [];
let profileOrder = [];
// The names of the fields that were emptied since the last change of the JSON. They stay on the form.
let emptied = [];
// Called after each change of the request.
let decide;

export const requestText = () => byId("json").value;

// The names of several lists, each name once.
const union = (...lists) => [...new Set(lists.flat())];

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
  fields = union(fields, form?.fields ?? []);
  drawFields();
}

// The attributes that must be on the form even if neither the request nor the rules have them.
export const addedFields = () => [...added, ...emptied];

// The order of the form, as far as the user has changed the form.
export const orderOfForm = () => formOrder;

// Shows the fields that the service has found. While the user types in a field, only adds fields: none may move.
export function showFields(names) {
  const isTyping = byId("fields").contains(document.activeElement);
  const next = isTyping ? union(fields, names) : names;
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
  const rows = fields.map((name) => drawField(name, `field-${name}`, () => setAttribute(name)));
  const profile = (form?.profile ?? []).map((name) => drawField(name, `profile-${name}`, () => setProfile(name)));
  const heading = profile.length ? el("h3", {}, "Existing profile") : null;
  keepFocus(() => {
    fill(byId("fields"), ...rows, heading, ...profile);
    showValues();
  });
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
  // Okta fills in the username of a registration from the email. So the username changes with the email until the
  // user gives it another value.
  const isRegistration = sample.flow !== "progressive.profile";
  const loginFollowsEmail = isRegistration && submitted.login === submitted.email;
  const value = typedValue(byId(`field-${name}`));
  if (value === "" && !emptied.includes(name)) emptied.push(name);
  formOrder = union(formOrder, Object.keys(submitted), fields);
  let changed = withMember(submitted, name, value, formOrder);
  if (name === "email" && loginFollowsEmail) changed = withMember(changed, "login", changed.email ?? "", formOrder);
  request.data[sample.member] = changed;
  setText(toJson(request));
  decide();
}

function setProfile(name) {
  const request = readRequest();
  const profile = getOrAddProfile(request);
  if (!profile) return;
  profileOrder = union(profileOrder, Object.keys(profile), form.profile);
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

// The object with this member at its place in the order. Without the member if the value is empty, since Okta does not
// submit empty fields.
function withMember(object, name, value, order) {
  const members = Object.entries(object).filter(([other]) => other !== name);
  if (value === "") return Object.fromEntries(members);
  // Inserts the member before the first one that comes after it in the order, or else at the end.
  const laterNames = order.slice(order.indexOf(name) + 1);
  const next = members.findIndex(([other]) => laterNames.includes(other));
  members.splice(next < 0 ? members.length : next, 0, [name, value]);
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
