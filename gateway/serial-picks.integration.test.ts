/** A SKU whose units are told apart by serial number, picked and found short through the API. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { StockCommand } from "../actors/commands.ts";
import {
  addProducts,
  canonicalOrder,
  type GatewayWorld,
  startGatewayWorld,
} from "../test-support/gateway.ts";

let world: GatewayWorld;
let round = 0;

beforeAll(async () => {
  world = await startGatewayWorld();
  await world.database.query(
    `insert into product (sku, company_id, name, weight_grams, price_minor, currency, hs_code, origin_country, gtin)
     values ('CAM', 'acme', 'Camera', 900, 99900, 'USD', '852580', 'JP', '00614141000098')`,
  );
  await addProducts(world.database, "CAM");
  await run({ type: "set-tracking", commandId: "track", tracking: "serial" });
});

afterAll(() => world?.close());

type Body = { readonly type: StockCommand["type"]; readonly commandId: string };

async function run(body: Body & Readonly<Record<string, unknown>>): Promise<void> {
  const command = { sku: "CAM", locationId: "east", atMs: Date.now(), cause: "test", ...body };
  const reply = await world.call("POST", "/v1/stock/commands", { json: { commands: [command] } });
  expect(reply.json.outcomes?.[0]?.status, reply.text).toBe("applied");
}

/** A fulfillment order over three cameras of the six that came in, as the order's saga leaves it. */
let id = "";
let holdId = "";
const serial = (number: number): string => `R${round}-${number}`;

beforeEach(async () => {
  round += 1;
  id = `cam-${round}-F1`;
  holdId = `cam-${round}:1:east`;
  const { database } = world;
  await run({
    type: "receive",
    commandId: `in-${round}`,
    quantity: 6,
    serials: [1, 2, 3, 4, 5, 6].map(serial),
  });
  await run({ type: "reserve", commandId: `hold-${round}`, holdId, quantity: 3, expiresAtMs: 0 });
  await run({ type: "allocate", commandId: `firm-${round}`, holdId });
  const order = await world.call("POST", "/v1/orders", {
    json: canonicalOrder(`cam-${round}`, { lines: [{ sku: "TEE-1", quantity: 3, unitPrice: "19.99" }] }),
    headers: { "idempotency-key": `cam-${round}` },
  });
  expect(order.status, order.text).toBe(201);
  await database.query(
    `insert into fulfillment_order (id, order_id, location_id, status, stage)
     values ($1, $2, 'east', 'in_progress', 'waiting')`,
    [id, `web-cam-${round}`],
  );
  await database.query(
    `insert into fulfillment_order_line (fulfillment_order_id, line_id, hold_id, sku, quantity)
     values ($1, '1', $2, 'CAM', 3)`,
    [id, holdId],
  );
});

const pack = (json: unknown) => world.call("POST", `/v1/fulfillment-orders/${id}/pack`, { json });

async function stock() {
  const [position] = await world.engine.client.positions(["CAM"]);
  const { onHand, allocated, picked, unavailable } = position ?? expect.fail("no position");
  return { onHand, allocated, picked, unavailable };
}

describe("a serial-tracked SKU", () => {
  test("is picked by naming each unit; a unit that is not named or not there is refused with its code", async () => {
    const before = await stock();
    expect((await pack({})).json.code).toBe("serials_required");
    const misread = await pack({ lines: [{ holdId, picked: 3, serials: [serial(1), serial(2), "R0-0"] }] });
    expect([misread.status, misread.json.code]).toEqual([404, "serial_not_found"]);
    const tooMany = await pack({ lines: [{ holdId, picked: 1, serials: [serial(1), serial(2)] }] });
    expect([tooMany.status, tooMany.json.code]).toEqual([422, "invalid_quantity"]);
    expect(await stock()).toEqual(before);

    const lines = [{ holdId, picked: 3, serials: [serial(1), serial(2), serial(5)] }];
    const packed = await pack({ lines });
    expect([packed.status, packed.json], packed.text).toEqual([200, { status: "done", short: false }]);
    expect((await pack({ lines })).json).toEqual({ status: "done", short: false });
    expect(await stock()).toEqual({
      ...before,
      allocated: before.allocated - 3,
      picked: before.picked + 3,
    });
    // The very units that were named have left the shelf.
    const again = {
      type: "quarantine",
      sku: "CAM",
      locationId: "east",
      atMs: 1,
      cause: "test",
      reason: "look",
    };
    const held = [5, 6].map((number) => ({
      ...again,
      commandId: `look-${round}-${number}`,
      quantity: 1,
      serials: [serial(number)],
    }));
    const looked = await world.call("POST", "/v1/stock/commands", { json: { commands: held } });
    expect(looked.json.outcomes).toMatchObject([
      { status: "refused", code: "serial_not_found" },
      { status: "applied" },
    ]);
  });

  test("is found short: what is written off must be named, and the mistake before counts for nothing", async () => {
    const before = await stock();
    const lines = [{ holdId, picked: 2, serials: [serial(1), serial(2)] }];
    expect((await pack({ lines, shortReason: "not_found" })).json.code).toBe("serials_required");
    const named = [{ ...lines[0], missingSerials: [serial(3)] }];
    const short = await pack({ lines: named, shortReason: "not_found" });
    expect([short.status, short.json], short.text).toEqual([200, { status: "done", short: true }]);
    expect(await stock()).toEqual({
      ...before,
      onHand: before.onHand - 1,
      allocated: before.allocated - 3,
      picked: before.picked + 2,
    });
    const { rows } = await world.database.query(
      "select quantity, picked from fulfillment_order_line where hold_id = $1",
      [holdId],
    );
    // What was found is all that is asked for from now on.
    expect(rows).toEqual([{ quantity: 2, picked: 2 }]);
  });

  test("goes back on the shelf in part by naming what comes back; what does not fit is refused", async () => {
    await pack({ lines: [{ holdId, picked: 3, serials: [serial(1), serial(2), serial(5)] }] });
    const before = await stock();
    let tried = 0;
    const giveBack = async (fields: Readonly<Record<string, unknown>>) => {
      tried += 1;
      const command = { type: "deallocate", commandId: `back-${round}-${tried}`, holdId, ...fields };
      const named = { sku: "CAM", locationId: "east", atMs: Date.now(), cause: "test", ...command };
      const { json } = await world.call("POST", "/v1/stock/commands", { json: { commands: [named] } });
      return json.outcomes[0];
    };
    const picked = { of: "picked", quantity: 1 };
    expect(await giveBack(picked)).toMatchObject({ status: "refused", code: "serials_required" });
    expect(await giveBack({ ...picked, serials: [] })).toMatchObject({ code: "serials_required" });
    expect(await giveBack({ ...picked, serials: [serial(1), serial(2)] })).toMatchObject({
      code: "serials_required",
    });
    expect(await giveBack({ ...picked, serials: [serial(6)] })).toMatchObject({ code: "serial_not_found" });
    expect(await giveBack({ quantity: 1, serials: [serial(1)] })).toMatchObject({ code: "invalid_command" });
    expect(await stock()).toEqual(before);
    expect(await giveBack({ ...picked, serials: [serial(2)] })).toMatchObject({ status: "applied" });
    expect(await stock()).toEqual({ ...before, picked: before.picked - 1 });
    expect(await giveBack({ ...picked, serials: [serial(2)] })).toMatchObject({ code: "serial_not_found" });
  });

  test("needs no name for units that are out of reach or set apart unseen", async () => {
    const before = await stock();
    const short = await pack({
      lines: [{ holdId, picked: 1, serials: [serial(4)] }],
      shortReason: "damaged",
    });
    expect(short.json, short.text).toEqual({ status: "done", short: true });
    expect(await stock()).toEqual({
      onHand: before.onHand,
      allocated: before.allocated - 3,
      picked: before.picked + 1,
      unavailable: before.unavailable + 2,
    });
  });
});
