/** Carriers' reports that come at once: batches change nothing of what each of them does by itself. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { lockOrder } from "../../store/orders/order-progress.ts";
import { inTransaction } from "../../store/sql/database.ts";
import { type GatewayWorld, startGatewayWorld } from "../../test-support/gateway.ts";
import { type PackingTable, packingTable, reportOf } from "../../test-support/orders/packing-table.ts";
import { TEST_CARRIER } from "../../test-support/vendors/outside-world.ts";
import { recordTracking } from "./record-tracking.ts";

let world: GatewayWorld;

beforeAll(async () => {
  world = await startGatewayWorld();
});
afterAll(() => world?.close());

/** A parcel that has left, with an order of its own. */
async function parcel(name: string): Promise<{ readonly table: PackingTable; readonly id: string }> {
  const table = await packingTable(world, name);
  await table.pick("staff:ann", "pick:1");
  const id = await table.leave();
  await world.database.query(
    "update order_line set fulfilled = ordered, shipped = ordered where order_id = $1",
    [table.orderId],
  );
  return { table, id };
}

const minute = (nth: number): string => new Date(Date.UTC(2026, 10, 30, 8, nth)).toISOString();

const statusOf = async (id: string) =>
  (
    await world.database.query<{ status: string; delivered: boolean; reports: number; told: number }>(
      `select tracking_status as status, delivered_at is not null as delivered,
         (select count(*)::integer from tracking_report t where t.tracking_number = s.tracking_number) as reports,
         (select count(*)::integer from order_event e where e.order_id = s.order_id and e.key like 'tracking:%') as told
       from shipment s where id = $1`,
      [id],
    )
  ).rows[0];

test("reports of many parcels that come at once, twice and out of order, each count once", async () => {
  const parcels = [await parcel("burst-1"), await parcel("burst-2"), await parcel("burst-3")];
  const { context } = (parcels[0] as { table: PackingTable }).table;
  const statuses = ["delivered", "in_transit", "out_for_delivery"] as const;
  const minutes = { in_transit: 1, out_for_delivery: 2, delivered: 3 };
  const told = parcels.flatMap(({ id }) =>
    statuses.flatMap((status) => {
      const report = reportOf(id, status, minute(minutes[status]));
      return [report, report];
    }),
  );
  const nobodys = reportOf("nobody", "in_transit", minute(1));
  const answers = await Promise.all(
    [...told, nobodys].map((report) => recordTracking(context, TEST_CARRIER, [report])),
  );
  expect(answers.reduce((sum, { recorded }) => sum + recorded, 0)).toBe(9);
  expect(answers.at(-1)).toMatchObject({ recorded: 0, unknown: 1 });
  for (const { id, table } of parcels) {
    expect(await statusOf(id)).toMatchObject({ status: "delivered", delivered: true, reports: 3 });
    const signals = (await table.told()).filter((key) => key.endsWith(id));
    expect(signals).toEqual([`signal:${table.orderId}:delivered:${id}`]);
  }
});

test("what cannot be written of one parcel fails that one's reports only", async () => {
  const [good, bad, other] = [await parcel("good"), await parcel("bad"), await parcel("other")];
  // Nothing of it has left, so nothing of it can arrive.
  await world.database.query("update order_line set shipped = 0 where order_id = $1", [bad.table.orderId]);
  const { context } = good.table;
  const answers = await Promise.allSettled(
    [good, bad, other].map(({ id }) =>
      recordTracking(context, TEST_CARRIER, [reportOf(id, "delivered", minute(3))]),
    ),
  );
  expect(answers.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
  expect(await statusOf(good.id)).toMatchObject({ status: "delivered", reports: 1, told: 1 });
  expect(await statusOf(bad.id)).toMatchObject({ delivered: false, reports: 0, told: 0 });
  expect(await statusOf(other.id)).toMatchObject({ status: "delivered", reports: 1, told: 1 });
});

test("a parcel whose order somebody is changing waits by itself, and nobody else's reports wait for it", async () => {
  const [free, changing] = [await parcel("free"), await parcel("changing")];
  const { context } = free.table;
  const late: string[] = [];
  await inTransaction(world.database, async (client) => {
    await lockOrder(client, changing.table.orderId);
    const reports = [changing, free].map(({ id }) =>
      recordTracking(context, TEST_CARRIER, [reportOf(id, "delivered", minute(3))]).then(() => late.push(id)),
    );
    await reports[1];
    expect(late).toEqual([free.id]);
  });
  await expect.poll(() => late).toEqual([free.id, changing.id]);
  expect(await statusOf(changing.id)).toMatchObject({ status: "delivered", reports: 1, told: 1 });
});

test("one carrier's account says nothing of another's parcel", async () => {
  const { table, id } = await parcel("foreign");
  const elsewhere = { ...TEST_CARRIER, account: "another" };
  expect(
    await recordTracking(table.context, elsewhere, [reportOf(id, "delivered", minute(3))]),
  ).toMatchObject({
    recorded: 0,
    unknown: 1,
  });
  expect(await statusOf(id)).toMatchObject({ reports: 0, told: 0 });
});
