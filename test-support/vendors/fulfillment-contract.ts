/**
 * What is true of every vendor that keeps goods and sends them for us, over its simulator: asked for once,
 * open until it has left, called off while that is possible, its stock read whole.
 */
import { pino } from "pino";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type {
  ChannelSimulator,
  ChannelSimulatorOptions,
} from "../../integrations/simulator-kit/channel-simulator.ts";
import { NO_SERVER_FAULTS } from "../../integrations/simulator-kit/faults.ts";
import type { SimulatedKeeper } from "../../integrations/simulator-kit/simulated-keeper.ts";
import type { ChannelVendor } from "../../integrations/vendor.ts";
import type {
  CancelAnswer,
  FulfillmentProvider,
  ProviderRequest,
  ProviderStockPage,
} from "../../ports/fulfillment-provider.ts";
import { type Exchange, faultOfCall, patiently } from "./connection-contract.ts";

/** A seller's goods at a vendor, and the vendor as it is asked to send them. */
export type KeeperWorld = {
  readonly seller: ChannelSimulator;
  readonly keeper: SimulatedKeeper;
  readonly provider: FulfillmentProvider;
  readonly exchanges: readonly Exchange[];
  /** Sets the seller's clock, milliseconds after it was opened. */
  passed(ms: number): void;
};

export type KeeperUnderTest<Seller extends ChannelSimulator> = {
  readonly vendor: ChannelVendor;
  readonly simulator: { start(options: ChannelSimulatorOptions): Promise<Seller> };
  keeperOf(seller: Seller): SimulatedKeeper;
  /** Goods enough for more than two pages of its stock. */
  readonly manyGoods: number;
  /** In the vendor's words: of a SKU that it does not know, and of an order that is worked on already. */
  readonly refusals: { readonly unknownSku: string; readonly tooLate: RegExp };
  /** Looks at each call and its answer once a test has ended. */
  examine?(exchanges: readonly Exchange[]): void;
};

export const KEEPER_STARTED_MS = Date.parse("2026-11-02T09:00:00Z");

export function requestOf(
  key: string,
  items: readonly (readonly [sku: string, quantity: number])[],
): ProviderRequest {
  return {
    key,
    orderNumber: "#1001",
    placedAt: "2026-11-02T08:00:00.000Z",
    speed: "expedited",
    to: {
      name: "Ann Able",
      company: "Able & Co",
      line1: "1 Main St",
      line2: "Unit 4",
      city: "Seattle",
      region: "WA",
      postalCode: "98115",
      country: "US",
      phone: "+12065550142",
    },
    email: "ann@example.com",
    items: items.map(([sku, quantity], index) => ({ item: String(index + 1), sku, quantity })),
  };
}

/** Opens a world before each test; what is returned gives the one of the test that runs. */
export function openKeeper<Seller extends ChannelSimulator>(
  under: KeeperUnderTest<Seller>,
): () => KeeperWorld & { readonly seller: Seller } {
  let world: (KeeperWorld & { readonly seller: Seller }) | undefined;
  let passedMs = 0;
  beforeEach(async () => {
    passedMs = 0;
    const exchanges: Exchange[] = [];
    const now = () => KEEPER_STARTED_MS + passedMs;
    const seller = await under.simulator.start({
      webhookUrl: null,
      webhookSecret: "none",
      now,
      logger: pino({ level: "silent" }),
      onExchange: (request, reply) => exchanges.push({ request, reply }),
    });
    const keeper = under.keeperOf(seller);
    keeper.put("MUG", 10);
    keeper.put("POT", 5);
    const connection = await under.vendor.api?.connect(seller.account, { now, timeoutMs: 2_000 });
    if (connection?.fulfillment === undefined) throw new Error("the vendor keeps no goods");
    const passed = (ms: number) => {
      passedMs = ms;
    };
    world = { seller, keeper, provider: connection.fulfillment, exchanges, passed };
  });
  afterEach(async () => {
    await world?.seller.close();
    under.examine?.(world?.exchanges ?? []);
  });
  return () => {
    if (world === undefined) throw new Error("no world is open");
    return world;
  };
}

export async function readAllStock(provider: FulfillmentProvider): Promise<{
  readonly pages: number;
  readonly stock: ReadonlyMap<string, number>;
}> {
  const stock = new Map<string, number>();
  let pages = 0;
  let page: string | null = null;
  do {
    const token: string | null = page;
    const read: ProviderStockPage = await patiently(() => provider.readStock(token));
    for (const { sku, sellable } of read.stock) stock.set(sku, sellable);
    page = read.next;
    pages += 1;
  } while (page !== null);
  return { pages, stock };
}

export function describeKeeper<Seller extends ChannelSimulator>(under: KeeperUnderTest<Seller>): void {
  const world = openKeeper(under);
  /** Called off, or taken to be called off; the vendor may decide later. */
  const isTaken = ({ status }: CancelAnswer): boolean => status !== "refused";

  describe("what it is asked to send", () => {
    test("is asked once, also where an answer is lost, and reserves its units", async () => {
      const { seller, keeper, provider } = world();
      const request = requestOf("ord-1-F1", [["MUG", 2]]);
      seller.faults.nextWrite = "reply-lost";
      expect(await faultOfCall(() => provider.request(request))).toMatchObject({ retryable: true });
      expect(await provider.request(request)).toEqual({ status: "done" });
      expect(await provider.request(request)).toEqual({ status: "done" });
      seller.faults.nextWrite = "request-lost";
      const other = requestOf("ord-2-F1", [["MUG", 1]]);
      await faultOfCall(() => provider.request(other));
      expect(await provider.follow("ord-2-F1", other.items)).toBeNull();
      expect(await provider.request(other)).toEqual({ status: "done" });
      expect(keeper.sent().map(({ key, units }) => [key, units])).toEqual([
        ["ord-1-F1", 2],
        ["ord-2-F1", 1],
      ]);
      expect(keeper.sellable("MUG")).toBe(7);
    });

    test("is refused in its words where it has no such goods, or not enough of them", async () => {
      const { keeper, provider } = world();
      expect(await provider.request(requestOf("a", [["GHOST", 1]]))).toMatchObject({
        status: "refused",
        message: expect.stringContaining(under.refusals.unknownSku),
      });
      expect(await provider.request(requestOf("b", [["POT", 6]]))).toMatchObject({ status: "refused" });
      expect(keeper.sent()).toEqual([]);
    });

    test("is open until it has left, in one package with a number, and then arrives", async () => {
      const { provider, passed } = world();
      const request = requestOf("k", [
        ["MUG", 2],
        ["POT", 1],
      ]);
      const follow = () => provider.follow("k", request.items);
      await provider.request(request);
      expect(await follow()).toMatchObject({ status: "open", packages: [] });
      passed(6_000);
      expect(await follow()).toMatchObject({ status: "open", packages: [] });
      passed(21_000);
      const progress = await follow();
      expect(progress).toMatchObject({
        status: "done",
        missing: [],
        packages: [
          {
            trackingNumber: expect.stringMatching(/\w{6,}/),
            shippedAt: "2026-11-02T09:00:20.000Z",
            items: [
              { item: "1", quantity: 2 },
              { item: "2", quantity: 1 },
            ],
          },
        ],
      });
      const id = progress?.packages[0]?.id ?? "";
      expect(progress?.packages[0]?.carrier).not.toBe("");
      expect(await provider.readJourney(id)).toMatchObject({ status: "in_transit" });
      passed(61_000);
      expect(await provider.readJourney(id)).toMatchObject({
        status: "delivered",
        at: "2026-11-02T09:01:00.000Z",
      });
      expect(await provider.readJourney("no-number")).toMatchObject({ status: "unknown" });
    });

    test("in several packages says which items each of them holds", async () => {
      const { keeper, provider, passed } = world();
      keeper.splits = true;
      const request = requestOf("k", [
        ["MUG", 2],
        ["MUG", 1],
      ]);
      await provider.request(request);
      passed(21_000);
      expect((await provider.follow("k", request.items))?.packages.map(({ items }) => items)).toEqual([
        [{ item: "1", quantity: 2 }],
        [{ item: "2", quantity: 1 }],
      ]);
    });

    test("is called off until it is worked on, once and again, and is refused afterwards", async () => {
      const { seller, keeper, provider, passed } = world();
      const early = requestOf("early", [["MUG", 2]]);
      const late = requestOf("late", [["POT", 1]]);
      await provider.request(early);
      await provider.request(late);
      seller.faults.nextWrite = "reply-lost";
      await faultOfCall(() => provider.cancel("early", early.items));
      expect(isTaken(await provider.cancel("early", early.items))).toBe(true);
      expect(await provider.follow("early", early.items)).toMatchObject({
        status: "cancelled",
        missing: [{ item: "1", quantity: 2 }],
      });
      expect(keeper.sellable("MUG")).toBe(10);
      passed(6_000);
      expect(await provider.cancel("late", late.items)).toMatchObject({
        status: "refused",
        message: expect.stringMatching(under.refusals.tooLate),
      });
      expect(await provider.cancel("nobody-s", late.items)).toMatchObject({ status: "refused" });
    });

    test("that it cannot send after all is refused, with how much of it", async () => {
      const { keeper, provider } = world();
      const request = requestOf("k", [["MUG", 2]]);
      await provider.request(request);
      keeper.fail("k");
      expect(await provider.follow("k", request.items)).toMatchObject({
        status: "refused",
        packages: [],
        missing: [{ item: "1", quantity: 2 }],
      });
    });

    test("of which it cannot send an item is sent without it, and says so", async () => {
      const { keeper, provider, passed } = world();
      const request = requestOf("k", [
        ["MUG", 2],
        ["POT", 1],
      ]);
      await provider.request(request);
      keeper.failItem("k", "2");
      expect(await provider.follow("k", request.items)).toMatchObject({ status: "open", packages: [] });
      passed(21_000);
      expect(await provider.follow("k", request.items)).toMatchObject({
        status: "done",
        packages: [{ items: [{ item: "1", quantity: 2 }] }],
        missing: [{ item: "2", quantity: 1 }],
      });
    });
  });

  describe("what lies there", () => {
    test("is read whole, page by page, as what may be sold", async () => {
      const { keeper, provider } = world();
      for (let number = 0; number < under.manyGoods; number += 1) keeper.put(`SKU ${number}`, number);
      await provider.request(requestOf("k", [["MUG", 4]]));
      const { pages, stock } = await readAllStock(provider);
      expect(pages).toBeGreaterThan(2);
      expect([stock.size, stock.get("MUG"), stock.get("SKU 77")]).toEqual([under.manyGoods + 2, 6, 77]);
    });

    test("tokens that expire, limits and outages are faults that say whether to come again", async () => {
      const { seller, provider } = world();
      const { items } = requestOf("k", [["MUG", 1]]);
      seller.expireTokens();
      expect((await provider.readStock(null)).stock.length).toBe(2);
      seller.faults.rates = { ...NO_SERVER_FAULTS, throttleRate: 1 };
      expect(await faultOfCall(() => provider.follow("k", items))).toMatchObject({
        code: "rate_limited",
        retryable: true,
      });
      seller.faults.rates = { ...NO_SERVER_FAULTS, errorRate: 1 };
      expect(await faultOfCall(() => provider.cancel("k", items))).toMatchObject({
        code: "unavailable",
        retryable: true,
      });
    });
  });
}
