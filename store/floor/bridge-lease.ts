/**
 * Who speaks with the devices: one process at a time, whatever the sites. Two bridges on one broker would throw
 * each other's sessions out, and both would take what devices say.
 *
 * The lease is a lock of PostgreSQL's on a connection of its own. It ends with the connection: a process that
 * dies frees it at once. One whose connection breaks asks for it again, and has lost it where another was
 * quicker.
 */
import { setTimeout as pause } from "node:timers/promises";
import type { Database, DatabaseClient } from "../sql/database.ts";

/** Arbitrary but fixed: names the lock among this database's advisory locks. */
const BRIDGE_LOCK = 7_400_004;
const LOOK_MS = 1_000;

export type BridgeLease = {
  /** Resolves when another process has it. */
  readonly lost: Promise<void>;
  release(): Promise<void>;
};

/** @returns null where another process has it and keeps it for so long, in milliseconds */
export async function takeBridgeLease(
  database: Database,
  options: { readonly patienceMs: number; readonly lookMs?: number },
): Promise<BridgeLease | null> {
  const lookMs = options.lookMs ?? LOOK_MS;
  const deadline = Date.now() + options.patienceMs;
  let held = await lock(database);
  while (held === null) {
    if (Date.now() >= deadline) return null;
    await pause(lookMs);
    held = await lock(database);
  }
  const releasing = new AbortController();
  let tellLost: () => void = () => {};
  const lost = new Promise<void>((resolve) => {
    tellLost = resolve;
  });
  const keeping = (async () => {
    for (;;) {
      await pause(lookMs, undefined, { signal: releasing.signal }).catch(() => {});
      if (releasing.signal.aborted) return;
      if (held !== null && (await isAlive(held))) continue;
      held?.release(true);
      held = null;
      // The database may be away: nobody can have the lease then.
      const again = await lock(database).catch(() => "away" as const);
      if (again === "away") continue;
      held = again;
      if (held !== null) continue;
      tellLost();
      return;
    }
  })();
  return {
    lost,
    release: async () => {
      releasing.abort();
      await keeping;
      await held?.query("select pg_advisory_unlock($1)", [BRIDGE_LOCK]).catch(() => {});
      held?.release();
    },
  };
}

async function lock(database: Database): Promise<DatabaseClient | null> {
  const client = await database.connect();
  try {
    const { rows } = await client.query("select pg_try_advisory_lock($1) as mine", [BRIDGE_LOCK]);
    if (rows[0]?.mine === true) return client;
    client.release();
    return null;
  } catch (error) {
    client.release(true);
    throw error;
  }
}

async function isAlive(client: DatabaseClient): Promise<boolean> {
  return client.query("select 1").then(
    () => true,
    () => false,
  );
}
