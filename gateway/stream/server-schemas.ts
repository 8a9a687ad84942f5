/**
 * What the server says over the stream, as schemas: for the document of the API only, since nobody checks what
 * we say ourselves. The compiler sees that none is missing, and a test holds them against the frames of
 * `contract/conformance`.
 */
import Type, { type TSchema } from "typebox";
import { DeviceEvent } from "../../contract/devices.ts";
import { ChangeAnswer } from "../../contract/order-changes.ts";
import { CaptureResult, OrderEvent } from "../../contract/orders.ts";
import { Count, Nullable, Text, Time } from "../../contract/shapes.ts";
import { StockOutcomes } from "../../contract/stock-commands.ts";
import type { ServerMessage } from "../../contract/stream.ts";
import { NodeEvent } from "../../contract/system.ts";

const reply = <T extends ServerMessage["type"]>(type: T, fields: Record<string, TSchema>) =>
  Type.Object({
    re: Type.String({ description: "The id of the message" }),
    type: Type.Literal(type),
    ...fields,
  });

const cursor = Type.String({ description: "Opaque; a feed is resumed after it" });
const began = { cursor };

const StockChange = Type.Object({
  sku: Text,
  locationId: Text,
  onHand: Count,
  reserved: Count,
  allocated: Count,
  picked: Count,
  unavailable: Count,
  safetyStock: Count,
  incoming: Count,
  fenced: Count,
  availableToPromise: Count,
  at: Time,
});

export const SERVER_MESSAGES: { readonly [T in ServerMessage["type"]]: TSchema } = {
  hello: Type.Object({
    type: Type.Literal("hello"),
    server: Text,
    protocol: Type.Literal(1),
    credit: Type.Integer({ description: "Messages that may be unanswered" }),
    creditBytes: Type.Integer({ description: "And bytes of them" }),
    maxFrameBytes: Count,
  }),
  "order.captured": reply("order.captured", { results: Type.Array(CaptureResult) }),
  "order.changed": reply("order.changed", ChangeAnswer.properties),
  "stock.executed": reply("stock.executed", StockOutcomes.properties),
  "stock.positions": reply("stock.positions", { positions: Type.Array(Type.Unknown()) }),
  "stock.available": reply("stock.available", { available: Type.Array(Nullable(Count)) }),
  "positions.opened": reply("positions.opened", { handles: Type.Array(Nullable(Count)) }),
  "lane.applied": reply("lane.applied", {
    codes: Type.Unknown({
      description: "Bytes, one for each operation; null: all were applied. MessagePack only",
    }),
  }),
  "feed.subscribed": reply("feed.subscribed", began),
  "feed.unsubscribed": reply("feed.unsubscribed", {}),
  "stock.subscribed": reply("stock.subscribed", began),
  "stock.unsubscribed": reply("stock.unsubscribed", {}),
  "devices.subscribed": reply("devices.subscribed", began),
  "devices.unsubscribed": reply("devices.unsubscribed", {}),
  "nodes.subscribed": reply("nodes.subscribed", began),
  "nodes.unsubscribed": reply("nodes.unsubscribed", {}),
  pong: reply("pong", {}),
  error: Type.Object({
    re: Nullable(Text),
    type: Type.Literal("error"),
    code: Type.String({ description: "See docs/errors.md" }),
    detail: Text,
    retryAfterMs: Type.Optional(Count),
  }),
  "feed.events": Type.Object({ type: Type.Literal("feed.events"), cursor, events: Type.Array(OrderEvent) }),
  "stock.changes": Type.Object({
    type: Type.Literal("stock.changes"),
    cursor,
    positions: Type.Array(StockChange),
    channel: Type.Optional(Text),
    sellable: Type.Optional(
      Type.Array(Type.Object({ sku: Text, available: Nullable(Count), sellable: Count })),
    ),
  }),
  "devices.events": Type.Object({
    type: Type.Literal("devices.events"),
    cursor,
    events: Type.Array(DeviceEvent),
  }),
  "nodes.events": Type.Object({ type: Type.Literal("nodes.events"), cursor, events: Type.Array(NodeEvent) }),
};
