/**
 * Reads at the channel the orders that its webhooks named as changed (`store/channels/changed-orders.ts`),
 * each as it is by then. The poll reads the same orders in its own time: it is the safety net, and what
 * cannot be read here in the end is left to it.
 *
 * H1 An order's row goes after the order is committed: a process that dies in between reads it once more, and
 *    nothing changes.
 * H2 What the channel names in a flood takes the place of no other call: this is a kind of work of its own in
 *    the channel's budget.
 */
import { ServiceFault } from "../../ports/service-fault.ts";
import {
  type ChangedOrder,
  changedOrdersDue,
  forgetChangedOrder,
  postponeChangedOrder,
} from "../../store/channels/changed-orders.ts";
import type { CodedResult } from "../capture/capture-order.ts";
import { STOPPED } from "./call-budget.ts";
import { type ChannelLane, isLockedOut, pauseAfter, problemOf } from "./lane.ts";
import { take } from "./read-orders.ts";

/** The last some half an hour after the first. */
const MOST_ATTEMPTS = 10;
/** A channel may name an order a moment before it shows it. */
const NOT_THERE_ATTEMPTS = 4;

export type ChangedRead = {
  /** How many were dealt with. */
  readonly count: number;
  readonly refused: readonly CodedResult[];
  /** Those that are left to the next poll. */
  readonly left: readonly string[];
  /** The last fault of the channel's. */
  readonly fault: ServiceFault | null;
};

export async function readChangedOrders(lane: ChannelLane): Promise<ChangedRead> {
  const { context, account, connection } = lane;
  const limit = connection.limits.concurrency * 4;
  const due = await changedOrdersDue(context.database, account.channelId, limit);
  const refused: CodedResult[] = [];
  const left: string[] = [];
  let fault: ServiceFault | null = null;
  await Promise.all(
    due.map(async (changed) => {
      if (lane.isEnding()) return;
      const read = await readOne(lane, changed);
      if (read.isLeft) left.push(changed.externalId);
      refused.push(...read.refused);
      fault = read.fault ?? fault;
    }),
  );
  return { count: due.length, refused, left, fault };
}

type OneRead = Pick<ChangedRead, "refused" | "fault"> & { readonly isLeft: boolean };

async function readOne(lane: ChannelLane, changed: ChangedOrder): Promise<OneRead> {
  const { context, account, connection, budget } = lane;
  const { database } = context;
  const { channelId } = account;
  try {
    const payload = await budget.call("changed", () => connection.readOrder(changed.externalId));
    if (payload === null) throw notThere(changed);
    const { refused } = await take(lane, [payload]);
    await forgetChangedOrder(database, channelId, changed);
    return { refused, fault: null, isLeft: false };
  } catch (error) {
    if (!(error instanceof ServiceFault)) throw error;
    if (error.code === STOPPED) return { refused: [], fault: null, isLeft: false };
    const isOut = isLockedOut(error);
    // What is wrong with one order alone is no fault of the channel's.
    const fault = isOut || (error.retryable && error.code !== NOT_THERE) ? error : null;
    if (!isOut && (!error.retryable || changed.attempts + 1 >= MOST_ATTEMPTS)) {
      await forgetChangedOrder(database, channelId, changed);
      return { refused: [], fault, isLeft: true };
    }
    const { code, detail } = problemOf(error);
    const pauseMs = pauseAfter(changed.attempts, error);
    await postponeChangedOrder(database, channelId, changed, {
      code,
      problem: detail,
      pauseMs,
      counts: !isOut,
    });
    return { refused: [], fault, isLeft: false };
  }
}

const NOT_THERE = "order_not_there";

function notThere({ externalId, attempts }: ChangedOrder): ServiceFault {
  return new ServiceFault(`the channel named the order ${externalId} and does not have it`, {
    service: "channel",
    code: NOT_THERE,
    retryable: attempts + 1 < NOT_THERE_ATTEMPTS,
  });
}
