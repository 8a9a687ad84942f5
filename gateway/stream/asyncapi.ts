/** AsyncAPI 3 of what is not request and answer: the stream, webhooks out, and what devices say over MQTT. */
import Type, { type TSchema } from "typebox";
import { CLIENT_MESSAGES } from "../../contract/client-messages.ts";
import { WEBHOOK_EVENT_TYPES } from "../../contract/settings/webhook-events.ts";
import type { ServerMessage } from "../../contract/stream.ts";
import { withNames } from "../http/schema-names.ts";
import { CONVEYOR_MESSAGES, type DeviceMessage, READER_MESSAGES, ROBOT_MESSAGES } from "./device-messages.ts";
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

const WEBHOOK_HEADERS = {
  type: "object",
  required: ["webhook-id", "webhook-timestamp", "webhook-signature"],
  properties: {
    "webhook-id": { type: "string", description: "The same for every try" },
    "webhook-timestamp": { type: "string", description: "Seconds since 1970" },
    "webhook-signature": { type: "string", description: "v1,<base64>; two while a secret is exchanged" },
  },
};

const PARAMETERS: Readonly<Record<string, string>> = {
  site: "Where the device stands",
  area: "A part of it",
  device: "Its id",
  manufacturer: "Of the robot, as it names itself",
  serial: "Of the robot; its id where it is not registered otherwise",
  reader: "Its id",
};

/** By the name of their channel. */
function deviceMessages(): readonly (readonly [name: string, message: DeviceMessage])[] {
  return [
    ...Object.entries(CONVEYOR_MESSAGES).map(
      ([levels, { by, schema, example }]) =>
        [
          `conveyor.${levels.replace("/", ".")}`,
          { address: `holdfast/{site}/{area}/{device}/${levels}`, by, schema, examples: [example] },
        ] as const,
    ),
    ...Object.entries(ROBOT_MESSAGES),
    ...Object.entries(READER_MESSAGES),
  ];
}

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
  const webhookMessages = Object.fromEntries(
    WEBHOOK_EVENT_TYPES.map(({ type, version, meaning, data, example }) => [
      type,
      {
        name: type,
        summary: meaning,
        contentType: "application/json",
        headers: WEBHOOK_HEADERS,
        payload: payload(
          Type.Object({
            type: Type.Literal(type),
            version: Type.Literal(version),
            timestamp: Type.String({ format: "date-time" }),
            data,
          }),
        ),
        examples: [
          {
            payload: { type, version, timestamp: "2026-11-30T09:00:00.000Z", data: example },
          },
        ],
      },
    ]),
  );
  operations["webhook"] = {
    action: "send",
    channel: { $ref: "#/channels/webhook" },
    messages: WEBHOOK_EVENT_TYPES.map(({ type }) => message("webhook", type)),
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
      messages: webhookMessages,
    },
  };
  for (const [name, { address, by, schema, examples }] of deviceMessages()) {
    channels[name] = {
      address,
      servers: [{ $ref: "#/servers/broker" }],
      parameters: Object.fromEntries(
        [...address.matchAll(/\{(\w+)\}/g)].map(([, parameter = ""]) => [
          parameter,
          { description: PARAMETERS[parameter] ?? parameter },
        ]),
      ),
      messages: {
        message: {
          name,
          contentType: "application/json",
          payload: payload(schema),
          examples: examples.map((example) => ({ payload: example })),
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
        "The stream, webhooks out, and the topics of conveyors, robots and RFID readers. Requests and answers are in /openapi.json.",
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
