// The service under test with rules of its own, the API that its lookup asks, and small helpers.
import { execFileSync, spawn } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

export const AXE = createRequire(import.meta.url).resolve("axe-core/axe.min.js");
const PASSWORD = "correct-horse-battery";

export const RULES = `
[self_service_registration]
summary = "We could not register you."

[self_service_registration.lookups.account]
source = "accounts"
get = "/accounts/{email}"
returns = { status = "/status" }

[[self_service_registration.rules]]
id = "work-email"
attribute = "email"
domains = ["okta.com"]
message = "Only okta.com emails can register."

[[self_service_registration.rules]]
id = "known-account"
lookup = "account"
message = "We do not know this account."
location = "data.userProfile.email"
reason = "UNKNOWN_ACCOUNT"

[[self_service_registration.rules]]
id = "active-account"
attribute = "account.status"
one_of = ["active"]
optional = true
message = "Your account is closed."
location = "data.userProfile.email"
reason = "CLOSED_ACCOUNT"

[self_service_registration.set]
displayName = "{firstName} {lastName}"

[progressive_profile]
update = ["employeeNumber"]

[[progressive_profile.rules]]
id = "employee-number"
attribute = "employeeNumber"
digits = 4
message = "Employee numbers must have 4 digits."
`;

export const requestWith = (form) => ({
  eventType: "com.okta.user.pre-registration",
  requestType: "self.service.registration",
  data: { userProfile: form },
});

// The same rules, except that the lookup's rules do not count after a failure of its source.
export const SKIPPING_RULES = RULES.replace('get = "/acc', 'on_failure = "skip"\nget = "/acc').replace("optional = true\n", "");

// The same rules with a table in the place of the API: `accounts.csv` beside them.
export const TABLE_RULES = RULES.replace(
  'source = "accounts"\nget = "/accounts/{email}"\nreturns = { status = "/status" }',
  'file = "accounts.csv"\nmatch = { email = "{email}" }\nreturns = ["status"]',
);

// An API with one active account per address of okta.com. It answers HTML about some, and status 500 about others.
export async function startAccountsApi() {
  const server = createServer((request, response) => {
    if (request.url.includes("/html")) return response.end("<html></html>");
    if (request.url.includes("/down")) return response.writeHead(500).end();
    const known = request.url.endsWith("okta.com");
    response.writeHead(known ? 200 : 404, { "content-type": "application/json" });
    response.end(JSON.stringify(known ? { status: "active" } : {}));
  });
  await new Promise((ready) => server.listen(0, "127.0.0.1", ready));
  return { server, url: `http://127.0.0.1:${server.address().port}` };
}

// Starts the program in a folder with the shipped rules and recorded requests.
export async function startShipped(program) {
  const folder = mkdtempSync(join(tmpdir(), "preview-"));
  const guide = join(import.meta.dirname, "../guide");
  cpSync(join(guide, "rules"), join(folder, "rules"), { recursive: true });
  cpSync(join(guide, "fixtures"), join(folder, "tests/fixtures"), { recursive: true });
  return startIn(folder, program, {});
}

// Starts the program in a folder of its own, with these variables.
export async function startPreview(program, accounts, variables = {}) {
  const folder = mkdtempSync(join(tmpdir(), "preview-"));
  const fixtures = join(folder, "tests/fixtures/signup");
  mkdirSync(join(folder, "rules"));
  mkdirSync(fixtures, { recursive: true });
  writeFileSync(join(folder, "rules/signup.toml"), RULES);
  writeFileSync(join(folder, "registration-hook.toml"), `[sources.accounts]\nurl = "${accounts}"\n`);
  const known = { firstName: "Kim", lastName: "Own", login: "known@okta.com", email: "known@okta.com" };
  writeFileSync(join(fixtures, "known.request.json"), JSON.stringify(requestWith(known), null, 2));
  writeFileSync(join(fixtures, "known.lookups.json"), '{ "account": { "status": "active" } }\n');
  writeFileSync(join(fixtures, "known.response.json"), "{}");
  return startIn(folder, program, variables);
}

async function startIn(folder, program, variables) {
  // Replaces the file at once: the service checks the folder at any time.
  const writeHook = (name, text) => {
    const written = join(folder, "written.toml");
    writeFileSync(written, text);
    renameSync(written, join(folder, `rules/${name}.toml`));
  };
  const environment = {
    PATH: process.env.PATH,
    HOOK__SERVER__BIND: "127.0.0.1:0",
    HOOK__AUTH__BASIC__USERNAME: "admin",
    HOOK__AUTH__BASIC__PASSWORD: PASSWORD,
    HOOK__RULES__RELOAD: "200ms",
    HOOK_PASSWORD: PASSWORD,
    ...variables,
  };
  const send = (hook, body, headers = {}) =>
    fetch(`${hooks}/${hook}`, {
      method: "POST",
      headers: { authorization, "content-type": "application/json", ...headers },
      body,
    });
  const run = (command, args) => execFileSync(command, args, { cwd: folder, env: environment, encoding: "utf8" });
  const path = resolve(program);
  run(path, ["replay", "--update"]);
  const child = spawn(path, ["preview", "--page", "0"], { cwd: folder, env: environment, stdio: ["ignore", "ignore", "pipe"] });
  const { hooks, url } = await addresses(child);
  const authorization = `Basic ${Buffer.from(`admin:${PASSWORD}`).toString("base64")}`;
  return {
    folder,
    url,
    writeRules: (text) => writeHook("signup", text),
    fixtures: () => readdirSync(join(folder, "tests/fixtures/signup")),
    replay: () => run(path, ["replay"]),
    shell: (line) => run("bash", ["-c", line.replace(/^curl /, "curl -s ")]),
    hooks,
    writeHook,
    removeHook: (name) => rmSync(join(folder, `rules/${name}.toml`)),
    send,
    post: (hook, form, headers) => send(hook, JSON.stringify(requestWith(form)), headers),
    stop: () => {
      child.kill("SIGKILL");
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

// The addresses of the hooks and of the page, from standard error.
function addresses(child) {
  let log = "";
  return new Promise((found, failed) => {
    child.stderr.on("data", (bytes) => {
      log += bytes;
      const url = /preview: open (\S+)\s/.exec(log)?.[1];
      const hooks = /listens on (\S+)\s/.exec(log)?.[1];
      if (url && hooks) found({ url, hooks });
    });
    child.on("exit", () => failed(new Error(log)));
  });
}

// The files of a zip archive without compression.
export function unzip(bytes) {
  const files = {};
  let at = 0;
  while (bytes.readUInt32LE(at) === 0x04034b50) {
    const [size, name] = [bytes.readUInt32LE(at + 18), bytes.readUInt16LE(at + 26)];
    const start = at + 30 + name;
    files[bytes.toString("utf8", at + 30, start)] = bytes.toString("utf8", start, start + size);
    at = start + size;
  }
  return files;
}
