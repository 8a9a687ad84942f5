import fc from "fast-check";
import { expect, it } from "vitest";
import type { JournalRow } from "../store/journal.ts";
import { receive } from "../test-support/engine.ts";
import { CHAIN_START, chainRow, checksumOf, stateHashOf } from "./checksum.ts";
import { encodeEntries } from "./journal-codec.ts";
import { Recovery } from "./recovery.ts";
import { Shard } from "./shard.ts";

const shard = new Shard(0);
const rows: JournalRow[] = [];
for (let sequence = 1; sequence <= 6; sequence += 1) {
  const reply = shard.run({
    shard: 0,
    nowMs: sequence,
    commands: [receive("A", "east", sequence, `r${sequence}`), receive("B", "west", 1, `s${sequence}`)],
    placements: [],
    undo: [],
    orders: [],
    skus: [],
    addresses: [],
    snapshot: false,
  });
  const entries = encodeEntries([reply.entries as Uint8Array]);
  rows.push(chainRow({ shard: 0, sequence, epoch: 3 }, rows.at(-1)?.hash ?? CHAIN_START, entries));
}

function recover(from: readonly JournalRow[]): Recovery {
  const recovery = new Recovery(0, undefined);
  for (const row of from) recovery.accept(row);
  return recovery;
}

function flipped(bytes: Buffer, bit: number): Buffer {
  const copy = Buffer.from(bytes);
  const at = Math.floor(bit / 8) % copy.length;
  copy[at] = (copy[at] ?? 0) ^ (1 << (bit % 8));
  return copy;
}

it("comes back with the state and the head that were committed", () => {
  const { shard: recovered, head } = recover(rows).result();
  expect(Buffer.from(recovered.encodeState()).equals(shard.encodeState())).toBe(true);
  expect(head).toEqual({ sequence: 6, epoch: 3, hash: rows[5]?.hash });
});

it("detects every flipped bit of every row and names the row", () => {
  fc.assert(
    fc.property(
      fc.nat({ max: 5 }),
      fc.constantFrom("entries" as const, "hash" as const, "previousHash" as const),
      fc.nat(),
      (index, column, bit) => {
        const damaged = rows.map((row, at) =>
          at === index ? { ...row, [column]: flipped(row[column], bit) } : row,
        );
        expect(() => recover(damaged)).toThrow(`journal row of shard 0 at sequence ${index + 1}:`);
      },
    ),
    { numRuns: 500 },
  );
});

it("detects a row that is missing, doubled, exchanged or from an older owner", () => {
  const [one, two, three] = rows as [JournalRow, JournalRow, JournalRow];
  expect(() => recover([one, three])).toThrow("sequence 2 is missing");
  expect(() => recover([one, one])).toThrow("sequence 2 is missing");
  const forged = chainRow({ shard: 0, sequence: 2, epoch: 3 }, three.hash, two.entries);
  expect(() => recover([one, forged])).toThrow("it does not chain to the row before");
  expect(() => recover([one, { ...two, epoch: 2 }])).toThrow("its epoch is older");
});

it("detects every flipped bit of a snapshot", () => {
  const state = Buffer.from(shard.encodeState());
  const snapshot = {
    shard: 0,
    sequence: 6,
    epoch: 3,
    checksum: checksumOf(state),
    journalHash: rows[5]?.hash as Buffer,
    stateHash: stateHashOf(state),
    state,
  };
  expect(new Recovery(0, snapshot).result().head.sequence).toBe(6);
  fc.assert(
    fc.property(fc.nat(), (bit) => {
      expect(() => new Recovery(0, { ...snapshot, state: flipped(state, bit) })).toThrow(
        "snapshot of shard 0 at sequence 6: checksum does not match",
      );
    }),
  );
  // A state that was exchanged together with its checksum still fails its hash.
  const other = flipped(state, 100);
  expect(() => new Recovery(0, { ...snapshot, state: other, checksum: checksumOf(other) })).toThrow(
    "state hash",
  );
});

it("refuses what a newer version has written instead of guessing", () => {
  const [one] = rows as [JournalRow];
  const newer = chainRow(
    { shard: 0, sequence: 1, epoch: 3 },
    CHAIN_START,
    Buffer.from([2, ...one.entries.subarray(1)]),
  );
  expect(() => recover([newer])).toThrow("journal row of shard 0 at sequence 1: it cannot be read");
});
