/**
 * People as administrators and they themselves change them: links, passwords, sessions, second factors. Mails
 * go through the real mailer to a real SMTP server.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Secret, TOTP } from "otpauth";
import { pino } from "pino";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createSmtpMailer } from "../integrations/notifications/smtp/mailer.ts";
import { startMailSimulator } from "../integrations/notifications/smtp/simulator.ts";
import type { MailSimulator } from "../integrations/simulator-kit/vendor-simulators.ts";
import { type GatewayWorld, type Reply, STAFF_PASSWORD, startGatewayWorld } from "../test-support/gateway.ts";

let world: GatewayWorld;
let inbox: MailSimulator;
let mailer: ReturnType<typeof createSmtpMailer>;
let folder: string;

const GOOD_PASSWORD = "seven quiet lamps";

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "holdfast-mails-"));
  inbox = await startMailSimulator({
    host: "127.0.0.1",
    port: 0,
    dataFolder: folder,
    logger: pino({ level: "silent" }),
  });
  mailer = createSmtpMailer({ url: `smtp://127.0.0.1:${inbox.port}`, from: "Acme <orders@acme.example>" });
  world = await startGatewayWorld(undefined, { mailer });
});

afterAll(async () => {
  await world.close();
  mailer.close();
  await inbox.stop();
  rmSync(folder, { recursive: true, force: true });
});

const saidOf = ({ status, json }: Reply) => [status, json.code];

const post = (path: string, json: unknown = {}, key: string = crypto.randomUUID()) =>
  world.call("POST", path, { json, headers: { "idempotency-key": key } });

const patch = (path: string, json: unknown) =>
  world.call("PATCH", path, { json, headers: { "idempotency-key": crypto.randomUUID() } });

let address = 0;
/** Each from another address of this machine: what one address may try is limited, and tested elsewhere. */
function anonymously(path: string, json: unknown): Promise<Reply> {
  address += 1;
  return new Promise((resolve, reject) => {
    const sent = request(
      world.url + path,
      {
        method: "POST",
        localAddress: `127.0.${1 + Math.floor(address / 200)}.${1 + (address % 200)}`,
        headers: { "content-type": "application/json", "user-agent": "a test" },
      },
      async (response) => {
        const chunks: Buffer[] = [];
        for await (const chunk of response) chunks.push(Buffer.from(chunk));
        const text = Buffer.concat(chunks).toString("utf8");
        resolve({
          status: response.statusCode ?? 0,
          headers: new Headers({ "set-cookie": response.headers["set-cookie"]?.[0] ?? "" }),
          text,
          json: JSON.parse(text),
        });
      },
    );
    sent.once("error", reject);
    sent.end(JSON.stringify(json));
  });
}

const signIn = (email: string, password: string, code?: string) =>
  anonymously("/v1/sessions", { email, password, ...(code === undefined ? {} : { code }) });

const cookieOf = (reply: Reply) => (reply.headers.get("set-cookie") ?? "").split(";", 1)[0] ?? "";

/** A browser of somebody who is signed in. */
async function browser(email: string, password: string, code?: string) {
  const reply = await signIn(email, password, code);
  expect(reply.status, reply.text).toBe(201);
  const headers = { cookie: cookieOf(reply), origin: world.url };
  return (method: string, path: string, json?: unknown, more: Readonly<Record<string, string>> = {}) =>
    world.call(method, path, {
      anonymous: true,
      headers: { ...headers, ...more },
      ...(json === undefined ? {} : { json }),
    });
}

let number = 0;
async function somebody(role = "service", password: string | null = GOOD_PASSWORD) {
  number += 1;
  const email = `person${number}@people.example`;
  const created = await post("/v1/staff", { email, name: `Person ${number}`, role });
  expect(created.status, created.text).toBe(201);
  const { person, link } = created.json as { person: { id: string; version: number }; link: string };
  if (password !== null)
    expect((await anonymously("/v1/password-links/use", { token: tokenOf(link), password })).status).toBe(
      200,
    );
  return { ...person, email, link };
}

const tokenOf = (link: string) => link.split("#")[1] ?? "";

const mailsTo = (email: string) => inbox.all().filter(({ to }) => to === email);

describe("who is new", () => {
  test("chooses a password by a link that is shown once, mailed, and counts once", async () => {
    const key = crypto.randomUUID();
    const body = { email: "Wanda@Acme.example", name: "Wanda Ware", role: "warehouse" };
    const created = await post("/v1/staff", body, key);
    expect(created.status, created.text).toBe(201);
    expect(created.json).toMatchObject({
      person: { email: "wanda@acme.example", role: "warehouse", state: "invited", passwordSetAt: null },
      link: expect.stringMatching(/^http:\/\/shop\.example\/password#[\w-]{43}$/),
      mailed: true,
    });
    const token = tokenOf(created.json.link);

    const again = await post("/v1/staff", body, key);
    expect(again.json).toEqual({ ...created.json, link: null });
    const [mail] = mailsTo("wanda@acme.example");
    expect(mail).toBeDefined();
    expect(inbox.find(mail?.id ?? 0)?.text).toContain(created.json.link);

    // Nobody who reads the database has the link.
    const { rows } = await world.database.query<{ text: string }>(
      `select concat((select string_agg(l::text, '') from staff_password_link l),
                     (select string_agg(k::text, '') from idempotency_key k),
                     (select string_agg(c::text, '') from setting_change c)) as text`,
    );
    expect(rows[0]?.text).not.toContain(token);

    expect((await anonymously("/v1/password-links/check", { token })).json).toMatchObject({
      email: "wanda@acme.example",
      name: "Wanda Ware",
      purpose: "invitation",
    });
    const weak = await anonymously("/v1/password-links/use", { token, password: "wanda.ware1" });
    expect(saidOf(weak)).toEqual([422, "password_refused"]);
    expect((await anonymously("/v1/password-links/use", { token, password: GOOD_PASSWORD })).status).toBe(
      200,
    );
    for (const step of ["check", "use"])
      expect(
        saidOf(
          await anonymously(`/v1/password-links/${step}`, {
            token,
            ...(step === "use" ? { password: GOOD_PASSWORD } : {}),
          }),
        ),
      ).toEqual([404, "password_link_invalid"]);
    expect((await signIn("wanda@acme.example", GOOD_PASSWORD)).json).toMatchObject({ role: "warehouse" });
  });

  test.each([
    ["an address that somebody has", { email: "admin@acme.example" }, 409, "email_taken"],
    ["a role that there is not", { role: "emperor" }, 404, "role_not_found"],
    ["an address that is none", { email: "wanda" }, 400, "invalid_request"],
    ["a field that there is not", { password: GOOD_PASSWORD }, 400, "invalid_request"],
  ])("is refused with %s, and nothing is added", async (_name, change, status, code) => {
    const before = await world.counts();
    const reply = await post("/v1/staff", {
      email: "new@acme.example",
      name: "New",
      role: "service",
      ...change,
    });
    expect(saidOf(reply)).toEqual([status, code]);
    expect({ ...(await world.counts()), idempotency_key: 0 }).toEqual({ ...before, idempotency_key: 0 });
  });

  test("of five with one address that are added at the same time one is, and the others are told", async () => {
    const body = { email: "five@people.example", name: "Five", role: "service" };
    const replies = await Promise.all(Array.from({ length: 5 }, () => post("/v1/staff", body)));
    expect(replies.map(({ status }) => status).sort()).toEqual([201, 409, 409, 409, 409]);
    const { rows } = await world.database.query("select from staff where email = 'five@people.example'");
    expect(rows).toHaveLength(1);
  });

  test("a link that expired, or was replaced by another one, counts no more", async () => {
    const first = await somebody("service", null);
    const second = await post(`/v1/staff/${first.id}/reset-password`);
    expect(saidOf(await anonymously("/v1/password-links/check", { token: tokenOf(first.link) }))).toEqual([
      404,
      "password_link_invalid",
    ]);
    await world.database.query(
      "update staff_password_link set expires_at = now() - interval '1 second' where staff_id = $1",
      [first.id],
    );
    expect(
      saidOf(
        await anonymously("/v1/password-links/use", {
          token: tokenOf(second.json.link),
          password: GOOD_PASSWORD,
        }),
      ),
    ).toEqual([404, "password_link_invalid"]);
  });

  test("of two who use one link at the same time one sets the password", async () => {
    const { link, email } = await somebody("service", null);
    const passwords = ["seven quiet lamps", "eight quiet lamps"];
    const replies = await Promise.all(
      passwords.map((password) => anonymously("/v1/password-links/use", { token: tokenOf(link), password })),
    );
    expect(replies.map(({ status }) => status).sort()).toEqual([200, 404]);
    const won = passwords[replies.findIndex(({ status }) => status === 200)] ?? "";
    expect((await signIn(email, won)).status).toBe(201);
  });
});

describe("a person who is changed", () => {
  test("is signed out by another role, keeps the session by another name, and has a version", async () => {
    const person = await somebody();
    const call = await browser(person.email, GOOD_PASSWORD);
    const { version } = (await world.call("GET", `/v1/staff/${person.id}`)).json;
    const named = await patch(`/v1/staff/${person.id}`, { version, name: "Another Name" });
    expect(named.json).toMatchObject({ name: "Another Name", role: "service", version: version + 1 });
    expect((await call("GET", "/v1/sessions/current")).status).toBe(200);
    const stale = await patch(`/v1/staff/${person.id}`, { version, role: "finance" });
    expect(saidOf(stale)).toEqual([409, "setting_changed"]);
    await patch(`/v1/staff/${person.id}`, { version: version + 1, role: "finance" });
    expect((await call("GET", "/v1/sessions/current")).status).toBe(401);
    expect((await signIn(person.email, GOOD_PASSWORD)).json.role).toBe("finance");
    const { json } = await world.call("GET", "/v1/setting-changes");
    expect(json.items[0]).toMatchObject({
      subject: `staff:${person.id}`,
      changes: [{ field: "role", from: "service", to: "finance" }],
    });
  });

  test("switched off, is out at once and in no way back in, until switched on again", async () => {
    const person = await somebody();
    const call = await browser(person.email, GOOD_PASSWORD);
    const { link } = (await post(`/v1/staff/${person.id}/reset-password`)).json;
    expect((await post(`/v1/staff/${person.id}/disable`)).json).toMatchObject({
      state: "disabled",
      sessions: 0,
    });
    expect((await call("GET", "/v1/overview")).status).toBe(401);
    expect(saidOf(await signIn(person.email, GOOD_PASSWORD))).toEqual([401, "login_failed"]);
    expect(saidOf(await anonymously("/v1/password-links/check", { token: tokenOf(link) }))).toEqual([
      404,
      "password_link_invalid",
    ]);
    expect(saidOf(await post(`/v1/staff/${person.id}/reset-password`))).toEqual([409, "person_disabled"]);
    expect((await post(`/v1/staff/${person.id}/enable`)).json.state).toBe("active");
    expect((await signIn(person.email, GOOD_PASSWORD)).status).toBe(201);
  });

  test("is signed out everywhere by an administrator", async () => {
    const person = await somebody();
    const calls = [await browser(person.email, GOOD_PASSWORD), await browser(person.email, GOOD_PASSWORD)];
    expect((await post(`/v1/staff/${person.id}/end-sessions`)).json).toEqual({ status: "done", ended: 2 });
    for (const call of calls) expect((await call("GET", "/v1/account")).status).toBe(401);
  });

  test("who is nobody is nobody", async () => {
    for (const reply of [
      await world.call("GET", "/v1/staff/nobody"),
      await patch("/v1/staff/nobody", { version: 1, name: "X" }),
      await post("/v1/staff/nobody/disable"),
      await post("/v1/staff/nobody/end-sessions"),
      await post("/v1/staff/nobody/reset-password"),
      await post("/v1/staff/nobody/remove-second-factor"),
    ])
      expect(saidOf(reply)).toEqual([404, "person_not_found"]);
  });
});

describe("the last administrator", () => {
  test("is neither switched off nor given another role, however many try at once", async () => {
    const other = await somebody("admin");
    const invited = await somebody("admin", null);
    // Of two that are left, both go at the same time.
    const both = await Promise.all(["admin", other.id].map((id) => post(`/v1/staff/${id}/disable`)));
    expect(both.map(({ status }) => status).sort()).toEqual([200, 409]);
    const left = both[0]?.status === 409 ? "admin" : other.id;
    const refused = both.find(({ status }) => status === 409);
    expect(refused?.json.code).toBe("last_administrator");
    const { version } = (await world.call("GET", `/v1/staff/${left}`)).json;
    // Who was invited cannot sign in yet, and does not count.
    expect(saidOf(await patch(`/v1/staff/${left}`, { version, role: "service" }))).toEqual([
      409,
      "last_administrator",
    ]);
    expect((await post(`/v1/staff/${invited.id}/disable`)).status).toBe(200);
    for (const id of ["admin", other.id]) await post(`/v1/staff/${id}/enable`);
  });
});

describe("a forgotten password", () => {
  test("is replaced by a link in a mail, and asking says nothing of who there is", async () => {
    const person = await somebody();
    const before = mailsTo(person.email).length;
    const asked = [
      await anonymously("/v1/password-links", { email: person.email.toUpperCase() }),
      await anonymously("/v1/password-links", { email: "nobody@nowhere.example" }),
    ];
    expect(asked.map(({ status, json }) => [status, json])).toEqual([
      [200, { status: "done" }],
      [200, { status: "done" }],
    ]);
    await expect.poll(() => mailsTo(person.email).length).toBe(before + 1);
    expect(mailsTo("nobody@nowhere.example")).toEqual([]);
    const mail = inbox.find(mailsTo(person.email).at(-1)?.id ?? 0);
    const [link = ""] = /http:\/\/shop\.example\/password#[\w-]{43}/.exec(mail?.text ?? "") ?? [];

    const call = await browser(person.email, GOOD_PASSWORD);
    expect(
      (await anonymously("/v1/password-links/use", { token: tokenOf(link), password: "nine quiet lamps" }))
        .status,
    ).toBe(200);
    expect((await call("GET", "/v1/account")).status).toBe(401);
    expect((await signIn(person.email, GOOD_PASSWORD)).status).toBe(401);
    expect((await signIn(person.email, "nine quiet lamps")).status).toBe(201);
  });

  test("asked for by anybody, replaces no invitation and no link that an administrator made", async () => {
    const counts = async (link: string) =>
      (await anonymously("/v1/password-links/check", { token: tokenOf(link) })).status;
    const invited = await somebody("service", null);
    await anonymously("/v1/password-links", { email: invited.email });
    const person = await somebody();
    const { link } = (await post(`/v1/staff/${person.id}/reset-password`)).json;
    const before = mailsTo(person.email).length;
    await anonymously("/v1/password-links", { email: person.email });
    // Mails go out in the background: one to somebody else is behind both.
    const last = await somebody();
    const mails = mailsTo(last.email).length;
    await anonymously("/v1/password-links", { email: last.email });
    await expect.poll(() => mailsTo(last.email).length).toBe(mails + 1);
    expect([await counts(invited.link), await counts(link)]).toEqual([200, 200]);
    expect(mailsTo(person.email).length).toBe(before);
    await world.database.query(
      "update staff_password_link set expires_at = now() - interval '1 second' where staff_id = $1",
      [person.id],
    );
    await anonymously("/v1/password-links", { email: person.email });
    await expect.poll(() => mailsTo(person.email).length).toBe(before + 1);
  });

  test("is for nobody where the address becomes another one meanwhile", async () => {
    const person = await somebody();
    const before = mailsTo(person.email).length;
    const change = await world.database.connect();
    try {
      await change.query("begin");
      await change.query("update staff set email = 'moved@people.example' where id = $1", [person.id]);
      await anonymously("/v1/password-links", { email: person.email });
      const begun = async () => {
        const { rows } = await world.database.query<{ begun: boolean }>(
          `select exists (select from staff_password_link where staff_id = $1)
               or exists (select from pg_locks where not granted) as begun`,
          [person.id],
        );
        return rows[0]?.begun;
      };
      await expect.poll(begun).toBe(true);
      await change.query("commit");
    } finally {
      change.release();
    }
    // Mails go out in the background: one to somebody else is behind it.
    const last = await somebody();
    const mails = mailsTo(last.email).length;
    await anonymously("/v1/password-links", { email: last.email });
    await expect.poll(() => mailsTo(last.email).length).toBe(mails + 1);
    expect(mailsTo(person.email).length).toBe(before);
    const { rows } = await world.database.query("select from staff_password_link where staff_id = $1", [
      person.id,
    ]);
    expect(rows).toEqual([]);
  });

  test("fills nobody's mailbox: three mails an hour", async () => {
    const person = await somebody();
    const before = mailsTo(person.email).length;
    for (let time = 0; time < 6; time += 1)
      expect((await anonymously("/v1/password-links", { email: person.email })).status).toBe(200);
    await expect.poll(() => mailsTo(person.email).length).toBe(before + 3);
  });

  test("is asked for by our own pages only", async () => {
    const reply = await world.call("POST", "/v1/password-links", {
      anonymous: true,
      headers: { origin: "http://evil.example" },
      json: { email: "admin@acme.example" },
    });
    expect(saidOf(reply)).toEqual([403, "origin_forbidden"]);
  });
});

describe("the own password", () => {
  test("is changed by who knows it, and every other session ends", async () => {
    const person = await somebody();
    const here = await browser(person.email, GOOD_PASSWORD);
    const there = await browser(person.email, GOOD_PASSWORD);
    const change = (current: string, next: string) => here("POST", "/v1/account/password", { current, next });
    expect(saidOf(await change("a wrong password", "ten quiet lamps"))).toEqual([403, "password_wrong"]);
    expect(saidOf(await change(GOOD_PASSWORD, "short"))).toEqual([422, "password_refused"]);
    expect((await there("GET", "/v1/account")).status).toBe(200);
    expect((await change(GOOD_PASSWORD, "ten quiet lamps")).status).toBe(200);
    expect((await here("GET", "/v1/account")).status).toBe(200);
    expect((await there("GET", "/v1/account")).status).toBe(401);
    expect((await signIn(person.email, GOOD_PASSWORD)).status).toBe(401);
    expect((await signIn(person.email, "ten quiet lamps")).status).toBe(201);
  });

  test("once changed, is set by no link that was out before", async () => {
    const person = await somebody();
    const call = await browser(person.email, GOOD_PASSWORD);
    const { link } = (await post(`/v1/staff/${person.id}/reset-password`)).json;
    const change = { current: GOOD_PASSWORD, next: "ten quiet lamps" };
    expect((await call("POST", "/v1/account/password", change)).status).toBe(200);
    expect(saidOf(await anonymously("/v1/password-links/check", { token: tokenOf(link) }))).toEqual([
      404,
      "password_link_invalid",
    ]);
  });

  test("is not guessed in a browser that somebody left open", async () => {
    const person = await somebody();
    const call = await browser(person.email, GOOD_PASSWORD);
    const codes: string[] = [];
    for (let time = 0; time < 11; time += 1) {
      const reply = await call("POST", "/v1/account/password", {
        current: `a wrong guess ${time}`,
        next: "ten quiet lamps",
      });
      codes.push(reply.json.code);
    }
    expect(codes.at(0)).toBe("password_wrong");
    expect(codes.at(-1)).toBe("rate_limited");
  });

  test("leaves no fast hash of itself behind", async () => {
    const person = await somebody();
    const call = await browser(person.email, GOOD_PASSWORD);
    const before = (await world.counts())["idempotency_key"];
    await call("POST", "/v1/account/password", { current: GOOD_PASSWORD, next: "ten quiet lamps" });
    expect((await world.counts())["idempotency_key"]).toBe(before);
  });

  test("that was hashed by a former version is hashed anew at sign-in, and once", async () => {
    const person = await somebody();
    const { scryptSync } = await import("node:crypto");
    const salt = Buffer.alloc(16, 7);
    const hash = scryptSync(STAFF_PASSWORD, salt, 32, { N: 2 ** 15, r: 8, p: 3, maxmem: 2 ** 27 });
    await world.database.query("update staff set password_hash = $2 where id = $1", [
      person.id,
      ["scrypt", 15, 8, 3, salt.toString("base64url"), hash.toString("base64url")].join("$"),
    ]);
    const stored = async () =>
      (
        await world.database.query<{ password_hash: string }>(
          "select password_hash from staff where id = $1",
          [person.id],
        )
      ).rows[0]?.password_hash;
    expect((await signIn(person.email, "a wrong password")).status).toBe(401);
    expect(await stored()).toMatch(/^scrypt\$/);
    expect((await signIn(person.email, STAFF_PASSWORD)).status).toBe(201);
    const renewed = await stored();
    expect(renewed).toMatch(/^\$argon2id\$/);
    expect((await signIn(person.email, STAFF_PASSWORD)).status).toBe(201);
    expect(await stored()).toBe(renewed);
  });
});

describe("sessions", () => {
  test("are listed with where they were opened, and ended one by one or all but this", async () => {
    const person = await somebody();
    const here = await browser(person.email, GOOD_PASSWORD);
    const there = await browser(person.email, GOOD_PASSWORD);
    const elsewhere = await browser(person.email, GOOD_PASSWORD);
    const list = async () =>
      (await here("GET", "/v1/sessions")).json.items as { id: string; current: boolean }[];
    expect(await list()).toMatchObject([
      { current: false, address: expect.stringMatching(/^127\.0\./), browser: "a test" },
      { current: false },
      { current: true },
    ]);
    const [newest] = await list();
    expect((await here("DELETE", `/v1/sessions/${newest?.id}`)).status).toBe(200);
    expect((await elsewhere("GET", "/v1/account")).status).toBe(401);
    expect((await there("GET", "/v1/account")).status).toBe(200);
    // Of those that were seen, and no other one that was opened since.
    const seen = (await here("GET", "/v1/sessions")).headers.get("etag") ?? "";
    const late = await here("DELETE", "/v1/sessions", undefined, { "if-match": '"seen-before"' });
    expect(saidOf(late)).toEqual([412, "precondition_failed"]);
    expect((await there("GET", "/v1/account")).status).toBe(200);
    expect((await here("DELETE", "/v1/sessions", undefined, { "if-match": seen })).json).toEqual({
      status: "done",
      ended: 1,
    });
    expect((await there("GET", "/v1/account")).status).toBe(401);
    expect(await list()).toMatchObject([{ current: true }]);
  });

  test("of others are nobody's to end", async () => {
    const [mine, theirs] = [await somebody(), await somebody()];
    const call = await browser(mine.email, GOOD_PASSWORD);
    const other = await browser(theirs.email, GOOD_PASSWORD);
    const [session] = (await other("GET", "/v1/sessions")).json.items as { id: string }[];
    expect(saidOf(await call("DELETE", `/v1/sessions/${session?.id}`))).toEqual([404, "not_found"]);
    expect(saidOf(await call("DELETE", "/v1/sessions/not-a-session"))).toEqual([404, "not_found"]);
    expect((await other("GET", "/v1/account")).status).toBe(200);
    // A key has none, and no account.
    for (const path of ["/v1/sessions", "/v1/account"])
      expect(saidOf(await world.call("GET", path))).toEqual([404, "not_found"]);
  });
});

describe("a second factor", () => {
  const codeOf = (secret: string, stepsFromNow = 0) =>
    new TOTP({ secret: Secret.fromBase32(secret) }).generate({
      timestamp: Date.now() + stepsFromNow * 30_000,
    });

  async function withFactor() {
    const person = await somebody();
    const call = await browser(person.email, GOOD_PASSWORD);
    const begun = await call("POST", "/v1/account/second-factor");
    expect(begun.status, begun.text).toBe(200);
    const { secret } = begun.json as { secret: string };
    // The step before now, so that the one of now is left for the test.
    const confirmed = await call("POST", "/v1/account/second-factor/confirm", { code: codeOf(secret, -1) });
    expect(confirmed.status, confirmed.text).toBe(200);
    return { ...person, call, secret, codes: confirmed.json.codes as string[] };
  }

  test("counts once a code was shown; then signing in asks for it, and takes each code once", async () => {
    const person = await somebody();
    const call = await browser(person.email, GOOD_PASSWORD);
    const begun = (await call("POST", "/v1/account/second-factor")).json;
    expect(begun.uri).toMatch(/^otpauth:\/\/totp\/Holdfast:person\d+%40people\.example\?/);
    expect(begun.svg).toMatch(/^<svg/);
    // Not asked for yet.
    const other = await browser(person.email, GOOD_PASSWORD);
    expect(saidOf(await call("POST", "/v1/account/second-factor/confirm", { code: "000000" }))).toEqual([
      403,
      "second_factor_wrong",
    ]);
    const { codes } = (
      await call("POST", "/v1/account/second-factor/confirm", { code: codeOf(begun.secret, -1) })
    ).json as { codes: string[] };
    expect(new Set(codes).size).toBe(10);
    for (const code of codes) expect(code).toMatch(/^[a-z2-7]{4}(-[a-z2-7]{4}){5}$/);
    expect((await call("GET", "/v1/account")).json).toMatchObject({ secondFactor: true, recoveryCodes: 10 });
    expect((await other("GET", "/v1/account")).status).toBe(401);

    expect(saidOf(await signIn(person.email, GOOD_PASSWORD))).toEqual([401, "second_factor_needed"]);
    // Who does not know the password is told nothing of a factor.
    expect(saidOf(await signIn(person.email, "a wrong password", codeOf(begun.secret)))).toEqual([
      401,
      "login_failed",
    ]);
    const code = codeOf(begun.secret);
    expect((await signIn(person.email, GOOD_PASSWORD, code)).status).toBe(201);
    expect(saidOf(await signIn(person.email, GOOD_PASSWORD, code))).toEqual([403, "second_factor_wrong"]);
  });

  test("a recovery code is as good, once, however it is typed", async () => {
    const { email, codes } = await withFactor();
    const [first = ""] = codes;
    expect((await signIn(email, GOOD_PASSWORD, first.toUpperCase().replaceAll("-", " "))).status).toBe(201);
    expect(saidOf(await signIn(email, GOOD_PASSWORD, first))).toEqual([403, "second_factor_wrong"]);
    const call = await browser(email, GOOD_PASSWORD, codes[1]);
    expect((await call("GET", "/v1/account")).json.recoveryCodes).toBe(8);
  });

  test("new recovery codes take the place of those that are left", async () => {
    const { email, codes } = await withFactor();
    const call = await browser(email, GOOD_PASSWORD, codes[0]);
    const renewed = await call("POST", "/v1/account/recovery-codes");
    expect(renewed.status, renewed.text).toBe(200);
    expect(new Set([...renewed.json.codes, ...codes]).size).toBe(20);
    expect(saidOf(await signIn(email, GOOD_PASSWORD, codes[1]))).toEqual([403, "second_factor_wrong"]);
    expect((await signIn(email, GOOD_PASSWORD, renewed.json.codes[0])).status).toBe(201);
  });

  test("six digits are not tried out", async () => {
    const { email, secret } = await withFactor();
    const said: unknown[] = [];
    for (let time = 0; time < 5; time += 1)
      said.push((await signIn(email, GOOD_PASSWORD, String(100_000 + time))).json.code);
    expect(said).toContain("second_factor_wrong");
    expect(saidOf(await signIn(email, GOOD_PASSWORD, codeOf(secret)))).toEqual([429, "rate_limited"]);
  });

  test("is not taken away by its own administrator's open browser, nor are password and address", async () => {
    const mine = await somebody("admin");
    const call = await browser(mine.email, GOOD_PASSWORD);
    const path = `/v1/staff/${mine.id}`;
    for (const action of ["reset-password", "remove-second-factor"])
      expect(saidOf(await call("POST", `${path}/${action}`, {}))).toEqual([403, "own_account"]);
    const { version } = (await call("GET", path)).json;
    const moved = await call("PATCH", path, { version, email: "thief@people.example" });
    expect(saidOf(moved)).toEqual([403, "own_account"]);
    const named = await call("PATCH", path, { version, email: mine.email.toUpperCase(), name: "My Name" });
    expect(saidOf(named)).toEqual([200, undefined]);
  });

  test("is removed by its owner, or by an administrator, who signs them out", async () => {
    const mine = await withFactor();
    expect(saidOf(await mine.call("POST", "/v1/account/second-factor"))).toEqual([
      409,
      "second_factor_there",
    ]);
    expect((await mine.call("POST", "/v1/account/second-factor/remove")).status).toBe(200);
    expect(saidOf(await mine.call("POST", "/v1/account/second-factor/remove"))).toEqual([
      409,
      "second_factor_missing",
    ]);
    expect((await signIn(mine.email, GOOD_PASSWORD)).status).toBe(201);

    const lost = await withFactor();
    const removed = await post(`/v1/staff/${lost.id}/remove-second-factor`);
    expect(removed.json).toMatchObject({ secondFactor: false, sessions: 0 });
    expect((await lost.call("GET", "/v1/account")).status).toBe(401);
    expect((await signIn(lost.email, GOOD_PASSWORD)).status).toBe(201);
  });
});
