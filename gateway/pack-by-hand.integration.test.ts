/**
 * What a person packs by hand: one request, one fact. Wherever a process dies in the middle, the work stays
 * on the list of people's work, and doing it again moves each unit once.
 */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type GatewayWorld, startGatewayWorld } from "../test-support/gateway.ts";
import { type PackingTable, packingTable } from "../test-support/packing-table.ts";

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
