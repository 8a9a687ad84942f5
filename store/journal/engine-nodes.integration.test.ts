/** Leases that go from one engine to another, on a real PostgreSQL. */
import pg from "pg";
import { afterAll, beforeAll, expect, it } from "vitest";
import { createTestDatabase, type TestDatabase } from "../../test-support/servers/postgres.ts";
import {
  forgetEngineNode,
  openLeases,
  readEngineNodes,
  readLeases,
  takeSeenLeases,
  tellOfEngineNode,
} from "./engine-nodes.ts";
import { releaseLeases, renewLeases, takeLeases } from "./shard-lease.ts";

let test: TestDatabase;

beforeAll(async () => {
  test = await createTestDatabase();
});

afterAll(() => test.close());

it("a node is seen by what it says, until it says that it takes no part", async () => {
  const { database } = test;
  await tellOfEngineNode(database, { owner: "one", name: "rack-1", isDraining: false });
  await tellOfEngineNode(database, { owner: "one", name: "rack-1", isDraining: true });
  await tellOfEngineNode(database, { owner: "two", name: "rack-2", isDraining: false });
  await database.query("update engine_node set seen_at = seen_at - interval '3 seconds' where owner = 'two'");
  const [one, two] = await readEngineNodes(database);
  expect(one).toMatchObject({ owner: "one", name: "rack-1", isDraining: true });
  expect(one?.silentMs).toBeLessThan(2_500);
  expect(two?.silentMs).toBeGreaterThan(2_500);
  await forgetEngineNode(database, "one");
  expect((await readEngineNodes(database)).map(({ owner }) => owner)).toEqual(["two"]);
  // A node that stood still for minutes is there again, and those that are gone for minutes are forgotten.
  await database.query("update engine_node set seen_at = seen_at - interval '1 hour'");
  await tellOfEngineNode(database, { owner: "two", name: "rack-2", isDraining: false });
  expect((await readEngineNodes(database))[0]?.silentMs).toBeLessThan(2_500);
  await database.query("update engine_node set seen_at = seen_at - interval '1 hour'");
  await tellOfEngineNode(database, { owner: "three", name: "rack-3", isDraining: false });
  expect((await readEngineNodes(database)).map(({ owner }) => owner)).toEqual(["three"]);
});

it("a lease is taken once, and only as it was seen", async () => {
  const { database } = test;
  await openLeases(database, 4);
  await openLeases(database, 4);
  const seen = await readLeases(database);
  expect(seen).toHaveLength(4);
  const [one, two] = await Promise.all([
    takeSeenLeases(database, seen, "one"),
    takeSeenLeases(database, seen, "two"),
  ]);
  expect(one.size + two.size).toBe(4);
  expect([...one.keys()].filter((shard) => two.has(shard))).toEqual([]);
  // Whoever has renewed its lease since is not taken for gone.
  await takeLeases(database, 4, "three");
  const before = await readLeases(database);
  await renewLeases(database, [0], "three");
  const taken = await takeSeenLeases(database, before, "four");
  expect([...taken.keys()].sort()).toEqual([1, 2, 3]);
});

it("a lease is given up by its owner alone, under its epoch alone, and nothing of it is valid after", async () => {
  const { database } = test;
  const epochs = await takeLeases(database, 4, "one");
  const [shard, epoch] = [2, epochs.get(2) as number];
  await releaseLeases(database, new Map([[shard, epoch]]), "two");
  await releaseLeases(database, new Map([[shard, epoch - 1]]), "one");
  const leaseOf = async () => (await readLeases(database)).find((lease) => lease.shard === shard);
  expect(await leaseOf()).toEqual({ shard, epoch, owner: "one" });
  await releaseLeases(database, new Map([[shard, epoch]]), "one");
  expect(await leaseOf()).toEqual({ shard, epoch: epoch + 1, owner: "" });
});

it("an owner that stands still in the middle of a commit does not keep its leases", async () => {
  const { database } = test;
  await takeLeases(database, 4, "one");
  const stopped = new pg.Client({ connectionString: test.url });
  stopped.on("error", () => {});
  await stopped.connect();
  await stopped.query("begin");
  await stopped.query("select from shard_lease where shard = 1 for share");
  const seen = await readLeases(database);
  expect((await takeSeenLeases(database, seen, "two")).size).toBe(4);
});
