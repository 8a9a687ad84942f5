/**
 * Plays a planned day against a running system and reports how it went.
 *
 * D1. At most `depth` orders are under way at a time: the system is busy, but not flooded.
 * D2. The day survives a restart of the system: streams reconnect and resend, reads are repeated.
 * D3. Every number of the report is read from the books after the day, not counted along the way.
 * D4. Where the machine may be lost and restored (`onLost`), channels send again what it has forgotten, as
 *     they do with orders that they see no parcel of.
 */
import { isDeepStrictEqual } from "node:util";
import { IDEMPOTENCY_CLAIM_MS } from "../../config/limits.ts";
import { Random } from "../../config/seeded-random.ts";
import type { CaptureResult } from "../../contract/orders.ts";
import type { PositionView } from "../../engine/allocator-client.ts";
import { readMoney } from "../../store/audit/money-audit.ts";
import {
  type Happenings,
  type HeldReason,
  type OrderProgressCounts,
  type OrderTotals,
  readDelivered,
  readHappenings,
  readHeld,
  readMissing,
  readProgress,
  readStageTimes,
  readStuck,
  readTotals,
  type StageTime,
} from "../../store/audit/order-statistics.ts";
import { type Database, openDatabase } from "../../store/sql/database.ts";
import type { Access } from "../client/credentials.ts";
import { describeSagas, type TemporalAccess } from "../client/describe-sagas.ts";
import { RestClient } from "../client/rest.ts";
import { StreamClient } from "../client/stream.ts";
import { UserProblem } from "../problem.ts";
import { sandboxCatalog } from "../sandbox/catalog.ts";
import { SANDBOX_LOCATIONS } from "../sandbox/company.ts";
import { auditStock, readStockBooks, type StockAudit, type StockBooks } from "./audit.ts";
import { type DayPlan, type PlannedSending, planDay } from "./day-plan.ts";
import { auditDoubles, type OutsideAccount, simulatedWorld } from "./doubles-audit.ts";
import { auditMoney, type MoneyAudit } from "./money-audit.ts";
import { openReturnsDesk, type ReturnsDesk } from "./returns-desk.ts";
import { openServiceDesk, type ServiceDesk } from "./service-desk.ts";
import { openStoreCounter, type StoreCounter } from "./store-counter.ts";

type DayOptions = {
  readonly orders: number;
  readonly seed: string;
  /** Share of delivered orders that come back, 0 to 100. */
  readonly returnsPercent: number;
  /** Pace of the simulated world; 1 is demonstration pace. */
  readonly speed: number;
  /** Orders under way at a time. */
  readonly depth: number;
  /** Over how long its orders come, evenly; 0: as fast as `depth` lets them. Milliseconds. */
  readonly overMs: number;
  /** Without any progress for so long the day ends as it is. */
  readonly patienceMs: number;
  /**
   * Told of orders that were acknowledged and are not there any more, before they are sent again. Where there
   * is one, shoppers send nothing back before.
   *
   * @returns what the outside had done when they were lost
   */
  readonly onLost?: (orders: readonly LostOrder[]) => OutsideAccount;
};

export type LostOrder = { readonly orderId: string; readonly acknowledgedAtMs: number };

export type DayView = OrderProgressCounts & {
  readonly sent: number;
  readonly planned: number;
  readonly returns: number;
};

export type DayReport = {
  readonly seed: string;
  readonly orders: OrderTotals & {
    readonly planned: number;
    readonly accepted: number;
    readonly heldAtCapture: number;
    readonly duplicatesRecognised: number;
    readonly refused: number;
    readonly unfinished: number;
  };
  readonly happenings: Happenings;
  readonly held: readonly HeldReason[];
  readonly oversold: number;
  readonly doubled: number;
  /** What the outside did for a machine that was lost, and the books of the restored one do not have. */
  readonly leftByLost: readonly string[];
  readonly stock: Pick<StockAudit, "reconciled" | "positions" | "units">;
  /** In cents. */
  readonly money: Omit<MoneyAudit, "findings"> & { readonly reconciled: boolean };
  readonly stages: readonly StageTime[];
  readonly seconds: number;
  readonly capturedPerSecond: number;
  readonly ordersPerSecond: number;
  readonly findings: readonly string[];
  /** Whether everything went as planned. */
  readonly ok: boolean;
};

const TICK_MS = 300;
/** The share of picks where a robot finds one unit fewer than the books say. */
const SHORT_PICKS = 0.01;
/** The longest that books which are written one after the other may disagree. */
const SETTLING_MS = 10_000;
/**
 * How long a restart of the system may take, with the wait until the keys of requests that died with it are
 * free.
 */
const RESTART_PATIENCE_MS = 2 * IDEMPOTENCY_CLAIM_MS;

export async function runDay(
  access: Access,
  options: DayOptions,
  onProgress: (view: DayView) => void,
): Promise<DayReport> {
  const { databaseUrl, simulatorsUrl } = access;
  if (databaseUrl === null || simulatorsUrl === null) {
    throw new UserProblem(
      "no_sandbox",
      "A day can be simulated only against a sandbox that was started in this folder.",
      "Run `npm start` here, or leave out --url and let simulate-day start one.",
    );
  }
  const database = openDatabase(databaseUrl, { maxConnections: 4, name: "holdfast-simulate-day" });
  const rest = new RestClient(access, { patienceMs: RESTART_PATIENCE_MS });
  const stream = await StreamClient.open(access);
  const pace = keepWorld(simulatorsUrl, options.speed);
  try {
    return await new Day(database, rest, stream, simulatorsUrl, access.temporal, options, onProgress).run();
  } finally {
    await pace.stop();
    stream.close();
    await database.end();
  }
}

class Day {
  private readonly database: Database;
  private readonly rest: RestClient;
  private readonly stream: StreamClient;
  private readonly simulatorsUrl: string;
  private readonly temporal: TemporalAccess | null;
  private readonly options: DayOptions;
  private readonly onProgress: (view: DayView) => void;
  private readonly plan: DayPlan;
  private readonly returns: ReturnsDesk;
  private readonly service: ServiceDesk;
  private readonly counter: StoreCounter;
  /** What was sent, by the order that it became. */
  private readonly sendings = new Map<string, PlannedSending>();
  private orderIds: string[] = [];
  private readonly acknowledgedAt = new Map<string, number>();
  private isMapped = false;
  private atLoss: OutsideAccount | null = null;
  private readonly outcomes = { accepted: 0, held: 0, duplicate: 0, ignored: 0, refused: 0 };
  private readonly findings: string[] = [];
  private progress: OrderProgressCounts = {
    captured: 0,
    shipped: 0,
    completed: 0,
    cancelled: 0,
    held: 0,
    open: 0,
  };
  private sent = 0;

  constructor(
    database: Database,
    rest: RestClient,
    stream: StreamClient,
    simulatorsUrl: string,
    temporal: TemporalAccess | null,
    options: DayOptions,
    onProgress: (view: DayView) => void,
  ) {
    this.database = database;
    this.rest = rest;
    this.stream = stream;
    this.simulatorsUrl = simulatorsUrl;
    this.temporal = temporal;
    this.options = options;
    this.onProgress = onProgress;
    this.plan = planDay(sandboxCatalog(), {
      orders: options.orders,
      seed: options.seed,
      // The day that has just ended, so that no order is placed in the future.
      startsAt: new Date(Date.now() - 86_400_000),
    });
    this.returns = openReturnsDesk(
      rest,
      new Random(`${options.seed} returns`),
      (orderId) => {
        this.acknowledgedAt.set(orderId, Date.now());
        this.orderIds.push(orderId);
      },
      options.onLost !== undefined,
    );
    this.service = openServiceDesk(rest, (channel, payload, topic) => this.capture(channel, payload, topic));
    this.counter = openStoreCounter(rest, simulatorsUrl, options.onLost !== undefined);
  }

  async run(): Promise<DayReport> {
    const before = await this.openingBooks();
    await this.receiveDelivery();
    const began = Date.now();
    const sending = this.sendAll();
    const capturedIn = sending.then(() => Date.now() - began);
    await this.untilEnd(sending);
    const seconds = (Date.now() - began) / 1000;
    return this.report(before, seconds, (await capturedIn) / 1000);
  }

  /** The morning delivery: twice the units that the day asks for, less what is there. */
  private async receiveDelivery(): Promise<void> {
    const { demand, demandAtStore } = this.plan;
    const placesOf = (kind: (typeof SANDBOX_LOCATIONS)[number]["kind"]) =>
      SANDBOX_LOCATIONS.filter((location) => location.kind === kind).map(({ locationId }) => locationId);
    const suppliers = new Set(
      sandboxCatalog().flatMap((product) => (product.source === "supplier" ? [product.sku] : [])),
    );
    const wanted = [
      ...[...demand].map(([sku, units]) => {
        const places = placesOf(suppliers.has(sku) ? "supplier" : "fulfillment_center");
        return { sku, units, places };
      }),
      ...[...demandAtStore].map(([sku, units]) => ({ sku, units, places: placesOf("store") })),
    ];
    const available = new Map<string, number>();
    for (const position of await this.enginePositions([...new Set(wanted.map(({ sku }) => sku))])) {
      available.set(`${position.sku} ${position.locationId}`, position.availableToPromise);
    }
    const atMs = Date.now();
    const commands = wanted.flatMap(({ sku, units, places }) => {
      const there = places.reduce((sum, place) => sum + (available.get(`${sku} ${place}`) ?? 0), 0);
      const missing = units * 2 - there;
      if (missing <= 0) return [];
      return places.map((locationId) => ({
        type: "receive" as const,
        sku,
        locationId,
        quantity: Math.ceil(missing / places.length),
        commandId: `delivery:${this.options.seed}:${atMs}:${sku}:${locationId}`,
        atMs,
        cause: `delivery:${this.options.seed}`,
      }));
    });
    for (let from = 0; from < commands.length; from += 500) {
      const reply = await this.stream.request({
        type: "stock.execute",
        commands: commands.slice(from, from + 500),
      });
      if (reply.type !== "stock.executed")
        throw new Error(`the morning delivery was refused: ${JSON.stringify(reply)}`);
    }
  }

  private async sendAll(): Promise<void> {
    const mapAt = Math.floor(this.plan.sendings.length * 0.6);
    const inFlight = new Set<Promise<void>>();
    const gapMs = this.options.overMs / this.plan.sendings.length;
    const began = Date.now();
    for (const [index, sending] of this.plan.sendings.entries()) {
      if (index === mapAt) await this.mapSkus();
      await pause(Math.max(0, began + index * gapMs - Date.now()));
      while (
        this.sent - this.progress.completed - this.progress.cancelled - this.progress.held >=
        this.options.depth
      ) {
        await pause(TICK_MS / 3);
      }
      this.sent += 1;
      const work = this.sendOne(sending).finally(() => inFlight.delete(work));
      inFlight.add(work);
      if (inFlight.size >= 512) await Promise.race(inFlight);
    }
    await Promise.all(inFlight);
  }

  private async sendOne(sending: PlannedSending): Promise<void> {
    const { channel, order, sentTwice, story } = sending;
    const [result] = await this.capture(channel, order.payload, order.topic);
    if (result === undefined) throw new Error(`${channel} ${order.externalId}: no result`);
    this.count(result);
    if (sentTwice) {
      const [again] = await this.capture(channel, order.payload, order.topic);
      if (again !== undefined) this.count(again);
      if (again?.outcome !== "duplicate" || again.order !== result.order) {
        this.findings.push(`${channel} ${order.externalId}, sent twice, came back as ${again?.outcome}.`);
      }
    }
    if (result.order === null) return;
    this.acknowledgedAt.set(result.order, Date.now());
    this.orderIds.push(result.order);
    this.sendings.set(result.order, sending);
    if (story === "collected") this.counter.expect(result.order);
    await this.service.continue(sending, result.order);
  }

  private async capture(
    channel: string,
    payload: string,
    topic: string | null,
  ): Promise<readonly CaptureResult[]> {
    const reply = await this.stream.request({
      type: "order.capture",
      channel,
      payload,
      ...(topic === null ? {} : { topic }),
    });
    if (reply.type === "order.captured") return reply.results;
    throw new Error(`${channel} could not send: ${JSON.stringify(reply)}`);
  }

  private count(result: CaptureResult): void {
    this.outcomes[result.outcome] += 1;
    if (result.outcome === "refused") {
      this.findings.push(
        `${result.channel} ${result.externalId} was refused: ${result.code}, ${result.detail}`,
      );
    }
  }

  /** By noon a person has mapped the unknown SKUs. */
  private async mapSkus(): Promise<void> {
    this.isMapped = true;
    for (const mapping of this.plan.mappings) await this.rest.post("/v1/sku-mappings", mapping);
  }

  /** D4. What was done in exchange for something that is lost is done again by whoever asked for it. */
  private async sendLostAgain(): Promise<void> {
    const { onLost } = this.options;
    if (onLost === undefined) return;
    const missing = new Set(await readMissing(this.database, this.orderIds));
    if (missing.size === 0) return;
    this.atLoss = onLost(
      [...missing].map((orderId) => ({ orderId, acknowledgedAtMs: this.acknowledgedAt.get(orderId) ?? 0 })),
    );
    this.orderIds = this.orderIds.filter((id) => !missing.has(id));
    if (this.isMapped) await this.mapSkus();
    for (const [id, { story }] of this.sendings)
      if (story === "collected" && !missing.has(id)) this.counter.expect(id);
    for (const id of missing) {
      const sending = this.sendings.get(id);
      if (sending !== undefined) await this.sendOne(sending);
    }
  }

  private async untilEnd(sending: Promise<void>): Promise<void> {
    const choose = new Random(`${this.options.seed} who returns`);
    const considered = new Set<string>();
    let allSent = false;
    let failure: { readonly error: unknown } | null = null;
    sending.then(
      () => {
        allSent = true;
      },
      (error: unknown) => {
        failure = { error };
      },
    );
    let lastChange = Date.now();
    let lastState = "";
    for (;;) {
      if (failure !== null) throw (failure as { readonly error: unknown }).error;
      await pause(TICK_MS);
      let ids = [...this.orderIds];
      try {
        await this.sendLostAgain();
        ids = [...this.orderIds];
        this.progress = await readProgress(this.database, ids);
        const sendsBack = this.options.onLost === undefined || this.atLoss !== null;
        for (const id of sendsBack ? await readDelivered(this.database, ids) : []) {
          const sending = this.sendings.get(id);
          if (sending === undefined || considered.has(id)) continue;
          considered.add(id);
          const comesBack = choose.chance(this.options.returnsPercent / 100);
          if (sending.story === "exchanged" || sending.story === "late_piece") {
            this.returns.enqueue(id, sending.story);
          } else if (comesBack) this.returns.enqueue(id, "at_once");
        }
      } catch {
        // The database restarts with the rest of the system (D2).
        continue;
      }
      const view = {
        ...this.progress,
        sent: this.sent,
        planned: this.plan.sendings.length,
        returns: this.returns.finished,
      };
      this.onProgress(view);
      const state = JSON.stringify([view, this.returns.requested, this.counter.collected]);
      if (state !== lastState) {
        lastState = state;
        lastChange = Date.now();
      }
      const quiet = Date.now() - lastChange;
      if (
        allSent &&
        this.progress.open === 0 &&
        this.returns.idle() &&
        this.counter.idle() &&
        quiet > 2 * TICK_MS
      )
        return;
      if (quiet > this.options.patienceMs) {
        await this.findStuck(ids, quiet);
        this.returns.stop();
        this.counter.stop();
        return;
      }
    }
  }

  private async findStuck(ids: readonly string[], quietMs: number): Promise<void> {
    const stuck = await readStuck(this.database, ids);
    const stuckIds = stuck.map(({ orderId }) => orderId);
    const sagas = this.temporal === null ? [] : await describeSagas(this.temporal, stuckIds);
    const orders = stuck.map(({ text }) => text).join("; ");
    this.findings.push(
      `Nothing has moved for ${Math.round(quietMs / 1000)} s: ${this.progress.open} orders are still open: ${orders}`,
      ...sagas,
    );
  }

  private async report(before: StockBooks, seconds: number, captureSeconds: number): Promise<DayReport> {
    const ids = this.orderIds;
    const stock = await this.settledStock(before);
    const money = await this.settledMoney();
    const doubles = await auditDoubles(this.database, simulatedWorld(this.simulatorsUrl), ids, this.atLoss);
    const totals = await readTotals(this.database, ids);
    const lost = new Set(ids).size - totals.orders;
    if (lost > 0) this.findings.push(`${lost} orders were acknowledged and are not there.`);
    const findings = [
      ...this.findings,
      ...this.returns.problems,
      ...this.counter.problems,
      ...stock.findings,
      ...doubles.findings,
    ];
    const { accepted, held, duplicate, refused } = this.outcomes;
    return {
      seed: this.options.seed,
      orders: {
        planned: this.plan.sendings.length,
        accepted,
        heldAtCapture: held,
        duplicatesRecognised: duplicate,
        refused,
        unfinished: this.progress.open,
        ...totals,
      },
      happenings: await readHappenings(this.database, ids),
      held: await readHeld(this.database, ids),
      oversold: stock.oversold,
      doubled: doubles.doubled,
      leftByLost: doubles.leftByLost,
      stock: { reconciled: stock.reconciled, positions: stock.positions, units: stock.units },
      money: {
        reconciled: money.findings.length === 0,
        takenMinor: money.takenMinor,
        refundedMinor: money.refundedMinor,
      },
      stages: await readStageTimes(this.database, ids),
      seconds: round(seconds),
      capturedPerSecond: round(ids.length / Math.max(captureSeconds, 0.001)),
      ordersPerSecond: round(totals.orders / Math.max(seconds, 0.001)),
      findings,
      ok: findings.length === 0,
    };
  }

  /** The read model is a moment behind the engine: a difference counts only if it stays. */
  private async settledStock(before: StockBooks): Promise<StockAudit> {
    const deadline = Date.now() + SETTLING_MS;
    for (;;) {
      const audit = auditStock(before, await this.readBooks());
      if (audit.reconciled || Date.now() > deadline) return audit;
      await pause(TICK_MS);
    }
  }

  /** An order's money follows its parcel by a moment. */
  private async settledMoney(): Promise<MoneyAudit> {
    const planned = new Map([...this.sendings].map(([id, { totalMinor }]) => [id, totalMinor]));
    const deadline = Date.now() + SETTLING_MS;
    for (;;) {
      const audit = auditMoney(await readMoney(this.database, this.orderIds), planned);
      if (audit.findings.length === 0 || Date.now() > deadline) return audit;
      await pause(TICK_MS);
    }
  }

  /**
   * The books as the day finds them. Where orders of others are under way, one book may be read before such
   * an order moves and the next one after: it is read until nothing has moved meanwhile.
   */
  private async openingBooks(): Promise<StockBooks> {
    const deadline = Date.now() + SETTLING_MS;
    let books = await this.readBooks();
    for (;;) {
      const again = await this.readBooks();
      if (isDeepStrictEqual(again, books) || Date.now() > deadline) return again;
      books = again;
      await pause(TICK_MS);
    }
  }

  private readBooks(): Promise<StockBooks> {
    return readStockBooks(this.database, (skus) => this.enginePositions(skus));
  }

  private async enginePositions(skus: readonly string[]): Promise<readonly PositionView[]> {
    const reply = await this.stream.request({ type: "stock.positions", skus });
    if (reply.type !== "stock.positions") throw new Error(`no stock positions: ${JSON.stringify(reply)}`);
    return reply.positions as readonly PositionView[];
  }
}

/**
 * Sets the simulated world's pace and faults, also after each of its restarts, and resets them at the end.
 */
function keepWorld(simulatorsUrl: string, speed: number): { stop(): Promise<void> } {
  const set = (world: { readonly speed: number; readonly shortPicks: number }): Promise<unknown> =>
    fetch(`${simulatorsUrl}/simulation`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(world),
    }).catch(() => undefined);
  const ofTheDay = { speed, shortPicks: SHORT_PICKS };
  let pending: Promise<unknown> = set(ofTheDay);
  const timer = setInterval(() => {
    pending = set(ofTheDay);
  }, 1_000);
  return {
    stop: async () => {
      clearInterval(timer);
      await pending;
      await set({ speed: 1, shortPicks: 0 });
    },
  };
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
