/** Frames of the two subprotocols: the same messages as text or as MessagePack. */
import { Packr } from "msgpackr";
import { MAX_FRAME_BYTES, MAX_FRAME_MESSAGES } from "../../config/limits.ts";
import { type ServerMessage, SUBPROTOCOL_JSON, SUBPROTOCOL_MSGPACK } from "../../contract/stream.ts";
import { decodeBoundedMsgpack, parseBoundedJson } from "../wire/bounded-json.ts";
import { ApiError } from "../wire/problem.ts";
import { packExecuted } from "./executed-reply.ts";

export type Codec = {
  readonly subprotocol: string;
  /** Whether its frames are binary ones. */
  readonly binary: boolean;
  /** @throws ApiError `malformed_frame`, `structure_too_complex` */
  decode(bytes: Buffer): unknown;
  /** Packs messages into as few frames as the limits allow. */
  encode(messages: readonly ServerMessage[]): readonly (string | Buffer)[];
};

const packr = new Packr({ useRecords: false, variableMapSize: true });
const utf8 = new TextDecoder("utf-8", { fatal: true });

const json: Codec = {
  subprotocol: SUBPROTOCOL_JSON,
  binary: false,
  decode: (bytes) => {
    let text: string;
    try {
      text = utf8.decode(bytes);
    } catch {
      throw new ApiError("malformed_frame", "The frame is not UTF-8.");
    }
    return parseBoundedJson(text, "malformed_frame");
  },
  encode: (messages) =>
    gather(
      messages.map((message) => JSON.stringify(message)),
      (text) => Buffer.byteLength(text),
      (texts) => `[${texts.join(",")}]`,
    ),
};

const msgpack: Codec = {
  subprotocol: SUBPROTOCOL_MSGPACK,
  binary: true,
  decode: decodeBoundedMsgpack,
  encode: (messages) =>
    gather(
      messages.map((message) =>
        message.type === "stock.executed" ? packExecuted(message) : packr.pack(message),
      ),
      (bytes) => bytes.length,
      (parts) => Buffer.concat([arrayHead(parts.length), ...parts]),
    ),
};

/**
 * @param offered the client's subprotocols in its order of preference; empty: JSON
 * @returns null where none of them is known here
 */
export function chooseCodec(offered: readonly string[]): Codec | null {
  if (offered.length === 0) return json;
  for (const name of offered) {
    if (name === SUBPROTOCOL_JSON) return json;
    if (name === SUBPROTOCOL_MSGPACK) return msgpack;
  }
  return null;
}

function gather<P>(
  parts: readonly P[],
  size: (part: P) => number,
  join: (parts: readonly P[]) => P,
): readonly P[] {
  const frames: P[] = [];
  let open: P[] = [];
  let bytes = 0;
  const close = () => {
    const [only] = open;
    if (only !== undefined) frames.push(open.length === 1 ? only : join(open));
    open = [];
    bytes = 0;
  };
  for (const part of parts) {
    const length = size(part) + 1;
    if (open.length === MAX_FRAME_MESSAGES || bytes + length > MAX_FRAME_BYTES) close();
    open.push(part);
    bytes += length;
  }
  close();
  return frames;
}

/** The head of a MessagePack array: fixarray or array 16, since a frame never holds more than 1,000. */
function arrayHead(length: number): Buffer {
  return length < 16 ? Buffer.of(0x90 | length) : Buffer.of(0xdc, length >> 8, length & 0xff);
}
