/**
 * Events that wait for one transaction after the other: what has gathered while the last one ran goes into
 * the next. Fair between devices, so that a flood delays only its own.
 *
 * Q1 an event that comes again while it waits here waits once
 * Q2 where a batch fails, its events are taken one by one: one that cannot be booked costs itself
 * Q3 events of one device are taken in their order
 */
import { setTimeout as delay } from "node:timers/promises";

/** Events of one device that wait here. Beyond that, its outbox keeps them. */
const LONGEST_QUEUE = 2_000;
const LARGEST_BATCH = 256;
/** Of one device in a batch while others wait. */
const SHARE_OF_BATCH = 16;
const MOST_TRIES = 3;
const RETRY_MS = 200;

type Waiting = {
  /** Of its device, number and content. */
  readonly key: string;
  readonly deviceId: string;
};

export class EventQueue<Entry extends Waiting> {
  private readonly take: (batch: readonly Entry[]) => Promise<void>;
  private readonly onFailed: (entry: Entry, error: unknown) => Promise<void>;
  private readonly onBroken: (error: unknown, events: number) => void;
  private readonly byDevice = new Map<string, Entry[]>();
  /** Keys of what waits. */
  private readonly waiting = new Set<string>();
  private working: Promise<void> | null = null;
  private stopping = false;

  constructor(options: {
    /** Takes all of them, or throws. */
    readonly take: (batch: readonly Entry[]) => Promise<void>;
    /** An event that has failed alone, several times. */
    readonly onFailed: (entry: Entry, error: unknown) => Promise<void>;
    /** A batch has failed; its events come one by one. */
    readonly onBroken: (error: unknown, events: number) => void;
  }) {
    this.take = options.take;
    this.onFailed = options.onFailed;
    this.onBroken = options.onBroken;
  }

  add(entries: readonly Entry[]): void {
    if (this.stopping || entries.length === 0) return;
    for (const entry of entries) {
      // A repeat of what waits here is answered with it: else the repeats of a slow minute make it slower.
      if (this.waiting.has(entry.key)) continue;
      const queue = this.byDevice.get(entry.deviceId) ?? [];
      if (queue.length >= LONGEST_QUEUE) continue;
      queue.push(entry);
      this.waiting.add(entry.key);
      this.byDevice.set(entry.deviceId, queue);
    }
    this.working ??= this.work();
  }

  /** Finishes what is being taken. What still waits is left to the devices. */
  async stop(): Promise<void> {
    this.stopping = true;
    await this.working;
  }

  private async work(): Promise<void> {
    while (this.byDevice.size > 0 && !this.stopping) {
      const batch = this.nextBatch();
      try {
        await this.take(batch);
      } catch (error) {
        this.onBroken(error, batch.length);
        for (const entry of batch) await this.takeAlone(entry);
      }
    }
    // In the same synchronous step as the last look at the queues: an event that comes later starts the work
    // again.
    this.working = null;
  }

  /** Some of each device's, those that were served least recently first. */
  private nextBatch(): readonly Entry[] {
    const batch: Entry[] = [];
    const share = this.byDevice.size === 1 ? LARGEST_BATCH : SHARE_OF_BATCH;
    for (const [id, queue] of [...this.byDevice]) {
      batch.push(...queue.splice(0, Math.min(share, LARGEST_BATCH - batch.length)));
      this.byDevice.delete(id);
      if (queue.length > 0) this.byDevice.set(id, queue);
      if (batch.length >= LARGEST_BATCH) break;
    }
    for (const { key } of batch) this.waiting.delete(key);
    return batch;
  }

  private async takeAlone(entry: Entry): Promise<void> {
    for (let tries = 1; tries <= MOST_TRIES && !this.stopping; tries += 1) {
      try {
        return await this.take([entry]);
      } catch (error) {
        if (tries === MOST_TRIES) return this.onFailed(entry, error);
        await delay(RETRY_MS);
      }
    }
    return undefined;
  }
}
