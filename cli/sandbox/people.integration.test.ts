import { afterAll, beforeAll, expect, test } from "vitest";
import { testLogger } from "../../test-support/floor.ts";
import { type GatewayWorld, startGatewayWorld } from "../../test-support/gateway.ts";
import { packingTable } from "../../test-support/orders/packing-table.ts";
import { startPeople } from "./people.ts";

let world: GatewayWorld;

beforeAll(async () => {
  world = await startGatewayWorld();
});
afterAll(() => world?.close());

test("people pack what waits, and what was picked but never confirmed as packed", async () => {
  const waiting = await packingTable(world, "waits");
  const left = await packingTable(world, "left");
  await left.pick("staff:ann", `${left.id}:by-person:pick`);
  const people = startPeople({
    access: { url: world.url, key: world.adminKey, simulatorsUrl: null, databaseUrl: null, temporal: null },
    locationIds: ["east"],
    logger: testLogger,
  });
  people.setSpeed(1_000);
  try {
    const stages = () => Promise.all([waiting.stage(), left.stage()]);
    await expect.poll(stages, { timeout: 15_000 }).toEqual(["packed", "packed"]);
  } finally {
    await people.stop();
  }
  expect(await left.told()).toEqual([`packed:${left.id}`]);
  expect(await waiting.told()).toEqual([`packed:${waiting.id}`]);
});
