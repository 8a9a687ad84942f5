import { expect, test } from "vitest";
import { readBesideTheProject } from "../../../test-support/beside-the-project.ts";
import { onlyOrder } from "../../../test-support/vendors/channel-orders.ts";
import {
  describeConnection,
  type Exchange,
  fillShop,
  openShop,
  placed,
  plannedOrder,
} from "../../../test-support/vendors/connection-contract.ts";
import { graphqlCheck } from "../../../test-support/vendors/described-graphql.ts";
import { hasVendor, vendorNote } from "../../../test-support/vendors/vendor-descriptions.ts";
import { DOCUMENTS } from "./api/documents.ts";
import { SIMULATED_SCHEMA } from "./simulator/schema.ts";
import type { ShopifySimulator } from "./simulator/simulator.ts";
import { shopify } from "./vendor.ts";

const hasSchema = hasVendor("shopify");
const check = hasSchema
  ? graphqlCheck(readBesideTheProject("data/vendors/shopify/admin-2026-10.pruned.graphql"))
  : null;

function examine(exchanges: readonly Exchange[]): void {
  for (const exchange of exchanges) {
    if (exchange.reply.status !== 200 || !exchange.request.path.endsWith("/graphql.json")) continue;
    const { query } = JSON.parse(exchange.request.body.toString("utf8")) as { readonly query: string };
    expect([query, ...(check?.problemsOf(exchange) ?? [])]).toEqual([query]);
  }
}

describeConnection(shopify, {
  manyOrders: 34,
  repeats: { release: "nothing is held, so that there is nothing to release" },
  ...(check === null ? {} : { examine }),
});

test("disputes come with the order, however it is read, in words of Shopify's whole schema", async () => {
  const { shop, connection, exchanges } = await openShop(shopify);
  fillShop(shop);
  const id = placed(shop, plannedOrder(1));
  expect(shop.dispute?.("404", { id: "701", kind: "inquiry", status: "won" })).toBe(false);
  const told = async (kind: string, status: string) => {
    expect(shop.dispute?.(id, { id: "701", kind, status })).toBe(true);
    const page = await connection.readOrders({ sinceMs: 0, page: null });
    const payloads = [...page.payloads, (await connection.readOrder(id)) ?? ""];
    return payloads.map((payload) => {
      const { holdReasons, silentOn } = onlyOrder(shopify.adapter, payload);
      expect(silentOn).toBeUndefined();
      return holdReasons.map(({ code, detail }) => `${code}: ${detail}`).join();
    });
  };
  const words = "payment_disputed: Shopify: the inquiry 701 about the payment is under review by the bank.";
  expect(await told("inquiry", "under_review")).toEqual([words, words]);
  expect(await told("inquiry", "won")).toEqual(["", ""]);
  examine(exchanges);
});

test("access scopes that the shop has not granted are said, each with what does not work without it", async () => {
  const { shop, connection } = await openShop(shopify);
  expect(await connection.readShortfalls?.()).toEqual([]);
  const grant = (...scopes: string[]) => (shop as ShopifySimulator).grantScopes(scopes);
  const fulfillment = "write_merchant_managed_fulfillment_orders";
  // What may be written may be read.
  grant("write_orders", "write_inventory", "read_products", "read_locations", fulfillment);
  expect(await connection.readShortfalls?.()).toEqual([
    expect.stringMatching(
      /^Where Shopify Payments takes the money.*lacks the access scope read_shopify_payments_disputes\. Add it/,
    ),
  ]);
  grant("read_orders", "read_shopify_payments_disputes");
  const missing = (await connection.readShortfalls?.()) ?? [];
  expect(missing.map((text) => /access scope (\w+)\./.exec(text)?.[1])).toEqual([
    "write_orders",
    "write_inventory",
    "read_inventory",
    "read_merchant_managed_fulfillment_orders",
    fulfillment,
  ]);
});

test.skipIf(!hasSchema).each(Object.entries(DOCUMENTS))(
  `the document %s is valid against Shopify's whole schema${vendorNote("shopify")}`,
  (_name, document) => {
    expect(check?.documentProblems(document)).toEqual([]);
  },
);

test.skipIf(!hasSchema)(
  `what the simulator serves is a part of Shopify's schema, type by type${vendorNote("shopify")}`,
  () => {
    expect(check?.partProblems(SIMULATED_SCHEMA)).toEqual([]);
  },
);

test.skipIf(!hasSchema)(`what is wrong with a call or an answer is found${vendorNote("shopify")}`, () => {
  const said = (query: string, variables: unknown, data: unknown) =>
    check?.problemsOf({
      request: { body: Buffer.from(JSON.stringify({ query, variables })) },
      reply: { body: JSON.stringify({ data }) },
    } as Exchange) ?? [];
  const query = "query Q($id: ID!) { order(id: $id) { id name updatedAt displayFulfillmentStatus tags } }";
  const order = {
    id: "gid://shopify/Order/1",
    name: "#1",
    updatedAt: "2026-11-30T10:00:00Z",
    displayFulfillmentStatus: "FULFILLED",
    tags: ["a"],
  };
  expect(said(query, { id: "gid://shopify/Order/1" }, { order })).toEqual([]);
  expect(said(query, { id: "1" }, { order: null })).toEqual([]);
  expect(said('query Q { order(id: "1") { nickname } }', {}, {}).join()).toContain("nickname");
  expect(said(query, {}, { order }).join()).toContain("the variables");
  for (const wrong of [
    { name: null },
    { id: 1 },
    { updatedAt: "yesterday" },
    { displayFulfillmentStatus: "SENT" },
    { tags: "a" },
    { tags: [null] },
  ])
    expect([wrong, said(query, { id: "1" }, { order: { ...order, ...wrong } }).length]).toEqual([wrong, 1]);
  expect(
    check?.partProblems("type Order { id: String } type QueryRoot { order(number: Int): Order }"),
  ).toEqual(["Order.id is ID!, not String", "QueryRoot.order takes no number"]);
});
