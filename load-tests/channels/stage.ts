/**
 * What the measurement of channels runs on: a whole system of its own, and simulated vendors in two more
 * processes, connected to it both ways. Owns what is asked of them; leaves what is compared to `main.ts`.
 */
import { type ChildProcess, fork } from "node:child_process";
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { RestClient } from "../../cli/client/rest.ts";
import { StreamClient } from "../../cli/client/stream.ts";
import { sandboxCatalog } from "../../cli/sandbox/catalog.ts";
import { readStockBooks, type StockBooks } from "../../cli/simulated-day/audit.ts";
import { startThrowAwaySystem, type UsableSystem } from "../../cli/system/background-system.ts";
import { projectRoot } from "../../config/project-root.ts";
import type { PositionView } from "../../engine/allocator-client.ts";
import { type Database, openDatabase } from "../../store/sql/database.ts";
import { mustNotOutlive } from "../faults/leftovers.ts";
import type { Asked, Said, ShopBook, ShopPlan, ShopsAsk, ShopsWord } from "./messages.ts";

type QuietShop = { readonly id: string; readonly kind: string; readonly isPushed: boolean };

export const QUIET: readonly QuietShop[] = [
  { id: "quiet_shopify", kind: "shopify", isPushed: true },
  { id: "quiet_woocommerce", kind: "woocommerce", isPushed: true },
  { id: "quiet_bigcommerce", kind: "bigcommerce", isPushed: true },
  { id: "quiet_magento", kind: "magento", isPushed: false },
];
export const FLOODING = "flooding";
export const HANGING = "hanging";
const FLOODING_KIND = "shopify";
const HANGING_KIND = "woocommerce";

/** As soon as a channel may be polled. */
const POLL_S = 2;
/** Often enough to be part of a window. */
const FLOODING_POLL_S = 10;
/** SKUs that quiet orders are of, in turn: the same one again only when the last one is long told. */
const QUIET_SKUS = 48;
/** More than any run sells. */
const PLENTY = 1_000_000;
const LOCATION = "fc-reno";
/** Pace of robots, carriers and people: what they wait for is not what an order waits for. */
const WORLD_SPEED = 2_000;
const SHOWN_WITHIN_MS = 120_000;
const LOOK_MS = 250;

export class Stage {
  readonly goods: { readonly quiet: readonly string[]; readonly flooding: string };
  private readonly system: UsableSystem;
  readonly database: Database;
  private readonly stream: StreamClient;
  private readonly quiet: Vendors;
  private readonly flood: Vendors;
  private readonly forget: () => void;
  private stockBefore: StockBooks | null = null;
  /** What every shop showed before anything was sold. */
  shownBefore: ReadonlyMap<string, number> = new Map();

  private constructor(parts: {
    readonly system: UsableSystem;
    readonly database: Database;
    readonly stream: StreamClient;
  }) {
    this.system = parts.system;
    this.database = parts.database;
    this.stream = parts.stream;
    const skus = sandboxCatalog().flatMap(({ sku, source }) =>
      source === "fulfillment_centers" ? [sku] : [],
    );
    const [flooding = "", ...quiet] = skus.slice(0, QUIET_SKUS + 1);
    this.goods = { quiet, flooding };
    this.quiet = new Vendors();
    this.flood = new Vendors();
    this.forget = mustNotOutlive(() => this.close());
  }

  static async open(): Promise<Stage> {
    const system = await startThrowAwaySystem({ HOLDFAST_LOG_LEVEL: "warn" });
    const { databaseUrl, simulatorsUrl } = system.access;
    if (databaseUrl === null || simulatorsUrl === null)
      throw new Error("the sandbox was started without its parts");
    const database = openDatabase(databaseUrl, { maxConnections: 2, name: "holdfast-measure-channels" });
    const stage = new Stage({ system, database, stream: await StreamClient.open(system.access) });
    try {
      await setPace(simulatorsUrl);
      await stage.receive();
      await stage.connect(databaseUrl);
      await stage.shown();
      return stage;
    } catch (error) {
      await stage.close();
      throw error;
    }
  }

  async close(): Promise<void> {
    this.forget();
    this.quiet.end();
    this.flood.end();
    this.stream.close();
    await this.database.end();
    await this.system.release();
  }

  /** Orders at the quiet shops, each watched. @returns once all have come, or too much time has passed */
  async buy(rate: number, seconds: number) {
    const shops = QUIET.map(({ id }) => id);
    const skus = this.goods.quiet;
    return this.quiet
      .ask("bought", { do: "buy", shops, rate, seconds, skus, isWatched: true })
      .then(({ watched, lateMs }) => ({ watched, lateMs }));
  }

  /** Orders that nobody watches. */
  async sell(channelId: typeof FLOODING | typeof HANGING, rate: number, seconds: number) {
    const vendors = channelId === FLOODING ? this.flood : this.quiet;
    const skus = [this.goods.flooding];
    const asked = { do: "buy", shops: [channelId], rate, seconds, skus, isWatched: false } as const;
    const { orders, lateMs } = await vendors.ask("bought", asked);
    return { placed: orders, lateMs };
  }

  async hang(hangs: boolean): Promise<void> {
    await this.quiet.ask("hung", { do: "hang", channelId: HANGING, hangs });
  }

  async captured(channelId: string): Promise<number> {
    const { rows } = await this.database.query<{ count: number }>(
      "select count(*)::integer as count from orders where channel_id = $1",
      [channelId],
    );
    return rows[0]?.count ?? 0;
  }

  /** Waits until nothing of any channel is under way. @returns how many orders still are after so long */
  async drained(withinMs: number): Promise<number> {
    const until = Date.now() + withinMs;
    for (;;) {
      const { rows } = await this.database.query<{ open: number }>(
        `select (select count(*) from orders where status = 'open')::integer
              + (select count(*) from outbox where done_at is null)::integer as open`,
      );
      const open = rows[0]?.open ?? 0;
      if (open === 0 || Date.now() > until) return open;
      await delay(LOOK_MS);
    }
  }

  async vendorsBooks(): Promise<readonly ShopBook[]> {
    const asked = { do: "books" } as const;
    const [quiet, flood] = await Promise.all([
      this.quiet.ask("books", asked),
      this.flood.ask("books", asked),
    ]);
    return [...quiet.shops, ...flood.shops];
  }

  /** As they were before anything was sold, and as they are now. */
  async stockBooks(): Promise<{ readonly before: StockBooks; readonly now: StockBooks }> {
    if (this.stockBefore === null) throw new Error("the stock was not read before");
    return { before: this.stockBefore, now: await this.readStock() };
  }

  private readStock(): Promise<StockBooks> {
    return readStockBooks(this.database, async (skus) => {
      const reply = await this.stream.request({ type: "stock.positions", skus });
      if (reply.type !== "stock.positions") throw new Error(`no positions: ${JSON.stringify(reply)}`);
      return reply.positions as readonly PositionView[];
    });
  }

  private async receive(): Promise<void> {
    const atMs = Date.now();
    const commands = [this.goods.flooding, ...this.goods.quiet].map((sku) => ({
      type: "receive" as const,
      sku,
      locationId: LOCATION,
      quantity: PLENTY,
      commandId: `measure:${sku}`,
      atMs,
      cause: "measure",
    }));
    const reply = await this.stream.request({ type: "stock.execute", commands });
    if (reply.type !== "stock.executed") throw new Error(`no stock: ${JSON.stringify(reply)}`);
  }

  /** Starts the vendors, makes their channels, and connects them. */
  private async connect(databaseUrl: string): Promise<void> {
    const { url } = this.system.access;
    const plan = (channelId: string, kind: string, isPushed: boolean): ShopPlan => ({
      channelId,
      kind,
      webhookUrl: isPushed ? `${url}/v1/webhooks/channels/${kind}/${channelId}` : null,
      webhookSecret: randomBytes(24).toString("base64url"),
    });
    const quiet = [
      ...QUIET.map(({ id, kind, isPushed }) => plan(id, kind, isPushed)),
      plan(HANGING, HANGING_KIND, true),
    ];
    const flooding = [plan(FLOODING, FLOODING_KIND, true)];
    const goods = { skus: [this.goods.flooding, ...this.goods.quiet], quantity: PLENTY };
    const started = [
      await this.quiet.ask("started", { do: "start", databaseUrl, shops: quiet, goods }),
      await this.flood.ask("started", { do: "start", databaseUrl, shops: flooding, goods }),
    ];
    const accounts = Object.assign({}, ...started.map((each) => each.accounts)) as Readonly<
      Record<string, Readonly<Record<string, string>>>
    >;
    const rest = new RestClient(this.system.access);
    for (const { channelId, kind, webhookSecret } of [...quiet, ...flooding]) {
      await rest.post("/v1/channels", { id: channelId, kind, secret: webhookSecret });
      await rest.put(`/v1/channels/${channelId}/account`, {
        values: accounts[channelId],
        pollSeconds: channelId === FLOODING ? FLOODING_POLL_S : POLL_S,
        comparesAt: null,
      });
    }
  }

  /** Until every shop shows what there is. The sandbox has some of its own beside what was received. */
  private async shown(): Promise<void> {
    const until = Date.now() + SHOWN_WITHIN_MS;
    for (;;) {
      const books = await this.vendorsBooks();
      const figures = books.map(({ levels }) => JSON.stringify(levels));
      const isTold = books.every(({ levels }) => Object.values(levels).some((level) => level !== PLENTY));
      if (isTold && new Set(figures).size === 1) {
        this.shownBefore = new Map(Object.entries(books[0]?.levels ?? {}));
        break;
      }
      if (Date.now() > until) throw new Error("the shops do not show what there is");
      await delay(LOOK_MS);
    }
    this.stockBefore = await this.readStock();
  }
}

/** A process with simulated vendors. */
class Vendors {
  private readonly child: ChildProcess;
  private readonly asked = new Map<number, (said: ShopsWord) => void>();
  private last = 0;

  constructor() {
    this.child = fork(join(projectRoot, "dist", "load-tests", "channels", "shops-main.js"), []);
    this.child.on("message", ({ id, said }: Said) => {
      this.asked.get(id)?.(said);
      this.asked.delete(id);
    });
    this.child.once("exit", () => {
      for (const answer of this.asked.values())
        answer({ word: "failed", reason: "the simulated vendors have ended" });
    });
  }

  /** @throws what went wrong there */
  async ask<Word extends ShopsWord["word"]>(word: Word, ask: ShopsAsk) {
    this.last += 1;
    const id = this.last;
    const answered = new Promise<ShopsWord>((resolve) => this.asked.set(id, resolve));
    this.child.send({ id, ask } satisfies Asked);
    const said = await answered;
    if (said.word === "failed") throw new Error(said.reason);
    if (said.word !== word) throw new Error(`the simulated vendors say ${said.word} where ${word} was asked`);
    return said as Extract<ShopsWord, { word: Word }>;
  }

  end(): void {
    if (this.child.connected) this.child.disconnect();
  }
}

async function setPace(simulatorsUrl: string): Promise<void> {
  const response = await fetch(`${simulatorsUrl}/simulation`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ speed: WORLD_SPEED, shortPicks: 0 }),
  });
  if (!response.ok) throw new Error(`the simulators answer ${response.status}`);
}
