/**
 * What a client may say over `/v1/stream`, one schema a message type. `contract/stream.ts` has the protocol
 * and what the server says; it stands apart so that clients, which check nothing, load no schemas.
 */
import Type, { type Static } from "typebox";
import type { StockCommand } from "../actors/commands.ts";
import {
  MAX_BODY_BYTES,
  MAX_LANE_NAME,
  MAX_OPEN_POSITIONS,
  MAX_POSITION_SKUS,
  MAX_STOCK_COMMANDS,
  MAX_STOCK_CURSOR_LENGTH,
  MAX_STOCK_FEED_NAMES,
} from "../config/limits.ts";
import { DEVICE_EVENT_KINDS } from "./devices.ts";
import { OrderChangeBody } from "./order-changes.ts";
import { closed, Id, oneOf, type Shape, Sku, text } from "./shapes.ts";
import { NODE_EVENT_KINDS } from "./system.ts";

/** Of the W3C: the trace of the sender that this message is a part of. */
const Traceparent = Type.String({ maxLength: 100 });
const messageId = Type.String({ minLength: 1, maxLength: 64 });

export const CLIENT_MESSAGES = {
  /** A channel's own payload, verbatim as text so that no number is damaged on the way. */
  "order.capture": Type.Object(
    {
      id: messageId,
      type: Type.Literal("order.capture"),
      channel: Id,
      topic: Type.Optional(Type.String({ maxLength: 100 })),
      payload: Type.String({ minLength: 1, maxLength: MAX_BODY_BYTES }),
      traceparent: Type.Optional(Traceparent),
    },
    closed,
  ),
  /** The body of `POST /v1/orders/{id}/changes`; repeating it under its key changes nothing. */
  "order.change": Type.Object(
    {
      id: messageId,
      type: Type.Literal("order.change"),
      order: Id,
      key: text(200),
      change: OrderChangeBody,
      traceparent: Type.Optional(Traceparent),
    },
    closed,
  ),
  "stock.execute": Type.Object(
    {
      id: messageId,
      type: Type.Literal("stock.execute"),
      // Each command is checked by the schema of its own type, see gateway/wire/stock-commands.ts.
      commands: Type.Array(Type.Unknown(), { minItems: 1, maxItems: MAX_STOCK_COMMANDS }),
    },
    closed,
  ),
  "stock.positions": Type.Object(
    {
      id: messageId,
      type: Type.Literal("stock.positions"),
      skus: Type.Array(Sku, { minItems: 1, maxItems: MAX_POSITION_SKUS }),
    },
    closed,
  ),
  /** Asks for the handles by which `lane.apply` names positions; MessagePack only. */
  "positions.open": Type.Object(
    {
      id: messageId,
      type: Type.Literal("positions.open"),
      positions: Type.Array(Type.Object({ sku: Sku, locationId: Id }, closed), {
        minItems: 1,
        maxItems: MAX_OPEN_POSITIONS,
      }),
    },
    closed,
  ),
  /** Lane operations of a reservation lane, 16 bytes each; MessagePack only. */
  "lane.apply": Type.Object(
    {
      id: messageId,
      type: Type.Literal("lane.apply"),
      lane: Type.String({ minLength: 1, maxLength: MAX_LANE_NAME, pattern: "^[\\x20-\\x7e]+$" }),
      // Bytes, which no schema describes; see actors/lanes/lane-operations.ts.
      operations: Type.Unknown(),
    },
    closed,
  ),
  /**
   * Units that may be promised: of each SKU, at these locations (left out: all), as a channel pool sees them.
   */
  "stock.available": Type.Object(
    {
      id: messageId,
      type: Type.Literal("stock.available"),
      skus: Type.Array(Sku, { minItems: 1, maxItems: MAX_POSITION_SKUS }),
      locations: Type.Optional(Type.Array(Id, { minItems: 1, maxItems: MAX_STOCK_FEED_NAMES })),
      pool: Type.Optional(Id),
    },
    closed,
  ),
  /** Orders' timelines from a cursor on (`null`: from now on); `order` narrows it to one order. */
  "feed.subscribe": Type.Object(
    {
      id: messageId,
      type: Type.Literal("feed.subscribe"),
      after: Type.Union([Type.String({ maxLength: 64 }), Type.Null()]),
      order: Type.Optional(Id),
    },
    closed,
  ),
  /**
   * Positions as they change, from a cursor on (`null`: from now on; "0": from the beginning, which is every
   * position); `skus` and `locations` narrow it. With a `channel`, what it may sell of their SKUs comes with
   * them.
   */
  "stock.subscribe": Type.Object(
    {
      id: messageId,
      type: Type.Literal("stock.subscribe"),
      after: Type.Union([Type.String({ maxLength: MAX_STOCK_CURSOR_LENGTH }), Type.Null()]),
      channel: Type.Optional(Id),
      skus: Type.Optional(Type.Array(Sku, { minItems: 1, maxItems: MAX_STOCK_FEED_NAMES })),
      locations: Type.Optional(Type.Array(Id, { minItems: 1, maxItems: MAX_STOCK_FEED_NAMES })),
    },
    closed,
  ),
  /**
   * What happens to devices, from a cursor on (`null`: from now on); devices, the locations where they stand
   * and kinds of events narrow it.
   */
  "devices.subscribe": Type.Object(
    {
      id: messageId,
      type: Type.Literal("devices.subscribe"),
      after: Type.Union([Type.String({ maxLength: 64 }), Type.Null()]),
      devices: Type.Optional(Type.Array(Id, { minItems: 1, maxItems: MAX_STOCK_FEED_NAMES })),
      locations: Type.Optional(Type.Array(Id, { minItems: 1, maxItems: MAX_STOCK_FEED_NAMES })),
      kinds: Type.Optional(
        Type.Array(oneOf(DEVICE_EVENT_KINDS), { minItems: 1, maxItems: DEVICE_EVENT_KINDS.length }),
      ),
    },
    closed,
  ),
  /** What happens to the system's processes and shards, from a cursor on (`null`: from now on). */
  "nodes.subscribe": Type.Object(
    {
      id: messageId,
      type: Type.Literal("nodes.subscribe"),
      after: Type.Union([Type.String({ maxLength: 64 }), Type.Null()]),
      kinds: Type.Optional(
        Type.Array(oneOf(NODE_EVENT_KINDS), { minItems: 1, maxItems: NODE_EVENT_KINDS.length }),
      ),
    },
    closed,
  ),
  "nodes.unsubscribe": Type.Object({ id: messageId, type: Type.Literal("nodes.unsubscribe") }, closed),
  "devices.unsubscribe": Type.Object({ id: messageId, type: Type.Literal("devices.unsubscribe") }, closed),
  "stock.unsubscribe": Type.Object({ id: messageId, type: Type.Literal("stock.unsubscribe") }, closed),
  "feed.unsubscribe": Type.Object({ id: messageId, type: Type.Literal("feed.unsubscribe") }, closed),
  ping: Type.Object({ id: messageId, type: Type.Literal("ping") }, closed),
};

type Checked = typeof CLIENT_MESSAGES;

/** A message that its schema has let pass. Stock commands and lane operations are still to be checked. */
export type ReadMessage = { [T in keyof Checked]: Static<Checked[T]> }[keyof Checked];

/** A message as a client makes it. */
export type ClientMessage =
  | Shape<Checked[Exclude<keyof Checked, "stock.execute" | "lane.apply">]>
  | (Omit<Shape<Checked["stock.execute"]>, "commands"> & { readonly commands: readonly StockCommand[] })
  | (Omit<Shape<Checked["lane.apply"]>, "operations"> & { readonly operations: Uint8Array });
