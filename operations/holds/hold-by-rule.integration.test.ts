/**
 * A channel's hold rules are asked whenever what they look at changes, over real PostgreSQL and the engine.
 */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { OrderEditBody } from "../../contract/order-changes.ts";
import { channelAdapters } from "../../integrations/channels/registry.ts";
import type { HoldRules } from "../../orders/incoming/hold-rules.ts";
import { VendorRoster } from "../../ports/vendor-roster.ts";
import { catalogOf } from "../../store/catalog/catalog.ts";
import { readParts } from "../../store/floor/fulfillment-changes.ts";
import { readOrderProgress } from "../../store/orders/order-progress.ts";
import { type CaptureWorld, startCaptureWorld } from "../../test-support/capture-world.ts";
import type { SagaDependencies } from "../../workflows/activities/dependencies.ts";
import { createInventoryActivities } from "../../workflows/order/activities/inventory.ts";
import { captureOrders } from "../capture/capture-order.ts";
import { createProduct } from "../catalog/create-product.ts";
import { mapSku } from "../catalog/map-sku.ts";
import { editOrder } from "../change/edit-order.ts";
import { shopperChange } from "../change/shopper-change.ts";
import { packByHand } from "../floor/pack-by-hand.ts";
import { openPart, reschedulePart } from "../fulfillment/schedule-part.ts";
import { releaseHold } from "./release-hold.ts";

let world: CaptureWorld;
let saga: ReturnType<typeof createInventoryActivities>;
let serial = 0;
let orderId = "";

beforeAll(async () => {
  world = await startCaptureWorld(
    ["east"],
    [
      { id: "own", kind: "holdfast" },
      { id: "market", kind: "holdfast" },
    ],
  );
  saga = createInventoryActivities({
    ...world.context,
    carriers: new VendorRoster("carriers", []),
  } as unknown as SagaDependencies);
  for (const sku of ["TENT", "CARD-50", "CARD-100"]) {
    const product = {
      sku,
      name: sku,
      weightGrams: 100,
      priceMinor: 5000,
      currency: "USD",
      hsCode: "6306.22",
    };
    await createProduct(
      world.context,
      { ...product, originCountry: "VN", gtin: "80614141123458" },
      "staff:1",
    );
    const receive = {
      type: "receive",
      commandId: `r-${sku}`,
      sku,
      locationId: "east",
      quantity: 1000,
    } as const;
    await world.context.allocator.execute([{ ...receive, atMs: Date.now(), cause: "test" }]);
  }
});
afterAll(() => world?.close());

const RULES: HoldRules = {
  aboveMinor: { USD: 50_000 },
  skus: ["CARD-*"],
  countries: ["CA"],
  notes: true,
  ownReason: null,
};
const ADDRESS = { name: "A", line1: "1 B St", city: "Louisville", region: "KY", country: "US" };
const IN_CANADA = {
  name: "A",
  line1: "1 B St",
  city: "Toronto",
  region: "ON",
  postalCode: "M5V 2T6",
  country: "CA",
};

async function rules(change: Partial<HoldRules> = RULES): Promise<void> {
  await world.store.database.query("update channel set hold_rules = $1", [JSON.stringify(change)]);
  for (const channel of ["own", "market"]) catalogOf(world.store.database).forgetChannel(channel);
}

beforeEach(async () => {
  serial += 1;
  orderId = `own-h${serial}`;
  await rules();
});

/** Three tents at 50.00; `change` comes as the channel sends it. */
async function capture(change: object = {}): Promise<void> {
  const document = {
    id: `h${serial}`,
    currency: "USD",
    lines: [{ id: "a", sku: "TENT", quantity: 3, unitPrice: "50.00" }],
    shippingAddress: ADDRESS,
    customer: { name: "A" },
    paymentMethod: "pm_card_visa",
    ...change,
  };
  const [result] = await captureOrders(world.context, {
    channelId: "own",
    topic: null,
    payload: JSON.stringify(document),
    adapters: channelAdapters,
    cause: "channel:own",
  });
  expect(result?.order).toBe(orderId);
}

async function onTheFloor(): Promise<void> {
  const sourced = await saga.allocateStock({ orderId });
  if (sourced.status !== "allocated") throw new Error(sourced.detail);
  await saga.releaseToFloor({ orderId, fulfillmentOrders: sourced.fulfillmentOrders });
}

async function held() {
  const order = await readOrderProgress(world.store.database, orderId);
  return (order?.holdReasons ?? []).map(({ code, detail }) => `${code}: ${detail}`);
}

const byRule = (detail: string) => [`held_by_rule: ${detail}`];

let keys = 0;
function edit(...edits: readonly OrderEditBody[]) {
  keys += 1;
  return editOrder(world.context, { orderId, key: `k${keys}`, by: "staff:1", giver: null, edits });
}

const release = () => releaseHold(world.context, { orderId, by: "staff:1" });
const partStatus = async () =>
  (await readParts(world.store.database, orderId))?.parts.map(({ status }) => status);
const wants = (quantity: number): OrderEditBody => ({ kind: "quantity", lineId: "1", quantity });
const adds = (sku: string): OrderEditBody => ({
  kind: "add_line",
  sku,
  title: sku,
  quantity: 1,
  unitPrice: "50.00",
});

describe("an order that a change makes one to look at is held by the change", () => {
  test.each<[string, OrderEditBody, string]>([
    ["an address", { kind: "address", address: IN_CANADA }, "It goes to CA."],
    ["a line", adds("CARD-50"), "CARD-50 is only sent after a look."],
    ["more units", wants(11), "It costs 550.00 USD."],
    ["a note", { kind: "note", note: "Ring twice" }, "It bears a note."],
  ])("%s", async (_, change, detail) => {
    await capture();
    await onTheFloor();
    expect(await held()).toEqual([]);
    expect(await edit(change)).toMatchObject({ status: "done" });
    expect(await held()).toEqual(byRule(detail));
    expect(await partStatus()).toEqual(["on_hold"]);
    const packing = { fulfillmentOrderId: `${orderId}-F1`, picked: null, holds: [], cause: "staff:1" };
    expect(await packByHand(world.context, packing)).toMatchObject({ code: "fulfillment_order_on_hold" });
    expect(await release()).toMatchObject({ status: "done", holdReasons: [] });
  });

  test("also the shopper's", async () => {
    await capture();
    const asked = { action: "address", orderId, address: IN_CANADA, key: "s" } as const;
    expect(await shopperChange(world.context, asked)).toMatchObject({ status: "done" });
    expect(await held()).toEqual(byRule("It goes to CA."));
  });

  test("also the channel's, in the commit of the change", async () => {
    await capture();
    await onTheFloor();
    await capture({ shippingAddress: IN_CANADA });
    expect(await held()).toEqual(byRule("It goes to CA."));
  });

  test("a product that a line turns out to be", async () => {
    const name = `gift-${serial}`;
    await capture({ lines: [{ sku: name, quantity: 1, unitPrice: "50.00" }] });
    expect(await held()).toEqual([`unknown_sku: Not in the catalog: line 1 "${name}".`]);
    const mapped = await mapSku(world.context, {
      channelId: "own",
      channelSku: name,
      sku: "CARD-100",
      by: "staff:1",
    });
    expect(mapped).toMatchObject({ released: [], stillOnHold: [orderId] });
    expect(await held()).toEqual(byRule("CARD-100 is only sent after a look."));
    expect(await release()).toMatchObject({ status: "done", holdReasons: [] });
    // Mapped since is known: what is changed then is no news of it.
    expect(await edit({ kind: "contact", name: "B" })).toMatchObject({ status: "done" });
    expect(await held()).toEqual([]);
  });
});

describe("what a person has let go", () => {
  test("is not held again as long as what the rules look at is as it was", async () => {
    await capture({ shippingAddress: IN_CANADA, note: "Gift" });
    expect(await held()).toEqual(byRule("It goes to CA. It bears a note."));
    await release();
    await onTheFloor();
    await edit({ kind: "address", address: { ...IN_CANADA, line1: "2 C St" } }, wants(4));
    await edit(wants(2));
    expect(await held()).toEqual([]);
    await edit(wants(11));
    expect(await held()).toEqual(byRule("It costs 550.00 USD."));
    await release();
    await edit(wants(10));
    await edit(wants(11));
    expect(await held()).toEqual(byRule("It costs 550.00 USD."));
  });

  test("is not held again by what its channel sends of something else", async () => {
    await capture({ shippingAddress: IN_CANADA });
    await release();
    await capture({
      shippingAddress: IN_CANADA,
      customer: { name: "Bea" },
    });
    expect((await readOrderProgress(world.store.database, orderId))?.customerName).toBe("Bea");
    expect(await held()).toEqual([]);
  });

  test("is not held again while it waits for something else and its channel sends more", async () => {
    const lines = [{ id: "a", sku: `unheard-${serial}`, quantity: 1, unitPrice: "50.00" }];
    await capture({ shippingAddress: IN_CANADA, lines });
    await releaseHold(world.context, { orderId, codes: ["held_by_rule"], by: "staff:1" });
    await capture({ shippingAddress: IN_CANADA, lines, tags: ["vip"] });
    expect(await held()).toEqual([`unknown_sku: Not in the catalog: line 1 "unheard-${serial}".`]);
  });

  test("one look is at everything that there is to see by then", async () => {
    await capture({ note: "Gift" });
    expect(await held()).toEqual(byRule("It bears a note."));
    await edit({ kind: "address", address: IN_CANADA });
    expect(await held()).toEqual(byRule("It goes to CA. It bears a note."));
  });
});

test("what has been sent is not held for what is changed of it", async () => {
  await capture();
  await onTheFloor();
  await world.store.database.query("update order_line set shipped = ordered where order_id = $1", [orderId]);
  expect(await edit({ kind: "note", note: "Thanks" })).toMatchObject({ status: "done" });
  expect(await held()).toEqual([]);
});

test("a part that is opened before its day is not packed while its order is held", async () => {
  await capture();
  await onTheFloor();
  const part = { fulfillmentOrderId: `${orderId}-F1`, by: "staff:1" };
  expect(
    await reschedulePart(world.context, { ...part, key: "later", releaseOn: "2999-01-01" }),
  ).toMatchObject({
    status: "done",
  });
  await edit({ kind: "address", address: IN_CANADA });
  expect(await openPart(world.context, { ...part, key: "now" })).toMatchObject({ status: "done" });
  const packing = { fulfillmentOrderId: `${orderId}-F1`, picked: null, holds: [], cause: "staff:1" };
  expect(await packByHand(world.context, packing)).toMatchObject({ code: "fulfillment_order_on_hold" });
});
