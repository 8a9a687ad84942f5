/** A source of every metric there is, with a value in each. */
import { Distribution } from "../config/distribution.ts";
import { DEVICE_EVENT_KINDS } from "../contract/devices.ts";
import type { MetricSources } from "../gateway/metrics/sources.ts";

export function everySource(): MetricSources {
  const seconds = new Distribution();
  seconds.observe(0.02);
  return {
    node: "n1",
    version: "1.2.3",
    roles: ["gateway", "engine"],
    allocator: {
      status: async () => [
        { shard: 0, thread: 0, state: "live", epoch: 3, sequence: 9, positions: 5, holds: 2 },
      ],
    },
    pools: () => ({ main: { size: 24, inUse: 3, idle: 2, waiting: 0 } }),
    readSystem: async () => ({
      orders: [{ status: "open", count: 4 }],
      stages: [{ stage: "picking", count: 1, oldestSeconds: 30 }],
      unreleasedSeconds: 3,
      outbox: [
        { queue: "sagas", count: 1, failing: 0, oldestSeconds: 1 },
        { queue: "mails", count: 2, failing: 1, oldestSeconds: 9 },
      ],
      webhooks: { endpoints: [{ state: "failing", count: 1 }], pending: 3, oldestSeconds: 12 },
      shards: [
        {
          shard: 0,
          epoch: 3,
          owner: "host:1:x",
          leasedAt: new Date(),
          leaseAgeSeconds: 60,
          head: 9,
          projected: 8,
          snapshot: { sequence: 4, takenAt: new Date(), ageSeconds: 50 },
        },
      ],
      channels: [
        {
          channel: "web",
          isWorking: true,
          readAgeSeconds: 20,
          pollSeconds: 60,
          named: 1,
          waiting: 2,
          dead: 1,
          waitingSeconds: 9,
          stockWaiting: 3,
          stockRefused: 1,
          stockWaitingSeconds: 4,
          differences: 1,
        },
      ],
      adrift: [{ locationId: "east", loads: 2, oldestSeconds: 90 }],
    }),
    dependencies: async () => [{ name: "postgresql", ready: true }],
    jobs: () => [{ job: "webhooks", everySeconds: 1, lastDoneAt: 1_700_000_000, failures: 0 }],
    channelCalls: () => [{ channel: "web", waiting: 1, underWay: 1, answered: 40, failed: 2, putOff: 1 }],
    engine: () => ({
      commitSeconds: seconds.figures(),
      commitSize: seconds.figures(),
      commitFaults: 0,
      refused: 0,
      waiting: 0,
      uncommitted: 0,
      waitingOfThread: [0, 0],
      shards: { live: 8, rebuilding: 0, leaving: 0 },
      moves: { adopted: 8, givenUp: 0, lost: 0 },
    }),
    sagas: () => ({
      isRunning: true,
      slots: [{ kind: "activity", used: 1, size: 60 }],
      cachedWorkflows: 7,
      steps: [{ step: "authorizePayment", seconds: seconds.figures(), failures: 1 }],
      queues: [{ queue: "sagas", delivered: 5, failed: 1 }],
    }),
    bridge: () => ({
      sessions: [{ name: "robots", connected: true, reconnects: 2 }],
      devices: [{ kind: "robot", connection: "online", count: 3 }],
      handled: seconds.figures(),
      deadLetters: new Map([["invalid_json", 4]]),
      events: new Map(DEVICE_EVENT_KINDS.map((kind) => [kind, 1])),
    }),
  };
}
