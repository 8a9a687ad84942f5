/**
 * Tells a channel how many units of its listings may be sold, many in a call. What changes meanwhile is told
 * next: there is one figure a listing, and no queue. A channel that wants reports only so often is told the
 * figures of that moment.
 */
import { createHash } from "node:crypto";
import { ServiceFault } from "../../ports/service-fault.ts";
import {
  holdStock,
  isStockHeld,
  type ListingDue,
  listingsDue,
  noteStockRefused,
  noteStockTold,
} from "../../store/channels/listings.ts";
import { STOPPED } from "./call-budget.ts";
import { type ChannelLane, pauseAfter } from "./lane.ts";

/** What a channel will not take it is asked again about so rarely: a person may have put it right there. */
const REFUSED_PAUSE_MS = 3_600_000;

/** @returns how many were told; and the fault that kept others from it */
export async function tellStock(
  lane: ChannelLane,
): Promise<{ readonly count: number; readonly fault: ServiceFault | null }> {
  const { context, account, connection, budget } = lane;
  const { stockPauseMs = 0 } = connection.limits;
  if (stockPauseMs > 0 && (await isStockHeld(context.database, account.channelId, stockPauseMs)))
    return { count: 0, fault: null };
  let count = 0;
  for (;;) {
    if (lane.isEnding()) return { count, fault: null };
    const due = await listingsDue(context.database, account.channelId, connection.limits.stockBatch);
    if (due.length === 0) return { count, fault: null };
    const levels = due.map(({ channelSku, ids, wanted }) => ({ channelSku, listing: ids, quantity: wanted }));
    try {
      const told = await budget.call("stock", () =>
        connection.tellStock(levels, keyOf(account.channelId, due)),
      );
      await note(lane, due, told);
      // What is left of a report that a crash has cut short comes with the next one.
      if (stockPauseMs > 0 && count === 0) await holdStock(context.database, account.channelId, stockPauseMs);
      count += due.length;
    } catch (error) {
      if (!(error instanceof ServiceFault)) throw error;
      if (error.code === STOPPED) return { count, fault: null };
      await noteStockRefused(
        context.database,
        account.channelId,
        due.map(({ channelSku, attempts }) => ({
          channelSku,
          code: error.code,
          problem: error.message,
          pauseMs: pauseAfter(attempts, error),
        })),
      );
      return { count, fault: error };
    }
  }
}

async function note(
  { context, account }: ChannelLane,
  due: readonly ListingDue[],
  told: Awaited<ReturnType<ChannelLane["connection"]["tellStock"]>>,
): Promise<void> {
  const outcomes = new Map(told.map(({ channelSku, outcome }) => [channelSku, outcome]));
  const taken: { channelSku: string; quantity: number; counts: number }[] = [];
  const refused: { channelSku: string; code: string; problem: string; pauseMs: number }[] = [];
  for (const { channelSku, wanted, counts } of due) {
    const outcome = outcomes.get(channelSku);
    if (outcome === undefined || outcome.status === "refused")
      refused.push({
        channelSku,
        code: outcome?.code ?? "not_answered",
        problem: outcome?.message ?? "The channel has not said what became of it.",
        pauseMs: REFUSED_PAUSE_MS,
      });
    else taken.push({ channelSku, quantity: wanted, counts });
  }
  await noteStockTold(context.database, account.channelId, taken);
  await noteStockRefused(context.database, account.channelId, refused);
}

/**
 * The same for a repeat after a lost answer; another where the figures are the same once more, or a channel
 * would take it for one.
 */
function keyOf(channelId: string, due: readonly ListingDue[]): string {
  const text = due
    .map(({ channelSku, wanted, since, counts }) => `${channelSku} ${wanted} ${since} ${counts}`)
    .join("\n");
  return `${channelId}:stock:${createHash("sha256").update(text).digest("hex").slice(0, 32)}`;
}
