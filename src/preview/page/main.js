// The page: keeps the request, lets the service decide it after each change, and shows the result.
import { byId, el, fill, getJson, parse } from "./dom.js";
import { assumeRecorded, failuresJson, keepResults, lookupsJson, showLookups } from "./lookups.js";
import { setUpLive } from "./live.js";
import { addedFields, orderOfForm, setUpRequest, showFields, showForm, showProblem, requestText, setRequestText, updateForm } from "./request.js";
import { setUpResult, showResult } from "./result.js";
import { setUpRules } from "./rules.js";
import { setUpSave } from "./save.js";

const FLOWS = {
  "self.service.registration": "Sign-up",
  "progressive.profile": "Profile update",
  classic: "Sign-up, Classic Engine",
};

// All hooks and samples, the chosen hook and request type, and the latest decision.
const page = { hooks: [], samples: [], hook: null, flow: null, decided: null };
// The number of the latest question to the service. The answers to earlier ones are dropped.
let latestQuestion = 0;

// The form of the chosen hook and request type.
const currentForm = () => page.hook?.flows.find((form) => form.flow === page.flow);
const sampleOf = (flow) => page.samples.find((sample) => sample.flow === flow);

// Reads the hooks. Keeps the chosen one if it still exists. Otherwise chooses one that judges registrations.
async function loadHooks() {
  const { hooks, samples, hooks_url } = await getJson("api/hooks");
  const chosenName = page.hook?.name;
  Object.assign(page, { hooks, samples });
  const chosen = hooks.find((hook) => hook.name === chosenName);
  // The first flow is the registration.
  const registering = hooks.find((hook) => hook.flows[0].has_section);
  page.hook = chosen ?? registering ?? hooks[0];
  byId("hooks-url").textContent = hooks_url;
  fill(byId("hook"), ...hooks.map((hook) => el("option", { value: hook.name }, hook.name)));
  byId("hook").value = page.hook?.name ?? "";
  page.flow ??= handledFlow();
  showFlows();
}

function showFlows() {
  const flows = page.hook?.flows ?? [];
  fill(
    byId("flow"),
    ...flows.map(({ flow, has_section }) =>
      el("option", { value: flow }, FLOWS[flow] + (has_section ? "" : " (not in these rules)")),
    ),
  );
  byId("flow").value = page.flow;
}

// The chosen request type if the hook has a section for it, or else the first type that has one.
function handledFlow() {
  if (currentForm()?.has_section) return page.flow;
  return page.hook.flows.find((form) => form.has_section)?.flow ?? page.hook.flows[0].flow;
}

// Shows the form for the chosen hook and request type.
function showRequest() {
  showForm(currentForm(), sampleOf(page.flow));
  showLookups(page.hook.name, currentForm(), decide);
  byId("opened").hidden = true;
}

function chooseFlow(flow) {
  const before = sampleOf(page.flow);
  page.flow = flow;
  byId("flow").value = flow;
  setRequestText(carryOver(before, sampleOf(flow)));
  showRequest();
  decide();
}

// The sample of a request type, with the values of the former request for the attributes that both forms have.
function carryOver(before, sample) {
  const request = parse(sample.request);
  try {
    const typed = parse(requestText()).data[before.member];
    const form = request.data[sample.member];
    for (const name of Object.keys(form)) if (name in typed) form[name] = typed[name];
  } catch {
    // The text is not a request: the sample stays as it is.
  }
  return JSON.stringify(request, null, 2);
}

// Opens a request with its recorded lookups: a fixture, or a live one, which has failures and a number.
export function open({ hook, request, lookups, failures, number, from }) {
  const known = page.hooks.find(({ name }) => name === hook);
  page.hook = known ?? page.hook;
  byId("hook").value = page.hook.name;
  page.flow = flowOf(request);
  showFlows();
  setRequestText(request);
  showRequest();
  // The reasons of the failures are those of this text at this hook.
  const live = failures && { failures, number, request: known ? requestText() : null };
  assumeRecorded(lookups, live);
  byId("opened").hidden = false;
  byId("opened").textContent = known ? from : `${from} The rules no longer have its hook ${hook}, so ${page.hook.name} decides here.`;
  decide();
  document.querySelector(".request").scrollIntoView({ block: "start" });
}

// The request type of a text. A request without a known one is Classic Engine's.
function flowOf(text) {
  try {
    const request = parse(text);
    return Object.hasOwn(FLOWS, request.requestType) ? request.requestType : "classic";
  } catch {
    return page.flow;
  }
}

// Lets the service decide the request, and shows the result.
export async function decide() {
  latestQuestion += 1;
  const number = latestQuestion;
  const started = performance.now();
  const hook = page.hook.name;
  const request = requestText();
  const lookups = lookupsJson();
  const decided = await ask(hook, request, lookups, failuresJson(request));
  if (number !== latestQuestion) return;
  const flow = decided.explained?.flow ?? page.flow;
  if (flow !== page.flow) {
    // The request type was edited in the JSON, but the question had the lookups of the former type: ask again.
    page.flow = flow;
    byId("flow").value = flow;
    showRequest();
    return decide();
  }
  page.decided = { ...decided, hook, request, lookups };
  keepResults(decided.results);
  if (decided.fields) showFields(decided.fields);
  showProblem(decided);
  showResult(decided, request);
  document.body.dataset.decideMs = (performance.now() - started).toFixed(1);
  document.body.dataset.decided = number;
}

// Returns the service's decision, or a problem.
async function ask(hook, request, lookups, failures) {
  // The service refuses lone surrogates, which a name or the text may have.
  const namesJson = (names) => JSON.stringify(names.map((name) => name.toWellFormed()));
  // `lookups` is JSON text already. To parse it would change long numbers.
  const members = [
    `"hook":${JSON.stringify(hook)}`,
    `"request":${JSON.stringify(request.toWellFormed())}`,
    `"lookups":${lookups}`,
    `"failures":${failures}`,
    `"added":${namesJson(addedFields())}`,
    `"order":${namesJson(orderOfForm())}`,
  ];
  const headers = { "content-type": "application/json" };
  let response, text;
  try {
    response = await fetch("api/decide", { method: "POST", headers, body: `{${members.join()}}`, signal: AbortSignal.timeout(10_000) });
    text = await response.text();
  } catch {
    return { problem: "The service does not respond. Is it still running?" };
  }
  return response.ok ? parse(text) : { problem: text.trim() };
}

// Makes `decide` drop the answer that is still to come.
function dropAnswer() {
  latestQuestion += 1;
}

// Shows that there is no decision. An earlier one must not stand beside the present request.
function showNoDecision(problem) {
  dropAnswer();
  page.decided = { problem };
  showResult(page.decided);
  showProblem(page.decided);
}

// Reads the hooks again after the rules have changed, and decides the request on the screen again.
async function rulesChanged() {
  // A decision of the former rules must no longer be shown or saved.
  dropAnswer();
  byId("save-fixture").disabled = true;
  await loadHooks();
  updateForm(currentForm());
  showLookups(page.hook.name, currentForm(), decide);
  await decide();
}

async function start() {
  addEventListener("error", ({ message }) => showNoDecision(`The page cannot show this: ${message}`));
  addEventListener("unhandledrejection", ({ reason }) => showNoDecision(`The page cannot show this: ${reason}`));
  setUpRequest(decide);
  setUpResult();
  setUpSave(() => page.decided);
  byId("hook").addEventListener("change", (event) => {
    page.hook = page.hooks.find((hook) => hook.name === event.target.value);
    const flow = handledFlow();
    showFlows();
    if (flow !== page.flow) return chooseFlow(flow);
    showRequest();
    decide();
  });
  byId("flow").addEventListener("change", (event) => chooseFlow(event.target.value));
  await loadHooks();
  setRequestText(parse(sampleOf(page.flow).request));
  showRequest();
  await decide();
  const refreshRules = setUpRules(open, rulesChanged);
  setUpLive(open, refreshRules);
}

start();
