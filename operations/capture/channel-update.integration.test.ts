/**
 * What a channel says after capture, in every order of arrival, over a real PostgreSQL and the real engine.
 */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { channelAdapters } from "../../integrations/channels/registry.ts";
import { sumsOf } from "../../orders/order-amounts.ts";
import { VendorRoster } from "../../ports/vendor-roster.ts";
import { readParts } from "../../store/floor/fulfillment-changes.ts";
import { readOrderProgress } from "../../store/orders/order-progress.ts";
import { isCancelRequested } from "../../store/orders/orders.ts";
import { type CaptureWorld, startCaptureWorld } from "../../test-support/capture-world.ts";
import type { TestDatabase } from "../../test-support/servers/postgres.ts";
import { casesNote, channelCase, hasChannelCases } from "../../test-support/vendors/channel-samples.ts";
import type { SagaDependencies } from "../../workflows/activities/dependencies.ts";
import { createInventoryActivities } from "../../workflows/order/activities/inventory.ts";
import { createProduct } from "../catalog/create-product.ts";
import { editOrder } from "../change/edit-order.ts";
import type { OperationContext } from "../context.ts";
import { packByHand } from "../floor/pack-by-hand.ts";
import { releaseHold } from "../holds/release-hold.ts";
import { captureOrders } from "./capture-order.ts";

let world: CaptureWorld;
let store: TestDatabase;

let context: OperationContext;
let saga: ReturnType<typeof createInventoryActivities>;
let serial = 0;

beforeAll(async () => {
  world = await startCaptureWorld(
    ["east"],
    [
      { id: "woo", kind: "woocommerce" },
      { id: "shopify", kind: "shopify" },
      { id: "ebay", kind: "ebay" },
    ],
  );
  ({ store, context } = world);
  saga = createInventoryActivities({
    ...context,
    carriers: new VendorRoster("carriers", []),
  } as unknown as SagaDependencies);
  for (const sku of ["TENT", "LAMP"]) await addProduct(sku);
  await receive("TENT", 5_000);
});

async function addProduct(sku: string): Promise<void> {
  await createProduct(
    context,
    {
      sku,
      name: sku,
      weightGrams: 3200,
      priceMinor: 2000,
      currency: "USD",
      hsCode: "6306.22",
      originCountry: "VN",
      gtin: "80614141123458",
    },
    "staff:1",
  );
}

afterAll(async () => {
  await world?.close();
});

let orderId = "";
beforeEach(nextOrder);

function nextOrder(): void {
  serial += 1;
  orderId = `woo-${serial}`;
}

async function receive(sku: string, quantity: number): Promise<void> {
  await context.allocator.execute([
    {
      type: "receive",
      sku,
      locationId: "east",
      quantity,
      commandId: `receive-${sku}-${Math.random()}`,
      atMs: Date.now(),
      cause: "test",
    },
  ]);
}

type Version = {
  readonly minute: number;
  readonly status?: string;
  readonly tents?: number;
  readonly lamps?: number;
  readonly street?: string;
  readonly refunded?: string;
};

/** The order as the shop shows it at that minute. */
function version({
  minute,
  status = "processing",
  tents = 2,
  lamps = 0,
  street = "1 B St",
  refunded,
}: Version) {
  const line = (id: number, sku: string, quantity: number) =>
    quantity === 0
      ? []
      : [
          {
            id,
            sku,
            name: sku,
            quantity,
            price: 20,
            subtotal: `${quantity * 20}.00`,
            total: `${quantity * 20}.00`,
            total_tax: "0.00",
            taxes: [],
          },
        ];
  const at = `2026-01-01T10:${String(minute).padStart(2, "0")}:00`;
  return JSON.stringify({
    id: serial,
    number: String(serial),
    status,
    currency: "USD",
    date_created_gmt: "2026-01-01T10:00:00",
    date_modified_gmt: at,
    date_paid_gmt: "2026-01-01T10:00:00",
    total: `${(tents + lamps) * 20 + 5}.00`,
    billing: { first_name: "A", address_1: street, city: "Louisville", state: "KY", country: "US" },
    shipping: { first_name: "A", address_1: street, city: "Louisville", state: "KY", country: "US" },
    line_items: [...line(1, "TENT", tents), ...line(2, "LAMP", lamps)],
    shipping_lines: [{ method_title: "Flat rate", method_id: "flat_rate", total: "5.00", total_tax: "0.00" }],
    ...(refunded === undefined ? {} : { refunds: [{ id: 9, reason: "late", total: refunded }] }),
  });
}

async function say(payload: string, topic: string | null = null, channelId = "woo") {
  const [result] = await captureOrders(context, {
    channelId,
    topic,
    payload,
    adapters: channelAdapters,
    cause: `channel:${channelId}`,
  });
  if (result === undefined) throw new Error("no answer");
  return result;
}

async function standing() {
  const order = await readOrderProgress(store.database, orderId);
  if (order === undefined) throw new Error(`no order ${orderId}`);
  const sums = sumsOf(order.document);
  expect(sums.total).toBe(sums.sum);
  const { rows } = await store.database.query<{ sku: string; units: number }>(
    `select sku, sum(quantity)::integer as units from order_hold where order_id = $1 group by sku order by sku`,
    [orderId],
  );
  return {
    status: order.status,
    holds: order.holdReasons.map(({ code }) => code),
    wanted: order.lines.flatMap(({ sku, ordered, cancelled }) =>
      ordered > cancelled ? [`${ordered - cancelled} ${sku}`] : [],
    ),
    street: order.document.shippingAddress?.line1,
    total: sums.total,
    held: rows.map(({ sku, units }) => `${units} ${sku}`),
    isCancelled: await isCancelRequested(store.database, orderId),
  };
}

async function source(): Promise<void> {
  const sourced = await saga.allocateStock({ orderId });
  if (sourced.status !== "allocated") throw new Error(sourced.detail);
  await saga.releaseToFloor({ orderId, fulfillmentOrders: sourced.fulfillmentOrders });
}

async function pack(): Promise<void> {
  const found = await readParts(store.database, orderId);
  const part = found?.parts[0];
  const packed = await packByHand(context, {
    fulfillmentOrderId: part?.id ?? "",
    picked: null,
    holds: (part?.lines ?? []).map(({ holdId, quantity }) => ({ holdId, quantity })),
    cause: "staff:1",
  });
  expect(packed.status).toBe("done");
}

function permutations<T>(items: readonly T[]): readonly (readonly T[])[] {
  if (items.length < 2) return [items];
  return items.flatMap((first, index) =>
    permutations([...items.slice(0, index), ...items.slice(index + 1)]).map((rest) => [first, ...rest]),
  );
}

describe("messages in every order of arrival, each repeated later", () => {
  const messages = () => [
    version({ minute: 0 }),
    version({ minute: 1, tents: 1 }),
    version({ minute: 2, tents: 1, status: "on-hold" }),
    version({ minute: 3, tents: 1, street: "2 C St" }),
  ];

  async function sayAll(said: readonly (() => Promise<unknown>)[]): Promise<void> {
    for (const [index, speak] of said.entries()) {
      await speak();
      // Channels deliver at least once, and late.
      if (index > 0) await said[(index * 7) % index]?.();
    }
  }

  test("come to the newest version", async () => {
    for (const order of permutations([0, 1, 2, 3])) {
      nextOrder();
      const payloads = messages();
      await sayAll(order.map((index) => () => say(payloads[index] ?? "")));
      expect({ order, ...(await standing()) }).toEqual({
        order,
        status: "open",
        holds: [],
        wanted: ["1 TENT"],
        street: "2 C St",
        total: 2500,
        held: ["1 TENT"],
        isCancelled: false,
      });
    }
  });

  test("end cancelled where one of them says so", async () => {
    for (const order of permutations([0, 1, 2, 3]).filter((_, index) => index % 2 === 0)) {
      nextOrder();
      const payloads = [
        version({ minute: 0 }),
        version({ minute: 1, tents: 1 }),
        version({ minute: 2, status: "on-hold" }),
        version({ minute: 3, status: "cancelled" }),
      ];
      await sayAll(order.map((index) => () => say(payloads[index] ?? "")));
      expect({ order, ...(await standing()) }).toMatchObject({ order, isCancelled: true });
    }
  });

  test("end done elsewhere, or held with the refund named, where the newest says so", async () => {
    for (const order of permutations([0, 1, 2])) {
      nextOrder();
      const done = [
        version({ minute: 0 }),
        version({ minute: 1, street: "2 C St" }),
        version({ minute: 2, street: "2 C St", status: "completed" }),
      ];
      await sayAll(order.map((index) => () => say(done[index] ?? "")));
      expect({ order, ...(await standing()) }).toMatchObject({ order, holds: [], held: [] });
      nextOrder();
      const refunded = [
        version({ minute: 0 }),
        version({ minute: 1, tents: 1 }),
        version({ minute: 2, tents: 1, refunded: "-10.00" }),
      ];
      await sayAll(order.map((index) => () => say(refunded[index] ?? "")));
      expect({ order, ...(await standing()) }).toMatchObject({
        order,
        status: "on_hold",
        holds: ["refunded_at_channel"],
        wanted: ["1 TENT"],
      });
    }
  });
});

describe("what is said after capture", () => {
  test("a line that an edit adds is reserved and paid for, and joins what the floor has not begun", async () => {
    await receive("LAMP", 2);
    await say(version({ minute: 0 }));
    await source();
    expect(await say(version({ minute: 1, lamps: 2 }))).toMatchObject({ outcome: "duplicate" });
    expect(await standing()).toMatchObject({
      status: "open",
      wanted: ["2 TENT", "2 LAMP"],
      held: ["2 LAMP", "2 TENT"],
      total: 8500,
    });
    const found = await readParts(store.database, orderId);
    expect(found?.parts.map(({ lines }) => lines.map(({ sku }) => sku).sort())).toEqual([["LAMP", "TENT"]]);
  });

  test("what cannot be had, or comes too late, stops the order and names itself; taken back, it goes on", async () => {
    await say(version({ minute: 0 }));
    await source();
    await say(version({ minute: 1, lamps: 900 }));
    expect(await standing()).toMatchObject({
      holds: ["changed_at_channel"],
      wanted: ["2 TENT"],
      total: 4500,
    });
    const stopped = await readParts(store.database, orderId);
    expect(stopped?.parts).toMatchObject([{ status: "on_hold" }]);
    await say(version({ minute: 2 }));
    expect(await standing()).toMatchObject({ status: "open", holds: [] });

    nextOrder();
    await say(version({ minute: 0 }));
    await source();
    await pack();
    await say(version({ minute: 1, tents: 1 }));
    expect(await standing()).toMatchObject({ holds: ["changed_at_channel"], wanted: ["2 TENT"] });
    // What a person has decided stays decided.
    await releaseHold(context, { orderId, codes: ["changed_at_channel"], by: "staff:1" });
    await say(version({ minute: 1, tents: 1 }));
    expect(await standing()).toMatchObject({ holds: [], wanted: ["2 TENT"] });
  });

  test("an order that is put on hold at the channel stops where it is, and goes on with it", async () => {
    await say(version({ minute: 0 }));
    await source();
    await say(version({ minute: 1, status: "on-hold" }));
    expect(await standing()).toMatchObject({
      status: "on_hold",
      holds: ["payment_pending"],
      held: ["2 TENT"],
    });
    expect((await readParts(store.database, orderId))?.parts).toMatchObject([{ status: "on_hold" }]);
    await say(version({ minute: 2 }));
    expect(await standing()).toMatchObject({ status: "open", holds: [], held: ["2 TENT"] });
  });

  test("what was corrected here stays, where the channel has not changed it", async () => {
    await say(version({ minute: 0 }));
    const address = { name: "A", line1: "9 Z St", city: "Louisville", region: "KY", country: "US" };
    await editOrder(context, {
      orderId,
      key: "k",
      by: "staff:1",
      giver: null,
      edits: [{ kind: "address", address }],
    });
    await say(version({ minute: 1, tents: 3 }));
    expect(await standing()).toMatchObject({ street: "9 Z St", wanted: ["3 TENT"], total: 6500 });
    await say(version({ minute: 2, tents: 3, street: "2 C St" }));
    expect(await standing()).toMatchObject({ street: "2 C St", wanted: ["3 TENT"] });
  });

  test("a line whose SKU nobody knows holds the order until it is mapped, and is reserved then", async () => {
    await say(version({ minute: 0 }));
    await source();
    await say(version({ minute: 1, lamps: 1 }).replaceAll("LAMP", `NEW-${serial}`));
    expect(await standing()).toMatchObject({ holds: ["unknown_sku"], total: 6500, held: ["2 TENT"] });
    await addProduct(`NEW-${serial}`);
    await receive(`NEW-${serial}`, 1);
    await releaseHold(context, { orderId, codes: ["unknown_sku"], by: "catalog:test" });
    expect(await standing()).toMatchObject({ status: "open", held: [`1 NEW-${serial}`, "2 TENT"] });
  });

  test("an order that was cancelled or deleted before it came ends as soon as it comes", async () => {
    const payload = version({ minute: 0, status: "cancelled" });
    expect(await say(payload)).toMatchObject({ order: orderId });
    expect(await standing()).toMatchObject({ isCancelled: true, held: [] });
    await say(version({ minute: 0 }));
    expect(await standing()).toMatchObject({ isCancelled: true, held: [] });

    const deleted = JSON.stringify({ id: 77_000 + serial });
    expect(await say(deleted, "orders/delete", "shopify")).toMatchObject({
      outcome: "accepted",
      order: null,
    });
    const { rows } = await store.database.query("select kind from channel_word where external_id = $1", [
      String(77_000 + serial),
    ]);
    expect(rows).toEqual([{ kind: "cancelled" }]);
  });
});

describe(`the cases of shops${casesNote}`, () => {
  const tell = async (name: string, channelId: "woo" | "shopify", topic: string | null = null) => {
    const payload = channelCase(name);
    const { id } = JSON.parse(payload) as { id: number };
    orderId = `${channelId}-${id}`;
    return say(payload, topic, channelId);
  };
  const withCases = test.skipIf(!hasChannelCases);

  beforeAll(async () => {
    for (const sku of ["BAG-DAY-18L", "BAG-DRY-18L"]) {
      await addProduct(sku);
      await receive(sku, 500);
    }
  });

  withCases(
    "what became fulfilled at the channel is known as done elsewhere, and never sent by us",
    async () => {
      await tell("s13b-1-create", "shopify");
      await source();
      await tell("s13b-2-fulfilled", "shopify");
      const order = await readOrderProgress(store.database, orderId);
      expect(order?.lines.every((line) => line.fulfilledElsewhere === line.ordered)).toBe(true);
      expect(await standing()).toMatchObject({ held: [] });
    },
  );

  withCases("a line that an edit adds is added and paid for", async () => {
    await tell("s13c-1-create", "shopify");
    const before = await standing();
    await tell("s13c-2-line-added", "shopify");
    const after = await standing();
    expect(after.wanted.length + after.holds.length).toBeGreaterThan(before.wanted.length);
    expect(after.held.length).toBeGreaterThan(before.held.length);
  });

  withCases("an order that goes on hold, or is refunded in part, stops with its reason", async () => {
    await tell("w25-1-processing", "woo");
    await source();
    await tell("w25-2-on-hold", "woo");
    expect(await standing()).toMatchObject({ status: "on_hold", holds: ["payment_pending"] });
    await tell("w05-partial-refund", "woo");
    expect(await standing()).toMatchObject({ status: "on_hold", holds: ["refunded_at_channel"] });
  });

  withCases("a deletion or cancellation before the create ends the order, as one after it", async () => {
    await tell("s12a-1-delete", "shopify", "orders/delete");
    await tell("s12a-2-create", "shopify", "orders/create");
    expect(await standing()).toMatchObject({ isCancelled: true, held: [] });
    await tell("s12c-1-cancelled", "shopify", "orders/cancelled");
    await tell("s12c-2-create", "shopify", "orders/create");
    expect(await standing()).toMatchObject({ isCancelled: true, held: [] });
    // Authorised at the channel only: it waits, and nothing of it is reserved.
    await tell("s38-1-create", "shopify", "orders/create");
    await tell("s38-2-cancelled", "shopify", "orders/cancelled");
    expect(await standing()).toMatchObject({ isCancelled: true });
  });

  withCases("what was authorised at the channel and is paid there is not charged here", async () => {
    await tell("s39-authorized-then-paid-1", "shopify");
    await tell("s39-authorized-then-paid-2", "shopify");
    const order = await readOrderProgress(store.database, orderId);
    expect(order?.document.paymentBy).toBe("channel");
    expect(await standing()).toMatchObject({ holds: [] });
  });
});

describe("a payment dispute at eBay", () => {
  const usd = (value: string) => ({ value, currency: "USD" });
  /** Read at eBay: the time of the order's last change is the same, whatever becomes of its disputes. */
  async function read(dispute?: Readonly<Record<string, unknown>>): Promise<readonly string[]> {
    const order = {
      orderId: "14-11223-44556",
      creationDate: "2026-01-01T10:00:00.000Z",
      lastModifiedDate: "2026-01-01T10:00:00.000Z",
      orderFulfillmentStatus: "NOT_STARTED",
      orderPaymentStatus: "PAID",
      pricingSummary: { priceSubtotal: usd("20.00"), deliveryCost: usd("5.00"), total: usd("25.00") },
      fulfillmentStartInstructions: [
        {
          fulfillmentInstructionsType: "SHIP_TO",
          shippingStep: {
            shipTo: {
              fullName: "A B",
              contactAddress: {
                addressLine1: "1 B St",
                city: "Louisville",
                stateOrProvince: "KY",
                postalCode: "40202",
                countryCode: "US",
              },
            },
          },
        },
      ],
      lineItems: [{ lineItemId: "1", sku: "TENT", title: "TENT", quantity: 1, lineItemCost: usd("20.00") }],
    };
    const about = { paymentDisputeId: "5000123", reason: "FRAUD", amount: usd("25.00") };
    const [result] = await captureOrders(context, {
      channelId: "ebay",
      topic: null,
      payload: JSON.stringify({
        order,
        ...(dispute === undefined ? {} : { paymentDisputes: [{ ...about, ...dispute }] }),
      }),
      adapters: channelAdapters,
      cause: "channel:ebay",
      isCurrent: true,
    });
    orderId = result?.order ?? orderId;
    const { holdReasons = [] } = (await readOrderProgress(store.database, orderId)) ?? {};
    return holdReasons.map(({ code, detail }) => `${code}: ${detail}`);
  }

  test("holds the order, which a reading without disputes does not let go, and goes when it is won", async () => {
    const about = "payment_disputed: eBay: the payment dispute 5000123 about 25.00 USD (FRAUD)";
    expect(await read()).toEqual([]);
    expect(await read({ paymentDisputeStatus: "OPEN" })).toEqual([`${about} is open.`]);
    expect(await read()).toEqual([`${about} is open.`]);
    expect(await read({ paymentDisputeStatus: "ACTION_NEEDED" })).toEqual([
      `${about} needs an answer in Seller Hub.`,
    ]);
    const lost = { paymentDisputeStatus: "CLOSED", resolution: { reasonForClosure: "SELLER_LOST" } };
    expect(await read(lost)).toEqual([`${about} is lost.`]);
    expect(await read(lost)).toEqual([`${about} is lost.`]);
    const won = { paymentDisputeStatus: "CLOSED", resolution: { reasonForClosure: "SELLER_WON" } };
    expect(await read(won)).toEqual([]);
    expect(await standing()).toMatchObject({ status: "open", holds: [] });
  });
});

describe("what Shopify holds at its end", () => {
  const held = [
    {
      id: "1",
      status: "on_hold",
      fulfillment_service: null,
      fulfillment_holds: [{ handle: "risk-app", reason: "high_risk_of_fraud" }],
      line_items: [{ line_item_id: "71", fulfillable_quantity: 1 }],
    },
  ];
  /** @param parts its fulfillment orders; absent: a webhook's order, which has none */
  const shown = (minute: number, parts?: readonly unknown[], more: object = {}) =>
    JSON.stringify({
      id: "990001",
      name: "#1",
      created_at: "2026-01-01T10:00:00Z",
      updated_at: `2026-01-01T10:0${minute}:00Z`,
      currency: "USD",
      financial_status: "paid",
      fulfillment_status: null,
      total_price: "25.00",
      shipping_address: {
        name: "A B",
        address1: "1 B St",
        city: "Louisville",
        province_code: "KY",
        country_code: "US",
      },
      shipping_lines: [{ title: "Flat", price: "5.00" }],
      line_items: [
        {
          id: "71",
          sku: "TENT",
          title: "TENT",
          quantity: 1,
          price: "20.00",
          requires_shipping: true,
          product_id: "6",
        },
      ],
      ...(parts === undefined ? {} : { fulfillment_orders: parts }),
      ...more,
    });

  test("waits here, also when a webhook comes that cannot say so, until a look finds it released", async () => {
    const holds = async () => {
      orderId = "shopify-990001";
      return (await standing()).holds;
    };
    await say(shown(0), "orders/create", "shopify");
    expect(await holds()).toEqual([]);
    await say(shown(1, held), null, "shopify");
    expect(await holds()).toEqual(["held_at_channel"]);
    await say(shown(2), "orders/updated", "shopify");
    expect(await holds()).toEqual(["held_at_channel"]);
    // For another reason, and for the first one again: the order says what is so now, once.
    const words = async () =>
      (await readOrderProgress(store.database, orderId))?.holdReasons.map(({ detail }) => detail) ?? [];
    const [former = ""] = await words();
    const other = [{ handle: "risk-app", reason: "incorrect_address" }];
    await say(shown(3, [{ ...held[0], fulfillment_holds: other }]), null, "shopify");
    expect(await words()).toEqual([expect.not.stringContaining(former)]);
    await say(shown(4, held), null, "shopify");
    expect(await words()).toEqual([former]);
    await say(shown(5, [{ ...held[0], status: "open", fulfillment_holds: [] }]), null, "shopify");
    expect(await holds()).toEqual([]);
  });

  const dispute = (status: string) => ({ id: "7", initiated_as: "chargeback", status });
  const sees = async (
    minute: number,
    id: string,
    disputes?: readonly object[],
    parts?: readonly unknown[],
  ) => {
    const more = { id, ...(disputes === undefined ? {} : { disputes }) };
    await say(shown(minute, parts, more), null, "shopify");
    orderId = `shopify-${id}`;
    return (await standing()).holds;
  };

  test("a dispute stops what is not sent; won, it goes on, and lost, it stays for people", async () => {
    expect(await sees(0, "990002", [])).toEqual([]);
    await source();
    expect(await sees(1, "990002", [dispute("needs_response")])).toEqual(["payment_disputed"]);
    expect((await readParts(store.database, orderId))?.parts).toMatchObject([{ status: "on_hold" }]);
    expect(await sees(2, "990002")).toEqual(["payment_disputed"]);
    expect(await sees(3, "990002", [dispute("won")])).toEqual([]);
    expect(await standing()).toMatchObject({ status: "open", held: ["1 TENT"] });
    expect(await sees(4, "990002", [dispute("lost")])).toEqual(["payment_disputed"]);
    // A person has the goods sent all the same: the same word is not asked about again.
    await releaseHold(context, { orderId, by: "staff:1" });
    expect(await sees(5, "990002", [dispute("lost")])).toEqual([]);
  });

  test("a dispute of an order that has ended leaves it as it is, and is in its timeline", async () => {
    expect(await sees(0, "990004", [])).toEqual([]);
    await store.database.query("update orders set status = 'completed' where id = $1", [orderId]);
    expect(await sees(1, "990004", [dispute("needs_response")])).toEqual([]);
    expect(await standing()).toMatchObject({ status: "completed" });
    const { rows } = await store.database.query(
      "select from order_event where order_id = $1 and type = 'channel.update_received'",
      [orderId],
    );
    expect(rows).toHaveLength(1);
  });

  test("an order that was held as it came stays so when a webhook comes that cannot say why", async () => {
    expect(await sees(0, "990003", [dispute("under_review")], held)).toEqual([
      "held_at_channel",
      "payment_disputed",
    ]);
    expect(await sees(1, "990003")).toEqual(["held_at_channel", "payment_disputed"]);
    expect(await sees(2, "990003", [dispute("under_review")], [])).toEqual(["payment_disputed"]);
    expect(await sees(3, "990003", [dispute("prevented")], [])).toEqual([]);
    expect(await standing()).toMatchObject({ status: "open", held: ["1 TENT"] });
  });
});
