/**
 * Simulated vendors in a process of their own, each speaking its real wire format: people buy at their shops
 * by a schedule, and of an order that is watched it is noted when it was captured here, when another shop
 * showed a unit less, and when the floor had it.
 *
 * All of it counts from the moment in which the order was due (open loop): what a late process or a full
 * connection adds is in it.
 */
import { setTimeout as delay } from "node:timers/promises";
import { pino } from "pino";
import { Random } from "../../config/seeded-random.ts";
import { channelVendors } from "../../integrations/channels/registry.ts";
import type { ChannelSimulator } from "../../integrations/simulator-kit/channel-simulator.ts";
import { NO_SERVER_FAULTS } from "../../integrations/simulator-kit/faults.ts";
import type { PlannedOrder } from "../../integrations/simulator-kit/planned-order.ts";
import { randomShopper } from "../../integrations/simulator-kit/shopper.ts";
import { orderIdOf } from "../../orders/order-identity.ts";
import { type Database, openDatabase } from "../../store/sql/database.ts";
import type { Asked, Goods, Said, ShopBook, ShopPlan, ShopsAsk, ShopsWord, Watched } from "./messages.ts";

/** How often it is looked what has become of orders that are watched. */
const LOOK_MS = 5;
/** After the last order was due, what is missing by then has not come. */
const WATCH_MS = 60_000;
/** Longer than anybody waits for an answer. */
const NEVER_MS = 3_600_000;

type Order = {
  readonly channelId: string;
  readonly orderId: string;
  readonly dueMs: number;
  /** The shop that is looked at for one unit less, and what it shows then at most. */
  readonly witness: ChannelSimulator;
  readonly sku: string;
  readonly shows: number;
  capturedMs: number | null;
  toldMs: number | null;
  floorMs: number | null;
};

class Shops {
  private readonly shops = new Map<string, ChannelSimulator>();
  private readonly random = new Random("buyers");
  private readonly database: Database;
  private number = 0;
  private nextSku = 0;

  constructor(databaseUrl: string) {
    this.database = openDatabase(databaseUrl, { maxConnections: 2, name: "holdfast-measure-channels" });
  }

  async start(plans: readonly ShopPlan[], goods: Goods) {
    const accounts: Record<string, Readonly<Record<string, string>>> = {};
    for (const { channelId, kind, webhookUrl, webhookSecret } of plans) {
      const vendor = channelVendors.find(({ adapter }) => adapter.kind === kind);
      if (vendor?.api === undefined) throw new Error(`no vendor of kind ${kind} has an API`);
      const simulator = await vendor.api.simulator();
      const shop = await simulator.start({
        webhookUrl,
        webhookSecret,
        now: Date.now,
        logger: pino({ level: "error" }, pino.destination(2)),
      });
      for (const sku of goods.skus)
        shop.list({ channelSku: sku, title: sku, gtin: null, quantity: goods.quantity });
      this.shops.set(channelId, shop);
      accounts[channelId] = shop.account;
    }
    return accounts;
  }

  hang(channelId: string, hangs: boolean): void {
    this.shopOf(channelId).faults.rates = { ...NO_SERVER_FAULTS, delayMs: hangs ? NEVER_MS : 0 };
  }

  async buy(ask: Extract<ShopsAsk, { do: "buy" }>) {
    const { rate, seconds, isWatched } = ask;
    const count = Math.round(rate * seconds);
    const watched: Order[] = [];
    const state = { isOver: false };
    const watching = isWatched ? this.watch(watched, state) : null;
    const beganMs = Date.now();
    let lateMs = 0;
    for (let index = 0; index < count; index += 1) {
      const dueMs = beganMs + (index * 1_000) / rate;
      const early = dueMs - Date.now();
      if (early > 0) await delay(early);
      lateMs = Math.max(lateMs, Date.now() - dueMs);
      const order = this.place(ask, index, dueMs);
      if (isWatched) watched.push(order);
    }
    state.isOver = true;
    await watching;
    const after = (at: number | null, { dueMs }: Order) => (at === null ? null : at - dueMs);
    return {
      orders: count,
      lateMs: Math.round(lateMs),
      watched: watched.map(
        (order): Watched => ({
          channelId: order.channelId,
          orderId: order.orderId,
          capturedMs: after(order.capturedMs, order),
          toldMs: after(order.toldMs, order),
          floorMs: after(order.floorMs, order),
        }),
      ),
    };
  }

  books(): readonly ShopBook[] {
    return [...this.shops].map(([channelId, shop]) => ({
      channelId,
      orders: shop.books().map(({ externalId, lines }) => ({
        externalId,
        sku: lines[0]?.channelSku ?? "",
        units: lines.reduce((sum, { quantity, cancelled }) => sum + quantity - cancelled, 0),
      })),
      levels: Object.fromEntries(shop.levels()),
    }));
  }

  private place({ shops, skus }: Extract<ShopsAsk, { do: "buy" }>, index: number, dueMs: number): Order {
    const channelId = shops[index % shops.length] as string;
    const witnessId = shops[(index + 1) % shops.length] as string;
    const sku = skus[this.nextSku % skus.length] as string;
    this.nextSku += 1;
    const witness = this.shopOf(witnessId);
    const shows = (witness.levels().get(sku) ?? 0) - 1;
    const externalId = this.shopOf(channelId).place(this.planned(sku));
    if (externalId === null) throw new Error(`${channelId} has no ${sku} left`);
    const orderId = orderIdOf(channelId, externalId) ?? "";
    const open = { capturedMs: null, toldMs: null, floorMs: null };
    return { channelId, orderId, dueMs, witness, sku, shows, ...open };
  }

  private planned(sku: string): PlannedOrder {
    this.number += 1;
    return {
      channel: "shop",
      number: this.number,
      placedAt: new Date(),
      shopper: randomShopper(this.random),
      lines: [{ channelSku: sku, title: sku, quantity: 1, priceMinor: 1_299, weightGrams: 300 }],
      shippingMinor: 499,
      service: "standard",
      taxPercent: 0,
    };
  }

  /** Until all are captured, told and on the floor, or it has taken too long. */
  private async watch(orders: readonly Order[], state: { readonly isOver: boolean }): Promise<void> {
    let untilMs = Number.POSITIVE_INFINITY;
    for (;;) {
      if (state.isOver && untilMs === Number.POSITIVE_INFINITY) untilMs = Date.now() + WATCH_MS;
      const open = orders.filter(({ capturedMs, toldMs }) => capturedMs === null || toldMs === null);
      if ((state.isOver && open.length === 0) || Date.now() > untilMs) break;
      await this.lookAt(open);
      await delay(LOOK_MS);
    }
    await this.lookAtFloor(orders, untilMs);
  }

  private async lookAt(open: readonly Order[]): Promise<void> {
    const uncaptured = open.filter(({ capturedMs }) => capturedMs === null);
    if (uncaptured.length > 0) {
      const { rows } = await this.database.query<{ id: string }>("select id from orders where id = any($1)", [
        uncaptured.map(({ orderId }) => orderId),
      ]);
      const found = new Set(rows.map(({ id }) => id));
      for (const order of uncaptured) if (found.has(order.orderId)) order.capturedMs = Date.now();
    }
    const levels = new Map<ChannelSimulator, ReadonlyMap<string, number>>();
    for (const order of open) {
      if (order.toldMs !== null) continue;
      const shown = levels.get(order.witness) ?? order.witness.levels();
      levels.set(order.witness, shown);
      if ((shown.get(order.sku) ?? 0) <= order.shows) order.toldMs = Date.now();
    }
  }

  /** When the floor got each is written down: it is enough to read it afterwards. */
  private async lookAtFloor(orders: readonly Order[], untilMs: number): Promise<void> {
    for (;;) {
      const open = new Map(
        orders.filter(({ floorMs }) => floorMs === null).map((order) => [order.orderId, order]),
      );
      if (open.size === 0) return;
      const { rows } = await this.database.query<{ id: string; at: Date }>(
        `select order_id as id, min(at) as at from order_event
          where type = 'fulfillment.released' and order_id = any($1) group by 1`,
        [[...open.keys()]],
      );
      for (const { id, at } of rows) {
        const order = open.get(id);
        if (order !== undefined) order.floorMs = at.getTime();
      }
      if (Date.now() > untilMs) return;
      await delay(100);
    }
  }

  private shopOf(channelId: string): ChannelSimulator {
    const shop = this.shops.get(channelId);
    if (shop === undefined) throw new Error(`there is no shop ${channelId}`);
    return shop;
  }
}

let shops: Shops | null = null;

function say(id: number, said: ShopsWord): void {
  process.send?.({ id, said } satisfies Said);
}

async function answer(ask: ShopsAsk): Promise<ShopsWord> {
  if (ask.do === "start") {
    shops = new Shops(ask.databaseUrl);
    return { word: "started", accounts: await shops.start(ask.shops, ask.goods) };
  }
  if (shops === null) throw new Error("no shops were started");
  switch (ask.do) {
    case "buy":
      return { word: "bought", ...(await shops.buy(ask)) };
    case "hang":
      shops.hang(ask.channelId, ask.hangs);
      return { word: "hung" };
    case "books": {
      const { user, system } = process.cpuUsage();
      return { word: "books", shops: shops.books(), cpuMs: Math.round((user + system) / 1_000) };
    }
    default: {
      const unreachable: never = ask;
      return unreachable;
    }
  }
}

process.on("message", ({ id, ask }: Asked) => {
  answer(ask).then(
    (said) => say(id, said),
    (error: unknown) =>
      say(id, {
        word: "failed",
        reason: error instanceof Error ? (error.stack ?? error.message) : String(error),
      }),
  );
});
// Shops keep their webhooks and servers open: nobody waits for them any more.
process.on("disconnect", () => process.exit(0));
