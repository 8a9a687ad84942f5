/**
 * A channel's webhook whose signature was right. What has had its effect is remembered by what the signature
 * covers; the same bytes, whoever sends them and under whatever unsigned headers, are answered with what is
 * known of their orders by now and change nothing.
 *
 * It is remembered after its effects are committed: where the process dies in between, the channel's next try
 * finds the effects there, as any repeat of an order does. What was refused or ignored is not remembered:
 * sent again, it may find what it lacked, and nobody can spoil a document by sending it under a wrong topic.
 */
import { createHash } from "node:crypto";
import type { ChannelAdapter, ChannelWebhook } from "../../ports/channels.ts";
import { addChannelWebhook, readChannelWebhook } from "../../store/orders/channel-webhooks.ts";
import { findKnownOrder } from "../../store/orders/orders.ts";
import type { OperationContext } from "../context.ts";
import { type CodedResult, captureOrders, duplicateOf } from "./capture-order.ts";
import { inChannelTurn } from "./channel-turns.ts";

export type WebhookTaken = {
  readonly results: readonly CodedResult[];
  /** It had its effect before. */
  readonly repeated: boolean;
};

type GivenWebhook = {
  readonly channelId: string;
  readonly webhook: ChannelWebhook;
  readonly body: Buffer;
  readonly payload: string;
  readonly adapters: ReadonlyMap<string, ChannelAdapter>;
  /** Aborted when nobody waits for the answer any more. */
  readonly gone?: AbortSignal;
};

/**
 * @param given.body the bytes that were signed, `payload` the text that they are
 * @throws EngineError where the outcome could not be committed: the channel then sends again
 */
export function takeChannelWebhook(context: OperationContext, given: GivenWebhook): Promise<WebhookTaken> {
  const { gone } = given;
  return inChannelTurn(context.database, given.channelId, () => take(context, given), {
    ...(gone === undefined ? {} : { gone }),
  });
}

async function take(context: OperationContext, given: GivenWebhook): Promise<WebhookTaken> {
  const { channelId, webhook, body, payload, adapters } = given;
  const { database } = context;
  const digest = digestOf(webhook, body);
  const before = await readChannelWebhook(database, channelId, digest);
  if (before !== undefined) {
    const results = await Promise.all(
      before.map(async ({ order, externalId }) => {
        const known = await findKnownOrder(database, order);
        return known === undefined ? [] : [duplicateOf(known, channelId, externalId)];
      }),
    );
    return { results: results.flat(), repeated: true };
  }
  const results = await captureOrders(context, {
    channelId,
    topic: webhook.topic,
    payload,
    adapters,
    cause: `channel:${channelId}`,
    isSigned: true,
    ...(given.gone === undefined ? {} : { gone: given.gone }),
  });
  if (results.length > 0 && results.every(({ outcome }) => outcome !== "refused" && outcome !== "ignored")) {
    const orders = results.flatMap(({ order, externalId }) =>
      order === null ? [] : [{ order, externalId }],
    );
    await addChannelWebhook(database, channelId, digest, orders);
  }
  return { results, repeated: false };
}

function digestOf({ signedId }: ChannelWebhook, body: Buffer): Buffer {
  return createHash("sha256")
    .update(`${JSON.stringify(signedId)}\n`)
    .update(body)
    .digest();
}
