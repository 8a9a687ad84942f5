/**
 * What happens to devices, for people: counted at once, written once a second. Many of the same within that
 * second are one row with their number, so that a device that goes wrong quickly does not fill the disk.
 *
 * What is not written yet is lost with the process: a log of what was seen, on which nothing is built.
 */
import type { Logger } from "pino";
import type { DeviceEvent } from "../../contract/devices.ts";
import { clippedText } from "../../orders/storable-text.ts";
import { type NewDeviceEvent, trimDeviceEvents, writeDeviceEvents } from "../../store/floor/device-events.ts";
import type { Database } from "../../store/sql/database.ts";

const WRITE_MS = 1_000;
const MOST_EVENTS = 50_000;
const TRIM_EVERY = 1_000;
/** Different ones within a second; more are counted and not written. */
const MOST_WAITING = 500;
const LONGEST_DETAIL = 300;

export class DeviceLog {
  /** By kind, since the process started. */
  readonly counts = new Map<string, number>();
  private readonly database: Database;
  private readonly logger: Logger;
  private waiting = new Map<string, NewDeviceEvent>();
  private writing: Promise<void> = Promise.resolve();
  private written = 0;
  private timer: NodeJS.Timeout | undefined;

  constructor(database: Database, logger: Logger) {
    this.database = database;
    this.logger = logger;
  }

  start(): void {
    this.timer = setInterval(() => this.flush(), WRITE_MS);
  }

  async stop(): Promise<void> {
    clearInterval(this.timer);
    await this.flush();
  }

  record(kind: DeviceEvent["kind"], deviceId: string | null, detail: string): void {
    this.counts.set(kind, (this.counts.get(kind) ?? 0) + 1);
    // What a device said may be quoted here.
    const said = clippedText(detail, LONGEST_DETAIL);
    const key = JSON.stringify([kind, deviceId, said]);
    const same = this.waiting.get(key);
    if (same === undefined && this.waiting.size >= MOST_WAITING) return;
    this.waiting.set(key, { deviceId, kind, detail: said, count: (same?.count ?? 0) + 1 });
  }

  flush(): Promise<void> {
    this.writing = this.writing.then(async () => {
      if (this.waiting.size === 0) return;
      const events = [...this.waiting.values()];
      this.waiting = new Map();
      try {
        await writeDeviceEvents(this.database, events);
        this.written += events.length;
        if (this.written < TRIM_EVERY) return;
        this.written = 0;
        await trimDeviceEvents(this.database, MOST_EVENTS);
      } catch (error) {
        this.logger.warn({ err: error, events: events.length }, "device events not written");
      }
    });
    return this.writing;
  }
}
