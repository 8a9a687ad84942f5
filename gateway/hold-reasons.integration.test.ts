/** A company's own reasons to put an order on hold, over REST: set, put, listed by, shown, and who lets go. */
import { afterAll, beforeAll, expect, test } from "vitest";
import {
  canonicalOrder,
  type GatewayWorld,
  type Reply,
  STAFF_PASSWORD,
  startGatewayWorld,
} from "../test-support/gateway.ts";

let world: GatewayWorld;
let service: Readonly<Record<string, string>>;
beforeAll(async () => {
  world = await startGatewayWorld();
  const { headers } = await world.call("POST", "/v1/sessions", {
    anonymous: true,
    json: { email: "service@acme.example", password: STAFF_PASSWORD },
  });
  service = { cookie: (headers.get("set-cookie") ?? "").split(";", 1)[0] ?? "", origin: world.url };
});
afterAll(() => world?.close());

const saidOf = ({ status, json }: Reply) => [status, json?.code];
const keyed = (more = {}) => ({ "idempotency-key": crypto.randomUUID(), ...more });
const post = (path: string, json: unknown) => world.call("POST", path, { json, headers: keyed() });
const byService = (path: string, json: unknown) =>
  world.call("POST", path, { anonymous: true, json, headers: keyed(service) });
const read = async (path: string) => (await world.call("GET", path)).json;

async function captured(id: string, change = {}): Promise<string> {
  return (await post("/v1/orders", canonicalOrder(id, change))).json.order;
}

async function reason(code: string, more = {}): Promise<void> {
  expect((await post("/v1/hold-reasons", { code, label: `Reason ${code}`, ...more })).status).toBe(201);
}

test("a reason is made once, not in the place of a built-in one, and changed from the version that was seen", async () => {
  const made = await post("/v1/hold-reasons", { code: "vip", label: "VIP", guidance: "Call first." });
  expect([made.status, made.json]).toEqual([
    201,
    {
      code: "vip",
      version: 2,
      label: "VIP",
      guidance: "Call first.",
      releasedBy: null,
      keepsStock: true,
      active: true,
    },
  ]);
  expect(saidOf(await post("/v1/hold-reasons", { code: "vip", label: "Other" }))).toEqual([
    409,
    "hold_reason_exists",
  ]);
  expect(saidOf(await post("/v1/hold-reasons", { code: "sum_mismatch", label: "Sum" }))).toEqual([
    409,
    "hold_reason_exists",
  ]);
  const strange = { code: "odd", label: "Odd", releasedBy: ["nobody-there"] };
  expect(saidOf(await post("/v1/hold-reasons", strange))).toEqual([404, "role_not_found"]);
  const patch = (json: unknown) => world.call("PATCH", "/v1/hold-reasons/vip", { json });
  expect((await patch({ version: 2, label: "Very important" })).json.version).toBe(3);
  expect(saidOf(await patch({ version: 2, label: "Late" }))).toEqual([409, "setting_changed"]);
  expect((await world.call("PATCH", "/v1/hold-reasons/none", { json: { version: 1 } })).status).toBe(404);
});

test("an order is put on hold for it, found by it, and let go by those it names, and by administrators", async () => {
  await reason("fraud_check", { guidance: "Compare the addresses.", releasedBy: ["finance"] });
  const order = await captured("own-1");
  const hold = `/v1/orders/${order}/hold`;
  expect(saidOf(await post(hold, {}))).toEqual([422, "hold_reason_missing"]);
  expect(saidOf(await post(hold, { ownReason: "unheard_of" }))).toEqual([404, "hold_reason_not_found"]);
  expect((await read(`/v1/orders/${order}`)).summary.holdReasons).toEqual([]);
  const { holdId } = (await byService(hold, { ownReason: "fraud_check" })).json;
  const { summary } = await read(`/v1/orders/${order}`);
  expect(summary.holdReasons).toMatchObject([
    { code: "put_by_staff", ownReason: "fraud_check", detail: "Reason fraud_check", id: holdId },
  ]);
  const ids = async (code: string) =>
    (await read(`/v1/orders?hold=${code}`)).items.map(({ id }: { id: string }) => id);
  expect([await ids("fraud_check"), await ids("vip")]).toEqual([[order], []]);
  const release = `/v1/orders/${order}/release-hold`;
  for (const asked of [{}, { codes: ["put_by_staff"] }, { ids: [holdId] }])
    expect(saidOf(await byService(release, asked))).toEqual([403, "hold_not_yours"]);
  // What is theirs goes, and the other one stays.
  const { json: second } = await byService(hold, { reason: "The customer will call back" });
  expect((await byService(release, { ids: [second.holdId] })).status).toBe(200);
  expect((await read(`/v1/orders/${order}`)).summary.holdReasons).toHaveLength(1);
  const { cookie } = await signedIn("admin");
  const released = await world.call("POST", release, {
    anonymous: true,
    json: {},
    headers: keyed({ cookie, origin: world.url }),
  });
  expect(released.status).toBe(200);
  expect((await read(`/v1/orders/${order}`)).summary.status).toBe("open");
});

async function signedIn(role: string): Promise<{ readonly cookie: string }> {
  const { headers } = await world.call("POST", "/v1/sessions", {
    anonymous: true,
    json: { email: `${role}@acme.example`, password: STAFF_PASSWORD },
  });
  return { cookie: (headers.get("set-cookie") ?? "").split(";", 1)[0] ?? "" };
}

test("one that is off is put on no more orders, and still says who lets go", async () => {
  await reason("customs", { releasedBy: ["finance"] });
  const order = await captured("own-2");
  await post(`/v1/orders/${order}/hold`, { ownReason: "customs", reason: "Papers are missing" });
  const off = { version: 2, active: false };
  expect((await world.call("PATCH", "/v1/hold-reasons/customs", { json: off })).status).toBe(200);
  expect(saidOf(await post(`/v1/orders/${order}/hold`, { ownReason: "customs" }))).toEqual([
    404,
    "hold_reason_not_found",
  ]);
  expect(saidOf(await byService(`/v1/orders/${order}/release-hold`, {}))).toEqual([403, "hold_not_yours"]);
  expect((await read(`/v1/orders/${order}`)).summary.holdReasons).toMatchObject([
    { detail: "Papers are missing", ownReason: "customs" },
  ]);
});

test("a channel's rules hold under it, new orders and changed ones", async () => {
  await reason("dear", { releasedBy: ["finance"] });
  const rules = "/v1/channels/web/hold-rules";
  const { version } = await read(rules);
  const above = { aboveMinor: { USD: 5_000 } };
  expect(saidOf(await post(rules, { version, ...above, ownReason: "unheard_of" }))).toEqual([
    404,
    "hold_reason_not_found",
  ]);
  const set = await post(rules, { version, ...above, ownReason: "dear" });
  expect(set.json).toMatchObject({ ...above, ownReason: "dear" });
  const lines = [{ sku: "TEE-1", quantity: 9, unitPrice: "19.99" }];
  const order = await captured("own-3", { lines });
  expect((await read(`/v1/orders/${order}`)).summary.holdReasons).toMatchObject([
    { code: "held_by_rule", ownReason: "dear" },
  ]);
  expect(saidOf(await byService(`/v1/orders/${order}/release-hold`, {}))).toEqual([403, "hold_not_yours"]);
  const cheap = await captured("own-4");
  const edits = [{ kind: "quantity", lineId: "1", quantity: 9 }];
  expect((await post(`/v1/orders/${cheap}/changes`, { edits })).status).toBe(200);
  expect((await read(`/v1/orders/${cheap}`)).summary.holdReasons).toMatchObject([
    { code: "held_by_rule", ownReason: "dear" },
  ]);
});
