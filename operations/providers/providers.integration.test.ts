/**
 * A location that Amazon runs, with real sagas, PostgreSQL and Temporal, and Amazon's warehouses as their
 * simulator over HTTP: orders that are sourced there are asked for, followed, called off and booked.
 */
import { pino } from "pino";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import {
  type AmazonSimulator,
  amazonSimulator,
} from "../../integrations/channels/amazon/simulator/simulator.ts";
import { amazon } from "../../integrations/channels/amazon/vendor.ts";
import { NO_SERVER_FAULTS } from "../../integrations/simulator-kit/faults.ts";
import { askAgainWhatWasCalledOff, providerKey } from "../../store/channels/provider-requests.ts";
import { readFulfillmentOrders } from "../../store/floor/fulfillment.ts";
import { held, outcomeOf, release, timeline } from "../../test-support/saga-steps.ts";
import { eventually, type SagaWorld, startSagaWorld } from "../../test-support/saga-world.ts";
import { createTestDatabase, type TestDatabase } from "../../test-support/servers/postgres.ts";
import { patiently } from "../../test-support/vendors/connection-contract.ts";
import type { SagaActivities } from "../../workflows/all-activities.ts";
import { CallBudget } from "../channels/call-budget.ts";
import { takePick } from "../floor/confirm-pick.ts";
import { requestCancellation } from "../holds/cancel-order.ts";
import type { ProviderLane } from "./provider-lane.ts";
import { readProviderStock } from "./read-stock.ts";
import { workOnRequests } from "./work-on-requests.ts";

let testDatabase: TestDatabase;
let world: SagaWorld;
let seller: AmazonSimulator;
let lane: ProviderLane;
let passedMs = 0;

beforeAll(async () => {
  testDatabase = await createTestDatabase();
  world = await startSagaWorld(testDatabase.database);
  await world.database.query(
    "insert into channel (id, company_id, name, kind) values ('amazon', 'acme', 'Amazon', 'amazon')",
  );
  await world.database.query(
    "insert into channel_account (channel_id, runs_location) values ('amazon', 'omaha')",
  );
});

beforeEach(async () => {
  passedMs = 0;
  const startedMs = Date.now();
  seller = await amazonSimulator.start({
    webhookUrl: null,
    webhookSecret: "none",
    // An hour ago, so that what happens there has happened by our clock.
    now: () => startedMs - 3_600_000 + passedMs,
    logger: pino({ level: "silent" }),
  });
  seller.warehouses.put("MUG", 10);
  seller.warehouses.put("CAP", 10);
  const connection = await amazon.api?.connect(seller.account, { timeoutMs: 2_000 });
  if (connection?.fulfillment === undefined) throw new Error("Amazon keeps no goods");
  lane = {
    context: world.context,
    budget: new CallBudget(connection.limits),
    isEnding: () => false,
    channelId: "amazon",
    provider: connection.fulfillment,
    locationId: "omaha",
  };
});

afterEach(async () => {
  await world.reset();
  await seller.close();
  await world.database.query("delete from provider_request");
  await world.database.query("delete from provider_stock");
  await world.database.query("delete from sku_mapping");
});

afterAll(async () => {
  await world.close();
  await testDatabase.close();
});

const AT_AMAZON = [{ sku: "MUG", quantity: 2, priceMinor: 5_000, at: { omaha: 2 } }];

/** Everything is due, and looked at once. */
async function look(): Promise<number> {
  await world.database.query("update provider_request set due_at = now() where state <> 'ended'");
  return workOnRequests(lane);
}

/** As the worker does: a limit that is used up is waited for. */
const readStock = () => patiently(() => readProviderStock(lane));

async function requests(): Promise<readonly Record<string, unknown>[]> {
  const { rows } = await world.database.query<Record<string, unknown>>(
    `select fulfillment_order_id as id, state, outcome, round, key, problem_code as problem
       from provider_request order by fulfillment_order_id`,
  );
  return rows;
}

async function released(orderId: string): Promise<void> {
  await eventually("it is released", async () =>
    (await timeline(world, orderId)).includes("fulfillment.released"),
  );
}

async function onHand(sku: string): Promise<number> {
  const positions = await world.stock.positions([sku]);
  return positions.find(({ locationId }) => locationId === "omaha")?.onHand ?? 0;
}

/** Amazon sends it, it arrives, and the order is done. */
async function sendAndArrive(orderId: string): Promise<void> {
  passedMs += 21_000;
  // Of several packages each look hears of all and books those that it has heard of.
  for (let turn = 0; turn < 4; turn += 1) await look();
  await eventually("it has left", async () => (await timeline(world, orderId)).includes("shipment.shipped"));
  passedMs += 60_000;
  await eventually("it has arrived", async () => {
    await look();
    return (await requests()).every(({ state }) => state === "ended");
  });
}

describe("an order that is sourced where Amazon keeps the goods", () => {
  test("is asked of Amazon and of nobody on a floor, leaves with Amazon's number, and ends as any other", async () => {
    const orderId = await world.placeOrder({ lines: AT_AMAZON });
    await released(orderId);
    expect(await readFulfillmentOrders(world.database, orderId)).toMatchObject([
      { status: "in_progress", stage: "picking" },
    ]);
    await look();
    expect(seller.warehouses.sent()).toEqual([{ key: `${orderId}-F1`, status: "Received", units: 2 }]);
    expect(await requests()).toMatchObject([{ state: "asked" }]);
    await sendAndArrive(orderId);
    expect(await outcomeOf(world, orderId)).toEqual({ status: "completed" });
    const { rows } = await world.database.query(
      `select carrier, service, tracking_number as number, carrier_provider as provider, tracking_status as status
         from shipment where order_id = $1`,
      [orderId],
    );
    expect(rows).toEqual([
      {
        carrier: "AMZN_US",
        service: "Amazon",
        number: "TBA1001",
        provider: "amazon-mcf",
        status: "delivered",
      },
    ]);
    expect(await onHand("MUG")).toBe(8);
    expect(await requests()).toMatchObject([{ state: "ended", outcome: "delivered" }]);
    const entries = await timeline(world, orderId);
    expect(entries).toContain("fulfillment.asked");
    expect(entries).not.toContain("shipment.label_bought");
    expect(world.calls.get("buyLabel") ?? 0).toBe(0);
  });

  test("is asked for once although answers are lost, Amazon is away, and its tokens expire", async () => {
    const orderId = await world.placeOrder({ lines: AT_AMAZON });
    await released(orderId);
    seller.faults.nextWrite = "request-lost";
    await look();
    seller.faults.nextWrite = "reply-lost";
    await look();
    expect(await requests()).toMatchObject([{ state: "to_ask", problem: "network_error" }]);
    seller.expireTokens();
    seller.faults.rates = { ...NO_SERVER_FAULTS, errorRate: 1 };
    await look();
    seller.faults.rates = NO_SERVER_FAULTS;
    await look();
    expect(seller.warehouses.sent().length).toBe(1);
    expect(await requests()).toMatchObject([{ state: "asked", problem: null }]);
    seller.faults.rates = { ...NO_SERVER_FAULTS, throttleRate: 1 };
    await expect(look()).rejects.toMatchObject({ code: "rate_limited" });
    seller.faults.rates = NO_SERVER_FAULTS;
    await sendAndArrive(orderId);
    expect(await outcomeOf(world, orderId)).toEqual({ status: "completed" });
  });

  test("is not asked for blindly where the application may make orders and not look at them", async () => {
    const orderId = await world.placeOrder({ lines: AT_AMAZON });
    await released(orderId);
    seller.warehouses.isDenied = true;
    for (let turn = 0; turn < 2; turn += 1)
      await expect(look()).rejects.toMatchObject({ code: "unauthorized", retryable: false });
    expect(seller.warehouses.sent()).toEqual([]);
    expect(await requests()).toMatchObject([{ state: "to_ask", problem: "unauthorized" }]);
    seller.warehouses.isDenied = false;
    await look();
    expect(seller.warehouses.sent().length).toBe(1);
  });

  test.each([
    ["goOn", "before"],
    ["goOn", "after"],
    ["allocateStock", "before"],
    ["allocateStock", "after"],
  ] as const)("is asked for once where its saga dies %s %s its effect", async (step, when) => {
    world.failNext(step as keyof SagaActivities, when);
    const orderId = await world.placeOrder({ lines: AT_AMAZON });
    await released(orderId);
    await look();
    world.failNext("goOn", when);
    await sendAndArrive(orderId);
    expect(await outcomeOf(world, orderId)).toEqual({ status: "completed" });
    expect(seller.warehouses.sent().length).toBe(1);
    expect(await onHand("MUG")).toBe(8);
  });

  test("is booked once where the process dies between taking its units and packing them", async () => {
    const orderId = await world.placeOrder({ lines: AT_AMAZON });
    await released(orderId);
    await look();
    passedMs += 21_000;
    await look();
    expect(await requests()).toMatchObject([{ state: "leaving" }]);
    const [part] = await readFulfillmentOrders(world.database, orderId);
    const id = `${orderId}-F1`;
    await takePick(world.context, {
      fulfillmentOrderId: id,
      picked: (part?.lines ?? []).map(({ holdId, quantity }) => ({ holdId, quantity })),
      cause: "provider:amazon-mcf",
      key: `${id}:by-provider:pick`,
    });
    await sendAndArrive(orderId);
    expect(await outcomeOf(world, orderId)).toEqual({ status: "completed" });
    expect(await onHand("MUG")).toBe(8);
  });

  test("in two packages has a shipment of its own for each, with its lines", async () => {
    seller.warehouses.splits = true;
    const orderId = await world.placeOrder({
      lines: [...AT_AMAZON, { sku: "CAP", quantity: 1, priceMinor: 2_000, at: { omaha: 1 } }],
    });
    await released(orderId);
    await look();
    await sendAndArrive(orderId);
    expect(await outcomeOf(world, orderId)).toEqual({ status: "completed" });
    const { rows } = await world.database.query(
      `select s.tracking_number as number, l.sku, l.picked from shipment s
         join fulfillment_order_line l on l.fulfillment_order_id = s.fulfillment_order_id
        where s.order_id = $1 order by 1`,
      [orderId],
    );
    expect(rows.map(({ sku, picked }) => [sku, picked]).sort()).toEqual([
      ["CAP", 1],
      ["MUG", 2],
    ]);
    expect(new Set(rows.map(({ number }) => number)).size).toBe(2);
    expect([await onHand("MUG"), await onHand("CAP")]).toEqual([8, 9]);
  });

  test("goes by the name that the goods have at Amazon, of several by the one that lies there", async () => {
    seller.warehouses.put("FBA-MUG", 5);
    await world.database.query(
      `insert into sku_mapping (channel_id, channel_sku, sku) values ('amazon', 'AAA-MUG', 'MUG'), ('amazon', 'FBA-MUG', 'MUG')`,
    );
    await readStock();
    seller.warehouses.put("MUG", 0);
    await readStock();
    const orderId = await world.placeOrder({ lines: AT_AMAZON });
    await released(orderId);
    await look();
    expect(seller.warehouses.sellable("FBA-MUG")).toBe(3);
  });
});

describe("a cancellation of what Amazon was asked for", () => {
  test("asks Amazon first, and gives stock and money back once nothing leaves", async () => {
    const orderId = await world.placeOrder({ lines: AT_AMAZON });
    await released(orderId);
    await look();
    await requestCancellation(world.context, { orderId, reason: "changed my mind", by: "staff:1" });
    expect(await timeline(world, orderId)).not.toContain("order.cancelled");
    seller.faults.nextWrite = "reply-lost";
    await look();
    await look();
    expect(await outcomeOf(world, orderId)).toEqual({ status: "cancelled" });
    expect(seller.warehouses.sent()).toMatchObject([{ status: "Cancelled" }]);
    expect(await requests()).toMatchObject([{ state: "ended", outcome: "called_off" }]);
    expect(await onHand("MUG")).toBe(10);
    expect([...world.outside.charges.values()].some((charge) => charge.startsWith("capture"))).toBe(false);
  });

  test("before Amazon was asked needs no call", async () => {
    const orderId = await world.placeOrder({ lines: AT_AMAZON });
    await released(orderId);
    await requestCancellation(world.context, { orderId, reason: "changed my mind", by: "staff:1" });
    await look();
    expect(await outcomeOf(world, orderId)).toEqual({ status: "cancelled" });
    expect(seller.warehouses.sent()).toEqual([]);
  });

  test("is refused where Amazon works on it, visibly, and the order goes on", async () => {
    const orderId = await world.placeOrder({ lines: AT_AMAZON });
    await released(orderId);
    await look();
    passedMs += 6_000;
    await requestCancellation(world.context, { orderId, reason: "changed my mind", by: "staff:1" });
    await look();
    expect(await timeline(world, orderId)).toContain("order.cancellation_refused");
    await sendAndArrive(orderId);
    expect(await outcomeOf(world, orderId)).toEqual({ status: "completed" });
  });

  test("where one part can be stopped and the other cannot stops neither", async () => {
    const orderId = await world.placeOrder({ lines: AT_AMAZON });
    await released(orderId);
    await look();
    passedMs += 6_000;
    // A part that is asked for only now, as after a package that came to nothing.
    await world.database.query(
      `insert into fulfillment_order (id, order_id, location_id, status, stage)
       values ($1 || '-F2', $1, 'omaha', 'in_progress', 'picking')`,
      [orderId],
    );
    await world.database.query(
      `insert into provider_request (fulfillment_order_id, order_id, channel_id, location_id)
       values ($1 || '-F2', $1, 'amazon', 'omaha')`,
      [orderId],
    );
    await requestCancellation(world.context, { orderId, reason: "changed my mind", by: "staff:1" });
    await look();
    expect(await timeline(world, orderId)).toContain("order.cancellation_refused");
    expect(await requests()).toMatchObject([
      { state: "asked", round: 1 },
      { state: "to_ask", round: 2, outcome: null },
    ]);
  });
});

describe("what was given up without asking Amazon", () => {
  test("is called off there, and where it is too late the timeline says what Amazon sends for nothing", async () => {
    for (const isLate of [false, true]) {
      const orderId = await world.placeOrder({ lines: AT_AMAZON });
      await released(orderId);
      await look();
      if (isLate) passedMs += 6_000;
      await world.client.workflow.getHandle(orderId).cancel();
      expect(await outcomeOf(world, orderId)).toEqual({ status: "cancelled" });
      await look();
      expect((await timeline(world, orderId)).includes("fulfillment.exception")).toBe(isLate);
    }
    expect(seller.warehouses.sent().map(({ status }) => status)).toEqual(["Cancelled", "Processing"]);
    expect((await requests()).map(({ outcome }) => outcome).sort()).toEqual(["called_off", "forgotten"]);
  });

  test("is asked for anew where the order is not cancelled after all", async () => {
    const orderId = await world.placeOrder({ lines: AT_AMAZON });
    await released(orderId);
    await look();
    await world.database.query("update provider_request set state = 'ended', outcome = 'called_off'");
    await askAgainWhatWasCalledOff(world.database, orderId);
    expect(await requests()).toMatchObject([{ state: "to_ask", round: 2, outcome: null }]);
    await look();
    expect(seller.warehouses.sent().map(({ key }) => key)).toEqual([`${orderId}-F1`, `${orderId}-F1-2`]);
  });
});

async function waitsFor(orderId: string): Promise<string> {
  const { rows } = await world.database.query<{ details: string }>(
    `select string_agg(reason->>'detail', ' ') as details
       from orders, jsonb_array_elements(hold_reasons) reason where id = $1`,
    [orderId],
  );
  return rows[0]?.details ?? "";
}

describe("what Amazon will not send", () => {
  test("waits for a person with Amazon's words, and is asked for under another key once it is released", async () => {
    seller.warehouses.put("MUG", 1);
    const orderId = await world.placeOrder({ lines: AT_AMAZON });
    await released(orderId);
    await look();
    await held(world, orderId, "floor_exception");
    expect(await waitsFor(orderId)).toContain(
      "Amazon: Item Id: 1 is not available in the requested quantity.",
    );
    expect(await requests()).toMatchObject([{ state: "ended", outcome: "refused" }]);
    expect(await readFulfillmentOrders(world.database, orderId)).toMatchObject([
      { status: "on_hold", stage: "waiting" },
    ]);
    seller.warehouses.put("MUG", 10);
    await release(world, orderId);
    await eventually("it is asked for anew", async () => (await requests())[0]?.["state"] === "to_ask");
    await look();
    expect(seller.warehouses.sent()).toMatchObject([{ key: `${orderId}-F1-2` }]);
    await sendAndArrive(orderId);
    expect(await outcomeOf(world, orderId)).toEqual({ status: "completed" });
  });

  test("after all, although it was taken, waits for a person as well", async () => {
    const orderId = await world.placeOrder({ lines: AT_AMAZON });
    await released(orderId);
    await look();
    seller.warehouses.fail(`${orderId}-F1`);
    await look();
    await held(world, orderId, "floor_exception");
    expect(await waitsFor(orderId)).toContain("Amazon: the order is Unfulfillable. 2 units do not leave.");
    expect(await requests()).toMatchObject([{ state: "ended", outcome: "refused" }]);
    expect(await onHand("MUG")).toBe(10);
  });
});

describe("the stock that lies at Amazon", () => {
  test("is booked with its cause; what Amazon leaves out of its list stays as it is", async () => {
    seller.warehouses.put("MUG", 4);
    seller.warehouses.put("CAP", 25);
    seller.warehouses.put("NOT-OURS", 3);
    expect(await readStock()).toEqual({ goods: 2, changed: 2, refused: [] });
    expect([await onHand("MUG"), await onHand("CAP")]).toEqual([4, 25]);
    seller.warehouses.leftOut.add("CAP");
    seller.warehouses.put("MUG", 5);
    expect(await readStock()).toMatchObject({ goods: 1, changed: 1 });
    expect([await onHand("MUG"), await onHand("CAP")]).toEqual([5, 25]);
    expect(await readStock()).toMatchObject({ changed: 0 });
  });

  test("is read from its beginning where a page has expired meanwhile, and is left for later where they all do", async () => {
    for (let number = 0; number < 60; number += 1) seller.warehouses.put(`A ${number}`, 1);
    seller.warehouses.put("MUG", 6);
    seller.warehouses.expiringPages = 2;
    expect(await readStock()).toMatchObject({ goods: 2, changed: 1 });
    expect(await onHand("MUG")).toBe(6);
    seller.warehouses.put("MUG", 7);
    seller.warehouses.expiringPages = 9;
    await expect(readStock()).rejects.toMatchObject({ code: "page_unknown" });
    expect(await onHand("MUG")).toBe(6);
  });

  test("counts what was asked for until it has left, and believes no higher figure while goods move", async () => {
    const orderId = await world.placeOrder({ lines: AT_AMAZON });
    await released(orderId);
    await look();
    // Amazon has 8 that may be sold and 2 reserved for us: ten are there.
    expect(await readStock()).toMatchObject({ changed: 0 });
    // A summary from before the request: two units that are promised already.
    seller.warehouses.put("MUG", 10);
    expect(await readStock()).toMatchObject({ changed: 0 });
    expect(await onHand("MUG")).toBe(10);
    // Amazon has sold five itself.
    seller.warehouses.put("MUG", 3);
    expect(await readStock()).toMatchObject({ changed: 1 });
    expect(await onHand("MUG")).toBe(5);
    await sendAndArrive(orderId);
    expect(await onHand("MUG")).toBe(3);
    await world.database.query("update provider_request set changed_at = now() - interval '1 hour'");
    seller.warehouses.put("MUG", 9);
    expect(await readStock()).toMatchObject({ changed: 1 });
    expect(await onHand("MUG")).toBe(9);
  });
});

test("keys are at most 40 letters, digits and hyphens, and another in each round", () => {
  expect(providerKey("shop-1-F1", 1)).toBe("shop-1-F1");
  expect(providerKey("shop-1-F1", 2)).toBe("shop-1-F1-2");
  const long = `shopify_europe-${"9".repeat(40)}-F12`;
  const keys = [
    providerKey(long, 1),
    providerKey(long, 12),
    providerKey("a_b-F1", 1),
    providerKey("a-b-F1", 1),
  ];
  for (const key of keys) expect(key).toMatch(/^[A-Za-z0-9][A-Za-z0-9-]{0,39}$/);
  expect(new Set(keys).size).toBe(4);
});
