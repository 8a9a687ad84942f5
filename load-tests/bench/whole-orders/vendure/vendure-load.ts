/**
 * Clients at Vendure's public APIs: each places an order and fulfils it, then takes the next, as long as the
 * load lasts. What is refused or fails goes no further, and is counted by its code.
 */
import type pg from "pg";
import type { PlannedOrder } from "../../../../integrations/simulator-kit/planned-order.ts";
import { type ProcessorTime, readProcessorTime } from "../processor-time.ts";
import { readDelivered } from "./vendure-books.ts";
import {
  fulfilOrder,
  placeOrder,
  readShop,
  type Shop,
  signIn,
  VendureClient,
  VendureRefusal,
} from "./vendure-shop.ts";

export type RunningVendure = {
  /** Of the server with both APIs. */
  readonly url: string;
  readonly admin: { readonly identifier: string; readonly password: string };
  readonly database: pg.Pool;
  /** Its processes, by the names that they are reported under; and ours. */
  readonly processes: ReadonlyMap<string, number>;
};

export type VendureReading = {
  readonly atMs: number;
  /** Orders delivered so far. */
  readonly completed: number;
  readonly processorTime: ProcessorTime;
  readonly commits: number;
  readonly walBytes: number;
};

export type Loaded = {
  readonly before: VendureReading;
  readonly after: VendureReading;
  /** Milliseconds from an order's first request until it was placed, and from then until it was delivered. */
  readonly placing: readonly number[];
  readonly fulfilling: readonly number[];
};

type Order = Pick<PlannedOrder, "shopper" | "lines">;
type Pair = { shop: VendureClient; readonly admin: VendureClient };

export class VendureLoad {
  /** What was refused or failed since it was last cleared: how often, by code. */
  readonly refusals = new Map<string, number>();
  private readonly vendure: RunningVendure;
  private readonly shop: Shop;
  private readonly pairs: readonly Pair[];
  private readonly planned: Iterator<Order>;

  private constructor(
    vendure: RunningVendure,
    shop: Shop,
    pairs: readonly Pair[],
    planned: readonly Order[],
  ) {
    this.vendure = vendure;
    this.shop = shop;
    this.pairs = pairs;
    this.planned = planned[Symbol.iterator]();
  }

  /**
   * @param clients as many as are ever used
   * @param planned more orders than are ever sent
   */
  static async open(
    vendure: RunningVendure,
    clients: number,
    planned: readonly Order[],
  ): Promise<VendureLoad> {
    const pairs = await Promise.all(
      Array.from({ length: clients }, async () => {
        const admin = new VendureClient(`${vendure.url}/admin-api`);
        await signIn(admin, vendure.admin);
        return { shop: shopOf(vendure), admin };
      }),
    );
    const [first] = pairs;
    if (first === undefined) throw new Error("a load without clients");
    return new VendureLoad(vendure, await readShop(first.admin), pairs, planned);
  }

  /** Complete orders, as fast as so many clients get them through. */
  async complete(clients: number, milliseconds: number): Promise<Loaded> {
    const placing: number[] = [];
    const fulfilling: number[] = [];
    const before = await this.reading();
    const end = performance.now() + milliseconds;
    await Promise.all(
      this.pairs.slice(0, clients).map(async (pair) => {
        while (performance.now() < end) {
          const { value: order, done } = this.planned.next();
          if (done) throw new Error("all planned orders are sent");
          const began = performance.now();
          await this.counting(pair, async () => {
            const placed = await placeOrder(pair.shop, order, this.shop);
            const told = performance.now();
            await fulfilOrder(pair.admin, placed);
            placing.push(told - began);
            fulfilling.push(performance.now() - told);
          });
        }
      }),
    );
    return { before, after: await this.reading(), placing, fulfilling };
  }

  /** Places these orders, all clients at once, and fulfils none. */
  async place(clients: number, orders: readonly Order[]): Promise<void> {
    const waiting = orders[Symbol.iterator]();
    await Promise.all(
      this.pairs.slice(0, clients).map(async (pair) => {
        for (const order of waiting) {
          await this.counting(pair, async () => {
            await placeOrder(pair.shop, order, this.shop);
          });
        }
      }),
    );
  }

  private async counting(pair: Pair, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      const code = error instanceof VendureRefusal ? error.code : String(error);
      this.refusals.set(code, (this.refusals.get(code) ?? 0) + 1);
      // A cart that was not placed must not become the next order's.
      pair.shop = shopOf(this.vendure);
    }
  }

  private async reading(): Promise<VendureReading> {
    const { database, processes } = this.vendure;
    const completed = await readDelivered(database);
    const { rows } = await database.query<{ commits: number; walBytes: number }>(
      `select xact_commit::float8 as commits,
              pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')::float8 as "walBytes"
         from pg_stat_database where datname = current_database()`,
    );
    const [row] = rows;
    if (row === undefined) throw new Error("the database has no statistics of itself");
    return { atMs: Date.now(), completed, processorTime: await readProcessorTime(processes, ""), ...row };
  }
}

function shopOf({ url }: RunningVendure): VendureClient {
  return new VendureClient(`${url}/shop-api`);
}
