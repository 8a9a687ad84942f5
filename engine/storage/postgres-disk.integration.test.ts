import { expect, it } from "vitest";
import { layOutShards, takeLeases } from "../../store/journal/shard-lease.ts";
import { openDatabase } from "../../store/sql/database.ts";
import { createTestDatabase } from "../../test-support/servers/postgres.ts";
import { CHAIN_START, chainRow } from "../journal/checksum.ts";
import { PostgresDisk } from "./postgres-disk.ts";

it("an owner that stands still in the middle of its transaction cannot keep its shards from being taken over", async () => {
  const test = await createTestDatabase();
  const pool = openDatabase(test.url, { maxConnections: 1 });
  await layOutShards(test.database, 1);
  const epoch = (await takeLeases(test.database, 1, "first")).get(0) ?? 0;
  const disk = new PostgresDisk(pool, test.url, "first");
  const row = chainRow({ shard: 0, sequence: 1, epoch }, CHAIN_START, Buffer.from("entries"));
  let standStill: () => void = () => {};
  const goOn = new Promise<void>((resolve) => {
    standStill = resolve;
  });
  const written = new Promise<void>((reached) => {
    const writer = {
      name: "slow",
      write: () => {
        reached();
        return goOn;
      },
    };
    disk.commit([row], [{ writer, records: [null] }]).then(
      () => expect.unreachable("the commit of an owner that was taken over"),
      () => {},
    );
  });
  await written;
  const taken = await takeLeases(test.database, 1, "second");
  expect(taken.get(0)).toBe(epoch + 1);
  standStill();
  const landed = await disk.landed([row]);
  expect(landed.size).toBe(0);
  await disk.close();
  await pool.end();
  await test.close();
});

/** How long such a disk waits for an answer where it knows nothing of a slow server. */
const PATIENCE_MS = 300;

/** A server on which a commit takes this much longer, until `pace` says something else. */
async function withSlowCommits(milliseconds: number) {
  const test = await createTestDatabase();
  await layOutShards(test.database, 1);
  const epoch = (await takeLeases(test.database, 1, "owner")).get(0) ?? 0;
  await test.database.query(`
    create table pace as select ${milliseconds} as milliseconds;
    create function take_time() returns trigger language plpgsql as $$
      begin perform pg_sleep(milliseconds / 1000.0) from pace; return null; end $$;
    create constraint trigger slow after insert on journal deferrable initially deferred
      for each row execute function take_time()`);
  const pool = openDatabase(test.url, { maxConnections: 2 });
  const disk = new PostgresDisk(pool, test.url, "owner", PATIENCE_MS);
  const rowAfter = (sequence: number, previous: Buffer, ofEpoch: number) =>
    chainRow({ shard: 0, sequence, epoch: ofEpoch }, previous, Buffer.from("entries"));
  const pace = (slower: number) => test.database.query("update pace set milliseconds = $1", [slower]);
  const close = async () => {
    await disk.close();
    await pool.end();
    await test.close();
  };
  return { disk, rowAfter, epoch, pace, close };
}

const nothingElse = [{ writer: { name: "none", write: async () => {} }, records: [null] }];

it("a commit whose answer comes too late is not taken for one that was refused", async () => {
  const { disk, rowAfter, epoch, close } = await withSlowCommits(500);
  const row = rowAfter(1, CHAIN_START, epoch);
  await expect(disk.commit([row], nothingElse)).rejects.toThrow("Query read timeout");
  await disk.renew([0]);
  expect(await disk.landed([row])).toEqual(new Set([row]));
  await close();
});

it("a disk on which a commit was given up is waited for longer, for as long as its commits are slow", async () => {
  const { disk, rowAfter, epoch, close } = await withSlowCommits(500);
  const first = rowAfter(1, CHAIN_START, epoch);
  await expect(disk.commit([first], [])).rejects.toThrow("Query read timeout");
  const renewed = (await disk.renew([0])).get(0) ?? 0;
  const second = rowAfter(2, first.hash, renewed);
  expect(await disk.commit([second], [])).toEqual({ status: "committed" });
  expect(await disk.commit([rowAfter(3, second.hash, renewed)], [])).toEqual({ status: "committed" });
  await close();
});

it("once its commits are quick again, its silence is noticed as soon as ever", async () => {
  const { disk, rowAfter, epoch, pace, close } = await withSlowCommits(500);
  let row = rowAfter(1, CHAIN_START, epoch);
  await expect(disk.commit([row], [])).rejects.toThrow("Query read timeout");
  const renewed = (await disk.renew([0])).get(0) ?? 0;
  await pace(0);
  // On a busy machine no single commit is sure to be quick: one of them will be.
  for (let tookMs = PATIENCE_MS; tookMs >= PATIENCE_MS / 4; ) {
    row = rowAfter(row.sequence + 1, row.hash, renewed);
    const beganMs = performance.now();
    expect(await disk.commit([row], [])).toEqual({ status: "committed" });
    tookMs = performance.now() - beganMs;
  }
  await pace(500);
  const late = rowAfter(row.sequence + 1, row.hash, renewed);
  await expect(disk.commit([late], [])).rejects.toThrow("Query read timeout");
  await close();
});
