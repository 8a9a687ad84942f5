/**
 * The streaming protocol of `/v1/stream`: what the server
 * says. `contract/client-messages.ts` has what clients say.
 *
 * Subprotocols `holdfast.v1.json` (text frames) and `holdfast.v1.msgpack`
 * (binary frames) carry the same messages; a client that offers none gets
 * JSON. A frame, of either side, is one message or an array of up to 1,000.
 *
 * Authentication is by `Authorization: Bearer` or by the subprotocol `holdfast.key.<key>`, never by the
 * address; a browser's session cookie serves read-only subscriptions. A credential that is missing or
 * malformed is refused by HTTP. One that is wrong gets an `error` `unauthenticated` in place of `hello`, and
 * close code 1008.
 *
 * S1 Every client message has an `id` of 1 to 64 characters, which its reply repeats in `re`.
 * S2 A client has at most `credit` messages unanswered; each reply gives
 *    one back. One message more is refused with `credit_exceeded`.
 */

import type { PositionAddress, StockBuckets } from "../actors/commands.ts";
import type { DeviceEvent } from "./devices.ts";
import type { ChangeAnswer } from "./order-changes.ts";
import type { CaptureResult, TimelineEntry } from "./orders.ts";
import type { StockAnswer } from "./stock-commands.ts";
import type { NodeEvent } from "./system.ts";

export type { ClientMessage } from "./client-messages.ts";

export const SUBPROTOCOL_JSON = "holdfast.v1.json";
export const SUBPROTOCOL_MSGPACK = "holdfast.v1.msgpack";

export type ServerMessage =
  | {
      readonly type: "hello";
      readonly server: string;
      readonly protocol: 1;
      /** Messages that may be unanswered at a time. */
      readonly credit: number;
      /** And bytes of them; one larger message alone is taken, too. */
      readonly creditBytes: number;
      readonly maxFrameBytes: number;
    }
  | {
      readonly re: string;
      readonly type: "order.captured";
      readonly results: readonly CaptureResult[];
    }
  | ({ readonly re: string; readonly type: "order.changed" } & ChangeAnswer)
  | {
      readonly re: string;
      readonly type: "stock.executed";
      readonly outcomes: readonly StockAnswer[];
    }
  | {
      readonly re: string;
      readonly type: "stock.positions";
      readonly positions: readonly unknown[];
    }
  /** `null`: the SKU has no position. */
  | {
      readonly re: string;
      readonly type: "stock.available";
      readonly available: readonly (number | null)[];
    }
  /** `null`: there is no such position. */
  | {
      readonly re: string;
      readonly type: "positions.opened";
      readonly handles: readonly (number | null)[];
    }
  /** One code of `LANE_CODES` for each lane operation; `null`: all were applied. */
  | { readonly re: string; readonly type: "lane.applied"; readonly codes: Uint8Array | null }
  | { readonly re: string; readonly type: "feed.subscribed"; readonly cursor: string }
  | { readonly re: string; readonly type: "feed.unsubscribed" }
  | { readonly re: string; readonly type: "stock.subscribed"; readonly cursor: string }
  | { readonly re: string; readonly type: "stock.unsubscribed" }
  | { readonly re: string; readonly type: "devices.subscribed"; readonly cursor: string }
  | { readonly re: string; readonly type: "devices.unsubscribed" }
  | { readonly re: string; readonly type: "nodes.subscribed"; readonly cursor: string }
  | { readonly re: string; readonly type: "nodes.unsubscribed" }
  | { readonly re: string; readonly type: "pong" }
  /** `re` is null where the frame could not be read far enough to know the message. */
  | {
      readonly re: string | null;
      readonly type: "error";
      readonly code: string;
      readonly detail: string;
      readonly retryAfterMs?: number;
    }
  /** Feed entries in order; resume after a reconnect with the last `cursor`. */
  | {
      readonly type: "feed.events";
      readonly cursor: string;
      readonly events: readonly FeedEvent[];
    }
  /**
   * Positions with their newest numbers; one that changed often meanwhile comes once. Resume after a
   * reconnect with the last `cursor`; a position may then come again, with numbers as true as before.
   */
  | {
      readonly type: "stock.changes";
      readonly cursor: string;
      readonly positions: readonly StockChange[];
      /** Where a channel was named: what it may sell of these SKUs, and of kits of them. */
      readonly channel?: string;
      readonly sellable?: readonly SellableStock[];
    }
  /** What happened to devices, in order; resume after a reconnect with the last `cursor`. */
  | {
      readonly type: "devices.events";
      readonly cursor: string;
      readonly events: readonly DeviceEvent[];
    }
  /** What happened to the system's processes and shards, in order. */
  | {
      readonly type: "nodes.events";
      readonly cursor: string;
      readonly events: readonly NodeEvent[];
    };

export type StockChange = PositionAddress & StockBuckets & { readonly at: string };

/**
 * `available`: as the channel's stock pool sees it; null: there is none anywhere. `sellable`: less its
 * buffer.
 */
export type SellableStock = {
  readonly sku: string;
  readonly available: number | null;
  readonly sellable: number;
};

export type FeedEvent = TimelineEntry & {
  readonly orderId: string;
  readonly channelId: string;
  readonly status: string;
};
