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
