/**
 * A location that a vendor runs, with real sagas, PostgreSQL and Temporal, and the vendors' warehouses as
 * their simulators over HTTP: orders that are sourced there are asked for, followed, called off and booked.
 */
import { pino } from "pino";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import {
  type AmazonSimulator,
  amazonSimulator,
} from "../../integrations/channels/amazon/simulator/simulator.ts";
import { amazon } from "../../integrations/channels/amazon/vendor.ts";
import { channelAdapters } from "../../integrations/channels/registry.ts";
import {
  type WalmartSimulator,
  walmartSimulator,
} from "../../integrations/channels/walmart/simulator/simulator.ts";
import { walmart } from "../../integrations/channels/walmart/vendor.ts";
import type {
  ChannelSimulator,
  ChannelSimulatorOptions,
} from "../../integrations/simulator-kit/channel-simulator.ts";
import { NO_SERVER_FAULTS } from "../../integrations/simulator-kit/faults.ts";
import type { SimulatedKeeper } from "../../integrations/simulator-kit/simulated-keeper.ts";
import type { ChannelVendor } from "../../integrations/vendor.ts";
import type { ChannelConnection } from "../../ports/channel-connection.ts";
import { ServiceFault } from "../../ports/service-fault.ts";
import type { ChannelAccount } from "../../store/channels/accounts.ts";
import {
  askAgainWhatWasCalledOff,
  hurryRequest,
  providerKey,
} from "../../store/channels/provider-requests.ts";
import { readFulfillmentOrders } from "../../store/floor/fulfillment.ts";
import { dyingDatabase, ProcessDied } from "../../test-support/dying-process.ts";
import { held, outcomeOf, release, timeline } from "../../test-support/saga-steps.ts";
import { eventually, type SagaWorld, startSagaWorld } from "../../test-support/saga-world.ts";
import { createTestDatabase, type TestDatabase } from "../../test-support/servers/postgres.ts";
import { patiently } from "../../test-support/vendors/connection-contract.ts";
import type { SagaActivities } from "../../workflows/all-activities.ts";
import { captureOrders } from "../capture/capture-order.ts";
import { CallBudget } from "../channels/call-budget.ts";
import { readMessages } from "../channels/read-messages.ts";
import { takePick } from "../floor/confirm-pick.ts";
import { requestCancellation } from "../holds/cancel-order.ts";
import type { ProviderLane } from "./provider-lane.ts";
import { readProviderStock } from "./read-stock.ts";
import { workOnRequests } from "./work-on-requests.ts";

type Keeper = {
  /** Also the channel's id. */
  readonly kind: string;
  readonly vendor: ChannelVendor;
  /** As people read it, and as it is written down. */
  readonly shown: string;
  readonly provider: string;
  readonly carrier: string;
  readonly number: string;
  /** Its words where there is too little, and where it cannot send what it has taken. */
  readonly tooLittle: string;
  readonly failed: string;
  start(options: ChannelSimulatorOptions): Promise<{ shop: ChannelSimulator; keeper: SimulatedKeeper }>;
};

const AMAZON: Keeper = {
  kind: "amazon",
  vendor: amazon,
  shown: "Amazon",
  provider: "amazon-mcf",
  carrier: "AMZN_US",
  number: "TBA1001",
  tooLittle: "Amazon: Item Id: 1 is not available in the requested quantity.",
  failed: "Amazon: the order is Unfulfillable. 2 units do not leave.",
  start: async (options) => {
    const shop = await amazonSimulator.start(options);
    return { shop, keeper: shop.warehouses };
  },
};

const WALMART: Keeper = {
  kind: "walmart",
  vendor: walmart,
  shown: "Walmart",
  provider: "walmart-wfs",
  carrier: "Fedex",
  number: "626961001",
  tooLittle: "sku MUG is not available in the requested quantity",
  failed: "Walmart: the order is REJECTED. INVENTORY_NOT_AVAILABLE. 2 units do not leave.",
  start: async (options) => {
    const shop = await walmartSimulator.start(options);
    return { shop, keeper: shop.centers };
  },
};

let testDatabase: TestDatabase;
let world: SagaWorld;
let under: Keeper = AMAZON;
let seller: ChannelSimulator;
let keeper: SimulatedKeeper;
let connection: ChannelConnection;
let lane: ProviderLane;
let passedMs = 0;

beforeAll(async () => {
  testDatabase = await createTestDatabase();
  world = await startSagaWorld(testDatabase.database);
  await world.database.query(
    `insert into channel (id, company_id, name, kind) values ('amazon', 'acme', 'Amazon', 'amazon'),
       ('walmart', 'acme', 'Walmart', 'walmart')`,
  );
});

async function open(chosen: Keeper): Promise<void> {
  under = chosen;
  passedMs = 0;
  const startedMs = Date.now();
  const started = await under.start({
    webhookUrl: null,
    webhookSecret: "none",
    // An hour ago, so that what happens there has happened by our clock.
    now: () => startedMs - 3_600_000 + passedMs,
    logger: pino({ level: "silent" }),
  });
  seller = started.shop;
  keeper = started.keeper;
  keeper.put("MUG", 10);
  keeper.put("CAP", 10);
  await world.database.query("insert into channel_account (channel_id, runs_location) values ($1, 'omaha')", [
    under.kind,
  ]);
  const opened = await under.vendor.api?.connect(seller.account, { timeoutMs: 2_000 });
  if (opened?.fulfillment === undefined) throw new Error(`${under.shown} keeps no goods`);
  connection = opened;
  lane = {
    context: world.context,
    budget: new CallBudget(connection.limits),
    isEnding: () => false,
    channelId: under.kind,
    provider: opened.fulfillment,
    locationId: "omaha",
  };
}

afterEach(async () => {
  await world.reset();
  await seller.close();
  await world.database.query("delete from provider_request");
  await world.database.query("delete from channel_account");
  await world.database.query("delete from sku_mapping");
});

afterAll(async () => {
  await world.close();
  await testDatabase.close();
});

const THERE = [{ sku: "MUG", quantity: 2, priceMinor: 5_000, at: { omaha: 2 } }];

const INTERVAL = "1 hour";

/**
 * Everything is due, and looked at once.
 *
 * @param isLater long enough after the time before for what was taken there to be seen
 */
async function look(isLater = true): Promise<number> {
  await makeDue(isLater);
  return workOnRequests(lane);
}

async function makeDue(isLater: boolean): Promise<void> {
  await world.database.query(
    `update provider_request set due_at = now(), sent_at = sent_at - $1::interval where state <> 'ended'`,
    [isLater ? INTERVAL : "0"],
  );
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

/**
 * Looks until nothing is left to be done now, and dies at each statement of it: with one provider before it,
 * with the other after it.
 *
 * @returns how often it died
 */
async function dieAtEach(): Promise<number> {
  let deaths = 0;
  for (let at = 1; ; ) {
    const dying = dyingDatabase(world.database, { at, when: under === AMAZON ? "before" : "after" });
    await makeDue(true);
    try {
      await workOnRequests({ ...lane, context: { ...world.context, database: dying.database } });
    } catch (error) {
      if (!dying.hasDied()) throw error;
      expect(error).toBeInstanceOf(ProcessDied);
    }
    if (dying.hasDied()) {
      deaths += 1;
      at += 1;
    } else if ((await requests()).some(({ state }) => state === "to_ask" || state === "leaving")) at = 1;
    else return deaths;
  }
}

/** It is sent, it arrives, and the order is done. */
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

async function waitsFor(orderId: string): Promise<string> {
  const { rows } = await world.database.query<{ details: string }>(
    `select string_agg(reason->>'detail', ' ') as details
       from orders, jsonb_array_elements(hold_reasons) reason where id = $1`,
    [orderId],
  );
  return rows[0]?.details ?? "";
}

describe.each([AMAZON, WALMART])("with $shown", (chosen) => {
  beforeEach(() => open(chosen));

  describe("an order that is sourced where the vendor keeps the goods", () => {
    test("is asked of the vendor and of nobody on a floor, leaves with the vendor's number, and ends as any other", async () => {
      const orderId = await world.placeOrder({ lines: THERE });
      await released(orderId);
      expect(await readFulfillmentOrders(world.database, orderId)).toMatchObject([
        { status: "in_progress", stage: "picking" },
      ]);
      await look();
      expect(keeper.sent()).toEqual([{ key: `${orderId}-F1`, state: "taken", units: 2 }]);
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
          carrier: under.carrier,
          service: under.shown,
          number: under.number,
          provider: under.provider,
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

    test("is asked for once although answers are lost, the vendor is away, and its tokens expire", async () => {
      const orderId = await world.placeOrder({ lines: THERE });
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
      expect(keeper.sent().length).toBe(1);
      expect(await requests()).toMatchObject([{ state: "asked", problem: null }]);
      seller.faults.rates = { ...NO_SERVER_FAULTS, throttleRate: 1 };
      await expect(look()).rejects.toMatchObject({ code: "rate_limited" });
      seller.faults.rates = NO_SERVER_FAULTS;
      await sendAndArrive(orderId);
      expect(await outcomeOf(world, orderId)).toEqual({ status: "completed" });
    });

    test("is not asked for blindly where the application may make orders and not look at them", async () => {
      const orderId = await world.placeOrder({ lines: THERE });
      await released(orderId);
      keeper.isDenied = true;
      for (let turn = 0; turn < 2; turn += 1)
        await expect(look()).rejects.toMatchObject({ code: "unauthorized", retryable: false });
      expect(keeper.sent()).toEqual([]);
      expect(await requests()).toMatchObject([{ state: "to_ask", problem: "unauthorized" }]);
      keeper.isDenied = false;
      await look();
      expect(keeper.sent().length).toBe(1);
    });

    test.each([
      ["goOn", "before"],
      ["goOn", "after"],
      ["allocateStock", "before"],
      ["allocateStock", "after"],
    ] as const)("is asked for once where its saga dies %s %s its effect", async (step, when) => {
      world.failNext(step as keyof SagaActivities, when);
      const orderId = await world.placeOrder({ lines: THERE });
      await released(orderId);
      await look();
      world.failNext("goOn", when);
      await sendAndArrive(orderId);
      expect(await outcomeOf(world, orderId)).toEqual({ status: "completed" });
      expect(keeper.sent().length).toBe(1);
      expect(await onHand("MUG")).toBe(8);
    });

    test("is booked once where the process dies between taking its units and packing them", async () => {
      const orderId = await world.placeOrder({ lines: THERE });
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
        cause: `provider:${under.provider}`,
        key: `${id}:by-provider:pick`,
      });
      await sendAndArrive(orderId);
      expect(await outcomeOf(world, orderId)).toEqual({ status: "completed" });
      expect(await onHand("MUG")).toBe(8);
    });

    test("is sent once and booked once though the process dies at each of its statements", async () => {
      keeper.splits = true;
      const orderId = await world.placeOrder({
        lines: [...THERE, { sku: "CAP", quantity: 1, priceMinor: 2_000, at: { omaha: 1 } }],
      });
      await released(orderId);
      expect(await dieAtEach()).toBeGreaterThan(4);
      passedMs += 21_000;
      expect(await dieAtEach()).toBeGreaterThan(10);
      await eventually("it has left", async () =>
        (await timeline(world, orderId)).includes("shipment.shipped"),
      );
      passedMs += 60_000;
      await eventually("it has arrived", async () => {
        await look();
        return (await requests()).every(({ state }) => state === "ended");
      });
      expect(await outcomeOf(world, orderId)).toEqual({ status: "completed" });
      expect(keeper.sent().length).toBe(1);
      expect([await onHand("MUG"), await onHand("CAP")]).toEqual([8, 9]);
    });

    test("of which the provider's answer makes no sense waits, and keeps no other waiting", async () => {
      const ids: string[] = [];
      for (let number = 0; number < 2; number += 1) {
        const line = { sku: "MUG", quantity: 1, priceMinor: 5_000, at: { omaha: 1 } };
        const orderId = await world.placeOrder({ lines: [line] });
        await released(orderId);
        ids.push(orderId);
      }
      await look();
      passedMs += 21_000;
      const { provider } = lane;
      const follow: typeof provider.follow = async (key, items) => {
        if (key === `${ids[0]}-F1`) throw new TypeError("packages is not iterable");
        const progress = await provider.follow(key, items);
        const packages = progress?.packages.map((one) => ({ ...one, shippedAt: "soon" })) ?? [];
        return progress === null ? null : { ...progress, packages };
      };
      await makeDue(true);
      await expect(workOnRequests({ ...lane, provider: { ...provider, follow } })).rejects.toThrow(TypeError);
      const state = async (id: string) => (await requests()).find((row) => row["id"] === `${id}-F1`);
      expect(await state(ids[0] ?? "")).toMatchObject({ state: "asked", problem: "internal_error" });
      expect(await state(ids[1] ?? "")).toMatchObject({ state: "leaving", problem: null });
    });

    test("that the provider cannot be asked about says so on its timeline, once, and goes on later", async () => {
      const orderId = await world.placeOrder({ lines: THERE });
      await released(orderId);
      const { provider } = lane;
      const request = () => {
        const facts = { service: under.kind, code: "request_refused", retryable: false };
        return Promise.reject(new ServiceFault("the sales channel is unknown", facts));
      };
      for (let turn = 0; turn < 2; turn += 1) {
        await makeDue(true);
        await workOnRequests({ ...lane, provider: { ...provider, request } });
      }
      const entries = await timeline(world, orderId);
      expect(entries.filter((type) => type === "fulfillment.exception").length).toBe(1);
      await look();
      expect(await requests()).toMatchObject([{ state: "asked", problem: null }]);
    });

    test("in two packages has a shipment of its own for each, with its lines", async () => {
      keeper.splits = true;
      const orderId = await world.placeOrder({
        lines: [...THERE, { sku: "CAP", quantity: 1, priceMinor: 2_000, at: { omaha: 1 } }],
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

    test("goes by the name that the goods have at the vendor, of several by the one that lies there", async () => {
      keeper.put("THERE-MUG", 5);
      await world.database.query(
        `insert into sku_mapping (channel_id, channel_sku, sku) values ($1, 'AAA-MUG', 'MUG'), ($1, 'THERE-MUG', 'MUG')`,
        [under.kind],
      );
      await readStock();
      keeper.put("MUG", 0);
      await readStock();
      const orderId = await world.placeOrder({ lines: THERE });
      await released(orderId);
      await look();
      expect(keeper.sellable("THERE-MUG")).toBe(3);
    });
  });

  describe("a cancellation of what the vendor was asked for", () => {
    test("asks the vendor first, and gives stock and money back once nothing leaves", async () => {
      const orderId = await world.placeOrder({ lines: THERE });
      await released(orderId);
      await look();
      await requestCancellation(world.context, { orderId, reason: "changed my mind", by: "staff:1" });
      expect(await timeline(world, orderId)).not.toContain("order.cancelled");
      seller.faults.nextWrite = "reply-lost";
      await look();
      await look();
      expect(await outcomeOf(world, orderId)).toEqual({ status: "cancelled" });
      expect(keeper.sent()).toMatchObject([{ state: "cancelled" }]);
      expect(await requests()).toMatchObject([{ state: "ended", outcome: "called_off" }]);
      expect(await onHand("MUG")).toBe(10);
      expect([...world.outside.charges.values()].some((charge) => charge.startsWith("capture"))).toBe(false);
    });

    test("before the vendor was asked needs no call", async () => {
      const orderId = await world.placeOrder({ lines: THERE });
      await released(orderId);
      await requestCancellation(world.context, { orderId, reason: "changed my mind", by: "staff:1" });
      await look();
      expect(await outcomeOf(world, orderId)).toEqual({ status: "cancelled" });
      expect(keeper.sent()).toEqual([]);
    });

    test("is refused where the vendor works on it, visibly, and the order goes on", async () => {
      const orderId = await world.placeOrder({ lines: THERE });
      await released(orderId);
      await look();
      passedMs += 6_000;
      await requestCancellation(world.context, { orderId, reason: "changed my mind", by: "staff:1" });
      await look();
      expect(await timeline(world, orderId)).toContain("order.cancellation_refused");
      await sendAndArrive(orderId);
      expect(await outcomeOf(world, orderId)).toEqual({ status: "completed" });
    });

    test("has its effect once though the process dies at each of its statements", async () => {
      const orderId = await world.placeOrder({ lines: THERE });
      await released(orderId);
      await look();
      await requestCancellation(world.context, { orderId, reason: "changed my mind", by: "staff:1" });
      expect(await dieAtEach()).toBeGreaterThan(5);
      expect(await outcomeOf(world, orderId)).toEqual({ status: "cancelled" });
      expect(keeper.sent()).toMatchObject([{ state: "cancelled" }]);
      expect(await onHand("MUG")).toBe(10);
    });

    test("that somebody wishes for while its parcel is heard of is refused, and the parcel is booked", async () => {
      const orderId = await world.placeOrder({ lines: THERE });
      await released(orderId);
      await look();
      passedMs += 21_000;
      const { provider } = lane;
      const follow: typeof provider.follow = async (key, items) => {
        const progress = await provider.follow(key, items);
        await requestCancellation(world.context, { orderId, reason: "changed my mind", by: "staff:1" });
        return progress;
      };
      await makeDue(true);
      await workOnRequests({ ...lane, provider: { ...provider, follow } });
      await sendAndArrive(orderId);
      expect(await timeline(world, orderId)).toContain("order.cancellation_refused");
      expect(await outcomeOf(world, orderId)).toEqual({ status: "completed" });
    });

    test("where one part can be stopped and the other cannot stops neither", async () => {
      const orderId = await world.placeOrder({ lines: THERE });
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
         values ($1 || '-F2', $1, $2, 'omaha')`,
        [orderId, under.kind],
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

  describe("what was given up without asking the vendor", () => {
    test("is called off there, and where it is too late the timeline says what the vendor sends for nothing", async () => {
      for (const isLate of [false, true]) {
        const orderId = await world.placeOrder({ lines: THERE });
        await released(orderId);
        await look();
        if (isLate) passedMs += 6_000;
        await world.client.workflow.getHandle(orderId).cancel();
        expect(await outcomeOf(world, orderId)).toEqual({ status: "cancelled" });
        await look();
        expect((await timeline(world, orderId)).includes("fulfillment.exception")).toBe(isLate);
      }
      expect(keeper.sent().map(({ state }) => state)).toEqual(["cancelled", "working"]);
      expect((await requests()).map(({ outcome }) => outcome).sort()).toEqual(["called_off", "forgotten"]);
    });

    test("is asked for anew where the order is not cancelled after all", async () => {
      const orderId = await world.placeOrder({ lines: THERE });
      await released(orderId);
      await look();
      await world.database.query("update provider_request set state = 'ended', outcome = 'called_off'");
      await askAgainWhatWasCalledOff(world.database, orderId);
      expect(await requests()).toMatchObject([{ state: "to_ask", round: 2, outcome: null }]);
      await look();
      expect(keeper.sent().map(({ key }) => key)).toEqual([`${orderId}-F1`, `${orderId}-F1-2`]);
    });
  });

  describe("what the vendor will not send", () => {
    test("waits for a person with the vendor's words, and is asked for under another key once it is released", async () => {
      keeper.put("MUG", 1);
      const orderId = await world.placeOrder({ lines: THERE });
      await released(orderId);
      await look();
      await held(world, orderId, "floor_exception");
      expect(await waitsFor(orderId)).toContain(under.tooLittle);
      expect(await requests()).toMatchObject([{ state: "ended", outcome: "refused" }]);
      expect(await readFulfillmentOrders(world.database, orderId)).toMatchObject([
        { status: "on_hold", stage: "waiting" },
      ]);
      keeper.put("MUG", 10);
      await release(world, orderId);
      await eventually("it is asked for anew", async () => (await requests())[0]?.["state"] === "to_ask");
      await look();
      expect(keeper.sent()).toMatchObject([{ key: `${orderId}-F1-2` }]);
      await sendAndArrive(orderId);
      expect(await outcomeOf(world, orderId)).toEqual({ status: "completed" });
    });

    test("after it was taken is told to a person once though the process dies at each statement", async () => {
      const orderId = await world.placeOrder({ lines: THERE });
      await released(orderId);
      await look();
      keeper.fail(`${orderId}-F1`);
      expect(await dieAtEach()).toBeGreaterThan(5);
      await held(world, orderId, "floor_exception");
      expect(await requests()).toMatchObject([{ state: "ended", outcome: "refused" }]);
      const entries = await timeline(world, orderId);
      expect(entries.filter((type) => type === "fulfillment.exception").length).toBe(1);
      expect(await onHand("MUG")).toBe(10);
    });

    test("after all, although it was taken, waits for a person as well", async () => {
      const orderId = await world.placeOrder({ lines: THERE });
      await released(orderId);
      await look();
      keeper.fail(`${orderId}-F1`);
      await look();
      await held(world, orderId, "floor_exception");
      expect(await waitsFor(orderId)).toContain(under.failed);
      expect(await requests()).toMatchObject([{ state: "ended", outcome: "refused" }]);
      expect(await onHand("MUG")).toBe(10);
    });
  });

  describe("an order of which the vendor sends a part only", () => {
    test("leaves with that part, and the rest waits for a person and is asked for anew", async () => {
      const orderId = await world.placeOrder({
        lines: [...THERE, { sku: "CAP", quantity: 1, priceMinor: 2_000, at: { omaha: 1 } }],
      });
      await released(orderId);
      await look();
      keeper.failItem(`${orderId}-F1`, "2");
      passedMs += 21_000;
      for (let turn = 0; turn < 4; turn += 1) await look();
      await held(world, orderId, "floor_exception");
      expect(await waitsFor(orderId)).toContain("1 unit does not leave.");
      await eventually("the part has left", async () =>
        (await timeline(world, orderId)).includes("shipment.shipped"),
      );
      await release(world, orderId);
      await eventually("the rest is asked for anew", async () =>
        (await requests()).some(({ state, round }) => state === "to_ask" && round === 2),
      );
      await look();
      expect(keeper.sent()).toMatchObject([
        { units: 3 },
        { key: `${orderId}-F1-2`, units: 1, state: "taken" },
      ]);
      passedMs += 60_000;
      for (let turn = 0; turn < 4; turn += 1) await look();
      passedMs += 60_000;
      await eventually("all has arrived", async () => {
        await look();
        return (await requests()).every(({ state }) => state === "ended");
      });
      expect(await outcomeOf(world, orderId)).toEqual({ status: "completed" });
      expect([await onHand("MUG"), await onHand("CAP")]).toEqual([8, 9]);
    });
  });

  describe("the stock that lies at the vendor", () => {
    test("is booked with its cause; what the vendor leaves out of its list stays as it is", async () => {
      keeper.put("MUG", 4);
      keeper.put("CAP", 25);
      keeper.put("NOT-OURS", 3);
      expect(await readStock()).toEqual({ goods: 2, changed: 2, refused: [] });
      expect([await onHand("MUG"), await onHand("CAP")]).toEqual([4, 25]);
      keeper.leftOut.add("CAP");
      keeper.put("MUG", 5);
      expect(await readStock()).toMatchObject({ goods: 1, changed: 1 });
      expect([await onHand("MUG"), await onHand("CAP")]).toEqual([5, 25]);
      expect(await readStock()).toMatchObject({ changed: 0 });
    });

    test("counts what was asked for until it has left, and believes no higher figure while goods move", async () => {
      const orderId = await world.placeOrder({ lines: THERE });
      await released(orderId);
      await look();
      // The vendor has 8 that may be sold and 2 reserved for us: ten are there.
      expect(await readStock()).toMatchObject({ changed: 0 });
      // A summary from before the request: two units that are promised already.
      keeper.put("MUG", 10);
      expect(await readStock()).toMatchObject({ changed: 0 });
      expect(await onHand("MUG")).toBe(10);
      // The vendor has sold five itself.
      keeper.put("MUG", 3);
      expect(await readStock()).toMatchObject({ changed: 1 });
      expect(await onHand("MUG")).toBe(5);
      await sendAndArrive(orderId);
      expect(await onHand("MUG")).toBe(3);
      await world.database.query("update provider_request set changed_at = now() - interval '1 hour'");
      keeper.put("MUG", 9);
      expect(await readStock()).toMatchObject({ changed: 1 });
      expect(await onHand("MUG")).toBe(9);
    });
  });
});

describe("with Amazon alone", () => {
  beforeEach(() => open(AMAZON));

  test("is not read for ever where its pages go round in a circle", async () => {
    let calls = 0;
    const readStock = async (page: string | null) => {
      calls += 1;
      return { stock: [{ sku: "MUG", sellable: 99 }], next: page === "b" ? "a" : page === "a" ? "b" : "a" };
    };
    const circling = { ...lane, provider: { ...lane.provider, readStock } };
    await expect(readProviderStock(circling)).rejects.toMatchObject({ code: "page_unknown" });
    expect(calls).toBe(9);
    expect(await onHand("MUG")).toBe(10);
  });

  test("is read from its beginning where a page has expired meanwhile, and is left for later where they all do", async () => {
    for (let number = 0; number < 60; number += 1) keeper.put(`A ${number}`, 1);
    keeper.put("MUG", 6);
    (seller as AmazonSimulator).warehouses.expiringPages = 2;
    expect(await readStock()).toMatchObject({ goods: 2, changed: 1 });
    expect(await onHand("MUG")).toBe(6);
    keeper.put("MUG", 7);
    (seller as AmazonSimulator).warehouses.expiringPages = 9;
    await expect(readStock()).rejects.toMatchObject({ code: "page_unknown" });
    expect(await onHand("MUG")).toBe(6);
  });
});

describe("with a vendor that takes first and shows and decides later", () => {
  const centers = () => (seller as WalmartSimulator).centers;

  beforeEach(() => open(WALMART));

  test("an order whose answer was lost is looked for, and is not sent twice though that would be taken", async () => {
    Object.assign(centers(), {
      takesTwice: true,
      unseenMs: 30_000,
      workMs: 60_000,
      sendMs: 70_000,
      deliverMs: 90_000,
    });
    const orderId = await world.placeOrder({ lines: THERE });
    await released(orderId);
    seller.faults.nextWrite = "reply-lost";
    for (let turn = 0; turn < 3; turn += 1) await look(false);
    expect(await requests()).toMatchObject([{ state: "to_ask" }]);
    // The units count as asked for: nothing of them is offered to anybody else meanwhile.
    expect(await readStock()).toMatchObject({ changed: 0 });
    expect(await onHand("MUG")).toBe(10);
    passedMs += 31_000;
    await look(false);
    expect(await requests()).toMatchObject([{ state: "asked" }]);
    expect(keeper.sent().length).toBe(1);
    passedMs += 40_000;
    await sendAndArrive(orderId);
    expect(await outcomeOf(world, orderId)).toEqual({ status: "completed" });
    expect(keeper.sent().length).toBe(1);
  });

  test("an order that never got there is asked for once enough time has passed", async () => {
    centers().takesTwice = true;
    const orderId = await world.placeOrder({ lines: THERE });
    await released(orderId);
    seller.faults.nextWrite = "request-lost";
    await look(false);
    await look(false);
    expect(keeper.sent()).toEqual([]);
    await look();
    expect(keeper.sent().length).toBe(1);
    expect(await requests()).toMatchObject([{ state: "asked", key: `${orderId}-F1` }]);
  });

  test("an order that was turned away is asked for again at once", async () => {
    const orderId = await world.placeOrder({ lines: THERE });
    await released(orderId);
    seller.faults.rates = { ...NO_SERVER_FAULTS, throttleRate: 1 };
    await expect(look(false)).rejects.toMatchObject({ code: "rate_limited" });
    seller.faults.rates = NO_SERVER_FAULTS;
    await look(false);
    expect(await requests()).toMatchObject([{ state: "asked" }]);
  });

  test("an order that is not to be seen yet is neither asked for again nor believed to be called off", async () => {
    Object.assign(centers(), { takesTwice: true, unseenMs: 4_000 });
    const orderId = await world.placeOrder({ lines: THERE });
    await released(orderId);
    await look(false);
    await look(false);
    expect(await requests()).toMatchObject([{ state: "asked" }]);
    await requestCancellation(world.context, { orderId, reason: "changed my mind", by: "staff:1" });
    await look(false);
    expect(await timeline(world, orderId)).not.toContain("order.cancelled");
    expect(await requests()).toMatchObject([{ state: "asked", outcome: null }]);
    passedMs += 4_500;
    for (let turn = 0; turn < 2; turn += 1) await look(false);
    expect(await outcomeOf(world, orderId)).toEqual({ status: "cancelled" });
    expect(keeper.sent()).toMatchObject([{ state: "cancelled" }]);
  });

  test("a cancellation waits until it is decided on, and the wish is told once", async () => {
    centers().decideMs = 3_000;
    const orderId = await world.placeOrder({ lines: THERE });
    await released(orderId);
    await look();
    await requestCancellation(world.context, { orderId, reason: "changed my mind", by: "staff:1" });
    for (let turn = 0; turn < 3; turn += 1) await look();
    expect(await timeline(world, orderId)).not.toContain("order.cancelled");
    passedMs += 3_500;
    await look();
    expect(await outcomeOf(world, orderId)).toEqual({ status: "cancelled" });
    expect(await onHand("MUG")).toBe(10);
  });

  test("a wish that was taken and comes to nothing ends as too late once the parcel has left", async () => {
    centers().ignoresWishes = true;
    const orderId = await world.placeOrder({ lines: THERE });
    await released(orderId);
    await look();
    await requestCancellation(world.context, { orderId, reason: "changed my mind", by: "staff:1" });
    await look();
    expect(await timeline(world, orderId)).not.toContain("order.cancellation_refused");
    passedMs += 21_000;
    await look();
    expect(await timeline(world, orderId)).toContain("order.cancellation_refused");
    await sendAndArrive(orderId);
    expect(await outcomeOf(world, orderId)).toEqual({ status: "completed" });
  });
});

describe("what Amazon says of a request in its queue", () => {
  beforeEach(() => open(AMAZON));

  const hear = () => {
    const account = { channelId: "amazon" } as ChannelAccount;
    const { messages } = connection;
    if (messages === undefined) throw new Error("the account has a queue");
    const ours = { context: world.context, account, adapters: channelAdapters };
    return readMessages(ours, messages, new AbortController().signal);
  };

  /** Asked for long ago, so that it is looked at seldom. */
  const putOff = () =>
    world.database.query(
      "update provider_request set due_at = now() + interval '1 hour', asked_at = now() - interval '10 hours'",
    );

  async function dueInS(): Promise<number> {
    const { rows } = await world.database.query<{ s: number }>(
      "select extract(epoch from due_at - now())::double precision as s from provider_request",
    );
    return rows[0]?.s ?? Number.NaN;
  }

  async function asked(): Promise<string> {
    const orderId = await world.placeOrder({ lines: THERE });
    await released(orderId);
    await look();
    expect(await requests()).toMatchObject([{ state: "asked" }]);
    await putOff();
    return orderId;
  }

  test("has it looked at at once, and what is found there is booked once though it is said twice", async () => {
    const orderId = await asked();
    expect(await workOnRequests(lane)).toBe(0);
    passedMs += 21_000;
    seller.faults.rates = { ...NO_SERVER_FAULTS, webhookRepeatRate: 1 };
    expect(await hear()).toEqual({ count: 2, refused: [] });
    await eventually("its parcel has left", async () => {
      await workOnRequests(lane);
      return (await timeline(world, orderId)).includes("shipment.shipped");
    });
    expect(await onHand("MUG")).toBe(8);
    const { rows } = await world.database.query("select from shipment where order_id = $1", [orderId]);
    expect(rows).toHaveLength(1);
  });

  test("that is late or out of order changes nothing: what Amazon has by then counts", async () => {
    const orderId = await asked();
    const say = (status: string) =>
      captureOrders(world.context, {
        channelId: "amazon",
        topic: null,
        payload: JSON.stringify({
          NotificationType: "FULFILLMENT_ORDER_STATUS",
          Payload: {
            FulfillmentOrderStatusNotification: {
              SellerFulfillmentOrderId: `${orderId}-F1`,
              FulfillmentOrderStatus: status,
              FulfillmentShipment: { FulfillmentShipmentStatus: "SHIPPED", FulfillmentShipmentPackages: [] },
            },
          },
        }),
        adapters: channelAdapters,
        cause: "channel:amazon",
      });
    for (const status of ["Complete", "Cancelled", "Unfulfillable", "Received"])
      expect(await say(status)).toMatchObject([{ outcome: "ignored" }]);
    await eventually("it was looked at", async () => (await workOnRequests(lane)) === 1);
    expect(await requests()).toMatchObject([{ state: "asked", outcome: null }]);
    expect(await timeline(world, orderId)).not.toContain("shipment.shipped");
    // Amazon may say so a moment before it shows it: soon it is looked at once more.
    expect(await dueInS()).toBeLessThanOrEqual(15);
  });

  test("and is lost is missed by nobody: it is looked at in its own time", async () => {
    const orderId = await world.placeOrder({ lines: THERE });
    await released(orderId);
    seller.faults.rates = { ...NO_SERVER_FAULTS, webhookLossRate: 1 };
    await look();
    await sendAndArrive(orderId);
    expect(await outcomeOf(world, orderId)).toEqual({ status: "completed" });
  });

  test("while somebody looks has it looked at once more soon", async () => {
    await asked();
    await world.database.query("update provider_request set due_at = now()");
    const { provider } = lane;
    const naming: ProviderLane = {
      ...lane,
      provider: {
        ...provider,
        follow: async (key, items) => {
          const found = await provider.follow(key, items);
          expect(await hurryRequest(world.database, "amazon", key)).toBe(true);
          return found;
        },
      },
    };
    expect(await workOnRequests(naming)).toBe(1);
    expect(await dueInS()).toBeLessThanOrEqual(15);
  });

  test("a hundred times is one look, and one that waits after a fault goes on waiting", async () => {
    const orderId = await asked();
    const name = () => hurryRequest(world.database, "amazon", `${orderId}-F1`);
    await world.database.query("update provider_request set changed_at = now()");
    for (let time = 0; time < 100; time += 1) await name();
    expect(await dueInS()).toBeGreaterThan(0);
    await world.database.query(
      "update provider_request set attempts = 3, due_at = now() + interval '1 minute'",
    );
    await name();
    expect(await dueInS()).toBeGreaterThan(50);
  });

  test("of what was never asked for here, or has ended, is nobody's", async () => {
    const orderId = await asked();
    expect(await hurryRequest(world.database, "amazon", "CONSUMER-2024-1")).toBe(false);
    expect(await hurryRequest(world.database, "walmart", `${orderId}-F1`)).toBe(false);
    await world.database.query("update provider_request set state = 'ended'");
    expect(await hurryRequest(world.database, "amazon", `${orderId}-F1`)).toBe(false);
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
