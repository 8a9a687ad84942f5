/** Stock commands from outside on positions that cannot be: refused by name on every edge, and nothing is there. */
import { tmpdir } from "node:os";
import { afterAll, beforeAll, expect, test } from "vitest";
import {
  addLocation,
  addProducts,
  type GatewayWorld,
  type Reply,
  startGatewayWorld,
} from "../test-support/gateway.ts";
import { runCommand } from "../test-support/system.ts";

let world: GatewayWorld;
beforeAll(async () => {
  world = await startGatewayWorld();
});
afterAll(() => world.close());

let serial = 0;
function command(fields: Readonly<Record<string, unknown>>) {
  serial += 1;
  const usual = { type: "receive", sku: "TEE-1", locationId: "east", quantity: 5 };
  return { ...usual, commandId: `c-${serial}`, atMs: 0, cause: "test", ...fields };
}

const post = (...commands: readonly object[]): Promise<Reply> =>
  world.call("POST", "/v1/stock/commands", { json: { commands } });

const saidOf = (outcomes: readonly { status: string; code?: string }[]) =>
  outcomes.map(({ status, code }) => code ?? status);

async function knownPositions(): Promise<readonly string[]> {
  await world.engine.projected();
  const { rows } = await world.database.query<{ position: string }>(
    "select sku || '@' || location_id as position from stock_position order by 1",
  );
  return rows.map(({ position }) => position);
}

test("over REST, each command by its own name, and the others of the request run", async () => {
  const before = await knownPositions();
  const reply = await post(
    command({ sku: "TYPO" }),
    command({ locationId: "fc-typo" }),
    command({}),
    command({ sku: "TYPO", locationId: "fc-typo" }),
    command({ type: "transfer-out", transferId: "t", toLocationId: "fc-typo", quantity: 1, dueAtMs: 0 }),
    command({ type: "adjust", quantity: undefined, delta: -1, reason: "count", sku: "typo" }),
  );
  expect([reply.status, saidOf(reply.json.outcomes)], reply.text).toEqual([
    200,
    ["unknown_sku", "unknown_location", "applied", "unknown_sku", "unknown_location", "unknown_sku"],
  ]);
  expect(reply.json.outcomes[0].detail).toContain('"TYPO"');
  expect(await knownPositions()).toEqual(before);
  expect((await world.call("GET", "/v1/stock/TYPO/available")).status).toBe(404);
});

test("over the stream, too, in the order in which they were sent", async () => {
  const client = await world.connect();
  const commands = [
    command({}),
    command({ sku: "NOPE" }),
    command({ sku: "MUG-1" }),
    command({ locationId: "NOPE" }),
  ];
  client.send({ id: "s", type: "stock.execute", commands });
  const { outcomes } = await client.reply("s");
  expect(saidOf(outcomes)).toEqual(["applied", "unknown_sku", "applied", "unknown_location"]);
  expect(outcomes[2].position.onHand).toBe(100_005);
});

test("on the command line, with an exit status", async () => {
  const receive = (sku: string, location: string) =>
    runCommand(["stock", "receive", sku, location, "5"], {
      cwd: tmpdir(),
      environment: { PATH: process.env["PATH"], HOLDFAST_URL: world.url, HOLDFAST_KEY: world.adminKey },
    });
  const [sku, location] = [await receive("UX-TYPO-1", "east"), await receive("TEE-1", "fc-typo")];
  expect([sku.status, location.status]).toEqual([1, 1]);
  expect(sku.stderr).toContain("unknown_sku");
  expect(location.stderr).toContain("unknown_location");
});

test("what was unknown a moment ago counts as soon as it is there, by whichever process it was made", async () => {
  expect(saidOf((await post(command({ sku: "SOON" }))).json.outcomes)).toEqual(["unknown_sku"]);
  await addProducts(world.database, "SOON");
  expect(saidOf((await post(command({ sku: "SOON", locationId: "later" }))).json.outcomes)).toEqual([
    "unknown_location",
  ]);
  await addLocation(world.database, "later");
  expect(saidOf((await post(command({ sku: "SOON", locationId: "later" }))).json.outcomes)).toEqual([
    "applied",
  ]);
});

test("a closed location is known: what is there can be counted and moved", async () => {
  await world.database.query("update location set active = false where id = 'later'");
  expect(saidOf((await post(command({ locationId: "later" }))).json.outcomes)).toEqual(["applied"]);
});

test("a refused command was never run: its id is free, and it runs once its position can be", async () => {
  const given = command({ sku: "LATE" });
  expect(saidOf((await post(given)).json.outcomes)).toEqual(["unknown_sku"]);
  await addProducts(world.database, "LATE");
  for (const _ of [1, 2]) {
    const { json } = await post(given);
    expect(json.outcomes).toMatchObject([{ status: "applied", position: { onHand: 5 } }]);
  }
});
