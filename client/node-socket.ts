/** The WebSocket of Node: `ws`, which tells why a connection was refused and sends the key as a header. */
import type { IncomingMessage } from "node:http";
import { WebSocket } from "ws";
import type { HttpRefusal, OpenSocket, SocketEnd } from "./socket.ts";

const HANDSHAKE_MS = 10_000;
/** A refusal is a problem of a few hundred bytes. */
const MOST_REFUSAL_BYTES = 64 * 1024;
/** The largest message of the server is 1 MiB, or a single feed entry above that. */
const MOST_FRAME_BYTES = 64 * 1024 * 1024;

export const nodeSocket: OpenSocket = (address, { subprotocol, key }, events) => {
  const socket = new WebSocket(address, subprotocol, {
    handshakeTimeout: HANDSHAKE_MS,
    perMessageDeflate: false,
    maxPayload: MOST_FRAME_BYTES,
    ...(key === null ? {} : { headers: { authorization: `Bearer ${key}` } }),
  });
  let open = true;
  let fault = "";
  const end = (how: SocketEnd) => {
    if (!open) return;
    open = false;
    events.ended(how);
  };
  socket.on("message", (data, isBinary) => {
    if (open) events.frame(isBinary ? bytesOf(data) : String(data));
  });
  socket.on("error", (error) => {
    fault = error.message;
  });
  socket.on("close", (code, reason) => end({ code, reason: String(reason) || fault, refusal: null }));
  socket.on("unexpected-response", (_request, response) => {
    void readRefusal(response).then((refusal) => {
      end({ code: 1006, reason: `HTTP ${refusal.status}`, refusal });
      socket.terminate();
    });
  });
  return {
    send: (frame) => socket.send(frame),
    close: () => socket.close(1000),
    drop: () => {
      socket.terminate();
      end({ code: 1006, reason: fault, refusal: null });
    },
  };
};

function bytesOf(data: Buffer | ArrayBuffer | readonly Buffer[]): Uint8Array {
  if (data instanceof ArrayBuffer) return new Uint8Array(data);
  return Buffer.isBuffer(data) ? data : Buffer.concat(data);
}

/** Never rejects: an answer that cannot be read has its status at least. */
async function readRefusal(response: IncomingMessage): Promise<HttpRefusal> {
  const status = response.statusCode ?? 0;
  const seconds = Number(response.headers["retry-after"]);
  const retryAfterMs = Number.isFinite(seconds) && seconds > 0 ? seconds * 1_000 : undefined;
  let text = "";
  try {
    for await (const part of response) {
      text += String(part);
      if (text.length > MOST_REFUSAL_BYTES) break;
    }
    const problem: unknown = JSON.parse(text);
    if (typeof problem === "object" && problem !== null) {
      const { code, detail, retryAfterMs: exactly } = problem as Readonly<Record<string, unknown>>;
      return {
        status,
        code: typeof code === "string" ? code : null,
        detail: typeof detail === "string" ? detail : null,
        retryAfterMs: typeof exactly === "number" ? exactly : retryAfterMs,
      };
    }
  } catch {
    // Not one of ours: a proxy's page, say.
  }
  return { status, code: null, detail: null, retryAfterMs };
}
