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
