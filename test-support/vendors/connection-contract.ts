/**
 * What must be true of every channel's connection, over its own simulator: `ports/channel-connection.ts` as
 * tests. A vendor's folder calls this in its `connection.integration.test.ts`, and adds what is its own.
 *
 * Each test has its own shop, so that none depends on what another bought.
 */
import { pino } from "pino";
import { afterEach, describe, expect, test } from "vitest";
import { isSecret } from "../../config/vendor-settings.ts";
import type { ChannelSimulator } from "../../integrations/simulator-kit/channel-simulator.ts";
import type { SimulatedReply, SimulatedRequest } from "../../integrations/simulator-kit/exchange.ts";
import { NO_SERVER_FAULTS } from "../../integrations/simulator-kit/faults.ts";
import type { PlannedOrder } from "../../integrations/simulator-kit/planned-order.ts";
import type { ChannelVendor } from "../../integrations/vendor.ts";
import type { IncomingOrder } from "../../orders/incoming-order.ts";
import { addMoney, multiplyMoney } from "../../orders/money.ts";
import type {
  ChannelConnection,
  InvoiceTold,
  Listing,
  ListingsPage,
  OrderAtChannel,
  OrdersAsked,
  OrdersPage,
  OrderWord,
  Told,
  ToldLine,
} from "../../ports/channel-connection.ts";
import { ServiceFault } from "../../ports/service-fault.ts";

export type Exchange = { readonly request: SimulatedRequest; readonly reply: SimulatedReply };

export type ShopWorld = {
  readonly shop: ChannelSimulator;
  readonly connection: ChannelConnection;
  /** What was said over the wire, for the vendor's own description to be held against. */
  readonly exchanges: Exchange[];
  /** What our side logged. */
  readonly logged: string[];
  /** Of the shop, milliseconds of the Unix epoch; moves on by itself as well. */
  pass(ms: number): void;
};

export type ContractOptions = {
  /** Secrets of the account that no call needs which only looks whether it works. */
  readonly notForCalls?: readonly string[];
  /** More orders than fit on two of the vendor's pages; absent: 230. */
  readonly manyOrders?: number;
  /** Looks at all that was said in a test; throws where the vendor's description does not allow it. */
  readonly examine?: (exchanges: readonly Exchange[]) => void;
  /** False: the vendor knows only whether the whole order was shipped. */
  readonly knowsParcelLines?: boolean;
  /**
   * Over a folder: there are no secrets, no tokens and no calls that are lost on their way. What a crash
   * leaves there has tests of its own.
   */
  readonly isOverFiles?: true;
  /** Kinds of words that the vendor cannot count once, each with the reason. */
  readonly repeats?: Partial<Record<OrderWord["kind"], string>>;
};

const START_MS = Date.parse("2026-11-02T09:00:00Z");
const SLOW_MS = 400;

const worlds: ShopWorld[] = [];

/** A shop and a connection to it. What is opened here is closed after the test. */
export async function openShop(
  vendor: ChannelVendor,
  options: { readonly timeoutMs?: number; readonly webhookUrl?: string } = {},
): Promise<ShopWorld> {
  const { api } = vendor;
  if (api === undefined) throw new Error(`${vendor.adapter.kind} has no API`);
  const exchanges: Exchange[] = [];
  const logged: string[] = [];
  const startedMs = Date.now();
  let passedMs = 0;
  const now = () => START_MS + (Date.now() - startedMs) + passedMs;
  const shop = await (await api.simulator()).start({
    webhookUrl: options.webhookUrl ?? null,
    webhookSecret: "a-secret-of-webhooks",
    now,
    logger: pino({ level: "trace" }, { write: (line: string) => logged.push(line) }),
    onExchange: (request, reply) => exchanges.push({ request, reply }),
  });
  const connection = await api.connect(shop.account, {
    now,
    ...(options.timeoutMs === undefined ? {} : { timeoutMs: options.timeoutMs }),
  });
  const world: ShopWorld = {
    shop,
    connection,
    exchanges,
    logged,
    pass: (ms) => {
      passedMs += ms;
    },
  };
  worlds.push(world);
  return world;
}

afterEach(async () => {
  await Promise.all(worlds.splice(0).map(({ shop }) => shop.close()));
});

export function plannedOrder(
  number: number,
  lines: readonly (readonly [sku: string, quantity: number])[] = [["MUG", 2]],
): PlannedOrder {
  return {
    channel: "shop",
    number,
    placedAt: new Date(START_MS + number * 1_000),
    shopper: {
      firstName: "Ann",
      lastName: "Able",
      email: `ann${number}@example.com`,
      phone: "+12065550142",
      line1: "1 Main St",
      line2: "",
      city: "Seattle",
      region: "WA",
      regionName: "Washington",
      postalCode: "98115",
    },
    lines: lines.map(([channelSku, quantity]) => ({
      channelSku,
      title: `The ${channelSku}`,
      quantity,
      priceMinor: 1_299,
      weightGrams: 300,
    })),
    shippingMinor: 499,
    service: "standard",
    taxPercent: 0,
  };
}

/** Puts the usual things on sale. */
export function fillShop(shop: ChannelSimulator, quantity = 10_000): void {
  for (const [channelSku, gtin] of [
    ["MUG", "4006381333931"],
    ["POT", null],
    ["TEA", null],
  ] as const)
    shop.list({ channelSku, title: `The ${channelSku}`, gtin, quantity });
}

export function placed(shop: ChannelSimulator, order: PlannedOrder): string {
  const id = shop.place(order);
  if (id === null) throw new Error(`sold out: ${JSON.stringify(order.lines)}`);
  return id;
}

/** All pages of what is asked, as the adapter reads them. @param between runs after each page */
export async function readAll(
  { adapter }: ChannelVendor,
  connection: ChannelConnection,
  asked: Pick<OrdersAsked, "sinceMs" | "untilMs">,
  between: (page: number) => void = () => {},
): Promise<{ readonly orders: readonly IncomingOrder[]; readonly newestMs: number | null }> {
  const orders: IncomingOrder[] = [];
  let newestMs: number | null = null;
  let page: string | null = null;
  for (let number = 1; ; number += 1) {
    const token: string | null = page;
    const found: OrdersPage = await patiently(() => connection.readOrders({ ...asked, page: token }));
    for (const payload of found.payloads) orders.push(orderIn(adapter.read(payload, null)));
    if (found.newestMs !== null) newestMs = Math.max(newestMs ?? 0, found.newestMs);
    between(number);
    if (found.next === null) return { orders, newestMs };
    if (number > 1_000) throw new Error("the pages have no end");
    page = found.next;
  }
}

function orderIn(readings: ReturnType<ChannelVendor["adapter"]["read"]>): IncomingOrder {
  const found = readings.find((reading) => reading.kind === "order");
  if (found?.kind !== "order") throw new Error(`no order: ${JSON.stringify(readings)}`);
  return found.order;
}

/** As whoever calls a connection does: comes again when the vendor says so. */
export async function patiently<Result>(call: () => Promise<Result>): Promise<Result> {
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await call();
    } catch (error) {
      if (!(error instanceof ServiceFault) || error.code !== "rate_limited" || attempt === 20) throw error;
      await new Promise((resolve) => setTimeout(resolve, error.retryAfterMs ?? 100));
    }
  }
}

export async function faultOfCall(call: () => Promise<unknown>): Promise<ServiceFault> {
  try {
    await call();
  } catch (error) {
    if (error instanceof ServiceFault) return error;
    throw error;
  }
  throw new Error("no fault");
}

export function toldLines(order: IncomingOrder): readonly ToldLine[] {
  return order.lines.map(({ externalLineId, channelSku, quantity }) => ({
    externalLineId,
    channelSku,
    quantity,
  }));
}

/** A word of each kind about an order, the first of its kind there. */
export function wordOf(kind: OrderWord["kind"], order: IncomingOrder, more = ""): OrderWord {
  const told = {
    key: `${kind}:${order.externalId}${more}`,
    order: {
      orderId: `ord-${order.externalId}`,
      externalId: order.externalId,
      externalNumber: order.externalNumber,
      externalIds: order.externalIds,
      currency: order.currency,
    },
  };
  const lines = toldLines(order);
  switch (kind) {
    case "ship":
      return {
        ...told,
        kind,
        shipmentId: `SH-${order.externalId}${more}`,
        carrier: "UPS",
        service: "Ground",
        trackingNumber: `1Z999AA1${order.externalId.replace(/\D/g, "").slice(-10).padStart(10, "0")}${more}`,
        trackingUrl: "https://www.ups.com/track?tracknum=1Z999AA1",
        shippedAt: new Date(START_MS + 86_400_000).toISOString(),
        lines,
      };
    case "cancel":
      return { ...told, kind, lines, isWhole: true, reason: "out_of_stock" };
    case "refund":
      return {
        ...told,
        kind,
        refundId: `RF-${order.externalId}${more}`,
        amount: { minor: 1_000, currency: order.currency, exponent: 2 },
        lines: [],
        reason: "damaged on the way",
      };
    case "hold":
      return { ...told, kind, reason: "address to be checked" };
    case "invoice":
      return { ...told, kind, ...invoiceOf(order, `INV-${order.externalId}${more}`) };
    case "acknowledge":
    case "release":
      return { ...told, kind };
  }
}

/** Over everything that was ordered. */
function invoiceOf(order: IncomingOrder, number: string): InvoiceTold {
  const zero = { minor: 0, currency: order.currency, exponent: 2 };
  const lines = order.lines.map(({ externalLineId, channelSku, quantity, title, unitPrice, taxes }) => {
    const tax = taxes.map(({ amount }) => amount).reduce(addMoney, zero);
    const amount = addMoney(multiplyMoney(unitPrice, quantity), tax);
    return { externalLineId, channelSku, quantity, title, unitPrice, amount, tax };
  });
  return {
    number,
    issuedAt: new Date(START_MS + 86_400_000).toISOString(),
    shipmentId: `SH-${order.externalId}`,
    lines,
    shipping: order.shippingPrice,
    charges: zero,
    tax: lines.map(({ tax }) => tax).reduce(addMoney, zero),
    total: lines.map(({ amount }) => amount).reduce(addMoney, order.shippingPrice),
    document: async () => Buffer.from(`%PDF-1.4 ${number}`),
  };
}

function inBooks(shop: ChannelSimulator, externalId: string): OrderAtChannel {
  const found = shop.books().find((order) => order.externalId === externalId);
  if (found === undefined) throw new Error(`${externalId} is not in the shop's books`);
  return found;
}

/** What a word of a kind leaves behind, however often it was told. */
function expectOnce(kind: OrderWord["kind"], order: OrderAtChannel): void {
  if (kind === "ship") expect(order.lines.map((line) => line.shipped)).toEqual([2]);
  if (kind === "cancel") expect(order.state).toBe("cancelled");
  if (kind === "refund") expect(order.refunded).toMatchObject({ minor: 1_000 });
}

/** @param secrets values of the account that nobody may see */
function expectNoSecret(texts: readonly string[], secrets: readonly string[]): void {
  for (const secret of secrets)
    for (const text of texts) expect(text.includes(secret), `a secret in ${text.slice(0, 200)}`).toBe(false);
}

function told(of: Told): string {
  return of.status === "refused" ? `refused ${of.code}` : of.status;
}

/** Everything that an error says, to its last cause. */
function textOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return [error.message, error.stack ?? "", JSON.stringify(error), textOf(error.cause)].join("\n");
}

export function describeConnection(vendor: ChannelVendor, options: ContractOptions = {}): void {
  const { kind } = vendor.adapter;
  const { api } = vendor;
  if (api === undefined) throw new Error(`${kind} has no API`);
  const manyOrders = options.manyOrders ?? 230;
  const secretNames = api.variables
    .filter((variable) => isSecret(variable) && options.notForCalls?.includes(variable.name) !== true)
    .map(({ name }) => name);

  const examined = (world: ShopWorld) => options.examine?.(world.exchanges);

  async function withOrder(world: ShopWorld, number = 1): Promise<IncomingOrder> {
    const id = placed(world.shop, plannedOrder(number));
    const payload = await world.connection.readOrder(id);
    if (payload === null) throw new Error("the order is not there");
    return orderIn(vendor.adapter.read(payload, null));
  }

  describe(`the connection to ${kind}`, () => {
    const overWire = options.isOverFiles === true ? test.skip : test;

    overWire("a good account works and is named, a false secret does not and is not", async () => {
      const world = await openShop(vendor);
      const good = await world.connection.tryConnection();
      expect(good).toMatchObject({ works: true });
      expect(good.detail).not.toBe("");
      expect(secretNames.length).toBeGreaterThan(0);
      for (const name of secretNames) {
        const values = { ...world.shop.account, [name]: "no-such-secret-0123456789" };
        const bad = await (await api.connect(values)).tryConnection();
        expect([name, bad.works]).toEqual([name, false]);
        expect(bad.detail).not.toContain("no-such-secret");
      }
      examined(world);
    });

    test("an order is read as it was bought; one that is not there is null", async () => {
      const world = await openShop(vendor);
      fillShop(world.shop);
      const planned = {
        ...plannedOrder(7, [
          ["MUG", 2],
          ["POT", 3],
        ]),
        taxPercent: 8,
      };
      const id = placed(world.shop, planned);
      const payload = await world.connection.readOrder(id);
      const order = orderIn(vendor.adapter.read(payload ?? "", null));
      const total = 5 * 1_299 + Math.round(2 * 1_299 * 0.08) + Math.round(3 * 1_299 * 0.08) + 499;
      expect(order.externalId).toBe(id);
      expect(order.lines.map((line) => [line.channelSku, line.quantity])).toEqual([
        ["MUG", 2],
        ["POT", 3],
      ]);
      expect(order.total).toEqual({ minor: total, currency: "USD", exponent: 2 });
      expect(order.shippingAddress).toMatchObject({ city: "Seattle", postalCode: "98115", country: "US" });
      expect(inBooks(world.shop, id)).toMatchObject({
        total: order.total,
        lines: toldLines(order),
      });
      expect(await world.connection.readOrder("987654321")).toBeNull();
      examined(world);
    });

    test("orders are paged without loss or repeat while new ones come and old ones change", async () => {
      const world = await openShop(vendor);
      fillShop(world.shop);
      const before: string[] = [];
      for (let number = 1; number <= manyOrders; number += 1) {
        before.push(placed(world.shop, plannedOrder(number)));
        if (number % 7 === 0) world.pass(1_000);
      }
      world.pass(5_000);
      const during: string[] = [];
      const changed = new Set<string>();
      const first = await readAll(vendor, world.connection, { sinceMs: START_MS - 60_000 }, (page) => {
        world.pass(2_000);
        for (let number = 0; number < 3; number += 1)
          during.push(placed(world.shop, plannedOrder(10_000 + page * 10 + number)));
        const old = before[page * 2];
        if (old !== undefined && world.shop.cancel(old)) changed.add(old);
        if (page > 50) throw new Error("the pages do not end while new orders come");
      });
      const seen = first.orders.map(({ externalId }) => externalId);
      const unchanged = seen.filter((id) => !changed.has(id));
      expect(new Set(unchanged).size).toBe(unchanged.length);
      expect(before.filter((id) => !seen.includes(id))).toEqual([]);
      // The next round goes on from the newest change, with nothing between.
      expect(first.newestMs).not.toBeNull();
      const next = await readAll(vendor, world.connection, { sinceMs: first.newestMs ?? 0 });
      const both = new Set([...seen, ...next.orders.map(({ externalId }) => externalId)]);
      expect([...before, ...during].filter((id) => !both.has(id))).toEqual([]);
      const read = new Map([...first.orders, ...next.orders].map((order) => [order.externalId, order]));
      for (const id of changed)
        expect(read.get(id)?.holdReasons.map(({ code }) => code)).toContain("cancelled_at_channel");
      examined(world);
    });

    test("a range has its two ends", async () => {
      const world = await openShop(vendor);
      fillShop(world.shop);
      placed(world.shop, plannedOrder(1));
      world.pass(3_600_000);
      const within = placed(world.shop, plannedOrder(2));
      world.pass(3_600_000);
      placed(world.shop, plannedOrder(3));
      const found = await readAll(vendor, world.connection, {
        sinceMs: START_MS + 1_800_000,
        untilMs: START_MS + 5_400_000,
      });
      expect(found.orders.map(({ externalId }) => externalId)).toEqual([within]);
      examined(world);
    });

    test("an empty channel is an empty page", async () => {
      const world = await openShop(vendor);
      const page = await world.connection.readOrders({ sinceMs: START_MS, page: null });
      expect(page).toMatchObject({ payloads: [], next: null });
      examined(world);
    });

    test("each word that is told twice counts once, also where the first answer was lost", async () => {
      const world = await openShop(vendor);
      fillShop(world.shop);
      expect(world.connection.tells.size).toBeGreaterThan(0);
      let number = 0;
      for (const word of world.connection.tells) {
        const reason = options.repeats?.[word];
        if (reason !== undefined) continue;
        number += 1;
        const order = await withOrder(world, number);
        const first = await patiently(() => world.connection.tell(wordOf(word, order)));
        expect([word, told(first)]).toEqual([word, "told"]);
        expectOnce(word, inBooks(world.shop, order.externalId));
        const second = await patiently(() => world.connection.tell(wordOf(word, order)));
        expect([word, told(second)]).toEqual([word, "already"]);
        expectOnce(word, inBooks(world.shop, order.externalId));

        if (options.isOverFiles === true) continue;
        number += 1;
        const other = await withOrder(world, number);
        world.shop.faults.nextWrite = "reply-lost";
        const fault = await faultOfCall(() => world.connection.tell(wordOf(word, other)));
        expect([word, fault.retryable, fault.code]).toEqual([word, true, "network_error"]);
        const again = await patiently(() => world.connection.tell(wordOf(word, other)));
        expect([word, ["told", "already"].includes(told(again))]).toEqual([word, true]);
        expectOnce(word, inBooks(world.shop, other.externalId));

        number += 1;
        const third = await withOrder(world, number);
        world.shop.faults.nextWrite = "request-lost";
        await faultOfCall(() => world.connection.tell(wordOf(word, third)));
        await patiently(() => world.connection.tell(wordOf(word, third)));
        expectOnce(word, inBooks(world.shop, third.externalId));
      }
      examined(world);
    });

    test("what people do there by hand is none of what it is told, and says where", async () => {
      const { connection } = await openShop(vendor);
      for (const [word, words] of Object.entries(connection.byHand ?? {})) {
        expect([word, connection.tells.has(word as OrderWord["kind"])]).toEqual([word, false]);
        expect(words).toMatch(/^\w.{60,}\.$/);
      }
      // Money and cancellations are forgotten nowhere.
      for (const word of ["cancel", "refund"] as const)
        expect([word, connection.tells.has(word) || connection.byHand?.[word] !== undefined]).toEqual([
          word,
          true,
        ]);
    });

    test("two parcels of an order are two, each with its lines", async () => {
      const world = await openShop(vendor);
      if (!world.connection.tells.has("ship")) return;
      fillShop(world.shop);
      const id = placed(
        world.shop,
        plannedOrder(1, [
          ["MUG", 2],
          ["POT", 3],
        ]),
      );
      const order = orderIn(vendor.adapter.read((await world.connection.readOrder(id)) ?? "", null));
      const [mug, pot] = toldLines(order);
      if (mug === undefined || pot === undefined) throw new Error("two lines were bought");
      const first = wordOf("ship", order, "1");
      const second = wordOf("ship", order, "2");
      if (first.kind !== "ship" || second.kind !== "ship") throw new Error("not a parcel");
      await patiently(() =>
        world.connection.tell({
          ...first,
          lines: [
            { ...mug, quantity: 1 },
            { ...pot, quantity: 3 },
          ],
        }),
      );
      const [half] = await world.connection.readOrderStates([id]);
      if (options.knowsParcelLines !== false) {
        expect(half?.lines.map((line) => line.shipped)).toEqual([1, 3]);
        expect(half?.state).toBe("open");
      }
      await patiently(() => world.connection.tell({ ...second, lines: [{ ...mug, quantity: 1 }] }));
      expect(inBooks(world.shop, id).lines.map((line) => line.shipped)).toEqual([2, 3]);
      expect(await world.connection.readOrderStates([id])).toMatchObject([
        { externalId: id, state: "complete", lines: [{ shipped: 2 }, { shipped: 3 }] },
      ]);
      examined(world);
    });

    test("what the channel does not have is refused for good, in words", async () => {
      const world = await openShop(vendor);
      fillShop(world.shop);
      const order = await withOrder(world);
      for (const word of world.connection.tells) {
        const unknown: IncomingOrder = { ...order, externalId: "987654321", externalNumber: "987654321" };
        const outcome = await patiently(() => world.connection.tell(wordOf(word, unknown)));
        expect([word, outcome.status]).toEqual([word, "refused"]);
        if (outcome.status === "refused") expect(outcome.message).not.toBe("");
      }
      examined(world);
    });

    test("the channel's own books are read as they are", async () => {
      const world = await openShop(vendor);
      fillShop(world.shop);
      const ids = [1, 2, 3].map((number) => placed(world.shop, plannedOrder(number)));
      world.shop.cancel(ids[1] ?? "");
      for (let time = 0; time < 2; time += 1) world.shop.refund(ids[2] ?? "", 700);
      const states = await patiently(() => world.connection.readOrderStates([...ids, "987654321"]));
      const byId = (list: readonly OrderAtChannel[]) =>
        new Map(list.map((state) => [state.externalId, state]));
      const theirs = byId(world.shop.books());
      const ours = byId(states);
      expect([...ours.keys()].sort()).toEqual([...ids].sort());
      for (const id of ids) {
        const there = theirs.get(id);
        expect(ours.get(id)).toMatchObject({
          state: there?.state,
          total: there?.total,
          refunded: there?.refunded,
        });
        expect(ours.get(id)?.lines.map((line) => [line.externalLineId, line.quantity])).toEqual(
          there?.lines.map((line) => [line.externalLineId, line.quantity]),
        );
        // What it has given back is read with the order, each refund under an id of its own.
        const readings = vendor.adapter.read((await world.connection.readOrder(id)) ?? "", null);
        const refunds = readings.flatMap((each) => (each.kind === "refund" ? [each] : []));
        expect(refunds.reduce((sum, { amount }) => sum + amount.minor, 0)).toBe(there?.refunded.minor);
        expect(new Set(refunds.map(({ refundId }) => refundId)).size).toBe(refunds.length);
      }
      examined(world);
    });

    test("stock is set in bulk, the newest figure wins, and an unknown listing is refused alone", async () => {
      const world = await openShop(vendor);
      const batch = Math.min(world.connection.limits.stockBatch, 30);
      const skus = Array.from({ length: batch }, (_, index) => `SKU-${index}`);
      for (const channelSku of skus)
        world.shop.list({ channelSku, title: channelSku, gtin: null, quantity: 1 });
      const listings = await allListings(world.connection);
      expect(listings.map(({ channelSku }) => channelSku).sort()).toEqual([...skus].sort());
      expect(new Set(listings.map(({ quantity }) => quantity))).toEqual(new Set([1]));
      const idsOf = new Map(listings.map(({ channelSku, ids }) => [channelSku, ids]));
      const levels = (plus: number) =>
        skus.map((channelSku, index) => ({
          channelSku,
          listing: idsOf.get(channelSku) ?? {},
          quantity: index + plus,
        }));
      const outcomes = await patiently(() => world.connection.tellStock(levels(5), "stock-1"));
      expect(outcomes.map(({ channelSku, outcome }) => [channelSku, outcome.status])).toEqual(
        skus.map((channelSku) => [channelSku, "told"]),
      );
      await patiently(() => world.connection.tellStock(levels(0), "stock-2"));
      expect(Object.fromEntries(world.shop.levels())).toEqual(
        Object.fromEntries(skus.map((channelSku, index) => [channelSku, index])),
      );
      const ghost = { channelSku: "GHOST", listing: ghostOf(idsOf.get("SKU-0") ?? {}), quantity: 4 };
      const some = [...levels(9).slice(0, Math.max(1, batch - 1)), ghost].slice(-batch);
      const mixed = await patiently(() => world.connection.tellStock(some, "stock-3"));
      expect(mixed.map(({ channelSku, outcome }) => [channelSku, told(outcome).split(" ")[0]])).toEqual(
        some.map(({ channelSku }) => [channelSku, channelSku === "GHOST" ? "refused" : "told"]),
      );
      const last = levels(20);
      if (options.isOverFiles !== true) {
        world.shop.faults.nextWrite = "reply-lost";
        expect((await faultOfCall(() => world.connection.tellStock(last, "stock-4"))).retryable).toBe(true);
      }
      await patiently(() => world.connection.tellStock(last, "stock-4"));
      expect(Object.fromEntries(world.shop.levels())).toEqual(
        Object.fromEntries(skus.map((channelSku, index) => [channelSku, index + 20])),
      );
      examined(world);
    });

    test("listings are paged, each once, with what people know it by", async () => {
      const world = await openShop(vendor);
      for (let index = 0; index < 230; index += 1)
        world.shop.list({ channelSku: `S-${index}`, title: `Thing ${index}`, gtin: null, quantity: index });
      const listings = await allListings(world.connection);
      expect(listings.length).toBe(230);
      const found = new Map(listings.map((listing) => [listing.channelSku, listing]));
      expect(found.size).toBe(230);
      expect(found.get("S-17")).toMatchObject({ quantity: 17 });
      expect(found.get("S-17")?.title).toContain("Thing 17");
      examined(world);
    });

    overWire(
      "429, 5xx, a cut line and slow answers are faults that say whether and when to come again",
      async () => {
        const world = await openShop(vendor, { timeoutMs: SLOW_MS / 2 });
        fillShop(world.shop);
        placed(world.shop, plannedOrder(1));
        const read = () => world.connection.readOrders({ sinceMs: START_MS - 60_000, page: null });
        await read();
        const meeting = async (rates: Partial<typeof NO_SERVER_FAULTS>) => {
          world.shop.faults.rates = { ...NO_SERVER_FAULTS, ...rates };
          return faultOfCall(read);
        };
        const faults = [
          await meeting({ throttleRate: 1 }),
          await meeting({ errorRate: 1 }),
          await meeting({ dropRequestRate: 1 }),
          await meeting({ dropReplyRate: 1 }),
          await meeting({ delayMs: SLOW_MS }),
        ];
        expect(faults.map(({ code, retryable }) => [code, retryable])).toEqual([
          ["rate_limited", true],
          ["unavailable", true],
          ["network_error", true],
          ["network_error", true],
          ["timeout", true],
        ]);
        expect(faults[0]?.retryAfterMs).toBeGreaterThan(0);
        for (const fault of faults) expect(fault.service).toBe(kind);
        world.shop.faults.rates = NO_SERVER_FAULTS;
        expect((await read()).payloads.length).toBe(1);
        const secrets = secretNames
          .map((name) => world.shop.account[name] ?? "")
          .filter((each) => each !== "");
        expectNoSecret(faults.map(textOf), secrets);
        expectNoSecret(world.logged, secrets);
      },
    );

    overWire("tokens that are worth nothing any more are renewed without a word", async () => {
      const world = await openShop(vendor);
      fillShop(world.shop);
      const order = await withOrder(world);
      world.shop.expireTokens();
      await Promise.all([
        world.connection.readOrder(order.externalId),
        world.connection.readListings(null),
        world.connection.readOrderStates([order.externalId]),
      ]);
      const [word] = world.connection.tells;
      if (word === undefined) return;
      world.shop.expireTokens();
      expect((await patiently(() => world.connection.tell(wordOf(word, order)))).status).toBe("told");
      examined(world);
    });
  });
}

async function allListings(connection: ChannelConnection): Promise<readonly Listing[]> {
  const all: Listing[] = [];
  let page: string | null = null;
  do {
    const token: string | null = page;
    const found: ListingsPage = await patiently(() => connection.readListings(token));
    all.push(...found.listings);
    page = found.next;
  } while (page !== null);
  return all;
}

/** The ids of a listing that is not there: those of one that is, each with other digits. */
function ghostOf(ids: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(ids).map(([name, id]) => [
      name,
      name.toLowerCase().includes("location") ? id : id.replace(/\d/g, "9"),
    ]),
  );
}
