// Tests the program with the tokens of a certified OpenID provider. Run: `node run.mjs PROGRAM`
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { generateKeyPairSync, randomUUID, sign } from "node:crypto";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { resolve } from "node:path";
import { after, before, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";

import Provider from "oidc-provider";

assert(process.argv[2], "usage: node run.mjs PROGRAM");
const PROGRAM = resolve(process.argv[2]);
const REPOSITORY = fileURLToPath(new URL("../..", import.meta.url));
const AUDIENCE = "api://registration-hook";
const SCOPE = "registration.hook.invoke";
const RESOURCES = {
  [AUDIENCE]: `${SCOPE} registration.hook.read`,
  "api://elsewhere": SCOPE,
};

const fixture = (kind) =>
  readFileSync(`${REPOSITORY}tests/guide/fixtures/registrationHookSSR/guide-allow.${kind}.json`, "utf8");
const REQUEST = fixture("request");
const ANSWER = JSON.parse(fixture("response"));

function key(kid, kind = "rsa", options = { modulusLength: 2048 }) {
  // Exported at once: exporting a `KeyObject` as JWK can deadlock in Node 20.
  const encoding = { publicKeyEncoding: { format: "jwk" }, privateKeyEncoding: { format: "jwk" } };
  const { privateKey, publicKey } = generateKeyPairSync(kind, { ...options, ...encoding });
  return { private: { ...privateKey, kid }, public: { ...publicKey, kid } };
}
const OLD = key("old");
const NEW = key("new");
const STRAY = key("stray");
const CLIENT_KEY = key("client");
// A key of a kind that the service does not use. Providers publish such keys, too.
const ELLIPTIC = key("elliptic", "ec", { namedCurve: "P-256" });

const client = (client_id, more) => ({
  client_id,
  grant_types: ["client_credentials"],
  response_types: [],
  redirect_uris: [],
  ...more,
});
const withSecret = (id) =>
  client(id, { client_secret: randomUUID(), token_endpoint_auth_method: "client_secret_post" });
const HOOK = withSecret("hook");
const OTHER = withSecret("other");
const HOOK_BY_KEY = client("hook-by-key", {
  token_endpoint_auth_method: "private_key_jwt",
  token_endpoint_auth_signing_alg: "RS256",
  jwks: { keys: [CLIENT_KEY.public] },
});

let issuer;
let provider;
/** How often the service has fetched the keys. */
let fetches = 0;
const server = createServer((request, answer) => {
  if (request.url === "/jwks") fetches += 1;
  provider(request, answer);
});

/** Replaces the provider by one with these keys. It signs with the first one. */
function provide(...keys) {
  provider = new Provider(issuer, {
    clients: [HOOK, OTHER, HOOK_BY_KEY],
    jwks: { keys: [...keys, ELLIPTIC].map((key) => key.private) },
    ttl: { ClientCredentials: 600 },
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      resourceIndicators: {
        enabled: true,
        getResourceServerInfo: (_, audience) => ({
          audience,
          scope: RESOURCES[audience],
          accessTokenFormat: "jwt",
          jwt: { sign: { alg: "RS256" } },
        }),
      },
    },
  }).callback();
}

const encode = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");
const decode = (part) => JSON.parse(Buffer.from(part, "base64url"));

function credentials(client) {
  if (client.client_secret) {
    return { client_id: client.client_id, client_secret: client.client_secret };
  }
  const iat = Math.floor(Date.now() / 1000);
  const claims = {
    iss: client.client_id,
    sub: client.client_id,
    aud: issuer,
    jti: randomUUID(),
    iat,
    exp: iat + 60,
  };
  const signed = `${encode({ alg: "RS256", kid: CLIENT_KEY.private.kid })}.${encode(claims)}`;
  const signature = sign("sha256", signed, { key: CLIENT_KEY.private, format: "jwk" });
  return {
    client_assertion_type: "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
    client_assertion: `${signed}.${signature.toString("base64url")}`,
  };
}

/** Gets a token from the token endpoint. */
async function token(client, more = {}) {
  const wanted = { resource: AUDIENCE, scope: SCOPE, ...more };
  const form = { grant_type: "client_credentials", ...credentials(client), ...wanted };
  const given = Object.entries(form).filter(([, value]) => value !== undefined);
  const answer = await fetch(`${issuer}/token`, {
    method: "POST",
    body: new URLSearchParams(given),
    signal: AbortSignal.timeout(60_000),
  });
  const body = await answer.json();
  assert.equal(answer.status, 200, JSON.stringify(body));
  if (wanted.resource) {
    // So that a test refuses the token for the reason that it is about.
    const { aud, client_id, scope } = decode(body.access_token.split(".")[1]);
    const expected = { aud: wanted.resource, client_id: client.client_id, scope: wanted.scope };
    assert.deepEqual({ aud, client_id, scope }, expected);
  }
  return body.access_token;
}

let service;
let log = "";
let hook;

async function start() {
  const env = Object.fromEntries(
    Object.entries(process.env).filter(
      ([name]) => !/^HOOK__/i.test(name) && !["PORT", "RUST_LOG"].includes(name),
    ),
  );
  Object.assign(env, {
    HOOK__SERVER__BIND: "127.0.0.1:0",
    HOOK__AUTH__OAUTH__ISSUER: issuer,
    HOOK__AUTH__OAUTH__AUDIENCE: AUDIENCE,
    HOOK__AUTH__OAUTH__CLIENT_IDS__0: HOOK.client_id,
    HOOK__AUTH__OAUTH__CLIENT_IDS__1: HOOK_BY_KEY.client_id,
    HOOK__AUTH__OAUTH__SCOPE: SCOPE,
  });
  service = spawn(PROGRAM, { cwd: REPOSITORY, env, stdio: ["ignore", "ignore", "pipe"] });
  process.on("exit", () => service.kill("SIGKILL"));
  service.on("error", (error) => (log += error));
  service.stderr.setEncoding("utf8").on("data", (text) => (log += text));
  for (const end = Date.now() + 60_000; Date.now() < end && service.exitCode === null; ) {
    const found = /listens on (http:\/\/[\d.]+:\d+)/.exec(log);
    if (found) return `${found[1]}/registrationHookSSR`;
    await sleep(20);
  }
  throw new Error(`the service did not start:\n${log}`);
}

async function call(token) {
  const answer = await fetch(hook, {
    method: "POST",
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
    body: REQUEST,
    signal: AbortSignal.timeout(60_000),
  });
  const body = await answer.json();
  const error = /error="(\w+)"/.exec(answer.headers.get("www-authenticate"))?.[1];
  return { status: answer.status, error, body };
}

async function accepts(token) {
  assert.deepEqual(await call(token), { status: 200, error: undefined, body: ANSWER });
}

async function refuses(token, status, expected) {
  const { body, ...rest } = await call(token);
  assert.deepEqual(rest, { status, error: expected });
  assert.equal(body.commands, undefined);
}
const forbids = (token) => refuses(token, 403, "insufficient_scope");
const rejects = (token) => refuses(token, 401, "invalid_token");

// Leaves no process behind, whatever hangs.
setTimeout(() => {
  console.error("the tests did not end within 600 s");
  process.exit(1);
}, 600_000).unref();
for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => process.exit(1));

// The order matters, because the keys change from test to test.
describe("tokens of oidc-provider", { timeout: 590_000 }, () => {
  let old;
  let other;

  before(async () => {
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    issuer = `http://127.0.0.1:${server.address().port}`;
    provide(OLD);
    old = await token(HOOK);
    other = await token(OTHER);
    hook = await start();
  });

  after(() => {
    service?.kill("SIGKILL");
    server.close();
    server.closeAllConnections();
  });

  // The test does not wait until the service has the keys: the first call must succeed, too.
  it("accepts a client with a secret, before the keys are fetched", () => accepts(old));
  it("accepts a client with a key", async () => accepts(await token(HOOK_BY_KEY)));
  it("accepts one scope of several", async () =>
    accepts(await token(HOOK, { scope: RESOURCES[AUDIENCE] })));

  it("forbids another client", () => forbids(other));
  it("forbids another scope", async () =>
    forbids(await token(HOOK, { scope: "registration.hook.read" })));
  it("forbids no scope", async () => forbids(await token(HOOK, { scope: undefined })));

  it("rejects another audience", async () =>
    rejects(await token(HOOK, { resource: "api://elsewhere" })));
  it("rejects an opaque token", async () =>
    rejects(await token(HOOK, { resource: undefined, scope: undefined })));
  it("rejects changed claims", async () => {
    const [header, claims, signature] = other.split(".");
    const changed = encode({ ...decode(claims), client_id: HOOK.client_id, sub: HOOK.client_id });
    await rejects(`${header}.${changed}.${signature}`);
  });
  it("rejects a changed signature", async () => {
    const [header, claims, signature] = old.split(".");
    const changed = Buffer.from(signature, "base64url");
    changed[100] ^= 1;
    await rejects(`${header}.${claims}.${changed.toString("base64url")}`);
  });

  it("accepts a new key on the first try, and the old one still", async () => {
    const unseen = await token(HOOK);
    assert.equal(fetches, 1);
    provide(NEW, OLD);
    await accepts(await token(HOOK));
    assert.equal(fetches, 2);
    await accepts(old);
    await accepts(unseen);
    assert.equal(fetches, 2);
  });

  it("rejects the old key once a fetch has shown that it is gone", async () => {
    provide(STRAY);
    const stray = await token(HOOK);
    provide(NEW);
    await accepts(old);
    // An unknown key makes the service fetch the keys, at most once in 30 s. The provider gives its keys
    // no lifetime, so the service fetches them for no other reason during this test.
    const end = Date.now() + 120_000;
    await rejects(stray);
    while (fetches === 2) {
      assert(Date.now() < end, "the service did not fetch the keys again within 120 s");
      await sleep(250);
      await rejects(stray);
    }
    await rejects(old);
    await accepts(await token(HOOK));
    assert.equal(fetches, 3);
  });
});
