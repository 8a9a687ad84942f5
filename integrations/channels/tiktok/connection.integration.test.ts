/** TikTok Shop's connection over its simulator: the contract of all channels, and what is TikTok's own. */
import { expect, test } from "vitest";
import type { OrdersPage } from "../../../ports/channel-connection.ts";
import { readBesideTheProject } from "../../../test-support/beside-the-project.ts";
import { onlyOrder } from "../../../test-support/vendors/channel-orders.ts";
import {
  describeConnection,
  type Exchange,
  fillShop,
  openShop,
  placed,
  plannedOrder,
  toldLines,
  wordOf,
} from "../../../test-support/vendors/connection-contract.ts";
import { hasVendor } from "../../../test-support/vendors/vendor-descriptions.ts";
import { tiktokAdapter } from "./adapter.ts";
import { tiktok } from "./vendor.ts";

/** Method and path of every operation that is known of TikTok Shop; no schemas are public. */
const operations = hasVendor("tiktok-shop") ? knownOperations() : null;

function knownOperations(): readonly { readonly method: string; readonly path: RegExp }[] {
  const facts = JSON.parse(readBesideTheProject("data/vendors/tiktok-shop/facts.json")) as {
    readonly operations: Readonly<
      Record<string, readonly { readonly method: string; readonly path: string }[]>
    >;
  };
  return Object.values(facts.operations)
    .flat()
    .map(({ method, path }) => ({
      method,
      path: new RegExp(`^${path.replace("{version}", "\\d{6}").replace(/\{[^}]+\}/g, "[^/]+")}$`),
    }));
}

/** Of the vendor's reference, and left out of what is collected beside the project. */
const NOT_COLLECTED =
  /^(POST \/product\/202502\/products\/search|GET \/logistics\/202309\/delivery_options\/[^/]+\/shipping_providers)$/;

/** Held to are the operations, the envelope, and where `shop_cipher` belongs. */
function examine(exchanges: readonly Exchange[]): void {
  for (const { request, reply } of exchanges) {
    expect(JSON.parse(String(reply.body))).toMatchObject({
      code: expect.any(Number),
      request_id: expect.any(String),
    });
    const call = `${request.method} ${request.path}`;
    if (operations !== null && !/^\/api\/v2\//.test(request.path) && !NOT_COLLECTED.test(call))
      expect([
        request.method,
        request.path,
        operations.some((one) => one.method === request.method && one.path.test(request.path)),
      ]).toEqual([request.method, request.path, true]);
    const isOfApp = /^\/(authorization|api\/v2)\//.test(request.path);
    expect([request.path, request.query.has("shop_cipher")]).toEqual([request.path, !isOfApp]);
    expect(JSON.stringify(request.headers)).not.toContain("simulated-tiktok-app-secret");
  }
}

describeConnection(tiktok, { examine });

test("a line's parcel names its open units by their ids, and the carrier by TikTok's", async () => {
  const world = await openShop(tiktok);
  fillShop(world.shop);
  const id = placed(world.shop, plannedOrder(1, [["MUG", 3]]));
  const order = onlyOrder(tiktokAdapter, (await world.connection.readOrder(id)) ?? "");
  const parcel = wordOf("ship", order);
  if (parcel.kind !== "ship") throw new Error("not a parcel");
  const lines = toldLines(order).map((line) => ({ ...line, quantity: 1 }));
  await world.connection.tell({ ...parcel, trackingNumber: "T1", lines });
  await world.connection.tell({ ...parcel, trackingNumber: "T2", lines });
  const bodies = world.exchanges
    .filter(({ request }) => request.path.endsWith("/packages"))
    .map(({ request }) => JSON.parse(request.body.toString("utf8")));
  expect(bodies).toMatchObject([
    { order_line_item_ids: [order.lines[0]?.externalLineId], shipping_provider_id: "7117859084333745966" },
    { order_line_item_ids: [expect.not.stringContaining(order.lines[0]?.externalLineId ?? "")] },
  ]);
  expect(
    await world.connection.tell({ ...parcel, trackingNumber: "T3", carrier: "Own fleet", lines }),
  ).toMatchObject({
    status: "refused",
    code: "carrier_unknown",
  });
});

test("a part of an order is cancelled once under one key", async () => {
  const world = await openShop(tiktok);
  fillShop(world.shop);
  const id = placed(world.shop, plannedOrder(1, [["MUG", 3]]));
  const order = onlyOrder(tiktokAdapter, (await world.connection.readOrder(id)) ?? "");
  const word = wordOf("cancel", order);
  if (word.kind !== "cancel") throw new Error("not a cancellation");
  const lines = toldLines(order).map((line) => ({ ...line, quantity: 1 }));
  for (let time = 0; time < 2; time += 1) await world.connection.tell({ ...word, isWhole: false, lines });
  expect(world.shop.books()[0]?.lines).toMatchObject([{ quantity: 3, cancelled: 1 }]);
  await world.connection.tell({ ...word, key: "another", isWhole: false, lines });
  expect(world.shop.books()[0]?.lines).toMatchObject([{ quantity: 3, cancelled: 2 }]);
});

test("a refund that leaves its order as it is comes with the orders that are read next", async () => {
  const world = await openShop(tiktok);
  fillShop(world.shop);
  const [id, other] = [placed(world.shop, plannedOrder(1)), placed(world.shop, plannedOrder(2))];
  world.pass(3_600_000);
  const sinceMs = Date.parse("2026-11-02T09:30:00Z");
  const read = async () => {
    const payloads: string[] = [];
    let page: string | null = null;
    do {
      const found: OrdersPage = await world.connection.readOrders({ sinceMs, page });
      payloads.push(...found.payloads);
      page = found.next;
    } while (page !== null);
    return payloads;
  };
  expect(await read()).toEqual([]);
  expect([world.shop.refund(id, 700), world.shop.refund(id, 51)]).toEqual([true, true]);
  const payloads = await read();
  expect(payloads).toHaveLength(1);
  const readings = tiktokAdapter.read(payloads[0] ?? "", null);
  expect(readings).toMatchObject([
    { kind: "order", order: { externalId: id } },
    { kind: "refund", externalId: id, amount: { minor: 700, currency: "USD" } },
    { kind: "refund", externalId: id, amount: { minor: 51, currency: "USD" } },
  ]);
  expect(new Set(readings.map((each) => (each.kind === "refund" ? each.refundId : "")))).toHaveLength(3);
  const states = await world.connection.readOrderStates([id, other]);
  expect(states.map(({ refunded }) => refunded.minor)).toEqual([751, 0]);
  examine(world.exchanges);
});
