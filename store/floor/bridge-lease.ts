/**
 * Who speaks with the devices: one process at a time, whatever the sites. Two bridges on one broker would
 * throw each other's sessions out, and both would take what devices say.
 *
 * The lease is a lock of PostgreSQL's on a connection of its own. It ends with the connection: a process that
 * dies frees it at once. One whose connection breaks asks for it again, and has lost it where another was
 * quicker.
 *
 * A connection whose peer is gone without a word (a firewall forgot it, a machine lost its power) lives on at
 * the server, for hours. Whoever is entitled to the lease ends it there.
 */
import { setTimeout as pause } from "node:timers/promises";
import type { Database, DatabaseClient, Queryable } from "../sql/database.ts";

/** Arbitrary but fixed: names the lock among this database's advisory locks. */
const BRIDGE_LOCK = 7_400_004;
const LOOK_MS = 1_000;

export type BridgeLease = {
  /** Resolves when another process has it. */
  readonly lost: Promise<void>;
  release(): Promise<void>;
};

/**
 * Whoever has it is given `patienceMs` milliseconds to let it go. Then its connection is ended.
 *
 * @param isEntitled asked before a connection is ended: whether this process is the one that is to have it
 * @returns null where another process has it, and this one is not entitled to it
 */
export async function takeBridgeLease(
  database: Database,
  options: {
    readonly patienceMs: number;
    readonly isEntitled: () => Promise<boolean>;
    readonly lookMs?: number;
  },
): Promise<BridgeLease | null> {
  const lookMs = options.lookMs ?? LOOK_MS;
  const deadline = Date.now() + options.patienceMs;
  const own = new Set<string>();
  let held = await lock(database, own);
  while (held === null) {
    if (Date.now() < deadline) await pause(lookMs);
    else {
      if (!(await options.isEntitled())) return null;
      if (!(await endHolder(database, null))) await pause(lookMs);
    }
    held = await lock(database, own);
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
      const again = await lockAgain(database, own).catch(() => "away" as const);
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

/** As `lock`, where what holds it may be a connection of our own that the server takes for alive. */
async function lockAgain(database: Database, own: Set<string>): Promise<DatabaseClient | null> {
  const held = await lock(database, own);
  if (held !== null || !(await endHolder(database, [...own]))) return held;
  return lock(database, own);
}

/** @param own the connections of this process that may have the lock, as the server names them */
async function lock(database: Database, own: Set<string>): Promise<DatabaseClient | null> {
  const client = await database.connect();
  try {
    const { rows: self } = await client.query<{ backend: string }>(
      `select ${BACKEND} as backend from pg_stat_activity where pid = pg_backend_pid()`,
    );
    const backend = self[0]?.backend ?? "";
    // Before it is asked for: the answer may get lost.
    own.add(backend);
    const { rows } = await client.query("select pg_try_advisory_lock($1) as mine", [BRIDGE_LOCK]);
    if (rows[0]?.mine === true) {
      own.clear();
      own.add(backend);
      return client;
    }
    own.delete(backend);
    client.release();
    return null;
  } catch (error) {
    client.release(true);
    throw error;
  }
}

/** A process id alone comes again, soonest after the server was started anew. */
const BACKEND = "pid || ' ' || extract(epoch from backend_start)";

/** How long the server gives a connection to end. Milliseconds. */
const ENDED_WITHIN_MS = 5_000;

/**
 * Ends the connection that has the lock.
 *
 * @param only those that may be ended; null: any
 * @returns whether the lock is worth another try: the connection has ended, or nobody had the lock any more
 */
async function endHolder(database: Queryable, only: readonly string[] | null): Promise<boolean> {
  const { rows } = await database.query<{ ended: boolean }>(
    `select case when $2::text[] is null or ${BACKEND} = any($2) then pg_terminate_backend(pid, $3)
            else false end as ended
       from pg_locks join pg_stat_activity using (pid)
      where locktype = 'advisory' and granted and classid = 0 and objid = $1 and objsubid = 1
        and pg_locks.database = (select oid from pg_database where datname = current_database())`,
    [BRIDGE_LOCK, only, ENDED_WITHIN_MS],
  );
  return rows.every(({ ended }) => ended);
}

async function isAlive(client: DatabaseClient): Promise<boolean> {
  return client.query("select 1").then(
    () => true,
    () => false,
  );
}
