/**
 * Devices that say nothing go offline after their time. A last will says it sooner where there
 * is one; a broker that lost its memory, or a device behind a gateway that stays connected, sends none.
 */
import type { DeviceRegistry } from "./device-registry.ts";
import { offlineAfter } from "./offline-after.ts";

const LOOK_EVERY_MS = 500;

export class SilenceWatch {
  private readonly registry: DeviceRegistry;
  private timer: NodeJS.Timeout | undefined;

  constructor(registry: DeviceRegistry) {
    this.registry = registry;
  }

  start(): void {
    this.timer = setInterval(() => this.look(performance.now()), LOOK_EVERY_MS);
  }

  stop(): void {
    clearInterval(this.timer);
  }

  /** @param now of the monotonic clock: no device's and no computer's clock has a part in it */
  look(now: number): void {
    for (const device of this.registry.all()) {
      if (device.connection !== "online") continue;
      const limit = offlineAfter(device.row.kind, device.row.settings);
      if (limit !== null && now - device.heardAt >= limit) this.registry.silent(device);
    }
  }
}
