/**
 * Messages that cannot be understood or applied go into `device_dead_letter` with the reason, and the
 * device's next message is taken. The table keeps the newest `MOST_LETTERS`, so that a broken device does not
 * fill the disk.
 */
import type { Logger } from "pino";
import { trimDeadLetters, writeDeadLetter } from "../../store/floor/devices.ts";
import type { Queryable } from "../../store/sql/database.ts";
import type { MalformedCode } from "./json-reader.ts";

export type DeadLetterCode =
  | MalformedCode
  | "unknown_topic"
  | "unknown_device"
  /**
   * The device is known, but not as one that speaks on this topic, at this site or under this manufacturer.
   */
  | "device_mismatch"
  /** An event that the broker had kept: nobody knows how old it is. */
  | "retained_message"
  /** A conveyor tells of a tote that belongs to another site, or to nobody. */
  | "foreign_tote"
  | "unknown_tote"
  /** A conveyor tells of an exit that it does not have. */
  | "unknown_lane"
  /** Understood, but its effect failed again and again. */
  | "handler_failed";

const MOST_LETTERS = 10_000;
const TRIM_EVERY = 1_000;
/** What is kept of a payload, for a person to look at. Bytes. */
const KEPT_BYTES = 16 * 1024;

export class DeadLetters {
  private readonly database: Queryable;
  private readonly logger: Logger;
  private written = 0;

  constructor(database: Queryable, logger: Logger) {
    this.database = database;
    this.logger = logger;
  }

  async write(topic: string, payload: Buffer, code: DeadLetterCode, detail: string): Promise<void> {
    this.logger.warn({ topic, code, detail }, "device message put aside");
    await writeDeadLetter(this.database, {
      topic: topic.slice(0, 512),
      payload: payload.subarray(0, KEPT_BYTES),
      code,
      // PostgreSQL's text takes no NUL, and a parser's error may quote the message.
      detail: detail.replaceAll("\u0000", "").slice(0, 1024),
    });
    this.written += 1;
    if (this.written % TRIM_EVERY === 0) await trimDeadLetters(this.database, MOST_LETTERS);
  }
}
