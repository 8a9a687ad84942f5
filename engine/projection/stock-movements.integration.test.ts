/**
 * Movements against the engine: whatever was done to stock, "why is this number so" adds up, bucket by
 * bucket.
 */
import fc from "fast-check";
import { afterEach, beforeEach, expect, it } from "vitest";
import { ReferenceSku } from "../../actors/reference/reference-model.ts";
import { explainStock } from "../../store/stock/stock-views.ts";
import { silentLogger } from "../../test-support/engine.ts";
import { createTestDatabase, type TestDatabase } from "../../test-support/servers/postgres.ts";
import { commandOf, steps } from "../../test-support/stock/stock-sequences.ts";
import { type Engine, startEngine } from "../engine.ts";
import { JournalProjector } from "./journal-projector.ts";

let test: TestDatabase;
let engine: Engine;

const startOn = (databaseUrl: string) =>
  startEngine({ databaseUrl, threads: 2, shards: 4, logger: silentLogger });

beforeEach(async () => {
  test = await createTestDatabase();
  engine = await startOn(test.url);
});

afterEach(async () => {
  await engine.stop();
  await test.close();
});

it("every bucket of every position is the sum of its movements, and what is promised that of its holds", async () => {
  const trackings = ["none", "lot", "serial"] as const;
  const sequences = fc.sample(steps, { seed: 20_261_123, numRuns: 18 });
  const skus = sequences.map((_, index) => `SKU-${index}`);
  await Promise.all(
    sequences.map(async (sequence, index) => {
      const sku = skus[index] as string;
      const model = new ReferenceSku();
      const tracking = trackings[index % 3] ?? "none";
      model.tracking = tracking;
      const first = {
        type: "set-tracking",
        commandId: `${sku}:first`,
        sku,
        locationId: "east",
        atMs: Date.now(),
        cause: "test",
        tracking,
      } as const;
      await engine.client.execute([first]);
      for (const [place, step] of sequence.entries()) {
        model.advance(Date.now());
        const command = commandOf(step, place, Date.now(), model);
        model.apply(command);
        await engine.client.execute([{ ...command, sku, commandId: `${sku}:${place}` }]);
      }
    }),
  );
  // The sequences' dates are long past, so this read leaves nothing for timers to do between it and later
  // ones.
  const positions = await engine.client.positions(skus);
  expect(positions.length).toBeGreaterThan(20);
  expect(new Set(positions.flatMap((position) => (position.incoming > 0 ? ["incoming"] : [])))).toEqual(
    new Set(["incoming"]),
  );
  await engine.projected();
  const { database } = test;
  for (const { sku, locationId, ...buckets } of positions) {
    const explained = await explainStock(database, { sku, locationId, movements: 1000 });
    expect([sku, locationId, explained?.reconciles]).toEqual([sku, locationId, true]);
    expect(explained?.position).toMatchObject(buckets);
    expect(explained?.movements[0]).toMatchObject({
      onHandAfter: buckets.onHand,
      availableAfter: buckets.availableToPromise,
    });
  }
  const { rows } = await database.query<{ kinds: string[]; lots: number; pools: number; elsewhere: number }>(
    `select array_agg(distinct kind) as kinds, count(lot)::integer as lots, count(pool)::integer as pools,
              (count(*) filter (where location_id = '*'))::integer as elsewhere
         from stock_movement`,
  );
  expect(rows[0]?.kinds).toEqual(
    expect.arrayContaining([
      "transfer-sent",
      "transfer-announced",
      "stock-picked",
      "demand-filled",
      "pool-set",
    ]),
  );
  expect(rows[0]?.lots).toBeGreaterThan(0);
  expect(rows[0]?.pools).toBeGreaterThan(0);
  expect(rows[0]?.elsewhere).toBe(0);
  // A movement that is not in the position, and a hold that was never opened, are noticed.
  const [{ sku, locationId } = { sku: "", locationId: "" }] = positions;
  await database.query(
    "update stock_movement set incoming = incoming + 1 where sku = $1 and location_id = $2",
    [sku, locationId],
  );
  expect((await explainStock(database, { sku, locationId, movements: 1 }))?.reconciles).toBe(false);
  // What comes back after a restart is what was there.
  await engine.stop();
  engine = await startOn(test.url);
  const again = await engine.client.positions(skus);
  expect(again).toEqual(positions);
});

it("a journal row that cannot be read keeps back the movements of its own shard only", async () => {
  const { database } = test;
  const receive = (sku: string) =>
    engine.client.execute([
      {
        type: "receive",
        commandId: `${sku}:in`,
        sku,
        locationId: "east",
        atMs: Date.now(),
        cause: "test",
        quantity: 3,
      },
    ]);
  const skus = Array.from({ length: 12 }, (_, nth) => `SKU-${nth}`);
  await Promise.all(skus.map(receive));
  await engine.projected();
  await engine.stop();
  const shardOf = new Map(
    (await database.query<{ sku: string; shard: number }>("select sku, shard from stock_position")).rows.map(
      (row) => [row.sku, row.shard],
    ),
  );
  const torn = shardOf.get("SKU-0") as number;
  // All is to be projected again, and the first row of one shard is not what was written.
  await database.query("truncate stock_movement, stock_position, journal_projection");
  await database.query("update journal set checksum = checksum # 1 where shard = $1 and sequence = 1", [
    torn,
  ]);
  const warned = new Set<number>();
  const projector = new JournalProjector(database, ({ shard }) => warned.add(shard));
  const { rows: heads } = await database.query<{ shard: number; head: number }>(
    "select shard, max(sequence) as head from journal group by shard",
  );
  for (const { shard, head } of heads) projector.announce(shard, head);
  const others = skus.filter((sku) => shardOf.get(sku) !== torn).sort();
  await expect
    .poll(async () =>
      (
        await database.query<{ sku: string }>('select sku from stock_position order by sku collate "C"')
      ).rows.map(({ sku }) => sku),
    )
    .toEqual(others);
  expect(others.length).toBeGreaterThan(0);
  expect([...warned]).toEqual([torn]);
  await projector.stop();
});
