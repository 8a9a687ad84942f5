/**
 * What may be asked over the stream, each with the reply that answers it. The shapes are those of `contract/`.
 */
import type { ClientMessage, ServerMessage } from "../contract/stream.ts";

type WithoutId<M> = M extends { readonly id: string } ? Omit<M, "id"> : never;

/** A message without its id, which the client gives. */
export type StreamRequest = WithoutId<ClientMessage>;

type ReplyTypes = {
  readonly "order.capture": "order.captured";
  readonly "order.change": "order.changed";
  readonly "stock.execute": "stock.executed";
  readonly "stock.positions": "stock.positions";
  readonly "stock.available": "stock.available";
  readonly "positions.open": "positions.opened";
  readonly "lane.apply": "lane.applied";
  readonly "feed.subscribe": "feed.subscribed";
  readonly "feed.unsubscribe": "feed.unsubscribed";
  readonly "stock.subscribe": "stock.subscribed";
  readonly "stock.unsubscribe": "stock.unsubscribed";
  readonly "devices.subscribe": "devices.subscribed";
  readonly "devices.unsubscribe": "devices.unsubscribed";
  readonly "nodes.subscribe": "nodes.subscribed";
  readonly "nodes.unsubscribe": "nodes.unsubscribed";
  readonly ping: "pong";
};

/** Every answer but an error, which is thrown. */
export type Reply = Extract<
  ServerMessage,
  { readonly re: string; readonly type: ReplyTypes[keyof ReplyTypes] }
>;
export type ReplyTo<T extends keyof ReplyTypes> = Extract<Reply, { readonly type: ReplyTypes[T] }>;
export type ReplyOf<M extends StreamRequest> = ReplyTo<M["type"]>;

/**
 * What a caller asks by itself. Feeds and lanes have methods of their own: what they need on a connection has
 * to be asked for again on the next.
 */
export type CallerRequest = Extract<
  StreamRequest,
  {
    readonly type:
      | "order.capture"
      | "order.change"
      | "stock.execute"
      | "stock.positions"
      | "stock.available"
      | "ping";
  }
>;
