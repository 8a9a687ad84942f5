/** Passkeys over real requests: made, signed in with, in the place of a code, as a proof, and forged. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { PASSKEYS_MOST, SESSION_PROOF_MS } from "../config/limits.ts";
import { SoftAuthenticator, type Twist } from "../test-support/authenticator.ts";
import { cookieBrowser } from "../test-support/browser-cookies.ts";
import { type GatewayWorld, type Reply, STAFF_PASSWORD, startGatewayWorld } from "../test-support/gateway.ts";

let world: GatewayWorld;
/** Of the public URL, which is not where the test connects to. */
const ORIGIN = "http://shop.example";

beforeAll(async () => {
  world = await startGatewayWorld();
});
afterAll(() => world.close());

const saidOf = ({ status, json }: Reply) => [status, json?.code];

let address = 0;
/** A browser with its cookies, in which nobody is signed in; each at an address of its own. */
function browser() {
  address += 1;
  const { call, cookies } = cookieBrowser(world, ORIGIN, `198.51.100.${address}`);
  return {
    call,
    cookies,
    signIn: (person: string, more: object = {}) =>
      call("POST", "/v1/sessions", { email: `${person}@acme.example`, password: STAFF_PASSWORD, ...more }),
    challenge: async () => (await call("POST", "/v1/passkey-challenges")).json.options,
  };
}

let number = 0;
/** Somebody new, signed in. */
async function somebody() {
  number += 1;
  const id = `pass${number}`;
  await world.database.query(
    `insert into staff (id, company_id, email, name, password_hash, password_set_at, role)
     select $1, company_id, $1 || '@acme.example', $1, password_hash, now(), role from staff where id = 'service'`,
    [id],
  );
  const home = browser();
  expect((await home.signIn(id)).status).toBe(201);
  return { id, ...home };
}

async function withPasskey() {
  const person = await somebody();
  const key = new SoftAuthenticator(ORIGIN);
  const { options } = (await person.call("POST", "/v1/account/passkeys/options")).json;
  const added = await person.call("POST", "/v1/account/passkeys", {
    name: "My laptop",
    credential: key.make(options),
  });
  expect(added.status, added.text).toBe(201);
  return { ...person, key, added: added.json };
}

describe("a passkey", () => {
  test("is made, listed, and comes with recovery codes the first time", async () => {
    const person = await withPasskey();
    expect(person.added).toMatchObject({
      passkey: { name: "My laptop", synced: false, lastUsedAt: null },
      recoveryCodes: expect.arrayContaining([expect.stringMatching(/^[a-z2-7]{4}(-[a-z2-7]{4}){5}$/)]),
    });
    const second = new SoftAuthenticator(ORIGIN);
    const { options } = (await person.call("POST", "/v1/account/passkeys/options")).json;
    expect(options).toMatchObject({
      rp: { id: "shop.example" },
      authenticatorSelection: { residentKey: "required", userVerification: "required" },
      excludeCredentials: [{ id: person.key.id }],
    });
    // The handle says nothing of the person.
    expect(Buffer.from(options.user.id, "base64url").length).toBe(32);
    const added = await person.call("POST", "/v1/account/passkeys", {
      name: "My phone",
      credential: second.make(options),
    });
    expect(added.json.recoveryCodes).toBeNull();
    const { items } = (await person.call("GET", "/v1/account/passkeys")).json;
    expect(items.map(({ name }: { name: string }) => name)).toEqual(["My laptop", "My phone"]);
    expect((await person.call("GET", "/v1/account")).json).toMatchObject({ passkeys: 2, recoveryCodes: 10 });
    const { rows } = await world.database.query(
      "select after from audit_entry where subject = $1 and act = 'setting.changed' order by position desc limit 1",
      [`staff:${person.id}`],
    );
    expect(rows).toEqual([{ after: { passkeys: ["My laptop", "My phone"] } }]);
  });

  test("signs in alone, is noted as used, and its challenge counts once", async () => {
    const person = await withPasskey();
    const other = browser();
    const credential = person.key.answer(await other.challenge());
    const signedIn = await other.call("POST", "/v1/sessions/passkey", { credential });
    expect(signedIn.status, signedIn.text).toBe(201);
    expect(signedIn.json).toMatchObject({ staffId: person.id, role: "service" });
    expect((await other.call("GET", "/v1/sessions/current")).json.staffId).toBe(person.id);
    const { items } = (await other.call("GET", "/v1/account/passkeys")).json;
    expect(items[0].lastUsedAt).not.toBeNull();
    expect(saidOf(await other.call("POST", "/v1/sessions/passkey", { credential }))).toEqual([
      409,
      "passkey_challenge_over",
    ]);
    const { rows } = await world.database.query<{ after: unknown }>(
      "select after from audit_entry where subject = $1 and act = 'session.opened' order by position desc limit 1",
      [`staff:${person.id}`],
    );
    expect(rows[0]?.after).toEqual({ by: "passkey" });
  });

  test("is asked for beside the password, in the place of a code; a recovery code does as well", async () => {
    const person = await withPasskey();
    const other = browser();
    expect(saidOf(await other.signIn(person.id))).toEqual([401, "second_factor_needed"]);
    const passkey = person.key.answer(await other.challenge());
    expect((await other.signIn(person.id, { passkey })).status).toBe(201);
    const [code] = person.added.recoveryCodes;
    expect((await browser().signIn(person.id, { code })).status).toBe(201);
    expect(saidOf(await browser().signIn(person.id, { code }))).toEqual([403, "second_factor_wrong"]);
    // Of somebody else it is worth nothing.
    const stranger = await withPasskey();
    const third = browser();
    expect(
      saidOf(await third.signIn(person.id, { passkey: stranger.key.answer(await third.challenge()) })),
    ).toEqual([403, "passkey_refused"]);
  });

  test("proves again who is there, and only who is there", async () => {
    const person = await withPasskey();
    const stranger = await withPasskey();
    await world.database.query("update staff_session set proved_at = now() - $1 * interval '1 millisecond'", [
      SESSION_PROOF_MS + 1_000,
    ]);
    const remove = () => person.call("DELETE", `/v1/account/passkeys/${person.added.passkey.id}`);
    expect(saidOf(await remove())).toEqual([403, "reauthentication_needed"]);
    const prove = async (key: SoftAuthenticator) =>
      person.call("POST", "/v1/sessions/current/proof", { passkey: key.answer(await person.challenge()) });
    expect(saidOf(await prove(stranger.key))).toEqual([403, "passkey_refused"]);
    expect(saidOf(await remove())).toEqual([403, "reauthentication_needed"]);
    expect(saidOf(await person.call("POST", "/v1/sessions/current/proof", {}))).toEqual([
      400,
      "invalid_request",
    ]);
    expect((await prove(person.key)).status).toBe(200);
    expect((await remove()).status).toBe(200);
  });

  test("that is removed signs nobody in, and takes the recovery codes with it", async () => {
    const person = await withPasskey();
    const path = `/v1/account/passkeys/${person.added.passkey.id}`;
    const stranger = await withPasskey();
    expect(saidOf(await stranger.call("DELETE", path))).toEqual([404, "passkey_not_found"]);
    expect((await person.call("DELETE", path)).status).toBe(200);
    expect(saidOf(await person.call("DELETE", path))).toEqual([404, "passkey_not_found"]);
    const other = browser();
    const credential = person.key.answer(await other.challenge());
    expect(saidOf(await other.call("POST", "/v1/sessions/passkey", { credential }))).toEqual([
      401,
      "passkey_unknown",
    ]);
    expect((await person.call("GET", "/v1/account")).json).toMatchObject({ passkeys: 0, recoveryCodes: 0 });
    expect((await other.signIn(person.id)).status).toBe(201);
  });

  test("of who is switched off signs nobody in; an administrator takes lost ones away", async () => {
    const person = await withPasskey();
    const off = (action: string) =>
      world.call("POST", `/v1/staff/${person.id}/${action}`, {
        headers: { "idempotency-key": crypto.randomUUID() },
      });
    await off("disable");
    const other = browser();
    const tried = async () =>
      saidOf(
        await other.call("POST", "/v1/sessions/passkey", {
          credential: person.key.answer(await other.challenge()),
        }),
      );
    expect(await tried()).toEqual([401, "passkey_unknown"]);
    await off("enable");
    expect((await off("remove-second-factor")).json).toMatchObject({ passkeys: 0 });
    expect(await tried()).toEqual([401, "passkey_unknown"]);
    expect((await other.signIn(person.id)).status).toBe(201);
  });

  test("is one of so many at most, and nobody's twice", async () => {
    const person = await withPasskey();
    const { options } = (await person.call("POST", "/v1/account/passkeys/options")).json;
    const again = await person.call("POST", "/v1/account/passkeys", {
      name: "The same",
      credential: person.key.make(options),
    });
    expect(saidOf(again)).toEqual([409, "passkey_there"]);
    await world.database.query(
      `insert into staff_passkey (staff_id, credential_id, name, public_key, sign_count, transports, synced)
       select $1, decode(md5($1 || n), 'hex'), 'more', '\\x00', 0, '{}', false from generate_series(2, $2::int) n`,
      [person.id, PASSKEYS_MOST],
    );
    expect(saidOf(await person.call("POST", "/v1/account/passkeys/options"))).toEqual([
      409,
      "too_many_passkeys",
    ]);
  });
});

describe("what is not taken", () => {
  test.each<readonly [string, Twist, string]>([
    ["made for another site", { origin: "http://evil.example" }, "passkey_refused"],
    ["made for another host", { rpId: "evil.example" }, "passkey_refused"],
    ["of nobody who was verified", { flags: 0b0001 }, "passkey_refused"],
    ["of nobody who was there", { flags: 0b0100 }, "passkey_refused"],
    ["made within a page of another site", { crossOrigin: true }, "passkey_refused"],
    ["of another ceremony", { type: "webauthn.create" }, "passkey_refused"],
    ["with another person's handle", { userHandle: "AAAAAAAAAAAAAAAAAAAAAA" }, "passkey_refused"],
    ["to a challenge that nobody gave", { challenge: "AAAAAAAAAAAAAAAAAAAAAA" }, "passkey_challenge_over"],
  ])("an answer %s", async (_name, twist, code) => {
    const person = await withPasskey();
    const other = browser();
    const credential = person.key.answer(await other.challenge(), twist);
    const reply = await other.call("POST", "/v1/sessions/passkey", { credential });
    expect(reply.json.code, reply.text).toBe(code);
    expect(reply.headers.getSetCookie()).toEqual([]);
    // Nothing has changed: an honest answer to a new challenge is taken.
    const honest = person.key.answer(await other.challenge());
    expect((await other.call("POST", "/v1/sessions/passkey", { credential: honest })).status).toBe(201);
  });

  test("a signature that was altered, or is of another key", async () => {
    const person = await withPasskey();
    const other = browser();
    const credential = person.key.answer(await other.challenge());
    const signature = Buffer.from(credential.response.signature, "base64url");
    signature.writeUInt8(signature.readUInt8(signature.length - 1) ^ 1, signature.length - 1);
    const altered = {
      ...credential,
      response: { ...credential.response, signature: signature.toString("base64url") },
    };
    expect(saidOf(await other.call("POST", "/v1/sessions/passkey", { credential: altered }))).toEqual([
      403,
      "passkey_refused",
    ]);
    const stranger = new SoftAuthenticator(ORIGIN);
    const { userHandle } = credential.response;
    const foreign = stranger.answer(await other.challenge(), { userHandle });
    const forged = { ...foreign, id: person.key.id, rawId: person.key.id };
    expect((await other.call("POST", "/v1/sessions/passkey", { credential: forged })).json.code).toBe(
      "passkey_refused",
    );
  });

  test("an answer from another browser than the one that was asked, or too late", async () => {
    const person = await withPasskey();
    const [asked, thief] = [browser(), browser()];
    const credential = person.key.answer(await asked.challenge());
    await thief.challenge();
    expect(saidOf(await thief.call("POST", "/v1/sessions/passkey", { credential }))).toEqual([
      409,
      "passkey_challenge_over",
    ]);
    expect(saidOf(await browser().call("POST", "/v1/sessions/passkey", { credential }))).toEqual([
      409,
      "passkey_challenge_over",
    ]);
    // It was given to the first one, which still may.
    expect((await asked.call("POST", "/v1/sessions/passkey", { credential })).status).toBe(201);
    const late = person.key.answer(await asked.challenge());
    await world.database.query("update passkey_challenge set expires_at = now() - interval '1 second'");
    expect(saidOf(await asked.call("POST", "/v1/sessions/passkey", { credential: late }))).toEqual([
      409,
      "passkey_challenge_over",
    ]);
  });

  test("a passkey whose counter has not gone on; it is recorded as what it may be", async () => {
    const person = await withPasskey();
    const other = browser();
    const answer = async (counter: number) =>
      other.call("POST", "/v1/sessions/passkey", {
        credential: person.key.answer(await other.challenge(), { counter }),
      });
    expect((await answer(7)).status).toBe(201);
    expect(saidOf(await answer(7))).toEqual([403, "passkey_refused"]);
    expect(saidOf(await answer(0))).toEqual([403, "passkey_refused"]);
    expect((await answer(8)).status).toBe(201);
    const { rows } = await world.database.query(
      "select from audit_entry where subject = $1 and act = 'passkey.counter-fell'",
      [`staff:${person.id}`],
    );
    expect(rows).toHaveLength(2);
  });

  test("a new passkey in another session than the one that was asked, of another site, or unverified", async () => {
    const [person, stranger] = [await somebody(), await somebody()];
    const options = async () => (await person.call("POST", "/v1/account/passkeys/options")).json.options;
    const add = (who: typeof person, credential: unknown) =>
      who.call("POST", "/v1/account/passkeys", { name: "Forged", credential });
    const key = new SoftAuthenticator(ORIGIN);
    expect(saidOf(await add(stranger, key.make(await options())))).toEqual([409, "passkey_challenge_over"]);
    for (const twist of [
      { origin: "http://evil.example" },
      { rpId: "evil.example" },
      { flags: 0b0001 },
      { type: "webauthn.get" },
    ])
      expect(saidOf(await add(person, key.make(await options(), twist)))).toEqual([403, "passkey_refused"]);
    expect((await person.call("GET", "/v1/account/passkeys")).json.items).toEqual([]);
  });

  test.each([
    ["no answer at all", {}],
    ["text in the place of bytes", { credential: { id: "!", rawId: "!", type: "public-key" } }],
  ])("%s", async (_name, json) => {
    expect(saidOf(await browser().call("POST", "/v1/sessions/passkey", json))).toEqual([
      400,
      "invalid_request",
    ]);
  });

  test("bytes that are no answer", async () => {
    const person = await withPasskey();
    const other = browser();
    const honest = person.key.answer(await other.challenge());
    for (const part of ["authenticatorData", "signature", "clientDataJSON"] as const) {
      const credential = { ...honest, response: { ...honest.response, [part]: "AAAA" } };
      const reply = await other.call("POST", "/v1/sessions/passkey", { credential });
      expect(reply.status, reply.text).toBeLessThan(500);
      expect(reply.status).toBeGreaterThanOrEqual(400);
    }
  });

  test("a challenge that a page of another site asks for", async () => {
    const reply = await world.call("POST", "/v1/passkey-challenges", {
      anonymous: true,
      headers: { origin: "http://evil.example" },
    });
    expect(saidOf(reply)).toEqual([403, "origin_forbidden"]);
  });
});
