import { afterAll, beforeAll, expect, test } from "vitest";
import { eventually } from "../../test-support/saga-world.ts";
import { createTestDatabase, type TestDatabase } from "../../test-support/servers/postgres.ts";
import { openDatabase } from "../sql/database.ts";
import { takeBridgeLease } from "./bridge-lease.ts";

let store: TestDatabase;

beforeAll(async () => {
  store = await createTestDatabase();
});
afterAll(async () => {
  await store.close();
});

test("one process has the bridge, and the next gets it when that one lets it go", async () => {
  const other = openDatabase(store.url);
  try {
    const first = await takeBridgeLease(store.database, { patienceMs: 0 });
    if (first === null) throw new Error("it was free");
    expect(await takeBridgeLease(other, { patienceMs: 0 })).toBeNull();
    const waiting = takeBridgeLease(other, { patienceMs: 30_000, lookMs: 20 });
    await first.release();
    const second = await waiting;
    expect(second).not.toBeNull();
    await second?.release();
  } finally {
    await other.end();
  }
});

test("who loses the connection asks again, and has lost the bridge only where another was quicker", async () => {
  const other = openDatabase(store.url);
  const breakConnection = () =>
    other.query(
      `select pg_terminate_backend(pid) from pg_locks
       where locktype = 'advisory' and granted and objid = 7400004
         and database = (select oid from pg_database where datname = current_database())`,
    );
  try {
    const lease = await takeBridgeLease(store.database, { patienceMs: 0, lookMs: 20 });
    if (lease === null) throw new Error("it was free");
    let lost = false;
    void lease.lost.then(() => {
      lost = true;
    });
    await breakConnection();
    await eventually("it has it again", async () => {
      const { rowCount } = await other.query(
        "select from pg_locks where locktype = 'advisory' and granted and objid = 7400004",
      );
      return rowCount === 1;
    });
    expect(lost).toBe(false);
    const rival = takeBridgeLease(other, { patienceMs: 30_000, lookMs: 1 });
    let won = null;
    while (won === null) {
      await breakConnection();
      won = await Promise.race([rival, new Promise<null>((resolve) => setTimeout(resolve, 50, null))]);
    }
    await eventually("the first hears of it", async () => lost);
    await won.release();
    await lease.release();
  } finally {
    await other.end();
  }
});
