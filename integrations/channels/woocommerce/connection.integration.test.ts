import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { IncomingOrder } from "../../../orders/incoming-order.ts";
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
import { isObject, parseJson } from "../../vendor-kit/vendor-json.ts";
import { VARIABLES } from "./api.ts";
import { woocommerce } from "./vendor.ts";

const BASE = /^\/wp-json\/wc\/v3/;
/** Which table of properties a path's documents are of. */
const SCHEMAS: readonly (readonly [path: RegExp, name: string])[] = [
  [/^\/orders(\/\d+)?$/, "order"],
  [/^\/orders\/\d+\/refunds$/, "refund"],
  [/^\/products$/, "product"],
  [/^\/products\/\d+\/variations$/, "product_variation"],
];

/** What the vendor's own samples and newer versions have otherwise than the tables say. */
const KNOWN = [
  /\/line_items\/\d+\/price must be string/,
  /\/rate_id must be string/,
  /stock_quantity must be integer/,
  /\/type must be equal/,
];

function examineWith(description: ReturnType<typeof openDescription>) {
  const problemsOf = (name: string, value: unknown) =>
    description
      .problems(`#/definitions/${name}`, value)
      .filter((problem) => !KNOWN.some((known) => known.test(problem)));
  return (exchanges: readonly Exchange[]) => {
    for (const { request, reply } of exchanges) {
      const path = request.path.replace(BASE, "");
      const text = String(reply.body);
      if (reply.status >= 400) {
        expect(JSON.parse(text)).toMatchObject({ code: expect.any(String), data: { status: reply.status } });
        continue;
      }
      const name = SCHEMAS.find(([pattern]) => pattern.test(path))?.[1];
      if (name === undefined) continue;
      const documents: unknown = JSON.parse(text);
      for (const document of Array.isArray(documents) ? documents : [documents])
        expect([request.method, path, ...problemsOf(name, document)]).toEqual([request.method, path]);
      if (request.body.length === 0) continue;
      const sent: unknown = parseJson(request.body.toString());
      expect(["sent", path, ...problemsOf(name, sent)]).toEqual(["sent", path]);
      expect(Object.keys(sent as object).filter((key) => isReadOnly(description, name, key))).toEqual([]);
    }
  };
}

function isReadOnly(description: ReturnType<typeof openDescription>, name: string, key: string): boolean {
  const definitions = description.document["definitions"] as Record<string, { properties: object }>;
  const property: unknown = Object.entries(definitions[name]?.properties ?? {}).find(
    ([known]) => known === key,
  )?.[1];
  return !isObject(property) || property["readOnly"] === true;
}

const hasTables = hasVendor("woocommerce");

describeConnection(
  woocommerce,
  hasTables ? { examine: examineWith(openDescription("woocommerce/wc-v3.schema.json")) } : {},
);

test.skipIf(!hasTables)(
  `what was said was held against the vendor's tables of properties${vendorNote("woocommerce")}`,
  () => {
    const description = openDescription("woocommerce/wc-v3.schema.json");
    expect(description.problems("#/definitions/order", { id: "x" })).not.toEqual([]);
    expect(isReadOnly(description, "order", "total")).toBe(true);
  },
);

async function orderOf(world: Awaited<ReturnType<typeof openShop>>, id: string): Promise<IncomingOrder> {
  const [reading] = woocommerce.adapter.read((await world.connection.readOrder(id)) ?? "", null);
  if (reading?.kind !== "order") throw new Error("not an order");
  return reading.order;
}

describe("a WooCommerce shop that Holdfast has told things", () => {
  test("a refund that Holdfast told of holds the order no more than it did before", async () => {
    const world = await openShop(woocommerce);
    fillShop(world.shop);
    const id = placed(world.shop, plannedOrder(1));
    await world.connection.tell(wordOf("refund", await orderOf(world, id)));
    expect((await orderOf(world, id)).holdReasons).toEqual([]);
    world.shop.refund(id, 100);
    expect((await orderOf(world, id)).holdReasons).toMatchObject([
      { code: "refunded_at_channel", detail: expect.stringContaining("1.00 USD") },
    ]);
  });

  test("an order that is completed by our own parcels was not fulfilled elsewhere", async () => {
    const world = await openShop(woocommerce);
    fillShop(world.shop);
    const id = placed(world.shop, plannedOrder(1));
    await world.connection.tell(wordOf("ship", await orderOf(world, id)));
    const order = await orderOf(world, id);
    expect(order.attributes?.["status"]).toBe("completed");
    expect(order.lines[0]?.fulfilledElsewhere).toBeUndefined();
  });

  test("a parcel's note that was lost on its way is written once, and the parcel is not doubled", async () => {
    const world = await openShop(woocommerce);
    fillShop(world.shop);
    const id = placed(world.shop, plannedOrder(1));
    const order = await orderOf(world, id);
    // The parcel is written, and we do not hear of it: its note is still to come.
    world.shop.faults.nextWrite = "reply-lost";
    await faultOfCall(() => world.connection.tell(wordOf("ship", order)));
    expect((await world.connection.tell(wordOf("ship", order))).status).toBe("told");
    expect((await world.connection.tell(wordOf("ship", order))).status).toBe("already");
    const notes = world.exchanges.filter(
      ({ request, reply }) => request.path.endsWith("/notes") && reply.status === 201,
    );
    expect(notes.length).toBe(1);
    expect(world.exchanges.filter(({ request }) => request.method === "PUT").length).toBe(1);
  });

  test("units that are not delivered are in the order's books, and its rest completes it", async () => {
    const world = await openShop(woocommerce);
    fillShop(world.shop);
    const id = placed(
      world.shop,
      plannedOrder(1, [
        ["MUG", 2],
        ["POT", 3],
      ]),
    );
    const order = await orderOf(world, id);
    const cancel = wordOf("cancel", order);
    const ship = wordOf("ship", order);
    if (cancel.kind !== "cancel" || ship.kind !== "ship") throw new Error("other words");
    const part = { ...cancel, isWhole: false, lines: cancel.lines.slice(1) };
    expect((await world.connection.tell(part)).status).toBe("told");
    expect((await world.connection.tell(part)).status).toBe("already");
    expect(await world.connection.readOrderStates([id])).toMatchObject([
      { state: "open", lines: [{ cancelled: 0 }, { cancelled: 3 }] },
    ]);
    await world.connection.tell({ ...ship, lines: ship.lines.slice(0, 1) });
    expect(await world.connection.readOrderStates([id])).toMatchObject([
      {
        state: "complete",
        lines: [
          { shipped: 2, cancelled: 0 },
          { shipped: 0, cancelled: 3 },
        ],
      },
    ]);
  });

  test("a refund that the shop's gateway will not carry out is refused with its words", async () => {
    const world = await openShop(woocommerce);
    fillShop(world.shop);
    const id = placed(world.shop, plannedOrder(1));
    const word = wordOf("refund", await orderOf(world, id));
    if (word.kind !== "refund") throw new Error("another word");
    const outcome = await world.connection.tell({ ...word, amount: { ...word.amount, minor: 9_999_900 } });
    expect(outcome).toEqual({
      status: "refused",
      code: "cannot_create_order_refund",
      message: "Invalid refund amount.",
    });
  });

  test("stock is set where the shop's ids are not known, by the SKU", async () => {
    const world = await openShop(woocommerce);
    for (const channelSku of ["A", "B", "C", "D"])
      world.shop.list({ channelSku, title: channelSku, gtin: null, quantity: 1 });
    const levels = ["A", "B", "C", "D", "E"].map((channelSku) => ({ channelSku, listing: {}, quantity: 7 }));
    const outcomes = await world.connection.tellStock(levels, "k");
    expect(outcomes.map(({ outcome }) => outcome.status)).toEqual([
      "told",
      "told",
      "told",
      "told",
      "refused",
    ]);
    expect([...world.shop.levels().values()]).toEqual([7, 7, 7, 7]);
  });
});

describe("webhooks of a simulated shop", () => {
  const taken: { readonly headers: Record<string, string>; readonly body: Buffer }[] = [];
  const server = createServer((message, response) => {
    const chunks: Buffer[] = [];
    message.on("data", (chunk: Buffer) => chunks.push(chunk));
    message.on("end", () => {
      taken.push({ headers: message.headers as Record<string, string>, body: Buffer.concat(chunks) });
      response.writeHead(200).end();
    });
  });
  let url = "";
  beforeAll(async () => {
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hooks`;
  });
  afterAll(() => {
    server.close();
  });

  test("are signed as the adapter opens them, and lost where faults say so", async () => {
    const world = await openShop(woocommerce, { webhookUrl: url });
    fillShop(world.shop);
    const id = placed(world.shop, plannedOrder(1));
    await expect.poll(() => taken.length).toBe(1);
    const [first] = taken;
    if (first === undefined) throw new Error("none came");
    const { adapter } = woocommerce;
    expect(adapter.openWebhook(first.headers, first.body, "a-secret-of-webhooks")).toMatchObject({
      topic: "order.created",
    });
    expect(adapter.openWebhook(first.headers, first.body, "another-secret")).toBeNull();
    const forged = Buffer.from(first.body.toString().replace('"total":"30.97"', '"total":"0.01"'));
    expect(forged.equals(first.body)).toBe(false);
    expect(adapter.openWebhook(first.headers, forged, "a-secret-of-webhooks")).toBeNull();
    world.shop.faults.rates = { ...world.shop.faults.rates, webhookLossRate: 1 };
    world.shop.cancel(id);
    world.shop.faults.rates = { ...world.shop.faults.rates, webhookLossRate: 0, webhookRepeatRate: 1 };
    placed(world.shop, plannedOrder(2));
    await expect.poll(() => taken.length).toBe(3);
    expect(taken.map(({ headers }) => headers["x-wc-webhook-topic"])).toEqual([
      "order.created",
      "order.created",
      "order.created",
    ]);
  });
});

test("a shop that is none answers the trial with what is wrong", async () => {
  const world = await openShop(woocommerce);
  const values = { ...world.shop.account, [VARIABLES.url]: `${world.shop.url}/not-a-shop` };
  const trial = await (await woocommerce.api?.connect(values))?.tryConnection();
  expect(trial).toMatchObject({ works: false });
  const page = await world.connection.readListings(null);
  expect(page.next).toBeNull();
  const fault = await faultOfCall(() => world.connection.readListings("no-token"));
  expect(fault).toMatchObject({ code: "page_unknown", retryable: false });
});
