/**
 * The gateway that comes to mind first, before the same engine: `ws`, one JSON message for each reservation,
 * one for each answer. A process of its own, like the gateway that it is compared with. Prints
 * `{"port":…,"pid":…}` when ready.
 */
import pino from "pino";
import { type WebSocket, WebSocketServer } from "ws";
import { untilEnd } from "../../../cli/system/until-end.ts";
import { type Engine, startEngine } from "../../../engine/engine.ts";
import { migrate } from "../../../store/sql/migrate.ts";
import { LOCATION, skuOf } from "../systems/holdfast-stock.ts";
import type { NaiveReply, NaiveRequest } from "../systems/json-gateway.ts";

async function main(): Promise<void> {
  const databaseUrl = process.env["DATABASE_URL"];
  if (databaseUrl === undefined) throw new Error("DATABASE_URL is not set");
  const ending = untilEnd();
  await migrate(databaseUrl);
  const logger = pino({ level: "warn" }, pino.destination(2));
  const engine = await startEngine({ databaseUrl, threads: 2, shards: 16, logger });
  const server = new WebSocketServer({ host: "127.0.0.1", port: 0, perMessageDeflate: false });
  server.on("connection", (socket) => {
    socket.on("message", (data) => {
      const request: NaiveRequest = JSON.parse(String(data));
      answer(engine, request).then(
        (reply) => socket.send(JSON.stringify(reply)),
        (error: unknown) => fail(socket, request.id, error),
      );
    });
  });
  await new Promise((resolve) => server.once("listening", resolve));
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  process.stdout.write(`${JSON.stringify({ port, pid: process.pid, key: "" })}\n`);
  await ending.reason;
  for (const client of server.clients) client.terminate();
  server.close();
  await engine.stop();
}

async function answer(engine: Engine, request: NaiveRequest): Promise<NaiveReply> {
  const { client } = engine;
  const atMs = Date.now();
  switch (request.type) {
    case "load": {
      const outcomes = await client.execute(
        request.units.map((quantity, index) => ({
          type: "receive",
          sku: skuOf(request.from + index),
          locationId: LOCATION,
          quantity,
          commandId: `load:${request.from + index}`,
          atMs,
          cause: "bench",
        })),
      );
      const refused = outcomes.find((outcome) => outcome.status === "refused");
      return { id: request.id, status: refused?.code ?? "applied" };
    }
    case "remaining": {
      const skus = Array.from({ length: request.to - request.from }, (_, index) =>
        skuOf(request.from + index),
      );
      const found = new Map((await client.positions(skus)).map((one) => [one.sku, one.availableToPromise]));
      return { id: request.id, status: "applied", units: skus.map((sku) => found.get(sku) ?? 0) };
    }
    case "reserve":
    case "release": {
      const { sku, locationId, holdId } = request;
      const common = { sku, locationId, holdId, atMs, cause: "bench" };
      const [outcome] = await client.execute([
        request.type === "reserve"
          ? {
              type: "reserve",
              ...common,
              quantity: request.quantity,
              expiresAtMs: atMs + request.expiresInMs,
              commandId: holdId,
            }
          : { type: "release", ...common, commandId: `${holdId}:release` },
      ]);
      return { id: request.id, status: outcome?.status === "refused" ? outcome.code : "applied" };
    }
    default: {
      const unreachable: never = request;
      return unreachable;
    }
  }
}

function fail(socket: WebSocket, id: number, error: unknown): void {
  const status = error instanceof Error && "code" in error ? String(error.code) : "internal_error";
  socket.send(JSON.stringify({ id, status } satisfies NaiveReply));
}

main().then(
  () => process.exit(0),
  (error: unknown) => {
    process.stderr.write(`json-gateway: ${error instanceof Error ? error.stack : error}\n`);
    process.exit(1);
  },
);
