/**
 * Works for one channel as long as it is connected: reads its orders and its queue, tells it what becomes of
 * them and how much it may sell. Each of these goes on by itself, and what one of them waits for holds up no
 * other; all share what the channel may be asked (`call-budget.ts`).
 *
 * W1 What a channel does, or does not do, concerns this worker alone: its faults are its problem, its calls
 *    are its own, and between two steps it holds no connection of the database.
 */
import { setTimeout as pause } from "node:timers/promises";
import type { Logger } from "pino";
import { ServiceFault } from "../../ports/service-fault.ts";
import {
  noteChannelProblem,
  noteChannelShortfalls,
  noteChannelWords,
  readChannelProgress,
} from "../../store/channels/progress.ts";
import { STOPPED } from "./call-budget.ts";
import { compareIfDue } from "./compare.ts";
import { deriveTellings } from "./derive-tellings.ts";
import { forgetOrders } from "./forget-orders.ts";
import { type ChannelLane, isLockedOut, pauseAfter, problemOf } from "./lane.ts";
import { readChangedOrders } from "./read-changed.ts";
import { readAllListings } from "./read-listings.ts";
import { readMessages } from "./read-messages.ts";
import { readBackfill, readNewOrders } from "./read-orders.ts";
import { workOutStock } from "./stock-figures.ts";
import { tellOrders } from "./tell-orders.ts";
import { tellStock } from "./tell-stock.ts";

const LOOK_MS = 300;
/** Everything is worked out anew so often: what no feed tells of, such as a rule, counts by then. */
const WORK_OUT_MS = 5 * 60_000;
/** Whose files still name people that were erased is looked at so often. */
const FORGET_MS = 1_000;
const LISTINGS_MS = 6 * 3_600_000;
/** What the vendor has granted may change there without a word. */
const SHORTFALLS_MS = 3_600_000;
/** A channel that is away is asked so often at least whether it is back, unless it says when. */
const MOST_PAUSE_MS = 30_000;

export type ChannelWorker = {
  /** These SKUs have changed; null: anything may have. */
  stockChanged(skus: readonly string[] | null): void;
  /** Somebody has asked for something: no pause is waited for. */
  wake(): void;
  /**
   * May be called once more, to have it end sooner.
   *
   * @param graceMs for calls that are under way: what is given up may still arrive at the channel
   */
  stop(graceMs: number): Promise<void>;
};

export function startChannelWorker(
  options: Omit<ChannelLane, "isEnding"> & { readonly logger: Logger },
): ChannelWorker {
  const { logger, ...parts } = options;
  const ending = new AbortController();
  const lane: ChannelLane = { ...parts, isEnding: () => ending.signal.aborted };
  const { account, context, connection } = lane;
  const { channelId } = account;
  const wakers = new Set<() => void>();
  let changed: Set<string> | null = null;
  let isAllChanged = true;
  let lookAtMs = 0;

  const sleep = async (ms: number): Promise<void> => {
    const woken = new AbortController();
    const wake = () => woken.abort();
    wakers.add(wake);
    const signal = AbortSignal.any([ending.signal, woken.signal]);
    await pause(ms, undefined, { signal }).catch(() => {});
    wakers.delete(wake);
  };

  const mostPauseMs = Math.min(MOST_PAUSE_MS, Math.max(2_000, account.pollSeconds * 1_000));
  const pauseFor = (faults: number, fault: ServiceFault): number =>
    Math.max(Math.min(mostPauseMs, pauseAfter(faults, fault)), fault.retryAfterMs ?? 0);

  /** @param step returns how long to wait before the next one, and the fault that it ended with */
  const goOn = async (
    name: string,
    step: () => Promise<{ readonly waitMs: number; readonly fault?: ServiceFault | null }>,
  ): Promise<void> => {
    let faults = 0;
    while (!lane.isEnding()) {
      let waitMs = LOOK_MS;
      try {
        const done = await step();
        waitMs = done.waitMs;
        if (done.fault == null) faults = 0;
        else {
          await say(name, done.fault);
          waitMs = Math.max(waitMs, pauseFor(faults, done.fault));
          faults = Math.min(faults + 1, 10);
        }
      } catch (error) {
        // What was waited for until now was given up.
        if (error instanceof ServiceFault && lane.isEnding()) return;
        if (error instanceof ServiceFault) await say(name, error);
        else
          logger.error({ err: error, channel: channelId, work: name }, "a channel could not be worked for");
        waitMs =
          error instanceof ServiceFault ? pauseFor(faults, error) : Math.min(30_000, 500 * 2 ** faults);
        faults = Math.min(faults + 1, 10);
      }
      if (waitMs > 0) await sleep(waitMs);
    }
  };

  const say = async (work: string, fault: ServiceFault): Promise<void> => {
    if (fault.code === STOPPED) return;
    const { code, detail } = problemOf(fault);
    const level = isLockedOut(fault) || !fault.retryable ? "warn" : "debug";
    logger[level](
      { channel: channelId, work, code, status: fault.status },
      "the channel gave no good answer",
    );
    await noteChannelProblem(context.database, channelId, { code, detail }).catch(() => {});
  };

  const readStep = async () => {
    while (await readBackfill(lane)) if (lane.isEnding()) return { waitMs: 0 };
    const nowMs = context.now();
    if (nowMs >= lookAtMs) {
      const { orders, refused } = await readNewOrders(lane);
      lookAtMs = nowMs + account.pollSeconds * 1_000;
      if (orders > 0) logger.debug({ channel: channelId, orders }, "orders were read");
      for (const { externalId, code, detail } of refused)
        logger.warn({ channel: channelId, externalId, code, detail }, "an order was not taken");
      await noteChannelProblem(context.database, channelId, null);
    }
    return { waitMs: Math.max(LOOK_MS, Math.min(lookAtMs - context.now(), account.pollSeconds * 1_000)) };
  };

  const changedStep = async () => {
    const { count, refused, left, fault } = await readChangedOrders(lane);
    for (const { externalId, code, detail } of refused)
      logger.warn({ channel: channelId, externalId, code, detail }, "an order was not taken");
    for (const externalId of left)
      logger.warn({ channel: channelId, externalId }, "an order that was named is left to the next poll");
    return { waitMs: count > 0 ? 0 : LOOK_MS, fault };
  };

  /** Whoever waits at the queue is none of those who wait for the channel's API. */
  const messageStep = async () => {
    if (connection.messages === undefined) return { waitMs: MOST_PAUSE_MS };
    const { count, refused } = await readMessages(lane, connection.messages, ending.signal);
    for (const { externalId, code, detail } of refused)
      logger.warn({ channel: channelId, externalId, code, detail }, "a message was not taken");
    return { waitMs: count > 0 ? 0 : LOOK_MS };
  };

  let areWordsNoted = false;
  const orderStep = async () => {
    if (!areWordsNoted) await noteChannelWords(context.database, channelId, connection.tells);
    areWordsNoted = true;
    const derived = await deriveTellings(context.database, channelId, connection);
    if (!account.tellsOrders) return { waitMs: derived.more ? 0 : LOOK_MS };
    const { count, fault } = await tellOrders(lane);
    return { waitMs: derived.more || count > 0 ? 0 : LOOK_MS, fault };
  };

  let workedOutAtMs = 0;
  const stockStep = async () => {
    const nowMs = context.now();
    const skus = isAllChanged || nowMs - workedOutAtMs > WORK_OUT_MS ? null : [...(changed ?? [])];
    const [hadChanged, hadAll] = [changed, isAllChanged];
    changed = null;
    isAllChanged = false;
    try {
      if (skus === null || skus.length > 0) await workOutStock(lane, skus);
      if (skus === null) workedOutAtMs = nowMs;
    } catch (error) {
      // It is worked out again.
      isAllChanged ||= hadAll;
      if (hadChanged !== null) changed = new Set([...hadChanged, ...(changed ?? [])]);
      throw error;
    }
    if (!account.tellsStock) return { waitMs: LOOK_MS };
    const { count, fault } = await tellStock(lane);
    return { waitMs: count > 0 || changed !== null ? 0 : LOOK_MS, fault };
  };

  const listingStep = async () => {
    const progress = await readChannelProgress(context.database, channelId);
    const readAtMs = progress?.listingsAt?.getTime() ?? 0;
    if (progress !== null && context.now() - readAtMs > LISTINGS_MS) {
      await readAllListings(lane);
      isAllChanged = true;
    }
    await compareIfDue(lane, logger);
    return { waitMs: 5_000 };
  };

  let areShortfallsDueMs = 0;
  const shortfallStep = async () => {
    const nowMs = context.now();
    if (nowMs >= areShortfallsDueMs) {
      const found = await lane.budget.call(
        "reading",
        async () => (await connection.readShortfalls?.()) ?? [],
      );
      await noteChannelShortfalls(context.database, channelId, found);
      areShortfallsDueMs = nowMs + SHORTFALLS_MS;
      for (const shortfall of found)
        logger.warn({ channel: channelId, shortfall }, "the channel has not granted all that is used");
    }
    return { waitMs: MOST_PAUSE_MS };
  };

  const forgetStep = async () => {
    await forgetOrders(lane);
    return { waitMs: connection.forgetOrders === undefined ? MOST_PAUSE_MS : FORGET_MS };
  };

  const works = [
    goOn("reading", readStep),
    goOn("changed", changedStep),
    goOn("messages", messageStep),
    goOn("orders", orderStep),
    goOn("stock", stockStep),
    goOn("listings", listingStep),
    goOn("shortfalls", shortfallStep),
    goOn("forgetting", forgetStep),
  ];
  const wake = () => {
    for (const waker of wakers) waker();
  };
  return {
    stockChanged: (skus) => {
      if (skus === null) isAllChanged = true;
      else changed = new Set([...(changed ?? []), ...skus]);
    },
    wake: () => {
      isAllChanged = true;
      lookAtMs = 0;
      wake();
    },
    stop: async (graceMs) => {
      ending.abort();
      await Promise.all([lane.budget.stop(graceMs), ...works]);
    },
  };
}
