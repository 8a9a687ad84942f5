import { randomBytes } from "node:crypto";
import { Value } from "typebox/value";
import { afterAll, beforeAll, expect, test } from "vitest";
import { JobLog } from "../../config/job-log.ts";
import { SystemStatus } from "../../contract/system.ts";
import { startEngine } from "../../engine/engine.ts";
import { runPresence } from "../../operations/standing/presence.ts";
import { testLogger } from "../../test-support/floor.ts";
import { createTestDatabase, type TestDatabase } from "../../test-support/servers/postgres.ts";
import { writeOutbox } from "../outbox.ts";
import { forgetNodes, type NodeState, readNodes, tellOfNode } from "./nodes.ts";
import { readShardFigures } from "./shard-figures.ts";
import { readSystemFigures } from "./system-figures.ts";
import { readSystemStatus } from "./system-status.ts";

let store: TestDatabase;
beforeAll(async () => {
  store = await createTestDatabase();
  await store.database.query(`
    insert into company (id, name, currency) values ('acme', 'Acme', 'USD');
    insert into channel (id, company_id, name, kind) values ('web', 'acme', 'Web', 'holdfast');
    insert into location (id, company_id, name, kind, address, latitude, longitude)
      values ('east', 'acme', 'East', 'fulfillment_center', '{}', 0, 0)`);
});
afterAll(() => store.close());

test("an empty system has zeros, so that a rule sees the difference between none and unknown", async () => {
  expect(await readSystemFigures(store.database)).toMatchObject({
    orders: [
      { status: "open", count: 0 },
      { status: "on_hold", count: 0 },
    ],
    stages: expect.arrayContaining([{ stage: "picking", count: 0, oldestSeconds: 0 }]),
    unreleasedSeconds: 0,
    outbox: [
      { queue: "sagas", count: 0, failing: 0, oldestSeconds: 0 },
      { queue: "mails", count: 0, failing: 0, oldestSeconds: 0 },
    ],
    webhooks: { pending: 0, oldestSeconds: 0 },
    shards: [],
    channels: [],
    adrift: [],
  });
});

test("what waits in the outbox is counted by queue, with its age; what is done is not", async () => {
  const { database } = store;
  await writeOutbox(database, [
    { key: "a", topic: "workflow.start", payload: {} },
    { key: "b", topic: "workflow.signal", payload: {} },
    { key: "c", topic: "mail.send", payload: {} },
    { key: "d", topic: "mail.send", payload: {} },
  ]);
  await database.query(`
    update outbox set created_at = now() - interval '90 seconds', attempts = 1 where key = 'a';
    update outbox set done_at = now() where key = 'd'`);
  const { outbox } = await readSystemFigures(database);
  expect(outbox).toEqual([
    { queue: "sagas", count: 2, failing: 1, oldestSeconds: expect.closeTo(90, -1) },
    { queue: "mails", count: 1, failing: 0, oldestSeconds: expect.any(Number) },
  ]);
});

test("an endpoint that takes nothing is failing, and what it is to be told is counted with its age", async () => {
  const { database } = store;
  await placeOrder("web-1", "open", 400);
  await database.query(`
    insert into webhook_subscription (id, company_id, name, url, secret, position_tx, position_id, events_tx, attempts, active, paused_at)
      values ('good', 'acme', 'g', 'https://x', 's', '0', 0, '0', 0, true, null),
             ('bad', 'acme', 'b', 'https://x', 's', '0', 0, '0', 4, true, null),
             ('paused', 'acme', 'p', 'https://x', 's', '0', 0, '0', 9, true, now()),
             ('off', 'acme', 'o', 'https://x', 's', '0', 0, '0', 4, false, null);
    insert into order_event (order_id, key, type, summary, cause, at)
      values ('web-1', 'k', 'order.captured', 'x', 'test', now() - interval '70 seconds')`);
  const { webhooks } = await readSystemFigures(database);
  expect(new Map(webhooks.endpoints.map(({ state, count }) => [state, count]))).toEqual(
    new Map([
      ["ok", 1],
      ["failing", 1],
      ["paused", 1],
      ["off", 1],
    ]),
  );
  // Two are told of the order; each of them of the place, too.
  const { rows } = await database.query("select count(*)::int as events from domain_event");
  expect(webhooks.pending).toBe(2 + 2 * rows[0].events);
  expect(webhooks.oldestSeconds).toBeCloseTo(70, -1);
});

test("orders that wait for their saga are told from those that are on the floor, by their age", async () => {
  const { database } = store;
  await placeOrder("web-2", "open", 5_000);
  await placeOrder("web-3", "on_hold", 9_000);
  await placeOrder("web-4", "completed", 9_000);
  const fulfill = (id: string, stage: string, status: string, seconds: number) =>
    database.query(
      `insert into fulfillment_order (id, order_id, location_id, status, stage, updated_at)
       values ($1, 'web-2', 'east', $2, $3, now() - $4 * interval '1 second')`,
      [id, status, stage, seconds],
    );
  await fulfill("F1", "picking", "in_progress", 600);
  await fulfill("F2", "picking", "in_progress", 60);
  await fulfill("F3", "packed", "cancelled", 9_000);
  const figures = await readSystemFigures(database);
  expect(figures.orders).toEqual([
    { status: "open", count: 2 },
    { status: "on_hold", count: 1 },
  ]);
  expect(figures.unreleasedSeconds).toBeCloseTo(400, -1);
  const stage = (name: string) => figures.stages.find((each) => each.stage === name);
  expect(stage("picking")).toEqual({ stage: "picking", count: 2, oldestSeconds: expect.closeTo(600, -1) });
  expect(stage("packed")).toEqual({ stage: "packed", count: 0, oldestSeconds: 0 });
});

test("a shard's lag, snapshot and owner are those of the engine that has it, which counts its commits", async () => {
  const engine = await startEngine({ databaseUrl: store.url, threads: 2, shards: 4, logger: testLogger });
  try {
    await engine.client.execute(
      Array.from({ length: 12 }, (_, index) => ({
        type: "receive" as const,
        commandId: `r${index}`,
        sku: `SKU-${index}`,
        locationId: "east",
        quantity: 5,
        cause: "a test",
        atMs: Date.now(),
      })),
    );
    await engine.projected();
    const shards = await readShardFigures(store.database);
    const status = await engine.client.status();
    expect(shards.map(({ shard, epoch, head, owner }) => [shard, epoch, head, owner])).toEqual(
      status.map(({ shard, epoch, sequence }) => [shard, epoch, sequence, engine.owner]),
    );
    expect(shards.every(({ head, projected }) => head === projected)).toBe(true);
    const [written] = shards.filter(({ head }) => head > 0);
    await store.database.query(
      `insert into snapshot (shard, sequence, epoch, checksum, journal_hash, state_hash, size, taken_at)
       values ($1, 1, 1, 0, $2, $2, 0, now() - interval '100 seconds')`,
      [written?.shard, randomBytes(32)],
    );
    const { snapshot } = (await readShardFigures(store.database))[written?.shard ?? 0] ?? {};
    expect(snapshot).toEqual({
      sequence: 1,
      takenAt: expect.any(Date),
      ageSeconds: expect.closeTo(100, -1),
    });
    const figures = engine.figures();
    expect(figures.commitSize.sum).toBe(12);
    expect(figures.commitSeconds.count).toBe(figures.commitSize.count);
    expect(figures).toMatchObject({ commitFaults: 0, refused: 0, waiting: 0, waitingOfThread: [0, 0] });
    await store.database.query("delete from snapshot");
  } finally {
    await engine.stop();
  }
});

test("the system's page has each process as it said itself, and a shard is served by who is up and has it", async () => {
  const { database } = store;
  await database.query("delete from shard_lease; delete from engine_layout");
  const engine = await startEngine({ databaseUrl: store.url, threads: 2, shards: 4, logger: testLogger });
  const state: NodeState = {
    dependencies: [{ name: "temporal", ready: false }],
    database: { inUse: 1, size: 24, waiting: 0 },
    engine: { waiting: 3, uncommitted: 1, shards: [{ shard: 1, state: "rebuilding", waiting: 7 }] },
    broker: { connected: 1, sessions: 2 },
  };
  const node = { id: engine.owner, name: "one", version: "1.0.0", roles: ["engine"] };
  const presence = runPresence({
    database,
    node,
    read: async () => state,
    jobLog: new JobLog(),
    logger: testLogger,
    tellMs: 20,
  });
  try {
    await expect.poll(async () => (await readNodes(database)).length).toBe(1);
    await tellOfNode(database, {
      ...node,
      id: "gone",
      name: "two",
      roles: [],
      state: { ...state, engine: undefined } as never,
    });
    await database.query("update node set seen_at = now() - interval '30 seconds' where id = 'gone'");
    await database.query("update shard_lease set owner = 'gone' where shard = 3");
    await database.query(`
      insert into role_lease (role, epoch, owner, backend_pid, backend_start, renewed_at)
        select 'jobs', 3, 'gone', pid, backend_start, now() - interval '1 minute'
          from pg_stat_activity where pid = pg_backend_pid()
        union all select 'devices', 2, 'forgotten', 0, now(), '-infinity'`);
    const status = await readSystemStatus(database);
    expect(status.leases).toEqual([
      { role: "devices", node: null, state: "free", epoch: 2, renewedAt: null },
      { role: "jobs", node: "gone", state: "free", epoch: 3, renewedAt: expect.any(String) },
    ]);
    expect(status.nodes.map(({ name, state: is, engine: has, sagas }) => [name, is, has, sagas])).toEqual([
      ["one", "up", { waiting: 3, uncommitted: 1 }, null],
      ["two", "silent", null, null],
    ]);
    expect(status.shards.map(({ shard, state: is, waiting, node: of }) => [shard, is, waiting, of])).toEqual([
      [0, "served", 0, engine.owner],
      [1, "rebuilding", 7, engine.owner],
      [2, "served", 0, engine.owner],
      [3, "unserved", 0, "gone"],
    ]);
    expect(Value.Check(SystemStatus, status)).toBe(true);
  } finally {
    await presence.stop();
    await engine.stop();
  }
  // What has ended in order is known as such, and serves nothing; after a day it is forgotten.
  const after = await readSystemStatus(database);
  expect(after.nodes.find(({ name }) => name === "one")?.state).toBe("stopped");
  expect(after.shards.every(({ state: is }) => is === "unserved")).toBe(true);
  await database.query("update node set seen_at = now() - interval '25 hours' where id = 'gone'");
  await forgetNodes(database);
  expect((await readNodes(database)).map(({ name }) => name)).toEqual(["one"]);
});

test("a transaction that goes on and on is what holds the feeds back, and one that only reads does not", async () => {
  const { database } = store;
  const heldBack = async () => (await readSystemStatus(database)).feedsHeldBackSeconds;
  const client = await database.connect();
  try {
    await client.query("begin");
    await client.query("select");
    const began = performance.now();
    await new Promise((resolve) => setTimeout(resolve, 300));
    const reading = await heldBack();
    await client.query("select pg_current_xact_id()");
    const writing = await heldBack();
    expect(writing).toBeGreaterThanOrEqual(0.3);
    expect(writing).toBeLessThanOrEqual((performance.now() - began) / 1_000 + 1);
    expect(reading).toBeLessThan(0.3);
    await client.query("rollback");
    expect(await heldBack()).toBeLessThan(writing);
  } finally {
    client.release();
  }
});

function placeOrder(id: string, status: string, ageSeconds: number) {
  return store.database.query(
    `insert into orders (id, company_id, channel_id, external_id, external_number, status, payment_status,
        fulfillment_status, currency, total_minor, exponent, unit_count, customer_name, placed_at, captured_at,
        content_hash, document, raw_payload, tracking_token)
     values ($1, 'acme', 'web', $1, $1, $2, 'pending', 'unfulfilled', 'USD', 0, 2, 1, '', now(),
        now() - $3 * interval '1 second', '', '{}', '', $1)`,
    [id, status, ageSeconds],
  );
}

test("a connected channel is counted by what waits, what was refused and how old it is; one that is off is not", async () => {
  const { database } = store;
  await database.query(`
    insert into channel (id, company_id, name, kind)
      values ('one', 'acme', 'One', 'shopify'), ('two', 'acme', 'Two', 'shopify'), ('off', 'acme', 'Off', 'shopify');
    insert into channel_account (channel_id, active) values ('one', true), ('two', true), ('off', false);
    insert into channel_progress (channel_id, read_to, looked_at, position_tx, position_id, problem_code, problem)
      values ('one', now(), now() - interval '50 seconds', '0', 0, null, null),
             ('two', now(), now(), '0', 0, 'unauthorized', 'No.'), ('off', now(), now(), '0', 0, null, null);
    insert into channel_changed_order (channel_id, external_id) values ('one', '17');
    insert into channel_telling (channel_id, key, order_id, kind, state, made_at)
      values ('one', 'a', 'one-1', 'ship', 'waiting', now() - interval '80 seconds'),
             ('one', 'b', 'one-2', 'ship', 'dead', now()), ('one', 'c', 'one-3', 'ship', 'told', now());
    insert into channel_telling (channel_id, key, order_id, kind, state, code, made_at)
      values ('one', 'd', 'one-4', 'refund', 'waiting', 'under_way', now() - interval '9 hours');
    insert into channel_listing (channel_id, channel_sku, wanted, wanted_at, told, problem)
      values ('one', 'A', 5, now() - interval '40 seconds', 6, null), ('one', 'B', 5, now(), 5, null),
             ('one', 'C', 5, now() - interval '9 hours', null, 'No such item.'),
             ('two', 'A', 5, now() - interval '30 seconds', null, 'Not let in.');
    insert into channel_comparison (channel_id, since, asked_by) values ('one', now(), 'test');
    insert into channel_difference (channel_id, comparison_id, kind, subject, ours, theirs, cause, state)
      select 'one', id, 'stock', state, '1', '2', 'drift', state
        from channel_comparison, unnest(array['raised', 'repaired']) as state`);
  const { channels } = await readSystemFigures(database);
  expect(channels).toEqual([
    {
      channel: "one",
      isWorking: true,
      readAgeSeconds: expect.closeTo(50, -1),
      pollSeconds: 60,
      named: 1,
      waiting: 2,
      dead: 1,
      // What the channel has under way is not late.
      waitingSeconds: expect.closeTo(80, -1),
      stockWaiting: 1,
      stockRefused: 1,
      stockWaitingSeconds: expect.closeTo(40, -1),
      differences: 1,
    },
    // While it does not let us in, nothing is refused: it waits.
    expect.objectContaining({ channel: "two", isWorking: false, stockWaiting: 1, stockRefused: 0 }),
  ]);
});
