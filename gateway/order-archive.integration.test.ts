/**
 * A finished order in the archive: it reads as before, whoever asks and by whatever name; and whatever still
 * comes of it brings it back, whole and once.
 */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { OrderSummary } from "../contract/orders.ts";
import { archiveFinished } from "../operations/archive/archive-finished.ts";
import { recordTracking } from "../operations/shipping/record-tracking.ts";
import {
  archiveOrder,
  bringBackOrder,
  makePartitions,
  readArchiving,
} from "../store/archive/archive-order.ts";
import { lockOrder } from "../store/orders/order-progress.ts";
import { type DatabaseClient, inTransaction } from "../store/sql/database.ts";
import { canonicalOrder, type GatewayWorld, startGatewayWorld } from "../test-support/gateway.ts";
import { type PackingTable, packingTable, reportOf } from "../test-support/orders/packing-table.ts";
import { TEST_CARRIER } from "../test-support/vendors/outside-world.ts";

let world: GatewayWorld;
const OLD_DAYS = 200;

beforeAll(async () => {
  world = await startGatewayWorld();
  // Paid where it was bought: what an order's saga would charge is not played here.
  await world.database.query("update channel set charged_by = 'channel' where id = 'web'");
});
afterAll(() => world?.close());

const LINES = [{ sku: "TEE-1", quantity: 3, unitPrice: "19.99" }];
const capture = (name: string, change: object = {}, key = `again-${name}`) =>
  world.call("POST", "/v1/orders", {
    json: canonicalOrder(name, { lines: LINES, ...change }),
    headers: { "idempotency-key": key },
  });

type Finished = { readonly table: PackingTable; readonly id: string; readonly shipment: string };

/** An order that was delivered long ago. */
async function finished(name: string): Promise<Finished> {
  const table = await packingTable(world, name);
  await table.pick("staff:ann", `pick:${name}`);
  const shipment = await table.leave();
  const id = table.orderId;
  const run = (text: string) => world.database.query(text, [id]);
  await run("update order_line set fulfilled = ordered, shipped = ordered where order_id = $1");
  await recordTracking(table.context, TEST_CARRIER, [reportOf(shipment, "delivered")]);
  await run("update fulfillment_order set status = 'closed', stage = 'shipped' where order_id = $1");
  await run(
    "update outbox set done_at = now() where payload->>'workflowId' = $1 or payload->>'orderId' = $1",
  );
  await run(`update shipment set ask_carrier_at = null,
    delivered_at = delivered_at - ${OLD_DAYS} * interval '1 day' where order_id = $1`);
  await run(`update orders set updated_at = updated_at - ${OLD_DAYS} * interval '1 day' where id = $1`);
  const { rows } = await run("select status from orders where id = $1");
  expect(rows).toEqual([{ status: "completed" }]);
  return { table, id, shipment };
}

const whereIs = async (id: string) => {
  const { rows } = await world.database.query<{ busy: boolean; archived: boolean }>(
    `select exists (select from orders where id = $1) as busy,
            exists (select from archived_order where order_id = $1)
              and exists (select from archived_document where order_id = $1) as archived`,
    [id],
  );
  return rows[0];
};
const BUSY = { busy: true, archived: false };
const ARCHIVED = { busy: false, archived: true };

/** Every row of the order, by table. */
async function rowsOf(id: string): Promise<Record<string, unknown>> {
  const { rows: parts } = await world.database.query<{ name: string; condition: string }>(
    "select name, condition from order_part order by place",
  );
  const found: Record<string, unknown> = {};
  for (const { name, condition } of parts) {
    const { rows } = await world.database.query<{ row: string }>(
      `select to_jsonb(t)::text as row from ${name} t where ${condition.replaceAll("$1", "$1::text")} order by 1`,
      [id],
    );
    if (rows.length > 0) found[name] = rows.map(({ row }) => row);
  }
  return found;
}

type Read = { readonly status: number; readonly body: unknown };

/** What everybody may read of it, by its own names and those of its parts. */
async function readsOf({ id, table, shipment }: Finished): Promise<Record<string, Read>> {
  const token = await tokenOf(id);
  const paths = [
    `/v1/orders/${id}`,
    `/v1/orders/${id}/timeline?limit=3`,
    `/v1/orders/${id}/timeline`,
    `/v1/orders/${id}/revisions`,
    `/v1/orders/${id}/refunds`,
    `/v1/claims?order=${id}`,
    `/v1/fulfillment-orders/${table.id}/packing-slip.pdf`,
    `/v1/shipments/${shipment}/label.zpl`,
    `/v1/track/${token}`,
  ];
  const reads: Record<string, Read> = {};
  for (const path of paths) {
    const { status, text } = await world.call("GET", path);
    reads[path] = { status, body: text.startsWith("{") ? JSON.parse(text) : text.length > 0 };
  }
  return reads;
}

async function tokenOf(id: string): Promise<string> {
  const { rows } = await world.database.query<{ token: string }>(
    `select tracking_token as token from orders where id = $1
     union all select name from archived_name where order_id = $1 and kind = 'token'`,
    [id],
  );
  return rows[0]?.token ?? expect.fail("it has no page");
}

const archive = () => archiveFinished({ database: world.database });

async function archiveNow(id: string): Promise<void> {
  await makePartitions(world.database, [id]);
  const statement = await readArchiving(world.database);
  expect(await inTransaction(world.database, (client) => archiveOrder(client, statement, id))).toBe(true);
}

test("what ended long ago is archived with all of its rows, and what did not stays", async () => {
  const old = await finished("rule-old");
  const { id: young } = await finished("rule-young");
  await world.database.query("update orders set updated_at = now() - interval '89 days' where id = $1", [
    young,
  ]);
  const { id: open } = await packingTable(world, "rule-open").then(({ orderId }) => ({ id: orderId }));
  const { id: inClear } = await finished("rule-in-clear");
  await world.database.query("update order_person set sealed_at = null where order_id = $1", [inClear]);
  const before = await rowsOf(old.id);
  expect(Object.keys(before)).toEqual(
    expect.arrayContaining(["orders", "order_line", "order_event", "shipment", "tracking_report", "outbox"]),
  );
  expect(await archive()).toEqual({ archived: 1, left: 0 });
  expect(await whereIs(old.id)).toEqual(ARCHIVED);
  expect(await rowsOf(old.id)).toEqual({});
  expect(await whereIs(young)).toEqual(BUSY);
  expect(await whereIs(open)).toEqual(BUSY);
  expect(await whereIs(inClear)).toEqual(BUSY);
  expect(await archive()).toEqual({ archived: 0, left: 0 });
  await world.database.query("select bring_back_order($1)", [old.id]);
  expect(await rowsOf(old.id)).toEqual(before);
  expect(await whereIs(old.id)).toEqual(BUSY);
});

describe("an archived order", () => {
  test("reads as before: by its id, its parts' and its shopper's link", async () => {
    const order = await finished("reads");
    const before = await readsOf(order);
    expect(Object.values(before).map(({ status }) => status)).toEqual([
      200, 200, 200, 200, 200, 200, 200, 404, 200,
    ]);
    await archiveNow(order.id);
    expect(await readsOf(order)).toEqual(before);
    expect(await whereIs(order.id)).toEqual(ARCHIVED);
    expect((await world.call("GET", `/v1/orders/${order.id}/tracking-link`)).status).toBe(200);
    expect((await world.call("GET", "/v1/orders/web-nobody")).status).toBe(404);
  });

  test("is in the list of archived orders, with every search, and not in the other", async () => {
    const { id, shipment } = await finished("listed");
    await world.database.query("update orders set document = document || $2 where id = $1", [
      id,
      JSON.stringify({ tags: ["gift"] }),
    ]);
    const list = async (query: string) => {
      const { status, json } = await world.call("GET", `/v1/orders?${query}`);
      expect(status).toBe(200);
      return (json.items as OrderSummary[]).filter((order) => order.id === id);
    };
    const queries = [
      `q=${id}`,
      "q=isted",
      "q=tee-1",
      "q=TEE-1&sort=total",
      `q=T-${shipment}`,
      "q=lovelace",
      "status=completed&channel=web&location=east",
      "status=cancelled",
      "location=west",
      "tag=gift",
      "tag=other",
      "sort=-updated&limit=200",
      "sort=ship-by",
    ];
    const before = await Promise.all(queries.map(list));
    expect(before.filter((orders) => orders.length === 1).length).toBeGreaterThan(7);
    await archiveNow(id);
    for (const [nth, query] of queries.entries()) {
      expect(await list(query), query).toEqual([]);
      expect(await list(`archived=true&${query}`), query).toEqual(before[nth]);
    }
    const csv = await world.call("GET", "/v1/orders/export.csv?archived=true");
    expect(csv.text).toContain(id);
    expect((await world.call("GET", "/v1/orders/export.csv")).text).not.toContain(id);
  });

  test("is known to its channel: a repeat stays where it is, a change brings it back", async () => {
    const { id } = await finished("again");
    const rows = await rowsOf(id);
    await archiveNow(id);
    const repeated = await capture("again");
    expect(repeated.json).toMatchObject({ outcome: "duplicate", order: id });
    expect((repeated.json as { lines: unknown[] }).lines).toHaveLength(1);
    expect(await whereIs(id)).toEqual(ARCHIVED);
    const changed = await capture("again", { lines: [{ ...LINES[0], quantity: 2 }] }, "changed");
    expect(changed.json).toMatchObject({ outcome: "duplicate", order: id });
    expect(await whereIs(id)).toEqual(BUSY);
    const after = await rowsOf(id);
    for (const event of rows["order_event"] as string[]) expect(after["order_event"]).toContain(event);
    expect(after["order_line"]).toEqual(rows["order_line"]);
  });

  test("comes back for a late return, and the same request again finds the same return", async () => {
    const { id } = await finished("return");
    await archiveNow(id);
    const ask = () =>
      world.call("POST", `/v1/orders/${id}/returns`, {
        json: { lines: [{ lineId: "1", quantity: 1 }], reason: "defective" },
        headers: { "idempotency-key": "late-return" },
      });
    const asked = await ask();
    expect(asked.status, asked.text).toBe(201);
    expect(await whereIs(id)).toEqual(BUSY);
    expect((await ask()).json).toEqual(asked.json);
    const { rows } = await world.database.query("select from return_authorization where order_id = $1", [id]);
    expect(rows).toHaveLength(1);
    await archive();
    expect(await whereIs(id)).toEqual(BUSY);
  });

  test("comes back for what a carrier still says of its parcel", async () => {
    const { id, table, shipment } = await finished("carrier");
    await archiveNow(id);
    const known = reportOf(shipment, "delivered");
    expect(await recordTracking(table.context, TEST_CARRIER, [known])).toMatchObject({
      recorded: 0,
      unknown: 0,
    });
    expect(await whereIs(id)).toEqual(BUSY);
    await archiveNow(id);
    const late = { ...reportOf(shipment, "in_transit"), reportId: "late" };
    expect(await recordTracking(table.context, TEST_CARRIER, [late])).toMatchObject({
      recorded: 1,
      unknown: 0,
    });
  });

  test("is seen by nobody whose role is bound elsewhere", async () => {
    const { id } = await finished("bound");
    await archiveNow(id);
    const key = await world.key(["orders:read"], "shopify");
    const { status } = await world.call("GET", `/v1/orders/${id}`, {
      headers: { authorization: `Bearer ${key}` },
    });
    expect(status).toBe(404);
  });

  test("is brought back once by many at a time, whoever else archives it", async () => {
    const { id } = await finished("many");
    const before = await rowsOf(id);
    for (let round = 0; round < 3; round += 1) {
      await archiveNow(id);
      const done = await Promise.all([
        ...Array.from({ length: 6 }, () =>
          inTransaction(world.database, async (client) => (await lockOrder(client, id))?.orderId),
        ),
        archive().then(() => id),
        capture("many", {}, `many-${round}`).then(({ json }) => (json as { order: string }).order),
      ]);
      expect(new Set(done)).toEqual(new Set([id]));
      const place = await whereIs(id);
      expect(place === undefined || place.busy !== place.archived).toBe(true);
      if (place?.archived === true) await world.database.query("select bring_back_order($1)", [id]);
      expect(await rowsOf(id)).toEqual(before);
    }
  });

  test("is where it was after a crash before any commit, on both ways", async () => {
    const { id } = await finished("crash");
    const before = await rowsOf(id);
    const statement = await readArchiving(world.database);
    await makePartitions(world.database, [id]);
    const crash = async (work: (client: DatabaseClient) => Promise<unknown>) =>
      await expect(
        inTransaction(world.database, async (client) => {
          await work(client);
          const { rows } = await client.query<{ pid: number }>("select pg_backend_pid() as pid");
          await world.database.query("select pg_terminate_backend($1)", [rows[0]?.pid]);
          await client.query("select 1");
        }),
      ).rejects.toThrow();
    await crash((client) => archiveOrder(client, statement, id));
    expect(await whereIs(id)).toEqual(BUSY);
    expect(await rowsOf(id)).toEqual(before);
    await archiveNow(id);
    await crash((client) => bringBackOrder(client, id));
    expect(await whereIs(id)).toEqual(ARCHIVED);
    await world.database.query("select bring_back_order($1)", [id]);
    expect(await rowsOf(id)).toEqual(before);
  });
});

test("an archived order is exported with all others, each once, and is not among the open ones", async () => {
  const { id } = await finished("exported");
  const { rows: before } = await world.database.query("select id from orders");
  const exported = async (query: string) => {
    const { text } = await world.call("GET", `/v1/exports/orders?format=jsonl&${query}`);
    return text
      .trim()
      .split("\n")
      .filter((line) => line !== "")
      .map(
        (line) => JSON.parse(line) as { readonly id: string; readonly customer: { readonly name: string } },
      );
  };
  const live = await exported("");
  await archiveNow(id);
  const { rows: left } = await world.database.query("select id from orders where id = $1", [id]);
  expect(left).toEqual([]);
  const archived = await exported("");
  expect(archived.map((order) => order.id).sort()).toEqual(live.map((order) => order.id).sort());
  expect(archived.length).toBeGreaterThanOrEqual(before.length);
  expect(archived.find((order) => order.id === "exported")?.customer.name).toBe(
    live.find((order) => order.id === "exported")?.customer.name,
  );
  expect((await exported("status=open")).some((order) => order.id === "exported")).toBe(false);
});

test("customers and returns of archived orders are exported with all others, each once, as they were", async () => {
  const { id } = await finished("table-of-returns");
  const asked = await world.call("POST", `/v1/orders/${id}/returns`, {
    json: { lines: [{ lineId: "1", quantity: 1 }], reason: "defective", comment: "It leaks." },
    headers: { "idempotency-key": "table-of-returns" },
  });
  expect(asked.status, asked.text).toBe(201);
  const exported = async (kind: string) => {
    const reply = await world.call("GET", `/v1/exports/${kind}?format=jsonl`);
    expect(reply.status, reply.text).toBe(200);
    return reply.text.trim().split("\n").sort();
  };
  const before = { customers: await exported("customers"), returns: await exported("returns") };
  expect(before.returns.some((line) => line.includes(id) && line.includes("It leaks."))).toBe(true);
  await archiveNow(id);
  expect(await whereIs(id)).toEqual(ARCHIVED);
  expect({ customers: await exported("customers"), returns: await exported("returns") }).toEqual(before);
});
