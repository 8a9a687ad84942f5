/**
 * What a person packs by hand: one request, one fact. Wherever a process dies in the middle, the work stays
 * on the list of people's work, and doing it again moves each unit once.
 */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { packByHand } from "../operations/floor/pack-by-hand.ts";
import { type GatewayWorld, startGatewayWorld } from "../test-support/gateway.ts";
import { type PackingTable, packingTable } from "../test-support/orders/packing-table.ts";

let world: GatewayWorld;
let table: PackingTable;
let round = 0;

beforeAll(async () => {
  world = await startGatewayWorld();
});
afterAll(() => world?.close());
beforeEach(async () => {
  round += 1;
  table = await packingTable(world, `hand-${round}`);
});

const pack = (json: unknown) => world.call("POST", `/v1/fulfillment-orders/${table.id}/pack`, { json });

/**
 * What a crash between two steps looks like in the database: everything from the packing entry on is missing.
 */
async function whilePackingFails(run: () => Promise<void>): Promise<void> {
  await world.database.query(
    `create function crash() returns trigger language plpgsql as $$ begin raise 'crash'; end $$;
     create trigger crash before insert on order_event for each row
     when (new.type = 'fulfillment.packed') execute function crash()`,
  );
  try {
    await run();
  } finally {
    await world.database.query("drop function crash cascade");
  }
}

describe("a parcel packed by hand", () => {
  test("waits as before where the confirmation was cut off in its middle, and is packed once by the next", async () => {
    await whilePackingFails(async () => {
      expect((await pack({})).status).toBe(500);
    });
    // It has begun, so that no change of the order takes its units away; it is still on the list.
    expect(await table.stage()).toBe("picking");
    const { json } = await world.call("GET", "/v1/fulfillment-orders?location=east&stage=waiting");
    expect(json.items).toMatchObject([{ id: table.id, lines: [{ picked: 0 }] }]);
    expect(await table.told()).toEqual([]);

    const again = await pack({});
    expect([again.status, again.json], again.text).toEqual([200, { status: "done", short: false }]);
    expect((await pack({})).json).toEqual({ status: "done", short: false });
    expect(await table.stage()).toBe("packed");
    expect(await table.pickedUnits()).toBe(3);
    expect(await table.told()).toEqual([`packed:${table.id}`]);
  });

  test("is booked once by three confirmations at the same time", async () => {
    const replies = await Promise.all([pack({}), pack({}), pack({})]);
    expect(replies.map(({ json }) => json)).toEqual(Array(3).fill({ status: "done", short: false }));
    expect(await table.told()).toEqual([`packed:${table.id}`]);
    expect(await table.pickedUnits()).toBe(3);
  });

  test("may be one that a robot has picked, unless the person says that other units were taken", async () => {
    await table.pick("device:robot-1", "pick:1");
    const other = await pack({ lines: [{ holdId: table.holdId, picked: 2 }] });
    expect([other.status, other.json.code]).toEqual([409, "already_picked"]);
    expect((await pack({})).json).toEqual({ status: "done", short: false });
    expect(await table.stage()).toBe("packed");
    expect(await table.told()).toEqual([`packed:${table.id}`]);
  });

  test("has goods without tags that are scanned, weighed or counted first; until then no unit is taken", async () => {
    const setting = (json: unknown) => world.call("POST", "/v1/products/TEE-1/tagging", { json });
    const { rows } = await world.database.query<{ grams: number }>(
      "select weight_grams as grams from product where sku = 'TEE-1'",
    );
    const right = 3 * (rows[0]?.grams ?? 0);
    for (const [check, wrong, found] of [
      ["scan", { scans: ["TEE-1", "TEE-1"] }, { scans: ["TEE-1", "TEE-1", "TEE-1"] }],
      ["weigh", { grams: 2 * right }, { grams: right }],
      ["count", { counts: [{ sku: "TEE-1", quantity: 2 }] }, { counts: [{ sku: "TEE-1", quantity: 3 }] }],
    ] as const) {
      table = await packingTable(world, `hand-${round}-${check}`);
      expect((await setting({ tagged: false, check })).json).toEqual({ sku: "TEE-1", tagged: false, check });
      const listed = await world.call("GET", "/v1/fulfillment-orders?location=east&stage=waiting&limit=200");
      const item = listed.json.items.find(({ id }: { id: string }) => id === table.id);
      expect(item.lines).toMatchObject([{ check }]);
      const unchecked = await pack({});
      expect([unchecked.status, unchecked.json.code]).toEqual([409, "packing_check_needed"]);
      expect(unchecked.json.detail).toBe(`${check} TEE-1`);
      const refused = await pack({ checked: wrong });
      expect([refused.status, refused.json.code]).toEqual([409, "verification_failed"]);
      expect([await table.stage(), await table.pickedUnits()]).toEqual(["waiting", undefined]);
      const packed = await pack({ checked: found });
      expect([packed.status, packed.json], packed.text).toEqual([200, { status: "done", short: false }]);
      expect((await pack({})).json).toEqual({ status: "done", short: false });
    }
    // What a person says to have taken is what is checked.
    table = await packingTable(world, `hand-${round}-short`);
    const lines = [{ holdId: table.holdId, picked: 1 }];
    const checked = { counts: [{ sku: "TEE-1", quantity: 1 }] };
    expect((await pack({ lines, checked })).json).toEqual({ status: "done", short: true });
    // A unit that is known by its serial number is packed once.
    const { rows: products } = await world.database.query<{ gtin: string }>(
      "select gtin from product where sku = 'TEE-1'",
    );
    await setting({ tagged: false, check: "scan" });
    for (const [name, outcome] of [
      ["serial-1", "done"],
      ["serial-2", undefined],
    ] as const) {
      table = await packingTable(world, `hand-${round}-${name}`);
      const scans = ["1", "2", "3"].map((serial) => `(01)${products[0]?.gtin}(21)${round}-${serial}`);
      const { json } = await pack({ checked: { scans } });
      expect([json.status, json.code]).toEqual(
        outcome === "done" ? ["done", undefined] : [409, "unit_packed_before"],
      );
    }
    expect((await setting({ tagged: true, check: null })).status).toBe(200);
    expect((await setting({ tagged: true, check: "smell" })).status).toBe(400);
  });

  test("of which a unit is missing is packed without it, once, whoever says so again", async () => {
    const short = { lines: [{ holdId: table.holdId, picked: 2 }], shortReason: "damaged" };
    expect((await pack(short)).json).toEqual({ status: "done", short: true });
    expect((await pack(short)).json).toEqual({ status: "done", short: true });
    expect(await table.stage()).toBe("packed");
    expect(await table.told()).toEqual([`packed:${table.id}`]);
    const { rows } = await world.database.query("select quantity, reason from shortage where order_id = $1", [
      table.orderId,
    ]);
    expect(rows).toEqual([{ quantity: 1, reason: "damaged" }]);
  });

  test("of which nothing was found is over, and its units are missing", async () => {
    const nothing = { lines: [{ holdId: table.holdId, picked: 0 }] };
    expect((await pack(nothing)).json).toEqual({ status: "done", short: true });
    expect((await pack(nothing)).json).toEqual({ status: "done", short: true });
    expect((await pack({})).json).toEqual({ status: "done", short: true });
    expect(await table.told()).toEqual([]);
    const { rows } = await world.database.query(
      `select f.status, s.quantity from fulfillment_order f join shortage s on s.fulfillment_order_id = f.id
       where f.id = $1`,
      [table.id],
    );
    expect(rows).toEqual([{ status: "cancelled", quantity: 3 }]);
  });
});

describe("a parcel of an order that was changed after the packer had seen it", () => {
  let edits = 0;
  const change = async (edit: object) => {
    edits += 1;
    const changed = await world.call("POST", `/v1/orders/${table.orderId}/changes`, {
      json: { edits: [edit] },
      headers: { "idempotency-key": `edit-${round}-${edits}` },
    });
    expect(changed.status, changed.text).toBe(200);
  };
  const readdress = () =>
    change({
      kind: "address",
      address: { name: "A", line1: `${edits} New St`, city: "Reno", country: "US" },
    });
  const stale = (reply: { status: number; json: { code?: string; detail?: string } }) =>
    [reply.status, reply.json.code, reply.json.detail] as const;

  test("is refused before a unit leaves the shelf, with the newest revision, and packed by that", async () => {
    await readdress();
    const told = [409, "stale_revision", "The order is at revision 2, not at 1."];
    expect(stale(await pack({ revision: 1 }))).toEqual(told);
    const create = `/v1/fulfillment-orders/${table.id}/create_fulfillment`;
    expect(stale(await world.call("POST", create, { json: { revision: 1 } }))).toEqual(told);
    expect(await table.stage()).toBe("waiting");
    expect(await table.pickedUnits()).toBeUndefined();
    const { json } = await world.call("GET", "/v1/fulfillment-orders?location=east&stage=waiting");
    expect(json.items.find(({ id }: { id: string }) => id === table.id)).toMatchObject({ revision: 2 });
    expect((await pack({ revision: 2 })).json).toEqual({ status: "done", short: false });
    // Repeated by who has not heard the answer.
    await change({ kind: "note", note: "too late for it" });
    expect((await pack({ revision: 2 })).json).toEqual({ status: "done", short: false });
  });

  test("whose count was right when it was made is told so, not that the count is wrong", async () => {
    await change({ kind: "quantity", lineId: "1", quantity: 1 });
    const counted = { revision: 1, lines: [{ holdId: table.holdId, picked: 3 }] };
    expect((await pack(counted)).json.code).toBe("stale_revision");
    expect((await pack({ ...counted, revision: 2 })).json.code).toBe("invalid_request");
    expect(await table.stage()).toBe("waiting");
  });

  test("is not vouched for where a robot has picked it", async () => {
    await table.pick("device:robot-1", "pick:1");
    await readdress();
    expect((await pack({ revision: 1 })).json.code).toBe("stale_revision");
    expect(await table.stage()).toBe("picked");
    expect((await pack({ revision: 2 })).json).toEqual({ status: "done", short: false });
  });

  test("between pick and pack is not packed; with the newest revision each unit is booked once", async () => {
    const { allocator } = table.context;
    const input = {
      fulfillmentOrderId: table.id,
      picked: null,
      holds: [{ holdId: table.holdId, quantity: 3 }],
      cause: "staff:1",
    };
    const execute: typeof allocator.execute = async (commands) => {
      const outcomes = await allocator.execute(commands);
      if (commands.length > 0) await readdress();
      return outcomes;
    };
    const changedMeanwhile = new Proxy(allocator, {
      get: (target, name) =>
        name === "execute"
          ? execute
          : (Reflect.get(target, name) as (...args: unknown[]) => unknown).bind(target),
    });
    const late = await packByHand(
      { ...table.context, allocator: changedMeanwhile },
      { ...input, revision: 1 },
    );
    expect(late).toMatchObject({ status: "refused", code: "stale_revision" });
    expect(await table.stage()).toBe("picking");
    expect(await table.told()).not.toContain(`packed:${table.id}`);
    expect((await pack({ revision: 2 })).json).toEqual({ status: "done", short: false });
    expect(await table.pickedUnits()).toBe(3);
    expect((await table.told()).filter((key) => key === `packed:${table.id}`)).toHaveLength(1);
  });

  test("of a change and packers at the same moment, what is packed is what somebody has seen", async () => {
    for (let turn = 0; turn < 8; turn += 1) {
      table = await packingTable(world, `race-${round}-${turn}`);
      const waiting = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
      const [, packed] = await Promise.all([
        waiting(turn).then(() => readdress()),
        waiting(Math.random() * 12).then(() => pack({ revision: 1 })),
      ]);
      const { rows } = await world.database.query(
        `select (select min(id) from order_event e where e.order_id = o.id and e.type = 'order.changed')
           < (select min(id) from order_event e where e.order_id = o.id and e.type = 'fulfillment.packed') as late
         from orders o where id = $1`,
        [table.orderId],
      );
      // Either it was packed before the change was written, or it was refused and nothing is packed.
      expect([packed.status, packed.json.code, rows[0]?.late]).toEqual(
        packed.status === 200 ? [200, undefined, false] : [409, "stale_revision", null],
      );
      expect((await pack({ revision: 2 })).json).toEqual({ status: "done", short: false });
      expect(await table.pickedUnits()).toBe(3);
    }
  });
});
