/**
 * The streaming protocol of `/v1/stream`.
 *
 * Subprotocols `holdfast.v1.json` (text frames) and `holdfast.v1.msgpack` (binary frames); both carry the same messages.
 * A client that offers no subprotocol gets JSON. A frame, of either side, is one message or an array of up to 1,000.
 * A credential that is missing or malformed is refused by HTTP; one that is wrong gets an `error` `unauthenticated` in
 * place of `hello`, and close code 1008. Every client message has an `id` (string of 1..64 characters) that its reply
 * repeats in `re`. The server grants credit: a client may have at most `credit` messages unanswered; each reply gives one
 * back. Going beyond it is refused with `credit_exceeded`. Authentication is by `Authorization: Bearer` or by
 * `?key=`; a browser's session cookie serves read-only subscriptions.
 */

import type { PositionAddress, StockBuckets, StockCommand, StockOutcome } from "../actors/commands.ts";
import type { CaptureResult } from "../orders/capture-result.ts";
import type { TimelineEntry } from "./api.ts";

export const SUBPROTOCOL_JSON = "holdfast.v1.json";
export const SUBPROTOCOL_MSGPACK = "holdfast.v1.msgpack";

export type ClientMessage =
  /** A channel's own payload, verbatim as text so that no number is damaged on the way. */
  | {
      readonly id: string;
      readonly type: "order.capture";
      readonly channel: string;
      readonly topic?: string;
      readonly payload: string;
    }
  | {
      readonly id: string;
      readonly type: "stock.execute";
      readonly commands: readonly StockCommand[];
    }
  | { readonly id: string; readonly type: "stock.positions"; readonly skus: readonly string[] }
  /** Units that may be promised: of each SKU, at these locations (left out: all), as a channel pool sees them. */
  | {
      readonly id: string;
      readonly type: "stock.available";
      readonly skus: readonly string[];
      readonly locations?: readonly string[];
      readonly pool?: string;
    }
  /** Asks for the handles by which `lane.apply` names positions; MessagePack only. */
  | { readonly id: string; readonly type: "positions.open"; readonly positions: readonly PositionAddress[] }
  /** Operations of a reservation lane, 16 bytes each (`actors/lanes/lane-operations.ts`); MessagePack only. */
  | {
      readonly id: string;
      readonly type: "lane.apply";
      readonly lane: string;
      readonly operations: Uint8Array;
    }
  /** Orders' timelines from a cursor on (`null`: from now on); `order` narrows it to one order. */
  | {
      readonly id: string;
      readonly type: "feed.subscribe";
      readonly after: string | null;
      readonly order?: string;
    }
  | { readonly id: string; readonly type: "feed.unsubscribe" }
  /**
   * Positions as they change, from a cursor on (`null`: from now on; "0": from the beginning, which is every position);
   * `skus` and `locations` narrow it.
   */
  | {
      readonly id: string;
      readonly type: "stock.subscribe";
      readonly after: string | null;
      readonly skus?: readonly string[];
      readonly locations?: readonly string[];
    }
  | { readonly id: string; readonly type: "stock.unsubscribe" }
  | { readonly id: string; readonly type: "ping" };

export type ServerMessage =
  | {
      readonly type: "hello";
      readonly server: string;
      readonly protocol: 1;
      readonly credit: number;
      readonly maxFrameBytes: number;
    }
  | {
      readonly re: string;
      readonly type: "order.captured";
      readonly results: readonly CaptureResult[];
    }
  | {
      readonly re: string;
      readonly type: "stock.executed";
      readonly outcomes: readonly StockOutcome[];
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
  /** One code of `LANE_CODES` an operation; `null`: all were applied. */
  | { readonly re: string; readonly type: "lane.applied"; readonly codes: Uint8Array | null }
  | { readonly re: string; readonly type: "feed.subscribed"; readonly cursor: string }
  | { readonly re: string; readonly type: "feed.unsubscribed" }
  | { readonly re: string; readonly type: "stock.subscribed"; readonly cursor: string }
  | { readonly re: string; readonly type: "stock.unsubscribed" }
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
   * Positions with their newest numbers; one that changed often meanwhile comes once. Resume after a reconnect with the
   * last `cursor`; what comes again then is as true as it was.
   */
  | {
      readonly type: "stock.changes";
      readonly cursor: string;
      readonly positions: readonly StockChange[];
    };

export type StockChange = PositionAddress & StockBuckets & { readonly at: string };

export type FeedEvent = TimelineEntry & {
  readonly orderId: string;
  readonly channelId: string;
  readonly status: string;
};
