/**
 * Totes behind the robots must not stand still for ever. A message may be lost, a portal may not report a
 * passage, either side may restart. A tote that has not moved is sent round the loop again. One that the
 * conveyor does not know, or that does not come round, is lost: `loseTote` accounts for its units and says
 * whether they are picked again (`confirmPick` records a pick once, whatever is done twice on the floor) or a
 * person has to look.
 *
 * A site may have several conveyors; a tote is lost once none of them knows it. What is remembered here is
 * only in memory: after a restart it begins anew.
 */
import { randomUUID } from "node:crypto";
import type { Logger } from "pino";
import type { FloorContext } from "../../operations/context.ts";
import { reportFloorException } from "../../operations/floor/report-floor-exception.ts";
import { loseTote } from "../../operations/floor/robot-loads.ts";
import { findTote, stalledTotes, type ToteOnTheFloor } from "../../store/floor/floor-tasks.ts";
import type { DeviceRegistry } from "../mqtt/device-registry.ts";
import { type BridgeTimings, MOST_ATTEMPTS } from "../mqtt/timings.ts";
import type { RecirculateCommand } from "./conveyor-messages.ts";

/** Rounds on the loop before a tote counts as lost. */
const MOST_ROUNDS = 3;
const REMEMBERED_MS = 10 * 60_000;

export class ToteRecovery {
  private readonly context: FloorContext;
  private readonly registry: DeviceRegistry;
  private readonly sendToConveyor: (deviceId: string, command: RecirculateCommand) => Promise<void>;
  private readonly queueChanged: () => void;
  private readonly timings: BridgeTimings;
  private readonly site: string | null;
  private readonly logger: Logger;
  private readonly rounds = new Map<string, { count: number; at: number }>();
  /** Of a tote that was asked for, the conveyors that have not said that they do not know it. */
  private readonly asked = new Map<string, { readonly conveyors: Set<string>; readonly at: number }>();
  private timer: NodeJS.Timeout | undefined;
  private sweeping: Promise<void> | null = null;

  constructor(options: {
    readonly context: FloorContext;
    readonly registry: DeviceRegistry;
    readonly sendToConveyor: (deviceId: string, command: RecirculateCommand) => Promise<void>;
    /** A task went back to the queue. */
    readonly queueChanged: () => void;
    readonly timings: BridgeTimings;
    /** Whose totes are looked after; null: those of all sites. */
    readonly site: string | null;
    readonly logger: Logger;
  }) {
    this.site = options.site;
    this.context = options.context;
    this.registry = options.registry;
    this.sendToConveyor = options.sendToConveyor;
    this.queueChanged = options.queueChanged;
    this.timings = options.timings;
    this.logger = options.logger;
  }

  start(): void {
    this.timer = setInterval(() => {
      this.sweeping ??= this.sweep()
        .catch((error) => this.logger.warn({ err: error }, "stalled totes not looked at"))
        .finally(() => {
          this.sweeping = null;
        });
    }, this.timings.sweepMs);
  }

  async stop(): Promise<void> {
    clearInterval(this.timer);
    await this.sweeping;
  }

  /** Sends a tote back to the scanner. False: no conveyor is there to do it. */
  async recirculate(locationId: string, lpn: string): Promise<boolean> {
    const conveyors = this.registry.online(locationId, "conveyor");
    const cmdId = randomUUID();
    this.asked.set(lpn, { conveyors: new Set(conveyors.map(({ row }) => row.id)), at: performance.now() });
    await Promise.all(conveyors.map(({ row }) => this.sendToConveyor(row.id, { cmdId, lpn })));
    return conveyors.length > 0;
  }

  /** The conveyor has no such tote. It is lost once every conveyor that was asked says so. */
  async lost(lpn: string, conveyorId: string): Promise<void> {
    const tote = await findTote(this.context.database, lpn);
    if (tote === undefined) return;
    const asked = this.asked.get(lpn);
    asked?.conveyors.delete(conveyorId);
    if (asked === undefined ? this.hasOthers(tote.locationId, conveyorId) : asked.conveyors.size > 0) {
      // Whoever was asked before a restart is not known any more: all are asked again.
      if (asked === undefined) await this.recirculate(tote.locationId, lpn);
      return;
    }
    this.asked.delete(lpn);
    await this.pickAgain(tote, "the conveyor does not know it", conveyorId);
  }

  private hasOthers(locationId: string, conveyorId: string): boolean {
    return this.registry.online(locationId, "conveyor").some(({ row }) => row.id !== conveyorId);
  }

  private async sweep(): Promise<void> {
    const now = performance.now();
    for (const [id, { at }] of this.rounds) if (now - at > REMEMBERED_MS) this.rounds.delete(id);
    for (const [lpn, { at }] of this.asked) if (now - at > REMEMBERED_MS) this.asked.delete(lpn);
    for (const tote of await stalledTotes(this.context.database, this.timings.stallMs, this.site)) {
      const rounds = this.rounds.get(tote.fulfillmentOrderId) ?? { count: 0, at: Number.NEGATIVE_INFINITY };
      // Without a portal the tote waits at the manual pack station for a person.
      const portals = this.registry.online(tote.locationId, "rfid_portal");
      if (portals.length === 0 || now - rounds.at < this.timings.stallMs) continue;
      if (rounds.count >= MOST_ROUNDS) {
        await this.pickAgain(tote, `it did not come round ${MOST_ROUNDS} times`, null);
      } else if (await this.recirculate(tote.locationId, tote.handlingUnit)) {
        this.logger.info({ tote: tote.handlingUnit, stage: tote.stage }, "stalled tote sent round again");
        this.rounds.set(tote.fulfillmentOrderId, { count: rounds.count + 1, at: now });
      }
    }
  }

  private async pickAgain(tote: ToteOnTheFloor, why: string, at: string | null): Promise<void> {
    if (tote.status !== "in_progress" || !["picked", "conveying", "verifying"].includes(tote.stage)) return;
    this.rounds.delete(tote.fulfillmentOrderId);
    const { fulfillmentOrderId } = tote;
    const lost = await loseTote(this.context, { tote, why, at, attempts: MOST_ATTEMPTS });
    if (lost.status === "picked_again") {
      this.logger.warn({ fulfillmentOrderId, why }, "picked afresh");
      this.queueChanged();
    } else if (lost.status === "given_up") {
      await reportFloorException(this.context, {
        fulfillmentOrderId,
        code: "device_failure",
        detail: lost.detail,
        cause: at === null ? "device:conveyor" : `device:${at}`,
      });
    }
  }
}
