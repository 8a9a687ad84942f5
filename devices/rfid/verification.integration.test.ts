import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Engine } from "../../engine/engine.ts";
import { confirmPick } from "../../operations/floor/confirm-pick.ts";
import { packByHand } from "../../operations/floor/pack-by-hand.ts";
import { stalledTotes } from "../../store/floor/floor-tasks.ts";
import { listFulfillmentOrders } from "../../store/orders/order-views.ts";
import {
  addDevices,
  LOCATION,
  PRODUCTS,
  releaseOrders,
  startStockedEngine,
  type TestOrder,
  testLogger,
} from "../../test-support/floor.ts";
import { createTestDatabase, type TestDatabase } from "../../test-support/servers/postgres.ts";
import type { Device } from "../mqtt/device-registry.ts";
import { plateTag, unitTag } from "../simulators/tags.ts";
import { Verification } from "./verification.ts";

type Line = { readonly sku: string; readonly quantity: number };
type Tote = TestOrder & { readonly plate: string };

const READER: Device = {
  row: {
    id: "reader-1",
    locationId: LOCATION,
    kind: "rfid_portal",
    protocol: "zebra",
    name: "Reader 1",
    settings: {},
    enabled: true,
  },
  connection: "online",
  connectionSince: 0,
  heardAt: 0,
  state: {},
};

const FOREIGN = unitTag("00614141999996", "a shirt");

describe("verification by RFID", () => {
  let test: TestDatabase;
  let engine: Engine;
  let now = 0;

  beforeAll(async () => {
    test = await createTestDatabase();
    engine = await startStockedEngine(test);
    await addDevices(test, [READER.row]);
    await test.database.query("update product set tagged = false where sku in ('SKU-11', 'SKU-12')");
  });

  afterAll(async () => {
    await engine.stop();
    await test.close();
  });

  const context = () => ({
    database: test.database,
    allocator: engine.client,
    parcelLimit: () => null,
    now: Date.now,
  });

  /** A portal that remembers nothing yet. `sent`: the totes that it had sent round. */
  const portal = () => {
    const sent: string[] = [];
    const verification = new Verification({
      context: context(),
      recovery: { recirculate: async (_, lpn) => sent.push(lpn) > 0 },
      ownPrefixes: ["9521234"],
      logger: testLogger,
    });
    const pass = (...epcs: string[]) => {
      now += 1_000;
      return verification.onPassage(READER, { enteredAtMs: now, epcs });
    };
    return { sent, pass };
  };

  /** An order whose tote a robot has filled. */
  const picked = async (...lines: Line[]): Promise<Tote> => {
    const [order] = await releaseOrders(test, engine, 1, () => lines);
    if (order === undefined) throw new Error("no order");
    await confirmPick(context(), {
      fulfillmentOrderId: order.fulfillmentOrderId,
      picked: order.lines.map(({ holdId, quantity }) => ({ holdId, quantity })),
      cause: "device:robot-1",
      key: `pick:${order.orderId}`,
    });
    const { rows } = await test.database.query<{ plate: string }>(
      "select handling_unit as plate from fulfillment_order where id = $1",
      [order.fulfillmentOrderId],
    );
    return { ...order, plate: rows[0]?.plate ?? "" };
  };

  const unit = (sku: string, name: string) =>
    unitTag(PRODUCTS.find((product) => product.sku === sku)?.gtin ?? "", name);

  const stage = async ({ fulfillmentOrderId }: Tote) => {
    const { rows } = await test.database.query<{ stage: string }>(
      "select stage from fulfillment_order where id = $1",
      [fulfillmentOrderId],
    );
    return rows[0]?.stage;
  };

  const told = async ({ orderId }: Tote, type: string) => {
    const { rows } = await test.database.query<{ summary: string }>(
      "select summary from order_event where order_id = $1 and type = $2 order by id",
      [orderId, type],
    );
    return rows.map(({ summary }) => summary);
  };

  it("packs a tote whose tags are what was picked, whatever other companies' tags go with it", async () => {
    const tote = await picked({ sku: "SKU-1", quantity: 2 });
    const { pass, sent } = portal();
    await pass(plateTag(tote.plate), unit("SKU-1", "a1"), unit("SKU-1", "a2"), FOREIGN, "E28011606000020A");
    expect(await stage(tote)).toBe("packed");
    expect(sent).toEqual([]);
    expect(await told(tote, "fulfillment.packed")).toEqual(["Packed and verified by RFID: 2 units"]);
  });

  it("is not held up by a stray that was read in one passage, and says what it read", async () => {
    const tote = await picked({ sku: "SKU-1", quantity: 1 });
    const { pass, sent } = portal();
    const exact = [plateTag(tote.plate), unit("SKU-1", "b1")];
    await pass(...exact, unit("SKU-1", "neighbour's"));
    expect(await stage(tote)).toBe("picked");
    expect(sent).toEqual([tote.plate]);
    expect(await told(tote, "fulfillment.not_verified")).toEqual([
      "Not verified: extra 1 × SKU-1; sent round to be read again",
    ]);
    await pass(...exact);
    expect(await stage(tote)).toBe("packed");
  });

  it("packs by what two passages agree on where each missed another tag", async () => {
    const tote = await picked({ sku: "SKU-2", quantity: 3 });
    const { pass } = portal();
    const [one, two, three] = ["c1", "c2", "c3"].map((name) => unit("SKU-2", name)) as [
      string,
      string,
      string,
    ];
    await pass(plateTag(tote.plate), one, two);
    await pass(plateTag(tote.plate), two, three);
    await pass(plateTag(tote.plate), one, three);
    expect(await stage(tote)).toBe("packed");
  });

  it("names a stranger of our own, and gives up after four passages", async () => {
    const tote = await picked({ sku: "SKU-3", quantity: 1 });
    const { pass, sent } = portal();
    for (let passage = 1; passage <= 4; passage += 1) {
      await pass(
        plateTag(tote.plate),
        unit("SKU-3", "d1"),
        unitTag("09521234000020", "d2"),
        unit("SKU-4", "d3"),
      );
    }
    expect(await stage(tote)).toBe("picked");
    expect(sent).toHaveLength(3);
    expect(await told(tote, "fulfillment.exception")).toEqual([
      "Verification failed: extra 1 × GTIN 09521234000020, extra 1 × SKU-4",
    ]);
  });

  it("takes goods without tags as picked and says so", async () => {
    const mixed = await picked({ sku: "SKU-5", quantity: 1 }, { sku: "SKU-11", quantity: 2 });
    const untagged = await picked({ sku: "SKU-12", quantity: 1 });
    const { pass } = portal();
    await pass(plateTag(mixed.plate), unit("SKU-5", "e1"));
    await pass(plateTag(untagged.plate));
    expect(await told(mixed, "fulfillment.packed")).toEqual([
      "Packed and verified by RFID: 1 unit; 2 units without tags taken as picked",
    ]);
    expect(await told(untagged, "fulfillment.packed")).toEqual([
      "Packed: 1 unit without a tag taken as picked",
    ]);
  });

  it("leaves goods without tags whose product asks for it to whoever packs, once the tags are right", async () => {
    await test.database.query("update product set packing_check = 'scan' where sku = 'SKU-12'");
    const tote = await picked({ sku: "SKU-5", quantity: 1 }, { sku: "SKU-12", quantity: 2 });
    const { pass, sent } = portal();
    await pass(plateTag(tote.plate));
    expect(sent).toEqual([tote.plate]);
    await pass(plateTag(tote.plate), unit("SKU-5", "k1"));
    await pass(plateTag(tote.plate), unit("SKU-5", "k1"));
    expect(await stage(tote)).toBe("picked");
    expect(sent).toEqual([tote.plate]);
    expect(await told(tote, "fulfillment.left_to_person")).toEqual([
      "Its tags are right. Goods without tags are checked by whoever packs it: scan SKU-12.",
    ]);
    // Nobody looks for it on the conveyor, and it is on people's list.
    await test.database.query(
      "update fulfillment_order set updated_at = now() - interval '1 minute' where id = $1",
      [tote.fulfillmentOrderId],
    );
    await test.database.query(
      `insert into floor_task (id, kind, fulfillment_order_id, location_id, status, finished_at)
       values ($1 || ':pick:1', 'pick', $1, $2, 'finished', now() - interval '1 minute')
       on conflict (id) do update set status = 'finished', finished_at = excluded.finished_at`,
      [tote.fulfillmentOrderId, LOCATION],
    );
    const stalled = (await stalledTotes(test.database, 1_000)).map(({ handlingUnit }) => handlingUnit);
    expect(stalled).not.toContain(tote.plate);
    await addDevices(test, [{ ...READER.row, id: "a-robot", kind: "robot" }]);
    const { items } = await listFulfillmentOrders(test.database, { isForPeople: true, limit: 100 });
    expect(items.map(({ id }) => id)).toContain(tote.fulfillmentOrderId);

    const gtin = PRODUCTS.find(({ sku }) => sku === "SKU-12")?.gtin ?? "";
    const pack = (scans: readonly string[]) =>
      packByHand(context(), {
        fulfillmentOrderId: tote.fulfillmentOrderId,
        picked: null,
        holds: tote.lines,
        findings: { scans },
        cause: "staff:1",
      });
    expect(await pack([gtin])).toMatchObject({ code: "verification_failed", detail: "missing 1 × SKU-12" });
    expect(await pack([gtin, gtin])).toEqual({ status: "done", short: false });
    expect(await stage(tote)).toBe("packed");
    await test.database.query("update product set packing_check = null");
    await test.database.query("delete from device where id = 'a-robot'");
  });

  it("still names a tagged unit that is missing beside them, and more of them than were picked", async () => {
    const tote = await picked({ sku: "SKU-5", quantity: 1 }, { sku: "SKU-11", quantity: 1 });
    const { pass } = portal();
    await pass(plateTag(tote.plate), unit("SKU-11", "f1"), unit("SKU-11", "f2"));
    expect(await told(tote, "fulfillment.not_verified")).toEqual([
      "Not verified: extra 1 × SKU-11, missing 1 × SKU-5; sent round to be read again",
    ]);
  });

  it("does not pack a unit again that was packed for another order, and names it", async () => {
    const first = await picked({ sku: "SKU-6", quantity: 1 });
    const second = await picked({ sku: "SKU-6", quantity: 1 });
    const { pass } = portal();
    const tag = unit("SKU-6", "5001");
    await pass(plateTag(first.plate), tag);
    await test.database.query(
      "update fulfillment_order set status = 'closed', stage = 'shipped' where id = $1",
      [first.fulfillmentOrderId],
    );
    await pass(plateTag(second.plate), tag);
    expect(await stage(second)).toBe("picked");
    const [said] = await told(second, "fulfillment.not_verified");
    expect(said).toMatch(
      new RegExp(`^Not verified: packed before: SKU-6 \\d+ for ${first.fulfillmentOrderId};`),
    );

    // Sent back by the shopper, it may leave again.
    await test.database.query(
      `insert into return_authorization (id, order_id, status, reason, currency)
       values ($1, $2, 'received', 'changed_mind', 'EUR')`,
      [`${first.orderId}-R1`, first.orderId],
    );
    await test.database.query(
      "insert into return_line (return_id, line_id, sku, requested, received) values ($1, '1', 'SKU-6', 1, 1)",
      [`${first.orderId}-R1`],
    );
    await pass(plateTag(second.plate), tag);
    expect(await stage(second)).toBe("packed");
  });

  it("packs the units of an order that was cancelled for another one", async () => {
    const first = await picked({ sku: "SKU-7", quantity: 1 });
    const second = await picked({ sku: "SKU-7", quantity: 1 });
    const { pass } = portal();
    await pass(plateTag(first.plate), unit("SKU-7", "g1"));
    await test.database.query("update fulfillment_order set status = 'cancelled' where id = $1", [
      first.fulfillmentOrderId,
    ]);
    await pass(plateTag(second.plate), unit("SKU-7", "g1"));
    expect(await stage(second)).toBe("packed");
  });

  it("sends two totes round that went through together, and tells both", async () => {
    const one = await picked({ sku: "SKU-8", quantity: 1 });
    const two = await picked({ sku: "SKU-9", quantity: 1 });
    const { pass, sent } = portal();
    // A pallet label of a supplier is no tote.
    const pallet = plateTag("106141412345678908");
    await pass(plateTag(one.plate), plateTag(two.plate), pallet, unit("SKU-8", "h1"), unit("SKU-9", "h2"));
    expect([...sent].sort()).toEqual([one.plate, two.plate].sort());
    for (const tote of [one, two]) {
      expect((await told(tote, "fulfillment.not_verified")).join()).toMatch(
        /went through together; sent round/,
      );
    }
    await pass(plateTag(one.plate), pallet, unit("SKU-8", "h1"));
    await pass(plateTag(two.plate), unit("SKU-9", "h2"));
    expect([await stage(one), await stage(two)]).toEqual(["packed", "packed"]);
  });

  it("says so where no conveyor can send the tote round", async () => {
    const tote = await picked({ sku: "SKU-10", quantity: 1 });
    const verification = new Verification({
      context: context(),
      recovery: { recirculate: async () => false },
      ownPrefixes: [],
      logger: testLogger,
    });
    await verification.onPassage(READER, { enteredAtMs: 1, epcs: [plateTag(tote.plate)] });
    await verification.onPassage(READER, { enteredAtMs: 1, epcs: [plateTag(tote.plate)] });
    expect(await told(tote, "fulfillment.not_verified")).toEqual([
      "Not verified: missing 1 × SKU-10; no conveyor can send it round: it has to be taken through again",
    ]);
  });
});
