/**
 * The bench's positions in Holdfast: names, filling an empty system, and what is left; for every Holdfast
 * driver.
 */
import type { StockBuckets, StockCommand } from "../../../actors/commands.ts";
import type { StreamClient } from "./stream-client.ts";

export const LOCATION = "bench";

export const SKU_PREFIX = "BENCH-";

export function skuOf(position: number): string {
  return `${SKU_PREFIX}${position}`;
}

function positionOf(sku: string): number {
  return Number(sku.slice(SKU_PREFIX.length));
}

/** Commands of one message, and messages unanswered at a time. */
const MESSAGE = 1_000;
const IN_FLIGHT = 2;

export async function receiveStock(stream: StreamClient, units: Uint32Array): Promise<void> {
  const atMs = Date.now();
  await inParts(units.length, async (from, to) => {
    const commands: Extract<StockCommand, { type: "receive" }>[] = [];
    for (let position = from; position < to; position += 1) {
      const quantity = units[position] ?? 0;
      const sku = skuOf(position);
      commands.push({
        type: "receive",
        sku,
        locationId: LOCATION,
        quantity,
        commandId: `load:${position}`,
        atMs,
        cause: "bench",
      });
    }
    const reply = await stream.ask({ type: "stock.execute", commands });
    if (reply.type !== "stock.executed") throw new Error(`stock was not received: ${reply.type}`);
    for (const outcome of reply.outcomes) {
      if (outcome.status !== "applied") throw new Error(`stock was refused: ${outcome.detail}`);
    }
  });
}

export async function readRemaining(stream: StreamClient, positions: number): Promise<Int32Array> {
  const remaining = new Int32Array(positions);
  await inParts(positions, async (from, to) => {
    const skus = Array.from({ length: to - from }, (_, index) => skuOf(from + index));
    const reply = await stream.ask({ type: "stock.positions", skus });
    if (reply.type !== "stock.positions") throw new Error(`no positions: ${reply.type}`);
    for (const found of reply.positions as readonly (StockBuckets & { readonly sku: string })[]) {
      remaining[positionOf(found.sku)] = found.availableToPromise;
    }
  });
  return remaining;
}

/** Runs `work` on 0 to `count` in parts, several at a time. */
export async function inParts(
  count: number,
  work: (from: number, to: number) => Promise<void>,
): Promise<void> {
  let next = 0;
  await Promise.all(
    Array.from({ length: IN_FLIGHT }, async () => {
      while (next < count) {
        const from = next;
        next = Math.min(count, next + MESSAGE);
        await work(from, next);
      }
    }),
  );
}
