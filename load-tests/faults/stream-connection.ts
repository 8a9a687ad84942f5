/**
 * One connection to `/v1/stream` in MessagePack: one question at a time, then an answer or a broken line. A
 * server that owes an answer and says nothing is asked for a sign of life and left, as `holdfast/client` does
 * with a `silenceMs` of three seconds.
 */
import { Packr } from "msgpackr";
import { WebSocket } from "ws";
import { type ServerMessage, SUBPROTOCOL_MSGPACK } from "../../contract/stream.ts";

export type Endpoint = { readonly url: string; readonly key: string };

type Reply = Exclude<ServerMessage, { readonly type: "hello" | "feed.events" }>;

const packr = new Packr({ useRecords: false, variableMapSize: true });

const OPEN_TIMEOUT_MS = 5_000;
/** Without a word for so long it is asked for one; for as long and a half it is left. */
const SILENCE_MS = 3_000;

export class StreamConnection {
  private readonly socket: WebSocket;
  private readonly waiting = new Map<string, { resolve(reply: Reply): void; reject(error: Error): void }>();
  private heardAt = performance.now();

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
    const askedAt = performance.now();
    return new Promise((resolve, reject) => {
      const giveUp = (why: string): void => {
        this.waiting.get(id)?.reject(new Error(why));
        this.close();
      };
      const patience = setTimeout(() => giveUp(`no answer within ${timeoutMs} ms`), timeoutMs);
      const watch = setInterval(() => {
        const silentMs = performance.now() - Math.max(askedAt, this.heardAt);
        if (silentMs >= 1.5 * SILENCE_MS) giveUp(`not a word for ${Math.round(silentMs)} ms`);
        else if (silentMs >= SILENCE_MS) this.socket.send(packr.pack({ type: "ping", id: "sign-of-life" }));
      }, SILENCE_MS / 6);
      const settle = (): void => {
        clearTimeout(patience);
        clearInterval(watch);
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
    this.heardAt = performance.now();
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
