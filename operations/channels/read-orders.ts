/**
 * Reads the orders that have changed at a channel, and takes each as its webhook is taken: what is known
 * already changes nothing.
 *
 * R1 A look begins some time before the end of the one before: what the channel wrote down late is read, and
 *    so is what came while it was asked. It goes on page by page; a page counts once its orders are
 *    committed.
 * R2 An order that cannot be taken holds up nobody: it is counted, and said in the log with its reason.
 */
import type { OrderNotTaken } from "../../ports/channel-connection.ts";
import { ServiceFault } from "../../ports/service-fault.ts";
import {
  type Backfill,
  dropLook,
  endLook,
  nextBackfill,
  noteBackfill,
  noteLook,
  readChannelProgress,
} from "../../store/channels/progress.ts";
import { type CodedResult, captureOrders, saysNothingNew } from "../capture/capture-order.ts";
import { inChannelTurn } from "../capture/channel-turns.ts";
import type { ChannelLane } from "./lane.ts";

/** Clocks differ, and a channel may list a change a little after it has made it. */
const OVERLAP_MS = 5 * 60_000;
const QUIET_MS = 3_600_000;
/** Some milliseconds of reading, and one query. */
const LOOKED_UP_AT_ONCE = 16;

export type OrdersRead = {
  readonly orders: number;
  /** What was refused, by its code. */
  readonly refused: readonly CodedResult[];
};

/** One look, from where the one before was left. @throws ServiceFault where the channel does not answer */
export async function readNewOrders(lane: ChannelLane): Promise<OrdersRead> {
  const { context, account } = lane;
  const { database } = context;
  const sum = { orders: 0, refused: [] as CodedResult[] };
  for (;;) {
    if (lane.isEnding()) return sum;
    const progress = await readChannelProgress(database, account.channelId);
    if (progress === null) return sum;
    const look = progress.look ?? {
      since: new Date(progress.readTo.getTime() - OVERLAP_MS),
      began: new Date(context.now()),
      page: null,
      newest: null,
    };
    const page = await askFor(lane, look.since, null, look.page);
    if (page === "page_gone") {
      await dropLook(database, account.channelId);
      continue;
    }
    const read = await take(lane, page.payloads);
    sum.orders += read.orders;
    sum.refused.push(...read.refused);
    if (read.refused.length > 0) await lane.connection.noteRefused?.(page.next, read.refused.map(notTaken));
    const newestMs = Math.max(look.newest?.getTime() ?? 0, page.newestMs ?? 0);
    if (page.next !== null) {
      const newest = newestMs === 0 ? null : new Date(newestMs);
      await noteLook(database, account.channelId, { ...look, page: page.next, newest });
      continue;
    }
    // By the channel's clock where it says when. What was quiet for longer than any clock is wrong is read.
    const quietSince = look.began.getTime() - QUIET_MS;
    const readTo = newestMs === 0 ? look.began : new Date(Math.max(newestMs, quietSince));
    await endLook(database, account.channelId, readTo, new Date(context.now()));
    return sum;
  }
}

/** One page of what somebody wants read once more. @returns whether there is more of it */
export async function readBackfill(lane: ChannelLane): Promise<boolean> {
  const { context, account } = lane;
  const { database } = context;
  const backfill = await nextBackfill(database, account.channelId);
  if (backfill === null) return false;
  const ended = (problem: string) =>
    noteBackfill(database, backfill.id, { page: null, orders: 0, refused: 0, hasEnded: true, problem });
  let page: Awaited<ReturnType<typeof askFor>>;
  try {
    page = await askFor(lane, backfill.since, backfill.until, backfill.page);
  } catch (error) {
    if (!(error instanceof ServiceFault) || error.retryable) throw error;
    await ended(error.message);
    return true;
  }
  if (page === "page_gone") {
    await noteBackfill(database, backfill.id, {
      page: null,
      orders: 0,
      refused: 0,
      hasEnded: false,
      problem: null,
    });
    return true;
  }
  const read = await take(lane, page.payloads);
  await noteBackfill(database, backfill.id, {
    page: page.next,
    orders: read.orders,
    refused: read.refused.length,
    hasEnded: page.next === null,
    problem: null,
  });
  return true;
}

async function askFor(
  { connection, budget }: ChannelLane,
  since: Date,
  until: Backfill["until"] | null,
  page: string | null,
) {
  try {
    return await budget.call("reading", () =>
      connection.readOrders({
        sinceMs: since.getTime(),
        ...(until === null ? {} : { untilMs: until.getTime() }),
        page,
      }),
    );
  } catch (error) {
    // What a page is named by lasts at some channels for minutes only.
    const isGone = error instanceof ServiceFault && !error.retryable && page !== null && isOfRequest(error);
    if (isGone) return "page_gone" as const;
    throw error;
  }
}

function isOfRequest({ status }: ServiceFault): boolean {
  return status === 400 || status === 404 || status === 410 || status === 422;
}

function notTaken({ externalId, code, detail }: CodedResult): OrderNotTaken {
  return { externalId: externalId ?? "", code: code ?? "", detail: detail ?? "" };
}

/**
 * Also of a single order, as reconciliation reads it. Each takes its turn among the channel's webhooks. What is
 * known word for word, as nearly all of a look's overlap is, is passed many at a time.
 */
export async function take(
  { context, account, adapters }: Pick<ChannelLane, "context" | "account" | "adapters">,
  payloads: readonly string[],
): Promise<OrdersRead> {
  const { channelId } = account;
  const refused: CodedResult[] = [];
  let orders = 0;
  // A single one was named by the channel a moment ago: it is hardly known, and nothing follows at once.
  const isBacklog = payloads.length > 1;
  const inTurn = <T>(work: () => Promise<T>) =>
    inChannelTurn(context.database, channelId, work, { isBacklog });
  for (let from = 0; from < payloads.length; from += LOOKED_UP_AT_ONCE) {
    const some = payloads.slice(from, from + LOOKED_UP_AT_ONCE);
    const isKnown = !isBacklog
      ? []
      : await inTurn(() =>
          Promise.all(some.map((payload) => saysNothingNew(context, { channelId, payload, adapters }))),
        );
    for (const [index, payload] of some.entries()) {
      if (isKnown[index] === true) {
        orders += 1;
        continue;
      }
      const results = await inTurn(() =>
        captureOrders(context, {
          channelId,
          topic: null,
          payload,
          adapters,
          cause: `channel:${channelId}`,
          isCurrent: true,
        }),
      );
      orders += results.filter(({ outcome }) => outcome !== "ignored").length;
      refused.push(...results.filter(({ outcome }) => outcome === "refused"));
    }
  }
  return { orders, refused };
}
