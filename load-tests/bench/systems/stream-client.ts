/**
 * A client of `/v1/stream` for driving it hard: MessagePack frames, replies matched to requests by their id.
 * Speaks the public protocol and nothing else.
 */
import { Packr, Unpackr } from "msgpackr";
import { WebSocket } from "ws";
import { type ServerMessage, SUBPROTOCOL_MSGPACK } from "../../../contract/stream.ts";
import type { Endpoint } from "../system.ts";

const packer = new Packr({ useRecords: false });
const unpacker = new Unpackr({ useRecords: false });

/** The server refused a request, or the connection ended before it was answered. */
class StreamError extends Error {
  override readonly name = "StreamError";
  readonly code: string;

  constructor(code: string, detail: string) {
    super(`${code}: ${detail}`);
    this.code = code;
  }
}

type Waiting = { readonly resolve: (reply: ServerMessage) => void; readonly reject: (error: Error) => void };

export class StreamClient {
  private readonly socket: WebSocket;
  private readonly waiting = new Map<string, Waiting>();
  private sequence = 0;

  private constructor(socket: WebSocket) {
    this.socket = socket;
  }

  static async connect({ url, key }: Endpoint): Promise<StreamClient> {
    const socket = new WebSocket(`${url.replace(/^http/, "ws")}/v1/stream`, SUBPROTOCOL_MSGPACK, {
      headers: { authorization: `Bearer ${key}` },
      perMessageDeflate: false,
      // Checking UTF-8 costs time for text and nothing for binary frames, and all frames here are binary.
      skipUTF8Validation: true,
    });
    const client = new StreamClient(socket);
    await new Promise<void>((resolve, reject) => {
      socket.once("error", reject);
      socket.once("open", () => socket.once("message", () => resolve()));
    });
    socket.on("message", (data: Buffer) => client.receive(data));
    socket.on("error", () => socket.terminate());
    socket.on("close", (code) => client.end(code));
    return client;
  }

  /** Sends a message of the protocol and resolves with its reply; rejects with a `StreamError`. */
  ask(message: Readonly<Record<string, unknown>>): Promise<ServerMessage> {
    this.sequence += 1;
    const id = String(this.sequence);
    return new Promise((resolve, reject) => {
      if (this.socket.readyState !== WebSocket.OPEN) {
        reject(new StreamError("connection_closed", "the connection is gone"));
        return;
      }
      this.waiting.set(id, { resolve, reject });
      this.socket.send(packer.pack({ id, ...message }));
    });
  }

  async close(): Promise<void> {
    if (this.socket.readyState === WebSocket.CLOSED) return;
    const closed = new Promise((resolve) => this.socket.once("close", resolve));
    this.socket.close(1000);
    await closed;
  }

  private receive(data: Buffer): void {
    const frame: ServerMessage | readonly ServerMessage[] = unpacker.unpack(data);
    if (Array.isArray(frame)) for (const message of frame) this.settle(message);
    else this.settle(frame as ServerMessage);
  }

  private settle(message: ServerMessage): void {
    if (!("re" in message) || message.re === null) return;
    const waiting = this.waiting.get(message.re);
    if (waiting === undefined) return;
    this.waiting.delete(message.re);
    if (message.type === "error") waiting.reject(new StreamError(message.code, message.detail));
    else waiting.resolve(message);
  }

  private end(code: number): void {
    for (const { reject } of this.waiting.values()) {
      reject(new StreamError("connection_closed", `the connection ended with ${code}`));
    }
    this.waiting.clear();
  }
}
