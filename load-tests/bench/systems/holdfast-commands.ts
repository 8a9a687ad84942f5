/**
 * Holdfast by its general commands: each reservation a named hold with a cause, in messages of many
 * (`stock.execute`).
 */
import { APPLIED, EXPIRES_IN_MS, type OperationBatch, REFUSED, RESERVE } from "../operations.ts";
import type { Driver, System } from "../system.ts";
import { LOCATION, readRemaining, receiveStock, skuOf } from "./holdfast-stock.ts";
import { StreamClient } from "./stream-client.ts";

/** A code that is neither applied nor refused for lack of stock. */
const ERROR = 255;

export const holdfastCommands: System = {
  name: "holdfast-commands",
  title: "Holdfast, named holds by commands",
  server: "core",
  exact: true,
  note: "stock.execute over the WebSocket: text ids, a cause, and a movement for each hold.",
  variants: [{ name: "256 a message, 16 in flight", inFlight: 16, batch: 256, connections: 2 }],
  connect: async (endpoint, { connections }): Promise<Driver> => {
    const streams = await Promise.all(
      Array.from({ length: connections }, () => StreamClient.connect(endpoint)),
    );
    const [first] = streams;
    if (first === undefined) throw new Error("no connection");
    return {
      load: (units) => receiveStock(first, units),
      apply: (worker, batch) => applyBatch(streams[worker % streams.length] ?? first, worker, batch),
      remaining: (positions) => readRemaining(first, positions),
      close: async () => {
        await Promise.all(streams.map((stream) => stream.close()));
      },
    };
  },
};

async function applyBatch(stream: StreamClient, worker: number, batch: OperationBatch): Promise<Uint8Array> {
  const atMs = Date.now();
  const expiresAtMs = atMs + EXPIRES_IN_MS;
  const commands = Array.from({ length: batch.length }, (_, index) => {
    const holdId = `${worker}:${batch.number(index)}`;
    const address = { sku: skuOf(batch.position(index)), locationId: LOCATION, holdId, atMs, cause: "bench" };
    return batch.kind(index) === RESERVE
      ? { type: "reserve", ...address, quantity: batch.quantity(index), expiresAtMs, commandId: holdId }
      : { type: "release", ...address, commandId: `${holdId}:release` };
  });
  const reply = await stream.ask({ type: "stock.execute", commands });
  if (reply.type !== "stock.executed") throw new Error(`no outcomes: ${reply.type}`);
  return Uint8Array.from(reply.outcomes, (outcome) => {
    if (outcome.status === "applied") return APPLIED;
    return outcome.code === "insufficient_stock" ? REFUSED : ERROR;
  });
}
