/** What the engine's integration tests share. */
import { pino } from "pino";
import type { ReceiveStock } from "../actors/commands.ts";
import type {
  CommitWriter,
  OrderReservationRequest,
  ReservationLine,
  SourcingLocation,
} from "../engine/allocator-client.ts";
import { stateHashOf } from "../engine/journal/checksum.ts";
import type { Shard } from "../engine/shard/shard.ts";
import { readState, type StateSection } from "../engine/shard/state-sections.ts";
import { recoverShard } from "../engine/storage/recovery.ts";
import { storedShard } from "../engine/storage/stored-shard.ts";
import type { TestDatabase } from "./servers/postgres.ts";

export const silentLogger = pino({ level: "silent" });

export const LOCATIONS: readonly SourcingLocation[] = [
  {
    locationId: "east",
    kind: "fulfillment_center",
    priority: 10,
    latitude: 40,
    longitude: -75,
    country: "US",
  },
  {
    locationId: "west",
    kind: "fulfillment_center",
    priority: 10,
    latitude: 36,
    longitude: -119,
    country: "US",
  },
];

export function receive(
  sku: string,
  locationId: string,
  quantity: number,
  commandId = `receive-${sku}-${locationId}`,
): ReceiveStock {
  return { type: "receive", commandId, sku, locationId, quantity, atMs: 1_700_000_000_000, cause: "test" };
}

export function orderRequest(orderId: string, lines: readonly ReservationLine[]): OrderReservationRequest {
  return {
    orderId,
    lines,
    policy: "all_or_nothing",
    destination: null,
    expiresAtMs: 0,
    atMs: 1_700_000_000_000,
    cause: orderId,
  };
}

/** Inserts `{id, outcome}` records into a table of the test. */
export function recordingWriter(
  table: string,
): CommitWriter<{ readonly id: string; readonly outcome: string }> {
  return {
    name: table,
    write: async (transaction, records) => {
      await transaction.query(
        `insert into ${table} (id, outcome) select * from unnest($1::text[], $2::text[])`,
        [records.map((record) => record.id), records.map((record) => record.outcome)],
      );
    },
  };
}

/** What is in each section of a shard's snapshot. */
export function stateItems(shard: Shard): Readonly<Record<StateSection, unknown[]>> {
  const items: Record<StateSection, unknown[]> = {
    time: [],
    positions: [],
    commands: [],
    orders: [],
    lanes: [],
    skus: [],
  };
  readState(shard.encodeState(), {
    time: (item) => items.time.push(item),
    positions: (item) => items.positions.push(item),
    commands: (item) => items.commands.push(item),
    orders: (item) => items.orders.push(item),
    lanes: (item) => items.lanes.push(item),
    skus: (item) => items.skus.push(item),
  });
  return items;
}

/** State hash of every shard, recovered from what is stored. */
export async function shardStates(test: TestDatabase, shards: number): Promise<readonly string[]> {
  const hashes: string[] = [];
  for (let shard = 0; shard < shards; shard += 1) {
    const recovered = await recoverShard(shard, storedShard(test.database, shard));
    hashes.push(stateHashOf(recovered.shard.encodeState()).toString("hex"));
  }
  return hashes;
}

/** Asks again until there is an answer. */
export async function until<T>(ask: () => Promise<T | undefined>, withinMs = 20_000): Promise<T> {
  const deadline = Date.now() + withinMs;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    if (Date.now() > deadline) throw new Error(`no answer within ${withinMs} ms`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
