/** Messages as bytes and back, in both subprotocols. A frame is one message or an array of them. */
import { Packr } from "msgpackr";
import { type ServerMessage, SUBPROTOCOL_JSON, SUBPROTOCOL_MSGPACK } from "../contract/stream.ts";

export type Encoding = "json" | "msgpack";
export type Encoded = string | Uint8Array;

export type Codec = {
  readonly subprotocol: string;
  encode(message: object): Encoded;
  /** One frame of several messages. */
  join(messages: readonly Encoded[]): Encoded;
  bytesOf(message: Encoded): number;
  /** @throws where the frame is none of this subprotocol */
  decode(frame: Encoded): readonly ServerMessage[];
};

const packr = new Packr({ useRecords: false, variableMapSize: true });
const utf8 = new TextEncoder();

const json: Codec = {
  subprotocol: SUBPROTOCOL_JSON,
  encode: (message) => JSON.stringify(message),
  join: (messages) => (messages.length === 1 ? (messages[0] ?? "") : `[${messages.join(",")}]`),
  bytesOf: (message) => (typeof message === "string" ? utf8.encode(message).length : message.length),
  decode: (frame) => {
    if (typeof frame !== "string") throw new Error("a binary frame");
    return listOf(JSON.parse(frame));
  },
};

const msgpack: Codec = {
  subprotocol: SUBPROTOCOL_MSGPACK,
  encode: (message) => packr.pack(message),
  join: (messages) => {
    const parts = messages.filter((message) => typeof message !== "string");
    const [only] = parts;
    if (parts.length === 1 && only !== undefined) return only;
    const head = parts.length < 16 ? [0x90 | parts.length] : [0xdc, parts.length >> 8, parts.length & 0xff];
    const frame = new Uint8Array(parts.reduce((sum, part) => sum + part.length, head.length));
    frame.set(head);
    let at = head.length;
    for (const part of parts) {
      frame.set(part, at);
      at += part.length;
    }
    return frame;
  },
  bytesOf: (message) => message.length,
  decode: (frame) => {
    if (typeof frame === "string") throw new Error("a text frame");
    return listOf(packr.unpack(frame));
  },
};

export const CODECS: Readonly<Record<Encoding, Codec>> = { json, msgpack };

/** What the server says is believed: its types are those of the protocol's version, which `hello` names. */
function listOf(frame: unknown): readonly ServerMessage[] {
  const messages: readonly unknown[] = Array.isArray(frame) ? frame : [frame];
  for (const message of messages) {
    if (typeof message !== "object" || message === null || !("type" in message)) {
      throw new Error("a message is an object with a type");
    }
  }
  return messages as readonly ServerMessage[];
}
