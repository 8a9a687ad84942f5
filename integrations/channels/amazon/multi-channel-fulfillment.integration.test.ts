/** Amazon's warehouses over their simulator, each call and answer held against Amazon's description. */
import { pino } from "pino";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { FulfillmentProvider, ProviderRequest } from "../../../ports/fulfillment-provider.ts";
import type { Exchange } from "../../../test-support/vendors/connection-contract.ts";
import { faultOfCall } from "../../../test-support/vendors/connection-contract.ts";
import { exchangeCheck } from "../../../test-support/vendors/described-exchanges.ts";
import { hasVendor, vendorNote } from "../../../test-support/vendors/vendor-descriptions.ts";
import { NO_SERVER_FAULTS } from "../../simulator-kit/faults.ts";
import { type AmazonSimulator, amazonSimulator } from "./simulator/simulator.ts";
import { amazon } from "./vendor.ts";

const check = hasVendor("amazon")
  ? exchangeCheck(
      ["fulfillmentOutbound_2020-07-01.swagger.json", "fbaInventory_v1.swagger.json"].map(
        (file) => `amazon/${file}`,
      ),
      { isOther: ({ request }) => /^\/auth\//.test(request.path) },
    )
  : null;

let passedMs = 0;
let exchanges: Exchange[] = [];
let seller: AmazonSimulator;
let amazonsWarehouses: FulfillmentProvider;

beforeEach(async () => {
  passedMs = 0;
  exchanges = [];
  const now = () => Date.parse("2026-11-02T09:00:00Z") + passedMs;
  seller = await amazonSimulator.start({
    webhookUrl: null,
    webhookSecret: "none",
    now,
    logger: pino({ level: "silent" }),
    onExchange: (request, reply) => exchanges.push({ request, reply }),
  });
  seller.warehouses.put("MUG", 10);
  seller.warehouses.put("POT", 5);
  const connection = await amazon.api?.connect(seller.account, { now, timeoutMs: 2_000 });
  if (connection?.fulfillment === undefined) throw new Error("Amazon keeps no goods");
  amazonsWarehouses = connection.fulfillment;
});

afterEach(async () => {
  await seller.close();
  expect(exchanges.flatMap((exchange) => check?.problemsOf(exchange) ?? [])).toEqual([]);
});

function asked(key: string, items: readonly (readonly [sku: string, quantity: number])[]): ProviderRequest {
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
    items: items.map(([sku, quantity], index) => ({ item: String(index + 1), sku, quantity })),
  };
}

describe("what Amazon is asked to send", () => {
  test(`is asked once, also where an answer is lost, and reserves its units${vendorNote("amazon")}`, async () => {
    const request = asked("ord-1-F1", [["MUG", 2]]);
    seller.faults.nextWrite = "reply-lost";
    expect(await faultOfCall(() => amazonsWarehouses.request(request))).toMatchObject({ retryable: true });
    expect(await amazonsWarehouses.request(request)).toEqual({ status: "done" });
    expect(await amazonsWarehouses.request(request)).toEqual({ status: "done" });
    seller.faults.nextWrite = "request-lost";
    const other = asked("ord-2-F1", [["MUG", 1]]);
    await faultOfCall(() => amazonsWarehouses.request(other));
    expect(await amazonsWarehouses.follow("ord-2-F1")).toBeNull();
    expect(await amazonsWarehouses.request(other)).toEqual({ status: "done" });
    expect(seller.warehouses.sent().map(({ key, units }) => [key, units])).toEqual([
      ["ord-1-F1", 2],
      ["ord-2-F1", 1],
    ]);
    expect(seller.warehouses.sellable("MUG")).toBe(7);
  });

  test("is refused in Amazon's words where it has no such goods, or not enough of them", async () => {
    expect(await amazonsWarehouses.request(asked("a", [["GHOST", 1]]))).toEqual({
      status: "refused",
      code: "InvalidInput",
      message: "the SellerSKU for Item Id: 1 is invalid.",
    });
    expect(await amazonsWarehouses.request(asked("b", [["POT", 6]]))).toMatchObject({ status: "refused" });
    expect(seller.warehouses.sent()).toEqual([]);
  });

  test("is open until it has left, in one package with a number, and then arrives", async () => {
    await amazonsWarehouses.request(
      asked("k", [
        ["MUG", 2],
        ["POT", 1],
      ]),
    );
    expect(await amazonsWarehouses.follow("k")).toMatchObject({ status: "open", packages: [] });
    passedMs = 6_000;
    expect(await amazonsWarehouses.follow("k")).toMatchObject({ status: "open", packages: [] });
    passedMs = 21_000;
    const progress = await amazonsWarehouses.follow("k");
    expect(progress).toMatchObject({
      status: "done",
      missing: [],
      packages: [
        {
          carrier: "AMZN_US",
          trackingNumber: "TBA1001",
          shippedAt: "2026-11-02T09:00:20.000Z",
          items: [
            { item: "1", quantity: 2 },
            { item: "2", quantity: 1 },
          ],
        },
      ],
    });
    const id = progress?.packages[0]?.id ?? "";
    expect(await amazonsWarehouses.readJourney(id)).toMatchObject({ status: "in_transit" });
    passedMs = 61_000;
    expect(await amazonsWarehouses.readJourney(id)).toMatchObject({
      status: "delivered",
      at: "2026-11-02T09:01:00.000Z",
    });
    expect(await amazonsWarehouses.readJourney("no-number")).toMatchObject({ status: "unknown" });
  });

  test("in several packages says which items each of them holds", async () => {
    seller.warehouses.splits = true;
    await amazonsWarehouses.request(
      asked("k", [
        ["MUG", 2],
        ["MUG", 1],
      ]),
    );
    passedMs = 21_000;
    expect((await amazonsWarehouses.follow("k"))?.packages.map(({ items }) => items)).toEqual([
      [{ item: "1", quantity: 2 }],
      [{ item: "2", quantity: 1 }],
    ]);
  });

  test("is called off until it is worked on, once and again, and is refused afterwards", async () => {
    await amazonsWarehouses.request(asked("early", [["MUG", 2]]));
    await amazonsWarehouses.request(asked("late", [["POT", 1]]));
    seller.faults.nextWrite = "reply-lost";
    await faultOfCall(() => amazonsWarehouses.cancel("early"));
    expect(await amazonsWarehouses.cancel("early")).toEqual({ status: "done" });
    expect(await amazonsWarehouses.follow("early")).toMatchObject({
      status: "cancelled",
      missing: [{ item: "1", quantity: 2 }],
    });
    expect(seller.warehouses.sellable("MUG")).toBe(10);
    passedMs = 6_000;
    expect(await amazonsWarehouses.cancel("late")).toMatchObject({
      status: "refused",
      message: expect.stringContaining("cannot be cancelled"),
    });
    expect(await amazonsWarehouses.cancel("nobody's")).toMatchObject({ status: "refused" });
  });

  test("that Amazon cannot send after all is refused, with how much of it", async () => {
    await amazonsWarehouses.request(asked("k", [["MUG", 2]]));
    seller.warehouses.fail("k");
    expect(await amazonsWarehouses.follow("k")).toEqual({
      status: "refused",
      detail: "Amazon: the order is Unfulfillable.",
      packages: [],
      missing: [{ item: "1", quantity: 2 }],
    });
  });
});

describe("what lies at Amazon", () => {
  test("is read whole, page by page, as what may be sold; a page that has expired is begun anew", async () => {
    for (let number = 0; number < 130; number += 1) seller.warehouses.put(`SKU ${number}`, number);
    await amazonsWarehouses.request(asked("k", [["MUG", 4]]));
    const all = new Map<string, number>();
    let pages = 0;
    let page: string | null = null;
    do {
      const token: string | null = page;
      const read = await amazonsWarehouses.readStock(token);
      for (const { sku, sellable } of read.stock) all.set(sku, sellable);
      page = read.next;
      pages += 1;
    } while (page !== null);
    expect([pages, all.size, all.get("MUG"), all.get("SKU 77")]).toEqual([3, 132, 6, 77]);
    expect(await faultOfCall(() => amazonsWarehouses.readStock("old"))).toMatchObject({
      code: "page_unknown",
    });
    // By time of change Amazon leaves goods out.
    expect(exchanges.some(({ request }) => request.query.has("startDateTime"))).toBe(false);
  });

  test("tokens that expire, limits and outages are faults that say whether to come again", async () => {
    seller.expireTokens();
    expect((await amazonsWarehouses.readStock(null)).stock.length).toBe(2);
    seller.faults.rates = { ...NO_SERVER_FAULTS, throttleRate: 1 };
    expect(await faultOfCall(() => amazonsWarehouses.follow("k"))).toMatchObject({
      code: "rate_limited",
      retryable: true,
    });
    seller.faults.rates = { ...NO_SERVER_FAULTS, errorRate: 1 };
    expect(await faultOfCall(() => amazonsWarehouses.cancel("k"))).toMatchObject({
      code: "unavailable",
      retryable: true,
    });
  });
});
