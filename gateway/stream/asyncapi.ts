/**
 * AsyncAPI 3 of what is not request and answer: the stream, webhooks out, and the bus of conveyors. Robots and
 * readers speak their own standards there, which have documents of their own.
 */
import Type, { type TSchema } from "typebox";
import { CLIENT_MESSAGES } from "../../contract/client-messages.ts";
import type { ServerMessage } from "../../contract/stream.ts";
import { withNames } from "../http/schema-names.ts";
import { SERVER_MESSAGES } from "./server-schemas.ts";

type Json = Readonly<Record<string, unknown>>;

/** What a message of a client is answered with, beside `error`. */
const REPLIES: { readonly [T in keyof typeof CLIENT_MESSAGES]: ServerMessage["type"] } = {
  "order.capture": "order.captured",
  "order.change": "order.changed",
  "stock.execute": "stock.executed",
  "stock.positions": "stock.positions",
  "stock.available": "stock.available",
  "positions.open": "positions.opened",
  "lane.apply": "lane.applied",
  "feed.subscribe": "feed.subscribed",
  "feed.unsubscribe": "feed.unsubscribed",
  "stock.subscribe": "stock.subscribed",
  "stock.unsubscribe": "stock.unsubscribed",
  "devices.subscribe": "devices.subscribed",
  "devices.unsubscribe": "devices.unsubscribed",
  "nodes.subscribe": "nodes.subscribed",
  "nodes.unsubscribe": "nodes.unsubscribed",
  ping: "pong",
};

const TOLD: readonly ServerMessage["type"][] = [
  "hello",
  "feed.events",
  "stock.changes",
  "devices.events",
  "nodes.events",
];

const text = Type.String();
const head = {
  bootId: Type.String({ maxLength: 64, description: "New with each start of the device" }),
  seq: Type.Integer({ minimum: 0, description: "Goes up by one" }),
  from: Type.Optional(
    Type.Integer({ minimum: 0, description: "The lowest seq still in the device's outbox" }),
  ),
  ts: Type.String({ format: "date-time" }),
};

/** By the last levels of `holdfast/{site}/{area}/{device}/…`. `devices/conveyor/` reads and writes them. */
export const CONVEYOR_MESSAGES: Readonly<
  Record<string, { readonly by: "device" | "holdfast"; readonly schema: TSchema; readonly example: unknown }>
> = {
  "evt/scan": {
    by: "device",
    schema: Type.Object({ ...head, scanPointId: text, barcodes: Type.Array(text, { maxItems: 256 }) }),
    example: {
      bootId: "b1",
      seq: 7,
      ts: "2026-11-30T09:00:00.000Z",
      scanPointId: "s1",
      barcodes: ["TOTE-000123"],
    },
  },
  "evt/divert": {
    by: "device",
    schema: Type.Object({
      ...head,
      cmdId: text,
      lpn: text,
      lane: Type.String({ description: "The exit" }),
      result: Type.Enum([
        "DIVERTED",
        "MISSED",
        "LANE_FULL",
        "NO_READ",
        "MULTI_READ",
        "NO_DATA",
        "JAM",
        "RECIRC",
      ]),
    }),
    example: {
      bootId: "b1",
      seq: 8,
      from: 8,
      ts: "2026-11-30T09:00:01.000Z",
      cmdId: "c1",
      lpn: "TOTE-000123",
      lane: "pack-1",
      result: "DIVERTED",
    },
  },
  "evt/recirculation": {
    by: "device",
    schema: Type.Object({ ...head, cmdId: text, lpn: text, result: Type.Enum(["ACCEPTED", "UNKNOWN_LPN"]) }),
    example: {
      bootId: "b1",
      seq: 9,
      ts: "2026-11-30T09:00:02.000Z",
      cmdId: "c2",
      lpn: "TOTE-000123",
      result: "ACCEPTED",
    },
  },
  "evt/status": {
    by: "device",
    schema: Type.Object({ bootId: text, connection: Type.Enum(["ONLINE", "OFFLINE", "BROKEN"]) }),
    example: { bootId: "b1", connection: "ONLINE" },
  },
  "cmd/divert": {
    by: "holdfast",
    schema: Type.Object({ cmdId: text, lpn: text, lane: text, deadlineMs: Type.Integer() }),
    example: { cmdId: "c1", lpn: "TOTE-000123", lane: "pack-1", deadlineMs: 1_796_083_200_000 },
  },
  "cmd/recirculate": {
    by: "holdfast",
    schema: Type.Object({ cmdId: text, lpn: text }),
    example: { cmdId: "c2", lpn: "TOTE-000123" },
  },
  ack: {
    by: "holdfast",
    schema: Type.Object({
      bootId: text,
      seq: Type.Integer(),
      refused: Type.Optional(Type.Object({ code: text, detail: text })),
    }),
    example: { bootId: "b1", seq: 7 },
  },
};

export const WEBHOOK_MESSAGE = Type.Object({
  type: Type.String({ description: "Of a timeline's entry: shipment.delivered" }),
  timestamp: Type.String({ format: "date-time" }),
  data: Type.Object({
    orderId: text,
    channelId: text,
    status: text,
    key: text,
    summary: text,
    cause: text,
    details: Type.Record(text, Type.Unknown()),
  }),
});

export function asyncApiDocument({ publicUrl }: { readonly publicUrl: string }): string {
  const schemas = new Map<string, Json>();
  const { host, protocol } = new URL(publicUrl);
  const payload = (schema: TSchema) => withNames(schema, schemas);
  const streamMessages: Record<string, Json> = {};
  for (const [type, schema] of [...Object.entries(CLIENT_MESSAGES), ...Object.entries(SERVER_MESSAGES)]) {
    // Some words are said by both sides.
    const name = streamMessages[type] === undefined ? type : `${type}.reply`;
    streamMessages[name] = { name: type, payload: payload(schema) };
  }
  const nameOfReply = (type: string) => (type in CLIENT_MESSAGES ? `${type}.reply` : type);
  const message = (channel: string, name: string) => ({ $ref: `#/channels/${channel}/messages/${name}` });
  const operations: Record<string, Json> = {};
  for (const [type, answer] of Object.entries(REPLIES)) {
    operations[`stream.${type}`] = {
      action: "receive",
      channel: { $ref: "#/channels/stream" },
      messages: [message("stream", type)],
      reply: {
        channel: { $ref: "#/channels/stream" },
        messages: [message("stream", nameOfReply(answer)), message("stream", "error")],
      },
    };
  }
  for (const type of TOLD) {
    operations[`stream.${type}`] = {
      action: "send",
      channel: { $ref: "#/channels/stream" },
      messages: [message("stream", type)],
    };
  }
  operations["webhook.orderEvent"] = {
    action: "send",
    channel: { $ref: "#/channels/webhook" },
    messages: [message("webhook", "orderEvent")],
  };
  const channels: Record<string, Json> = {
    stream: {
      address: "/v1/stream",
      title: "The stream",
      description:
        "Messages of the subprotocols holdfast.v1.json and holdfast.v1.msgpack; a frame is one or an array of up to 1,000.",
      servers: [{ $ref: "#/servers/api" }],
      messages: streamMessages,
      bindings: { ws: { method: "GET" } },
    },
    webhook: {
      address: null,
      title: "Webhooks out",
      description: "POST to the address of a subscription, by Standard Webhooks 1.0.",
      messages: {
        orderEvent: {
          name: "orderEvent",
          contentType: "application/json",
          headers: {
            type: "object",
            required: ["webhook-id", "webhook-timestamp", "webhook-signature"],
            properties: {
              "webhook-id": { type: "string", description: "The same for every attempt" },
              "webhook-timestamp": { type: "string", description: "Seconds since 1970" },
              "webhook-signature": {
                type: "string",
                description: "v1,<base64>; two while a secret is exchanged",
              },
            },
          },
          payload: payload(WEBHOOK_MESSAGE),
        },
      },
    },
  };
  for (const [levels, { by, schema, example }] of Object.entries(CONVEYOR_MESSAGES)) {
    const name = `conveyor.${levels.replace("/", ".")}`;
    channels[name] = {
      address: `holdfast/{site}/{area}/{device}/${levels}`,
      servers: [{ $ref: "#/servers/broker" }],
      parameters: {
        site: { description: "Where the device stands" },
        area: { description: "A part of it" },
        device: { description: "Its id" },
      },
      messages: {
        message: {
          name,
          contentType: "application/json",
          payload: payload(schema),
          examples: [{ payload: example }],
        },
      },
    };
    operations[name] = {
      action: by === "device" ? "receive" : "send",
      channel: { $ref: `#/channels/${name}` },
      messages: [message(name, "message")],
    };
  }
  return JSON.stringify({
    asyncapi: "3.0.0",
    info: {
      title: "Holdfast",
      version: "1",
      description:
        "The stream, webhooks out, and the conveyors' topics. Requests and answers are in /openapi.json.",
      license: { name: "Apache-2.0", url: "https://www.apache.org/licenses/LICENSE-2.0" },
    },
    defaultContentType: "application/json",
    servers: {
      api: {
        host,
        protocol: protocol === "https:" ? "wss" : "ws",
        security: [{ $ref: "#/components/securitySchemes/apiKey" }],
      },
      broker: {
        host: "broker.invalid:1883",
        protocol: "mqtt",
        description: "The broker of the system's settings",
      },
    },
    channels,
    operations,
    components: {
      securitySchemes: { apiKey: { type: "http", scheme: "bearer", description: "hf_<id>_<secret>" } },
      schemas: Object.fromEntries(schemas),
    },
  });
}
