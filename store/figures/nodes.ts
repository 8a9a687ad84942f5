/**
 * The processes of this system, as each tells of itself every few seconds. Nothing is decided by these rows:
 * who has a shard is in its lease. They are for people to see.
 */
import type { Queryable } from "../sql/database.ts";

/** How a process is, in its own words. */
export type NodeState = {
  readonly dependencies: readonly { readonly name: string; readonly ready: boolean }[];
  /** Connections to PostgreSQL that all parts but the engine share. */
  readonly database: { readonly inUse: number; readonly size: number; readonly waiting: number };
  /** Absent: it has no engine. */
  readonly engine?: {
    readonly waiting: number;
    readonly uncommitted: number;
    /** Those that are not served although the process has had them, and what waits for those that are. */
    readonly shards: readonly {
      readonly shard: number;
      readonly state: "live" | "rebuilding" | "fenced";
      readonly waiting: number;
    }[];
  };
  /** Absent: it runs no sagas. */
  readonly sagas?: { readonly isRunning: boolean; readonly used: number; readonly slots: number };
  /** Absent: it speaks with no devices. */
  readonly broker?: { readonly connected: number; readonly sessions: number };
};

export type NodeRow = {
  readonly id: string;
  readonly name: string;
  readonly version: string;
  readonly roles: readonly string[];
  readonly state: NodeState;
  readonly startedAt: Date;
  readonly seenAt: Date;
  /** Since it was seen, by the database's clock. */
  readonly seenSeconds: number;
  readonly stoppedAt: Date | null;
};

/** Hours after which a process that is gone is forgotten. */
const KEPT_HOURS = 24;

export async function tellOfNode(
  database: Queryable,
  node: Pick<NodeRow, "id" | "name" | "version" | "roles" | "state">,
): Promise<void> {
  await database.query(
    `insert into node (id, name, version, roles, state) values ($1, $2, $3, $4, $5)
     on conflict (id) do update set state = excluded.state, seen_at = now(), stopped_at = null`,
    [node.id, node.name, node.version, node.roles, JSON.stringify(node.state)],
  );
}

/** It ends in order. */
export async function stopNode(database: Queryable, id: string): Promise<void> {
  await database.query("update node set seen_at = now(), stopped_at = now() where id = $1", [id]);
}

export async function forgetNodes(database: Queryable): Promise<void> {
  await database.query("delete from node where seen_at < now() - $1 * interval '1 hour'", [KEPT_HOURS]);
}

/** Those that run first, then those that were seen last. */
export async function readNodes(database: Queryable): Promise<readonly NodeRow[]> {
  const { rows } = await database.query<NodeRow>(
    `select id, name, version, roles, state, started_at as "startedAt", seen_at as "seenAt",
            extract(epoch from now() - seen_at)::float8 as "seenSeconds", stopped_at as "stoppedAt"
       from node order by stopped_at is not null, name, seen_at desc limit 200`,
  );
  return rows;
}
