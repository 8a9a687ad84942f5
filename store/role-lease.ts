/**
 * Work of which one process at a time does all: the devices' bridge, the standing jobs. Others stand by.
 *
 * The lease is a row with an epoch that rises with each process that takes it. It is free where it was given
 * up, where the connection that renews it has ended (the process died, or cannot be reached), or where nobody
 * has renewed it for seconds (the process stands still, or its machine lost its power).
 *
 * J1 Two of the same work never write at once. Whoever takes it over raises the epoch, and then ends the
 *    former one's connections; new ones are refused by their epoch. So a process that wakes up can write
 *    nothing more, whatever it was in the midst of. The work keeps to connections of its own for that
 *    (`roleFence`).
 * J2 While its connection is away a process keeps the lease, as long as nobody else takes it: the database
 *    itself may be away.
 */
import { createHash } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
import type { ConnectionFence, Database, DatabaseClient, Queryable } from "./sql/database.ts";

const RENEW_MS = 1_000;
/** Four times without a sign of life. Others look twice a second, and so have it within five seconds. */
const SILENT_AFTER_MS = 4_000;
/** How long the server gives a connection to end. */
const ENDED_WITHIN_MS = 5_000;

export type RoleLease = {
  readonly epoch: number;
  /** Resolves when another process has taken it. */
  readonly lost: Promise<void>;
  /** Ends it, so that another process can have it at once. */
  release(): Promise<void>;
};

/** @returns null where another process has it, or work that overlaps with it */
export async function tryRoleLease(
  database: Database,
  options: {
    readonly role: string;
    /** `node.id` of this process. */
    readonly owner: string;
    readonly renewMs?: number;
    readonly silentAfterMs?: number;
  },
): Promise<RoleLease | null> {
  const { role, owner, renewMs = RENEW_MS, silentAfterMs = SILENT_AFTER_MS } = options;
  const client = await database.connect();
  const isOverlapped = async (): Promise<boolean> =>
    (await readRoleLeases(client)).some((one) => one.isHeld && overlaps(role, one.role));
  try {
    const epoch = (await isOverlapped()) ? null : await raise(client, role, owner, silentAfterMs);
    if (epoch === null) {
      client.release();
      return null;
    }
    // Once more after it was taken: of two that begin at once at least one sees the other, and stands back.
    if (await isOverlapped()) {
      await giveUp(client, role, epoch);
      client.release();
      return null;
    }
    await endFormer(client, role, epoch);
    return keep(database, client, { role, epoch, renewMs });
  } catch (error) {
    client.release(true);
    throw error;
  }
}

const DEVICES = "devices";
/** Of a site's name, what fits into the name of a connection, and is in it as it is. */
const PLAIN_SITE = /^[A-Za-z0-9_.-]{1,24}$/;

/**
 * The work of speaking with devices.
 *
 * @param site with those of one site; null: with those of all sites
 */
export function devicesRole(site: string | null): string {
  if (site === null) return DEVICES;
  if (PLAIN_SITE.test(site)) return `${DEVICES}@${site}`;
  return `${DEVICES}@#${createHash("sha256").update(site).digest("hex").slice(0, 16)}`;
}

/**
 * Whether both are work with devices, and one is with those of all sites: the other has some of the same
 * then.
 */
export function overlaps(role: string, other: string): boolean {
  const isOfSite = (one: string): boolean => one.startsWith(`${DEVICES}@`);
  return (role === DEVICES && isOfSite(other)) || (isOfSite(role) && other === DEVICES);
}

/** For connections of the work itself: `openDatabase`. */
export function roleFence(role: string, epoch: number): ConnectionFence {
  return {
    name: `${nameOf(role)}${epoch}`,
    admit: async (client) => {
      const { rowCount } = await client.query("select from role_lease where role = $1 and epoch = $2", [
        role,
        epoch,
      ]);
      return rowCount === 1;
    },
  };
}

/** Who has which work, for people to see. */
export type RoleLeaseFigures = {
  readonly role: string;
  readonly epoch: number;
  /** `node.id` of whoever had it last. */
  readonly owner: string;
  /** Whether that process has it still: nobody else could take it now. */
  readonly isHeld: boolean;
  /** Null: it was given up in order. */
  readonly renewedAt: Date | null;
};

export async function readRoleLeases(database: Queryable): Promise<readonly RoleLeaseFigures[]> {
  const { rows } = await database.query<RoleLeaseFigures>(
    `select role, epoch, owner, not ${IS_FREE} as "isHeld", nullif(renewed_at, '-infinity') as "renewedAt"
       from role_lease order by role`,
    [SILENT_AFTER_MS],
  );
  return rows;
}

function nameOf(role: string): string {
  return `holdfast-${role}:`;
}

const OWN_START = "(select backend_start from pg_stat_activity where pid = pg_backend_pid())";

/** Whether others may take it. `$1`: the milliseconds after which its process counts as silent. */
const IS_FREE = `(role_lease.renewed_at < clock_timestamp() - $1 * interval '1 millisecond'
  or not exists (select from pg_stat_activity
                  where pid = role_lease.backend_pid and backend_start = role_lease.backend_start))`;

/** @returns the new epoch; null: another process has it */
async function raise(
  client: Queryable,
  role: string,
  owner: string,
  silentAfterMs: number,
): Promise<number | null> {
  const { rows } = await client.query<{ epoch: number }>(
    `insert into role_lease (role, epoch, owner, backend_pid, backend_start, renewed_at)
     values ($2, 1, $3, pg_backend_pid(), ${OWN_START}, clock_timestamp())
     on conflict (role) do update
       set epoch = role_lease.epoch + 1, owner = excluded.owner, backend_pid = excluded.backend_pid,
           backend_start = excluded.backend_start, renewed_at = excluded.renewed_at
       where ${IS_FREE}
     returning epoch`,
    [silentAfterMs, role, owner],
  );
  return rows[0]?.epoch ?? null;
}

/** J1. Those that are there; those that come are refused (`roleFence`). */
async function endFormer(client: Queryable, role: string, epoch: number): Promise<void> {
  const name = nameOf(role);
  await client.query(
    `select pg_terminate_backend(pid, $3) from pg_stat_activity
      where datname = current_database() and pid <> pg_backend_pid()
        and starts_with(application_name, $1) and substr(application_name, length($1) + 1) <> $2`,
    [name, String(epoch), ENDED_WITHIN_MS],
  );
}

async function giveUp(client: Queryable, role: string, epoch: number): Promise<void> {
  await client.query("update role_lease set renewed_at = '-infinity' where role = $1 and epoch = $2", [
    role,
    epoch,
  ]);
}

function keep(
  database: Database,
  first: DatabaseClient,
  { role, epoch, renewMs }: { readonly role: string; readonly epoch: number; readonly renewMs: number },
): RoleLease {
  let client: DatabaseClient | null = first;
  const releasing = new AbortController();
  let tellLost: () => void = () => {};
  const lost = new Promise<void>((resolve) => {
    tellLost = resolve;
  });
  const renew = async (): Promise<boolean> => {
    client ??= await database.connect();
    try {
      const { rowCount } = await client.query(
        `update role_lease
            set backend_pid = pg_backend_pid(), backend_start = ${OWN_START}, renewed_at = clock_timestamp()
          where role = $1 and epoch = $2`,
        [role, epoch],
      );
      return rowCount === 1;
    } catch (error) {
      client.release(true);
      client = null;
      throw error;
    }
  };
  const keeping = (async () => {
    for (;;) {
      await pause(renewMs, undefined, { signal: releasing.signal }).catch(() => {});
      if (releasing.signal.aborted) return;
      // J2
      if (await renew().catch(() => true)) continue;
      tellLost();
      return;
    }
  })();
  return {
    epoch,
    lost,
    release: async () => {
      releasing.abort();
      await keeping;
      if (client !== null) await giveUp(client, role, epoch).catch(() => {});
      client?.release();
      client = null;
    },
  };
}
