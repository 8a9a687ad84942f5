import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { eventually } from "../test-support/saga-world.ts";
import { createTestDatabase, type TestDatabase } from "../test-support/servers/postgres.ts";
import { devicesRole, type RoleLease, readRoleLeases, roleFence, tryRoleLease } from "./role-lease.ts";
import { type Database, openDatabase } from "./sql/database.ts";

let store: TestDatabase;
const undone: (() => Promise<unknown>)[] = [];

beforeAll(async () => {
  store = await createTestDatabase();
});
afterEach(async () => {
  for (const undo of undone.splice(0).reverse()) await undo();
});
afterAll(async () => {
  await store.close();
});

/** Another process, as the database sees it. */
function process(): Database {
  const database = openDatabase(store.url);
  undone.push(() => database.end());
  return database;
}

/** What a process does that stands still renews nothing for as long as the test runs. */
const FROZEN_MS = 600_000;

async function taken(role: string, owner: string, renewMs = 20): Promise<RoleLease> {
  const lease = await tryRoleLease(process(), { role, owner, renewMs });
  if (lease === null) throw new Error(`${role} was to be free`);
  undone.push(() => lease.release());
  return lease;
}

test("one process has it, and the next gets it, with a higher epoch, as soon as that one gives it up", async () => {
  const first = await taken("given-up", "a");
  expect(await tryRoleLease(process(), { role: "given-up", owner: "b" })).toBeNull();
  const shown = async () => (await readRoleLeases(store.database)).find(({ role }) => role === "given-up");
  expect(await shown()).toMatchObject({ owner: "a", isHeld: true, renewedAt: expect.any(Date) });
  await first.release();
  expect(await shown()).toMatchObject({ owner: "a", isHeld: false, renewedAt: null });
  const second = await taken("given-up", "b");
  expect(second.epoch).toBe(first.epoch + 1);
  expect(await shown()).toMatchObject({ owner: "b", isHeld: true, epoch: second.epoch });
});

test("a process whose connection has ended is dead: another has its work at once", async () => {
  const first = await taken("died", "a", FROZEN_MS);
  await store.database.query(
    "select pg_terminate_backend(backend_pid, 5000) from role_lease where role = 'died'",
  );
  const second = await taken("died", "b");
  expect(second.epoch).toBe(first.epoch + 1);
});

test("who stands still loses it after a while, and what it then writes is refused", async () => {
  const still = await taken("still", "a", FROZEN_MS);
  const its = openDatabase(store.url, { fence: roleFence("still", still.epoch) });
  undone.push(() => its.end());
  const midst = await its.connect();
  midst.on("error", () => {});
  await midst.query("create table if not exists written (by text)");
  await midst.query("begin");
  await midst.query("insert into written values ('a')");
  expect(await tryRoleLease(process(), { role: "still", owner: "b" })).toBeNull();

  await new Promise((resolve) => setTimeout(resolve, 60));
  const lease = await tryRoleLease(process(), { role: "still", owner: "b", silentAfterMs: 50, renewMs: 20 });
  if (lease === null) throw new Error("it was silent for long enough");
  undone.push(() => lease.release());
  // It wakes up: what it was in the midst of is undone, and nothing new is let in.
  await expect(midst.query("commit")).rejects.toThrow();
  midst.release(true);
  await expect(its.query("insert into written values ('a')")).rejects.toThrow(
    "holdfast-still:1 is no longer this process's work",
  );
  const own = openDatabase(store.url, { fence: roleFence("still", lease.epoch) });
  undone.push(() => own.end());
  await own.query("insert into written values ('b')");
  expect((await store.database.query("select by from written")).rows).toEqual([{ by: "b" }]);
});

test("who has lost it hears of it; who only lost a connection keeps it", async () => {
  const first = await taken("kept", "a");
  let lost = false;
  void first.lost.then(() => {
    lost = true;
  });
  const pidOf = async (): Promise<number> => {
    const { rows } = await store.database.query("select backend_pid from role_lease where role = 'kept'");
    return rows[0].backend_pid;
  };
  const before = await pidOf();
  await store.database.query("select pg_terminate_backend($1, 5000)", [before]);
  await eventually("it is renewed over another connection", async () => (await pidOf()) !== before);
  expect(lost).toBe(false);

  await store.database.query("update role_lease set renewed_at = '-infinity' where role = 'kept'");
  // Between two renewals; where the first is quicker it has it again.
  await eventually("another has it", async () => {
    await store.database.query("update role_lease set renewed_at = '-infinity' where role = 'kept'");
    const lease = await tryRoleLease(process(), { role: "kept", owner: "b" });
    if (lease !== null) undone.push(() => lease.release());
    return lease !== null;
  });
  await eventually("the first hears of it", async () => lost);
});

test("the devices of all sites, and those of single ones, are never spoken to by both kinds at once", async () => {
  const [reno, all] = [devicesRole("fc-reno"), devicesRole(null)];
  const ofReno = await taken(reno, "a");
  // Sites do not stand in each other's way.
  const ofColumbus = await taken(devicesRole("fc-columbus"), "b");
  expect(await tryRoleLease(process(), { role: all, owner: "c" })).toBeNull();
  await ofReno.release();
  expect(await tryRoleLease(process(), { role: all, owner: "c" })).toBeNull();
  await ofColumbus.release();
  const ofAll = await taken(all, "c");
  expect(await tryRoleLease(process(), { role: reno, owner: "a" })).toBeNull();
  await ofAll.release();
  // However many of both kinds begin at once.
  for (let round = 0; round < 10; round += 1) {
    const roles = [reno, all, devicesRole("fc-columbus"), all];
    const leases = await Promise.all(
      roles.map((role) => tryRoleLease(process(), { role, owner: `of ${role}` })),
    );
    const kinds = new Set(leases.flatMap((lease, index) => (lease === null ? [] : [roles[index] === all])));
    expect(kinds.size).toBeLessThan(2);
    await Promise.all(leases.map((lease) => lease?.release()));
  }
});

test("a site's name may be any text: its lease and its connections are told from another's", async () => {
  const names = ["fc-reno", "fc", "fc-reno:5", "Nürnberg, Süd", "x".repeat(64), `${"x".repeat(64)}y`];
  const roles = names.map((name) => devicesRole(name));
  expect(new Set(roles).size).toBe(names.length);
  for (const role of roles) expect(roleFence(role, 123_456).name).toMatch(/^[\x20-\x7e]{1,63}$/);
});
