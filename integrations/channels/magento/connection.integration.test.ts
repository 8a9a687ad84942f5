import { expect, test } from "vitest";
import { onlyOrder } from "../../../test-support/vendors/channel-orders.ts";
import {
  describeConnection,
  type Exchange,
  fillShop,
  openShop,
  placed,
  plannedOrder,
  wordOf,
} from "../../../test-support/vendors/connection-contract.ts";
import {
  hasVendor,
  openDescription,
  operationAt,
  vendorNote,
} from "../../../test-support/vendors/vendor-descriptions.ts";
import { at, listAt, textAt } from "../../vendor-kit/vendor-json.ts";
import { VARIABLES } from "./api.ts";
import { magento } from "./vendor.ts";

const FILE = "adobe-commerce/admin-rest-2.4.9.openapi.json";

/** Swagger 2: bodies are parameters, and every other status is `default`. */
function examineWith(description: ReturnType<typeof openDescription>) {
  return (exchanges: readonly Exchange[]): void => {
    for (const { request, reply } of exchanges) {
      const path = request.path.replace("/rest/all", "");
      const known = operationAt(description.document, request.method, path);
      if (known === undefined) {
        // Refunds through an invoice are not part of what lies beside the project.
        expect(path).toMatch(/^\/V1\/invoice\/\d+\/refund$/);
        continue;
      }
      const what = `${request.method} ${known.template}`;
      const pointer = `#/paths/${known.template.replaceAll("/", "~1")}/${request.method.toLowerCase()}`;
      const parameters = listAt(known.operation, "parameters");
      const body = parameters.findIndex((parameter) => textAt(parameter, "in") === "body");
      if (request.body.length > 0) {
        const sent: unknown = JSON.parse(request.body.toString());
        expect([what, ...description.problems(`${pointer}/parameters/${body}/schema`, sent)]).toEqual([what]);
      }
      const status =
        at(known.operation, "responses", String(reply.status)) === undefined ? "default" : reply.status;
      if (at(known.operation, "responses", String(status), "schema") === undefined) continue;
      if (status === "default" && reply.status < 300) continue;
      const answer = description.problems(
        `${pointer}/responses/${status}/schema`,
        JSON.parse(String(reply.body)),
      );
      expect([what, reply.status, ...answer]).toEqual([what, reply.status]);
    }
  };
}

const hasDescription = hasVendor("adobe-commerce");
const examine = hasDescription ? examineWith(openDescription(FILE)) : () => {};

describeConnection(magento, {
  examine,
  repeats: { release: "nothing is held, so that there is nothing to release" },
});

test.skipIf(!hasDescription)(
  `a call that Magento would not take is found${vendorNote("adobe-commerce")}`,
  () => {
    const schema = "#/definitions/sales-data-shipment-item-creation-interface";
    expect(openDescription(FILE).problems(schema, { qty: 1 })).not.toEqual([]);
  },
);

async function orderOf(world: Awaited<ReturnType<typeof openShop>>, id: string) {
  return onlyOrder(magento.adapter, (await world.connection.readOrder(id)) ?? "");
}

test("as many units may be sold as was told, whatever open orders have reserved", async () => {
  const world = await openShop(magento);
  fillShop(world.shop, 10);
  placed(world.shop, plannedOrder(1, [["MUG", 4]]));
  const outcomes = await world.connection.tellStock([{ channelSku: "MUG", listing: {}, quantity: 7 }], "k");
  expect(outcomes).toMatchObject([{ outcome: { status: "told" } }]);
  expect(world.shop.levels().get("MUG")).toBe(7);
  const sent = world.exchanges.find(({ request }) => request.method === "POST");
  expect(JSON.parse(sent?.request.body.toString() ?? "{}").sourceItems).toEqual([
    { sku: "MUG", source_code: "default", quantity: 11, status: 1 },
  ]);
});

test("a refund gives back its amount, through the order's invoice or written down, and nothing else", async () => {
  for (const [way, path] of [
    ["online", /^\/rest\/all\/V1\/invoice\/\d+\/refund$/],
    ["offline", /^\/rest\/all\/V1\/order\/\d+\/refund$/],
  ] as const) {
    const world = await openShop(magento);
    fillShop(world.shop);
    const id = placed(
      world.shop,
      plannedOrder(1, [
        ["MUG", 2],
        ["POT", 1],
      ]),
    );
    const connection = await magento.api?.connect({ ...world.shop.account, [VARIABLES.refunds]: way });
    expect(await connection?.tell(wordOf("refund", await orderOf(world, id)))).toMatchObject({
      status: "told",
    });
    const sent = world.exchanges.find(({ request }) => request.path.endsWith("/refund"));
    expect(sent?.request.path).toMatch(path);
    const body = JSON.parse(sent?.request.body.toString() ?? "{}");
    expect(body.items.map((item: { qty: number }) => item.qty)).toEqual([0, 0]);
    expect(body.arguments).toMatchObject({ adjustment_positive: 10, shipping_amount: 0 });
    expect((await orderOf(world, id)).holdReasons).toEqual([]);
  }
});

test("an order that the shop has completed is not cancelled, and a part never", async () => {
  const world = await openShop(magento);
  fillShop(world.shop);
  const order = await orderOf(world, placed(world.shop, plannedOrder(1)));
  const word = wordOf("cancel", order);
  if (word.kind !== "cancel") throw new Error("another word");
  expect(await world.connection.tell({ ...word, isWhole: false })).toMatchObject({
    code: "part_not_cancelled",
  });
  await world.connection.tell(wordOf("ship", order));
  expect(await world.connection.tell(word)).toMatchObject({ status: "refused", code: "order_closed" });
  expect((await orderOf(world, order.externalId)).lines[0]?.fulfilledElsewhere).toBeUndefined();
});

test("a hold of ours does not come back as the shop's, and what is told of the order releases it first", async () => {
  const world = await openShop(magento);
  fillShop(world.shop);
  const order = await orderOf(world, placed(world.shop, plannedOrder(1, [["MUG", 2]])));
  const hold = wordOf("hold", order);
  expect(await world.connection.tell(hold)).toMatchObject({ status: "told" });
  expect(await world.connection.tell(hold)).toMatchObject({ status: "already" });
  const held = await orderOf(world, order.externalId);
  expect([held.attributes?.["state"], held.holdReasons]).toEqual(["holded", []]);
  expect(await world.connection.tell(wordOf("release", order))).toMatchObject({ status: "told" });
  expect(await world.connection.tell(wordOf("release", order))).toMatchObject({ status: "already" });
  await world.connection.tell({ ...hold, key: "another" });
  expect(await world.connection.tell(wordOf("ship", order))).toMatchObject({ status: "told" });
  const sent = await orderOf(world, order.externalId);
  expect([sent.attributes?.["state"], sent.holdReasons]).toEqual(["complete", []]);
  examine(world.exchanges);
});

test("an order that the shop's people hold waits, and is not released by us", async () => {
  const world = await openShop(magento);
  fillShop(world.shop);
  const id = placed(world.shop, plannedOrder(1));
  await fetch(`${world.shop.url}/rest/all/V1/orders/${id}/hold`, {
    method: "POST",
    headers: { authorization: `Bearer ${world.shop.account["MAGENTO_ACCESS_TOKEN"]}` },
  });
  const order = await orderOf(world, id);
  expect(order.holdReasons).toMatchObject([{ code: "payment_pending" }]);
  expect(await world.connection.tell(wordOf("release", order))).toMatchObject({ status: "already" });
  expect((await orderOf(world, id)).attributes?.["state"]).toBe("holded");
});

test("invoices are the shop's, unless Holdfast is to make them: one for each parcel, found by its number", async () => {
  const world = await openShop(magento);
  fillShop(world.shop);
  expect(world.connection.tells.has("invoice")).toBe(false);
  const connection = await magento.api?.connect({ ...world.shop.account, [VARIABLES.invoices]: "holdfast" });
  expect(connection?.tells.has("invoice")).toBe(true);
  const order = await orderOf(world, placed(world.shop, plannedOrder(1, [["MUG", 3]])));
  const whole = wordOf("invoice", order);
  if (whole.kind !== "invoice") throw new Error("another word");
  const part = (number: string, quantity: number) => ({
    ...whole,
    number,
    lines: whole.lines.map((line) => ({ ...line, quantity })),
  });
  const first = await connection?.tell(part("INV-000001", 2));
  expect(first).toMatchObject({ status: "told", reference: expect.stringMatching(/^\d+$/) });
  expect(await connection?.tell(part("INV-000001", 2))).toEqual({ ...first, status: "already" });
  expect(await connection?.tell(part("INV-000002", 1))).toMatchObject({ status: "told" });
  // All of it is invoiced: by whomever.
  expect(await connection?.tell(part("INV-000003", 1))).toEqual({ status: "already", reference: null });
  expect(await connection?.tell(part("INV-000004", 0))).toMatchObject({
    status: "refused",
    code: "no_units",
  });
  const bodies = world.exchanges
    .filter(({ request }) => request.path.endsWith("/invoice"))
    .map(({ request }) => JSON.parse(request.body.toString()));
  expect(bodies).toMatchObject([
    { capture: true, items: [{ qty: 2 }], comment: { comment: "Invoiced (Holdfast INV-000001)" } },
    { capture: true, items: [{ qty: 1 }], comment: { comment: "Invoiced (Holdfast INV-000002)" } },
  ]);
  examine(world.exchanges);
});
