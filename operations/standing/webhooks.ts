/**
 * Keeps everybody who wants to be told up to date. One process of a database does it; when that one ends, the
 * next one goes on where each subscription is.
 */
import type { Logger } from "pino";
import { JobLog } from "../../config/job-log.ts";
import { forgetDeliveries, webhooksDue } from "../../store/settings/webhook-subscriptions.ts";
import { type Listener, startListener } from "../../store/sql/listener.ts";
import { deliverWebhooks, type WebhookContext } from "../webhooks/deliver.ts";

/** How late a message is at most where nobody tells of it. */
const LOOK_MS = 1_000;
const FORGET_MS = 3_600_000;
/** Any number that no other job has. */
const LOCK = 7_206_501;

export function runWebhooks(
  context: WebhookContext,
  logger: Logger,
  jobs: JobLog = new JobLog(),
): Pick<Listener, "stop"> {
  const record = jobs.of("webhooks", LOOK_MS);
  const { database, now } = context;
  /** One at a time of each subscription: what is slow to answer holds up nobody else. */
  const running = new Map<string, Promise<void>>();
  let forgetAt = 0;
  let isStopped = false;
  const begin = (id: string): void => {
    const work = (async () => {
      while (await deliverWebhooks({ ...context, isEnding: () => isStopped }, id));
    })()
      .catch((error: unknown) => logger.error({ err: error, webhook: id }, "webhooks could not be delivered"))
      .finally(() => running.delete(id));
    running.set(id, work);
  };
  const listener = startListener({
    database,
    channel: "settings",
    everyMs: LOOK_MS,
    admit: async (client) => {
      const { rows } = await client.query<{ mine: boolean }>("select pg_try_advisory_lock($1) as mine", [
        LOCK,
      ]);
      return rows[0]?.mine === true;
    },
    work: async () => {
      for (const id of await webhooksDue(database, new Date(now()))) if (!running.has(id)) begin(id);
      if (now() >= forgetAt) {
        forgetAt = now() + FORGET_MS;
        await forgetDeliveries(database);
      }
      return false;
    },
    onDone: record.done,
    onFault: (error) => {
      record.failed();
      logger.error({ err: error }, "webhooks could not be looked for");
    },
  });
  return {
    stop: async () => {
      isStopped = true;
      await listener.stop();
      await Promise.all(running.values());
    },
  };
}
