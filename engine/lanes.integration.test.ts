import { afterEach, beforeEach, expect, test } from "vitest";
import { LANE_CODES, LANE_KIND, LANE_WORDS } from "../actors/lanes/lane-operations.ts";
import { receive, silentLogger } from "../test-support/engine.ts";
import { createTestDatabase, type TestDatabase } from "../test-support/servers/postgres.ts";
import { type Engine, startEngine } from "./engine.ts";

let database: TestDatabase;
let engine: Engine;

const start = (): Promise<Engine> =>
  startEngine({ databaseUrl: database.url, threads: 2, shards: 4, logger: silentLogger });

beforeEach(async () => {
  database = await createTestDatabase();
  engine = await start();
});

afterEach(async () => {
  await engine.stop();
  await database.close();
});

async function apply(
  ...operations: readonly (readonly [number, number, number, number])[]
): Promise<readonly string[]> {
  const words = new Uint32Array(operations.length * LANE_WORDS);
  for (const [index, operation] of operations.entries()) words.set(operation, index * LANE_WORDS);
  const codes = await engine.client.applyLane({ lane: "lasting", operations: words, atMs: Date.now() });
  return operations.map((_, index) => LANE_CODES[codes?.[index] ?? 0] ?? "");
}

test("an engine that starts anew knows every reservation, open and closed, and handles still name their positions", async () => {
  const addresses = ["A", "B", "C", "D", "E"].map((sku) => ({ sku, locationId: "east" }));
  await engine.client.execute(addresses.map(({ sku, locationId }) => receive(sku, locationId, 10)));
  const handles = await engine.client.openPositions(addresses);
  const [handle = null] = handles;
  if (handle === null) throw new Error("A is there");
  expect(
    await apply(
      [1, handle, 2, 600_000],
      [2, handle, 3, 0],
      [2, handle, LANE_KIND.release << 28, 0],
      [3, handle, 9, 0],
    ),
  ).toEqual(["applied", "applied", "applied", "insufficient_stock"]);
  await engine.stop();
  engine = await start();
  expect(await engine.client.openPositions(addresses)).toEqual(handles);
  expect(
    await apply([1, handle, 2, 600_000], [2, handle, 3, 0], [2, handle, 4, 0], [3, handle, 9, 0]),
  ).toEqual(["applied", "applied", "command_id_reused", "insufficient_stock"]);
  expect(await engine.client.positions(["A"])).toMatchObject([{ onHand: 10, reserved: 2 }]);
  expect(await engine.client.holds({ sku: "A", locationId: "east" })).toMatchObject([
    { holdId: "lasting/1", quantity: 2 },
  ]);
});

test("a call with parts of an operation, too many of them or no lane is refused as a whole", async () => {
  const call = (lane: string, operations: Uint32Array) =>
    engine.client.applyLane({ lane, operations, atMs: 0 });
  for (const wrong of [
    call("x", new Uint32Array(0)),
    call("x", new Uint32Array(6)),
    call("x", new Uint32Array(4097 * LANE_WORDS)),
    call("", new Uint32Array(LANE_WORDS)),
    call("x".repeat(129), new Uint32Array(LANE_WORDS)),
  ]) {
    await expect(wrong).rejects.toMatchObject({ code: "invalid_request" });
  }
});
