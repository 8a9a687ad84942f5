/**
 * Devices that say nothing go offline after their time. A last will says it sooner where there
 * is one; a broker that lost its memory, or a device behind a gateway that stays connected, sends none.
 *
 * While we do not hear, nobody is silent: a broker that was away for a minute must not cost every robot its
 * task.
 */
import type { DeviceRegistry } from "./device-registry.ts";
import { offlineAfter } from "./offline-after.ts";

const LOOK_EVERY_MS = 500;

export class SilenceWatch {
  private readonly registry: Pick<DeviceRegistry, "all" | "silent">;
  private readonly hears: () => boolean;
  private deafUntil = Number.NEGATIVE_INFINITY;
  private timer: NodeJS.Timeout | undefined;

  /** @param hears whether what devices say reaches us now */
  constructor(registry: Pick<DeviceRegistry, "all" | "silent">, hears: () => boolean) {
    this.registry = registry;
    this.hears = hears;
  }

  start(): void {
    this.timer = setInterval(() => this.look(performance.now()), LOOK_EVERY_MS);
  }

  stop(): void {
    clearInterval(this.timer);
  }

  /** @param now of the monotonic clock: no device's and no computer's clock has a part in it */
  look(now: number): void {
    if (!this.hears()) {
      this.deafUntil = now;
      return;
    }
    for (const device of this.registry.all()) {
      if (device.connection !== "online") continue;
      const limit = offlineAfter(device.row.kind, device.row.settings);
      const since = Math.max(device.heardAt, this.deafUntil);
      if (limit !== null && now - since >= limit) this.registry.silent(device);
    }
  }
}
