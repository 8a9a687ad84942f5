/**
 * Stands between a client and `/v1/stream` and does to messages what networks do: connections are cut before or
 * after a message, or in its middle; messages come late or twice.
 */
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import { WebSocket, WebSocketServer } from "ws";

export type Direction = "up" | "down";
export type Fault =
  | "pass"
  /** The connection is cut, and the message lost. */
  | "lose"
  /** The message arrives, and then the connection is cut. */
  | "cut"
  /** Half of it arrives, and then the connection is cut. */
  | "truncate"
  | "repeat"
  | "delay";

export type FaultyProxy = {
  readonly url: string;
  /** Decides about each message; from now on. */
  setFaults(choose: (direction: Direction, message: Buffer) => Fault): void;
  /** How often each fault was done. */
  readonly done: Readonly<Record<Fault, number>>;
  /** Connections that clients have opened. */
  readonly connections: number;
  /** Ends every connection without a word, and refuses new ones until `open` is called. */
  shut(): void;
  open(): void;
  /** From now on nothing passes, and nobody is told. */
  hang(): void;
  close(): Promise<void>;
};

const DELAY_MS = 30;

type Pair = { readonly client: WebSocket; readonly clientSocket: Duplex; readonly server: WebSocket };

export async function startFaultyProxy(target: string): Promise<FaultyProxy> {
  const http = createServer((_request, response) => response.writeHead(404).end());
  const door = new WebSocketServer({
    noServer: true,
    handleProtocols: (offered) => [...offered].find((name) => !name.startsWith("holdfast.key.")) ?? false,
  });
  const pairs = new Set<Pair>();
  const done: Record<Fault, number> = { pass: 0, lose: 0, cut: 0, truncate: 0, repeat: 0, delay: 0 };
  let choose: (direction: Direction, message: Buffer) => Fault = () => "pass";
  let connections = 0;
  let isShut = false;

  http.on("upgrade", (request, socket, head) => {
    socket.on("error", () => {});
    if (isShut) {
      socket.destroy();
      return;
    }
    const server = connectAs(request, target);
    server.on("error", () => socket.destroy());
    server.on("unexpected-response", (_request, response) => {
      const parts: Buffer[] = [];
      response.on("data", (part: Buffer) => parts.push(part));
      response.on("end", () => {
        const body = Buffer.concat(parts);
        socket.end(
          `HTTP/1.1 ${response.statusCode} Refused\r\ncontent-type: application/problem+json\r\n` +
            `content-length: ${body.length}\r\nconnection: close\r\n\r\n${body.toString()}`,
        );
      });
    });
    const early: [Buffer, boolean][] = [];
    const keep = (data: Buffer, isBinary: boolean) => early.push([data, isBinary]);
    server.on("message", keep);
    server.on("open", () =>
      door.handleUpgrade(request, socket, head, (client) => {
        connections += 1;
        server.off("message", keep);
        join({ client, clientSocket: socket, server }, early);
      }),
    );
  });

  function join(pair: Pair, early: readonly (readonly [Buffer, boolean])[]): void {
    const { client, server } = pair;
    pairs.add(pair);
    const end = (other: WebSocket) => (code: number, reason: Buffer) => {
      pairs.delete(pair);
      // 1005 and 1006 stand for no code, and cannot be sent.
      if (code === 1005 || code === 1006) other.terminate();
      else other.close(code, reason);
    };
    client.on("error", () => {});
    client.on("close", end(server));
    server.on("close", end(client));
    const up = passOn(pair, "up");
    const down = passOn(pair, "down");
    client.on("message", (data: Buffer, isBinary) => up(data, isBinary));
    server.on("message", (data: Buffer, isBinary) => down(data, isBinary));
    for (const [data, isBinary] of early) down(data, isBinary);
  }

  /** One direction of a connection: what comes late holds up what follows. */
  function passOn(pair: Pair, direction: Direction): (data: Buffer, isBinary: boolean) => void {
    let before: Promise<void> = Promise.resolve();
    const to = direction === "up" ? pair.server : pair.client;
    return (data, isBinary) => {
      before = before.then(async () => {
        if (!pairs.has(pair)) return;
        const fault = choose(direction, data);
        done[fault] += 1;
        if (fault === "delay") await new Promise((resolve) => setTimeout(resolve, DELAY_MS));
        if (fault !== "lose" && fault !== "truncate") to.send(data, { binary: isBinary });
        if (fault === "repeat") to.send(data, { binary: isBinary });
        if (fault === "truncate") sendHalf(pair, direction, data, isBinary);
        if (fault === "cut") await new Promise((resolve) => setTimeout(resolve, DELAY_MS));
        if (fault === "cut" || fault === "lose" || fault === "truncate") cut(pair);
      });
    };
  }

  function cut(pair: Pair): void {
    pairs.delete(pair);
    pair.client.terminate();
    pair.server.terminate();
  }

  await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
  const { port } = http.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    setFaults: (chosen) => {
      choose = chosen;
    },
    done,
    get connections() {
      return connections;
    },
    shut: () => {
      isShut = true;
      for (const pair of [...pairs]) cut(pair);
    },
    open: () => {
      isShut = false;
    },
    hang: () => {
      for (const { client, server } of pairs) {
        client.pause();
        server.pause();
      }
    },
    close: async () => {
      isShut = true;
      for (const pair of [...pairs]) cut(pair);
      http.closeAllConnections();
      await new Promise((resolve) => http.close(resolve));
    },
  };
}

/** Random faults, the same for the same seed; none in the first messages of a connection would never get on. */
export function faultsBySeed(seed: number, rate: number): (direction: Direction) => Fault {
  const kinds: readonly Fault[] = ["lose", "cut", "truncate", "repeat", "delay"];
  let state = seed;
  const random = () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
  return () => (random() < rate ? (kinds[Math.floor(random() * kinds.length)] ?? "pass") : "pass");
}

function connectAs(request: IncomingMessage, target: string): WebSocket {
  const offered = (request.headers["sec-websocket-protocol"] ?? "")
    .split(",")
    .map((name) => name.trim())
    .filter((name) => name !== "");
  const { authorization } = request.headers;
  return new WebSocket(`${target.replace(/^http/, "ws")}${request.url}`, offered, {
    perMessageDeflate: false,
    ...(authorization === undefined ? {} : { headers: { authorization } }),
  });
}

/** The head of a frame says how long it is; only half of that comes. */
function sendHalf(
  { clientSocket, server }: Pair,
  direction: Direction,
  data: Buffer,
  isBinary: boolean,
): void {
  const masked = direction === "up" ? 0x80 : 0;
  const head = Buffer.alloc(masked === 0 ? 10 : 14);
  head[0] = 0x80 | (isBinary ? 2 : 1);
  head[1] = masked | 127;
  head.writeBigUInt64BE(BigInt(data.length), 2);
  const half = Buffer.concat([head, data.subarray(0, data.length >> 1)]);
  if (direction === "down") clientSocket.write(half);
  else (server as unknown as { readonly _socket: Duplex })._socket.write(half);
}
