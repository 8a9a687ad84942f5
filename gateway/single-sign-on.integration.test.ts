/** Signing in by an identity provider: a real one, and what it would never say. */
import { pino } from "pino";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { SESSION_PROOF_MS } from "../config/limits.ts";
import { createOidcProvider } from "../integrations/identity/oidc.ts";
import { cookieBrowser } from "../test-support/browser-cookies.ts";
import { type GatewayWorld, type Reply, STAFF_PASSWORD, startGatewayWorld } from "../test-support/gateway.ts";
import {
  CLIENT,
  startIdentityProvider,
  type TestIdentityProvider,
  type TokenTwist,
} from "../test-support/vendors/identity-provider.ts";

const ORIGIN = "http://shop.example";
const REDIRECT = `${ORIGIN}/single-sign-on`;

let provider: TestIdentityProvider;
let world: GatewayWorld;

const settings = () => ({
  issuer: provider.issuer,
  clientId: CLIENT.id,
  clientSecret: CLIENT.secret,
  clientAuth: "client_secret_basic" as const,
  name: "Acme ID",
  redirectUri: REDIRECT,
  afterLogout: `${ORIGIN}/`,
});

beforeAll(async () => {
  provider = await startIdentityProvider(REDIRECT);
  world = await startGatewayWorld(undefined, {
    singleSignOn: { provider: createOidcProvider(settings()), required: false },
  });
});
beforeEach(() => {
  provider.twist = null;
  provider.userinfo = null;
  provider.isAway = false;
});
afterAll(async () => {
  await world?.close();
  await provider?.stop();
});

const saidOf = ({ status, json }: Reply) => [status, json?.code];

let address = 0;
function browser(of: GatewayWorld = world) {
  address += 1;
  const { call } = cookieBrowser(of, ORIGIN, `203.0.113.${address}`);
  return {
    call,
    /** Goes to the provider and comes back. @returns the query of the address at which it came back */
    visit: async (login: string, path = "/v1/single-sign-on") => {
      const begun = await call("POST", path);
      expect(begun.status, begun.text).toBe(201);
      return provider.signIn(begun.json.url, login);
    },
    finish: (answer: string) => call("POST", "/v1/sessions/single-sign-on", { answer }),
    password: (person: string) =>
      call("POST", "/v1/sessions", { email: `${person}@acme.example`, password: STAFF_PASSWORD }),
  };
}

let number = 0;
/** Somebody without a password, and their account at the provider. */
async function somebody() {
  number += 1;
  const id = `sso${number}`;
  const email = `${id}@acme.example`;
  await world.database.query(
    `insert into staff (id, company_id, email, name, role)
     select $1, company_id, $2, $1, role from staff where id = 'service'`,
    [id, email],
  );
  const login = `account-${number}`;
  provider.accounts.set(login, { email, verified: true });
  return { id, email, login };
}

describe("the identity provider's answer", () => {
  test("signs in who has the address that it has verified, with the rights of their role", async () => {
    const person = await somebody();
    const home = browser();
    expect((await home.call("GET", "/v1/sign-in-ways")).json).toEqual({
      singleSignOn: "Acme ID",
      required: false,
    });
    const url = new URL((await home.call("POST", "/v1/single-sign-on")).json.url);
    expect(url.origin).toBe(provider.issuer);
    expect(Object.fromEntries(url.searchParams)).toMatchObject({
      client_id: CLIENT.id,
      redirect_uri: REDIRECT,
      response_type: "code",
      scope: "openid email",
      code_challenge_method: "S256",
      code_challenge: expect.stringMatching(/^[\w-]{43}$/),
      nonce: expect.stringMatching(/^[\w-]{43}$/),
      state: expect.stringMatching(/^sign-in\.[\w-]{43}$/),
    });
    const signedIn = await home.finish(await home.visit(person.login));
    expect(signedIn.status, signedIn.text).toBe(201);
    expect(signedIn.json).toMatchObject({ staffId: person.id, role: "service" });
    expect((await home.call("GET", "/v1/sessions/current")).json.staffId).toBe(person.id);
    expect(provider.tokenRequests.at(-1)?.get("code_verifier")).toMatch(/^[\w-]{43}$/);
    const { rows } = await world.database.query(
      "select act, after from audit_entry where subject = $1 order by position",
      [`staff:${person.id}`],
    );
    expect(rows).toEqual([
      { act: "single-sign-on.linked", after: { issuer: provider.issuer, account: person.login } },
      { act: "session.opened", after: { by: "single-sign-on" } },
    ]);
  });

  test("counts once, in the browser that was sent, and not for ever", async () => {
    const person = await somebody();
    const [home, thief] = [browser(), browser()];
    const answer = await home.visit(person.login);
    await thief.call("POST", "/v1/single-sign-on");
    expect(saidOf(await thief.finish(answer))).toEqual([409, "single_sign_on_over"]);
    expect(saidOf(await browser().finish(answer))).toEqual([409, "single_sign_on_over"]);
    expect((await home.finish(answer)).status).toBe(201);
    expect(saidOf(await home.finish(answer))).toEqual([409, "single_sign_on_over"]);

    const late = await home.visit(person.login);
    await world.database.query("update single_sign_on_attempt set expires_at = now() - interval '1 second'");
    expect(saidOf(await home.finish(late))).toEqual([409, "single_sign_on_over"]);
  });

  test.each<readonly [string, (answer: URLSearchParams) => void, string]>([
    ["another state", (answer) => answer.set("state", "sign-in.another"), "single_sign_on_over"],
    ["no state", (answer) => answer.delete("state"), "single_sign_on_over"],
    ["two states", (answer) => answer.append("state", "another"), "single_sign_on_over"],
    ["another code", (answer) => answer.set("code", "another"), "single_sign_on_refused"],
    ["no code", (answer) => answer.delete("code"), "single_sign_on_refused"],
    [
      "the issuer of another provider",
      (answer) => answer.set("iss", "https://evil.example"),
      "single_sign_on_refused",
    ],
    ["no issuer, though it announces one", (answer) => answer.delete("iss"), "single_sign_on_refused"],
  ])("with %s signs nobody in", async (_name, change, code) => {
    const person = await somebody();
    const home = browser();
    const answer = new URLSearchParams(await home.visit(person.login));
    change(answer);
    const reply = await home.finish(answer.toString());
    expect(reply.json.code, reply.text).toBe(code);
    expect((await home.call("GET", "/v1/sessions/current")).status).toBe(401);
  });

  test("that says no is passed on", async () => {
    const home = browser();
    const url = new URL((await home.call("POST", "/v1/single-sign-on")).json.url);
    const state = url.searchParams.get("state") ?? "";
    const answer = new URLSearchParams({
      error: "access_denied",
      error_description: "not today",
      state,
      iss: provider.issuer,
    });
    const reply = await home.finish(answer.toString());
    expect(saidOf(reply)).toEqual([403, "single_sign_on_denied"]);
    expect(reply.json.detail).toContain("not today");
  });

  test.each<readonly [string, TokenTwist]>([
    ["another nonce", { claims: (all) => ({ ...all, nonce: "another" }) }],
    ["no nonce", { claims: ({ nonce: _, ...rest }) => rest }],
    ["another audience", { claims: (all) => ({ ...all, aud: "somebody-else" }) }],
    ["another issuer", { claims: (all) => ({ ...all, iss: "https://evil.example" }) }],
    ["no subject", { claims: ({ sub: _, ...rest }) => rest }],
    ["no time", { claims: ({ iat: _, ...rest }) => rest }],
    ["a time that is over", { claims: (all) => ({ ...all, exp: Math.floor(Date.now() / 1_000) - 120 }) }],
    ["an altered signature", { sign: "altered" }],
    ["the signature of another key", { sign: "another-key" }],
    ["no signature", { sign: "none" }],
    ["the client's secret for a key", { sign: "client-secret" }],
  ])("whose id token has %s signs nobody in", async (_name, twist) => {
    const person = await somebody();
    const home = browser();
    const answer = await home.visit(person.login);
    provider.twist = twist;
    const reply = await home.finish(answer);
    expect(saidOf(reply), reply.text).toEqual([403, "single_sign_on_refused"]);
    expect((await home.call("GET", "/v1/sessions/current")).status).toBe(401);
  });

  test("whose userinfo is another person's signs nobody in", async () => {
    const person = await somebody();
    const home = browser();
    const answer = await home.visit(person.login);
    provider.userinfo = { sub: "another", email: "admin@acme.example", email_verified: true };
    expect(saidOf(await home.finish(answer))).toEqual([403, "single_sign_on_refused"]);
  });
});

describe("who comes from the provider", () => {
  const comes = async (login: string) => {
    const home = browser();
    return home.finish(await home.visit(login));
  };

  test.each([
    ["without an address", {}, "single_sign_on_unverified"],
    [
      "with one that nobody verified",
      { email: "admin@acme.example", verified: false },
      "single_sign_on_unverified",
    ],
    ["with one of which it does not say", { email: "admin@acme.example" }, "single_sign_on_unverified"],
    [
      "with one that nobody here has",
      { email: "new@acme.example", verified: true },
      "single_sign_on_unknown",
    ],
  ])("%s is let in as nobody, and nobody is made", async (name, account, code) => {
    provider.accounts.set(name, account);
    const before = await world.counts();
    const reply = await comes(name);
    expect(saidOf(reply)).toEqual([403, code]);
    const after = await world.counts();
    expect([after["staff"], after["staff_identity"]]).toEqual([before["staff"], before["staff_identity"]]);
    const { rows } = await world.database.query(
      "select after from audit_entry where act = 'single-sign-on.refused' order by position desc limit 1",
    );
    expect(rows).toEqual([{ after: { code } }]);
  });

  test("switched off here, is not let in", async () => {
    const person = await somebody();
    await world.database.query("update staff set disabled_at = now() where id = $1", [person.id]);
    expect(saidOf(await comes(person.login))).toEqual([403, "single_sign_on_unknown"]);
  });

  test("with the address of somebody who left, is not them, until an administrator says so", async () => {
    const person = await somebody();
    expect((await comes(person.login)).status).toBe(201);
    provider.accounts.set("successor", { email: person.email, verified: true });
    expect(saidOf(await comes("successor"))).toEqual([403, "single_sign_on_other_person"]);
    expect((await comes(person.login)).status).toBe(201);
    const change = async (email: string) => {
      const { version } = (await world.call("GET", `/v1/staff/${person.id}`)).json;
      return world.call("PATCH", `/v1/staff/${person.id}`, { json: { version, email } });
    };
    expect((await change("elsewhere@acme.example")).status).toBe(200);
    expect((await change(person.email)).status).toBe(200);
    expect((await comes("successor")).status).toBe(201);
  });
});

describe("a session that the provider opened", () => {
  test("ends there as well when it is signed out here", async () => {
    const person = await somebody();
    const home = browser();
    await home.finish(await home.visit(person.login));
    const { json } = await home.call("DELETE", "/v1/sessions/current");
    const url = new URL(json.continueAt);
    expect(url.origin).toBe(provider.issuer);
    expect(Object.fromEntries(url.searchParams)).toEqual({
      client_id: CLIENT.id,
      post_logout_redirect_uri: `${ORIGIN}/`,
    });
    expect((await fetch(url)).status).toBe(200);
    // Who signed in by password has none there.
    const other = browser();
    await other.password("finance");
    expect((await other.call("DELETE", "/v1/sessions/current")).json).toEqual({
      status: "done",
      continueAt: null,
    });
  });

  test("is proved again by the provider, anew, and by the same person only", async () => {
    const [person, stranger] = [await somebody(), await somebody()];
    const home = browser();
    await home.finish(await home.visit(person.login));
    await world.database.query("update staff_session set proved_at = now() - $1 * interval '1 millisecond'", [
      SESSION_PROOF_MS + 1_000,
    ]);
    const begin = () => home.call("POST", "/v1/account/second-factor");
    expect(saidOf(await begin())).toEqual([403, "reauthentication_needed"]);
    expect((await home.call("GET", "/v1/sessions/current/proof")).json).toMatchObject({
      password: false,
      singleSignOn: true,
    });
    const path = "/v1/sessions/current/single-sign-on";
    const url = new URL((await home.call("POST", path)).json.url);
    expect(url.searchParams.get("prompt")).toBe("login");
    const prove = async (login: string) =>
      home.call("POST", "/v1/sessions/current/proof", { singleSignOn: await home.visit(login, path) });
    expect(saidOf(await prove(stranger.login))).toEqual([403, "single_sign_on_other_person"]);
    // An answer to a proof signs nobody in, nor the other way round.
    expect(saidOf(await home.finish(await home.visit(person.login, path)))).toEqual([
      409,
      "single_sign_on_over",
    ]);
    const signIn = await home.visit(person.login);
    expect(saidOf(await home.call("POST", "/v1/sessions/current/proof", { singleSignOn: signIn }))).toEqual([
      409,
      "single_sign_on_over",
    ]);
    expect((await prove(person.login)).status).toBe(200);
    expect((await begin()).status).toBe(200);
  });

  test("is not proved by a sign-in of long ago", async () => {
    const person = await somebody();
    const home = browser();
    await home.finish(await home.visit(person.login));
    const answer = await home.visit(person.login, "/v1/sessions/current/single-sign-on");
    provider.twist = { claims: (all) => ({ ...all, auth_time: Math.floor(Date.now() / 1_000) - 600 }) };
    expect(saidOf(await home.call("POST", "/v1/sessions/current/proof", { singleSignOn: answer }))).toEqual([
      403,
      "single_sign_on_refused",
    ]);
  });
});

test("a provider that is away is a matter of waiting, and found again when it is back", async () => {
  const person = await somebody();
  const home = browser();
  const answer = await home.visit(person.login);
  provider.isAway = true;
  const reply = await home.finish(answer);
  expect(saidOf(reply), reply.text).toEqual([503, "single_sign_on_unavailable"]);
  expect(reply.json.retryAfterMs).toBeGreaterThan(0);
  const lines: string[] = [];
  const fresh = createOidcProvider(settings(), pino({}, { write: (line: string) => lines.push(line) }));
  await expect(fresh.begin(false)).rejects.toMatchObject({ code: "single_sign_on_unavailable" });
  expect(lines.map((line) => JSON.parse(line))).toMatchObject([
    { level: 40, code: "single_sign_on_unavailable", reasons: [expect.stringContaining("response")] },
  ]);
  provider.isAway = false;
  expect((await fresh.begin(false)).url).toContain(provider.issuer);
  expect((await home.finish(await home.visit(person.login))).status).toBe(201);
});

describe("where the provider is required", () => {
  let strict: GatewayWorld;
  beforeAll(async () => {
    strict = await startGatewayWorld(undefined, {
      singleSignOn: { provider: createOidcProvider(settings()), required: true },
    });
  });
  afterAll(() => strict?.close());

  test("a password lets administrators in alone, who break the glass, and that is recorded", async () => {
    const home = browser(strict);
    expect((await home.call("GET", "/v1/sign-in-ways")).json.required).toBe(true);
    const refused = await home.password("service");
    expect(saidOf(refused)).toEqual([403, "single_sign_on_required"]);
    expect(refused.headers.getSetCookie()).toEqual([]);
    expect((await home.password("admin")).status).toBe(201);
    const { rows } = await strict.database.query(
      "select act, subject, after from audit_entry order by position",
    );
    expect(rows).toEqual([
      { act: "session.refused", subject: "staff:service", after: { code: "single_sign_on_required" } },
      { act: "session.opened", subject: "staff:admin", after: { by: "password" } },
    ]);
  });
});

test("where none is configured there is none", async () => {
  const alone = await startGatewayWorld();
  try {
    const reply = await alone.call("POST", "/v1/single-sign-on", { anonymous: true });
    expect(saidOf(reply)).toEqual([404, "single_sign_on_off"]);
    expect((await alone.call("GET", "/v1/sign-in-ways", { anonymous: true })).json.singleSignOn).toBeNull();
  } finally {
    await alone.close();
  }
});
