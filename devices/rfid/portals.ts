/** One portal per reader, built as its settings say, and the clock that ends passages. */
import type { Logger } from "pino";
import type { Device } from "../mqtt/device-registry.ts";
import { BarrierPortal, type Passage, type Portal } from "./portal.ts";
import { PORTAL_DEFAULTS, type PortalSettings, readPortalSettings } from "./portal-settings.ts";
import { SilencePortal } from "./silence-portal.ts";
import type { ReaderEvent } from "./tag-events.ts";

const LOOK_EVERY_MS = PORTAL_DEFAULTS.graceMs;

type Built = { readonly portal: Portal; readonly bySettings: string };

export class Portals {
  private readonly onPassage: (device: Device, passage: Passage) => Promise<void>;
  private readonly logger: Logger;
  private readonly portals = new Map<string, Built>();
  private readonly timers = new Map<string, NodeJS.Timeout>();
  private readonly working = new Set<Promise<void>>();

  constructor(onPassage: (device: Device, passage: Passage) => Promise<void>, logger: Logger) {
    this.onPassage = onPassage;
    this.logger = logger;
  }

  onEvents(device: Device, events: readonly ReaderEvent[]): void {
    const portal = this.portalOf(device);
    const now = performance.now();
    for (const event of events) portal.add(event, now);
    this.look(device);
  }

  async stop(): Promise<void> {
    for (const timer of this.timers.values()) clearTimeout(timer);
    this.timers.clear();
    await Promise.all(this.working);
  }

  /** A portal whose settings have changed is built anew. The tote of its open passage comes round again. */
  private portalOf(device: Device): Portal {
    const { id, settings } = device.row;
    const bySettings = JSON.stringify(settings);
    const known = this.portals.get(id);
    if (known?.bySettings === bySettings) return known.portal;
    const portal = build(this.settingsOf(device));
    this.portals.set(id, { portal, bySettings });
    return portal;
  }

  private settingsOf({ row }: Device): PortalSettings {
    try {
      return readPortalSettings(row.settings);
    } catch (error) {
      this.logger.error(
        { err: error, reader: row.id },
        "portal settings not understood: the usual ones apply",
      );
      return PORTAL_DEFAULTS;
    }
  }

  private look(device: Device): void {
    const portal = this.portalOf(device);
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
      this.look(device);
    }, LOOK_EVERY_MS);
    this.timers.set(id, timer);
  }
}

function build(settings: PortalSettings): Portal {
  const { lightBarrier } = settings;
  return lightBarrier === null ? new SilencePortal(settings) : new BarrierPortal(settings, lightBarrier);
}
