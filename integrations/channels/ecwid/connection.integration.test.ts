import { describe, expect, test } from "vitest";
import { onlyOrder } from "../../../test-support/vendors/channel-orders.ts";
import {
  describeConnection,
  faultOfCall,
  fillShop,
  openShop,
  placed,
  plannedOrder,
  wordOf,
} from "../../../test-support/vendors/connection-contract.ts";
import { ecwid } from "./vendor.ts";

describeConnection(ecwid);

async function orderIn(world: Awaited<ReturnType<typeof openShop>>, id: string) {
  return onlyOrder(ecwid.adapter, (await world.connection.readOrder(id)) ?? "");
}

describe("an Ecwid store", () => {
  test("whose orders of one second fill several pages loses none of them and repeats none", async () => {
    const world = await openShop(ecwid);
    fillShop(world.shop);
    const ids = Array.from({ length: 240 }, (_, number) => placed(world.shop, plannedOrder(number + 1)));
    const seen: string[] = [];
    let page: string | null = null;
    do {
      const token: string | null = page;
      const found = await world.connection.readOrders({ sinceMs: 0, page: token });
      seen.push(...found.payloads.map((payload) => onlyOrder(ecwid.adapter, payload).externalId));
      page = found.next;
    } while (page !== null);
    expect(seen.sort()).toEqual(ids.sort());
  });

  test("is told of half an order as in processing, with both numbers once the rest has left", async () => {
    const world = await openShop(ecwid);
    fillShop(world.shop);
    const id = placed(world.shop, plannedOrder(1));
    const order = await orderIn(world, id);
    const whole = wordOf("ship", order, "1");
    if (whole.kind !== "ship") throw new Error("another word");
    const half = whole.lines.map((line) => ({ ...line, quantity: 1 }));
    await world.connection.tell({ ...whole, lines: half, trackingNumber: "1Z1" });
    expect((await orderIn(world, id)).attributes?.["fulfillment_status"]).toBe("PROCESSING");
    expect(await world.connection.readOrderStates([id])).toMatchObject([
      { state: "open", lines: [{ shipped: 1 }] },
    ]);
    await world.connection.tell({ ...whole, shipmentId: "SH-2", lines: half, trackingNumber: "1Z2" });
    expect(await world.connection.readOrder(id)).toContain('"trackingNumber":"1Z1, 1Z2"');
    // Shipped by us: nothing of it was done elsewhere.
    expect((await orderIn(world, id)).lines[0]?.fulfilledElsewhere).toBeUndefined();
  });

  test("cannot cancel a part, nor what has left, and says so", async () => {
    const world = await openShop(ecwid);
    fillShop(world.shop);
    const order = await orderIn(world, placed(world.shop, plannedOrder(1)));
    const cancel = wordOf("cancel", order);
    if (cancel.kind !== "cancel") throw new Error("another word");
    expect(await world.connection.tell({ ...cancel, isWhole: false })).toMatchObject({
      code: "part_not_cancelled",
    });
    await world.connection.tell(wordOf("ship", order));
    expect(await world.connection.tell(cancel)).toMatchObject({ code: "order_closed" });
  });

  test("keeps what its own people wrote into an order's extra fields", async () => {
    const world = await openShop(ecwid);
    fillShop(world.shop);
    const id = placed(world.shop, plannedOrder(1));
    const order = await orderIn(world, id);
    await world.connection.tell(wordOf("ship", order, "1"));
    const put = world.exchanges.find(({ request }) => request.method === "PUT");
    expect(JSON.parse(put?.request.body.toString() ?? "")).toMatchObject({ fulfillmentStatus: "SHIPPED" });
    expect(await world.connection.readOrder(id)).toContain(`holdfast_SH-${id}1.1`);
  });

  test("of another number, or a page of another connection's, is a fault with its name", async () => {
    const world = await openShop(ecwid);
    const other = await ecwid.api?.connect({ ...world.shop.account, ECWID_STORE_ID: "1" });
    expect(await other?.tryConnection()).toMatchObject({
      works: false,
      detail: "Ecwid has no store of this number.",
    });
    const fault = await faultOfCall(() => world.connection.readOrders({ sinceMs: 0, page: "no-token" }));
    expect(fault).toMatchObject({ code: "page_unknown", retryable: false });
  });
});
