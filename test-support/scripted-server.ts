/** A server of `/v1/stream` that says and hears what a scenario of `contract/conformance/scenarios.json` has. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import { type WebSocket, WebSocketServer } from "ws";
import { CODECS, type Encoding } from "../client/encoding.ts";
import type { Line } from "./stream-clients.ts";

export type ScriptedServer = {
  readonly url: string;
  readonly connections: number;
  /** Resolves when all steps are done; rejects with the first that went otherwise. */
  readonly done: Promise<void>;
  close(): Promise<void>;
};

const PATIENCE_MS = 15_000;

export async function startScriptedServer(
  script: readonly (readonly Line[])[],
  encoding: Encoding,
): Promise<ScriptedServer> {
  const codec = CODECS[encoding];
  const http = createServer();
  const door = new WebSocketServer({ noServer: true, handleProtocols: () => codec.subprotocol });
  const names = new Map<string, string>();
  let connections = 0;
  let finish: () => void = () => {};
  let fail: (error: unknown) => void = () => {};
  const done = new Promise<void>((resolve, reject) => {
    finish = resolve;
    fail = reject;
  });
  done.catch(() => {});

  http.on("upgrade", (request, socket: Duplex, head) => {
    const steps = script[connections];
    connections += 1;
    socket.on("error", () => {});
    const [first] = steps ?? [];
    if (first?.refuse !== undefined) {
      const body = JSON.stringify(first.problem);
      socket.end(
        `HTTP/1.1 ${first.refuse} Refused\r\nContent-Type: application/problem+json\r\n` +
          `Content-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
      );
      if (connections === script.length) finish();
      return;
    }
    if (steps === undefined) {
      socket.destroy();
      fail(new Error("one connection too many"));
      return;
    }
    const isLast = connections === script.length;
    door.handleUpgrade(request, socket, head, (client) => {
      play(client, steps).then(() => {
        if (isLast) finish();
      }, fail);
    });
  });

  async function play(client: WebSocket, steps: readonly Line[]): Promise<void> {
    const heard: Line[] = [];
    let wake: () => void = () => {};
    client.on("error", () => {});
    client.on("message", (data: Buffer, isBinary) => {
      heard.push(...codec.decode(isBinary ? data : String(data)));
      wake();
    });
    const next = async (step: Line): Promise<Line> => {
      const deadline = Date.now() + PATIENCE_MS;
      while (heard.length === 0) {
        const left = deadline - Date.now();
        if (left <= 0) throw new Error(`heard nothing at ${JSON.stringify(step)}`);
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, left);
          wake = () => {
            clearTimeout(timer);
            resolve();
          };
        });
      }
      return heard.shift();
    };
    for (const step of steps) {
      if (step.say !== undefined) client.send(frameOf(step.say));
      else if (step.sayText !== undefined) client.send(step.sayText);
      else if (step.sayInParts !== undefined) await sayInParts(client, frameOf(step.sayInParts));
      else if (step.hear !== undefined) take(await next(step), [step.hear], [step.as], step);
      else if (step.hearAll !== undefined) {
        const wanted = [...step.hearAll];
        const as = [...step.as];
        while (wanted.length > 0) take(await next(step), wanted, as, step);
      } else if (step.quiet !== undefined) {
        await new Promise((resolve) => setTimeout(resolve, step.quiet));
        if (heard.length > 0) throw new Error(`heard ${JSON.stringify(heard)} where nothing was to come`);
      } else if (step.cut === true) client.terminate();
      else if (step.close !== undefined) client.close(...(step.close as [number, string]));
    }
    if (heard.length > 0) throw new Error(`heard ${JSON.stringify(heard)} in the end`);
  }

  /** Finds which of the wanted messages it is, and gives its id the name. */
  function take(message: Line, wanted: Line[], as: (string | undefined)[], step: Line): void {
    const at = wanted.findIndex((fields) =>
      Object.entries(filled(fields)).every(([name, value]) => message[name] === value),
    );
    if (at < 0) throw new Error(`heard ${JSON.stringify(message)} at ${JSON.stringify(step)}`);
    wanted.splice(at, 1);
    const [name] = as.splice(at, 1);
    if (name !== undefined) names.set(`$${name}`, message.id);
  }

  const filled = (value: Line): Line =>
    JSON.parse(JSON.stringify(value), (_key, each) => names.get(each) ?? each);

  function frameOf(said: Line): string | Uint8Array {
    const messages: readonly Line[] = Array.isArray(said) ? said : [said];
    return codec.join(messages.map((message) => codec.encode(filled(message))));
  }

  await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
  const { port } = http.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    get connections() {
      return connections;
    },
    done,
    close: async () => {
      for (const client of door.clients) client.terminate();
      http.closeAllConnections();
      await new Promise((resolve) => http.close(resolve));
    },
  };
}

async function sayInParts(client: WebSocket, frame: string | Uint8Array): Promise<void> {
  const bytes = Buffer.from(frame);
  const binary = typeof frame !== "string";
  const third = Math.ceil(bytes.length / 3);
  const send = (part: Buffer, fin: boolean) =>
    new Promise((resolve) => client.send(part, { binary, fin }, resolve));
  await send(bytes.subarray(0, third), false);
  client.ping("between");
  await send(bytes.subarray(third, 2 * third), false);
  await send(bytes.subarray(2 * third), true);
}
