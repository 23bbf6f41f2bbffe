// A stand-in for an Okta org: it serves a page with the widget, asks the hook as Okta does, and turns the
// answer into the message for the widget.
//
// Okta documents the texts. It does not document how its server sends them. Everything of that kind is
// marked `Not documented`. So a test with this server proves only the widget's half.
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { fileURLToPath } from "node:url";

const WIDGET = fileURLToPath(new URL("node_modules/@okta/okta-signin-widget/dist", import.meta.url));

/** The script and the style sheet of each client. */
const ASSETS = {
  gen2: { script: "okta-sign-in.oie.min.js", style: "okta-sign-in.min.css" },
  gen3: { script: "okta-sign-in.next.js", style: "okta-sign-in.next.css" },
  classic: { script: "okta-sign-in.classic.min.js", style: "okta-sign-in.min.css" },
};

/** Okta's texts, by `RegistrationResponse` in its API description and its page about inline hooks. */
const TEXTS = {
  registration: {
    withoutCauses: "Registration cannot be completed at this time.",
    denied: "Registration denied.",
    failed: "There was an error creating your account. Please try registering again.",
  },
  progressive: {
    withoutCauses: undefined,
    denied: "Profile update denied.",
    failed: "There was an error updating your profile. Please try again later.",
  },
};
const FAILED_KEY = "registration.error.generic";

/** The state of the stand-in for the present test. */
export class Org {
  constructor(hook) {
    this.hook = hook;
    this.server = createServer((request, answer) => {
      this.serve(request, answer).catch((error) => {
        this.problems.push(String(error));
        answer.writeHead(500).end();
      });
    });
    this.prepare({});
  }

  /**
   * Sets the next test: the client, the fields of the form, whether it is a progressive profile, and the
   * assumption about causes that are not at a field.
   */
  prepare({ client, fields = [], isProgressive = false, assumption = "dropped", authorization }) {
    Object.assign(this, { client, fields, isProgressive, assumption, authorization });
    this.request = undefined;
    this.problems = [];
  }

  async serve(request, answer) {
    const { pathname } = new URL(request.url, "http://127.0.0.1");
    const json = (status, body) => {
      answer.writeHead(status, { "content-type": "application/json", "cache-control": "no-store" });
      answer.end(JSON.stringify(body));
    };
    const [, folder, name] = /^\/(js|css|font|img)\/([\w/-]+\.[\w.-]+)$/.exec(pathname) ?? [];
    if (name) {
      const type = { js: "text/javascript; charset=utf-8", css: "text/css; charset=utf-8" }[folder];
      const cached = { "cache-control": "max-age=600" };
      answer.writeHead(200, type ? { ...cached, "content-type": type } : cached);
      return answer.end(readFileSync(`${WIDGET}/${folder}/${name}`));
    }
    switch (pathname) {
      case "/":
        answer.writeHead(200, { "content-type": "text/html; charset=utf-8" });
        return answer.end(this.page());
      case "/idp/idx/introspect":
        return json(200, this.idx({}));
      case "/idp/idx/enroll/new":
      case "/idp/idx/enroll/update": {
        const { userProfile } = await body(request);
        const { status, message } = identityEngine(this, await this.ask(userProfile));
        return json(status, message);
      }
      case "/api/v1/registration/form":
        return json(200, this.classicForm());
      case "/api/v1/registration/policy/register": {
        const { userProfile } = await body(request);
        const { status, message } = classicEngine(await this.ask(userProfile));
        return json(status, message);
      }
      default:
        this.problems.push(`unexpected request for ${pathname}`);
        answer.writeHead(404).end();
    }
  }

  /** Asks the hook about a submitted form. Returns `undefined` if the call has failed. */
  async ask(form) {
    this.request = JSON.stringify(hookRequest(this, form));
    try {
      const answer = await fetch(this.hook, {
        method: "POST",
        headers: {
          accept: "application/json",
          "content-type": "application/json",
          authorization: this.authorization,
        },
        body: this.request,
        redirect: "manual",
        // Okta waits for 3 s. The test is about the screen, and a busy machine may be late.
        signal: AbortSignal.timeout(60_000),
      });
      if (answer.status === 204) return {};
      return answer.ok ? await answer.json() : undefined;
    } catch (error) {
      this.problems.push(`the hook did not answer: ${error}`);
      return undefined;
    }
  }

  page() {
    const { script, style } = ASSETS[this.client];
    const config = {
      baseUrl: this.url,
      language: "en",
      features: { registration: true },
      useClassicEngine: this.client === "classic",
      // Identity Engine has a form for each state. Classic Engine has a path for each form.
      ...(this.client !== "classic" && { stateToken: "state" }),
    };
    return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Sign up</title>
<link rel="icon" href="data:,"><link rel="stylesheet" href="/css/${style}">
<script src="/js/${script}"></script></head>
<body><div id="widget"></div><script>
const widget = new OktaSignIn(${JSON.stringify(config)});
widget.renderEl({ el: "#widget" }, () => {}, (error) => console.error("widget: " + error));
</script></body></html>`;
  }

  /** The body that Identity Engine sends with a form, and with messages at fields and for the whole form. */
  idx({ atFields = {}, messages = [] }) {
    const form = this.fields.map((name) => ({
      name,
      label: name,
      required: true,
      ...(atFields[name] && { messages: list(atFields[name]) }),
    }));
    const path = this.isProgressive ? "update" : "new";
    return {
      version: "1.0.0",
      stateHandle: "state",
      expiresAt: new Date(Date.now() + 3_600_000).toISOString(),
      intent: "LOGIN",
      ...(messages.length && { messages: list(messages) }),
      remediation: {
        type: "array",
        value: [
          {
            rel: ["create-form"],
            name: "enroll-profile",
            href: `${this.url}/idp/idx/enroll/${path}`,
            method: "POST",
            accepts: "application/json; okta-version=1.0.0",
            produces: "application/ion+json; okta-version=1.0.0",
            value: [
              { name: "userProfile", required: true, form: { value: form } },
              { name: "stateHandle", required: true, value: "state", visible: false, mutable: false },
            ],
          },
        ],
      },
    };
  }

  classicForm() {
    const properties = {};
    for (const name of this.fields) {
      properties[name] = { type: "string", description: name, default: name, maxLength: 255 };
    }
    return {
      policyId: "policy",
      lastUpdate: 1,
      profileSchema: { properties, required: this.fields, fieldOrder: this.fields },
    };
  }
}

/** The request that Okta sends to the hook about a form. */
function hookRequest({ client, isProgressive }, form) {
  const path = isProgressive ? "/idp/idx/enroll/update" : "/idp/idx/enroll/new";
  const request = { id: "request", method: "POST", url: { value: path }, ipAddress: "127.0.0.1" };
  const requestType = isProgressive ? "progressive.profile" : "self.service.registration";
  return {
    eventId: "event",
    eventTime: "2026-11-27T08:00:00.000Z",
    eventType: "com.okta.user.pre-registration",
    eventTypeVersion: "1.0",
    contentType: "application/json",
    cloudEventVersion: "0.1",
    source: "reg",
    ...(client !== "classic" && { requestType }),
    data: {
      context: { request },
      action: "ALLOW",
      [isProgressive ? "userProfileUpdate" : "userProfile"]: form,
    },
  };
}

/** The answer of Identity Engine after the hook's. */
function identityEngine(org, answer) {
  const texts = org.isProgressive ? TEXTS.progressive : TEXTS.registration;
  // Not documented: the status. With 200, Gen2 would show no text at a field.
  const status = 403;
  if (!answer) {
    // Not documented: whether the form comes again.
    const failed = { ...message(texts.failed), i18n: { key: FAILED_KEY } };
    return { status, message: org.idx({ messages: [org.isProgressive ? message(texts.failed) : failed] }) };
  }
  if (!answer.error) {
    if (!isDenied(answer)) return { status: 200, message: nextStep() };
    return { status, message: org.idx({ messages: [message(texts.denied)] }) };
  }
  const causes = answer.error.errorCauses ?? [];
  if (causes.length === 0) {
    const messages = texts.withoutCauses ? [message(texts.withoutCauses)] : [];
    return { status, message: org.idx({ messages }) };
  }
  const atFields = {};
  const others = [];
  for (const { location, errorSummary } of causes) {
    const field = fieldAt(location, org);
    if (field) (atFields[field] ??= []).push(message(errorSummary));
    else others.push(message(errorSummary));
  }
  let messages = [];
  // Not documented: the server's reaction to causes that are not at a field. The test tries three.
  if (others.length && org.assumption === "own text") messages = [message(texts.withoutCauses)];
  if (others.length && org.assumption === "for the form") messages = others;
  return { status, message: org.idx({ atFields, messages }) };
}

/** The field that a location names, if it is on the form. */
function fieldAt(location, { fields, isProgressive, assumption }) {
  // Not documented: that the attribute after `data.userProfile.` is the field.
  const [, member, field] = /^data\.(userProfile|userProfileUpdate)\.(.+)$/.exec(location) ?? [];
  if (!fields.includes(field)) return undefined;
  // Not documented: whether the update of a progressive profile counts.
  if (member === "userProfileUpdate" && !(isProgressive && assumption === "mapped")) return undefined;
  return field;
}

/** A page with a message, in place of the steps that follow in Okta. */
function nextStep() {
  const done = "To finish signing in, check your email.";
  return {
    version: "1.0.0",
    stateHandle: "state",
    intent: "LOGIN",
    messages: list([{ message: done, i18n: { key: "idx.email.verification.required" }, class: "INFO" }]),
  };
}

/** The answer of Classic Engine after the hook's. The widget's own tests have a recorded one. */
function classicEngine(answer) {
  const error = (errorSummary, errorCauses) => ({
    status: 400,
    message: { errorCode: "E0000135", errorSummary, errorLink: "E0000135", errorId: "error", errorCauses },
  });
  // Not documented: the text after a failed call.
  if (!answer) return error(TEXTS.registration.failed, []);
  if (answer.error) return error(TEXTS.registration.withoutCauses, answer.error.errorCauses ?? []);
  if (isDenied(answer)) return error(TEXTS.registration.denied, []);
  return { status: 200, message: {} };
}

const isDenied = ({ commands = [] }) => commands.some(({ value }) => value.registration === "DENY");
const list = (value) => ({ type: "array", value });
// Not documented: the key of a hook's text. The widget does not know it, and shows the text as sent.
const message = (text) => ({ message: text, i18n: { key: "hook.text" }, class: "ERROR" });

async function body(request) {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  return JSON.parse(Buffer.concat(chunks));
}
