/**
 * Messages that cannot be understood or applied go into `device_dead_letter` with the reason, and the
 * device's next message is taken. The table keeps the newest `MOST_LETTERS`, so that a broken device does not
 * fill the disk.
 */
import type { Logger } from "pino";
import type { DeadLetterCode } from "../../contract/devices.ts";
import { clippedText } from "../../orders/storable-text.ts";
import { trimDeadLetters, writeDeadLetter } from "../../store/floor/dead-letters.ts";
import type { Queryable } from "../../store/sql/database.ts";
import type { DeviceLog } from "./device-log.ts";

const MOST_LETTERS = 10_000;
const TRIM_EVERY = 1_000;

export class DeadLetters {
  /** By code, since the process started. */
  readonly counts = new Map<DeadLetterCode, number>();
  private readonly database: Queryable;
  private readonly log: Pick<DeviceLog, "record">;
  private readonly deviceOf: (topic: string) => string | null;
  private readonly logger: Logger;
  private written = 0;

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

  async write(topic: string, payload: Buffer, code: DeadLetterCode, detail: string): Promise<void> {
    this.logger.warn({ topic, code, detail }, "device message put aside");
    const deviceId = this.deviceOf(topic);
    await writeDeadLetter(this.database, {
      deviceId,
      topic: clippedText(topic, 512),
      payload,
      code,
      // A parser's error may quote the message.
      detail: clippedText(detail, 1024),
    });
    this.counts.set(code, (this.counts.get(code) ?? 0) + 1);
    this.log.record("dead_letter", deviceId, code);
    this.written += 1;
    if (this.written % TRIM_EVERY === 0) await trimDeadLetters(this.database, MOST_LETTERS);
  }
}
