/** `holdfast system` against a real gateway: what it shows of processes, shards and queues, and how it exits. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { SystemStatus } from "../contract/system.ts";
import { type NodeState, tellOfNode } from "../store/figures/nodes.ts";
import { tryRoleLease } from "../store/role-lease.ts";
import { type GatewayWorld, startGatewayWorld } from "../test-support/gateway.ts";
import { jsonLines, runAsAdmin } from "../test-support/system.ts";

let world: GatewayWorld;
let folder: string;
let owner: string;
beforeAll(async () => {
  world = await startGatewayWorld();
  folder = mkdtempSync(join(tmpdir(), "holdfast-system-"));
  const { rows } = await world.database.query<{ owner: string }>("select owner from shard_lease limit 1");
  owner = rows[0]?.owner ?? "";
});
afterAll(async () => {
  await world.close();
  rmSync(folder, { recursive: true, force: true });
});

const run = (...args: readonly string[]) => runAsAdmin(world, ["system", ...args], folder);

const WELL: NodeState = {
  dependencies: [{ name: "postgresql", ready: true }],
  database: { inUse: 1, size: 20, waiting: 0 },
  engine: { waiting: 0, uncommitted: 0, shards: [] },
  sagas: { isRunning: true, used: 0, slots: 40 },
};

const say = (state: NodeState) =>
  tellOfNode(world.database, { id: owner, name: "fc-1", version: "1.0.0", roles: ["engine"], state });

test("a system in which all is well is shown, and its check prints nothing", async () => {
  await say(WELL);
  const shown = await run("show");
  expect([shown.status, shown.stderr]).toEqual([0, ""]);
  expect(shown.stdout).toMatch(/fc-1 +up +\d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ +1\.0\.0 +engine/);
  expect(shown.stdout).toMatch(/\b3 +fc-1 +served/);
  const [status] = jsonLines<SystemStatus>(await run("show", "--json"));
  expect(status?.shards).toHaveLength(4);
  expect(await run("check")).toMatchObject({ status: 0, stdout: "" });
});

test("work that one process does is shown with its epoch, and missed where a process is up that could do it", async () => {
  const lease = await tryRoleLease(world.database, { role: "jobs", owner });
  await say(WELL);
  expect((await run("show")).stdout).toMatch(/\bjobs +fc-1 +held +1\b/);
  await lease?.release();
  // A system without a process for it has decided so.
  expect(await run("check")).toMatchObject({ status: 0, stdout: "" });
  await tellOfNode(world.database, { id: "j", name: "fc-2", version: "1", roles: ["jobs"], state: WELL });
  const missed = await run("check");
  expect([missed.status, missed.stdout.trim()]).toEqual([1, "Nobody does the work of jobs."]);
  await world.database.query("delete from node where id = 'j'");
});

test("what somebody has to look at is said in a sentence each, with another exit status", async () => {
  await say({
    ...WELL,
    dependencies: [{ name: "mqtt", ready: false }],
    sagas: { isRunning: false, used: 0, slots: 40 },
    broker: { connected: 3, sessions: 4 },
  });
  const checked = await run("check");
  expect(checked.status).toBe(1);
  expect(checked.stdout.trim().split("\n")).toEqual([
    "Node fc-1 cannot reach mqtt.",
    "The saga worker of node fc-1 is down.",
    "Node fc-1 has 3 of 4 sessions with the broker.",
  ]);
  await world.database.query("update node set seen_at = now() - interval '1 minute'");
  const [silent] = jsonLines<{ readonly faults: readonly string[] }>(await run("check", "--json"));
  expect(silent?.faults).toEqual([
    expect.stringMatching(/^Node fc-1 has said nothing since .*Z\.$/),
    "Nobody serves shard 0.",
    "Nobody serves shard 1.",
    "Nobody serves shard 2.",
    "Nobody serves shard 3.",
  ]);
});
