import { expect, test } from "vitest";
import { onlyOrder } from "../../../test-support/vendors/channel-orders.ts";
import {
  describeConnection,
  type Exchange,
  faultOfCall,
  fillShop,
  openShop,
  placed,
  plannedOrder,
  wordOf,
} from "../../../test-support/vendors/connection-contract.ts";
import { hasVendor, openDescription, vendorNote } from "../../../test-support/vendors/vendor-descriptions.ts";
import { VARIABLES } from "./api.ts";
import { carrierOf } from "./connection.ts";
import { etsy } from "./vendor.ts";

/** Replies of each call, and bodies of those that have one, by their names in the vendor's types. */
const REPLIES: readonly (readonly [call: RegExp, name: string])[] = [
  [/^GET .*\/receipts$/, "IShopReceipts"],
  [/^GET .*\/receipts\/\d+$/, "IShopReceipt"],
  [/^POST .*\/tracking$/, "IShopReceipt"],
  [/^(GET|PUT) .*\/inventory$/, "IListingInventory"],
];
const BODIES: readonly (readonly [call: RegExp, name: string])[] = [
  [/^POST .*\/tracking$/, "ICreateReceiptShipmentPayload"],
  [/^PUT .*\/inventory$/, "IUpdateListingInventoryPayload"],
];

function examineWith(description: ReturnType<typeof openDescription>) {
  return (exchanges: readonly Exchange[]): void => {
    for (const { request, reply } of exchanges) {
      const call = `${request.method} ${request.path}`;
      const reading = (table: typeof REPLIES) => table.find(([pattern]) => pattern.test(call))?.[1];
      const name = reply.status < 300 ? reading(REPLIES) : "IErrorSchema";
      const problems = (of: string, value: unknown) => description.problems(`#/definitions/${of}`, value);
      if (name !== undefined)
        expect([call, ...problems(name, JSON.parse(String(reply.body)))]).toEqual([call]);
      const body = reading(BODIES);
      if (body === undefined) continue;
      const text = request.body.toString();
      const isForm = request.headers["content-type"] === "application/x-www-form-urlencoded";
      expect(isForm).toBe(request.path.endsWith("/tracking"));
      const sent: unknown = isForm ? Object.fromEntries(new URLSearchParams(text)) : JSON.parse(text);
      expect([call, ...problems(body, sent)]).toEqual([call]);
    }
  };
}

const hasFacts = hasVendor("etsy");

describeConnection(etsy, {
  knowsParcelLines: false,
  ...(hasFacts ? { examine: examineWith(openDescription("etsy/open-api-v3.facts.json")) } : {}),
});

test.skipIf(!hasFacts)(`a matrix that Etsy would not take is found${vendorNote("etsy")}`, () => {
  const description = openDescription("etsy/open-api-v3.facts.json");
  const matrix = { products: [{ sku: "A", offerings: [{ quantity: 1 }] }] };
  expect(description.problems("#/definitions/IUpdateListingInventoryPayload", matrix)).not.toEqual([]);
});

test("a listing without any unit is taken off, and put back with its stock", async () => {
  const world = await openShop(etsy);
  for (const channelSku of ["A", "B"])
    world.shop.list({ channelSku, title: channelSku, gtin: null, quantity: 3 });
  const { listings } = await world.connection.readListings(null);
  const tell = (a: number, b: number) =>
    world.connection.tellStock(
      listings.map(({ channelSku, ids }) => ({
        channelSku,
        listing: ids,
        quantity: channelSku === "A" ? a : b,
      })),
      "k",
    );
  expect(await tell(0, 5)).toMatchObject([{ outcome: { status: "told" } }, { outcome: { status: "told" } }]);
  expect(Object.fromEntries(world.shop.levels())).toEqual({ A: 0, B: 5 });
  expect(await tell(0, 0)).toMatchObject([{ outcome: { status: "told" } }, { outcome: { status: "told" } }]);
  expect(Object.fromEntries(world.shop.levels())).toEqual({ A: 0, B: 0 });
  expect(await tell(2, 0)).toMatchObject([{ outcome: { status: "told" } }, { outcome: { status: "told" } }]);
  expect(Object.fromEntries(world.shop.levels())).toEqual({ A: 2, B: 0 });
  await tell(5_000, 0);
  expect(world.shop.levels().get("A")).toBe(999);
});

test("where listings are kept, one without any unit is refused in words", async () => {
  const world = await openShop(etsy);
  world.shop.list({ channelSku: "A", title: "A", gtin: null, quantity: 3 });
  const values = { ...world.shop.account, [VARIABLES.soldOut]: "keep" };
  const connection = await etsy.api?.connect(values);
  const [listing] = (await world.connection.readListings(null)).listings;
  const outcomes = await connection?.tellStock(
    [{ channelSku: "A", listing: listing?.ids ?? {}, quantity: 0 }],
    "k",
  );
  expect(outcomes).toMatchObject([{ outcome: { status: "refused", code: "sold_out_not_taken" } }]);
});

test("a refresh token that Etsy has replaced is handed on, to be kept", async () => {
  const world = await openShop(etsy);
  const kept: Readonly<Record<string, string>>[] = [];
  const connection = await etsy.api?.connect(world.shop.account, {
    keep: async (values) => {
      kept.push(values);
    },
  });
  const before = world.exchanges.length;
  await Promise.all([connection?.tryConnection(), connection?.readListings(null)]);
  expect(kept.length).toBe(1);
  expect(kept[0]?.[VARIABLES.refresh]).not.toBe(world.shop.account[VARIABLES.refresh]);
  const renewals = world.exchanges.slice(before).filter(({ request }) => request.path.endsWith("/token"));
  expect(renewals.length).toBe(1);
});

test("a refresh token that was called back is a fault for people, not for another try", async () => {
  const world = await openShop(etsy);
  const values = { ...world.shop.account, [VARIABLES.refresh]: "12345.revoked" };
  const connection = await etsy.api?.connect(values);
  const fault = await faultOfCall(async () => connection?.readListings(null));
  expect(fault).toMatchObject({ code: "unauthorized", retryable: false });
  expect(fault.message).not.toContain("revoked");
});

test("the buyer is mailed once for a parcel, and carriers have Etsy's words", async () => {
  const world = await openShop(etsy);
  fillShop(world.shop);
  const id = placed(world.shop, plannedOrder(1));
  const order = onlyOrder(etsy.adapter, (await world.connection.readOrder(id)) ?? "");
  world.shop.faults.nextWrite = "reply-lost";
  await faultOfCall(() => world.connection.tell(wordOf("ship", order)));
  expect((await world.connection.tell(wordOf("ship", order))).status).toBe("already");
  expect(world.exchanges.filter(({ request }) => request.path.endsWith("/tracking")).length).toBe(1);
  expect(["UPS", "USPS", "Royal Mail", "Own fleet"].map(carrierOf)).toEqual([
    "ups",
    "usps",
    "royal-mail",
    "other",
  ]);
});
