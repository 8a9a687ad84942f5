/** The start page's numbers, whether the process is well, and how the system is that it is a part of. */
import Type from "typebox";
import { Count, Nullable, oneOf, type Shape, Text, Time } from "./shapes.ts";

const OrdersAt = Type.Object({ at: Time, captured: Count, shipped: Count });

/** How far back a chart goes: 60 minutes, 24 hours, or 30 days of the company. */
export const OVERVIEW_RANGES = ["hour", "day", "month"] as const;
export type OverviewRange = (typeof OVERVIEW_RANGES)[number];

/** Orders captured and shipped in each minute, hour or day of a range, oldest first. */
export const Throughput = Type.Object({ range: oneOf(OVERVIEW_RANGES), points: Type.Array(OrdersAt) });
export type Throughput = Shape<typeof Throughput>;

/** Days are those of the company's time zone. */
export const Overview = Type.Object({
  ordersToday: Count,
  open: Count,
  onHold: Count,
  shippedToday: Count,
  deliveredToday: Count,
  returnsOpen: Count,
  devicesOnline: Count,
  devices: Count,
  /** The company's, in which today begins; IANA name. */
  timeZone: Text,
  /** The company's, in which a new price is meant; ISO 4217. */
  currency: Text,
  /** Orders captured and shipped in each of the last 60 minutes, oldest first. */
  perMinute: Type.Array(OrdersAt),
});
export type Overview = Shape<typeof Overview>;

export const Health = Type.Object({ status: Type.Literal("alive") });

export const Readiness = Type.Object({
  ready: Type.Boolean(),
  dependencies: Type.Array(Type.Object({ name: Text, ready: Type.Boolean(), detail: Type.Optional(Text) })),
});

/** One process of the system, as it said itself last. */
export const SystemNode = Type.Object({
  /** New with each start. */
  id: Text,
  name: Text,
  version: Text,
  roles: Type.Array(Text),
  /** `silent`: it has said nothing for 20 seconds and has not ended in order. */
  state: oneOf(["up", "silent", "stopped"]),
  startedAt: Time,
  seenAt: Time,
  dependencies: Type.Array(Type.Object({ name: Text, ready: Type.Boolean() })),
  /** Connections to PostgreSQL that are in use, of how many, and who waits for one. */
  database: Type.Object({ inUse: Count, size: Count, waiting: Count }),
  /** Commands that wait for their round, and for the disk. Null: it has no engine. */
  engine: Type.Union([Type.Object({ waiting: Count, uncommitted: Count }), Type.Null()]),
  /** Steps and tasks under way, of how many at a time. Null: it runs no sagas. */
  sagas: Type.Union([Type.Object({ isRunning: Type.Boolean(), used: Count, slots: Count }), Type.Null()]),
  /** Sessions with the broker that are connected. Null: it speaks with no devices. */
  broker: Type.Union([Type.Object({ connected: Count, sessions: Count }), Type.Null()]),
});
export type SystemNode = Shape<typeof SystemNode>;

export const SystemShard = Type.Object({
  shard: Count,
  /** Id of the node that has it; null: that of a process that is not known any more. */
  node: Type.Union([Text, Type.Null()]),
  /** `unserved`: nobody who is up has it. */
  state: oneOf(["served", "rebuilding", "unserved"]),
  epoch: Count,
  /** Since when its lease has this epoch. A lease has no end: it counts until another node takes it. */
  leasedAt: Time,
  /** Requests that wait for its thread. */
  waiting: Count,
  /** Journal rows that the stock pages do not show yet. */
  behind: Count,
  /** Journal rows that a recovery would replay. */
  sinceSnapshot: Count,
  snapshotAt: Type.Union([Time, Type.Null()]),
});
export type SystemShard = Shape<typeof SystemShard>;

/** Work of which one process at a time does all, the others standing by: devices, jobs. */
export const SystemLease = Type.Object({
  role: Text,
  /** Id of the node that has it, or had it last; null: that of a process that is not known any more. */
  node: Type.Union([Text, Type.Null()]),
  /** `free`: it was given up, or its process has ended or fallen silent; whoever stands by takes it. */
  state: oneOf(["held", "free"]),
  /** Rises with each process that takes it. */
  epoch: Count,
  /** Null: it was given up in order. */
  renewedAt: Type.Union([Time, Type.Null()]),
});
export type SystemLease = Shape<typeof SystemLease>;

export const NODE_EVENT_KINDS = [
  /** A process has told of itself for the first time. */
  "joined",
  /** It has everything that it needs, for the first time or again. */
  "ready",
  /** It lacks something that it needs; `detail` names it. */
  "unready",
  /** It has said nothing for 20 seconds and has not ended in order. */
  "silent",
  /** It has ended in order. */
  "left",
  /** It has taken a shard; `detail` is the id of the node that had it. */
  "shard_taken",
] as const;

export const NodeEvent = Type.Object({
  id: Text,
  nodeId: Text,
  /** Null: it is not known any more, or not yet. */
  name: Nullable(Text),
  kind: oneOf(NODE_EVENT_KINDS),
  /** Of `shard_taken`; else null. */
  shard: Nullable(Count),
  detail: Text,
  at: Time,
});
export type NodeEvent = Shape<typeof NodeEvent>;

export const SystemStatus = Type.Object({
  nodes: Type.Array(SystemNode),
  shards: Type.Array(SystemShard),
  leases: Type.Array(SystemLease),
  /** Age of the oldest transaction that still writes: what came after it the feeds do not show yet. */
  feedsHeldBackSeconds: Type.Number(),
  /** What waits in the outbox, by queue: for sagas, and mails. */
  queues: Type.Array(
    Type.Object({
      queue: oneOf(["sagas", "mails"]),
      count: Count,
      failing: Count,
      oldestSeconds: Type.Number(),
    }),
  ),
  /** Age of the oldest open order that has not reached the floor; 0: there is none. */
  unreleasedSeconds: Type.Number(),
});
export type SystemStatus = Shape<typeof SystemStatus>;
