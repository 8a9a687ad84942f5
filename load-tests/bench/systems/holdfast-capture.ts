/**
 * Whole orders through Holdfast, one to five lines, all or nothing, in the channels' own formats: by
 * `order.capture` over the WebSocket, and by `POST /v1/orders`. Beside what PostgreSQL's forms write it reads
 * the channel's format, finds each SKU in the catalog, promises dates, chooses locations, encrypts what
 * identifies the shopper, and keeps the engine's journal.
 */
import { randomUUID } from "node:crypto";
import { Agent, request } from "node:http";
import type { CaptureResult } from "../../../contract/orders.ts";
import { APPLIED, type OperationBatch, REFUSED } from "../operations.ts";
import type { Driver, Endpoint, System } from "../system.ts";
import { type ChannelOrder, ChannelOrders, MAX_ORDER_LINES } from "./channel-orders.ts";
import { readRemaining, receiveStock } from "./holdfast-stock.ts";
import { StreamClient } from "./stream-client.ts";

/** A code that is neither applied nor refused for lack of stock. */
const ERROR = 255;

export const captureByStream: System = {
  name: "capture-stream",
  title: "Holdfast, orders by stream",
  server: "core",
  exact: true,
  orders: true,
  note: "order.capture over the WebSocket, five channels' formats; answered after the commit.",
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
    const orders = new ChannelOrders(randomUUID());
    return {
      load: (units) => receiveStock(first, units),
      apply: async (worker, batch) => {
        const { channel, topic, payload } = orders.next(batch);
        const reply = await (streams[worker % streams.length] ?? first).ask({
          type: "order.capture",
          channel,
          payload,
          ...(topic === null ? {} : { topic }),
        });
        if (reply.type !== "order.captured") throw new Error(`not captured: ${reply.type}`);
        return codesOf(batch, reply.results[0]);
      },
      remaining: (positions) => readRemaining(first, positions),
      close: async () => {
        await Promise.all(streams.map((stream) => stream.close()));
      },
    };
  },
};

export const captureByRest: System = {
  name: "capture-rest",
  title: "Holdfast, orders by REST",
  server: "core",
  exact: true,
  orders: true,
  note: "POST /v1/orders with an idempotency key, an order a request; answered after the commit.",
  variants: [16, 64].map((connections) => ({
    name: `${connections} connections`,
    inFlight: connections,
    batch: MAX_ORDER_LINES,
    quick: connections === 64,
    connections,
  })),
  connect: async (endpoint, { connections }): Promise<Driver> => {
    const stream = await StreamClient.connect(endpoint);
    const agent = new Agent({ keepAlive: true, maxSockets: connections });
    const orders = new ChannelOrders(randomUUID());
    return {
      load: (units) => receiveStock(stream, units),
      apply: async (_, batch) => codesOf(batch, await post(endpoint, agent, orders.next(batch))),
      remaining: (positions) => readRemaining(stream, positions),
      close: async () => {
        agent.destroy();
        await stream.close();
      },
    };
  },
};

function codesOf(
  batch: OperationBatch,
  result: Pick<CaptureResult, "outcome" | "code"> | undefined,
): Uint8Array {
  const refused = result?.code === "insufficient_stock" ? REFUSED : ERROR;
  return new Uint8Array(batch.length).fill(result?.outcome === "accepted" ? APPLIED : refused);
}

/** @returns the captured order, or the problem that the gateway names, as a refused one */
function post(
  { url, key }: Endpoint,
  agent: Agent,
  { channel, payload }: ChannelOrder,
): Promise<Pick<CaptureResult, "outcome" | "code">> {
  return new Promise((resolve, reject) => {
    const sent = request(
      `${url}/v1/orders?channel=${channel}`,
      {
        method: "POST",
        agent,
        headers: {
          authorization: `Bearer ${key}`,
          "content-type": "application/json",
          "idempotency-key": randomUUID(),
        },
      },
      (response) => {
        const parts: Buffer[] = [];
        response.on("data", (part: Buffer) => parts.push(part));
        response.once("error", reject);
        response.once("end", () => {
          const answer: { readonly outcome?: CaptureResult["outcome"]; readonly code?: string } = JSON.parse(
            Buffer.concat(parts).toString("utf8"),
          );
          const { outcome = "refused", code } = answer;
          resolve(code === undefined ? { outcome } : { outcome, code });
        });
      },
    );
    sent.once("error", reject);
    sent.end(payload);
  });
}
