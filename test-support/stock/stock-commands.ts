/** Stock commands as a shard takes them, and scenes to send them to. */
import { expect } from "vitest";
import type { StockCommand } from "../../actors/commands.ts";
import { decodeEntries, encodeEntries } from "../../engine/journal/journal-codec.ts";
import { Shard } from "../../engine/shard/shard.ts";
import { emptyRequest, type ShardReply, type ShardRequest } from "../../engine/shard/shard-request.ts";

export type Fields = { readonly type: StockCommand["type"] } & Record<string, unknown>;

let ids = 0;

export function command(fields: Fields, sku = "A"): StockCommand {
  ids += 1;
  return {
    commandId: `c${ids}`,
    sku,
    locationId: "east",
    atMs: 1000,
    cause: "test",
    ...fields,
  } as unknown as StockCommand;
}

export function run(shard: Shard, part: Partial<ShardRequest>): ShardReply {
  return shard.run({ ...emptyRequest(0, 1000), ...part });
}

/** Runs commands one batch each; all of them must be applied. */
export function shardAfter(...all: readonly Fields[]): Shard {
  const shard = new Shard(0);
  for (const fields of all) {
    const [outcome] = run(shard, { commands: [command(fields)] }).outcomes;
    expect([fields, outcome?.status === "refused" ? outcome.code : outcome?.status]).toEqual([
      fields,
      "applied",
    ]);
  }
  return shard;
}

export function eventsOf(reply: ShardReply) {
  if (reply.entries === null) return [];
  return decodeEntries(encodeEntries([reply.entries])).flatMap((blob) => blob.events);
}

/** By lot: old expires at 2000, new never. `cold` has 2 old ones allocated. 3 of each on hand. */
export const LOTS: readonly Fields[] = [
  { type: "set-tracking", tracking: "lot" },
  { type: "receive", quantity: 3, lot: "old", lotExpiresAtMs: 2000 },
  { type: "receive", quantity: 3, lot: "new" },
  { type: "reserve", holdId: "cold", quantity: 2, expiresAtMs: 0 },
  { type: "allocate", holdId: "cold" },
];

/** By serial: S1 to S4 on hand, `held` has one allocated, S4 is set apart. */
export const SERIALS: readonly Fields[] = [
  { type: "set-tracking", tracking: "serial" },
  { type: "receive", quantity: 4, serials: ["S1", "S2", "S3", "S4"] },
  { type: "reserve", holdId: "held", quantity: 1, expiresAtMs: 0 },
  { type: "allocate", holdId: "held" },
  { type: "quarantine", quantity: 1, reason: "damaged", serials: ["S4"] },
];

export function waiting(holdId: string, quantity: number, more: Record<string, unknown> = {}): Fields {
  return {
    type: "enqueue-demand",
    holdId,
    orderId: `order-${holdId}`,
    lineId: "1",
    quantity,
    priority: 0,
    kind: "backorder",
    notBeforeMs: 0,
    ...more,
  };
}
