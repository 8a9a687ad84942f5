/**
 * Takes what a channel has written to the account's queue, each message as the body of a webhook is taken.
 *
 * M1 A message is forgotten after its effect is committed: a process that dies in between takes it once more,
 *    and nothing changes. One whose effect could not be committed comes again by itself.
 * M2 What can never be taken is forgotten as well, and said in the log: it would come for ever.
 * M3 Nothing waits for a message. What the queue loses, the poll finds.
 */
import type { ChannelMessage, ChannelMessages } from "../../ports/channel-messages.ts";
import { type CodedResult, captureOrders } from "../capture/capture-order.ts";
import type { ChannelLane } from "./lane.ts";

export type MessagesRead = {
  /** How many were dealt with. */
  readonly count: number;
  readonly refused: readonly CodedResult[];
};

/**
 * Those that are there, or come within the queue's own time.
 *
 * @throws what the first that could not be committed failed by, once the others are forgotten
 */
export async function readMessages(
  { context, account, adapters }: Pick<ChannelLane, "context" | "account" | "adapters">,
  queue: ChannelMessages,
  signal: AbortSignal,
): Promise<MessagesRead> {
  const { channelId } = account;
  const taken: ChannelMessage[] = [];
  const refused: CodedResult[] = [];
  const broken: unknown[] = [];
  await Promise.all(
    (await queue.receive(signal)).map(async (message) => {
      try {
        const results = await captureOrders(context, {
          channelId,
          topic: null,
          payload: message.payload,
          adapters,
          cause: `channel:${channelId}`,
        });
        refused.push(...results.filter(({ outcome }) => outcome === "refused"));
        taken.push(message);
      } catch (error) {
        broken.push(error);
      }
    }),
  );
  if (taken.length > 0) await queue.forget(taken);
  if (broken.length > 0) throw broken[0];
  return { count: taken.length, refused };
}
