/**
 * One random story of a few orders, and the model that it is held against.
 *
 * Owns what the model knows by itself: what it has put on the shelves, what it has told the product, and what
 * was answered. Leaves to `audit.ts` what must then hold, and to `steps.ts` what can happen.
 */
import { isDeepStrictEqual } from "node:util";
import type { Random } from "../../config/seeded-random.ts";
import { applyFills } from "../../operations/holds/apply-demand-fills.ts";
import { settleOrder } from "../../operations/settlement/settle-shortages.ts";
import * as workflows from "../../workflows/index.ts";
import {
  type BookedOrder,
  markDelivered,
  type OutboxRow,
  readOrders,
  readStandingWork,
  readUndelivered,
} from "./books.ts";
import { SagaRun } from "./saga-runtime.ts";
import { LOCATIONS, type World } from "./world.ts";

export const SKUS_A_SEQUENCE = 3;

/** Of the first SKU: three units need two parcels of the model's carrier. */
const HEAVY_GRAMS = 14_000;

/** What the catalog asks for a unit of each SKU, in cents. */
export const CATALOG_PRICE = 1_000;

/** Units that the model expects on the shelves of one position, and those set apart among them. */
type Shelf = { onHand: number; unavailable: number };

export class Sequence {
  readonly world: World;
  readonly random: Random;
  /** Begins every id of the sequence. */
  readonly name: string;
  readonly skus: readonly string[];
  readonly shelves = new Map<string, Shelf>();
  readonly orderIds: string[] = [];
  /** One order lives through many steps, or up to three share them. */
  readonly mostOrders: number;
  /** Units that the model has told to be picked, by fulfillment order and hold. */
  readonly picked = new Map<
    string,
    ReadonlyMap<string, { readonly lineId: string; readonly quantity: number }>
  >();
  /** Cents that people were told to give back beside returns, by order, as far as they were accepted. */
  readonly goodwill = new Map<string, number>();
  /** Lines that were ordered with substitutes allowed, by order and line. */
  readonly takesSubstitutes = new Set<string>();
  /** Units that came back for each line, by order and line, missing ones not counted. */
  readonly cameBack = new Map<string, number>();
  /** What inspections put back on the shelves, by return. */
  readonly restocks = new Map<string, readonly { readonly sku: string; readonly quantity: number }[]>();
  /** Whether nothing was on its way to a saga after the last step. */
  isQuiet = true;
  /** Fulfillment orders whose leaving the model has taken off its shelves. */
  readonly left = new Set<string>();
  readonly story: string[] = [];
  /** Promises that an answer has broken. */
  readonly broken: string[] = [];
  orders: readonly BookedOrder[] = [];
  private readonly sagas = new Map<string, SagaRun>();
  private counter = 0;

  constructor(world: World, random: Random, name: string) {
    this.world = world;
    this.random = random;
    this.name = name;
    this.mostOrders = random.integer(1, 3);
    this.skus = Array.from({ length: SKUS_A_SEQUENCE }, (_, index) => `${name}-SKU${index + 1}`);
  }

  /** A key that no other step has used. */
  key(what: string): string {
    this.counter += 1;
    return `${this.name}-${what}-${this.counter}`;
  }

  /** Repeats a request under its key, now and then: it is answered as before. */
  async perhapsRepeated<T>(chance: number, request: () => Promise<T>): Promise<T> {
    const first = await request();
    if (!this.random.chance(chance)) return first;
    const again = await request();
    if (!isDeepStrictEqual(first, again))
      this.broken.push(
        `a repeat is answered as before: ${JSON.stringify(first)}, then ${JSON.stringify(again)}`,
      );
    return first;
  }

  shelf(sku: string, locationId: string): Shelf {
    const name = `${sku}@${locationId}`;
    const shelf = this.shelves.get(name) ?? { onHand: 0, unavailable: 0 };
    this.shelves.set(name, shelf);
    return shelf;
  }

  async open(): Promise<void> {
    const { database } = this.world;
    await database.query(
      `insert into product (sku, company_id, name, weight_grams, price_minor, currency, hs_code, origin_country, gtin)
       select sku, 'acme', sku, case number when 1 then ${HEAVY_GRAMS} else 500 end, ${CATALOG_PRICE}, 'USD', '610910', 'PT',
         '09521234002819'
       from unnest($1::text[]) with ordinality as p(sku, number)`,
      [this.skus],
    );
    // Each may be sent in the place of those before it.
    await database.query(
      `insert into product_substitute (sku, position, substitute_sku)
       select a.sku, b.number - a.number, b.sku from unnest($1::text[]) with ordinality as a(sku, number)
         join unnest($1::text[]) with ordinality as b(sku, number) on b.number > a.number`,
      [this.skus],
    );
    for (const sku of this.skus) {
      for (const locationId of LOCATIONS) await this.stockUp(sku, locationId, this.random.below(7));
    }
  }

  async stockUp(sku: string, locationId: string, quantity: number): Promise<void> {
    if (quantity === 0) return;
    const [outcome] = await this.world.engine.client.execute([
      {
        type: "receive",
        commandId: this.key("receive"),
        sku,
        locationId,
        quantity,
        atMs: this.world.now(),
        cause: "model",
      },
    ]);
    if (outcome?.status === "applied") this.shelf(sku, locationId).onHand += quantity;
  }

  /**
   * Units of a SKU that inspected returns have brought back for sure, and those that are on their way to the
   * shelf.
   */
  putBack(sku: string): { readonly back: number; readonly maybe: number } {
    const sums = { back: 0, maybe: 0 };
    for (const returned of this.orders.flatMap((order) => order.returns)) {
      const units = (this.restocks.get(returned.id) ?? [])
        .filter((one) => one.sku === sku)
        .reduce((sum, one) => sum + one.quantity, 0);
      sums[returned.status === "refunded" ? "back" : "maybe"] += units;
    }
    return sums;
  }

  async refresh(): Promise<void> {
    this.orders = await readOrders(this.world.database, this.orderIds);
  }

  get running(): readonly SagaRun[] {
    return [...this.sagas.values()].filter((run) => run.outcome === undefined);
  }

  /** Sagas that ended with an error, by their workflow ids. */
  get failed(): readonly string[] {
    return [...this.sagas.values()].flatMap((run) =>
      run.outcome !== undefined && "error" in run.outcome
        ? [`${run.workflowId}: ${(run.outcome.error as Error).stack ?? String(run.outcome.error)}`]
        : [],
    );
  }

  /** How the sagas of the sequence stand, for a person. */
  get standing(): readonly string[] {
    return [...this.sagas].map(([id, run]) => `${id}: ${run.standing}`);
  }

  isRunning(workflowId: string): boolean {
    return this.sagas.get(workflowId)?.outcome === undefined && this.sagas.has(workflowId);
  }

  /**
   * The relays send the mails, and deliver messages to the sagas, which then go as far as they can: all of
   * them, or the first few, some of them twice.
   */
  async deliver(all: boolean): Promise<void> {
    if (all) {
      const work = await readStandingWork(this.world.database, this.orderIds);
      for (const id of work.untoldReservations) await applyFills(this.world.context, id);
      for (const orderId of work.shortOrders) await settleOrder(this.world.context, orderId);
    }
    for (let rounds = 0; ; rounds += 1) {
      const rows = await readUndelivered(this.world.database, this.prefixes());
      if (rows.length === 0) break;
      if (rounds === 50) throw new Error(`messages without end: ${JSON.stringify(rows[0])}`);
      const now = all ? rows : rows.slice(0, 1 + this.random.below(rows.length));
      for (const row of now) {
        const times = !all && this.random.chance(0.1) ? 2 : 1;
        for (let time = 0; time < times; time += 1) await this.carryOut(row);
      }
      await markDelivered(
        this.world.database,
        now.map(({ id }) => id),
      );
      await this.settle();
      if (!all) break;
    }
    // Whoever delivers all of them has just seen that none is left.
    this.isQuiet = all || (await readUndelivered(this.world.database, this.prefixes())).length === 0;
  }

  async settle(): Promise<void> {
    for (const run of this.running) await run.settled();
  }

  private async carryOut({ topic, payload }: OutboxRow): Promise<void> {
    if (topic === "workflow.start") this.startSaga(payload.workflowId, payload.workflow ?? "", payload.args);
    else if (topic === "workflow.signal")
      this.sagas.get(payload.workflowId)?.signal(payload.signal ?? "", payload.message);
    else await this.world.steps["sendMail"]?.(payload as never);
  }

  private prefixes(): readonly string[] {
    return [`web-${this.name}_`, `market-${this.name}_`];
  }

  private startSaga(workflowId: string, workflow: string, args: readonly unknown[] = []): void {
    if (this.sagas.has(workflowId)) return;
    // Of its own: sagas run beside each other, and their luck must not depend on which is faster.
    const luck = this.random.fork();
    const run = new SagaRun(workflowId, this.world.steps, () => luck.chance(0.05));
    this.sagas.set(workflowId, run);
    const code = (workflows as Readonly<Record<string, (input: never) => Promise<unknown>>>)[workflow];
    if (code === undefined) throw new Error(`there is no workflow ${workflow}`);
    run.start(code, args[0]);
  }
}
