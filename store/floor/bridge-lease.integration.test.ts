import { type AddressInfo, connect, createServer } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import { eventually } from "../../test-support/saga-world.ts";
import { createTestDatabase, type TestDatabase } from "../../test-support/servers/postgres.ts";
import { openDatabase } from "../sql/database.ts";
import { takeBridgeLease } from "./bridge-lease.ts";

let store: TestDatabase;
const isEntitled = async () => true;

beforeAll(async () => {
  store = await createTestDatabase();
});
afterAll(async () => {
  await store.close();
});

test("one process has the bridge, and the next gets it when that one lets it go", async () => {
  const other = openDatabase(store.url);
  try {
    const first = await takeBridgeLease(store.database, { patienceMs: 0, isEntitled });
    if (first === null) throw new Error("it was free");
    expect(await takeBridgeLease(other, { patienceMs: 0, isEntitled: async () => false })).toBeNull();
    const waiting = takeBridgeLease(other, { patienceMs: 30_000, isEntitled, lookMs: 20 });
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
    const lease = await takeBridgeLease(store.database, { patienceMs: 0, isEntitled, lookMs: 20 });
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
    const rival = takeBridgeLease(other, { patienceMs: 30_000, isEntitled, lookMs: 1 });
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

test("who hangs on to the bridge without being entitled to it is ended, and hears of it", async () => {
  const other = openDatabase(store.url);
  try {
    const first = await takeBridgeLease(store.database, { patienceMs: 0, isEntitled, lookMs: 500 });
    const second = await takeBridgeLease(other, { patienceMs: 50, isEntitled, lookMs: 20 });
    expect(second).not.toBeNull();
    await first?.lost;
    await first?.release();
    await second?.release();
  } finally {
    await other.end();
  }
});

test("a connection of its own that died in silence is not another process", async () => {
  const server = new URL(store.url);
  const wires: { isCut: boolean }[] = [];
  const firewall = createServer((near) => {
    const wire = { isCut: false };
    wires.push(wire);
    const far = connect(Number(server.port), server.hostname);
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      from.on("data", (bytes) => wire.isCut || to.write(bytes));
      from.on("close", () => wire.isCut || to.destroy());
      from.on("error", () => {});
    }
  });
  await new Promise<void>((resolve) => firewall.listen(0, "127.0.0.1", resolve));
  const url = new URL(store.url);
  url.hostname = "127.0.0.1";
  url.port = String((firewall.address() as AddressInfo).port);
  const database = openDatabase(url.href, { silentAfterMs: 300 });
  const holders = async () => {
    const { rows } = await store.database.query<{ pid: number }>(
      "select pid from pg_locks where locktype = 'advisory' and granted and objid = 7400004",
    );
    return rows.map(({ pid }) => pid);
  };
  try {
    const lease = await takeBridgeLease(database, { patienceMs: 0, isEntitled, lookMs: 20 });
    let lost = false;
    void lease?.lost.then(() => {
      lost = true;
    });
    const before = await holders();
    for (const wire of wires) wire.isCut = true;
    await eventually("it has it on another connection, or lost it", async () => {
      const now = await holders();
      return lost || (now.length === 1 && now[0] !== before[0]);
    });
    expect(lost).toBe(false);
    await lease?.release();
  } finally {
    await database.end();
    firewall.close();
  }
});
