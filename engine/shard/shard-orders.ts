/**
 * What a shard does for orders: it places their parts, queues what they wait for, takes both back, and
 * answers what it remembers of them. It remembers orders as a whole whose home it is. Runs on the shard's thread.
 *
 * Owns how a part of an order becomes a command and its event. The round has planned which parts there are
 * (`engine/planning`); the rules decide whether stock allows them (`actors/rules`).
 *
 * An order's parts have no command id: they are remembered by their order (`order-memory.ts`). The reason in
 * their events says which events make, change or end that memory.
 */
import {
  ANY_LOCATION,
  type RefusalCode,
  type StockCommand,
  type StockOutcome,
} from "../../actors/commands.ts";
import type { StockEvent } from "../../actors/position/events.ts";
import { details, nothing } from "../../actors/position/make-event.ts";
import { bucketsOf, newPosition } from "../../actors/position/stock-position.ts";
import { decide } from "../../actors/rules/apply-command.ts";
import { invalidity } from "../../actors/rules/command-validity.ts";
import { withheldUnits } from "../../actors/rules/holds.ts";
import type { PlacedHold } from "../allocator-client.ts";
import { ORDER_AMENDED, ORDER_QUEUED, ORDER_REMEMBERED, ORDER_UNDONE } from "./order-memory.ts";
import type {
  AmendmentAnswer,
  AmendmentMark,
  AmendmentQuestion,
  DemandToQueue,
  DemandWithdrawal,
  HoldReduction,
  Placement,
  RememberedOrder,
  WholeOrder,
} from "./shard-request.ts";
import type { ShardState } from "./shard-state.ts";

/** All orders have the same priority: first come, first served. */
const ORDER_PRIORITY = 100;

const NO_HOLD: PlacedHold = { holdId: "", lineId: "", sku: "", locationId: "", quantity: 0 };

/** The command that places a part of an order. */
export function placementCommand(placement: Placement): Extract<StockCommand, { readonly type: "reserve" }> {
  const { sku, locationId, holdId, quantity, pool, expiresAtMs, atMs, cause } = placement;
  return {
    type: "reserve",
    commandId: holdId,
    sku,
    locationId,
    holdId,
    quantity,
    ...(pool === undefined ? {} : { pool }),
    expiresAtMs,
    atMs,
    cause,
  };
}

/** The command that puts an order's demand into its SKU's queue. */
export function demandCommand(demand: DemandToQueue, commandId: string): StockCommand {
  const { orderId, lineId, holdId, sku, quantity, pool, atMs, cause } = demand;
  return {
    type: "enqueue-demand",
    commandId,
    sku,
    locationId: ANY_LOCATION,
    holdId,
    orderId,
    lineId,
    quantity,
    ...(pool === undefined ? {} : { pool }),
    priority: ORDER_PRIORITY,
    kind: "backorder",
    notBeforeMs: 0,
    atMs,
    cause,
  };
}

export class ShardOrders {
  private readonly state: ShardState;

  constructor(state: ShardState) {
    this.state = state;
  }

  /** A part that is refused leaves no trace: its order is undone, and the part is never asked for again. */
  place(placement: Placement, nowMs: number, events: StockEvent[]): StockOutcome {
    const { state } = this;
    const { sku, locationId } = placement;
    const command = placementCommand(placement);
    const wrong = invalidity(command);
    if (wrong !== undefined) return { status: "refused", code: "invalid_command", detail: wrong };
    const found = state.positions.find(sku, locationId);
    const position = found ?? newPosition(sku, locationId);
    const event = decide(position, command, placement, state.contextOf(sku, nowMs));
    if (event.type === "command-refused") {
      return { status: "refused", code: event.reason as RefusalCode, detail: event.detail };
    }
    state.record(event, nowMs, events);
    return {
      status: "applied",
      position: bucketsOf(found ?? state.positions.find(sku, locationId) ?? position),
    };
  }

  /** Takes the part back as if neither it nor its order had ever been. */
  undo(placement: Placement, nowMs: number, events: StockEvent[]): void {
    const { state } = this;
    const { orderId, holdId, sku, locationId, atMs, cause } = placement;
    const position = state.positions.find(sku, locationId);
    if (position === undefined) return;
    const event = decide(
      position,
      { type: "release", commandId: holdId, sku, locationId, holdId, atMs, cause },
      null,
      state.contextOf(sku, nowMs),
    );
    if (event.type === "command-refused") return;
    // A hold that has expired is not given back, but its order is forgotten: no repeat may be answered from
    // it.
    if (event.type === "nothing-changed" && state.orders.holdsOf(orderId) === null) return;
    state.happen({ ...event, commandId: "", fingerprint: 0, orderId, reason: ORDER_UNDONE }, nowMs, events);
  }

  /** Puts demand into its SKU's queue. @returns whether it was */
  queue(demand: DemandToQueue, nowMs: number, events: StockEvent[]): boolean {
    const { state } = this;
    const { holdId, sku } = demand;
    const command = demandCommand(demand, holdId);
    if (invalidity(command) !== undefined) return false;
    const event = decide(newPosition(sku, ANY_LOCATION), command, null, state.contextOf(sku, nowMs));
    if (event.type !== "demand-queued") return false;
    state.happen({ ...event, commandId: "", fingerprint: 0, reason: ORDER_QUEUED }, nowMs, events);
    return true;
  }

  /** Takes the demand, and the holds that it was given at once, back as if they had never been. */
  undoQueue(demand: DemandToQueue, nowMs: number, events: StockEvent[]): void {
    this.endWait(demand, ORDER_UNDONE, nowMs, events);
    for (const { sku, locationId, holds } of [...this.state.positions.ofSku(demand.sku)]) {
      const hold = holds?.get(demand.holdId);
      if (hold === undefined) continue;
      this.undo({ ...demand, locationId, quantity: hold.reserved, sku, expiresAtMs: 0 }, nowMs, events);
    }
  }

  /** Takes waiting demand of an amended order out of the queue. */
  withdraw(demand: DemandWithdrawal, nowMs: number, events: StockEvent[]): void {
    this.endWait(demand, ORDER_AMENDED, nowMs, events);
  }

  /**
   * Takes units back from a hold without offering them to waiting demand yet.
   *
   * @returns the event, for `ShardState.follow`; `null` where the hold does not have these units
   */
  reduce(reduction: HoldReduction, nowMs: number, events: StockEvent[]): StockEvent | null {
    const { state } = this;
    const { holdId, sku, locationId, quantity, atMs, cause } = reduction;
    const position = state.positions.find(sku, locationId);
    if (position === undefined) return null;
    const event = decide(
      position,
      { type: "deallocate", commandId: holdId, sku, locationId, holdId, quantity, atMs, cause },
      null,
      state.contextOf(sku, nowMs),
    );
    if (event.type !== "hold-deallocated") return null;
    const reduced: StockEvent = { ...event, commandId: "", fingerprint: 0, reason: ORDER_AMENDED };
    state.record(reduced, nowMs, events);
    return reduced;
  }

  /** Remembers an amendment under its mark, as a command is remembered under its id. */
  mark({ mark, fingerprint, ...at }: AmendmentMark, nowMs: number, events: StockEvent[]): void {
    const { state } = this;
    const { sku, locationId, atMs, cause } = at;
    const position = state.positions.find(sku, locationId) ?? newPosition(sku, locationId);
    // Giving back a hold that never existed changes nothing, but its command is remembered. That is all this
    // needs.
    const event = decide(
      position,
      { type: "release", commandId: mark, sku, locationId, holdId: "", atMs, cause },
      null,
      state.contextOf(sku, nowMs),
    );
    state.record({ ...event, fingerprint }, nowMs, events);
  }

  /** Remembers an order whose home this is, with holds and demand of any shard. */
  remember(order: WholeOrder, nowMs: number, events: StockEvent[]): void {
    const { holds, queued } = order;
    for (const hold of holds) this.note(order, hold, ORDER_REMEMBERED, nowMs, events);
    for (const demand of queued)
      this.note(order, { ...demand, locationId: ANY_LOCATION }, ORDER_REMEMBERED, nowMs, events);
    if (holds.length + queued.length === 0) this.note(order, NO_HOLD, ORDER_REMEMBERED, nowMs, events);
  }

  /** The order counts as never placed. */
  forget(order: WholeOrder, nowMs: number, events: StockEvent[]): void {
    if (this.state.orders.holdsOf(order.orderId) !== null)
      this.note(order, NO_HOLD, ORDER_UNDONE, nowMs, events);
  }

  remembered(orderId: string): RememberedOrder | null {
    const { orders } = this.state;
    const holds = orders.holdsOf(orderId);
    return holds === null ? null : { holds, queued: orders.queuedOf(orderId) };
  }

  /** What an amendment needs to know of its order. */
  answer({ orderId, mark, fingerprint }: AmendmentQuestion): AmendmentAnswer {
    const { positions, orders, skus, commands } = this.state;
    return {
      holds: orders.statesOf(orderId, ({ sku, locationId, holdId }) => {
        const position = positions.find(sku, locationId);
        const hold = position?.holds?.get(holdId);
        if (position === undefined || hold === undefined) return undefined;
        const { reserved, allocated, picked } = hold;
        return { reserved, allocated, picked, withheld: withheldUnits(position, hold) };
      }),
      waiting: orders.queuedOf(orderId).flatMap((demand) => {
        const left = skus.of(demand.sku)?.demand.get(demand.holdId)?.quantity ?? 0;
        return left === 0 ? [] : [{ ...demand, quantity: left }];
      }),
      known: mark === null ? null : (commands.outcomeOf(mark, fingerprint)?.status ?? null),
    };
  }

  /** An event that changes the memory of an order and nothing else. */
  private note(
    { orderId, atMs, cause }: WholeOrder,
    { holdId, lineId, sku, locationId, quantity }: PlacedHold,
    reason: string,
    nowMs: number,
    events: StockEvent[],
  ): void {
    const command: StockCommand = { type: "release", commandId: "", holdId, sku, locationId, atMs, cause };
    const event = { ...nothing(command, false), orderId, lineId, holdId, reason };
    this.state.record(
      quantity === 0 ? event : { ...event, more: details({ units: quantity }) },
      nowMs,
      events,
    );
  }

  private endWait(demand: DemandWithdrawal, reason: string, nowMs: number, events: StockEvent[]): void {
    const { sku, holdId, atMs, cause } = demand;
    const event = decide(
      newPosition(sku, ANY_LOCATION),
      { type: "cancel-demand", commandId: holdId, sku, locationId: ANY_LOCATION, holdId, atMs, cause },
      null,
      this.state.contextOf(sku, nowMs),
    );
    if (event.type !== "demand-cancelled") return;
    this.state.happen({ ...event, commandId: "", fingerprint: 0, reason }, nowMs, events);
  }
}
