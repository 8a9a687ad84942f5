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
import { at, textAt } from "../../vendor-kit/vendor-json.ts";
import { bigcommerce } from "./vendor.ts";

const FILES = ["orders-v2", "orders-v3", "inventory-v3"] as const;

/** Each call against the description that knows its path, each answer against that of its status. */
function examineWith(descriptions: readonly ReturnType<typeof openDescription>[]) {
  return (exchanges: readonly Exchange[]): void => {
    for (const { request, reply } of exchanges) {
      const path = request.path.replace(/^\/stores\/[^/]+\/v[23]/, "");
      const version = request.path.includes("/v2/") ? ["orders-v2"] : ["orders-v3", "inventory-v3"];
      for (const description of descriptions) {
        const known = operationAt(description.document, request.method, path);
        const file = FILES[descriptions.indexOf(description)] ?? "";
        if (known === undefined || !version.includes(file)) continue;
        const what = `${request.method} ${known.template}`;
        const pointer = `#/paths/${known.template.replaceAll("/", "~1")}/${request.method.toLowerCase()}`;
        if (request.body.length > 0) {
          const body: unknown = JSON.parse(request.body.toString());
          const schema = `${pointer}/requestBody/content/application~1json/schema`;
          expect([what, ...description.problems(schema, body)]).toEqual([what]);
        }
        if (reply.body.length === 0) continue;
        const answer = responsePointer(description.document, pointer, known.operation, reply.status);
        if (answer === undefined) continue;
        expect([what, reply.status, ...description.problems(answer, JSON.parse(String(reply.body)))]).toEqual(
          [what, reply.status],
        );
      }
    }
  };
}

function responsePointer(document: unknown, pointer: string, operation: unknown, status: number) {
  const response = at(operation, "responses", String(status));
  const reference = textAt(response, "$ref");
  const base = reference === "" ? `${pointer}/responses/${status}` : reference;
  const target =
    reference === "" ? response : at(document, "components", "responses", reference.split("/").at(-1) ?? "");
  for (const type of ["application/json", "application/problem+json"])
    if (at(target, "content", type, "schema") !== undefined)
      return `${base}/content/${type.replaceAll("/", "~1")}/schema`;
  return undefined;
}

const hasFacts = hasVendor("bigcommerce");
const examine = hasFacts
  ? examineWith(FILES.map((file) => openDescription(`bigcommerce/${file}.facts.json`)))
  : undefined;

describeConnection(bigcommerce, { manyOrders: 120, ...(examine === undefined ? {} : { examine }) });

test.skipIf(!hasFacts)(
  `a call that the description does not allow is found${vendorNote("bigcommerce")}`,
  () => {
    const description = openDescription("bigcommerce/inventory-v3.facts.json");
    const schema = "#/components/schemas/AdjustmentsAbsoluteRequest";
    expect(description.problems(schema, { items: [{ sku: "A", quantity: 1 }] })).not.toEqual([]);
  },
);

test("a part cannot be cancelled at the store, and says so", async () => {
  const world = await openShop(bigcommerce);
  fillShop(world.shop);
  const id = placed(world.shop, plannedOrder(1));
  const order = onlyOrder(bigcommerce.adapter, (await world.connection.readOrder(id)) ?? "");
  const word = wordOf("cancel", order);
  if (word.kind !== "cancel") throw new Error("another word");
  const part = { ...word, isWhole: false };
  expect(await world.connection.tell(part)).toMatchObject({ status: "refused", code: "part_not_cancelled" });
  await world.connection.tell(wordOf("ship", order));
  expect(await world.connection.tell(word)).toMatchObject({ status: "refused", code: "order_closed" });
});

test("a refund is given back the way the order was paid, and more than that is refused", async () => {
  const world = await openShop(bigcommerce);
  fillShop(world.shop);
  const id = placed(world.shop, plannedOrder(1));
  const order = onlyOrder(bigcommerce.adapter, (await world.connection.readOrder(id)) ?? "");
  const word = wordOf("refund", order);
  if (word.kind !== "refund") throw new Error("another word");
  const large = { ...word, amount: { ...word.amount, minor: 999_999 } };
  expect(await world.connection.tell(large)).toMatchObject({ status: "refused", code: "status_422" });
  expect((await world.connection.tell(word)).status).toBe("told");
  const sent = world.exchanges.find(
    ({ request }) => request.path.endsWith("/refunds") && request.method === "POST",
  );
  expect(JSON.parse(sent?.request.body.toString() ?? "{}").payments).toEqual([
    { provider_id: "stripe", amount: 10, offline: false },
  ]);
  const again = onlyOrder(bigcommerce.adapter, (await world.connection.readOrder(id)) ?? "");
  expect(again.holdReasons).toEqual([]);
});
