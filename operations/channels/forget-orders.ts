/**
 * Has a channel's connection forget the people of orders that were erased: what it keeps in files of its own.
 * Written down as done afterwards: a process that dies in between has it forget them once more.
 */
import { noteForgotten, ordersToForget } from "../../store/channels/orders-to-forget.ts";
import type { ChannelLane } from "./lane.ts";

const BATCH = 100;

/** @throws ServiceFault where the connection cannot now; it is tried again with the next look */
export async function forgetOrders({
  context,
  account,
  connection,
  budget,
  isEnding,
}: ChannelLane): Promise<void> {
  const { database } = context;
  while (!isEnding()) {
    const externalIds = await ordersToForget(database, account.channelId, BATCH);
    if (externalIds.length === 0) return;
    const forget = connection.forgetOrders;
    if (forget !== undefined) await budget.call("comparing", () => forget(externalIds));
    await noteForgotten(database, account.channelId, externalIds);
  }
}
