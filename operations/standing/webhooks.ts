/**
 * Keeps everybody who wants to be told up to date. One process of a database does it; when that one ends, the
 * next one goes on where each webhook is. Each webhook has a lane of its own (`webhooks/endpoint-lane.ts`);
 * here lanes begin and end, stock becomes events, what is old is forgotten, and people are told of pauses.
 */
import { setMaxListeners } from "node:events";
import { setTimeout as delay } from "node:timers/promises";
import type { Logger } from "pino";
import { JobLog } from "../../config/job-log.ts";
import { type ToldWebhook, webhooksTold } from "../../store/settings/webhook-subscriptions.ts";
import { type Listener, startListener } from "../../store/sql/listener.ts";
import { forgetDomainEvents, tellOfStock } from "../../store/webhooks/domain-events.ts";
import { forgetDeliveries } from "../../store/webhooks/webhook-deliveries.ts";
import { EndpointLane } from "../webhooks/endpoint-lane.ts";
import { EventTail } from "../webhooks/event-tail.ts";
import { type PauseTelling, tellOfPauses } from "../webhooks/tell-of-pause.ts";
import { isOneOf } from "../webhooks/wanted.ts";
import type { WebhookContext } from "../webhooks/webhook-context.ts";

/** How late it is noticed at most what was set, where nobody tells of it. */
const LOOK_MS = 1_000;
/** How often is looked for what has happened. */
const POLL_MS = 150;
const FAULT_MS = 1_000;
const FORGET_MS = 3_600_000;
const EVENT_DAYS = 7;
const PAUSES_MS = 10_000;
/** Whoever has not looked for so long may have lost the lock to another process. */
const LOST_MS = 10_000;
/** Any number that no other job has. */
const LOCK = 7_206_501;

type Running = {
  readonly lane: EndpointLane;
  settings: string;
  isOver: boolean;
  readonly done: Promise<void>;
};

/** @param people absent: nobody is told of pauses by mail */
export function runWebhooks(
  context: WebhookContext,
  logger: Logger,
  jobs: JobLog = new JobLog(),
  people?: PauseTelling,
): Pick<Listener, "stop"> {
  const record = jobs.of("webhooks", LOOK_MS);
  const { database } = context;
  const tail = new EventTail(database, POLL_MS);
  const running = new Map<string, Running>();
  let [forgetAt, tellAt, lookedAt] = [0, 0, -Infinity];
  let wantsStock: boolean | null = null;
  const end = new AbortController();
  // Each lane waits by it.
  setMaxListeners(0, end.signal);
  const isEnding = () => end.signal.aborted || performance.now() - lookedAt > LOST_MS;
  const pause = (ms: number) => delay(ms, undefined, { signal: end.signal }).catch(() => undefined);

  const begin = ({ id, settings }: ToldWebhook): void => {
    const lane = new EndpointLane({ ...context, isEnding }, tail, id);
    const work = async (own: { readonly isOver: boolean }): Promise<void> => {
      while (!own.isOver && !end.signal.aborted) {
        const isMore = await lane.step().catch(async (error: unknown) => {
          logger.error({ err: error, webhook: id }, "webhooks could not be delivered");
          await pause(FAULT_MS);
          return false;
        });
        if (!isMore) await pause(POLL_MS);
      }
      await lane.settle().catch((error: unknown) => {
        logger.error({ err: error, webhook: id }, "a webhook's lane could not be ended");
      });
    };
    const state = { settings, isOver: false };
    const done = work(state).finally(() => running.delete(id));
    running.set(id, Object.assign(state, { lane, done }));
  };

  const stock = (async () => {
    while (!end.signal.aborted) {
      const isMine = !isEnding() && wantsStock !== null;
      const isMore = isMine
        ? await tellOfStock(database, wantsStock === true).catch((error: unknown) => {
            logger.error({ err: error }, "changes of stock could not be made events of");
            return false;
          })
        : false;
      if (!isMore) await pause(isMine && wantsStock === true ? POLL_MS : LOOK_MS);
    }
  })();

  const lookAfter = async (): Promise<void> => {
    const told = await webhooksTold(database);
    lookedAt = performance.now();
    wantsStock = told.some(({ events }) => isOneOf(events, "stock_position.changed"));
    const wanted = new Map(told.map((each) => [each.id, each]));
    for (const [id, each] of running) {
      const now = wanted.get(id);
      if (now === undefined) each.isOver = true;
      if (now?.settings === each.settings) continue;
      each.settings = now?.settings ?? "";
      each.lane.settingsChanged();
    }
    for (const [id, each] of wanted) if (!running.has(id)) begin(each);
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
      await lookAfter();
      const at = performance.now();
      if (people !== undefined && at >= tellAt) {
        tellAt = at + PAUSES_MS;
        await tellOfPauses(database, people).catch((error: unknown) =>
          logger.error({ err: error }, "nobody could be told that a webhook is paused"),
        );
      }
      if (at >= forgetAt) {
        forgetAt = at + FORGET_MS;
        await forgetDeliveries(database);
        await forgetDomainEvents(database, EVENT_DAYS);
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
      end.abort();
      await listener.stop();
      await Promise.all([stock, ...[...running.values()].map(({ done }) => done)]);
    },
  };
}
