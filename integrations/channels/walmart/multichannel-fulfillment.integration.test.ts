/**
 * Walmart's fulfillment centers over their simulator, which is as strict as Walmart's description of them.
 */
import { describe, expect, test } from "vitest";
import {
  describeKeeper,
  type KeeperUnderTest,
  openKeeper,
  readAllStock,
  requestOf,
} from "../../../test-support/vendors/fulfillment-contract.ts";
import { ORDER_CHANNEL } from "./simulator/fulfillment-centers.ts";
import { type WalmartSimulator, walmartSimulator } from "./simulator/simulator.ts";
import { walmart } from "./vendor.ts";

const under: KeeperUnderTest<WalmartSimulator> = {
  vendor: walmart,
  simulator: walmartSimulator,
  keeperOf: (seller) => seller.centers,
  manyGoods: 450,
  refusals: { unknownSku: "sku GHOST is not available", tooLate: /cannot be cancelled/ },
};

describe("Walmart's fulfillment centers", () => describeKeeper(under));

describe("of Walmart alone", () => {
  const world = openKeeper(under);

  test("an order is asked for as Walmart's description has it", async () => {
    const { provider, exchanges } = world();
    await provider.request(requestOf("ord-1-F1", [["MUG", 2]]));
    const made = exchanges.find(
      ({ request }) => request.method === "POST" && !request.path.endsWith("token"),
    );
    expect(JSON.parse(made?.request.body.toString("utf8") ?? "{}")).toMatchObject({
      header: { headerAttributes: { buId: "0", martId: "202" } },
      payload: {
        orderChannelId: ORDER_CHANNEL,
        sellerOrderId: "ord-1-F1",
        orderPlacedTime: "2026-11-02T08:00:00.000Z",
        partialFulfillments: false,
        customer: { contact: { name: { firstName: "Ann", lastName: "Able" }, email: "ann@example.com" } },
        orderItems: [
          {
            sellerLineId: "1",
            fulfillmentType: "DELIVERY",
            shippingMethod: "EXPEDITED",
            itemDetail: { sku: "MUG" },
            qty: { unitOfMeasure: "EACH", measurementValue: 2 },
            shippingTo: {
              address: {
                line1: "1 Main St",
                line2: "Able & Co, Unit 4",
                city: "Seattle",
                state: "WA",
                country: "USA",
                zip: "98115",
              },
            },
          },
        ],
      },
    });
  });

  test.each([
    ["outside of the United States", { to: { country: "CA" } }, "within the United States, and not to CA"],
    ["without a phone number", { to: { phone: "" } }, "without a phone number"],
    ["without an e-mail address", { email: "" }, "without an e-mail address"],
  ] as const)("an order %s is refused before Walmart is asked, with what to do", async (_, change, words) => {
    const { provider, exchanges } = world();
    const request = requestOf("k", [["MUG", 1]]);
    const changed = {
      ...request,
      ...("email" in change ? { email: change.email } : { to: { ...request.to, ...change.to } }),
    };
    expect(await provider.request(changed)).toMatchObject({
      status: "refused",
      message: expect.stringContaining(words),
    });
    expect(exchanges).toEqual([]);
  });

  test("what was accepted is not to be seen for a while, and is found once it is", async () => {
    const { seller, provider, passed } = world();
    seller.centers.unseenMs = 30_000;
    const request = requestOf("k", [["MUG", 1]]);
    expect(await provider.request(request)).toEqual({ status: "done" });
    expect(await provider.follow("k", request.items)).toBeNull();
    passed(31_000);
    expect(await provider.follow("k", request.items)).toMatchObject({ packages: [{ carrier: "Fedex" }] });
    expect(provider.unseenMs).toBeGreaterThan(30_000);
  });

  test("a wish to call off is taken, and decided on later", async () => {
    const { seller, provider, passed } = world();
    seller.centers.decideMs = 2_000;
    const request = requestOf("k", [["MUG", 1]]);
    await provider.request(request);
    expect(await provider.cancel("k", request.items)).toEqual({ status: "asked" });
    expect(await provider.follow("k", request.items)).toMatchObject({ status: "open" });
    passed(3_000);
    expect(await provider.follow("k", request.items)).toMatchObject({ status: "cancelled" });
  });

  test("another order whose number begins alike is not taken for it", async () => {
    const { provider } = world();
    const request = requestOf("ord-1-F1", [["MUG", 1]]);
    await provider.request({ ...request, key: "ord-1-F1-2" });
    expect(await provider.follow("ord-1-F1", request.items)).toBeNull();
  });

  test.each([400, 200])("a refusal that is answered as %i is one, and its cause is said", async (status) => {
    const { seller } = world();
    seller.centers.refusesWith = status;
    const connection = await walmart.api?.connect({ ...seller.account, WALMART_ORDER_CHANNEL: "another" });
    expect(await connection?.fulfillment?.request(requestOf("k", [["MUG", 1]]))).toEqual({
      status: "refused",
      code: "ERR_EXT_DATA_0021001",
      message: "The payload structure is not valid. Please correct the payload. orderChannelId is invalid",
    });
  });

  test("an account that has the first form of the stock only is read by it", async () => {
    const { seller, keeper, provider } = world();
    seller.centers.isOldAccount = true;
    for (let number = 0; number < 250; number += 1) keeper.put(`SKU ${number}`, number);
    const { pages, stock } = await readAllStock(provider);
    expect([pages, stock.size, stock.get("SKU 77")]).toEqual([2, 252, 77]);
  });

  test.each([
    ["another country", { WALMART_MARKET: "mx" }],
    ["no sales channel", { WALMART_ORDER_CHANNEL: "" }],
  ])("an account of %s keeps no goods", async (_, values) => {
    const connection = await walmart.api?.connect({ ...world().seller.account, ...values });
    expect(connection?.fulfillment).toBeUndefined();
  });
});
