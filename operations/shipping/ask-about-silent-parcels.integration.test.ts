import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import type { Carrier, TrackingReport } from "../../ports/carriers.ts";
import { ServiceFault } from "../../ports/service-fault.ts";
import type { Vendor } from "../../ports/vendor-roster.ts";
import { type GatewayWorld, startGatewayWorld } from "../../test-support/gateway.ts";
import { type PackingTable, packingTable, reportOf } from "../../test-support/orders/packing-table.ts";
import { outsideWorld, TEST_CARRIER } from "../../test-support/vendors/outside-world.ts";
import { askAboutSilentParcels } from "./ask-about-silent-parcels.ts";
import { recordTracking } from "./record-tracking.ts";

let world: GatewayWorld;
let table: PackingTable;
let round = 0;

/** What the carrier knows, by its shipment; a fault where it cannot say. */
const known = new Map<string, readonly TrackingReport[] | ServiceFault>();
const asked: string[] = [];
const carrier: Vendor<Carrier> = {
  ...TEST_CARRIER,
  port: {
    ...outsideWorld().carriers.first.port,
    trackingReports: async ({ carrierShipmentId }) => {
      asked.push(carrierShipmentId);
      const answer = known.get(carrierShipmentId) ?? [];
      if (answer instanceof ServiceFault) throw answer;
      return answer;
    },
  },
};
const down = new ServiceFault("down", { service: "test", code: "unavailable", retryable: true });

beforeAll(async () => {
  world = await startGatewayWorld();
});
afterAll(() => world?.close());
beforeEach(async () => {
  round += 1;
  known.clear();
  asked.length = 0;
  await world.database.query("update shipment set ask_carrier_at = null");
  table = await packingTable(world, `silent-${round}`);
  await table.pick("staff:ann", "pick:1");
});

/** As if so many hours had passed for every parcel. */
const passHours = (hours: number) =>
  world.database.query(
    `update shipment set ask_carrier_at = ask_carrier_at - $1 * interval '1 hour',
       shipped_at = shipped_at - $1 * interval '1 hour'`,
    [hours],
  );

const ask = () => askAboutSilentParcels(table.context, carrier);

async function delivered(): Promise<number | undefined> {
  const { rows } = await world.database.query<{ delivered: number }>(
    "select delivered from order_line where order_id = $1",
    [table.orderId],
  );
  return rows[0]?.delivered;
}

test("the delivery whose webhook never came is asked for, and told to the saga once", async () => {
  const id = await table.leave();
  await world.database.query(
    "update order_line set fulfilled = ordered, shipped = ordered where order_id = $1",
    [table.orderId],
  );
  await recordTracking(table.context, carrier, [reportOf(id, "out_for_delivery")]);
  known.set(id, [reportOf(id, "out_for_delivery"), reportOf(id, "delivered")]);
  await passHours(23);
  expect(await ask()).toEqual({ parcels: 0, recorded: 0, faults: [], isFull: false });
  await passHours(2);
  expect(await ask()).toEqual({ parcels: 1, recorded: 1, faults: [], isFull: false });
  expect(await delivered()).toBe(3);
  expect(await table.told()).toEqual([signalKey(`delivered:${id}`)]);
  expect(await table.mailed()).toEqual([`mail:out_for_delivery:${id}`]);
  // The webhook comes after all: nothing of it is new, and a parcel that arrived is never asked about again.
  expect((await recordTracking(table.context, carrier, [reportOf(id, "delivered")])).recorded).toBe(0);
  await passHours(48);
  expect(await ask()).toEqual({ parcels: 0, recorded: 0, faults: [], isFull: false });
  expect(asked).toEqual([id]);
});

test("a parcel that reports is left alone; one that stays silent is asked about again, for sixty days", async () => {
  const heard = await table.leave("heard");
  const silent = await table.leave("silent");
  await passHours(20);
  await recordTracking(table.context, carrier, [reportOf(heard, "in_transit")]);
  await passHours(5);
  await ask();
  expect(asked).toEqual([silent]);
  await ask();
  expect(asked).toEqual([silent]);
  await passHours(7);
  await ask();
  expect(asked).toEqual([silent, silent]);
  await passHours(60 * 24);
  asked.length = 0;
  await ask();
  expect(asked.sort()).toEqual([heard, silent]);
  await passHours(7);
  expect(await ask()).toMatchObject({ parcels: 0 });
});

test("two that ask at the same time ask about each parcel once", async () => {
  const ids = await Promise.all(Array.from({ length: 12 }, (_, index) => table.leave(`P${index}`)));
  await passHours(25);
  const batches = await Promise.all([ask(), ask(), ask()]);
  expect(batches.reduce((sum, batch) => sum + batch.parcels, 0)).toBe(12);
  expect(asked.sort()).toEqual(ids.sort());
});

test("one that the carrier cannot answer for holds up no other; a carrier that is down is left alone", async () => {
  const ids = await Promise.all(["A", "B", "C", "D", "E"].map((name) => table.leave(name)));
  for (const id of ids) known.set(id, [reportOf(id, "in_transit")]);
  known.set(ids[1] ?? "", down);
  await passHours(25);
  expect(await ask()).toEqual({ parcels: 5, recorded: 4, faults: [down], isFull: false });

  for (const id of ids) known.set(id, down);
  asked.length = 0;
  await passHours(25);
  await expect(ask()).rejects.toBe(down);
  expect(asked.length).toBe(3);
  // Their turn comes again.
  for (const id of ids) known.set(id, [reportOf(id, "out_for_delivery")]);
  await passHours(7);
  expect(await ask()).toMatchObject({ parcels: 5, recorded: 5 });
});

test("more than a batch says that more is due", async () => {
  await Promise.all(Array.from({ length: 21 }, (_, index) => table.leave(`P${index}`)));
  await passHours(25);
  expect(await ask()).toMatchObject({ parcels: 20, isFull: true });
  expect(await ask()).toMatchObject({ parcels: 1, isFull: false });
});

function signalKey(key: string): string {
  return `signal:${table.orderId}:${key}`;
}
