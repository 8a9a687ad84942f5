/** One `Portal` per reader, and the clock that ends passages. */
import type { Logger } from "pino";
import type { Device } from "../mqtt/device-registry.ts";
import { type Passage, PORTAL_DEFAULTS, Portal } from "./portal.ts";
import type { ReaderEvent } from "./tag-events.ts";

export class Portals {
  private readonly onPassage: (device: Device, passage: Passage) => Promise<void>;
  private readonly logger: Logger;
  private readonly portals = new Map<string, Portal>();
  private readonly timers = new Map<string, NodeJS.Timeout>();
  private readonly working = new Set<Promise<void>>();

  constructor(onPassage: (device: Device, passage: Passage) => Promise<void>, logger: Logger) {
    this.onPassage = onPassage;
    this.logger = logger;
  }

  onEvents(device: Device, events: readonly ReaderEvent[]): void {
    const { id } = device.row;
    let portal = this.portals.get(id);
    if (portal === undefined) {
      portal = new Portal();
      this.portals.set(id, portal);
    }
    const now = performance.now();
    for (const event of events) portal.add(event, now);
    this.look(device, portal);
  }

  async stop(): Promise<void> {
    for (const timer of this.timers.values()) clearTimeout(timer);
    this.timers.clear();
    await Promise.all(this.working);
  }

  private look(device: Device, portal: Portal): void {
    for (const passage of portal.take(performance.now())) {
      const work = this.onPassage(device, passage)
        .catch((error) => this.logger.warn({ err: error, reader: device.row.id }, "passage not handled"))
        .finally(() => this.working.delete(work));
      this.working.add(work);
    }
    const { id } = device.row;
    if (!portal.open || this.timers.has(id)) return;
    const timer = setTimeout(() => {
      this.timers.delete(id);
      this.look(device, portal);
    }, PORTAL_DEFAULTS.graceMs);
    this.timers.set(id, timer);
  }
}
