/**
 * Holdfast's engine behind the gateway that comes to mind first: `ws`, one JSON text for each reservation,
 * one JSON text for each answer.
 */
import { randomUUID } from "node:crypto";
import { WebSocket } from "ws";
import { APPLIED, EXPIRES_IN_MS, type OperationBatch, REFUSED, RESERVE } from "../operations.ts";
import type { Driver, Endpoint, System } from "../system.ts";
import { LOCATION, skuOf } from "./holdfast-stock.ts";

/** What the naive gateway understands (`servers/json-gateway-main.ts`). */
export type NaiveRequest =
  | { readonly id: number; readonly type: "load"; readonly from: number; readonly units: readonly number[] }
  | { readonly id: number; readonly type: "remaining"; readonly from: number; readonly to: number }
  | {
      readonly id: number;
      readonly type: "reserve";
      readonly sku: string;
      readonly locationId: string;
      readonly holdId: string;
      readonly quantity: number;
      readonly expiresInMs: number;
    }
  | {
      readonly id: number;
      readonly type: "release";
      readonly sku: string;
      readonly locationId: string;
      readonly holdId: string;
    };

export type NaiveReply = { readonly id: number; readonly status: string; readonly units?: readonly number[] };

export const jsonGateway: System = {
  name: "json-gateway",
  title: "Holdfast's engine behind ws + JSON",
  server: "json-gateway",
  exact: true,
  note: "The same engine and durability; a gateway of `ws` with one JSON message a reservation.",
  variants: [64, 512].map((inFlight) => ({
    name: `${inFlight} in flight on 8 connections`,
    inFlight,
    batch: 1,
    connections: 8,
  })),
  connect: async (endpoint, { connections }): Promise<Driver> => {
    const clients = await Promise.all(
      Array.from({ length: connections }, () => NaiveClient.connect(endpoint)),
    );
    const [first] = clients;
    if (first === undefined) throw new Error("no connection");
    // Prefix of this driver's holds, so that no two drivers of one server share their ids.
    const prefix = randomUUID().slice(0, 8);
    return {
      load: async (units) => {
        for (let from = 0; from < units.length; from += PART) {
          await first.ask({ type: "load", from, units: Array.from(units.subarray(from, from + PART)) });
        }
      },
      apply: async (worker, batch) => {
        const client = clients[worker % clients.length] ?? first;
        return Uint8Array.of(await applyOne(client, `${prefix}:${worker}`, batch));
      },
      remaining: async (positions) => {
        const remaining = new Int32Array(positions);
        for (let from = 0; from < positions; from += PART) {
          const to = Math.min(positions, from + PART);
          remaining.set((await first.ask({ type: "remaining", from, to })).units ?? [], from);
        }
        return remaining;
      },
      close: async () => {
        for (const client of clients) client.close();
      },
    };
  },
};

const PART = 1_000;

async function applyOne(client: NaiveClient, worker: string, batch: OperationBatch): Promise<number> {
  const address = { sku: skuOf(batch.position(0)), locationId: LOCATION };
  const holdId = `${worker}:${batch.number(0)}`;
  const { status } = await client.ask(
    batch.kind(0) === RESERVE
      ? {
          type: "reserve",
          ...address,
          holdId,
          quantity: batch.quantity(0),
          expiresInMs: EXPIRES_IN_MS,
        }
      : { type: "release", ...address, holdId },
  );
  if (status === "applied") return APPLIED;
  if (status === "insufficient_stock") return REFUSED;
  throw new Error(`refused with ${status}`);
}

type Unnumbered<T> = T extends unknown ? Omit<T, "id"> : never;

class NaiveClient {
  private readonly socket: WebSocket;
  private readonly waiting = new Map<
    number,
    { resolve: (reply: NaiveReply) => void; reject: (error: Error) => void }
  >();
  private sequence = 0;

  private constructor(socket: WebSocket) {
    this.socket = socket;
    socket.on("message", (data) => {
      const reply: NaiveReply = JSON.parse(String(data));
      this.waiting.get(reply.id)?.resolve(reply);
      this.waiting.delete(reply.id);
    });
    socket.on("close", () => {
      for (const { reject } of this.waiting.values()) reject(new Error("the connection ended"));
    });
  }

  static async connect({ url }: Endpoint): Promise<NaiveClient> {
    const socket = new WebSocket(url, { perMessageDeflate: false });
    await new Promise((resolve, reject) => {
      socket.once("error", reject);
      socket.once("open", resolve);
    });
    return new NaiveClient(socket);
  }

  ask(message: Unnumbered<NaiveRequest>): Promise<NaiveReply> {
    this.sequence += 1;
    const id = this.sequence;
    return new Promise((resolve, reject) => {
      this.waiting.set(id, { resolve, reject });
      this.socket.send(JSON.stringify({ id, ...message }));
    });
  }

  close(): void {
    this.socket.close();
  }
}
