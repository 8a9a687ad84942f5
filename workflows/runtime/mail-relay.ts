/**
 * Sends the mails that sagas have queued for shoppers.
 *
 * A mail server that is down holds up nobody but the mails behind it of the same order: none tells of a
 * delivery before the one that tells of the parcel. A mail that can never be sent is told to a person.
 */
import type { Logger } from "pino";
import { inOrderSpan } from "../../config/trace.ts";
import type { QueuedMail } from "../../store/orders/notices.ts";
import { type DueOutboxRow, MAIL_QUEUE, readDueMails } from "../../store/outbox.ts";
import type { Database } from "../../store/sql/database.ts";
import { translateFailure } from "../activities/failures.ts";
import type { SagaSteps } from "../all-activities.ts";
import { type OutboxRelay, startOutboxRelay } from "./outbox-relay.ts";
import type { RelayCount } from "./saga-meter.ts";

/** So few that a mail that comes in meanwhile waits seconds where all of them run into the server's time-out. */
const BATCH = 40;
const LONGEST_RETRY_MS = 300_000;
/** The attempt after which the timeline says that a mail is late: some ten seconds after the first. */
const ATTEMPTS_UNTIL_REPORTED = 7;

export type MailSteps = Pick<SagaSteps, "sendMail" | "reportUnsentMail" | "reportLateMail">;

export function startMailRelay(options: {
  readonly database: Database;
  readonly steps: MailSteps;
  readonly logger: Logger;
  readonly count?: RelayCount;
}): OutboxRelay {
  const { database, steps, logger, count } = options;
  return startOutboxRelay({
    database,
    logger,
    ...(count === undefined ? {} : { count }),
    queue: MAIL_QUEUE,
    next: async () => {
      const rows = await readDueMails(database, BATCH);
      return { rows, isMore: rows.length === BATCH };
    },
    longestRetryMs: LONGEST_RETRY_MS,
    subjectOf: ({ payload }) => (payload as QueuedMail).orderId,
    deliver: (row) => {
      const { orderId, kind } = row.payload as QueuedMail;
      const attributes = { "holdfast.mail": kind, "holdfast.attempt": row.attempts };
      return inOrderSpan(orderId, "mail", attributes, () => deliver(steps, row));
    },
  });
}

/** @throws where it is to be tried again */
async function deliver(steps: MailSteps, { payload, attempts }: DueOutboxRow): Promise<string | null> {
  const mail = payload as Parameters<MailSteps["sendMail"]>[0];
  try {
    await steps.sendMail(mail);
    return null;
  } catch (error) {
    const { nonRetryable, message } = translateFailure(error);
    const { orderId, kind, about } = mail;
    const why = { orderId, kind, about, detail: message };
    if (nonRetryable) {
      await steps.reportUnsentMail(why);
      return `can never be sent: ${message}`;
    }
    if (attempts === ATTEMPTS_UNTIL_REPORTED) await steps.reportLateMail(why);
    throw error;
  }
}
