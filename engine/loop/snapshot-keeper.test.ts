import pino from "pino";
import { expect, it } from "vitest";
import type { JournalRow } from "../../store/journal/journal.ts";
import { ShardDirectory } from "../rounds/shard-directory.ts";
import type { CompactionResult, EngineDisk } from "../storage/engine-disk.ts";
import { SnapshotKeeper } from "./snapshot-keeper.ts";

const EVERY = { rows: 100, bytes: 1_000 };

function keeperOf(
  writtenBytes: number,
  until: Promise<void> = Promise.resolve(),
): { readonly keeper: SnapshotKeeper; readonly taken: number[] } {
  const taken: number[] = [];
  const disk = {
    compact: async (shard: number): Promise<CompactionResult> => {
      taken.push(shard);
      await until;
      return { writtenBytes, damaged: [] };
    },
  } as unknown as EngineDisk;
  const directory = new ShardDirectory(
    2,
    () => 0,
    new Map([
      [0, 1],
      [1, 1],
    ]),
  );
  for (const entry of directory.entries) entry.status = "live";
  const logger = pino({ level: "silent" });
  const keeper = new SnapshotKeeper({ disk, directory, logger, every: EVERY, onCorrupt: () => {} });
  return { keeper, taken };
}

function row(shard: number, bytes: number): JournalRow {
  return { shard, sequence: 1, epoch: 1, entries: Buffer.alloc(bytes) } as unknown as JournalRow;
}

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

it("writes a shard down after so many rows or bytes of its journal", async () => {
  const { keeper, taken } = keeperOf(10);
  keeper.committed([row(0, 999), row(1, 1)]);
  expect(taken).toEqual([]);
  keeper.committed([row(0, 1)]);
  await settled();
  keeper.committed(Array.from({ length: 99 }, () => row(1, 1)));
  await settled();
  expect(taken).toEqual([0, 1]);
});

it("writes a large state down only after as much journal as it is long", async () => {
  const { keeper, taken } = keeperOf(5_000);
  keeper.committed([row(0, 1_000)]);
  await settled();
  keeper.committed([row(0, 4_999)]);
  await settled();
  expect(taken).toEqual([0]);
  keeper.committed([row(0, 1)]);
  await settled();
  expect(taken).toEqual([0, 0]);
});

it("at its end writes down what would take long to replay, and nothing else", async () => {
  const { keeper, taken } = keeperOf(10);
  keeper.committed([row(0, 250), row(1, 249)]);
  await keeper.finish();
  expect(taken).toEqual([0]);
});

it("before shards leave writes down those whose replay would take long, and waits for it", async () => {
  const { keeper, taken } = keeperOf(10);
  keeper.committed([row(0, 250), row(1, 249)]);
  await keeper.beforeLeaving([0, 1], new Promise(() => {}));
  expect(taken).toEqual([0]);
  keeper.committed([row(0, 250)]);
  await keeper.beforeLeaving([1], new Promise(() => {}));
  expect(taken).toEqual([0]);
});

it("lets shards leave although a snapshot is not done in time", async () => {
  const { keeper, taken } = keeperOf(10, new Promise(() => {}));
  keeper.committed([row(0, 250)]);
  await keeper.beforeLeaving([0], settled());
  expect(taken).toEqual([0]);
});
