// The end user's screen: a neutral imitation of the widgets, drawn from the service's prediction.
import { asText, byId, el, fill, keepFocus, label, parse, tabs } from "./dom.js";

const CLIENTS = {
  gen2: { tab: "Widget", name: "Identity Engine’s sign-in widget, second generation (the default)" },
  gen3: { tab: "Gen 3", name: "Identity Engine’s sign-in widget, third generation" },
  classic: { tab: "Widget", name: "Classic Engine’s sign-in widget" },
  app: { tab: "App", name: "an app without the widget" },
};
const CERTAINTY = {
  documented: ["Documented", "Okta’s documentation says it"],
  rendered: ["Rendered", "the real widget drew it, from a message that Okta’s server may send"],
  inferred: ["Inferred", "it follows from documentation or code, and neither says it"],
  unknown: ["Unknown", "it may be otherwise: Okta does not say"],
};
const FORMS = {
  may_stay: "The form stays, or a page with only the message replaces it.",
  stays: "The form stays as it was filled in, and can be sent again.",
  replaced: "A page with only the message replaces the form.",
};
const APP_FORMS = {
  may_stay: "The app receives the form again, or only messages: status PENDING or TERMINAL.",
  stays: "The app receives the form again: status PENDING.",
};
const PROFILE_TEXTS = { title: "Sign in", button: "Submit" };
const SIGN_UP_TEXTS = {
  gen2: { title: "Sign up", button: "Sign Up", footer: "Already have an account?" },
  gen3: { title: "Sign up", button: "Sign Up", footer: "Already have an account? Sign In" },
  classic: { title: "Create Account", button: "Register", footer: "Back to sign in" },
};
let chosenClient = "gen2";
// The index of the chosen one of the client's possible screens.
let chosenScreen = 0;
// The latest decision, and the values of its form.
let last = null;

// Shows the screens of the chosen client.
export function showScreens(decided, request) {
  last = { ...decided, values: submittedValues(decided, request) };
  const clients = Object.keys(CLIENTS).filter((client) => decided.screens[client]);
  if (!clients.includes(chosenClient)) chosenClient = clients[0];
  if (byId("clients").dataset.names !== clients.join()) {
    byId("clients").dataset.names = clients.join();
    drawTabs(clients);
  }
  draw();
}

function drawTabs(clients) {
  const buttons = clients.map((client) =>
    el("button", { role: "tab", "data-client": client, "aria-controls": "screen", title: CLIENTS[client].name }, CLIENTS[client].tab),
  );
  fill(byId("clients"), ...buttons);
  const select = tabs(buttons, (button) => {
    chosenClient = button.dataset.client;
    chosenScreen = 0;
    draw();
  });
  select(buttons.find((button) => button.dataset.client === chosenClient));
}

// The values of the form, as the person has typed them.
function submittedValues({ explained }, request) {
  try {
    const { data } = parse(request);
    return (explained.flow === "progressive.profile" ? data.userProfileUpdate : data.userProfile) ?? {};
  } catch {
    return {};
  }
}

function draw() {
  const screens = last.screens[chosenClient];
  if (chosenScreen >= screens.length) chosenScreen = 0;
  const screen = screens[chosenScreen];
  fill(byId("screen"), drawScreen(screen));
  keepFocus(() => fill(byId("certainty"), drawChoice(screens), drawCertainty(screen)));
}

// The choice between several screens that Okta may show.
function drawChoice(screens) {
  if (screens.length < 2) return null;
  const buttons = screens.map((_, index) => {
    const choose = () => {
      chosenScreen = index;
      draw();
    };
    const pressed = String(index === chosenScreen);
    return el("button", { class: "quiet", id: `screen-${index + 1}`, "aria-pressed": pressed, on: { click: choose } }, `Screen ${index + 1}`);
  });
  return el("p", { class: "choice" }, `Okta does not document which of ${screens.length} screens it shows: `, ...buttons);
}

function drawCertainty({ shows, form, form_certainty }) {
  const { effect, certainty } = last.screens;
  const effects = { goes_on: "Okta goes on", updates: "Okta writes the attributes and goes on", stops: "Okta stops", unknown: "Okta’s reaction" };
  const rows = [el("li", {}, el("span", {}, effects[effect]), pill("", certainty))];
  for (const shown of shows) {
    const where = placeName(shown);
    rows.push(
      el("li", { class: "shown" }, el("span", {}, "“", shown.text, "” ", where), pill("words", shown.certainty), pill("place", shown.place_certainty)),
    );
  }
  const state = formState(form);
  if (state) rows.push(el("li", {}, el("span", {}, state), pill("", form_certainty)));
  return el(
    "div",
    { class: "certainty" },
    el("h4", {}, "How certain is this?"),
    el("ul", {}, ...rows),
    el("p", { class: "hint" }, `Shown for ${CLIENTS[chosenClient].name}.`),
  );
}

// A sentence about the form after Okta's reaction. Undefined if the next step follows.
function formState(form) {
  if (form === "next_step") return undefined;
  if (chosenClient !== "app") return FORMS[form];
  return last.explained.flow === "classic" ? "The app receives an HTTP status of 400 or more." : APP_FORMS[form];
}

function pill(prefix, certainty) {
  const [word, meaning] = CERTAINTY[certainty];
  return el("span", { class: "pill", "data-certainty": certainty, title: meaning }, prefix ? `${prefix}: ${word.toLowerCase()}` : word);
}

function placeName({ place, field }) {
  const names = { banner: "in the box at the top", message: "in messages", cause: "in errorCauses" };
  // Every other place belongs to a field.
  return names[place] ?? `at ${label(field)}`;
}

function drawScreen(screen) {
  if (chosenClient === "app") return drawMessages(screen);
  if (screen.form === "next_step") return drawNextStep();
  return drawForm(screen);
}

function drawNextStep() {
  const isProfile = last.explained.flow === "progressive.profile";
  return drawWidget(
    "body next",
    el("span", { class: "tick", "aria-hidden": "true" }),
    el("p", { class: "title" }, isProfile ? "Sign-in goes on" : "To finish signing in, check your email."),
    el("p", {}, isProfile ? "The profile is stored, and no message is shown." : "Or another next step, as the org’s policy has it."),
  );
}

function drawForm({ shows, form }) {
  const isProfile = last.explained.flow === "progressive.profile";
  const texts = isProfile ? PROFILE_TEXTS : SIGN_UP_TEXTS[chosenClient];
  const banners = shows.filter(({ place }) => place === "banner").map(drawBanner);
  const title = el("p", { class: "title" }, texts.title);
  const isGen3 = chosenClient === "gen3";
  if (form === "replaced") return drawWidget("body", ...banners);
  return drawWidget(
    "body",
    ...(isGen3 ? [...banners, title] : [title, ...banners]),
    isGen3 ? el("p", { class: "required" }, "Fields are required unless marked optional.") : null,
    ...last.fields.map((name) => drawEntry(name, shows)),
    el("p", { class: "button" }, texts.button),
    texts.footer ? el("p", { class: "footer" }, texts.footer) : null,
  );
}

function drawWidget(bodyClass, ...children) {
  const strip = el("div", { class: "strip" }, el("span", { class: "logo", "aria-hidden": "true" }));
  return el("div", { class: `widget ${chosenClient}` }, strip, el("div", { class: bodyClass }, ...children));
}

const warning = () => el("span", { class: "warning", "aria-hidden": "true" }, "!");

function drawBanner({ text }) {
  return el("div", { class: "banner" }, warning(), el("p", {}, text));
}

function drawEntry(name, shows) {
  const errors = shows.filter(({ place, field }) => place === "field" && field === name);
  const value = asText(last.values[name]);
  return el(
    "div",
    { class: errors.length ? "entry wrong" : "entry" },
    el("p", { class: "name" }, label(name)),
    el("p", { class: "input" }, value || "\u00a0"),
    ...errors.map(({ text }) => el("p", { class: "error" }, warning(), el("span", { class: "hidden" }, "Error: "), text)),
  );
}

// The member of the app's response that holds the text.
function memberOf({ place, field }) {
  if (place === "input") return `inputs.${field}.messages`;
  return place === "cause" ? "errorCauses" : "messages";
}

// The messages in the response that an app receives.
function drawMessages({ shows, form }) {
  const rows = shows.map((shown) => el("li", {}, el("code", {}, memberOf(shown)), el("p", {}, shown.text)));
  const instead = form === "next_step" ? "the next step follows" : "the form again, or only a status";
  const none = el("li", {}, el("p", {}, `No message: ${instead}.`));
  return el("div", { class: "widget app" }, el("p", { class: "title" }, "The app receives"), el("ul", {}, ...(rows.length ? rows : [none])));
}
