/**
 * Accounts at vendors as people set them: tried, sealed, used in every process at once, given new secrets,
 * and kept for as long as something depends on them. The vendors are their simulators, which speak the real
 * format.
 */
import { createHmac } from "node:crypto";
import { pino } from "pino";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { VendorAccountDetail, VendorDeclarationView } from "../contract/settings/vendor-accounts.ts";
import type { VendorAccountView } from "../contract/settings.ts";
import { openVendorDesk, type WorkingDesk } from "../integrations/vendor-desk.ts";
import { followSettings } from "../operations/standing/follow-settings.ts";
import { readStoredAccounts } from "../store/settings/vendor-accounts.ts";
import {
  canonicalOrder,
  type GatewayWorld,
  type Reply,
  STAFF_PASSWORD,
  startGatewayWorld,
} from "../test-support/gateway.ts";
import { eventually } from "../test-support/saga-world.ts";
import {
  EASYPOST_KEY,
  STRIPE_KEY,
  startTestSandbox,
  type TestSandbox,
} from "../test-support/vendors/simulator-sandbox.ts";
import { vendorsOf } from "../test-support/vendors/vendors.ts";

let sandbox: TestSandbox;
let world: GatewayWorld;
/** Of another process on the same database, which nobody tells but the database. */
let elsewhere: WorkingDesk;
let following: ReturnType<typeof followSettings>;
let nowMs = Date.now();

beforeAll(async () => {
  sandbox = await startTestSandbox();
  const deskOn: NonNullable<NonNullable<Parameters<typeof startGatewayWorld>[1]>["desk"]> = (database, box) =>
    openVendorDesk({
      environment: vendorsOf({}),
      context: {
        isProduction: false,
        isPlainRefused: () => false,
        simulators: { http: sandbox.url, smtp: sandbox.smtpUrl },
      },
      read: () => readStoredAccounts(database, box),
      now: () => nowMs,
      logger: pino({ level: "silent" }),
    });
  world = await startGatewayWorld(undefined, { desk: deskOn });
  elsewhere = await deskOn(world.database, world.secrets);
  const context = {
    database: world.database,
    allocator: world.engine.client,
    parcelLimit: () => null,
    now: Date.now,
  };
  following = followSettings(context, pino({ level: "silent" }), elsewhere);
});
afterAll(async () => {
  await following?.stop();
  await world?.close();
  elsewhere?.close();
  await sandbox?.stop();
});

const saidOf = ({ status, json }: Reply) => [status, json?.code];
const post = (path: string, json: unknown) =>
  world.call("POST", path, { json, headers: { "idempotency-key": crypto.randomUUID() } });
const patch = (path: string, json: unknown) =>
  world.call("PATCH", path, { json, headers: { "idempotency-key": crypto.randomUUID() } });

const STRIPE = "/v1/vendor-accounts/payments/stripe/eu";
const stripe = (values: Readonly<Record<string, string>>) => ({
  kind: "payments",
  provider: "stripe",
  account: "eu",
  name: "Stripe, Europe",
  values: { STRIPE_BASE_URL: sandbox.url, ...values },
});

const rowsOf = async () =>
  (await world.database.query<{ sealed: string; settings: unknown }>("select * from vendor_account")).rows;

test("says which vendors there are, and what of them is secret", async () => {
  const vendors: readonly VendorDeclarationView[] = (await world.call("GET", "/v1/vendors")).json.items;
  expect(vendors.map(({ kind, provider }) => `${kind}/${provider}`)).toEqual([
    "payments/stripe",
    "carriers/easypost",
    "carriers/own-fleet",
    "notifications/smtp",
  ]);
  const secret = vendors.flatMap(({ settings }) => settings.flatMap((one) => (one.secret ? [one.name] : [])));
  expect(secret).toEqual([
    "STRIPE_SECRET_KEY",
    "STRIPE_WEBHOOK_SECRET",
    "EASYPOST_API_KEY",
    "EASYPOST_WEBHOOK_SECRET",
    "OWN_FLEET_APP_KEY",
    "OWN_FLEET_WEBHOOK_SECRET",
    "SMTP_URL",
  ]);
});

test("an account that the vendor does not let in is not saved, nor one with values that cannot be", async () => {
  const wrongKey = await post("/v1/vendor-accounts", {
    kind: "carriers",
    provider: "easypost",
    account: "eu",
    values: { EASYPOST_BASE_URL: sandbox.url, EASYPOST_API_KEY: "somebody_elses" },
  });
  expect(saidOf(wrongKey)).toEqual([422, "vendor_account_not_working"]);
  const nobody = await post("/v1/vendor-accounts", {
    ...stripe({ STRIPE_SECRET_KEY: STRIPE_KEY }),
    values: { STRIPE_BASE_URL: "http://127.0.0.1:9", STRIPE_SECRET_KEY: STRIPE_KEY },
  });
  expect(saidOf(nobody)).toEqual([422, "vendor_account_not_working"]);
  for (const [values, said] of [
    [{ STRIPE_SECRET_KEY: "pk_test_other" }, "STRIPE_SECRET_KEY must be a secret or restricted key"],
    [{ STRIPE_BASE_URL: "ftp://x" }, "STRIPE_BASE_URL must be an address with http: or https:"],
    [{ STRIPE_COLOUR: "red" }, "STRIPE_COLOUR is no setting of stripe"],
  ] as const) {
    const refused = await post("/v1/vendor-accounts", stripe(values));
    expect(saidOf(refused)).toEqual([422, "vendor_account_invalid"]);
    expect(refused.json.detail).toContain(said);
  }
  expect((await post("/v1/vendor-accounts", { ...stripe({}), provider: "paywell" })).json.detail).toContain(
    "is none of stripe",
  );
  expect(await rowsOf()).toEqual([]);
});

test("an account that works is sealed, used first in every process, and shows no secret", async () => {
  expect(elsewhere.payments.first.account).toBe("default");
  const made = await post("/v1/vendor-accounts", {
    ...stripe({ STRIPE_SECRET_KEY: STRIPE_KEY, STRIPE_WEBHOOK_SECRET: "whsec_the_first_one_0123" }),
  });
  expect(made.status, made.text).toBe(201);
  const detail: VendorAccountDetail = made.json;
  expect(detail).toMatchObject({
    name: "Stripe, Europe",
    active: true,
    values: { STRIPE_BASE_URL: sandbox.url },
    secrets: ["STRIPE_SECRET_KEY", "STRIPE_WEBHOOK_SECRET"],
    webhook: { url: "http://shop.example/v1/webhooks/payments/stripe/eu" },
    open: 0,
  });
  const listed = await world.call("GET", "/v1/vendor-accounts");
  const told = JSON.stringify([
    made.json,
    listed.json,
    (await world.call("GET", STRIPE)).json,
    (await world.call("GET", "/v1/setting-changes")).json,
    (await world.call("GET", "/v1/audit")).json,
    await rowsOf(),
  ]);
  for (const secret of [STRIPE_KEY, "whsec_the_first_one_0123"]) expect(told).not.toContain(secret);
  expect(
    (listed.json.items as readonly VendorAccountView[])
      .filter(({ kind }) => kind === "payments")
      .map(({ account, state, from }) => [account, state, from]),
  ).toEqual([
    ["eu", "first", "page"],
    ["default", "listed", "environment"],
  ]);
  await eventually("the other process has it", async () =>
    elsewhere.payments.first.account === "eu" ? true : undefined,
  );
  const paid = await elsewhere.payments.first.port.authorize({
    idempotencyKey: "order-1:authorize",
    orderId: "order-1",
    amountMinor: 5_000,
    currency: "USD",
    paymentMethod: "pm_card_visa",
  });
  expect(paid.status).toBe("succeeded");
  expect(saidOf(await post("/v1/vendor-accounts", stripe({ STRIPE_SECRET_KEY: STRIPE_KEY })))).toEqual([
    409,
    "vendor_account_exists",
  ]);
});

test("what is left out of a change stays, secrets too; who saw an older one is told", async () => {
  const before: VendorAccountDetail = (await world.call("GET", STRIPE)).json;
  const renamed = await patch(STRIPE, { version: before.version, name: "Stripe EU" });
  expect(renamed.json).toMatchObject({
    name: "Stripe EU",
    secrets: before.secrets,
    version: before.version + 1,
  });
  expect(saidOf(await patch(STRIPE, { version: before.version, name: "Other" }))).toEqual([
    409,
    "setting_changed",
  ]);
  const broken = await patch(STRIPE, {
    version: before.version + 1,
    values: { STRIPE_BASE_URL: "http://127.0.0.1:9" },
  });
  expect(saidOf(broken)).toEqual([422, "vendor_account_not_working"]);
  expect((await post(`${STRIPE}/try`, {})).json).toMatchObject({ works: true });
  expect(
    (await post(`${STRIPE}/try`, { values: { STRIPE_BASE_URL: "http://127.0.0.1:9" } })).json,
  ).toMatchObject({
    works: false,
  });
});

test("while its webhook secret is exchanged both count, and afterwards the new one alone", async () => {
  const event = (id: string) => JSON.stringify({ id, object: "event", type: "customer.created", created: 1 });
  const deliver = (id: string, secret: string) => {
    const body = event(id);
    const at = Math.floor(Date.now() / 1_000);
    const signature = createHmac("sha256", secret).update(`${at}.${body}`).digest("hex");
    return world.call("POST", "/v1/webhooks/payments/stripe/eu", {
      anonymous: true,
      body,
      headers: { "content-type": "application/json", "stripe-signature": `t=${at},v1=${signature}` },
    });
  };
  const first = "whsec_the_first_one_0123";
  expect((await deliver("evt_1", first)).status).toBe(200);
  const given = await post(`${STRIPE}/rotate-secret`, {
    secret: "whsec_the_second_one_4567",
    overlapHours: 2,
  });
  expect(given.json).toMatchObject({
    secret: null,
    account: { webhook: { formerSecretCountsUntil: expect.any(String) } },
  });
  expect((await deliver("evt_2", first)).status).toBe(200);
  expect((await deliver("evt_3", "whsec_the_second_one_4567")).status).toBe(200);
  expect(saidOf(await deliver("evt_4", "whsec_nobodys_at_all_89"))).toEqual([401, "bad_signature"]);
  nowMs += 3 * 3_600_000;
  expect(saidOf(await deliver("evt_5", first))).toEqual([401, "bad_signature"]);
  const made = await post(`${STRIPE}/rotate-secret`, { overlapHours: 0 });
  expect(made.json.secret).toMatch(/^whsec_/);
  expect(saidOf(await deliver("evt_6", "whsec_the_second_one_4567"))).toEqual([401, "bad_signature"]);
  expect((await deliver("evt_7", made.json.secret)).status).toBe(200);
});

test("of a carrier only the service levels are bought that are switched on", async () => {
  const path = "/v1/vendor-accounts/carriers/easypost/ground";
  const values = {
    EASYPOST_BASE_URL: sandbox.url,
    EASYPOST_API_KEY: EASYPOST_KEY,
    EASYPOST_MAX_PARCEL_GRAMS: "31751",
  };
  const made = await post("/v1/vendor-accounts", {
    kind: "carriers",
    provider: "easypost",
    account: "ground",
    values,
  });
  expect(made.status, made.text).toBe(201);
  await eventually("the other process has it", async () =>
    elsewhere.carriers.first.account === "ground" ? true : undefined,
  );
  expect(elsewhere.carriers.first.port.maxParcelGrams).toBe(31_751);
  const rates = (key: string) =>
    elsewhere.carriers.first.port.rate({
      idempotencyKey: key,
      reference: key,
      from: {
        name: "W",
        line1: "500 Logistics Pkwy",
        city: "Reno",
        region: "NV",
        postalCode: "89506",
        country: "US",
      },
      to: {
        name: "J",
        line1: "1 Main St",
        city: "New York",
        region: "NY",
        postalCode: "10001",
        country: "US",
      },
      parcel: { weightGrams: 850, lengthMm: 300, widthMm: 200, heightMm: 120 },
      customs: [],
      isReturn: false,
    });
  const all = await rates("parcel-1");
  if (all.status !== "rated") throw new Error(all.message);
  const names = all.rates.map(({ carrier, service }) => `${carrier} ${service}`);
  expect(names.length).toBeGreaterThan(1);
  const [wanted = ""] = names;
  await patch(path, { version: made.json.version, services: [wanted.toLowerCase()] });
  await eventually("only that one is offered", async () => {
    const some = await rates("parcel-1");
    return some.status === "rated" && some.rates.every((rate) => `${rate.carrier} ${rate.service}` === wanted)
      ? true
      : undefined;
  });
  await patch(path, { version: made.json.version + 1, services: ["Pigeon Express"] });
  await eventually("nothing is", async () => {
    const none = await rates("parcel-1");
    return none.status === "refused" && none.code === "service_switched_off" ? true : undefined;
  });
});

test("switched off, nothing new begins at it; in use, it cannot be removed; unused, it can", async () => {
  const order = await world.call("POST", "/v1/orders", {
    json: canonicalOrder("used"),
    headers: { "idempotency-key": "used" },
  });
  // Of the first call nobody knows yet how it ended.
  await world.database.query(
    `insert into payment_transaction (key, order_id, type, amount_minor, currency, status, provider, account)
     values ('begun', $1, 'authorization', 100, 'USD', 'pending', 'stripe', 'eu')`,
    [order.json.order],
  );
  expect(saidOf(await world.call("DELETE", STRIPE))).toEqual([409, "vendor_account_in_use"]);
  await world.database.query(
    `insert into payment_authorization (key, order_id, provider, account, reference, currency, amount_minor, state)
     values ('used', $1, 'stripe', 'eu', 'r', 'USD', 100, 'open')`,
    [order.json.order],
  );
  const { version }: VendorAccountDetail = (await world.call("GET", STRIPE)).json;
  expect((await patch(STRIPE, { version, active: false })).json).toMatchObject({ active: false, open: 1 });
  await eventually("new payments begin elsewhere", async () =>
    elsewhere.payments.first.account === "default" ? true : undefined,
  );
  // What began there is brought to its end there.
  expect(elsewhere.payments.find({ provider: "stripe", account: "eu" })).toBeDefined();
  expect(saidOf(await world.call("DELETE", STRIPE))).toEqual([409, "vendor_account_in_use"]);
  expect((await world.call("DELETE", "/v1/vendor-accounts/carriers/easypost/ground")).json).toEqual({
    status: "done",
  });
  expect(saidOf(await world.call("GET", "/v1/vendor-accounts/carriers/easypost/ground"))).toEqual([
    404,
    "vendor_account_not_found",
  ]);
});

test("only administrators set accounts; others who see settings see them", async () => {
  const signed = await world.call("POST", "/v1/sessions", {
    anonymous: true,
    json: { email: "operations@acme.example", password: STAFF_PASSWORD },
  });
  const cookie = (signed.headers.get("set-cookie") ?? "").split(";", 1)[0] ?? "";
  const headers = { cookie, origin: world.url, "idempotency-key": crypto.randomUUID() };
  const seen = await world.call("GET", STRIPE, { anonymous: true, headers: { cookie, origin: world.url } });
  expect(seen.status).toBe(200);
  const refused = await world.call("POST", `${STRIPE}/try`, { anonymous: true, headers, json: {} });
  expect(saidOf(refused)).toEqual([403, "forbidden"]);
});
