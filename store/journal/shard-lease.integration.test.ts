import pg from "pg";
import { expect, it } from "vitest";
import { createTestDatabase } from "../../test-support/servers/postgres.ts";
import { layOutShards, takeLeases } from "./shard-lease.ts";

it.each([
  ["between two statements of a transaction", Buffer.alloc(0)],
  // A simple query of 256 bytes, of which only its head has come: the server waits for the rest without any
  // limit.
  ["in the middle of sending one", Buffer.from([0x51, 0, 0, 1, 0])],
])("shards are taken from an owner that was stopped %s", async (_where, sent) => {
  const test = await createTestDatabase();
  await layOutShards(test.database, 2);
  const former = await takeLeases(test.database, 2, "first");
  const stopped = new pg.Client({ connectionString: test.url });
  let ended = false;
  stopped.on("error", () => {
    ended = true;
  });
  await stopped.connect();
  await stopped.query("begin");
  await stopped.query("select 1 from shard_lease where shard = 1 for share");
  (
    stopped as unknown as { readonly connection: { readonly stream: { write(bytes: Buffer): void } } }
  ).connection.stream.write(sent);

  const taken = await takeLeases(test.database, 2, "second");

  expect([...taken]).toEqual([...former].map(([shard, epoch]) => [shard, epoch + 1]));
  await expect.poll(() => ended).toBe(true);
  await test.close();
});
