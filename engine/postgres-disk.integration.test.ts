import { expect, it } from "vitest";
import { openDatabase } from "../store/database.ts";
import { layOutShards, takeLeases } from "../store/shard-lease.ts";
import { createTestDatabase } from "../test-support/postgres.ts";
import { CHAIN_START, chainRow } from "./checksum.ts";
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

/** A server on which a commit takes this much longer. */
async function withSlowCommits(milliseconds: number) {
  const test = await createTestDatabase();
  await layOutShards(test.database, 1);
  const epoch = (await takeLeases(test.database, 1, "owner")).get(0) ?? 0;
  await test.database.query(`
    create function take_time() returns trigger language plpgsql as $$
      begin perform pg_sleep(${milliseconds / 1_000}); return null; end $$;
    create constraint trigger slow after insert on journal deferrable initially deferred
      for each row execute function take_time()`);
  const pool = openDatabase(test.url, { maxConnections: 2 });
  const disk = new PostgresDisk(pool, test.url, "owner", 300);
  const rowAfter = (sequence: number, previous: Buffer, ofEpoch: number) =>
    chainRow({ shard: 0, sequence, epoch: ofEpoch }, previous, Buffer.from("entries"));
  const close = async () => {
    await disk.close();
    await pool.end();
    await test.close();
  };
  return { disk, rowAfter, epoch, close };
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

it("a disk on which a commit was given up is waited for longer", async () => {
  const { disk, rowAfter, epoch, close } = await withSlowCommits(500);
  const first = rowAfter(1, CHAIN_START, epoch);
  await expect(disk.commit([first], [])).rejects.toThrow("Query read timeout");
  const renewed = (await disk.renew([0])).get(0) ?? 0;
  const second = rowAfter(2, first.hash, renewed);
  expect(await disk.commit([second], [])).toEqual({ status: "committed" });
  await close();
});
