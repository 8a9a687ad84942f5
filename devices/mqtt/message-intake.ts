/**
 * Sees each message to its end: handled, or put aside as a dead letter with the reason.
 *
 * What cannot be understood is put aside at once; what keeps failing, after some tries. While the database is
 * away nothing is put aside: the message waits here, and all others behind it wait at the broker and at the
 * devices.
 */
import { setTimeout as delay } from "node:timers/promises";
import type { Logger } from "pino";
import { Distribution } from "../../config/distribution.ts";
import type { DeadLetterCode } from "../../contract/devices.ts";
import type { DeadLetters } from "./dead-letter.ts";
import { MalformedMessage } from "./json-reader.ts";

/** A message that is understood, but whose sender is unknown or is not who it claims to be. */
export class Undeliverable extends Error {
  readonly code: DeadLetterCode;

  constructor(code: DeadLetterCode, detail: string) {
    super(detail);
    this.code = code;
  }
}

/**
 * How a message came: just now from its sender, kept by the broker, or again because a person asked for it.
 * Only the first says that its sender is there; of the others nobody knows when they were said.
 */
export type Arrival = "live" | "retained" | "again";

type Deliver = (topic: string, payload: Buffer, arrival: Arrival) => Promise<void>;

const MOST_TRIES = 3;
const RETRY_MS = 200;

export class MessageIntake {
  /** Seconds from a message's coming until it may be acknowledged. */
  readonly handled = new Distribution();
  private readonly deliver: Deliver;
  private readonly deadLetters: Pick<DeadLetters, "write">;
  private readonly logger: Logger;
  private stopping = false;

  constructor(deliver: Deliver, deadLetters: Pick<DeadLetters, "write">, logger: Logger) {
    this.deliver = deliver;
    this.deadLetters = deadLetters;
    this.logger = logger;
  }

  /** Breaks off what is being tried. Its session must not acknowledge it any more. */
  stop(): void {
    this.stopping = true;
  }

  async take(topic: string, payload: Buffer, arrival: Arrival = "live"): Promise<void> {
    const beganAt = performance.now();
    await this.seeToEnd(topic, payload, arrival);
    this.handled.observe((performance.now() - beganAt) / 1_000);
  }

  private async seeToEnd(topic: string, payload: Buffer, arrival: Arrival): Promise<void> {
    for (let tries = 1; !this.stopping; tries += 1) {
      try {
        return await this.deliver(topic, payload, arrival);
      } catch (error) {
        if (this.stopping) return;
        try {
          if (await this.putAside(topic, payload, error, tries)) return;
        } catch (failure) {
          // The database is away, and with it every effect: the message waits.
          this.logger.warn({ err: failure }, "dead letter not written");
          tries = 0;
        }
        await delay(RETRY_MS);
      }
    }
  }

  /** @returns false where the message is worth another try */
  private async putAside(topic: string, payload: Buffer, error: unknown, tries: number): Promise<boolean> {
    if (error instanceof MalformedMessage || error instanceof Undeliverable) {
      await this.deadLetters.write(topic, payload, error.code, error.message);
      return true;
    }
    this.logger.warn({ err: error, topic, tries }, "device message not handled");
    if (tries < MOST_TRIES) return false;
    const detail = error instanceof Error ? error.message : String(error);
    await this.deadLetters.write(topic, payload, "handler_failed", detail);
    return true;
  }
}
