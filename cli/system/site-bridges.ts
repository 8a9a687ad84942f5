/**
 * The devices' bridges where each site has one of its own (`HOLDFAST_DEVICES_BY=site`): for every location
 * that has devices a lease, and a bridge in whichever process has it. Several processes share the sites
 * evenly, and what one had that dies the others take (ADR 0080).
 *
 * B1 A site's devices are spoken to by one process at a time: its lease and that lease's epoch see to it, and
 *    nothing else decides. Everything below is about being even.
 * B2 A process that has more than its part gives one site up at a time, and asks later than those that have
 *    less.
 */
import type { Logger } from "pino";
import { Distribution } from "../../config/distribution.ts";
import type { DeviceBridge } from "../../devices/bridge.ts";
import type { BridgeStatus } from "../../ports/devices.ts";
import { readNodes } from "../../store/figures/nodes.ts";
import { sitesWithDevices } from "../../store/floor/devices.ts";
import { devicesRole } from "../../store/role-lease.ts";
import type { Database } from "../../store/sql/database.ts";
import { RoleStandby } from "./role-standby.ts";

const LOOK_MS = 2_000;
/** Who has its part asks so much later than who has not. */
const LATER_MS = 900;
/** A process that tells of itself every few seconds and has not for so long is not counted. */
const GONE_AFTER_S = 10;

type Begin = (site: string, epoch: number) => Promise<Pick<DeviceBridge, "status" | "stop">>;

export type SiteBridgesOptions = {
  /** For what is looked up. */
  readonly database: Database;
  /** For the leases alone: each keeps a connection. */
  readonly leases: Database;
  /** `node.id` of this process. */
  readonly owner: string;
  readonly begin: Begin;
  readonly logger: Logger;
};

export class SiteBridges {
  private readonly options: SiteBridgesOptions;
  private readonly standbys = new Map<string, RoleStandby>();
  private readonly bridges = new Map<string, Pick<DeviceBridge, "status">>();
  private peers = 1;
  private looking: NodeJS.Timeout | undefined;
  private look: Promise<void> = Promise.resolve();
  private isStopping = false;

  /** @throws what kept the first bridge that this process was to have from beginning */
  static async start(options: SiteBridgesOptions): Promise<SiteBridges> {
    const bridges = new SiteBridges(options);
    try {
      await bridges.lookOnce();
    } catch (error) {
      await bridges.stop();
      throw error;
    }
    bridges.plan();
    return bridges;
  }

  private constructor(options: SiteBridgesOptions) {
    this.options = options;
  }

  /** Sites whose devices this process speaks with. */
  sites(): readonly string[] {
    return [...this.bridges.keys()];
  }

  status(): BridgeStatus {
    return inAll([...this.bridges].map(([site, bridge]) => [site, bridge.status()]));
  }

  async stop(): Promise<void> {
    this.isStopping = true;
    clearTimeout(this.looking);
    await this.look;
    await Promise.all([...this.standbys.values()].map((standby) => standby.stop()));
  }

  private plan(): void {
    if (this.isStopping) return;
    this.looking = setTimeout(() => {
      this.look = this.lookOnce()
        .catch((error: unknown) => this.options.logger.warn({ err: error }, "sites of devices not looked at"))
        .finally(() => this.plan());
    }, LOOK_MS);
  }

  private async lookOnce(): Promise<void> {
    const { database } = this.options;
    const nodes = await readNodes(database);
    this.peers = Math.max(
      1,
      nodes.filter(
        ({ roles, stoppedAt, seenSeconds }) =>
          roles.includes("devices") && stoppedAt === null && seenSeconds < GONE_AFTER_S,
      ).length,
    );
    for (const site of await sitesWithDevices(database))
      if (!this.standbys.has(site) && !this.isStopping) this.standbys.set(site, await this.standBy(site));
    // B2
    if (this.bridges.size <= this.part()) return;
    const last = [...this.bridges.keys()].at(-1) ?? "";
    this.options.logger.info({ site: last }, "this site is given to another process");
    this.standbys.get(last)?.giveUp();
  }

  private standBy(site: string): Promise<RoleStandby> {
    const { leases, owner, begin, logger } = this.options;
    return RoleStandby.start({
      role: devicesRole(site),
      owner,
      database: leases,
      logger: logger.child({ site }),
      laterMs: () => (this.bridges.size < this.part() ? 0 : LATER_MS),
      begin: async (epoch) => {
        const bridge = await begin(site, epoch);
        this.bridges.set(site, bridge);
        return {
          stop: async () => {
            this.bridges.delete(site);
            await bridge.stop();
          },
        };
      },
    });
  }

  /** How many sites are this process's in an even spread, at most. */
  private part(): number {
    return Math.ceil(this.standbys.size / this.peers);
  }
}

/** The bridges as if they were one; sessions bear the site's name. */
function inAll(all: readonly (readonly [site: string, status: BridgeStatus])[]): BridgeStatus {
  const devices = new Map<string, BridgeStatus["devices"][number]>();
  const deadLetters = new Map<string, number>();
  const events = new Map<string, number>();
  const none = new Distribution().figures();
  let handled = none;
  for (const [, status] of all) {
    for (const one of status.devices) {
      const key = `${one.kind} ${one.connection}`;
      devices.set(key, { ...one, count: one.count + (devices.get(key)?.count ?? 0) });
    }
    addTo(deadLetters, status.deadLetters);
    addTo(events, status.events);
    const { handled: more } = status;
    handled = {
      bounds: none.bounds,
      counts: handled.counts.map((count, place) => count + (more.counts[place] ?? 0)),
      count: handled.count + more.count,
      sum: handled.sum + more.sum,
    };
  }
  return {
    sessions: all.flatMap(([site, { sessions }]) =>
      sessions.map((session) => ({ ...session, name: `${site} ${session.name}` })),
    ),
    devices: [...devices.values()],
    handled,
    deadLetters,
    events,
  };
}

function addTo(sums: Map<string, number>, more: ReadonlyMap<string, number>): void {
  for (const [name, count] of more) sums.set(name, count + (sums.get(name) ?? 0));
}
