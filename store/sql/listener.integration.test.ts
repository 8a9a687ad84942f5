/** Work woken by NOTIFY, over real connections that are killed on purpose. */
import type { EventEmitter } from "node:events";
import { expect, onTestFinished, test, vi } from "vitest";
import { createTestDatabase } from "../../test-support/servers/postgres.ts";
import type { Database } from "./database.ts";
import { type ListenerOptions, startListener } from "./listener.ts";

/** Longer than any test here: what happens in time was not waited for. */
const NEVER_MS = 600_000;

async function emptyDatabase(): Promise<Database> {
  const { database, close } = await createTestDatabase();
  onTestFinished(close);
  return database;
}

/** A listener that counts its runs; stopped with the test, at the latest. */
function listenOn(database: Database, options: Partial<ListenerOptions> = {}) {
  const faults: unknown[] = [];
  const work = vi.fn(async (_isDue: boolean) => false);
  const listener = startListener({
    database,
    channel: "doorbell",
    everyMs: NEVER_MS,
    work,
    onFault: (error) => faults.push(error),
    ...options,
  });
  onTestFinished(() => listener.stop());
  return { listener, work, faults };
}

const ring = (database: Database) => database.query("notify doorbell");

async function listeningBackends(database: Database): Promise<readonly number[]> {
  const { rows } = await database.query<{ pid: number }>(
    "select pid from pg_stat_activity where datname = current_database() and query = 'listen doorbell'",
  );
  return rows.map((row) => row.pid);
}

async function killListeners(database: Database): Promise<void> {
  for (const pid of await listeningBackends(database)) {
    await database.query("select pg_terminate_backend($1)", [pid]);
  }
}

test("the work runs once at the start and again with each notification", async () => {
  const database = await emptyDatabase();
  const { work } = listenOn(database);
  await vi.waitFor(() => expect(work).toHaveBeenCalledTimes(1));
  await ring(database);
  await vi.waitFor(() => expect(work).toHaveBeenCalledTimes(2));
  expect(work.mock.calls).toEqual([[true], [false]]);
});

test("without any notification the work runs when its time has come", async () => {
  const database = await emptyDatabase();
  const { work } = listenOn(database, { everyMs: 30 });
  await vi.waitFor(() => expect(work.mock.calls.length).toBeGreaterThan(3));
  expect(work.mock.calls.every(([isDue]) => isDue)).toBe(true);
});

test("what was notified while the connection was away is found after the reconnection", async () => {
  const database = await emptyDatabase();
  await database.query("create table parcel (id integer)");
  const taken: number[] = [];
  const { faults } = listenOn(database, {
    work: async () => {
      const { rows } = await database.query<{ id: number }>("delete from parcel returning id");
      taken.push(...rows.map((row) => row.id));
      return false;
    },
  });
  await vi.waitFor(async () => expect(await listeningBackends(database)).toHaveLength(1));
  // The rows come before the new connection can be there, so no connection gets the notification.
  await database.query("begin; insert into parcel values (1), (2); notify doorbell; commit");
  await vi.waitFor(() => expect(taken).toEqual([1, 2]));
  const [before] = await listeningBackends(database);
  await database.query(
    `with killed as (select pg_terminate_backend($1) as done) insert into parcel select 3 from killed where done`,
    [before],
  );
  await vi.waitFor(() => expect(taken).toEqual([1, 2, 3]));
  const [after] = await listeningBackends(database);
  expect(after).not.toBe(before);
  expect(faults).toHaveLength(1);
  await database.query("begin; insert into parcel values (4); notify doorbell; commit");
  await vi.waitFor(() => expect(taken).toEqual([1, 2, 3, 4]));
});

test("work that fails is tried again, soon and as due, and wakes while it runs are not lost", async () => {
  const database = await emptyDatabase();
  const seen: boolean[] = [];
  const { listener, faults } = listenOn(database, {
    work: async (isDue) => {
      seen.push(isDue);
      if (seen.length === 1) throw new Error("not today");
      if (seen.length === 2) listener.wake();
      return false;
    },
  });
  await vi.waitFor(() => expect(seen).toEqual([true, true, false]));
  expect(faults).toMatchObject([{ message: "not today" }]);
});

test("the work never runs twice at once, and at once again where there is more", async () => {
  const database = await emptyDatabase();
  let running = 0;
  let most = 0;
  let runs = 0;
  listenOn(database, {
    work: async () => {
      running += 1;
      most = Math.max(most, running);
      await ring(database);
      await database.query("select pg_sleep(0.01)");
      running -= 1;
      runs += 1;
      return runs < 5;
    },
  });
  await vi.waitFor(() => expect(runs).toBeGreaterThanOrEqual(5));
  expect(most).toBe(1);
});

test("of two listeners only the one that is let in works; the other one takes over when it has gone", async () => {
  const database = await emptyDatabase();
  const admit: ListenerOptions["admit"] = async (client) => {
    const { rows } = await client.query<{ mine: boolean }>("select pg_try_advisory_lock(1) as mine");
    return rows[0]?.mine === true;
  };
  const first = listenOn(database, { admit });
  await vi.waitFor(() => expect(first.work).toHaveBeenCalledTimes(1));
  const second = listenOn(database, { admit, everyMs: 30 });
  await ring(database);
  await vi.waitFor(() => expect(first.work).toHaveBeenCalledTimes(2));
  expect(second.work).not.toHaveBeenCalled();
  await killListeners(database);
  await first.listener.stop();
  await vi.waitFor(() => expect(second.work).toHaveBeenCalled());
});

test("a stopped listener leaves no connection that listens", async () => {
  const database = await emptyDatabase();
  const { listener, work } = listenOn(database);
  await vi.waitFor(() => expect(work).toHaveBeenCalledTimes(1));
  await listener.stop();
  await vi.waitFor(async () => expect(await listeningBackends(database)).toEqual([]));
  await ring(database);
  expect(work).toHaveBeenCalledTimes(1);
});

test("a connection that breaks just as the work ends is given back once", async () => {
  const database = await emptyDatabase();
  const taken: EventEmitter[] = [];
  const watched = Object.assign(Object.create(database) as Database, {
    connect: async () => {
      const client = await database.connect();
      taken.push(client);
      return client;
    },
  });
  const { listener, work } = listenOn(watched);
  await vi.waitFor(() => expect(work).toHaveBeenCalledTimes(1));
  await listener.stop();
  expect(() => taken[0]?.emit("error", new Error("terminating connection"))).not.toThrow();
});
