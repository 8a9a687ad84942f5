/**
 * Messages that cannot be understood or applied go into `device_dead_letter` with the reason, and the
 * device's next message is taken. The table keeps the newest `MOST_LETTERS`, so that a broken device does not
 * fill the disk.
 */
import type { Logger } from "pino";
import type { DeadLetterCode } from "../../contract/devices.ts";
import { clippedText } from "../../orders/storable-text.ts";
import { type NewDeadLetter, trimDeadLetters, writeDeadLetters } from "../../store/floor/dead-letters.ts";
import type { Queryable } from "../../store/sql/database.ts";
import type { DeviceLog } from "./device-log.ts";

const MOST_LETTERS = 10_000;
const TRIM_EVERY = 1_000;
/** In one statement. */
const MOST_AT_ONCE = 100;

type Waiting = {
  readonly letter: NewDeadLetter;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
};

export class DeadLetters {
  /** By code, since the process started. */
  readonly counts = new Map<DeadLetterCode, number>();
  private readonly database: Queryable;
  private readonly log: Pick<DeviceLog, "record">;
  private readonly deviceOf: (topic: string) => string | null;
  private readonly logger: Logger;
  private written = 0;
  private waiting: Waiting[] = [];
  private working: Promise<void> | null = null;

  constructor(options: {
    readonly database: Queryable;
    readonly log: Pick<DeviceLog, "record">;
    /** The registered device whose topic it is. */
    readonly deviceOf: (topic: string) => string | null;
    readonly logger: Logger;
  }) {
    this.database = options.database;
    this.log = options.log;
    this.deviceOf = options.deviceOf;
    this.logger = options.logger;
  }

  /** Resolves once it is committed. What waits meanwhile is written together, in its order. */
  async write(topic: string, payload: Buffer, code: DeadLetterCode, detail: string): Promise<void> {
    this.logger.warn({ topic, code, detail }, "device message put aside");
    const deviceId = this.deviceOf(topic);
    await this.commit({
      deviceId,
      topic: clippedText(topic, 512),
      payload,
      code,
      // A parser's error may quote the message.
      detail: clippedText(detail, 1024),
    });
    this.counts.set(code, (this.counts.get(code) ?? 0) + 1);
    this.log.record("dead_letter", deviceId, code);
  }

  private commit(letter: NewDeadLetter): Promise<void> {
    const committed = new Promise<void>((resolve, reject) => this.waiting.push({ letter, resolve, reject }));
    this.working ??= this.work();
    return committed;
  }

  private async work(): Promise<void> {
    while (this.waiting.length > 0) await this.commitSome(this.waiting.splice(0, MOST_AT_ONCE));
    // In the same synchronous step as the last look: a letter that comes later starts the work again.
    this.working = null;
  }

  /** A letter that the database does not take must not cost the others. */
  private async commitSome(some: readonly Waiting[]): Promise<void> {
    try {
      await writeDeadLetters(
        this.database,
        some.map(({ letter }) => letter),
      );
      for (const { resolve } of some) resolve();
    } catch (error) {
      if (some.length === 1) some[0]?.reject(error);
      else for (const one of some) await this.commitSome([one]);
      return;
    }
    this.written += some.length;
    if (this.written < TRIM_EVERY) return;
    this.written = 0;
    await trimDeadLetters(this.database, MOST_LETTERS).catch((error) =>
      this.logger.warn({ err: error }, "old dead letters not deleted"),
    );
  }
}
