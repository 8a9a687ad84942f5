import { createHash, randomBytes } from "node:crypto";
import pg from "pg";
import { afterEach, beforeEach, expect, it } from "vitest";
import { createTestDatabase, type TestDatabase } from "../../test-support/servers/postgres.ts";
import { layOutShards, takeLeases } from "./shard-lease.ts";
import { readSnapshots, type SnapshotRow, writeSnapshot } from "./snapshot.ts";

const SHARD = 0;
/** Names the lock at which parts are held up. */
const BARRIER = 4_711;

let store: TestDatabase;
let epoch: number;
beforeEach(async () => {
  store = await createTestDatabase();
  await layOutShards(store.database, 1);
  epoch = await takeOver("first");
});
afterEach(() => store.close());

async function takeOver(owner: string): Promise<number> {
  return (await takeLeases(store.database, 1, owner)).get(SHARD) ?? 0;
}

function snapshotAt(sequence: number, ofEpoch: number, size = 2_500_000): SnapshotRow {
  const hash = randomBytes(32);
  const state = randomBytes(size);
  return { shard: SHARD, sequence, epoch: ofEpoch, checksum: 7, journalHash: hash, stateHash: hash, state };
}

async function stored() {
  const snapshots: ReturnType<typeof inShort>[] = [];
  for await (const snapshot of readSnapshots(store.database, SHARD)) snapshots.push(inShort(snapshot));
  return snapshots;
}

/** Comparing megabytes one by one takes the runner seconds. */
function inShort({ state, ...head }: SnapshotRow) {
  return { ...head, state: createHash("sha256").update(state).digest("hex") };
}

/**
 * Holds every writer up in the middle of its parts until `lift`. `reached` resolves once one of them is
 * there.
 */
async function barrier() {
  const client = new pg.Client({ connectionString: store.url });
  await client.connect();
  await client.query(`
    create function wait_at_barrier() returns trigger language plpgsql as $$
      begin perform pg_advisory_xact_lock_shared(${BARRIER}); return new; end $$;
    create trigger held_up before insert on snapshot_part
      for each row when (new.part = 1) execute function wait_at_barrier()`);
  await client.query("select pg_advisory_lock($1)", [BARRIER]);
  const waiting = "select 1 from pg_locks where locktype = 'advisory' and objid = $1 and not granted";
  return {
    reached: () => expect.poll(async () => (await client.query(waiting, [BARRIER])).rowCount).toBe(1),
    lift: () => client.end(),
  };
}

it("a snapshot is read as it was written, and the last two are kept", async () => {
  const snapshots = [1, 5, 9].map((sequence) => snapshotAt(sequence, epoch));
  for (const snapshot of snapshots) expect(await writeSnapshot(store.database, snapshot, [])).toBe(true);
  expect(await stored()).toEqual(snapshots.slice(1).reverse().map(inShort));
});

it("one that is there already is not written again, and nothing is dropped for it", async () => {
  const first = snapshotAt(1, epoch);
  const second = snapshotAt(2, epoch);
  await writeSnapshot(store.database, first, []);
  await writeSnapshot(store.database, second, []);
  expect(await writeSnapshot(store.database, snapshotAt(2, epoch), [1])).toBe(false);
  expect(await stored()).toEqual([second, first].map(inShort));
});

it("damaged ones do not count among the two, and one at the same place is replaced", async () => {
  const good = snapshotAt(1, epoch);
  await writeSnapshot(store.database, good, []);
  await writeSnapshot(store.database, snapshotAt(2, epoch), []);
  const replacement = snapshotAt(2, epoch);
  expect(await writeSnapshot(store.database, replacement, [2])).toBe(true);
  expect(await stored()).toEqual([replacement, good].map(inShort));
});

it("a fenced owner's snapshot changes nothing", async () => {
  const before = snapshotAt(1, epoch);
  await writeSnapshot(store.database, before, []);
  await takeOver("second");
  expect(await writeSnapshot(store.database, snapshotAt(2, epoch), [1])).toBe(false);
  expect(await stored()).toEqual([inShort(before)]);
});

it("a takeover does not wait for a snapshot that is being written, and it is never seen then", async () => {
  const { reached, lift } = await barrier();
  const writing = writeSnapshot(store.database, snapshotAt(3, epoch), []);
  await reached();
  expect(await takeOver("second")).toBe(epoch + 1);
  await lift();
  // Not ended by force, as a takeover ends whoever keeps it waiting: the writer itself finds that it is
  // fenced.
  expect(await writing).toBe(false);
  expect(await stored()).toEqual([]);
  const successors = snapshotAt(3, epoch + 1);
  expect(await writeSnapshot(store.database, successors, [])).toBe(true);
  expect(await stored()).toEqual([inShort(successors)]);
});
