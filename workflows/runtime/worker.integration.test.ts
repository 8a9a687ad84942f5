import { Client, Connection } from "@temporalio/client";
import { pino } from "pino";
import { afterAll, beforeAll, expect, test } from "vitest";
import { readDueForSagas, writeOutbox } from "../../store/outbox.ts";
import { inTransaction } from "../../store/sql/database.ts";
import { eventually } from "../../test-support/saga-world.ts";
import { createTestDatabase, type TestDatabase } from "../../test-support/servers/postgres.ts";
import { createTestNamespace, type TestTemporal } from "../../test-support/servers/temporal.ts";
import { stockInMemory } from "../../test-support/stock/stock.ts";
import { outsideWorld } from "../../test-support/vendors/outside-world.ts";
import { signalRow, startRow } from "../messages.ts";
import { type SagaWorker, startSagaWorker } from "./worker.ts";

let temporal: TestTemporal;
let testDatabase: TestDatabase;

beforeAll(async () => {
  temporal = await createTestNamespace();
  testDatabase = await createTestDatabase();
});
afterAll(async () => {
  await testDatabase.close();
});

test("the outbox is carried out once, in order, and what was left by a relay that died is taken up again", async () => {
  const { database } = testDatabase;
  const start = (id: string) =>
    startRow({
      workflow: "orderFulfillment",
      workflowId: id,
      args: [{ orderId: id, channelId: "shop", onHold: true }],
    });
  const release = (id: string) =>
    signalRow({
      workflowId: id,
      signal: "orderMessage",
      message: { key: "release-1", type: "hold-released" },
    });
  await inTransaction(database, async (client) => {
    await writeOutbox(client, [start("shop-1"), release("shop-1"), release("shop-never-started")]);
    // A repeat of its cause adds nothing.
    await writeOutbox(client, [start("shop-1")]);
  });
  // A relay reads the rows and dies before it has done anything. One of a former version has put them off for
  // an hour while it worked, which does not have to run out first.
  const due = await readDueForSagas(database, { signals: 10, startsOfChannel: 10 });
  expect(due.starts.map(({ key, channelId }) => [key, channelId])).toEqual([["start:shop-1", "shop"]]);
  expect(due.signals.map(({ key }) => key)).toEqual(["signal:shop-never-started:release-1"]);
  await database.query("update outbox set due_at = now() + interval '1 hour' where key like '%never%'");

  const worker = await startWorker();
  try {
    await eventually("an empty outbox", async () => {
      const { rowCount } = await database.query("select from outbox where done_at is null");
      return rowCount === 0;
    });
    await eventually("steps that were timed", async () =>
      worker.figures().steps.some(({ seconds }) => seconds.count > 0),
    );
    const { isRunning, slots, queues } = worker.figures();
    expect(isRunning).toBe(true);
    expect(slots.map(({ kind, size }) => [kind, size])).toEqual([
      ["workflow_task", 40],
      ["activity", 60],
      ["local_activity", 60],
    ]);
    // The release waited for the start.
    expect(queues).toEqual([
      { queue: "sagas", delivered: 3, failed: 0 },
      { queue: "mails", delivered: expect.any(Number), failed: 0 },
    ]);
  } finally {
    await worker.stop();
  }
  const { rows } = await database.query("select key, last_error as note from outbox order by id");
  expect(rows).toEqual([
    { key: "start:shop-1", note: null },
    { key: "signal:shop-1:release-1", note: null },
    { key: "signal:shop-never-started:release-1", note: "the saga has ended" },
  ]);
  const { address, namespace } = temporal;
  const connection = await Connection.connect({ address });
  const history = await new Client({ connection, namespace }).workflow.getHandle("shop-1").fetchHistory();
  await connection.close();
  const signals = history.events?.filter((event) => event.workflowExecutionSignaledEventAttributes) ?? [];
  expect(signals).toHaveLength(1);
  expect(
    history.events?.[0]?.workflowExecutionStartedEventAttributes?.searchAttributes?.indexedFields,
  ).toHaveProperty("HoldfastChannel");
});

test("a worker that is stopped can be started again, from the bundle that was kept", async () => {
  await (await startWorker()).stop();
  const startedAt = performance.now();
  await (await startWorker()).stop();
  expect(performance.now() - startedAt).toBeLessThan(15_000);
});

function startWorker(): Promise<SagaWorker> {
  return startSagaWorker({
    ...outsideWorld(),
    temporalAddress: temporal.address,
    namespace: temporal.namespace,
    database: testDatabase.database,
    allocator: stockInMemory(),
    publicUrl: "http://shop.test",
    logger: pino({ level: "silent" }),
  });
}
