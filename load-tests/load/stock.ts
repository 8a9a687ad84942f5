/**
 * The load's own stock: SKUs that no other order touches, so that the audit afterwards is exact. The audit
 * compares what was acknowledged as reserved with what the engine holds, and both with what was received.
 */
import { WebSocket } from "ws";
import type { StockBuckets, StockCommand } from "../../actors/commands.ts";
import type { ProductBody } from "../../contract/catalog.ts";
import type { Shape } from "../../contract/shapes.ts";
import type { StockAnswer } from "../../contract/stock-commands.ts";
import { type ClientMessage, type ServerMessage, SUBPROTOCOL_JSON } from "../../contract/stream.ts";
import type { Target } from "./scenario.ts";

export type LoadStock = {
  readonly skus: readonly string[];
  readonly locationId: string;
  readonly unitsEach: number;
};

export type OversellAudit = {
  readonly unitsReceived: number;
  readonly unitsSold: number;
  readonly unitsHeld: number;
  readonly unitsLeft: number;
  /** Units promised beyond what was received; must be 0. */
  readonly oversold: number;
  /** Whether sold = held and received = held + left on every SKU. */
  readonly addsUp: boolean;
};

/** Makes `count` products named after the run, and receives `unitsEach` units of each. */
export async function receiveLoadStock(
  target: Target,
  options: {
    readonly run: string;
    readonly count: number;
    readonly unitsEach: number;
    readonly locationId: string;
  },
): Promise<LoadStock> {
  const skus = Array.from({ length: options.count }, (_, index) => `LOAD-${options.run}-${index + 1}`);
  await Promise.all(skus.map((sku) => createProduct(target, sku)));
  const atMs = Date.now();
  const commands: StockCommand[] = skus.map((sku) => ({
    type: "receive",
    sku,
    locationId: options.locationId,
    quantity: options.unitsEach,
    commandId: `load:${options.run}:${sku}:receive`,
    atMs,
    cause: `load:${options.run}`,
  }));
  for (const outcome of await executeStock(target, commands)) {
    if (outcome.status !== "applied") throw new Error(`the load's stock was refused: ${outcome.detail}`);
  }
  return { skus, locationId: options.locationId, unitsEach: options.unitsEach };
}

export async function auditStock(
  target: Target,
  stock: LoadStock,
  unitsSold: ReadonlyMap<string, number>,
): Promise<OversellAudit> {
  const reply = await askOnce(target, { id: "audit", type: "stock.positions", skus: stock.skus });
  if (reply.type !== "stock.positions") throw new Error(`no positions: ${JSON.stringify(reply)}`);
  const positions = reply.positions as readonly (StockBuckets & { readonly sku: string })[];
  const audit = {
    unitsReceived: stock.skus.length * stock.unitsEach,
    unitsSold: 0,
    unitsHeld: 0,
    unitsLeft: 0,
    oversold: 0,
  };
  let addsUp = positions.length === stock.skus.length;
  for (const position of positions) {
    const sold = unitsSold.get(position.sku) ?? 0;
    const held = position.reserved + position.allocated + position.picked;
    audit.unitsSold += sold;
    audit.unitsHeld += held;
    audit.unitsLeft += position.availableToPromise;
    audit.oversold += Math.max(0, sold - stock.unitsEach, -position.availableToPromise);
    if (sold !== held || held + position.availableToPromise !== stock.unitsEach) addsUp = false;
  }
  return { ...audit, addsUp };
}

async function createProduct({ url, key }: Target, sku: string): Promise<void> {
  const product: Shape<typeof ProductBody> = {
    sku,
    name: sku,
    weightGrams: 100,
    priceMinor: 1_000,
    currency: "USD",
    hsCode: "610990",
    originCountry: "US",
    gtin: "09521234999990",
  };
  const response = await fetch(`${url}/v1/products`, {
    method: "POST",
    headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
    body: JSON.stringify(product),
  });
  if (!response.ok) throw new Error(`no product ${sku}: ${response.status} ${await response.text()}`);
}

async function executeStock(
  target: Target,
  commands: readonly StockCommand[],
): Promise<readonly StockAnswer[]> {
  const reply = await askOnce(target, { id: "receive", type: "stock.execute", commands });
  if (reply.type !== "stock.executed") throw new Error(`no outcomes: ${JSON.stringify(reply)}`);
  return reply.outcomes;
}

/** One question over a connection of its own. */
function askOnce(target: Target, message: ClientMessage): Promise<ServerMessage> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(`${target.url.replace(/^http/, "ws")}/v1/stream`, SUBPROTOCOL_JSON, {
      headers: { authorization: `Bearer ${target.key}` },
    });
    socket.on("error", reject);
    socket.on("open", () => socket.send(JSON.stringify(message)));
    socket.on("message", (data) => {
      const parsed: ServerMessage | readonly ServerMessage[] = JSON.parse(String(data));
      for (const reply of Array.isArray(parsed) ? parsed : [parsed as ServerMessage]) {
        if (reply.type === "hello") continue;
        resolve(reply);
        socket.close();
      }
    });
    socket.on("close", () => reject(new Error("the connection was closed without an answer")));
  });
}
