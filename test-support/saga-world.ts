/**
 * Sagas as they run, for tests: real PostgreSQL, real Temporal, the real relay, workflows and activities. The
 * stock and the outside world are in memory. A test can make steps fail.
 */
import { randomBytes } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
import { ApplicationFailure, Client, Connection, type WorkflowClientInterceptor } from "@temporalio/client";
import { DefaultLogger, NativeConnection, Runtime, Worker, type WorkerOptions } from "@temporalio/worker";
import { type Logger, pino } from "pino";
import type { AllocatorClient, OrderReservation } from "../engine/allocator-client.ts";
import type { OperationContext } from "../operations/context.ts";
import { confirmPack } from "../operations/floor/confirm-pack.ts";
import { confirmPick } from "../operations/floor/confirm-pick.ts";
import { recordTracking } from "../operations/shipping/record-tracking.ts";
import type { Address } from "../orders/address.ts";
import type { Fulfiller, HoldReason, LineKind, OrderDocument } from "../orders/order.ts";
import { capturedPaymentStatus } from "../orders/order-status.ts";
import type { TrackingStatus } from "../ports/carriers.ts";
import { parcelLimitOf } from "../ports/parcel-limit.ts";
import { writeOutbox } from "../store/outbox.ts";
import { type Database, inTransaction } from "../store/sql/database.ts";
import {
  allSteps,
  createSagaActivities,
  type SagaActivities,
  type SagaSteps,
} from "../workflows/all-activities.ts";
import {
  type OrderMessage,
  type RefundMessage,
  type ReturnMessage,
  signalRow,
  startRow,
} from "../workflows/messages.ts";
import { loadWorkflowBundle } from "../workflows/runtime/bundle.ts";
import { startMailRelay } from "../workflows/runtime/mail-relay.ts";
import { settleSagas } from "../workflows/runtime/saga-home.ts";
import { startSagaRelay } from "../workflows/runtime/saga-relay.ts";
import { StartTurns } from "../workflows/runtime/start-turns.ts";
import { workerOptions } from "../workflows/runtime/worker.ts";
import { createTestNamespace } from "./servers/temporal.ts";
import { stockInMemory } from "./stock/stock.ts";
import { type OutsideWorld, outsideWorld, TEST_CARRIER } from "./vendors/outside-world.ts";

/**
 * How a step fails the first time it is called: `before` and `after` its effect with an operating fault,
 * which is repeated; `impossible-before` and `impossible-after` with a failure that is not.
 */
export type Fault = "before" | "after" | "impossible-before" | "impossible-after";

export type SagaWorld = {
  readonly database: Database;
  readonly stock: AllocatorClient;
  readonly outside: OutsideWorld;
  readonly client: Client;
  readonly context: OperationContext;
  /** Calls of each step so far. */
  readonly calls: Map<string, number>;
  /** Makes the next call of a step fail. */
  failNext(step: keyof SagaActivities, fault: Fault): void;
  /** Makes the next call of a step wait before it does anything: `begun`. `goOn` lets it through. */
  haltNext(step: keyof SagaActivities): { readonly begun: Promise<void>; goOn(): void };
  placeOrder(order?: Partial<NewOrder>): Promise<string>;
  tell(orderId: string, message: OrderMessage): Promise<void>;
  tellReturn(returnId: string, message: ReturnMessage): Promise<void>;
  tellRefund(refundId: string, message: RefundMessage): Promise<void>;
  /** A person picks and packs a fulfillment order. */
  pack(fulfillmentOrderId: string): Promise<void>;
  /** What one unit weighs from now on, until the test ends. */
  weigh(sku: "MUG" | "CAP", grams: number): Promise<void>;
  /** The carrier reports on a parcel. */
  track(shipmentId: string, status: TrackingStatus): Promise<void>;
  /**
   * Another worker takes over, as after an upgrade. Former ones go the ways of the sagas' code that it had
   * then.
   */
  restartWorker(version: WorkerVersion): Promise<void>;
  /**
   * Temporal and all that it knew are gone; the sagas go on in an empty one.
   *
   * @param meanwhile what happens when no worker runs any more, and is still told to the Temporal that is lost
   * @param afterwards what happens when nothing is told to it any more
   */
  loseTemporal(meanwhile?: () => Promise<void>, afterwards?: () => Promise<void>): Promise<void>;
  /** Ends what runs and forgets what happened outside the database, for the next test. */
  reset(): Promise<void>;
  close(): Promise<void>;
};

/** Workers of former versions, by what they did not know, and of this one. */
type WorkerVersion = keyof typeof FORMER_WORKERS | "today";

const FORMER_WORKERS = {
  former: { begins: undefined, knows: () => false },
  "before-going-on": {
    begins: undefined,
    knows: (patch: string) => patch !== "goes-on" && patch !== "tries-at-once",
  },
  "before-trying-at-once": { begins: 1, knows: (patch: string) => patch !== "tries-at-once" },
} as const;

export type NewOrder = {
  readonly paymentBy: OrderDocument["paymentBy"];
  /** The means of payment; null: none. */
  readonly paymentMethod: string | null;
  readonly lines: readonly {
    readonly sku: string;
    readonly quantity: number;
    readonly priceMinor: number;
    /** Absent: goods of ours. */
    readonly kind?: LineKind;
    readonly fulfilledBy?: Fulfiller;
    /** Units reserved by location. */
    readonly at: Readonly<Record<string, number>>;
  }[];
  readonly holdReasons: readonly HoldReason[];
  readonly shippingMinor: number;
  readonly storeCredit: OrderDocument["storeCredit"];
  /** Absent: a parcel. */
  readonly delivery: OrderDocument["delivery"];
  /** Absent: at once. */
  readonly releaseOn: OrderDocument["releaseOn"];
};

const ADDRESS: Address = {
  name: "Ada Example",
  line1: "1 Main Street",
  city: "Reno",
  region: "NV",
  postalCode: "89501",
  country: "US",
  phone: "+17755550142",
};

export async function startSagaWorld(database: Database): Promise<SagaWorld> {
  const logger: Logger = pino({ level: "silent" });
  quietRuntime();
  const memory = stockInMemory();
  const stock = { ...memory, reserveOrder: reservingOrders(database, memory) };
  const outside = outsideWorld();
  await seed(database, stock);
  const calls = new Map<string, number>();
  const faults = new Map<string, Fault>();
  const halts = new Map<string, Halt>();
  const dependencies = {
    ...outside,
    database,
    allocator: stock,
    publicUrl: "http://shop.test",
    now: Date.now,
    logger,
  };
  /** Steps that have begun and not ended. */
  const underWay = new Set<Promise<unknown>>();
  const faulty = (steps: SagaSteps) => withFaults(steps, calls, faults, halts, underWay);
  const { goOn, ...steps } = createSagaActivities(dependencies, faulty);
  const activities: SagaActivities = { ...steps, ...withFaults({ goOn }, calls, faults, halts, underWay) };
  const bundle = await loadWorkflowBundle(logger);
  let { address, namespace } = await createTestNamespace();
  const connection = await Connection.connect({ address });
  let beginsAs: WorkerVersion = "today";
  const interceptors = { workflow: [{ start: asBegunBy(() => beginsAs) }] };
  let client = new Client({ connection, namespace, interceptors });
  await registerSearchAttributes(connection, namespace);
  const native = await NativeConnection.connect({ address });
  const startWorker = async (options: Partial<WorkerOptions> = {}) => {
    const worker = await Worker.create({
      connection: native,
      namespace,
      ...workerOptions(bundle, activities),
      ...options,
    });
    const running = worker.run();
    return async () => {
      worker.shutdown();
      await running;
    };
  };
  let stopWorker = await startWorker();
  const turns = new StartTurns({ thread: null, inHand: () => 0 });
  let relay = startSagaRelay({ database, client, logger, turns });
  const mails = startMailRelay({
    database,
    steps: faulty(allSteps(dependencies)),
    logger,
  });
  // Where nothing of the stock changes, a commit is only its records.
  const allocator: AllocatorClient = {
    ...stock,
    commit: (writer, record) => inTransaction(database, (client) => writer.write(client, [record])),
  };
  const context: OperationContext = {
    database,
    allocator,
    parcelLimit: parcelLimitOf(outside.carriers),
    now: Date.now,
  };
  const started: string[] = [];
  const endSagas = async () => {
    for (const workflowId of started.splice(0))
      await client.workflow
        .getHandle(workflowId)
        .terminate()
        .catch(() => {});
  };

  return {
    database,
    stock,
    outside,
    get client() {
      return client;
    },
    context,
    calls,
    failNext: (step, fault) => {
      faults.set(step, fault);
    },
    haltNext: (step) => {
      const halt = { begun: gate(), goOn: gate() };
      halts.set(step, halt);
      return { begun: halt.begun.opened, goOn: halt.goOn.open };
    },
    placeOrder: async (order = {}) => {
      const orderId = await placeOrder(database, stock, order);
      started.push(orderId);
      return orderId;
    },
    tell: (workflowId, message) =>
      writeOutbox(database, [signalRow({ workflowId, signal: "orderMessage", message })]),
    tellReturn: (workflowId, message) =>
      writeOutbox(database, [signalRow({ workflowId, signal: "returnMessage", message })]),
    tellRefund: (workflowId, message) =>
      writeOutbox(database, [signalRow({ workflowId, signal: "refundMessage", message })]),
    pack: async (fulfillmentOrderId) => {
      const { rows } = await database.query<{ holdId: string; quantity: number }>(
        `select hold_id as "holdId", quantity from fulfillment_order_line where fulfillment_order_id = $1`,
        [fulfillmentOrderId],
      );
      const by = { fulfillmentOrderId, cause: "staff:tester", key: `by-hand:${fulfillmentOrderId}` };
      must(await confirmPick(context, { ...by, picked: rows }));
      must(await confirmPack(context, { ...by, verified: "by-person" }));
    },
    weigh: async (sku, grams) => {
      await database.query("update product set weight_grams = $2 where sku = $1", [sku, grams]);
    },
    track: async (shipmentId, status) => {
      const { rows } = await database.query<{ tracking_number: string }>(
        "select tracking_number from shipment where id = $1",
        [shipmentId],
      );
      const trackingNumber = rows[0]?.tracking_number ?? "";
      const at = new Date().toISOString();
      const report = { reportId: `${trackingNumber}-${status}`, trackingNumber, status, at };
      await recordTracking(context, TEST_CARRIER, [
        { ...report, message: "reported by the test", place: "Reno" },
      ]);
    },
    restartWorker: async (version) => {
      await stopWorker();
      stopWorker = await startWorker(
        version === "today"
          ? undefined
          : { patchActivationCallback: ({ patchId }) => FORMER_WORKERS[version].knows(patchId) },
      );
      beginsAs = version;
    },
    loseTemporal: async (meanwhile, afterwards) => {
      await settleSagas({ database, connection, client, namespace, logger });
      await stopWorker();
      await meanwhile?.();
      await eventually("an empty outbox", async () => {
        const { rowCount } = await database.query(
          "select from outbox where done_at is null and topic <> 'mail.send'",
        );
        return rowCount === 0;
      });
      await relay.stop();
      await afterwards?.();
      ({ address, namespace } = await createTestNamespace());
      client = new Client({ connection, namespace, interceptors });
      await registerSearchAttributes(connection, namespace);
      await settleSagas({ database, connection, client, namespace, logger });
      stopWorker = await startWorker();
      relay = startSagaRelay({ database, client, logger, turns });
    },
    reset: async () => {
      await endSagas();
      // A worker that is in the midst of a task hears only afterwards that its saga was ended.
      for (let quiet = 0; quiet < 2; quiet = underWay.size === 0 ? quiet + 1 : 0) {
        await Promise.allSettled([...underWay]);
        await pause(10);
      }
      outside.clear();
      calls.clear();
      faults.clear();
      halts.clear();
      stock.clear();
      await database.query("update product set weight_grams = $1", [UNIT_GRAMS]);
      await fillStock(stock);
    },
    close: async () => {
      await Promise.all([relay.stop(), mails.stop()]);
      await endSagas();
      await stopWorker();
      await native.close();
      await connection.close();
    },
  };
}

/**
 * Polls until `check` gives a value. Where it does not, the test fails with what was seen last, and not by
 * its own time-out.
 */
export async function eventually<T>(
  what: string,
  check: () => Promise<T | undefined | false>,
  timeoutMs = 20_000,
): Promise<T> {
  const deadline = Date.now() + timeoutMs;
  while (Date.now() < deadline) {
    const seen = await check();
    if (seen !== undefined && seen !== false) return seen;
    await pause(20);
  }
  throw new Error(`not seen within ${timeoutMs} ms: ${what}`);
}

function must(result: { readonly status: string }): void {
  if (result.status !== "done") throw new Error(`refused: ${JSON.stringify(result)}`);
}

/** The relays of former versions wrote another version into the start of a saga, or none. */
function asBegunBy(current: () => WorkerVersion): NonNullable<WorkflowClientInterceptor["start"]> {
  return async (input, next) => {
    const [begin] = input.options.args as readonly object[];
    const version = current();
    if (version === "today" || begin === undefined) return next(input);
    const { begins } = FORMER_WORKERS[version];
    const { version: _, ...former } = begin as { readonly version?: number };
    const args = [begins === undefined ? former : { ...former, version: begins }];
    return next({ ...input, options: { ...input.options, args } });
  };
}

type Gate = { readonly opened: Promise<void>; readonly open: () => void };

function gate(): Gate {
  let open: () => void = () => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open };
}

type Halt = Readonly<Record<"begun" | "goOn", Gate>>;

function withFaults<Steps extends object>(
  activities: Steps,
  calls: Map<string, number>,
  faults: Map<string, Fault>,
  halts: Map<string, Halt>,
  underWay: Set<Promise<unknown>>,
): Steps {
  const wrap =
    (step: string, run: (input: never) => Promise<unknown>) =>
    async (input: never): Promise<unknown> => {
      calls.set(step, (calls.get(step) ?? 0) + 1);
      const fault = faults.get(step);
      faults.delete(step);
      const halt = halts.get(step);
      halts.delete(step);
      halt?.begun.open();
      await halt?.goOn.opened;
      const fail = () =>
        ApplicationFailure.create({
          message: `made to fail: ${step}`,
          ...(fault?.startsWith("impossible") ? { nonRetryable: true } : { nextRetryDelay: 10 }),
        });
      if (fault === "before" || fault === "impossible-before") throw fail();
      const running = run(input);
      underWay.add(running);
      const result = await running.finally(() => underWay.delete(running));
      if (fault !== undefined) throw fail();
      return result;
    };
  return Object.fromEntries(
    Object.entries(activities).map(([step, run]) => [step, wrap(step, run as never)]),
  ) as unknown as Steps;
}

let runtimeQuiet = false;

/** Lets Temporal log errors only. Once in each process. */
export function quietRuntime(): void {
  if (runtimeQuiet) return;
  runtimeQuiet = true;
  Runtime.install({ shutdownSignals: [], logger: new DefaultLogger("ERROR") });
}

async function registerSearchAttributes(connection: Connection, namespace: string): Promise<void> {
  await connection.operatorService.addSearchAttributes({
    namespace,
    searchAttributes: { HoldfastChannel: 2, HoldfastStatus: 2 },
  });
}

/** Reserves each line at one location that has all of it, or nothing; writes what comes along with it. */
function reservingOrders(database: Database, stock: AllocatorClient): AllocatorClient["reserveOrder"] {
  return async (request, attachment) => {
    const free = await stock.positions(request.lines.map(({ sku }) => sku));
    const holds = request.lines.flatMap(({ lineId, sku, quantity }) => {
      const place = free.find(
        (position) =>
          position.sku === sku &&
          position.onHand - position.reserved - position.allocated - position.picked >= quantity,
      );
      return place === undefined
        ? []
        : [
            {
              holdId: `${request.orderId}:${lineId}:${place.locationId}`,
              lineId,
              sku,
              locationId: place.locationId,
              quantity,
            },
          ];
    });
    const isWhole = holds.length === request.lines.length;
    const outcome: OrderReservation = isWhole
      ? { status: "reserved", holds, explanation: [], short: [] }
      : {
          status: "refused",
          code: "insufficient_stock",
          short: request.lines.map(({ lineId, sku, quantity }) => ({ lineId, sku, missing: quantity })),
        };
    if (isWhole)
      await stock.execute(
        holds.map(({ lineId: _lineId, ...hold }) => ({
          ...hold,
          type: "reserve",
          commandId: `${hold.holdId}:reserve`,
          expiresAtMs: 0,
          atMs: 0,
          cause: request.orderId,
        })),
      );
    const record = attachment?.record(outcome) ?? null;
    if (record !== null)
      await inTransaction(database, async (client) => {
        await attachment?.writer.write(client, [record]);
      });
    return outcome;
  };
}

/** Of both products. */
const UNIT_GRAMS = 400;

/** Two fulfillment centers without robots, so that people pack, and two products with ten units at each. */
async function seed(database: Database, stock: AllocatorClient): Promise<void> {
  await database.query("insert into company (id, name, currency) values ('acme', 'Acme', 'USD')");
  await database.query(
    `insert into location (id, company_id, name, kind, address, latitude, longitude, priority)
     select id, 'acme', id, 'fulfillment_center', $1, 39.5, -119.8, n
     from unnest(array['reno', 'omaha']) with ordinality as l(id, n)`,
    [JSON.stringify(ADDRESS)],
  );
  await database.query(
    "insert into channel (id, company_id, name, kind) values ('shop', 'acme', 'Shop', 'holdfast')",
  );
  await database.query(
    `insert into product (sku, company_id, name, weight_grams, price_minor, currency, hs_code, origin_country, gtin)
     select sku, 'acme', 'Product ' || sku, $1, 5000, 'USD', '420292', 'US', '0000000000000'
     from unnest(array['MUG', 'CAP']) as p(sku)`,
    [UNIT_GRAMS],
  );
  await fillStock(stock);
}

async function fillStock(stock: AllocatorClient): Promise<void> {
  await stock.execute(
    ["MUG", "CAP"].flatMap((sku) =>
      ["reno", "omaha"].map((locationId) => ({
        type: "receive" as const,
        commandId: `seed:${sku}:${locationId}`,
        sku,
        locationId,
        quantity: 10,
        atMs: 0,
        cause: "seed",
      })),
    ),
  );
}

async function placeOrder(
  database: Database,
  stock: AllocatorClient,
  wanted: Partial<NewOrder>,
): Promise<string> {
  const order: NewOrder = {
    paymentBy: "merchant",
    paymentMethod: "pm_card_visa",
    lines: [{ sku: "MUG", quantity: 2, priceMinor: 5000, at: { reno: 2 } }],
    holdReasons: [],
    shippingMinor: 500,
    storeCredit: undefined,
    delivery: undefined,
    releaseOn: undefined,
    ...wanted,
  };
  const externalId = randomBytes(5).toString("hex");
  const orderId = `shop-${externalId}`;
  const money = (minor: number) => ({ minor, currency: "USD", exponent: 2 });
  const total =
    order.shippingMinor + order.lines.reduce((sum, line) => sum + line.quantity * line.priceMinor, 0);
  const document: OrderDocument = {
    orderId,
    companyId: "acme",
    channelId: "shop",
    externalId,
    externalNumber: `#${externalId}`,
    externalIds: {},
    placedAt: new Date().toISOString(),
    capturedAt: new Date().toISOString(),
    currency: "USD",
    lines: order.lines.map((line, index) => ({
      lineId: String(index + 1),
      externalLineId: String(index + 1),
      sku: line.sku,
      channelSku: line.sku,
      title: `Product ${line.sku}`,
      quantity: line.quantity,
      unitPrice: money(line.priceMinor),
      discount: money(0),
      tax: money(0),
      taxes: [],
      attributes: {},
      ...(line.kind === undefined ? {} : { kind: line.kind }),
      ...(line.fulfilledBy === undefined ? {} : { fulfilledBy: line.fulfilledBy }),
    })),
    shippingPrice: money(order.shippingMinor),
    discount: money(0),
    tax: money(0),
    total: money(total),
    shippingAddress: ADDRESS,
    billingAddress: null,
    customer: { name: "Ada Example", email: "ada@example.test" },
    shippingService: "Standard",
    paymentBy: order.paymentBy,
    ...(order.paymentMethod === null ? {} : { paymentMethod: order.paymentMethod }),
    ...(order.storeCredit === undefined ? {} : { storeCredit: order.storeCredit }),
    ...(order.delivery === undefined ? {} : { delivery: order.delivery }),
    ...(order.releaseOn === undefined ? {} : { releaseOn: order.releaseOn }),
  };
  const holds = order.lines.flatMap((line, index) =>
    Object.entries(line.at).map(([locationId, quantity]) => ({
      holdId: `${orderId}:${index + 1}:${locationId}`,
      lineId: String(index + 1),
      sku: line.sku,
      locationId,
      quantity,
    })),
  );
  await stock.execute(
    holds.map((hold) => ({
      type: "reserve" as const,
      commandId: `${hold.holdId}:reserve`,
      holdId: hold.holdId,
      sku: hold.sku,
      locationId: hold.locationId,
      quantity: hold.quantity,
      expiresAtMs: 0,
      atMs: 0,
      cause: "test",
    })),
  );
  const onHold = order.holdReasons.length > 0;
  await inTransaction(database, async (client) => {
    await client.query(
      `insert into orders (id, company_id, channel_id, external_id, external_number, status, payment_status,
         fulfillment_status, hold_reasons, currency, total_minor, exponent, unit_count, customer_name, customer_email,
         ship_by, deliver_by, placed_at, content_hash, document, raw_payload, tracking_token)
       values ($1, 'acme', 'shop', $2, $3, $4, $9, 'unfulfilled', $5, 'USD', $6, 2, $7, 'Ada Example',
         'ada@example.test', current_date + 1, current_date + 3, now(), '', $8, '{}', $2)`,
      [
        orderId,
        externalId,
        `#${externalId}`,
        onHold ? "on_hold" : "open",
        JSON.stringify(order.holdReasons),
        total,
        order.lines.reduce((sum, line) => sum + line.quantity, 0),
        JSON.stringify(document),
        capturedPaymentStatus(order.paymentBy, order.holdReasons),
      ],
    );
    await client.query(
      `insert into order_line (order_id, line_id, sku, channel_sku, title, kind, fulfilled_by, ordered,
         unit_price_minor, discount_minor, tax_minor)
       select $1, "lineId", sku, sku, 'Product ' || sku, kind, by, quantity, price, 0, 0
       from jsonb_to_recordset($2)
         as l("lineId" text, sku text, kind text, by text, quantity integer, price bigint)`,
      [
        orderId,
        JSON.stringify(
          order.lines.map((line, index) => ({
            lineId: String(index + 1),
            sku: line.sku,
            quantity: line.quantity,
            price: line.priceMinor,
            kind: line.kind ?? "goods",
            by: line.fulfilledBy ?? "us",
          })),
        ),
      ],
    );
    await client.query(
      `insert into order_hold (order_id, hold_id, line_id, sku, location_id, quantity)
       select $1, "holdId", "lineId", sku, "locationId", quantity
       from jsonb_to_recordset($2)
         as h("holdId" text, "lineId" text, sku text, "locationId" text, quantity integer)`,
      [orderId, JSON.stringify(holds)],
    );
    await writeOutbox(client, [
      startRow({
        workflow: "orderFulfillment",
        workflowId: orderId,
        args: [{ orderId, channelId: "shop", onHold }],
      }),
    ]);
  });
  return orderId;
}
