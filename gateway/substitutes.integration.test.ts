/**
 * What is sent in the place of units that no place has: over the real gateway, engine and database, with the
 * steps of the order's saga called one by one.
 */
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { cancelOrder } from "../operations/change/cancel-order.ts";
import { editOrder } from "../operations/change/edit-order.ts";
import { printPackingSlips } from "../operations/floor/print-packing-slip.ts";
import { applyDemandFills } from "../operations/holds/apply-demand-fills.ts";
import { settleShortages } from "../operations/settlement/settle-shortages.ts";
import { VendorRoster } from "../ports/vendor-roster.ts";
import { demandFillWriter } from "../store/stock/demand-fills.ts";
import { insertKits, readKits } from "../store/stock/kits.ts";
import { canonicalOrder, type GatewayWorld, startGatewayWorld } from "../test-support/gateway.ts";
import { dyingAfter } from "../test-support/servers/failing-database.ts";
import { createInventoryActivities } from "../workflows/order/activities/inventory.ts";
import { createOrderStateActivities } from "../workflows/order/activities/order-state.ts";

const PLACES = ["east", "west"] as const;

let world: GatewayWorld;
let number = 0;
/** What is ordered, and what may be sent in its place. */
let tent = "";
let blue = "";
let green = "";

beforeAll(async () => {
  world = await startGatewayWorld();
  const { database, engine } = world;
  await database.query(
    `insert into location (id, company_id, name, kind, address, latitude, longitude) select 'west', 'acme', 'West',
       'fulfillment_center', address, 39.5, -119.8 from location where id = 'east'`,
  );
  engine.client.setLocations(
    PLACES.map((locationId, index) => ({
      locationId,
      kind: "fulfillment_center",
      priority: index + 1,
      latitude: index === 0 ? 40.7 : 39.5,
      longitude: index === 0 ? -74 : -119.8,
      country: "US",
    })),
  );
  engine.client.recordFills(demandFillWriter);
  await database.query("update channel set on_shortage = 'hold' where id = 'web'");
});

afterAll(() => world?.close());

beforeEach(async () => {
  [tent, blue, green] = [await product(1_000), await product(1_000), await product(1_000)];
  expect((await substitutes(tent, [blue, green])).status).toBe(200);
});

const context = () => ({
  database: world.database,
  allocator: world.engine.client,
  now: Date.now,
  parcelLimit: () => null,
});
// The steps under test use nothing else.
const dependencies = () =>
  ({
    ...context(),
    payments: {},
    carriers: new VendorRoster("carriers", []),
    mailer: {},
    publicUrl: "",
  }) as never;
const inventory = () => createInventoryActivities(dependencies());
const state = () => createOrderStateActivities(dependencies());

async function product(priceMinor: number): Promise<string> {
  number += 1;
  const name = `SUB-${number}`;
  await world.database.query(
    `insert into product (sku, company_id, name, weight_grams, price_minor, currency, hs_code, origin_country, gtin)
     values ($1, 'acme', 'Thing ' || $1, 300, $3, 'USD', '610910', 'PT', $2)`,
    [name, `0061414${String(number).padStart(7, "0")}`, priceMinor],
  );
  return name;
}

function substitutes(sku: string, list: readonly string[]) {
  return world.call("POST", `/v1/products/${sku}/substitutes`, { json: { substitutes: list } });
}

async function receive(of: string, locationId: string, quantity: number): Promise<void> {
  number += 1;
  const at = { sku: of, locationId, quantity, atMs: Date.now(), cause: "test" };
  const [outcome] = await world.engine.client.execute([{ type: "receive", commandId: `sr${number}`, ...at }]);
  expect(outcome?.status).toBe("applied");
}

/** Of the tent, captured, sourced and on the floor. */
async function order(
  quantity: number,
  line: Readonly<Record<string, unknown>> = { allowSubstitutes: true },
  change: Readonly<Record<string, unknown>> = {},
): Promise<string> {
  number += 1;
  const id = `t${number}`;
  const reply = await world.call("POST", "/v1/orders?channel=web", {
    json: canonicalOrder(id, {
      lines: [{ sku: tent, title: "Tent", quantity, unitPrice: "10.00", ...line }],
      ...change,
    }),
    headers: { "idempotency-key": id },
  });
  expect(reply.status, reply.text).toBe(201);
  await goOn(`web-${id}`);
  return `web-${id}`;
}

async function goOn(orderId: string): Promise<void> {
  const left = await state().askWhatIsLeft({ orderId });
  if (left.tellStock) await inventory().runStockErrands({ orderId });
  if (left.source) expect(await inventory().sourceHeld({ orderId })).toMatchObject({ status: "allocated" });
  const { release } = await state().askWhatIsLeft({ orderId });
  if (release.length > 0) await inventory().releaseToFloor({ orderId, fulfillmentOrders: release });
}

async function settle(): Promise<void> {
  const { faults } = await settleShortages(context());
  expect(faults).toEqual([]);
}

/** @param found units of the first hold, and of the second one */
async function pack(id: string, found: number | "all", second = 0) {
  const held = await rows(
    "select hold_id from fulfillment_order_line where fulfillment_order_id = $1 order by hold_id",
    id,
  );
  const lines = held.map(({ hold_id: holdId }, index) => ({ holdId, picked: index === 0 ? found : second }));
  const reply = await world.call("POST", `/v1/fulfillment-orders/${id}/pack`, {
    json: found === "all" ? {} : { lines },
  });
  expect(reply.status, reply.text).toBe(200);
}

async function rows(text: string, ...values: readonly unknown[]) {
  return (await world.database.query(text, [...values])).rows;
}

async function lines(orderId: string) {
  return rows(
    `select line_id as id, sku, ordered, cancelled, allocated, unit_price_minor::integer as price, substitute_for as instead
     from order_line where order_id = $1 order by length(line_id), line_id`,
    orderId,
  );
}

async function parts(orderId: string) {
  return rows(
    `select f.id, f.location_id as at, f.status, (select string_agg(l.quantity || ' ' || l.sku, ', ' order by l.sku)
       from fulfillment_order_line l where l.fulfillment_order_id = f.id) as units
     from fulfillment_order f where f.order_id = $1 order by f.id`,
    orderId,
  );
}

async function shortages(orderId: string) {
  return rows(
    `select quantity, resourced, substituted, awaited, cancelled, settled_at is null as open
     from shortage where order_id = $1 order by created_at, id`,
    orderId,
  );
}

async function told(orderId: string): Promise<readonly string[]> {
  const found = await rows(
    `select payload->'message'->>'kind' as kind from outbox where payload->>'workflowId' = $1
       and payload->'message'->>'type' = 'tell-shopper' order by id`,
    orderId,
  );
  return found.map(({ kind }) => kind);
}

async function total(orderId: string): Promise<number> {
  const [row] = await rows("select total_minor::integer as total from orders where id = $1", orderId);
  return row?.total;
}

async function free(of: string, locationId: string): Promise<number | undefined> {
  const positions = await world.engine.client.positions([of]);
  return positions.find((position) => position.locationId === locationId)?.availableToPromise;
}

describe("a unit that no place has", () => {
  test("becomes a unit of the first substitute that is there, at the price that was agreed", async () => {
    await receive(tent, "east", 2);
    await receive(blue, "west", 5);
    const orderId = await order(2);
    const before = await total(orderId);
    await pack(`${orderId}-F1`, 1);
    await settle();
    await settle();
    await goOn(orderId);
    expect(await lines(orderId)).toEqual([
      { id: "1", sku: tent, ordered: 2, cancelled: 1, allocated: 1, price: 1000, instead: null },
      { id: "2", sku: blue, ordered: 1, cancelled: 0, allocated: 1, price: 1000, instead: "1" },
    ]);
    expect(await parts(orderId)).toMatchObject([
      { units: `1 ${tent}` },
      { at: "west", status: "in_progress", units: `1 ${blue}` },
    ]);
    expect(await shortages(orderId)).toMatchObject([{ quantity: 1, substituted: 1, open: false }]);
    expect(await total(orderId)).toBe(before);
    expect(await told(orderId)).toEqual(["units_substituted"]);
    expect(await free(blue, "west")).toBe(4);
    await pack(`${orderId}-F2`, "all");
    const [entry] = await rows(
      "select summary, data from order_event where order_id = $1 and type = 'order.substituted'",
      orderId,
    );
    expect(entry).toMatchObject({
      summary: `Sent instead of 1 of ${tent} (line 1): 1 of ${blue} (line 2), at 10.00 USD each.`,
      data: {
        quantity: 1,
        ordered: { lineId: "1", sku: tent },
        substitute: { lineId: "2", sku: blue, externalLineId: "1" },
      },
    });
  });

  test("says on every page what it is sent for", async () => {
    await receive(tent, "east", 2);
    await receive(blue, "west", 5);
    const orderId = await order(2);
    await pack(`${orderId}-F1`, 1);
    await settle();
    await goOn(orderId);
    const { json: view } = await world.call("GET", `/v1/orders/${orderId}`);
    expect(view.lines[1]).toMatchObject({
      sku: blue,
      title: `Thing ${blue}`,
      substituteFor: { lineId: "1", sku: tent, title: "Tent" },
    });
    const { json: link } = await world.call("GET", `/v1/orders/${orderId}/tracking-link`);
    const token = link.url.split("/").at(-1);
    const { json: tracking } = await world.call("GET", `/v1/track/${token}`, { anonymous: true });
    expect(tracking.lines).toMatchObject([
      { title: "Tent", ordered: 1, insteadOf: null, insteadOfLine: null },
      { title: `Thing ${blue}`, ordered: 1, insteadOf: "Tent", insteadOfLine: "1" },
    ]);
    let printed: unknown;
    const documents = {
      packingSlips: async ([slip]: readonly unknown[]) => {
        printed = slip;
        return new Uint8Array();
      },
    };
    await printPackingSlips(world.database, documents as never, [`${orderId}-F2`]);
    expect(printed).toMatchObject({ lines: [{ sku: blue, insteadOf: "Tent", quantity: 1 }] });
    // It arrives and comes back.
    await rows(
      "update order_line set allocated = 1, fulfilled = 1, shipped = 1, delivered = 1 where order_id = $1",
      orderId,
    );
    const asked = await world.call("POST", `/v1/orders/${orderId}/returns`, {
      json: { lines: [{ lineId: "2", quantity: 1 }], reason: "not_as_described" },
      headers: { "idempotency-key": `${orderId}-back` },
    });
    expect(asked.status, asked.text).toBe(201);
    const { json: returned } = await world.call("GET", `/v1/returns/${asked.json.id}`);
    expect(returned.lines).toMatchObject([{ sku: blue, title: `Thing ${blue}`, insteadOf: "Tent" }]);
  });

  test("costs what the substitute costs where that is less, with what hangs on the price", async () => {
    const cheap = await product(600);
    await substitutes(tent, [cheap]);
    await receive(tent, "east", 2);
    await receive(cheap, "east", 5);
    const orderId = await order(
      2,
      { allowSubstitutes: true, discount: "2.00", taxes: [{ name: "State", amount: "1.80" }] },
      { total: undefined },
    );
    const before = await total(orderId);
    await pack(`${orderId}-F1`, 1);
    await settle();
    const [, line] = await lines(orderId);
    expect(line).toMatchObject({ sku: cheap, price: 600 });
    // 10.00 - 1.00 + 0.90 becomes 6.00 - 0.60 + 0.54.
    expect(await total(orderId)).toBe(before - 396);
  });

  test("of a dearer substitute costs what was agreed", async () => {
    const dear = await product(5_000);
    await substitutes(tent, [dear]);
    await receive(tent, "east", 1);
    await receive(dear, "east", 1);
    const orderId = await order(1);
    const before = await total(orderId);
    await pack(`${orderId}-F1`, 0);
    await settle();
    expect((await lines(orderId))[1]).toMatchObject({ sku: dear, price: 1000 });
    expect(await total(orderId)).toBe(before);
  });

  test("comes from another place before it is anything else", async () => {
    await receive(tent, "east", 1);
    await receive(tent, "west", 1);
    await receive(blue, "west", 5);
    const orderId = await order(1);
    await pack(`${orderId}-F1`, 0);
    await settle();
    expect(await lines(orderId)).toHaveLength(1);
    expect(await shortages(orderId)).toMatchObject([{ resourced: 1, substituted: 0 }]);
  });

  test("is of the next substitute where the first has too few, and cancelled where none has any", async () => {
    await receive(tent, "east", 5);
    await receive(blue, "east", 2);
    await receive(green, "west", 1);
    const orderId = await order(5);
    await pack(`${orderId}-F1`, 1);
    await settle();
    expect(await lines(orderId)).toMatchObject([
      { id: "1", sku: tent, ordered: 5, cancelled: 4 },
      { id: "2", sku: blue, ordered: 2, cancelled: 0, instead: "1" },
      { id: "3", sku: green, ordered: 1, cancelled: 0, instead: "1" },
    ]);
    expect(await shortages(orderId)).toEqual([
      { quantity: 4, resourced: 0, substituted: 3, awaited: 0, cancelled: 1, open: false },
    ]);
    expect(await told(orderId)).toEqual(["units_substituted", "units_substituted", "units_cancelled"]);
  });

  test("takes its place in the queue where no substitute is there and the rest of the order follows", async () => {
    await receive(tent, "east", 2);
    const orderId = await order(
      2,
      { allowSubstitutes: true },
      { allocation: "ship_available_backorder_rest" },
    );
    await pack(`${orderId}-F1`, 1);
    await settle();
    expect(await shortages(orderId)).toMatchObject([{ substituted: 0, awaited: 1 }]);
    await receive(tent, "west", 1);
    expect(await applyDemandFills(context())).toEqual([orderId]);
    expect(await lines(orderId)).toMatchObject([{ ordered: 2, cancelled: 0 }]);
  });

  test("is sent in its place although other units of the line wait in the queue", async () => {
    await receive(tent, "east", 2);
    const orderId = await order(
      3,
      { allowSubstitutes: true },
      { allocation: "ship_available_backorder_rest" },
    );
    await receive(blue, "west", 1);
    await pack(`${orderId}-F1`, 1);
    await settle();
    expect(await lines(orderId)).toMatchObject([
      { sku: tent, ordered: 3, cancelled: 1 },
      { sku: blue, ordered: 1 },
    ]);
    await receive(tent, "west", 1);
    expect(await applyDemandFills(context())).toEqual([orderId]);
    await goOn(orderId);
    expect(await lines(orderId)).toMatchObject([{ allocated: 2 }, { allocated: 1 }]);
  });

  test("of which the substitute is not found either becomes the next one, for the same line", async () => {
    await receive(tent, "east", 1);
    await receive(blue, "east", 1);
    await receive(green, "west", 1);
    const orderId = await order(1);
    await pack(`${orderId}-F1`, 0);
    await settle();
    await goOn(orderId);
    await pack(`${orderId}-F2`, 0);
    await settle();
    await goOn(orderId);
    expect(await lines(orderId)).toMatchObject([
      { sku: tent, ordered: 1, cancelled: 1 },
      { sku: blue, ordered: 1, cancelled: 1, instead: "1" },
      { sku: green, ordered: 1, cancelled: 0, allocated: 1, instead: "1" },
    ]);
    await pack(`${orderId}-F3`, 0);
    await settle();
    expect((await lines(orderId))[2]).toMatchObject({ cancelled: 1 });
    expect(await state().askWhatIsLeft({ orderId })).toMatchObject({ isCancelled: true });
  });

  test("of a kit becomes another kit as a whole; its other parts go back on the shelf", async () => {
    const [kit, other, part] = [await product(3_000), await product(2_500), await product(100)];
    await insertKits(world.database, [
      {
        sku: kit,
        components: [
          { sku: tent, quantity: 1 },
          { sku: part, quantity: 2 },
        ],
      },
      {
        sku: other,
        components: [
          { sku: blue, quantity: 1 },
          { sku: part, quantity: 2 },
        ],
      },
    ]);
    world.engine.client.setKits(await readKits(world.database));
    await substitutes(kit, [other]);
    // A substitute of the part does not enter the kit.
    await receive(green, "east", 9);
    await receive(tent, "east", 1);
    await receive(part, "east", 4);
    await receive(blue, "east", 1);
    const orderId = await order(1, { sku: kit, unitPrice: "30.00", allowSubstitutes: true });
    await pack(`${orderId}-F1`, 0, 2);
    await settle();
    await goOn(orderId);
    expect(await lines(orderId)).toMatchObject([
      { sku: kit, cancelled: 1 },
      { sku: other, ordered: 1, price: 2500, allocated: 1 },
    ]);
    expect((await parts(orderId)).at(-1)).toMatchObject({ units: `1 ${blue}, 2 ${part}` });
    expect(await free(part, "east")).toBe(2);
  });

  test("gives the channel its difference back where the channel was paid, once", async () => {
    const cheap = await product(600);
    await substitutes(tent, [cheap]);
    await receive(tent, "east", 1);
    await receive(cheap, "west", 1);
    const orderId = await order(1, { allowSubstitutes: true }, { paymentBy: "channel" });
    await pack(`${orderId}-F1`, 0);
    await settle();
    await settle();
    expect(
      await rows("select status, channel_minor::integer as minor from refund where order_id = $1", orderId),
    ).toEqual([{ status: "due_at_channel", minor: 400 }]);
  });
});

describe("a channel that makes a line smaller of which a substitute is sent", () => {
  test("takes its unit off what nobody has begun to pick", async () => {
    await receive(tent, "east", 2);
    await receive(tent, "west", 2);
    await receive(blue, "east", 1);
    const more = { allocation: "ship_available" };
    const orderId = await order(4, { allowSubstitutes: true }, more);
    await pack(`${orderId}-F1`, 1);
    await settle();
    await goOn(orderId);
    const sent = (await parts(orderId)).find(({ units }) => units === `1 ${blue}`);
    await pack(sent?.id, "all");
    const id = orderId.slice("web-".length);
    const line = { sku: tent, title: "Tent", unitPrice: "10.00", allowSubstitutes: true };
    const reply = await world.call("POST", "/v1/orders?channel=web", {
      json: canonicalOrder(id, { lines: [{ ...line, quantity: 3 }], ...more }),
      headers: { "idempotency-key": `${id}-3` },
    });
    expect(reply.status, reply.text).toBeLessThan(300);
    await goOn(orderId);
    const { json: view } = await world.call("GET", `/v1/orders/${orderId}`);
    expect(view.summary.holdReasons).toEqual([]);
    expect(await lines(orderId)).toMatchObject([
      { sku: tent, ordered: 4, cancelled: 2, allocated: 2 },
      { sku: blue, ordered: 1, cancelled: 0, allocated: 1 },
    ]);
    expect(await free(tent, "west")).toBe(1);
  });
});

describe("an order that takes no substitute", () => {
  test("is one that does not say so, on a channel that does not either", async () => {
    await receive(tent, "east", 1);
    await receive(blue, "west", 5);
    const orderId = await order(1, {});
    await pack(`${orderId}-F1`, 0);
    await settle();
    expect(await lines(orderId)).toMatchObject([{ sku: tent, cancelled: 1 }]);
    expect(await free(blue, "west")).toBe(5);
  });

  test("is one that says no, whatever its channel says", async () => {
    const path = "/v1/channels/web/settings";
    const set = async (allowSubstitutes: boolean) => {
      const { version } = (await world.call("GET", path)).json;
      const reply = await world.call("POST", path, { json: { version, allowSubstitutes } });
      expect(reply.json).toMatchObject({ allowSubstitutes, version: version + 1 });
    };
    await set(true);
    try {
      await receive(tent, "east", 2);
      await receive(blue, "west", 5);
      const [refusing, silent] = [await order(1, { allowSubstitutes: false }), await order(1, {})];
      await pack(`${refusing}-F1`, 0);
      await pack(`${silent}-F1`, 0);
      await settle();
      expect(await lines(refusing)).toMatchObject([{ sku: tent, cancelled: 1 }]);
      expect(await lines(silent)).toMatchObject([{ cancelled: 1 }, { sku: blue, cancelled: 0 }]);
    } finally {
      await set(false);
    }
  });
});

describe("of several in the same moment", () => {
  test("that settle it, one sends the substitute", async () => {
    await receive(tent, "east", 2);
    await receive(blue, "west", 9);
    const orderId = await order(2);
    await pack(`${orderId}-F1`, 0);
    await Promise.all([settle(), settle(), settle()]);
    await goOn(orderId);
    expect(await lines(orderId)).toMatchObject([{ cancelled: 2 }, { ordered: 2, cancelled: 0 }]);
    expect(await free(blue, "west")).toBe(7);
  });

  test("whoever holds the order comes first, and nothing is kept meanwhile", async () => {
    await receive(tent, "east", 1);
    await receive(blue, "west", 9);
    const orderId = await order(1);
    await pack(`${orderId}-F1`, 0);
    const client = await world.database.connect();
    try {
      await client.query("begin");
      await client.query("select from orders where id = $1 for no key update", [orderId]);
      expect(await settleShortages(context())).toMatchObject({ postponed: [orderId], faults: [] });
      await client.query("rollback");
    } finally {
      client.release();
    }
    await settle();
    await goOn(orderId);
    expect(await lines(orderId)).toMatchObject([{ cancelled: 1 }, { sku: blue, ordered: 1, allocated: 1 }]);
    expect(await free(blue, "west")).toBe(8);
  });

  test("a cancellation and a substitution leave nothing that is held for nobody", async () => {
    await receive(tent, "east", 1);
    await receive(blue, "west", 9);
    const orderId = await order(1);
    await pack(`${orderId}-F1`, 0);
    const cancelled = cancelOrder(context(), { orderId, reason: "test", by: "staff:1", key: `${orderId}-c` });
    await Promise.all([settle(), cancelled]);
    expect((await cancelled).status).not.toBe("refused");
    await settle();
    await inventory().releaseStock({ orderId });
    await inventory().runStockErrands({ orderId });
    expect(await free(blue, "west")).toBe(9);
  });
});

describe("a substitution and what else happens to the order in that moment", () => {
  const TIMES = 9;

  /** By turns: the substitution first, the other one first, and both in one moment. */
  async function both<T>(turn: number, other: () => Promise<T>): Promise<T> {
    if (turn % 3 === 0) await settle();
    const work = other();
    if (turn % 3 === 1) await work;
    const [outcome] = await Promise.all([work, settle()]);
    await settle();
    return outcome;
  }

  test("count both where it is a pick of the order's other parcel, which may be short itself", async () => {
    for (let turn = 0; turn < TIMES; turn += 1) {
      const [lost, other] = [await product(1_000), await product(1_000)];
      await substitutes(lost, [other]);
      await receive(lost, "east", 2);
      await receive(lost, "west", 2);
      // Not where it could join the parcel that is picked.
      await receive(other, "east", 5);
      const orderId = await order(4, { sku: lost, allowSubstitutes: true }, { allocation: "ship_available" });
      expect(await parts(orderId)).toHaveLength(2);
      await pack(`${orderId}-F1`, 1);
      await both(turn, () => pack(`${orderId}-F2`, 1));
      await goOn(orderId);
      expect((await shortages(orderId)).every(({ open }) => !open)).toBe(true);
      expect(await lines(orderId)).toMatchObject([
        { sku: lost, ordered: 4, cancelled: 2, allocated: 2 },
        ...(await lines(orderId)).slice(1).map(() => ({ sku: other, cancelled: 0 })),
      ]);
      const sent = (await lines(orderId)).slice(1);
      expect(sent.reduce((sum, line) => sum + line.ordered, 0)).toBe(2);
      expect(await free(other, "east")).toBe(3);
    }
  });

  test("look for everything that falls short while another shortage is settled", async () => {
    const [lost, other] = [await product(1_000), await product(1_000)];
    await substitutes(lost, [other]);
    await receive(lost, "east", 2);
    await receive(lost, "west", 2);
    await receive(other, "east", 5);
    const orderId = await order(4, { sku: lost, allowSubstitutes: true }, { allocation: "ship_available" });
    await pack(`${orderId}-F1`, 1);
    // Once the first unit has its substitute, and before what nobody has is cancelled.
    const { client } = world.engine;
    const reserve = client.reserveOrder.bind(client);
    const spy = vi.spyOn(client, "reserveOrder").mockImplementation(async (request, observer) => {
      const outcome = await reserve(request, observer);
      if (request.lines.some(({ sku }) => sku === other)) {
        spy.mockRestore();
        await pack(`${orderId}-F2`, 1);
      }
      return outcome;
    });
    await settle();
    expect((await shortages(orderId)).map(({ substituted, open }) => [substituted, open])).toEqual([
      [1, false],
      [0, true],
    ]);
    await settle();
    await goOn(orderId);
    expect((await shortages(orderId)).map(({ substituted }) => substituted)).toEqual([1, 1]);
    expect(await free(other, "east")).toBe(3);
  });

  test("have one winner where the customer cancels what is missing, and the loser is told", async () => {
    const seen = new Set<string>();
    for (let turn = 0; turn < TIMES; turn += 1) {
      const [lost, other] = [await product(1_000), await product(1_000)];
      await substitutes(lost, [other]);
      await receive(lost, "east", 2);
      await receive(other, "west", 5);
      const orderId = await order(2, { sku: lost, allowSubstitutes: true });
      await pack(`${orderId}-F1`, 1);
      const [{ revision }] = (await rows("select revision from orders where id = $1", orderId)) as [
        { revision: number },
      ];
      const edits = [{ kind: "quantity" as const, lineId: "1", quantity: 1 }];
      const change = { orderId, revision, edits, giver: null, by: "shopper", key: `${orderId}-less` };
      const cancelled = await both(turn, () => editOrder(context(), change));
      const made = await lines(orderId);
      seen.add(cancelled.status);
      if (cancelled.status === "done") {
        expect(made).toMatchObject([{ ordered: 2, cancelled: 1, allocated: 1 }]);
      } else {
        expect(cancelled).toMatchObject({ status: "refused", code: "stale_revision" });
        expect(made).toMatchObject([{ cancelled: 1 }, { sku: other, ordered: 1, cancelled: 0 }]);
      }
      await goOn(orderId);
      expect(await free(other, "west")).toBe(6 - made.length);
      expect((await shortages(orderId)).every(({ open }) => !open)).toBe(true);
      const mails = cancelled.status === "done" ? "order_changed" : "units_substituted";
      expect(await told(orderId)).toEqual([mails]);
    }
    expect([...seen].sort()).toEqual(["done", "refused"]);
  });

  test("end in books that agree wherever the process dies between two of its commits", async () => {
    let deaths = 0;
    for (let calls = 1; ; calls += 1) {
      const [lost, first, second] = [await product(1_000), await product(600), await product(1_000)];
      await substitutes(lost, [first, second]);
      await receive(lost, "east", 5);
      await receive(first, "east", 2);
      await receive(second, "west", 1);
      const orderId = await order(5, { sku: lost, allowSubstitutes: true });
      const before = await total(orderId);
      await pack(`${orderId}-F1`, 1);
      const dying = dyingAfter(context(), calls);
      await settleShortages(dying.context).catch(() => {});
      await settle();
      await goOn(orderId);
      expect(await lines(orderId), `after ${calls} calls`).toMatchObject([
        { sku: lost, ordered: 5, cancelled: 4, allocated: 1 },
        { sku: first, ordered: 2, cancelled: 0, allocated: 2, price: 600, instead: "1" },
        { sku: second, ordered: 1, cancelled: 0, allocated: 1, price: 1000, instead: "1" },
      ]);
      expect(await shortages(orderId)).toEqual([
        { quantity: 4, resourced: 0, substituted: 3, awaited: 0, cancelled: 1, open: false },
      ]);
      expect([await free(first, "east"), await free(second, "west")]).toEqual([0, 0]);
      expect(await total(orderId)).toBe(before - 2 * 400 - 1000);
      expect(await told(orderId)).toEqual(["units_substituted", "units_substituted", "units_cancelled"]);
      expect(
        await rows("select 1 from stock_errand where order_id = $1 and done_at is null", orderId),
      ).toEqual([]);
      if (!dying.isDead()) break;
      deaths += 1;
    }
    expect(deaths).toBeGreaterThan(12);
  });
});

describe("the substitutes of a product", () => {
  test("are created with it, changed, and shown in their order", async () => {
    const body = {
      sku: `NEW-${number}`,
      name: "New",
      weightGrams: 100,
      priceMinor: 100,
      currency: "USD",
      hsCode: "610910",
      originCountry: "PT",
      gtin: "09521234002819",
      substitutes: [green, tent],
    };
    const created = await world.call("POST", "/v1/products", { json: body });
    expect(created.status, created.text).toBe(201);
    expect(created.json.substitutes).toEqual([green, tent]);
    expect((await world.call("POST", "/v1/products", { json: body })).status).toBe(201);
    const differs = await world.call("POST", "/v1/products", { json: { ...body, substitutes: [tent] } });
    expect(differs.json).toMatchObject({ code: "product_exists" });
    expect((await substitutes(body.sku, [tent, blue])).json).toEqual({
      sku: body.sku,
      substitutes: [tent, blue],
    });
    const shown = await world.call("GET", `/v1/products?q=${body.sku}`);
    expect(shown.json.items).toMatchObject([{ substitutes: [tent, blue] }]);
    expect((await substitutes(body.sku, [])).status).toBe(200);
  });

  test("are refused by name where they cannot be, and nothing changes", async () => {
    const kit = await product(100);
    await insertKits(world.database, [{ sku: kit, components: [{ sku: tent, quantity: 1 }] }]);
    const code = async (list: readonly string[]) => (await substitutes(tent, list)).json.code;
    expect(await code([tent])).toBe("invalid_substitutes");
    expect(await code([blue, blue])).toBe("invalid_substitutes");
    expect(await code([kit])).toBe("invalid_substitutes");
    expect(await code([blue, "NOWHERE"])).toBe("product_not_found");
    expect((await substitutes("NOWHERE", [blue])).json).toMatchObject({ code: "product_not_found" });
    const { json } = await world.call("GET", `/v1/products?q=${tent}`);
    expect(json.items[0].substitutes).toEqual([blue, green]);
  });
});
