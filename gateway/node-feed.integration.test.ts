/** What happens to processes and shards, over the stream: once each, in order, to whoever may see the system. */
import { pino } from "pino";
import { afterAll, beforeAll, expect, test } from "vitest";
import { connect, type StreamClient } from "../client/index.ts";
import { JobLog } from "../config/job-log.ts";
import type { NodeEvent } from "../contract/system.ts";
import { runPresence } from "../operations/standing/presence.ts";
import { tellOfNodes, trimNodeEvents } from "../store/figures/node-events.ts";
import { type NodeState, stopNode, tellOfNode } from "../store/figures/nodes.ts";
import { startFaultyProxy } from "../test-support/faulty-proxy.ts";
import { type GatewayWorld, startGatewayWorld } from "../test-support/gateway.ts";

let world: GatewayWorld;
let stream: StreamClient;

beforeAll(async () => {
  world = await startGatewayWorld();
  stream = await connect({ url: world.url, key: world.adminKey });
});
afterAll(async () => {
  await stream.close();
  await world.close();
});

const state = (ready = true): NodeState => ({
  dependencies: [
    { name: "postgresql", ready: true },
    { name: "temporal", ready },
  ],
  database: { inUse: 0, size: 1, waiting: 0 },
});
const node = (id: string) => ({ id, name: `name of ${id}`, version: "1.0.0", roles: ["gateway", "jobs"] });
/** As two nodes do at a time. */
const look = () => Promise.all([tellOfNodes(world.database, 20), tellOfNodes(world.database, 20)]);

async function read(from: string | null, wanted: number, of = (_event: NodeEvent) => true) {
  const feed = await stream.nodeEvents({ after: from });
  const seen: NodeEvent[] = [];
  for await (const { entries } of feed) {
    seen.push(...entries.filter(of));
    if (seen.length >= wanted) break;
  }
  return seen;
}

test("a node joins, lacks something, is ready, is silent, comes back and leaves: told once each", async () => {
  const steps: [string, string][] = [];
  const reading = read(null, 8, ({ nodeId }) => nodeId === "n-1");
  const tell = async (ready: boolean) => {
    await tellOfNode(world.database, { ...node("n-1"), state: state(ready) });
    await look();
  };
  await stream.request({ type: "ping" });
  await tell(true);
  await look();
  await tell(false);
  await tell(false);
  await tell(true);
  await world.database.query("update node set seen_at = now() - interval '30 seconds' where id = 'n-1'");
  await look();
  await look();
  await tell(true);
  await stopNode(world.database, "n-1");
  await look();
  await look();
  await tell(true);
  for (const { kind, detail } of await reading) steps.push([kind, detail]);
  expect(steps).toEqual([
    ["joined", "1.0.0 gateway,jobs"],
    ["ready", ""],
    ["unready", "temporal"],
    ["ready", ""],
    ["silent", ""],
    ["ready", ""],
    ["left", ""],
    ["ready", ""],
  ]);
});

test("shards that are taken are told with who had them, over connections that break, and again to who asks", async () => {
  const proxy = await startFaultyProxy(world.url);
  const other = await connect({ url: proxy.url, key: world.adminKey, mostWaitMs: 400 });
  const feed = await other.nodeEvents({ after: null, kinds: ["shard_taken"] });
  const moved: NodeEvent[] = [];
  const reading = (async () => {
    for await (const { entries } of feed) {
      moved.push(...entries);
      if (moved.length >= 4) return;
    }
  })();
  const { rows } = await world.database.query<{ owner: string }>(
    "select owner from shard_lease where shard = 0",
  );
  for (const shard of [0, 1, 2, 3]) {
    await world.database.query("update shard_lease set owner = 'n-2', epoch = epoch + 1 where shard = $1", [
      shard,
    ]);
    // A lease that only begins anew is no move.
    await world.database.query("update shard_lease set epoch = epoch + 1 where shard = $1", [shard]);
    if (shard === 1) proxy.shut();
    if (shard === 2) proxy.open();
  }
  await reading;
  expect(moved.map(({ shard, nodeId, detail, name }) => [shard, nodeId, detail, name])).toEqual(
    [0, 1, 2, 3].map((shard) => [shard, "n-2", rows[0]?.owner, null]),
  );
  await world.database.query("update shard_lease set owner = $1", [rows[0]?.owner]);
  await other.close();
  await proxy.close();
  const all = await read("0.0", 8, ({ kind }) => kind === "shard_taken");
  expect(all.slice(0, 4).map(({ shard, detail }) => [shard, detail])).toEqual(
    [0, 1, 2, 3].map((shard) => [shard, ""]),
  );
});

test("a process tells of itself and takes its leave", async () => {
  const reading = read(null, 3, ({ nodeId }) => nodeId === "n-3");
  await stream.request({ type: "ping" });
  const presence = runPresence({
    database: world.database,
    node: node("n-3"),
    read: async () => state(),
    jobLog: new JobLog(),
    logger: pino({ level: "silent" }),
    tellMs: 20,
  });
  await expect
    .poll(async () => (await world.database.query("select told from node where id = 'n-3'")).rows[0]?.told)
    .toBe("ready");
  await presence.stop();
  expect((await reading).map(({ kind, name }) => [kind, name])).toEqual([
    ["joined", "name of n-3"],
    ["ready", "name of n-3"],
    ["left", "name of n-3"],
  ]);
});

test("only whoever may see the system is told, and only the newest are kept", async () => {
  const orders = await connect({ url: world.url, key: await world.key(["orders:read"]) });
  await expect(orders.nodeEvents({ after: null })).rejects.toMatchObject({ code: "forbidden" });
  await orders.close();
  await trimNodeEvents(world.database, 3);
  const { rows } = await world.database.query<{ count: number }>("select count(*)::int from node_event");
  expect(rows[0]?.count).toBe(3);
});
