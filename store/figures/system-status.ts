/** The system as whoever runs it sees it: its nodes, its shards, and what waits. */
import type { SystemLease, SystemNode, SystemShard, SystemStatus } from "../../contract/system.ts";
import { type RoleLeaseFigures, readRoleLeases } from "../role-lease.ts";
import type { Queryable } from "../sql/database.ts";
import { type NodeRow, readNodes } from "./nodes.ts";
import { readShardFigures, type ShardFigures } from "./shard-figures.ts";
import { feedsHeldBack, oldestUnreleased, readOutboxFigures } from "./system-figures.ts";

/** Four times as long as a node says nothing when all is well. */
export const SILENT_AFTER_SECONDS = 20;

export async function readSystemStatus(database: Queryable): Promise<SystemStatus> {
  const nodes = await readNodes(database);
  const shards = await readShardFigures(database);
  return {
    nodes: nodes.map(nodeView),
    shards: shards.map((shard) => shardView(shard, nodes)),
    leases: (await readRoleLeases(database)).map((lease) => leaseView(lease, nodes)),
    feedsHeldBackSeconds: await feedsHeldBack(database),
    queues: [...(await readOutboxFigures(database))],
    unreleasedSeconds: await oldestUnreleased(database),
  };
}

function stateOf({ stoppedAt, seenSeconds }: NodeRow): SystemNode["state"] {
  if (stoppedAt !== null) return "stopped";
  return seenSeconds > SILENT_AFTER_SECONDS ? "silent" : "up";
}

function nodeView(node: NodeRow): SystemNode {
  const { id, name, version, roles, state } = node;
  const { dependencies, database, engine, sagas, broker } = state;
  return {
    id,
    name,
    version,
    roles: [...roles],
    state: stateOf(node),
    startedAt: node.startedAt.toISOString(),
    seenAt: node.seenAt.toISOString(),
    dependencies: [...dependencies],
    database,
    engine: engine === undefined ? null : { waiting: engine.waiting, uncommitted: engine.uncommitted },
    sagas: sagas ?? null,
    broker: broker ?? null,
  };
}

function shardView(figures: ShardFigures, nodes: readonly NodeRow[]): SystemShard {
  const { shard, epoch, owner, leasedAt, head, projected, snapshot } = figures;
  const node = nodes.find(({ id }) => id === owner);
  const said = node?.state.engine?.shards.find((one) => one.shard === shard);
  const isUp = node !== undefined && stateOf(node) === "up";
  return {
    shard,
    node: node?.id ?? null,
    state:
      !isUp || said?.state === "fenced" ? "unserved" : said?.state === "rebuilding" ? "rebuilding" : "served",
    epoch,
    leasedAt: leasedAt.toISOString(),
    waiting: said?.waiting ?? 0,
    behind: Math.max(0, head - projected),
    sinceSnapshot: head - (snapshot?.sequence ?? 0),
    snapshotAt: snapshot?.takenAt.toISOString() ?? null,
  };
}

function leaseView(lease: RoleLeaseFigures, nodes: readonly NodeRow[]): SystemLease {
  const { role, epoch, owner, isHeld, renewedAt } = lease;
  return {
    role,
    node: nodes.find(({ id }) => id === owner)?.id ?? null,
    state: isHeld ? "held" : "free",
    epoch,
    renewedAt: renewedAt?.toISOString() ?? null,
  };
}
