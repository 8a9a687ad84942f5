/** The orders of a run: what each asked for, and how much of it is committed. */
import type { StockEvent } from "../../../actors/position/events.ts";
import type { Kit, OrderReservationRequest, PlacedHold, ReservationLine } from "../../allocator-client.ts";
import type { SimulatedRecord } from "../world/simulated-disk.ts";
import type { Operation } from "./operation.ts";
import { Violation } from "./violation.ts";

type PlacedPart = {
  readonly lineId: string;
  readonly sku: string;
  readonly locationId: string;
  readonly quantity: number;
  isExpired: boolean;
};

type OrderEntry = {
  readonly operation: Operation;
  readonly request: OrderReservationRequest;
  readonly record: SimulatedRecord | null;
  /** Holds placed and not undone, by id. */
  readonly placed: Map<string, PlacedPart>;
  /** Those of the placement before it, which the engine has forgotten since. */
  earlier: Map<string, PlacedPart>;
  /** Units of lines that wait for stock, by line. */
  readonly queued: Map<string, number>;
  placedAtMs: number;
  /** A client has asked to amend or cancel it: from then on it may differ from how it was placed. */
  isChanged: boolean;
};

export class OrderBook {
  private readonly rememberedMs: number;
  private readonly kits: ReadonlyMap<string, Kit>;
  private readonly orders = new Map<string, OrderEntry>();
  private nowMs = 0;

  /** @param rememberedMs how long the engine promises to know a placed order. */
  constructor(rememberedMs: number, kits: readonly Kit[]) {
    this.rememberedMs = rememberedMs;
    this.kits = new Map(kits.map((kit) => [kit.sku, kit]));
  }

  expect(operation: Operation, request: OrderReservationRequest, record: SimulatedRecord | null): void {
    this.orders.set(request.orderId, {
      operation,
      request,
      record,
      placed: new Map(),
      earlier: new Map(),
      queued: new Map(),
      placedAtMs: 0,
      isChanged: false,
    });
  }

  expectChange(orderId: string): void {
    const order = this.orders.get(orderId);
    if (order !== undefined) order.isChanged = true;
  }

  /** Whether the order stands as it was placed, with any hold that has not expired since. */
  isPlaced(orderId: string): boolean {
    const order = this.orders.get(orderId);
    return order !== undefined && !order.isChanged && isHeld(order);
  }

  /** Returns whether the event places or undoes a part of an order. */
  post(event: StockEvent, nowMs: number): boolean {
    this.nowMs = Math.max(this.nowMs, nowMs);
    const order = this.orders.get(event.orderId);
    if (order === undefined) {
      // Holds that clients name themselves may speak of any order.
      if (event.type !== "stock-reserved") return false;
      throw new Violation("no effect without a cause", `order ${event.orderId} was never asked for`);
    }
    if (event.reason === "order-undone") forgetExpired(order);
    switch (event.type) {
      case "stock-reserved":
        this.place(order, event, nowMs);
        return true;
      case "demand-queued":
        order.queued.set(event.lineId, event.more?.units ?? 0);
        return true;
      case "demand-cancelled":
        return order.queued.delete(event.lineId);
      case "hold-expired": {
        const part = order.placed.get(event.holdId);
        if (part !== undefined) part.isExpired = true;
        return false;
      }
      case "hold-released":
        // The units that the queue had given already are given back hold by hold.
        return (
          event.reason === "order-undone" &&
          (order.placed.delete(event.holdId) || order.queued.delete(event.lineId))
        );
      default:
        return false;
    }
  }

  /** After a transaction: the order stands as its policy allows, and its record with it. */
  checkWhole(orderId: string, records: ReadonlySet<string>): void {
    const order = this.orders.get(orderId);
    if (order === undefined || order.isChanged) return;
    const { record, placed } = order;
    const stands = isHeld(order);
    const isNothing = placed.size === 0 && order.queued.size === 0;
    // Holds that expired before their record was refused cannot be given back, and need not be.
    if (record !== null && (stands ? !records.has(record.id) : isNothing && records.has(record.id))) {
      throw new Violation("an order and its record commit together", `order ${orderId}`);
    }
    // What has expired in the same step cannot be given back, and need not be.
    if (!stands) return;
    if (order.operation.open === 0 && !order.operation.isAcknowledged) {
      throw new Violation("nothing was done", `order ${orderId} is placed after it was said`);
    }
    for (const line of order.request.lines) this.checkLine(order, line);
  }

  checkAnswer(orderId: string, holds: readonly PlacedHold[]): void {
    const order = this.orders.get(orderId);
    // Holds of an order that waits for stock go on growing, and those of a changed one change.
    if (order === undefined || order.isChanged || order.request.policy === "ship_available_backorder_rest")
      return;
    // Beyond the window each shard forgets by its own time.
    if (this.nowMs - order.placedAtMs > this.rememberedMs) return;
    // One transaction may commit a placement and, beyond the window, the next one: each is answered for
    // itself.
    if (!isAnswered(order.placed, holds) && !isAnswered(order.earlier, holds)) {
      throw new Violation(
        "nothing uncommitted is seen",
        `order ${orderId} was answered with other holds than are committed`,
      );
    }
  }

  private place(order: OrderEntry, event: StockEvent, nowMs: number): void {
    // Beyond the window an order that no longer holds anything may be placed anew. One transaction may commit
    // both placements, and it is read shard by shard: a part of the first may come after parts of the second.
    const { orderId, lineId, sku, locationId, holdId } = event;
    const part = { lineId, sku, locationId, quantity: event.reserved, isExpired: false };
    if (order.placedAtMs - nowMs > this.rememberedMs) {
      order.earlier.set(holdId, part);
      return;
    }
    if (nowMs - order.placedAtMs > this.rememberedMs) {
      order.earlier = new Map(order.placed);
      order.placed.clear();
    }
    if (order.placed.has(holdId) && !order.isChanged) {
      throw new Violation("exactly one effect per key", `order ${orderId} placed ${holdId} again`);
    }
    order.placedAtMs = nowMs;
    order.placed.set(holdId, part);
  }

  private checkLine({ request, placed, queued }: OrderEntry, line: ReservationLine): void {
    const parts = [...placed.values()].filter((part) => part.lineId === line.lineId);
    const stray = parts.find(({ locationId }) => !mayUse(request, locationId));
    if (stray !== undefined) {
      throw new Violation(
        "an order is placed as asked",
        `line ${line.lineId} of ${request.orderId} is placed at ${stray.locationId}, where it may not be`,
      );
    }
    const kit = this.kits.get(line.sku);
    const units =
      kit === undefined
        ? unitsOf(parts, line.sku)
        : kitsOf(parts, kit, `line ${line.lineId} of ${request.orderId}`);
    const isAllowed =
      units === line.quantity ||
      (request.policy === "line_by_line" && units === 0) ||
      (request.policy === "ship_available" && units < line.quantity) ||
      (request.policy === "ship_available_backorder_rest" &&
        units + (kit === undefined ? (queued.get(line.lineId) ?? 0) : line.quantity - units) ===
          line.quantity);
    if (isAllowed) return;
    throw new Violation(
      "an order is placed as its policy says",
      `${request.policy} order ${request.orderId} has ${units} of ${line.quantity} in line ${line.lineId}`,
    );
  }
}

/** An order that was undone may be placed anew, also where a part of it had expired before. */
function forgetExpired({ placed }: OrderEntry): void {
  for (const [holdId, part] of placed) if (part.isExpired) placed.delete(holdId);
}

function mayUse({ locations }: OrderReservationRequest, locationId: string): boolean {
  if (locations === undefined) return true;
  if ("only" in locations) return locations.only.includes(locationId);
  return !locations.except.includes(locationId);
}

function isAnswered(placed: ReadonlyMap<string, PlacedPart>, holds: readonly PlacedHold[]): boolean {
  return (
    holds.length === placed.size && holds.every((hold) => placed.get(hold.holdId)?.quantity === hold.quantity)
  );
}

function isHeld({ placed, queued }: OrderEntry): boolean {
  return queued.size > 0 || [...placed.values()].some((part) => !part.isExpired);
}

function unitsOf(parts: readonly PlacedPart[], sku: string): number {
  let units = 0;
  for (const part of parts) {
    if (part.sku !== sku)
      throw new Violation("an order is placed as asked", `${part.sku} was placed for ${sku}`);
    units += part.quantity;
  }
  return units;
}

/** How many whole kits the parts make; each kit is at one location. */
function kitsOf(parts: readonly PlacedPart[], kit: Kit, name: string): number {
  let kits = 0;
  for (const locationId of new Set(parts.map((part) => part.locationId))) {
    const here = parts.filter((part) => part.locationId === locationId);
    const counts = kit.components.map(({ sku, quantity }) => {
      let units = 0;
      for (const part of here) if (part.sku === sku) units += part.quantity;
      return units / quantity;
    });
    const [whole = 0] = counts;
    if (!Number.isInteger(whole) || counts.some((count) => count !== whole)) {
      throw new Violation(
        "a kit is reserved whole",
        `${name} holds ${counts.join(" and ")} kits at ${locationId}`,
      );
    }
    kits += whole;
  }
  return kits;
}
