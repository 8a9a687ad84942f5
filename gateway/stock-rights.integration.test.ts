/** Which stock commands a member of staff may send, and what needs a second person. */
import { afterAll, beforeAll, expect, test } from "vitest";
import type { StaffRole } from "../store/access/staff.ts";
import { type GatewayWorld, STAFF_PASSWORD, startGatewayWorld } from "../test-support/gateway.ts";
import { ROLE_PERMISSIONS, STOCK_COMMAND_PERMISSIONS } from "./access/permissions.ts";

let world: GatewayWorld;
let next = 0;
const sessions = new Map<string, Readonly<Record<string, string>>>();

beforeAll(async () => {
  world = await startGatewayWorld();
  await world.database.query(
    `insert into staff (id, company_id, email, name, password_hash, role)
     select 'colleague', company_id, 'colleague@acme.example', 'Colleague', password_hash, role
       from staff where id = 'warehouse'`,
  );
});
afterAll(() => world.close());

async function as(person: string): Promise<Readonly<Record<string, string>>> {
  const known = sessions.get(person);
  if (known !== undefined) return known;
  const reply = await world.call("POST", "/v1/sessions", {
    anonymous: true,
    json: { email: `${person}@acme.example`, password: STAFF_PASSWORD },
  });
  const headers = {
    cookie: (reply.headers.get("set-cookie") ?? "").split(";", 1)[0] ?? "",
    origin: world.url,
  };
  sessions.set(person, headers);
  return headers;
}

function command(fields: Readonly<Record<string, unknown>>) {
  next += 1;
  return { commandId: `c${next}`, atMs: 0, cause: "test", sku: "HOT-1", locationId: "east", ...fields };
}

async function send(person: string | null, ...commands: readonly Readonly<Record<string, unknown>>[]) {
  return world.call("POST", "/v1/stock/commands", {
    json: { commands: commands.map(command) },
    ...(person === null ? {} : { anonymous: true, headers: await as(person) }),
  });
}

const onHand = async () => {
  await world.engine.projected();
  const { json } = await world.call("GET", "/v1/stock?q=HOT-1");
  return json.items[0].onHand as number;
};

const A_COMMAND_OF: Readonly<Record<keyof typeof STOCK_COMMAND_PERMISSIONS, object>> = {
  receive: { quantity: 1 },
  expect: { reference: "r", quantity: 1, dueAtMs: 1 },
  "cancel-expected": { reference: "none" },
  adjust: { delta: 1, reason: "r" },
  count: { countId: "n", counted: 1, reason: "r" },
  "approve-count": { countId: "none" },
  "reject-count": { countId: "none" },
  "transfer-out": { transferId: "t", toLocationId: "east", quantity: 1, dueAtMs: 1 },
  "transfer-in": { transferId: "none", quantity: 1 },
  quarantine: { quantity: 1, reason: "r" },
  "release-quarantine": { quantity: 1, reason: "none" },
  "set-safety-stock": { quantity: 0 },
  "set-pool": { pool: "p", kind: "shared", units: 0 },
  "set-tracking": { tracking: "none" },
  reserve: { holdId: "h", quantity: 1, expiresAtMs: 1 },
  claim: { lane: "l", number: 1, holdId: "none" },
  extend: { holdId: "none", expiresAtMs: 1 },
  release: { holdId: "none" },
  allocate: { holdId: "none" },
  deallocate: { holdId: "none" },
  "enqueue-demand": {
    holdId: "d",
    orderId: "o",
    lineId: "l",
    quantity: 1,
    priority: 0,
    kind: "backorder",
    notBeforeMs: 0,
  },
  "cancel-demand": { holdId: "none" },
  pick: { holdId: "none", quantity: 1 },
  "short-pick": { holdId: "none", missing: 1, reason: "r", effect: "none" },
  ship: { holdId: "none", quantity: 1 },
  "return-receive": { quantity: 1, disposition: "restocked" },
};

test.each(Object.keys(A_COMMAND_OF) as (keyof typeof A_COMMAND_OF)[])(
  "%s is sent by whoever has its permission, and by nobody else",
  async (type) => {
    for (const role of ["warehouse", "service", "store", "finance"] satisfies StaffRole[]) {
      const reply = await send(role, { type, sku: `MATRIX-${type}`, ...A_COMMAND_OF[type] });
      const may = ROLE_PERMISSIONS[role].has(STOCK_COMMAND_PERMISSIONS[type]);
      expect([role, reply.status]).toEqual([role, may ? 200 : 403]);
    }
  },
);

test("what a position may promise to whom is not the warehouse's to rule", () => {
  for (const type of ["set-pool", "set-safety-stock", "set-tracking", "reserve"] as const)
    expect(ROLE_PERMISSIONS.warehouse.has(STOCK_COMMAND_PERMISSIONS[type])).toBe(false);
  expect(ROLE_PERMISSIONS.warehouse.has("orders.cancel")).toBe(false);
});

test("of commands together none runs where one is not to be sent", async () => {
  const before = await onHand();
  const reply = await send(
    "warehouse",
    { type: "receive", quantity: 5 },
    { type: "set-safety-stock", quantity: 9 },
  );
  expect([reply.status, reply.json.code]).toEqual([403, "forbidden"]);
  expect(await onHand()).toBe(before);
});

test("whoever counted a large difference does not approve it; somebody else does", async () => {
  const before = await onHand();
  const counted = await send("warehouse", {
    type: "count",
    countId: "big",
    counted: before - 500,
    reason: "recount",
  });
  expect(counted.json.outcomes[0].status).toBe("applied");
  expect(await onHand()).toBe(before);
  const own = await send("warehouse", { type: "approve-count", countId: "big" });
  expect([own.status, own.json.code]).toEqual([403, "four_eyes_needed"]);
  expect(await onHand()).toBe(before);
  const other = await send("colleague", { type: "approve-count", countId: "big" });
  expect(other.json.outcomes[0]).toMatchObject({ status: "applied" });
  await expect.poll(onHand).toBe(before - 500);
});

test("whoever counted may take the count back", async () => {
  const before = await onHand();
  await send("warehouse", { type: "count", countId: "mistake", counted: before - 400, reason: "recount" });
  const back = await send("warehouse", { type: "reject-count", countId: "mistake" });
  expect(back.json.outcomes[0]).toMatchObject({ status: "applied" });
  const late = await send("colleague", { type: "approve-count", countId: "mistake" });
  expect(late.json.outcomes[0]).toMatchObject({ status: "refused", code: "count_not_found" });
});

test("the id of a count is its counter's: nobody counts under another's, who could then approve their own", async () => {
  const before = await onHand();
  // Booked at once: the count is settled.
  await send("colleague", { type: "count", countId: "shared", counted: before, reason: "recount" });
  const count = { type: "count", countId: "shared", counted: before - 300, reason: "recount" };
  const approve = { type: "approve-count", countId: "shared" };
  const taken = await send("warehouse", count);
  expect([taken.status, taken.json.code]).toEqual([409, "count_id_taken"]);
  const [one, other] = await Promise.all([send("warehouse", count), send("warehouse", approve)]);
  expect([one.json.code, other.json.outcomes?.[0].status]).toEqual(["count_id_taken", "refused"]);
  expect((await send("warehouse", count, approve)).json.code).toBe("count_id_taken");
  expect(await onHand()).toBe(before);
  expect((await send("colleague", approve)).json.code).toBe("four_eyes_needed");
});

test("of people who count under one id at the same moment one does", async () => {
  const before = await onHand();
  const codes = await Promise.all(
    ["warehouse", "colleague", "admin"].map(async (person) => {
      const count = { type: "count", countId: "race", counted: before - 300, reason: "recount" };
      return (await send(person, count)).json.code ?? "done";
    }),
  );
  expect(codes.sort()).toEqual(["count_id_taken", "count_id_taken", "done"]);
  await send("admin", { type: "reject-count", countId: "race" });
});

test("a count that is sent and approved in one request is approved by nobody", async () => {
  const reply = await send(
    "warehouse",
    { type: "count", countId: "at-once", counted: 3, reason: "recount", sku: "MUG-1" },
    { type: "approve-count", countId: "at-once", sku: "MUG-1" },
  );
  expect(reply.json.outcomes).toMatchObject([
    { status: "applied" },
    { status: "refused", code: "count_not_found" },
  ]);
});

test("one person adjusts by few units alone; more is refused, in one command or in several", async () => {
  expect((await send("warehouse", { type: "adjust", delta: -6, reason: "broken" })).status).toBe(200);
  const before = await onHand();
  for (const deltas of [[-11], [3, 2], [-5]]) {
    const reply = await send(
      "warehouse",
      ...deltas.map((delta) => ({ type: "adjust", delta, reason: "broken" })),
    );
    expect([deltas, reply.status, reply.json.code]).toEqual([deltas, 403, "approval_needed"]);
  }
  expect(await onHand()).toBe(before);
  // A command that is sent again has its effect once, and others and other positions have sums of their own.
  const again = { type: "adjust", delta: 4, reason: "found", commandId: "again" };
  for (let time = 0; time < 2; time += 1) expect((await send("warehouse", again)).status).toBe(200);
  expect((await send("warehouse", { type: "adjust", delta: 1, reason: "found" })).status).toBe(403);
  expect((await send("colleague", { type: "adjust", delta: 10, reason: "found" })).status).toBe(200);
  const elsewhere = await send("warehouse", { type: "adjust", sku: "MUG-1", delta: 10, reason: "found" });
  expect(elsewhere.status).toBe(200);
  // Another system, whose people approve among themselves.
  expect((await send(null, { type: "adjust", delta: -50, reason: "sync" })).status).toBe(200);
});

test("adjusts that one person sends at the same moment are one sum", async () => {
  const statuses = await Promise.all(
    [6, 6, 6].map(async (delta) => (await send("admin", { type: "adjust", delta, reason: "found" })).status),
  );
  expect(statuses.sort()).toEqual([200, 403, 403]);
});

test("of counts of one position in one request the first alone is booked at once", async () => {
  const before = await onHand();
  const counts = [10, 20, 30].map((less) => ({
    type: "count",
    countId: `steps-${less}`,
    counted: before - less,
    reason: "recount",
  }));
  const reply = await send("warehouse", ...counts);
  expect(reply.json.outcomes).toMatchObject([
    { status: "applied" },
    { status: "applied" },
    { status: "refused", code: "count_pending" },
  ]);
  await expect.poll(onHand).toBe(before - 10);
  await send("warehouse", { type: "reject-count", countId: "steps-20" });
  expect(await onHand()).toBe(before - 10);
});

test("how much that is, is set by whoever does not count, and counts at once", async () => {
  const { json: limits } = await world.call("GET", "/v1/stock-limits");
  expect(limits).toEqual({ version: 1, approvalUnits: 10 });
  const own = await world.call("POST", "/v1/stock-limits", {
    anonymous: true,
    headers: await as("operations"),
    json: { version: 1, approvalUnits: 10_000 },
  });
  expect(own.status).toBe(403);
  const set = await world.call("POST", "/v1/stock-limits", { json: { version: 1, approvalUnits: 2 } });
  expect(set.json).toEqual({ version: 2, approvalUnits: 2 });
  expect(
    (await send("colleague", { type: "adjust", sku: "MUG-1", delta: -3, reason: "broken" })).json.code,
  ).toBe("approval_needed");
  const before = await onHand();
  await send("warehouse", { type: "count", countId: "small", counted: before - 3, reason: "recount" });
  expect(await onHand()).toBe(before);
});

test("who asked for what is in the audit log, refused or not", async () => {
  const { json } = await world.call("GET", "/v1/audit?subject=stock:HOT-1@east&by=staff:warehouse&limit=200");
  expect(json.items).toContainEqual(
    expect.objectContaining({ after: expect.objectContaining({ type: "count", countId: "big" }) }),
  );
});

test("service says which product a channel's unknown SKU is", async () => {
  const map = async (person: string) =>
    (
      await world.call("POST", "/v1/sku-mappings", {
        anonymous: true,
        headers: await as(person),
        json: { channel: "shopify", channelSku: "UNKNOWN-1", sku: "TEE-1" },
      })
    ).status;
  expect([await map("service"), await map("warehouse")]).toEqual([201, 403]);
});
