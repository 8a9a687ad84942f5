/**
 * `contract/conformance/frames.json`: frames of the stream, byte by byte, for whoever writes a client. It is
 * made and checked here by the gateway's own codec;
 * `npx vitest run --project unit gateway/stream/golden-frames -u` writes it anew.
 */
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { projectRoot } from "../../config/project-root.ts";
import { type ServerMessage, SUBPROTOCOL_JSON, SUBPROTOCOL_MSGPACK } from "../../contract/stream.ts";
import { jsonWithBytes } from "../../test-support/bytes-in-json.ts";
import { ApiError } from "../wire/problem.ts";
import { chooseCodec } from "./codec.ts";
import { messageIdOf, readMessage } from "./messages.ts";

const FILE = join(projectRoot, "contract", "conformance", "frames.json");

// biome-ignore lint/suspicious/noExplicitAny: messages as the file has them, wrong ones among them
type Json = any;
type Case = { readonly name: string; readonly means: string; readonly messages: readonly Json[] };

const codecOf = (subprotocol: string) => {
  const codec = chooseCodec([subprotocol]);
  if (codec === null) throw new Error(subprotocol);
  return codec;
};
const json = codecOf(SUBPROTOCOL_JSON);
const msgpack = codecOf(SUBPROTOCOL_MSGPACK);

const at = "2026-11-30T09:00:00.000Z";
const entry = (key: string, orderId: string, type: string, data: Json) => ({
  key,
  type,
  summary: "Captured and reserved",
  cause: "channel:web",
  data,
  at,
  orderId,
  channelId: "web",
  status: "open",
});
const position = {
  sku: "MUG-1",
  locationId: "east",
  onHand: 100_005,
  reserved: 0,
  allocated: 0,
  picked: 0,
  unavailable: 0,
  safetyStock: 0,
  incoming: 40,
  fenced: 4,
  availableToPromise: -3,
  at,
};
const { sku: _sku, locationId: _locationId, at: _at, ...bucketsOnly } = position;

const FROM_SERVER: readonly Case[] = [
  {
    name: "hello",
    means: "The first message of every connection. `credit` messages of `creditBytes` may be unanswered.",
    messages: [
      {
        type: "hello",
        server: "holdfast",
        protocol: 1,
        credit: 4_096,
        creditBytes: 16_777_216,
        maxFrameBytes: 1_048_576,
      },
    ],
  },
  { name: "a reply", means: "`re` is the id of what it answers.", messages: [{ re: "1", type: "pong" }] },
  {
    name: "replies of one frame",
    means: "A frame is one message or an array of them, in any order.",
    messages: [
      { re: "9", type: "pong" },
      { re: "2", type: "pong" },
    ],
  },
  {
    name: "sixteen replies",
    means: "MessagePack: the head of an array of more than 15 has three bytes.",
    messages: Array.from({ length: 16 }, (_, index) => ({ re: String(index), type: "pong" })),
  },
  {
    name: "an order was captured",
    means: "One result for each order of the payload; text is UTF-8.",
    messages: [
      {
        re: "o-1",
        type: "order.captured",
        results: [
          {
            order: "web-№7",
            channel: "web",
            externalId: "№7",
            outcome: "accepted",
            lines: [{ lineId: "1", sku: "TEE-1", channelSku: "TEE-1", quantity: 2 }],
            promise: { shipBy: "2026-12-01", deliverBy: "2026-12-04" },
          },
        ],
      },
    ],
  },
  {
    name: "a refusal",
    means: "The message changed nothing.",
    messages: [{ re: "7", type: "error", code: "unknown_channel", detail: "There is no channel nowhere." }],
  },
  {
    name: "not now",
    means: "Send the same message again after so many milliseconds.",
    messages: [
      { re: "8", type: "error", code: "engine_overloaded", detail: "Too much at once.", retryAfterMs: 250 },
    ],
  },
  {
    name: "a frame that could not be read",
    means: "`re` is null: no reply comes to what was in the frame.",
    messages: [{ re: null, type: "error", code: "malformed_frame", detail: "It is cut short." }],
  },
  {
    name: "stock commands ran",
    means: "One outcome for each command, in their order. MessagePack: numbers in more bytes than they need.",
    messages: [
      {
        re: "s",
        type: "stock.executed",
        outcomes: [
          { status: "applied", position: bucketsOnly },
          { status: "refused", code: "insufficient_stock", detail: "0 are free." },
        ],
      },
    ],
  },
  {
    name: "numbers",
    means: "Whole numbers of every length, negative ones, null, and what MessagePack has as a float.",
    messages: [
      {
        re: "n",
        type: "stock.available",
        available: [
          0,
          127,
          128,
          255,
          256,
          65_535,
          65_536,
          4_294_967_295,
          4_294_967_296,
          9_007_199_254_740_991,
          null,
        ],
      },
      {
        re: "m",
        type: "stock.available",
        available: [-1, -32, -33, -128, -129, -32_768, -32_769, -2_147_483_648],
      },
    ],
  },
  {
    name: "a feed begins",
    means: "Keep the cursor: the feed is resumed after it.",
    messages: [{ re: "f", type: "feed.subscribed", cursor: "9177.0" }],
  },
  {
    name: "entries of a feed",
    means: "The cursor is the place behind the last entry.",
    messages: [
      {
        type: "feed.events",
        cursor: "9180.41",
        events: [
          entry("captured", "web-1", "order.captured", { lines: 1, gift: false, note: "Ring twice ☎" }),
          entry("held", "web-2", "order.held", { reasons: [] }),
        ],
      },
    ],
  },
  {
    name: "positions with their newest numbers",
    means: "Put them in the place of what is known of the position.",
    messages: [{ type: "stock.changes", cursor: "2.1.0.2", positions: [position] }],
  },
  {
    name: "what a channel may sell",
    means:
      "Beside the positions: of each SKU, and of kits of them, what the channel's pool has available, less its buffer; a SKU without stock anywhere has null.",
    messages: [
      {
        type: "stock.changes",
        cursor: "2.1.0.3",
        positions: [position],
        channel: "shopify",
        sellable: [
          { sku: "MUG-1", available: 12, sellable: 10 },
          { sku: "SET-1", available: null, sellable: 0 },
        ],
      },
    ],
  },
  {
    name: "what happened to devices",
    means: "An event of no device has null in the device's place.",
    messages: [
      {
        type: "devices.events",
        cursor: "9181.1",
        events: [
          {
            id: "41",
            deviceId: null,
            locationId: null,
            kind: "bridge_reconnected",
            detail: "",
            count: 1,
            at,
          },
        ],
      },
    ],
  },
  {
    name: "what happened to processes and shards",
    means: "`detail` of `shard_taken` is the node that had it.",
    messages: [
      {
        type: "nodes.events",
        cursor: "9182.1",
        events: [
          { id: "7", nodeId: "n-2", name: "fc-2", kind: "shard_taken", shard: 3, detail: "n-1", at },
          { id: "8", nodeId: "n-1", name: null, kind: "silent", shard: null, detail: "", at },
        ],
      },
    ],
  },
  {
    name: "long texts",
    means: "MessagePack: texts of 31, 32, 255 and 256 bytes have heads of 1, 2, 2 and 3 bytes.",
    messages: [31, 32, 255, 256].map((length) => ({
      re: String(length),
      type: "error",
      code: "invalid_request",
      detail: "x".repeat(length),
    })),
  },
  {
    name: "handles of positions",
    means: "Null: there is no such position. Valid on this connection.",
    messages: [{ re: "p", type: "positions.opened", handles: [16, null] }],
  },
  {
    name: "lane operations were applied",
    means: "Null: all of them.",
    messages: [{ re: "l", type: "lane.applied", codes: null }],
  },
  {
    name: "lane operations, one refused",
    means: "One byte for each operation; MessagePack only.",
    messages: [{ re: "l", type: "lane.applied", codes: Buffer.of(0, 1, 0) }],
  },
];

const lanes = Buffer.alloc(16);
for (const [index, word] of [812, 16, 1, 600_000].entries()) lanes.writeUInt32LE(word, index * 4);

const FROM_CLIENT: readonly Case[] = [
  { name: "a ping", means: "Asks for a sign of life.", messages: [{ id: "1", type: "ping" }] },
  {
    name: "two messages of one frame",
    means: "Answered one by one, in any order.",
    messages: [
      { id: "1", type: "ping" },
      { id: "2", type: "stock.positions", skus: ["TEE-1", "MUG-1"] },
    ],
  },
  {
    name: "an order",
    means: "The payload is the channel's own text, verbatim: no number in it is touched on the way.",
    messages: [
      {
        id: "o-1",
        type: "order.capture",
        channel: "shopify",
        topic: "orders/create",
        payload: '{"id":820982911946154508,"note":"Zürich\\n☎"}',
      },
    ],
  },
  {
    name: "a change of an order",
    means: "Under a key of the sender's, so that a repeat changes nothing.",
    messages: [
      {
        id: "c",
        type: "order.change",
        order: "web-1",
        key: "edit-1",
        change: { revision: 1, edits: [{ kind: "quantity", lineId: "1", quantity: 2 }] },
      },
    ],
  },
  {
    name: "a stock command",
    means: "`commandId` is its idempotency id. `atMs` does not fit 32 bits: MessagePack has it as a float.",
    messages: [
      {
        id: "s",
        type: "stock.execute",
        commands: [
          {
            type: "receive",
            commandId: "delivery-7",
            atMs: 1_764_493_200_000,
            cause: "delivery",
            sku: "MUG-1",
            locationId: "east",
            quantity: 70_000,
          },
        ],
      },
    ],
  },
  {
    name: "what may be promised",
    means: "Of these SKUs at these places, as a pool sees it.",
    messages: [{ id: "a", type: "stock.available", skus: ["TEE-1"], locations: ["east"], pool: "vip" }],
  },
  {
    name: "a feed from now on",
    means: "`after` is null.",
    messages: [{ id: "f", type: "feed.subscribe", after: null }],
  },
  {
    name: "a feed resumed",
    means: "After the last cursor that came; of one order.",
    messages: [{ id: "f2", type: "feed.subscribe", after: "9180.41", order: "web-1" }],
  },
  {
    name: "positions from the beginning",
    means: 'After "0": every position first, and then what changes.',
    messages: [{ id: "g", type: "stock.subscribe", after: "0", skus: ["MUG-1"] }],
  },
  {
    name: "what a channel may sell, from the beginning",
    means: "Every position first, with what the channel may sell of its SKU.",
    messages: [{ id: "gc", type: "stock.subscribe", after: "0", channel: "shopify" }],
  },
  {
    name: "events of devices",
    means: "Of these kinds at these places.",
    messages: [
      { id: "d", type: "devices.subscribe", after: null, locations: ["fc-reno"], kinds: ["silent", "error"] },
    ],
  },
  {
    name: "events of the system",
    means: "From now on, of these kinds.",
    messages: [{ id: "n", type: "nodes.subscribe", after: null, kinds: ["silent", "shard_taken"] }],
  },
  {
    name: "no more of a feed",
    means: "What comes before the reply is of the subscription that ends.",
    messages: [{ id: "u", type: "feed.unsubscribe" }],
  },
  {
    name: "handles wanted",
    means: "MessagePack only, as all of lanes.",
    messages: [{ id: "p", type: "positions.open", positions: [{ sku: "TEE-1", locationId: "east" }] }],
  },
  {
    name: "a reservation of a lane",
    means: "Number 812, position 16, reserve 1 unit, for ten minutes: four words of 32 bits, little-endian.",
    messages: [{ id: "l", type: "lane.apply", lane: "checkout-7", operations: lanes }],
  },
];

const text = (value: string) => Buffer.from(value).toString("hex");

/** Frames of clients that are refused, with the answer's code and what it answers. */
const REFUSED = [
  ["json", "no JSON", text('{"id":"1",'), "malformed_frame", null],
  ["json", "not UTF-8", "7b2269ff227d", "malformed_frame", null],
  ["json", "an empty array", text("[]"), "malformed_frame", null],
  ["json", "no object", text("7"), "malformed_message", null],
  ["json", "no id", text('{"type":"ping"}'), "malformed_message", null],
  [
    "json",
    "an id that is too long",
    text(`{"id":"${"x".repeat(65)}","type":"ping"}`),
    "malformed_message",
    null,
  ],
  ["json", "a type that there is not", text('{"id":"1","type":"pang"}'), "unknown_message_type", "1"],
  ["json", "a field that there is not", text('{"id":"1","type":"ping","x":1}'), "malformed_message", "1"],
  ["json", "a field that is missing", text('{"id":"1","type":"feed.subscribe"}'), "malformed_message", "1"],
  ["msgpack", "cut short", "82a26964a131a474797065a470696e", "malformed_frame", null],
  ["msgpack", "more than one value", "82a26964a131a474797065a470696e6780", "malformed_frame", null],
  ["msgpack", "a byte that means nothing", "c1", "malformed_frame", null],
  ["msgpack", "an extension type", "82a26964a131a474797065d400ff", "malformed_frame", null],
  ["msgpack", "a key that is no text", "8101c0", "malformed_frame", null],
] as const;

const isBinaryOnly = (messages: readonly Json[]) =>
  messages.some(
    ({ type, codes }) =>
      type === "positions.open" ||
      type === "lane.apply" ||
      type === "positions.opened" ||
      Buffer.isBuffer(codes),
  );

const bytesOf = (frame: string | Buffer | undefined) => Buffer.from(frame ?? "");
const frameOf = (codec: typeof json, messages: readonly Json[]): Buffer => {
  // The codec packs any message; its type says what the server sends.
  const frames = codec.encode(messages as readonly ServerMessage[]);
  expect(frames).toHaveLength(1);
  return bytesOf(frames[0]);
};
const inBoth = ({ name, means, messages }: Case) => ({
  name,
  means,
  messages,
  ...(isBinaryOnly(messages) ? {} : { json: frameOf(json, messages).toString("hex") }),
  msgpack: frameOf(msgpack, messages).toString("hex"),
});

test("the file has each frame as the gateway makes it", async () => {
  const document = {
    about:
      'Frames of /v1/stream as hexadecimal bytes. README.md beside this file says how to use them. Bytes in messages are {"$bytes": hex}.',
    subprotocols: { json: SUBPROTOCOL_JSON, msgpack: SUBPROTOCOL_MSGPACK },
    fromServer: FROM_SERVER.map(inBoth),
    fromClient: FROM_CLIENT.map(inBoth),
    refused: REFUSED.map(([encoding, name, frame, code, re]) => ({ name, encoding, frame, code, re })),
  };
  await expect(jsonWithBytes(document)).toMatchFileSnapshot(FILE);
});

const read = (codec: typeof json, bytes: Buffer): readonly Json[] => {
  const value = codec.decode(bytes);
  return Array.isArray(value) ? value : [value];
};

describe.each(FROM_CLIENT)("of a client: $name", ({ messages }) => {
  test.each([json, msgpack])("the gateway reads it as it was meant ($subprotocol)", (codec) => {
    if (!codec.binary && isBinaryOnly(messages)) return;
    const found = read(codec, frameOf(codec, messages)).map(readMessage);
    expect(jsonWithBytes(found)).toBe(jsonWithBytes(messages));
  });
});

test.each(REFUSED)("%s, %s: %s is refused with %s", (encoding, _name, frame, code, re) => {
  const codec = encoding === "json" ? json : msgpack;
  let value: unknown = null;
  const reading = () => {
    const messages = read(codec, Buffer.from(frame, "hex"));
    if (messages.length === 0) throw new ApiError("malformed_frame", "The frame holds no message.");
    [value] = messages;
    readMessage(value);
  };
  expect(reading).toThrow(expect.objectContaining({ code }));
  expect(messageIdOf(value)).toBe(re);
});

test("messages are packed into as few frames as the limits allow", () => {
  const pongs = Array.from({ length: 2_500 }, (_, index) => ({ re: String(index), type: "pong" as const }));
  for (const codec of [json, msgpack]) {
    const frames = codec.encode(pongs).map((frame) => read(codec, bytesOf(frame)));
    expect(frames.map((frame) => frame.length)).toEqual([1_000, 1_000, 500]);
    expect(frames.flat()).toEqual(pongs);
  }
});
