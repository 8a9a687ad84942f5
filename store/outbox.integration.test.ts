import { afterAll, beforeAll, expect, test } from "vitest";
import { createTestDatabase, type TestDatabase } from "../test-support/servers/postgres.ts";
import { signalRow, startRow } from "../workflows/messages.ts";
import { finishOutbox, postponeOutbox, readDueForSagas, writeOutbox } from "./outbox.ts";

let store: TestDatabase;

beforeAll(async () => {
  store = await createTestDatabase();
});
afterAll(() => store.close());

const start = (channelId: string, number: number) =>
  startRow({
    workflow: "orderFulfillment",
    workflowId: `${channelId}-${number}`,
    args: [{ orderId: `${channelId}-${number}`, channelId, onHold: false }],
  });
const release = (workflowId: string) =>
  signalRow({ workflowId, signal: "orderMessage", message: { key: "release-1", type: "hold-released" } });

test("of each channel the oldest starts are due, however many of another wait before them", async () => {
  const { database } = store;
  await writeOutbox(
    database,
    Array.from({ length: 500 }, (_, number) => start("flood", number)),
  );
  await writeOutbox(database, [start("quiet", 1), start("other", 1), release("other-1"), release("ended-1")]);
  const due = await readDueForSagas(database, { signals: 10, startsOfChannel: 3 });
  expect(due.starts.map(({ channelId, key }) => [channelId, key])).toEqual([
    ["flood", "start:flood-0"],
    ["flood", "start:flood-1"],
    ["flood", "start:flood-2"],
    ["quiet", "start:quiet-1"],
    ["other", "start:other-1"],
  ]);
  // What is said to a saga that has not begun waits for its beginning.
  expect(due.signals.map(({ key }) => key)).toEqual(["signal:ended-1:release-1"]);

  const other = due.starts.filter(({ channelId }) => channelId === "other");
  await finishOutbox(
    database,
    other.map(({ id }) => ({ id, note: null })),
  );
  const quiet = due.starts.filter(({ channelId }) => channelId === "quiet");
  await postponeOutbox(
    database,
    quiet.map(({ id }) => ({ id, error: "no answer", delayMs: 60_000 })),
  );
  const then = await readDueForSagas(database, { signals: 10, startsOfChannel: 1 });
  expect(then.starts.map(({ key, attempts }) => [key, attempts])).toEqual([["start:flood-0", 1]]);
  expect(then.signals.map(({ key }) => key)).toEqual([
    "signal:other-1:release-1",
    "signal:ended-1:release-1",
  ]);
});
