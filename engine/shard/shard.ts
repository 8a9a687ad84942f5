/**
 * One shard: does what a batch asks for, in a fixed order. Runs on the shard's thread.
 *
 * Owns the order of things within a batch. First comes what has fallen due, then lane operations and commands
 * as they were given, then the parts of orders, what is undone of them, and reads. Synchronous and without a
 * clock, so that a thread, a recovery, a test and a simulation run the very same code. Leaves the state to
 * `shard-state.ts`, the parts of orders to `shard-orders.ts`, and durability to the committer: what a batch
 * returns must not be shown before it is committed.
 *
 * S1 and S2 are those of `shard-state.ts`.
 * S3 A thrown error leaves the shard half changed: its owner must discard it and rebuild it from what is
 *    committed.
 */

import type { PositionAddress, RefusalCode, StockCommand, StockOutcome } from "../../actors/commands.ts";
import type { Due } from "../../actors/expiry-index.ts";
import { commandFingerprint } from "../../actors/fingerprint.ts";
import { freeUnits, poolsLeft } from "../../actors/position/channel-pools.ts";
import type { StockEvent } from "../../actors/position/events.ts";
import { firstExpiredFirst } from "../../actors/position/lots.ts";
import { bucketsOf, newPosition, type StockPosition } from "../../actors/position/stock-position.ts";
import { decide } from "../../actors/rules/apply-command.ts";
import { invalidity } from "../../actors/rules/command-validity.ts";
import type { DemandFill, HoldView, NamedUnits, PositionView } from "../allocator-client.ts";
import { encodeBlob, type JournalBlob } from "../journal/journal-codec.ts";
import type { PositionChanges } from "../stock-view/stock-changes.ts";
import { ShardOrders } from "./shard-orders.ts";
import type { PositionPools, ShardReply, ShardRequest, SkuOutlook } from "./shard-request.ts";
import { ShardState } from "./shard-state.ts";
import { earlier, timedCommand } from "./shard-timers.ts";

/**
 * Holds that expire in one batch at most: a million that fall due together must not
 * stop the shard for seconds.
 */
const MAX_EXPIRIES_PER_BATCH = 20_000;

export class Shard {
  readonly shard: number;
  private readonly state: ShardState;
  private readonly orders: ShardOrders;

  constructor(shard: number, state = new ShardState()) {
    this.shard = shard;
    this.state = state;
    this.orders = new ShardOrders(state);
  }

  run(request: ShardRequest): ShardReply {
    const { state, orders } = this;
    const { lanes, positions } = state;
    const nowMs = Math.max(state.nowMs, lanes.nowMs, request.nowMs);
    const events: StockEvent[] = [];
    const freed = (position: StockPosition): void =>
      state.serveWaiting(position.sku, position, nowMs, events);
    lanes.beginBatch(nowMs, events, state.skus.size > 0 ? freed : null);
    this.expire(nowMs, events);
    const laneCodes = (request.lanes ?? []).map((run) => lanes.apply(run));
    const outcomes: StockOutcome[] = [];
    for (const command of request.commands) outcomes.push(this.execute(command, nowMs, events));
    for (const demand of request.amend?.withdrawals ?? []) orders.withdraw(demand, nowMs, events);
    const given: StockEvent[] = [];
    const reduced = request.amend?.reductions.map((reduction) => {
      const event = orders.reduce(reduction, nowMs, events);
      if (event !== null) given.push(event);
      return event !== null;
    });
    const placed: StockOutcome[] = [];
    for (const placement of request.placements) placed.push(orders.place(placement, nowMs, events));
    // Only now, because an amendment may itself take what it gave back. Waiting demand gets the rest.
    for (const event of given) state.follow(event, nowMs, events);
    const queued = (request.queue ?? []).map((demand) => orders.queue(demand, nowMs, events));
    for (const demand of request.undoQueue ?? []) orders.undoQueue(demand, nowMs, events);
    for (const placement of request.undo) orders.undo(placement, nowMs, events);
    for (const order of request.remember ?? []) orders.remember(order, nowMs, events);
    for (const order of request.forget ?? []) orders.forget(order, nowMs, events);
    for (const mark of request.amend?.marks ?? []) orders.mark(mark, nowMs, events);
    const laneBlob = lanes.takeJournal();
    const hasHappened = events.length > 0 || laneBlob !== null;
    if (hasHappened) state.endBatch(nowMs, events.length);
    return {
      shard: this.shard,
      outcomes,
      placed,
      orders: request.orders.map((orderId) => orders.remembered(orderId)),
      queued,
      amend:
        request.amend === undefined
          ? null
          : {
              answers: request.amend.questions.map((question) => orders.answer(question)),
              reduced: reduced ?? [],
            },
      positions: request.skus.flatMap((sku) => this.positionsOf(sku)),
      pools: request.skus.flatMap((sku) => this.poolsOf(sku)),
      outlooks: (request.outlooks ?? []).map((sku) => this.outlookOf(sku)),
      named: (request.named ?? []).flatMap((sku) => this.namedOf(sku)),
      filled: events.flatMap((event) => (event.type === "demand-filled" ? [fillOf(event)] : [])),
      holds: request.addresses.map((address) => this.holdsOf(address)),
      laneCodes,
      ordinals: (request.open ?? []).map(
        ({ sku, locationId }) => this.state.positions.find(sku, locationId)?.ordinal ?? -1,
      ),
      entries: hasHappened ? encodeBlob(nowMs, events, laneBlob) : null,
      changes: positions.takeChanges(),
      ...this.figures(),
    };
  }

  /** All positions as changes, for a stock view that may know none of them. */
  allChanges(): PositionChanges {
    return this.state.positions.takeAllChanges();
  }

  figures(): { readonly nextExpiryAtMs: number; readonly positionCount: number; readonly holdCount: number } {
    const { timers, lanes, positions } = this.state;
    return {
      nextExpiryAtMs: earlier(timers.nextAtMs, lanes.nextExpiryAtMs()),
      positionCount: positions.size,
      holdCount: this.state.holdCount + lanes.open,
    };
  }

  /** Applies a committed blob again. */
  replay(blob: JournalBlob): void {
    this.state.replay(blob);
  }

  /** The whole state as bytes. Equal states have equal bytes. */
  encodeState(): Uint8Array {
    return this.state.encode();
  }

  static decodeState(shard: number, bytes: Uint8Array): Shard {
    return new Shard(shard, ShardState.decode(bytes));
  }

  private expire(nowMs: number, events: StockEvent[]): void {
    const { timers, lanes } = this.state;
    let left = MAX_EXPIRIES_PER_BATCH;
    for (; left > 0; left -= 1) {
      const due = timers.takeDueLot(nowMs);
      if (due === undefined) break;
      this.fallDue(due, nowMs, events);
    }
    left -= lanes.expire(left);
    for (; left > 0; left -= 1) {
      const due = timers.takeDue(nowMs);
      if (due === undefined) return;
      this.fallDue(due, nowMs, events);
    }
  }

  private fallDue(due: Due, nowMs: number, events: StockEvent[]): void {
    const { state } = this;
    if (!state.timers.isCurrent(due)) return;
    const position = state.positions.find(due.sku, due.locationId) ?? newPosition(due.sku, due.locationId);
    const event = decide(position, timedCommand(due, nowMs), null, state.contextOf(due.sku, nowMs));
    if (event.type !== "nothing-changed") state.happen(event, nowMs, events);
  }

  private execute(command: StockCommand, nowMs: number, events: StockEvent[]): StockOutcome {
    const { state } = this;
    const wrong = invalidity(command);
    if (wrong !== undefined) return { status: "refused", code: "invalid_command", detail: wrong };
    const known = state.commands.outcomeOf(command.commandId, commandFingerprint(command));
    if (known !== undefined) return known;
    const found = state.positions.find(command.sku, command.locationId);
    const position = found ?? newPosition(command.sku, command.locationId);
    const laneUnits = command.type === "claim" ? this.unitsToClaim(command, position) : 0;
    const event = decide(position, command, null, state.contextOf(command.sku, nowMs, laneUnits));
    if (event.type === "command-refused") {
      state.record(event, nowMs, events);
      return { status: "refused", code: event.reason as RefusalCode, detail: event.detail };
    }
    if (event.type === "nothing-changed" && event.commandId === "") {
      return { status: "applied", position: bucketsOf(position) };
    }
    state.record(event, nowMs, events);
    // The outcome of the command itself. A repeat gets the same answer, even where waiting demand took the
    // units at once.
    const buckets = bucketsOf(found ?? state.positions.find(command.sku, command.locationId) ?? position);
    state.follow(event, nowMs, events);
    return { status: "applied", position: buckets };
  }

  private unitsToClaim(
    command: { readonly lane: string; readonly number: number },
    at: StockPosition,
  ): number {
    const open = this.state.lanes.openReservation(command.lane, command.number);
    return open !== null && open.ordinal === at.ordinal ? open.quantity : 0;
  }

  private outlookOf(sku: string): SkuOutlook {
    return {
      sku,
      queued: this.state.skus.of(sku)?.demand.units ?? 0,
      locations: this.state.positions.ofSku(sku).map((position) => ({
        locationId: position.locationId,
        available: freeUnits(position, ""),
        incoming: [...(position.details?.incoming?.values() ?? [])].map(({ dueAtMs, quantity }) => ({
          dueAtMs,
          quantity,
        })),
      })),
    };
  }

  private namedOf(sku: string): NamedUnits[] {
    const tracking = this.state.skus.of(sku)?.tracking ?? "none";
    if (tracking === "none") return [];
    const locations = this.state.positions.ofSku(sku).map(({ locationId, details }) => ({
      locationId,
      lots: [...(details?.lots?.values() ?? [])]
        .sort(firstExpiredFirst)
        .map(({ lot, expiresAtMs, onHand }) => ({ lot, expiresAtMs, onHand })),
      serials: [...(details?.serials?.entries() ?? [])].map(([serial]) => serial).sort(),
    }));
    return [{ sku, tracking, locations }];
  }

  private positionsOf(sku: string): PositionView[] {
    return this.state.positions.ofSku(sku).map((position) => ({
      sku,
      locationId: position.locationId,
      ...bucketsOf(position),
    }));
  }

  private poolsOf(sku: string): PositionPools[] {
    return this.state.positions.ofSku(sku).flatMap((position) => {
      const pools = position.details?.pools;
      return pools === null || pools === undefined || pools.size === 0
        ? []
        : [{ sku, locationId: position.locationId, pools: poolsLeft(pools) }];
    });
  }

  private holdsOf(address: PositionAddress): HoldView[] {
    const views: HoldView[] = [];
    const position = this.state.positions.find(address.sku, address.locationId);
    if (position === undefined) return views;
    for (const hold of position.holds?.values() ?? []) {
      for (const state of ["reserved", "allocated", "picked"] as const) {
        if (hold[state] === 0) continue;
        views.push({
          sku: address.sku,
          locationId: address.locationId,
          holdId: hold.holdId,
          state,
          quantity: hold[state],
          expiresAtMs: state === "reserved" ? hold.expiresAtMs : 0,
          cause: hold.cause,
        });
      }
    }
    views.push(...this.state.lanes.holdsOf(position));
    return views;
  }
}

function fillOf(event: StockEvent): DemandFill {
  const { orderId, lineId, holdId, sku, locationId, pool } = event;
  return { orderId, lineId, holdId, sku, locationId, pool, quantity: event.reserved };
}
