/**
 * Whole orders through Holdfast: `order.capture` over the WebSocket, one to five lines, all or nothing. It
 * does more than its counterpart: it reads and keeps the channel's document, finds each SKU in the catalog,
 * promises dates, chooses locations, and writes the order with its lines, holds, history and the message to
 * its saga, in the journal's commit.
 */
import { APPLIED, type OperationBatch, REFUSED } from "../operations.ts";
import type { Driver, System } from "../system.ts";
import { readRemaining, receiveStock, skuOf } from "./holdfast-stock.ts";
import { StreamClient } from "./stream-client.ts";

/** The channel that `servers/order-catalog.ts` makes. */
export const ORDER_CHANNEL = "bench";

/** Positions that orders ask for: each needs a product in the catalog. */
export const ORDER_POSITIONS = 10_000;

export const MAX_ORDER_LINES = 5;

/** A code that is neither applied nor refused for lack of stock. */
const ERROR = 255;

export const holdfastOrders: System = {
  name: "holdfast-orders",
  title: "Holdfast, whole orders",
  server: "core",
  exact: true,
  orders: true,
  note: "order.capture: beside the reservation the order itself, its catalog look-up, promise, sourcing, history and outbox, in one commit.",
  variants: [64, 256, 512].map((inFlight) => ({
    name: `${inFlight} orders in flight`,
    inFlight,
    batch: MAX_ORDER_LINES,
    quick: inFlight === 256,
    connections: 2,
  })),
  connect: async (endpoint, { connections }): Promise<Driver> => {
    const streams = await Promise.all(
      Array.from({ length: connections }, () => StreamClient.connect(endpoint)),
    );
    const [first] = streams;
    if (first === undefined) throw new Error("no connection");
    const run = Date.now().toString(36);
    return {
      load: (units) => receiveStock(first, units),
      apply: (worker, batch) => capture(streams[worker % streams.length] ?? first, `${run}-${worker}`, batch),
      remaining: (positions) => readRemaining(first, positions),
      close: async () => {
        await Promise.all(streams.map((stream) => stream.close()));
      },
    };
  },
};

async function capture(stream: StreamClient, prefix: string, batch: OperationBatch): Promise<Uint8Array> {
  const payload = JSON.stringify({
    id: `${prefix}-${batch.number(0)}`,
    currency: "USD",
    lines: Array.from({ length: batch.length }, (_, index) => ({
      sku: skuOf(batch.position(index)),
      quantity: batch.quantity(index),
      unitPrice: "10.00",
    })),
    paymentMethod: "pm_card_visa",
    shippingAddress: {
      name: "Bench",
      line1: "1 Test Street",
      city: "Reno",
      region: "NV",
      postalCode: "89501",
      country: "US",
    },
    customer: { name: "Bench", email: "bench@example.com" },
  });
  const reply = await stream.ask({ type: "order.capture", channel: ORDER_CHANNEL, payload });
  if (reply.type !== "order.captured") throw new Error(`not captured: ${reply.type}`);
  const [result] = reply.results;
  return new Uint8Array(batch.length).fill(
    result?.outcome === "accepted" ? APPLIED : result?.code === "insufficient_stock" ? REFUSED : ERROR,
  );
}
