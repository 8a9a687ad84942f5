import { afterAll, beforeAll, expect, test } from "vitest";
import type { LedgerChange } from "../../orders/line-ledger.ts";
import { createTestDatabase, type TestDatabase } from "../../test-support/servers/postgres.ts";
import { inTransaction } from "../sql/database.ts";
import { changeOrder, lineRows, lockOrder, type OrderChange } from "./order-progress.ts";
import { recordEntry } from "./timeline.ts";

let store: TestDatabase;

beforeAll(async () => {
  store = await createTestDatabase();
  await store.database.query(`insert into company values ('acme', 'Acme', 'USD')`);
  await store.database.query(
    `insert into channel (id, company_id, name, kind) values ('own', 'acme', 'Own site', 'holdfast')`,
  );
});
afterAll(() => store.close());

const usd = (minor: number) => ({ minor, currency: "USD", exponent: 2 });

/** Four tents at 1.00, paid at the channel. */
const DOCUMENT = {
  paymentBy: "channel",
  currency: "USD",
  shippingPrice: usd(0),
  discount: usd(0),
  tax: usd(0),
  total: usd(400),
  lines: [{ lineId: "1", kind: "goods", quantity: 4, unitPrice: usd(100), discount: usd(0), tax: usd(0) }],
};

/** An order of one line of four units. */
async function place(orderId: string): Promise<void> {
  await store.database.query(
    `insert into orders (id, company_id, channel_id, external_id, external_number, status, payment_status,
       fulfillment_status, currency, total_minor, exponent, unit_count, customer_name, placed_at, content_hash, document,
       raw_payload, tracking_token)
     values ($1, 'acme', 'own', $1, $1, 'open', 'authorized', 'unfulfilled', 'USD', 400, 2, 4, 'Ann', now(), '', $2, '', $1)`,
    [orderId, JSON.stringify(DOCUMENT)],
  );
  await store.database.query(
    `insert into order_line (order_id, line_id, sku, channel_sku, title, ordered, unit_price_minor, discount_minor, tax_minor)
     values ($1, '1', 'TENT', 'TENT', 'Tent', 4, 100, 0, 0)`,
    [orderId],
  );
}

/** A step as every step is: its entry in the timeline, and what it changes, in one transaction. */
function step(orderId: string, name: string, change: OrderChange): Promise<void> {
  return inTransaction(store.database, async (client) => {
    const order = await lockOrder(client, orderId);
    if (order === undefined) throw new Error(`there is no order ${orderId}`);
    await recordEntry(client, { orderId, key: name, type: "test.step", summary: name, cause: "test" });
    await changeOrder(client, order, change);
  });
}

const adds = (change: LedgerChange): OrderChange => ({ ledger: () => change });

async function seen(orderId: string) {
  const { rows } = await store.database.query(
    `select o.status, o.fulfillment_status, o.return_status, o.payment_status, o.version,
       (select array_agg(e.key order by e.id) from order_event e where e.order_id = o.id) as steps
     from orders o where o.id = $1`,
    [orderId],
  );
  return rows[0];
}

test("statuses follow what a step changes, in the statement that changes it", async () => {
  await place("own-1");
  await step("own-1", "allocated", adds({ allocated: 4 }));
  expect(await seen("own-1")).toMatchObject({ status: "open", fulfillment_status: "in_progress" });
  await step("own-1", "left", adds({ shipped: 4, delivered: 4 }));
  await step("own-1", "paid", { paymentStatus: "paid" });
  await step("own-1", "sent back", adds({ returnRequested: 1 }));
  expect(await seen("own-1")).toMatchObject({
    status: "completed",
    fulfillment_status: "delivered",
    return_status: "requested",
    payment_status: "paid",
    version: 5,
  });
});

const BREAKING: readonly (readonly [
  step: string,
  before: LedgerChange,
  change: LedgerChange,
  invariant: string,
])[] = [
  ["allocating more than is ordered", {}, { allocated: 5 }, "L6"],
  ["packing what was cancelled", { cancelled: 4 }, { fulfilled: 1 }, "L6"],
  ["shipping what was cancelled", { cancelled: 4 }, { shipped: 1 }, "L2"],
  ["losing more than is allocated", { allocated: 1 }, { allocated: -2 }, "L1"],
  ["delivering what never left", { shipped: 1 }, { delivered: 2 }, "L3"],
  ["announcing the return of what never left", { shipped: 1 }, { returnRequested: 2 }, "L4"],
  ["taking back what was not announced", { shipped: 2, returnRequested: 1 }, { returnReceived: 2 }, "L5"],
  ["withdrawing a return twice", { shipped: 1 }, { returnRequested: -1 }, "L1"],
];

test.each(BREAKING)(
  "%s fails with the invariant that it breaks, and nothing of the step stays",
  async (...row) => {
    const [name, before, change, invariant] = row;
    const orderId = `own-${name.replaceAll(" ", "-")}`;
    await place(orderId);
    await step(orderId, "before", adds(before));
    const was = await seen(orderId);
    await expect(step(orderId, "broken", adds(change))).rejects.toMatchObject({
      code: "ledger_violated",
      orderId,
      lineId: "1",
      invariants: expect.arrayContaining([invariant]),
    });
    expect(await seen(orderId)).toEqual(was);
  },
);

test("a change that was worked out from an older reading is not written", async () => {
  await place("own-2");
  await expect(
    inTransaction(store.database, async (client) => {
      const order = await lockOrder(client, "own-2");
      if (order === undefined) throw new Error("there is no order");
      await changeOrder(client, order, adds({ allocated: 1 }));
      await changeOrder(client, order, adds({ allocated: 1 }));
    }),
  ).rejects.toThrow("not as it was read");
  expect(await seen("own-2")).toMatchObject({ version: 1, fulfillment_status: "unfulfilled" });
});

test("a lock waits for another one, but not for an entry that only refers to the order", async () => {
  await place("own-3");
  await inTransaction(store.database, async (client) => {
    await lockOrder(client, "own-3");
    await recordEntry(store.database, {
      orderId: "own-3",
      key: "beside",
      type: "test.step",
      summary: "beside",
      cause: "test",
    });
    const impatient = "set local lock_timeout = 50";
    await expect(
      inTransaction(store.database, async (other) => {
        await other.query(impatient);
        await lockOrder(other, "own-3");
      }),
    ).rejects.toThrow("lock timeout");
  });
});

test("an order with a line of no units is not captured", () => {
  const none = { minor: 0, currency: "USD", exponent: 2 };
  const line = { lineId: "1", sku: null, channelSku: "T", title: "T", quantity: 0 };
  const priced = { ...line, unitPrice: none, discount: none, tax: none };
  const amounts = { currency: "USD", shippingPrice: none, discount: none, tax: none, total: none };
  const document = { orderId: "own-4", ...amounts, lines: [priced] };
  expect(() => lineRows(document as never, 2)).toThrow(
    expect.objectContaining({ code: "ledger_violated", invariants: ["L1"] }),
  );
});
