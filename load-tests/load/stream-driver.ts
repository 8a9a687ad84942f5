/**
 * Drives `/v1/stream` as fast as the server's credit allows: `connections` sockets, each keeping `window`
 * messages unanswered, with `frameSize` messages in a frame. A message reserves units of the load's own SKUs;
 * refusals for lack of stock are expected answers.
 *
 * Latency runs from the call that sends a frame to the reply of each of its messages.
 */
import { WebSocket } from "ws";
import type { ReserveStock } from "../../actors/commands.ts";
import { type ServerMessage, SUBPROTOCOL_JSON } from "../../contract/stream.ts";
import { Latencies } from "./histogram.ts";
import type { ScenarioResult, Target } from "./scenario.ts";
import type { LoadStock } from "./stock.ts";

type StreamLoad = {
  readonly scenario: string;
  readonly run: string;
  readonly connections: number;
  readonly frameSize: number;
  readonly window: number;
  readonly seconds: number;
  readonly stock: LoadStock;
  /** Adds what was acknowledged as reserved. */
  readonly unitsSold: Map<string, number>;
};

export async function driveStream(target: Target, load: StreamLoad): Promise<ScenarioResult> {
  const latencies = new Latencies();
  const answers: Record<string, number> = {};
  let errors = 0;
  const count = (answer: string, isError: boolean): void => {
    answers[answer] = (answers[answer] ?? 0) + 1;
    if (isError) errors += 1;
  };
  const began = performance.now();
  const stopAt = began + load.seconds * 1_000;
  await Promise.all(
    Array.from({ length: load.connections }, (_, index) =>
      driveConnection(target, load, index, stopAt, latencies, count),
    ),
  );
  const seconds = (performance.now() - began) / 1_000;
  const answered = Object.values(answers).reduce((sum, value) => sum + value, 0);
  return {
    scenario: load.scenario,
    seconds,
    answers,
    perSecond: answered / seconds,
    latency: latencies.summary(),
    errors,
  };
}

function driveConnection(
  target: Target,
  load: StreamLoad,
  connection: number,
  stopAt: number,
  latencies: Latencies,
  count: (answer: string, isError: boolean) => void,
): Promise<void> {
  const socket = new WebSocket(`${target.url.replace(/^http/, "ws")}/v1/stream`, SUBPROTOCOL_JSON, {
    headers: { authorization: `Bearer ${target.key}` },
  });
  const sent = new Map<string, { readonly at: number; readonly sku: string; readonly quantity: number }>();
  let window = load.window;
  let sequence = 0;

  const nextMessage = (): string => {
    sequence += 1;
    const id = `${connection}-${sequence}`;
    const sku = load.stock.skus[(connection + sequence) % load.stock.skus.length] ?? "";
    const quantity = 1 + (sequence % 3);
    const holdId = `load:${load.run}:${load.scenario}:${id}`;
    const command: ReserveStock = {
      type: "reserve",
      sku,
      locationId: load.stock.locationId,
      holdId,
      quantity,
      expiresAtMs: 0,
      commandId: holdId,
      atMs: Date.now(),
      cause: `load:${load.run}`,
    };
    sent.set(id, { at: performance.now(), sku, quantity });
    return JSON.stringify({ id, type: "stock.execute", commands: [command] });
  };

  const fill = (): void => {
    while (performance.now() < stopAt && sent.size + load.frameSize <= window) {
      const messages = Array.from({ length: load.frameSize }, nextMessage);
      socket.send(load.frameSize === 1 ? messages.join("") : `[${messages.join(",")}]`);
    }
  };

  return new Promise((resolve, reject) => {
    socket.on("error", reject);
    socket.on("close", () => {
      if (sent.size === 0) resolve();
      else reject(new Error(`a connection ended with ${sent.size} messages unanswered`));
    });
    const receive = (message: ServerMessage): void => {
      if (message.type === "hello") {
        window = Math.min(load.window, message.credit);
        return;
      }
      if (!("re" in message) || message.re === null) return;
      const request = sent.get(message.re);
      if (request === undefined) return;
      sent.delete(message.re);
      latencies.record(performance.now() - request.at);
      if (message.type !== "stock.executed") {
        count(message.type === "error" ? message.code : message.type, true);
        return;
      }
      const outcome = message.outcomes[0];
      if (outcome?.status === "applied") {
        load.unitsSold.set(request.sku, (load.unitsSold.get(request.sku) ?? 0) + request.quantity);
        count("reserved", false);
      } else {
        const code = outcome?.code ?? "no_outcome";
        count(code, code !== "insufficient_stock");
      }
    };
    socket.on("message", (data) => {
      const parsed: ServerMessage | readonly ServerMessage[] = JSON.parse(String(data));
      for (const message of Array.isArray(parsed) ? parsed : [parsed as ServerMessage]) receive(message);
      if (performance.now() >= stopAt && sent.size === 0) socket.close(1000);
      else fill();
    });
  });
}
