import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import type { JournalRow } from "../../store/journal/journal.ts";
import type { SnapshotRow } from "../../store/journal/snapshot.ts";
import { receive } from "../../test-support/engine.ts";
import type { EngineError } from "../errors.ts";
import { CHAIN_START, chainRow, checksumOf, snapshotHash } from "../journal/checksum.ts";
import { encodeEntries } from "../journal/journal-codec.ts";
import { Shard } from "../shard/shard.ts";
import { emptyRequest } from "../shard/shard-request.ts";
import { compact } from "./compaction.ts";
import { type RecoverySource, recoverShard } from "./recovery.ts";

const EPOCH = 3;

/** A shard after each of its journal rows, and the rows. */
const shard = new Shard(0);
const rows: JournalRow[] = [];
const states: Buffer[] = [Buffer.from(shard.encodeState())];
for (let sequence = 1; sequence <= 6; sequence += 1) {
  const reply = shard.run({
    ...emptyRequest(0, sequence),
    commands: [receive("A", "east", sequence, `r${sequence}`), receive("B", "west", 1, `s${sequence}`)],
  });
  const entries = encodeEntries([reply.entries as Uint8Array]);
  rows.push(chainRow({ shard: 0, sequence, epoch: EPOCH }, rows.at(-1)?.hash ?? CHAIN_START, entries));
  states.push(Buffer.from(shard.encodeState()));
}

/** What is stored, newest snapshot first. A row is found by where it was put, whatever it says of itself. */
type Stored = { readonly rows: readonly JournalRow[]; readonly snapshots: readonly SnapshotRow[] };

function sourceOf(stored: Stored): RecoverySource {
  return {
    snapshots: async function* () {
      yield* stored.snapshots;
    },
    rows: async function* (sequence) {
      const after = stored.rows.slice(Math.max(0, sequence));
      for (let from = 0; from < after.length; from += 2) yield after.slice(from, from + 2);
    },
  };
}

function flipped(bytes: Buffer, bit: number): Buffer {
  const copy = Buffer.from(bytes);
  const at = Math.floor(bit / 8) % copy.length;
  copy[at] = (copy[at] ?? 0) ^ (1 << (bit % 8));
  return copy;
}

/** One bit of one field of a row is another. */
function damagedRow<R extends JournalRow | SnapshotRow>(row: R, field: keyof R, bit: number): R {
  const value = row[field];
  return {
    ...row,
    [field]: Buffer.isBuffer(value) ? flipped(value, bit) : Number(value) ^ (1 << (bit % 16)),
  };
}

let stored: Stored;

beforeAll(async () => {
  const first = await compact(0, EPOCH, sourceOf({ rows: rows.slice(0, 2), snapshots: [] }));
  const older = first.snapshot as SnapshotRow;
  const second = await compact(0, EPOCH, sourceOf({ rows: rows.slice(0, 4), snapshots: [older] }));
  stored = { rows, snapshots: [second.snapshot as SnapshotRow, older] };
});

describe("a recovery", () => {
  it("comes back with the state and the head that were committed", async () => {
    for (const snapshots of [[], stored.snapshots.slice(1), stored.snapshots]) {
      const recovered = await recoverShard(0, sourceOf({ rows, snapshots }));
      expect(Buffer.from(recovered.shard.encodeState()).equals(states[6] as Buffer)).toBe(true);
      expect(recovered.head).toEqual({ sequence: 6, epoch: EPOCH, hash: rows[5]?.hash });
      expect(recovered.damaged).toEqual([]);
    }
  });

  it("detects a row that is missing, doubled, exchanged or from an older owner", async () => {
    const [one, two, three] = rows as [JournalRow, JournalRow, JournalRow];
    const recover = (from: readonly JournalRow[]) => recoverShard(0, sourceOf({ rows: from, snapshots: [] }));
    await expect(recover([one, three])).rejects.toThrow("sequence 2 is missing");
    await expect(recover([one, one])).rejects.toThrow("sequence 2 is missing");
    const forged = chainRow({ shard: 0, sequence: 2, epoch: EPOCH }, three.hash, two.entries);
    await expect(recover([one, forged])).rejects.toThrow("it does not chain to the row before");
    const zombie = chainRow({ shard: 0, sequence: 2, epoch: 2 }, one.hash, two.entries);
    await expect(recover([one, zombie])).rejects.toThrow("its epoch is older");
  });

  it("refuses what a newer version has written instead of guessing", async () => {
    const [one] = rows as [JournalRow];
    const place = { shard: 0, sequence: 1, epoch: EPOCH };
    const newer = chainRow(place, CHAIN_START, Buffer.from([99, ...one.entries.subarray(1)]));
    await expect(recoverShard(0, sourceOf({ rows: [newer], snapshots: [] }))).rejects.toThrow(
      "journal row of shard 0 at sequence 1: it cannot be read",
    );
  });

  it("passes a damaged snapshot over, by name, for the older one and in the end for the whole journal", async () => {
    const [newest, older] = stored.snapshots as [SnapshotRow, SnapshotRow];
    const badNewest = damagedRow(newest, "state", 99);
    const one = await recoverShard(0, sourceOf({ rows, snapshots: [badNewest, older] }));
    expect(one.damaged).toEqual([
      { sequence: 4, damage: "snapshot of shard 0 at sequence 4: checksum does not match" },
    ]);
    const badOlder = damagedRow(older, "journalHash", 7);
    const both = await recoverShard(0, sourceOf({ rows, snapshots: [badNewest, badOlder] }));
    expect(both.damaged.map(({ damage }) => damage)).toEqual([
      "snapshot of shard 0 at sequence 4: checksum does not match",
      "snapshot of shard 0 at sequence 2: hash does not match",
    ]);
    for (const { shard: recovered } of [one, both]) {
      expect(Buffer.from(recovered.encodeState()).equals(states[6] as Buffer)).toBe(true);
    }
  });

  it("stops where a sound snapshot stands at a row that the journal does not have, or has otherwise", async () => {
    const [, older] = stored.snapshots as [SnapshotRow, SnapshotRow];
    await expect(
      recoverShard(0, sourceOf({ rows: rows.slice(0, 1), snapshots: [older] })),
    ).rejects.toMatchObject({
      code: "journal_corrupt",
      message: "journal row of shard 0 at sequence 2: it is missing, and a snapshot stands at it",
    });
    const [first] = rows as [JournalRow];
    const place = { shard: 0, sequence: 2, epoch: EPOCH };
    const stranger = {
      ...older,
      journalHash: first.hash,
      stateHash: snapshotHash(first.hash, place, older.state),
    };
    await expect(recoverShard(0, sourceOf({ rows, snapshots: [stranger] }))).rejects.toThrow(
      "journal row of shard 0 at sequence 2: its hash is not the one that the snapshot at it was made with",
    );
  });
});

describe("a single flipped bit", { timeout: 60_000 }, () => {
  const field = fc.constantFrom<(keyof JournalRow)[]>(
    "shard",
    "sequence",
    "epoch",
    "checksum",
    "previousHash",
    "hash",
    "entries",
  );

  it("in any field of any journal row that is read is detected and names a row", async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat({ max: 5 }), field, fc.nat(), async (index, name, bit) => {
        const damaged = rows.map((row, at) => (at === index ? damagedRow(row, name, bit) : row));
        const recovering = recoverShard(0, sourceOf({ rows: damaged, snapshots: [] }));
        const error: EngineError = await recovering.then(
          () => expect.fail(`bit ${bit} of ${name} of row ${index + 1} went unseen`),
          (caught: EngineError) => caught,
        );
        expect(error.code).toBe("journal_corrupt");
        expect(error.message).toMatch(/^journal row of shard \d+ at sequence \d+: /);
      }),
      { numRuns: 1_000 },
    );
  });

  it("anywhere in what is stored never yields another state: it is named, or lies in what is never read", async () => {
    let named = 0;
    let unread = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom("row" as const, "snapshot" as const),
        fc.nat(),
        field,
        fc.constantFrom<(keyof SnapshotRow)[]>(
          "shard",
          "sequence",
          "epoch",
          "checksum",
          "journalHash",
          "stateHash",
          "state",
        ),
        fc.nat(),
        async (kind, index, ofRow, ofSnapshot, bit) => {
          const at = kind === "row" ? index % rows.length : index % stored.snapshots.length;
          const snapshots =
            kind === "row"
              ? stored.snapshots
              : stored.snapshots.map((row, place) => (place === at ? damagedRow(row, ofSnapshot, bit) : row));
          const damagedRows =
            kind === "row"
              ? rows.map((row, place) => (place === at ? damagedRow(row, ofRow, bit) : row))
              : rows;
          try {
            const recovered = await recoverShard(0, sourceOf({ rows: damagedRows, snapshots }));
            expect(Buffer.from(recovered.shard.encodeState()).equals(states[6] as Buffer)).toBe(true);
            expect(recovered.head).toEqual({ sequence: 6, epoch: EPOCH, hash: rows[5]?.hash });
            if (recovered.damaged.length > 0) named += 1;
            else unread += 1;
          } catch (error) {
            expect((error as EngineError).code).toBe("journal_corrupt");
            named += 1;
          }
        },
      ),
      { numRuns: 1_500 },
    );
    expect(named).toBeGreaterThan(300);
    expect(unread).toBeGreaterThan(50);
  });
});

describe("the next snapshot", () => {
  it("holds the committed state, at the last row, and is recovered from", async () => {
    const { snapshot, damaged } = await compact(0, EPOCH + 1, sourceOf(stored));
    expect(damaged).toEqual([]);
    expect(snapshot).toMatchObject({ shard: 0, sequence: 6, epoch: EPOCH + 1, journalHash: rows[5]?.hash });
    expect(snapshot?.state.equals(states[6] as Buffer)).toBe(true);
    expect(snapshot?.checksum).toBe(checksumOf(states[6] as Buffer));
    const again = await compact(0, EPOCH + 1, sourceOf({ rows, snapshots: [snapshot as SnapshotRow] }));
    expect(again).toEqual({ snapshot: null, damaged: [] });
  });

  it("is made anew at the same row where the one that stands there is damaged", async () => {
    const [newest, older] = stored.snapshots as [SnapshotRow, SnapshotRow];
    const { snapshot, damaged } = await compact(
      0,
      EPOCH,
      sourceOf({ rows: rows.slice(0, 4), snapshots: [damagedRow(newest, "state", 5), older] }),
    );
    expect(damaged.map(({ sequence }) => sequence)).toEqual([4]);
    expect(snapshot).toEqual(newest);
  });

  it("is not made of a damaged journal", async () => {
    const damaged = rows.map((row) => (row.sequence === 5 ? damagedRow(row, "entries", 50) : row));
    await expect(
      compact(0, EPOCH, sourceOf({ rows: damaged, snapshots: stored.snapshots })),
    ).rejects.toMatchObject({
      code: "journal_corrupt",
      message: "journal row of shard 0 at sequence 5: checksum does not match",
    });
  });
});
