/**
 * Fulfillment orders that other apps hold or move at Shopify: what Holdfast reads of them, and what it sends.
 */
import { expect, test } from "vitest";
import { onlyOrder } from "../../../test-support/vendors/channel-orders.ts";
import {
  fillShop,
  openShop,
  placed,
  plannedOrder,
  type ShopWorld,
  wordOf,
} from "../../../test-support/vendors/connection-contract.ts";
import { API_VERSION } from "./api/documents.ts";
import { OTHER_LOCATION, SERVICE_LOCATION } from "./simulator/shop.ts";
import { shopify } from "./vendor.ts";

const LINES = [
  ["MUG", 2],
  ["POT", 1],
] as const;

async function bought() {
  const world = await openShop(shopify);
  fillShop(world.shop);
  const id = placed(world.shop, plannedOrder(1, LINES));
  return { world, id };
}

async function orderOf(world: ShopWorld, id: string) {
  return onlyOrder(shopify.adapter, (await world.connection.readOrder(id)) ?? "");
}

/** As another app of the shop's does. */
async function otherApp(world: ShopWorld, query: string, variables: unknown): Promise<void> {
  const { SHOPIFY_CLIENT_ID, SHOPIFY_CLIENT_SECRET } = world.shop.account;
  const login = await fetch(`${world.shop.url}/admin/oauth/access_token`, {
    method: "POST",
    body: JSON.stringify({
      client_id: SHOPIFY_CLIENT_ID,
      client_secret: SHOPIFY_CLIENT_SECRET,
      grant_type: "client_credentials",
    }),
  });
  const { access_token: token } = (await login.json()) as { readonly access_token: string };
  const reply = await fetch(`${world.shop.url}/admin/api/${API_VERSION}/graphql.json`, {
    method: "POST",
    headers: { "x-shopify-access-token": token, "content-type": "application/json" },
    body: JSON.stringify({ query, variables }),
  });
  expect(await reply.json()).not.toHaveProperty("errors");
}

const hold = (world: ShopWorld, id: string, handle: string) =>
  otherApp(
    world,
    `mutation($id: ID!, $hold: FulfillmentOrderHoldInput!) {
       fulfillmentOrderHold(id: $id, fulfillmentHold: $hold) { userErrors { message } } }`,
    {
      id: `gid://shopify/FulfillmentOrder/${id}`,
      hold: { handle, reason: "HIGH_RISK_OF_FRAUD", reasonNotes: "seen before" },
    },
  );

const move = (world: ShopWorld, id: string, to: string, lineIds: readonly string[]) =>
  otherApp(
    world,
    `mutation($id: ID!, $to: ID!, $items: [FulfillmentOrderLineItemInput!]) {
       fulfillmentOrderMove(id: $id, newLocationId: $to, fulfillmentOrderLineItems: $items) { userErrors { message } } }`,
    {
      id: `gid://shopify/FulfillmentOrder/${id}`,
      to,
      items: lineIds.map((line) => ({ id: `gid://shopify/FulfillmentOrderLineItem/${line}`, quantity: 1 })),
    },
  );

test("what another app holds waits here with its reason, and our own hold that comes back is none", async () => {
  const { world, id } = await bought();
  expect((await orderOf(world, id)).holdReasons).toEqual([]);
  await hold(world, id, "risk-app");
  expect((await orderOf(world, id)).holdReasons).toMatchObject([
    {
      code: "held_at_channel",
      detail: "Shopify holds 2 of MUG, 1 of POT (high_risk_of_fraud: seen before).",
    },
  ]);
  const other = placed(world.shop, plannedOrder(2, LINES));
  await world.connection.tell(wordOf("hold", await orderOf(world, other)));
  expect((await orderOf(world, other)).holdReasons).toEqual([]);
});

test("a part that is moved to another location of the shop's own stays ours", async () => {
  const { world, id } = await bought();
  const order = await orderOf(world, id);
  await move(world, id, OTHER_LOCATION, [order.lines[1]?.externalLineId ?? ""]);
  expect((await orderOf(world, id)).holdReasons).toEqual([]);
  expect((await world.connection.tell(wordOf("ship", order))).status).toBe("told");
  expect(await world.connection.readOrderStates([id])).toMatchObject([{ state: "complete" }]);
});

test("a part that a fulfillment service is given waits here, and is not fulfilled by us there", async () => {
  const { world, id } = await bought();
  const order = await orderOf(world, id);
  const [mug, pot] = order.lines.map(({ externalLineId }) => externalLineId);
  await move(world, id, SERVICE_LOCATION, [pot ?? ""]);
  expect((await orderOf(world, id)).holdReasons).toMatchObject([
    { code: "held_at_channel", detail: "Shopify has given 1 of POT to Northwind 3PL to send." },
  ]);
  const ship = wordOf("ship", order);
  if (ship.kind !== "ship") throw new Error("another word");
  const of = (lineId: string | undefined) =>
    ship.lines.filter(({ externalLineId }) => externalLineId === lineId);
  expect(await world.connection.tell({ ...ship, lines: of(pot) })).toMatchObject({
    status: "refused",
    code: "nothing_left_to_fulfil",
  });
  expect((await world.connection.tell({ ...ship, trackingNumber: "1Z2", lines: of(mug) })).status).toBe(
    "told",
  );
  await move(world, `${id}3`, OTHER_LOCATION, [pot ?? ""]);
  expect((await orderOf(world, id)).holdReasons).toEqual([]);
});

test("a webhook, which has no fulfillment orders, does not say that nothing is held", async () => {
  const { world, id } = await bought();
  const payload = JSON.parse((await world.connection.readOrder(id)) ?? "{}");
  expect(onlyOrder(shopify.adapter, payload).silentOn).toBeUndefined();
  const { fulfillment_orders: _, ...webhook } = payload;
  expect(onlyOrder(shopify.adapter, webhook).silentOn).toEqual(["held_at_channel"]);
});
