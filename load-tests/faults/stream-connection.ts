/** One connection to `/v1/stream` in MessagePack: one question at a time, then an answer or a broken line. */
import { Packr } from "msgpackr";
import { WebSocket } from "ws";
import { type ServerMessage, SUBPROTOCOL_MSGPACK } from "../../contract/stream.ts";

export type Endpoint = { readonly url: string; readonly key: string };

type Reply = Exclude<ServerMessage, { readonly type: "hello" | "feed.events" }>;

const packr = new Packr({ useRecords: false, variableMapSize: true });

const OPEN_TIMEOUT_MS = 5_000;

export class StreamConnection {
  private readonly socket: WebSocket;
  private readonly waiting = new Map<string, { resolve(reply: Reply): void; reject(error: Error): void }>();

  private constructor(socket: WebSocket) {
    this.socket = socket;
    socket.on("message", (data: Buffer) => this.receive(data));
    socket.on("close", (code) => this.fail(new Error(`the connection was closed (${code})`)));
    socket.on("error", (error) => this.fail(error));
  }

  static open(endpoint: Endpoint): Promise<StreamConnection> {
    const socket = new WebSocket(`${endpoint.url.replace(/^http/, "ws")}/v1/stream`, SUBPROTOCOL_MSGPACK, {
      headers: { authorization: `Bearer ${endpoint.key}` },
      handshakeTimeout: OPEN_TIMEOUT_MS,
    });
    return new Promise((resolve, reject) => {
      socket.once("error", reject);
      socket.once("close", () => reject(new Error("the connection was closed at once")));
      socket.once("open", () => resolve(new StreamConnection(socket)));
    });
  }

  /** Rejects where the connection breaks or no answer comes in time. The connection is useless then. */
  ask(id: string, message: Readonly<Record<string, unknown>>, timeoutMs: number): Promise<Reply> {
    if (this.socket.readyState !== WebSocket.OPEN)
      return Promise.reject(new Error("the connection is closed"));
    return new Promise((resolve, reject) => {
      const patience = setTimeout(() => {
        this.waiting.delete(id);
        reject(new Error(`no answer within ${timeoutMs} ms`));
        this.close();
      }, timeoutMs);
      const settle = (): void => {
        clearTimeout(patience);
        this.waiting.delete(id);
      };
      this.waiting.set(id, {
        resolve: (reply) => {
          settle();
          resolve(reply);
        },
        reject: (error) => {
          settle();
          reject(error);
        },
      });
      this.socket.send(packr.pack({ ...message, id }));
    });
  }

  close(): void {
    this.socket.terminate();
  }

  private receive(data: Buffer): void {
    const decoded = packr.unpack(data) as ServerMessage | readonly ServerMessage[];
    for (const message of Array.isArray(decoded) ? decoded : [decoded as ServerMessage]) {
      if (message.type === "hello" || message.type === "feed.events") continue;
      if (message.re === null) this.fail(new Error(`the server could not read a frame: ${message.code}`));
      else this.waiting.get(message.re)?.resolve(message);
    }
  }

  private fail(error: Error): void {
    for (const waiting of [...this.waiting.values()]) waiting.reject(error);
  }
}
