/** An order is changed while its saga runs: what is sent and what is charged is the newest revision. */
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { cancelOrder } from "../../operations/change/cancel-order.ts";
import { editOrder } from "../../operations/change/edit-order.ts";
import { resendNotice } from "../../operations/notices/resend-notice.ts";
import { readParts } from "../../store/floor/fulfillment-changes.ts";
import { readOrderProgress } from "../../store/orders/order-progress.ts";
import { deliver, mailKinds, onTheFloor, outcomeOf, pack, shipped } from "../../test-support/saga-steps.ts";
import { eventually, type SagaWorld, startSagaWorld } from "../../test-support/saga-world.ts";
import { createTestDatabase, type TestDatabase } from "../../test-support/servers/postgres.ts";

let testDatabase: TestDatabase;
let world: SagaWorld;

beforeAll(async () => {
  testDatabase = await createTestDatabase();
  world = await startSagaWorld(testDatabase.database);
});
afterEach(() => world.reset());
afterAll(async () => {
  await world.close();
  await testDatabase.close();
});

type Edits = Parameters<typeof editOrder>[1]["edits"];

async function edit(orderId: string, edits: Edits): Promise<void> {
  const key = `edit-${performance.now()}`;
  expect(await editOrder(world.context, { orderId, key, by: "staff:1", giver: null, edits })).toMatchObject({
    status: "done",
  });
}

async function openParts(orderId: string): Promise<readonly string[]> {
  const found = await readParts(world.database, orderId);
  return (found?.parts ?? []).filter(({ status }) => status !== "cancelled").map(({ id }) => id);
}

/** Waits until the floor has everything that is wanted, then sends it. */
async function sendAll(orderId: string): Promise<void> {
  const parts = await eventually("everything is on the floor", async () => {
    const order = await readOrderProgress(world.database, orderId);
    const isPlaced = order?.lines.every((line) => line.allocated === line.ordered - line.cancelled);
    return isPlaced === true ? await openParts(orderId) : undefined;
  });
  for (const id of parts) await pack(world, id);
  for (const id of parts) await deliver(world, `${id}-S1`);
}

async function sent(orderId: string): Promise<readonly string[]> {
  const order = await readOrderProgress(world.database, orderId);
  return (order?.lines ?? []).map(({ sku, shipped: units }) => `${units} ${sku}`);
}

test("lines that shrink, grow and come are sent and charged as the newest revision says", async () => {
  const orderId = await world.placeOrder();
  await onTheFloor(world, `${orderId}-F1`);
  await edit(orderId, [
    { kind: "quantity", lineId: "1", quantity: 1 },
    { kind: "add_line", sku: "CAP", title: "Cap", quantity: 2, unitPrice: "20.00" },
  ]);
  await sendAll(orderId);
  expect(await outcomeOf(world, orderId)).toEqual({ status: "completed" });
  expect(await sent(orderId)).toEqual(["1 MUG", "2 CAP"]);
  const { rows } = await world.database.query(
    "select o.total_minor as total, p.captured_minor as captured from orders o join payment p on p.order_id = o.id where o.id = $1",
    [orderId],
  );
  expect(rows).toEqual([{ total: 9500, captured: 9500 }]);
});

test("who pays for a faster way is promised it, and the label is chosen by it", async () => {
  const orderId = await world.placeOrder();
  await onTheFloor(world, `${orderId}-F1`);
  await edit(orderId, [{ kind: "shipping_service", service: "Same-day", price: "25.00" }]);
  await sendAll(orderId);
  expect(await outcomeOf(world, orderId)).toEqual({ status: "completed" });
  const { rows } = await world.database.query("select service from shipment where order_id = $1", [orderId]);
  expect(rows).toEqual([{ service: "Express" }]);
});

test("an order that becomes dearer is authorised for the rest before it is sent", async () => {
  const orderId = await world.placeOrder();
  await onTheFloor(world, `${orderId}-F1`);
  await edit(orderId, [{ kind: "quantity", lineId: "1", quantity: 3 }]);
  await sendAll(orderId);
  expect(await outcomeOf(world, orderId)).toEqual({ status: "completed" });
  const charged = [...world.outside.charges.values()];
  expect(charged.filter((call) => call.startsWith("authorize"))).toEqual([
    "authorize 10500",
    "authorize 5000",
  ]);
  expect(await sent(orderId)).toEqual(["3 MUG"]);
});

test("of an order that was sent in part, the rest is cancelled, and it ends", async () => {
  const orderId = await world.placeOrder({
    lines: [{ sku: "MUG", quantity: 2, priceMinor: 5000, at: { omaha: 1, reno: 1 } }],
  });
  await pack(world, `${orderId}-F1`);
  await shipped(world, `${orderId}-F1-S1`);
  expect(
    await cancelOrder(world.context, { orderId, reason: "no", by: "staff:1", key: `c-${orderId}` }),
  ).toMatchObject({ status: "done" });
  await deliver(world, `${orderId}-F1-S1`);
  expect(await outcomeOf(world, orderId)).toEqual({ status: "completed" });
  expect(await sent(orderId)).toEqual(["1 MUG"]);
});

/** Texts of the mails about changes, the first change first. */
function changeMails(orderId: string): readonly string[] {
  const mails = [...world.outside.mails].filter(([key]) => key.startsWith(`order_changed:${orderId}:r`));
  return mails.sort(([a], [b]) => (a < b ? -1 : 1)).map(([, text]) => text);
}

test("a change is told once, also when it is asked for again; tags and notes are not told", async () => {
  const orderId = await world.placeOrder();
  await onTheFloor(world, `${orderId}-F1`);
  const request = {
    orderId,
    key: "one-less",
    by: "staff:1",
    giver: null,
    edits: [{ kind: "quantity", lineId: "1", quantity: 1 }] as Edits,
  };
  expect(await editOrder(world.context, request)).toMatchObject({ status: "done", revision: 2 });
  expect(await editOrder(world.context, request)).toMatchObject({ status: "done", revision: 2 });
  await eventually("the mail", async () => changeMails(orderId).length === 1);
  await edit(orderId, [{ kind: "tags", tags: ["gift"] }]);
  await edit(orderId, [{ kind: "note", note: "Ring twice." }]);
  await sendAll(orderId);
  expect(await outcomeOf(world, orderId)).toEqual({ status: "completed" });
  const [mail, ...more] = changeMails(orderId);
  expect(more).toEqual([]);
  expect(mail).toContain("We have changed your order.");
  expect(mail).toMatch(/: Now 1 × \$50\.00 \(before: 2 × \$50\.00\)\n/);
  expect(mail).toContain("Total: Now $55.00 (before: $105.00)");
  expect(mail).toContain("You are charged $55.00 in all");
  const toldKinds = async () => (await mailKinds(world, orderId)).filter((kind) => kind === "order_changed");
  expect(await toldKinds()).toHaveLength(1);
  const notice = `order_changed:${orderId}:r2`;
  await resendNotice(world.context, { orderId, notice, by: "staff:1", key: "again" });
  await eventually("the copy", async () => (await toldKinds()).length === 2);
  // It is written from what is true now: all of it is charged meanwhile.
  const copy = world.outside.mails.get(`copy-1:${notice}`);
  expect(copy).toContain("Total: Now $55.00 (before: $105.00)");
  expect(copy).toContain("nothing more to pay");
});

test("two quick changes are told in two mails, each against the revision before it", async () => {
  const orderId = await world.placeOrder();
  await onTheFloor(world, `${orderId}-F1`);
  await edit(orderId, [{ kind: "quantity", lineId: "1", quantity: 3 }]);
  await edit(orderId, [{ kind: "quantity", lineId: "1", quantity: 1 }]);
  await sendAll(orderId);
  expect(await outcomeOf(world, orderId)).toEqual({ status: "completed" });
  // Mails leave through the outbox, after what they tell of.
  await eventually("both mails", async () => changeMails(orderId).length === 2);
  const [first, second, ...more] = changeMails(orderId);
  expect(more).toEqual([]);
  expect(first).toContain("Total: Now $155.00 (before: $105.00)");
  expect(second).toContain("Total: Now $55.00 (before: $155.00)");
});
