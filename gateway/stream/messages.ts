/** What a client may say, as schemas: one a message type, so that a fault is told of the message that was meant. */
import Type, { type Static } from "typebox";
import { Compile } from "typebox/compile";
import {
  MAX_BODY_BYTES,
  MAX_LANE_NAME,
  MAX_OPEN_POSITIONS,
  MAX_POSITION_SKUS,
  MAX_STOCK_COMMANDS,
  MAX_STOCK_FEED_NAMES,
} from "../../config/limits.ts";
import { Id, Sku } from "../../contract/schemas.ts";
import { MAX_STOCK_CURSOR_LENGTH } from "../../store/stock/stock-feed.ts";
import { ApiError } from "../http/problem.ts";
import { firstFault } from "../http/validation.ts";

const closed = { additionalProperties: false } as const;
const messageId = Type.String({ minLength: 1, maxLength: 64 });

const MESSAGE_SCHEMAS = {
  "order.capture": Type.Object(
    {
      id: messageId,
      type: Type.Literal("order.capture"),
      channel: Id,
      topic: Type.Optional(Type.String({ maxLength: 100 })),
      payload: Type.String({ minLength: 1, maxLength: MAX_BODY_BYTES }),
    },
    closed,
  ),
  "stock.execute": Type.Object(
    {
      id: messageId,
      type: Type.Literal("stock.execute"),
      // Each command is checked by the schema of its own type, see stock-commands.ts.
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
  "lane.apply": Type.Object(
    {
      id: messageId,
      type: Type.Literal("lane.apply"),
      lane: Type.String({ minLength: 1, maxLength: MAX_LANE_NAME, pattern: "^[\\x20-\\x7e]+$" }),
      // Bytes, which no schema describes; see lane-operations.ts.
      operations: Type.Unknown(),
    },
    closed,
  ),
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
  "feed.subscribe": Type.Object(
    {
      id: messageId,
      type: Type.Literal("feed.subscribe"),
      after: Type.Union([Type.String({ maxLength: 64 }), Type.Null()]),
      order: Type.Optional(Id),
    },
    closed,
  ),
  "stock.subscribe": Type.Object(
    {
      id: messageId,
      type: Type.Literal("stock.subscribe"),
      after: Type.Union([Type.String({ maxLength: MAX_STOCK_CURSOR_LENGTH }), Type.Null()]),
      skus: Type.Optional(Type.Array(Sku, { minItems: 1, maxItems: MAX_STOCK_FEED_NAMES })),
      locations: Type.Optional(Type.Array(Id, { minItems: 1, maxItems: MAX_STOCK_FEED_NAMES })),
    },
    closed,
  ),
  "stock.unsubscribe": Type.Object({ id: messageId, type: Type.Literal("stock.unsubscribe") }, closed),
  "feed.unsubscribe": Type.Object({ id: messageId, type: Type.Literal("feed.unsubscribe") }, closed),
  ping: Type.Object({ id: messageId, type: Type.Literal("ping") }, closed),
};

export type ReadMessage = {
  [T in keyof typeof MESSAGE_SCHEMAS]: Static<(typeof MESSAGE_SCHEMAS)[T]>;
}[keyof typeof MESSAGE_SCHEMAS];

const validators = new Map(
  Object.entries(MESSAGE_SCHEMAS).map(([type, schema]) => [type, Compile(schema)] as const),
);

/** The message's id where it has a usable one, so that even a refused message can be answered. */
export function messageIdOf(value: unknown): string | null {
  if (typeof value !== "object" || value === null || !("id" in value)) return null;
  const { id } = value;
  return typeof id === "string" && id.length >= 1 && id.length <= 64 ? id : null;
}

/** @throws ApiError `malformed_message`, `unknown_message_type` */
export function readMessage(value: unknown): ReadMessage {
  if (messageIdOf(value) === null) {
    throw new ApiError("malformed_message", "A message is an object with an id of 1 to 64 characters.");
  }
  const type = (value as { type?: unknown }).type;
  const validator = typeof type === "string" ? validators.get(type) : undefined;
  if (validator === undefined) {
    throw new ApiError("unknown_message_type", `Known types: ${[...validators.keys()].join(", ")}.`);
  }
  if (!validator.Check(value)) {
    throw new ApiError("malformed_message", `${String(type)}${firstFault(validator, value)}`);
  }
  return value as ReadMessage;
}
