/**
 * The state of one shard, and the only way to change it: folding events. Runs on the shard's thread; a
 * snapshot task runs it too, to replay a journal.
 *
 * Owns what the shard remembers (positions, lanes, commands, orders, SKUs, timers), what follows from an
 * event, and how all of it becomes the bytes of a snapshot. Leaves decisions to the rules (`actors/rules`),
 * and their order to `shard.ts` and `shard-orders.ts`.
 *
 * S1 State changes only by folding an event, live and in recovery alike.
 * S2 Old entries are forgotten only at the end of a journaled batch, by the batch's time. So a recovered
 *    shard equals the live one to the byte of its snapshot.
 */

import type { StockEvent } from "../../actors/position/events.ts";
import { applyToPosition } from "../../actors/position/fold-event.ts";
import {
  applyToSku,
  concernsPosition,
  concernsSku,
  type SkuContext,
} from "../../actors/position/sku-stock.ts";
import { newPosition, type StockPosition } from "../../actors/position/stock-position.ts";
import { CommandWindow, type RememberedCommand } from "../../actors/rules/command-window.ts";
import { nextFill } from "../../actors/rules/demand.ts";
import { transferConsequence } from "../../actors/rules/transfers.ts";
import type { JournalBlob } from "../journal/journal-codec.ts";
import { OrderMemory, type WireOrder } from "./order-memory.ts";
import { PositionBook } from "./position-book.ts";
import { fillFromWire, positionToWire, type WirePosition } from "./position-wire.ts";
import { ShardLanes, type WireLanes } from "./shard-lanes.ts";
import { ShardTimers } from "./shard-timers.ts";
import { SharedTexts } from "./shared-texts.ts";
import { SkuBook, type WireSku } from "./sku-book.ts";
import { readState, StateWriter } from "./state-sections.ts";

export class ShardState {
  readonly positions = new PositionBook();
  readonly lanes = new ShardLanes(this.positions);
  readonly commands = new CommandWindow();
  readonly orders = new OrderMemory();
  readonly skus = new SkuBook();
  readonly timers = new ShardTimers(this.positions, this.skus);
  /** The time of the last batch in which something happened. */
  nowMs = 0;
  /** How many named holds there are; lanes count their own. */
  holdCount = 0;
  private readonly texts = new SharedTexts();

  /** Folds an event and writes it down for the journal. */
  record(event: StockEvent, nowMs: number, events: StockEvent[]): void {
    this.fold(event, nowMs);
    events.push(event);
  }

  /** The same, and what follows from it. */
  happen(event: StockEvent, nowMs: number, events: StockEvent[]): void {
    this.record(event, nowMs, events);
    this.follow(event, nowMs, events);
  }

  /** What follows from an event: the other end of a transfer, and the demand that the freed units serve. */
  follow(event: StockEvent, nowMs: number, events: StockEvent[]): void {
    if (event.type === "transfer-sent" || event.type === "transfer-received") {
      const next = transferConsequence(event, this.contextOf(event.sku, nowMs));
      if (next !== null) this.record(next, nowMs, events);
    }
    if (this.skus.size === 0) return;
    const isOfQueue = event.type === "demand-queued" || event.type === "demand-opened";
    const at = isOfQueue ? null : this.positions.find(event.sku, event.locationId);
    if (at !== undefined) this.serveWaiting(event.sku, at, nowMs, events);
  }

  /** Gives free units, at one position or (`null`) at any, to the demand that waits for them. */
  serveWaiting(sku: string, at: StockPosition | null, nowMs: number, events: StockEvent[]): void {
    for (;;) {
      const record = this.skus.of(sku);
      if (record === null || record.demand.size === 0) return;
      const fill = nextFill(this.contextOf(sku, nowMs), at);
      if (fill === null) return;
      this.record(fill, nowMs, events);
    }
  }

  /** @param laneUnits units of the lane reservation that a claim names */
  contextOf(sku: string, nowMs: number, laneUnits = 0): SkuContext {
    return { positions: this.positions.ofSku(sku), record: this.skus.of(sku), nowMs, laneUnits };
  }

  /** Applies a committed blob again. */
  replay(blob: JournalBlob): void {
    this.lanes.beginBatch(blob.nowMs, blob.events, null);
    let folded = 0;
    const foldUpTo = (count: number): void => {
      for (; folded < count; folded += 1) this.fold(blob.events[folded] as StockEvent, blob.nowMs);
    };
    if (blob.lanes !== null) this.lanes.replay(blob.lanes, foldUpTo);
    foldUpTo(blob.events.length);
    this.endBatch(blob.nowMs, blob.events.length);
  }

  endBatch(nowMs: number, eventCount: number): void {
    this.nowMs = nowMs;
    this.lanes.endBatch(nowMs);
    this.commands.advance(nowMs);
    this.orders.forget(
      nowMs,
      2 * eventCount,
      (hold) => this.positions.find(hold.sku, hold.locationId)?.holds?.has(hold.holdId) === true,
      (demand) => this.skus.of(demand.sku)?.demand.get(demand.holdId) !== undefined,
    );
  }

  /** The whole state as bytes. Equal states have equal bytes. */
  encode(): Uint8Array {
    const state = new StateWriter();
    state.section("time", [this.nowMs]);
    state.section("positions", mapped(this.positions.values(), positionToWire));
    state.section("commands", this.commands.entries());
    state.section("orders", this.orders.toWire());
    state.section("lanes", [this.lanes.toWire()]);
    state.section("skus", this.skus.toWire());
    return state.finish();
  }

  static decode(bytes: Uint8Array): ShardState {
    const decoded = new ShardState();
    readState(bytes, {
      time: (nowMs) => {
        decoded.nowMs = nowMs as number;
      },
      positions: (wire) => decoded.restorePosition(wire as WirePosition),
      commands: (command) => decoded.commands.add(command as RememberedCommand),
      orders: (order) => decoded.orders.restore(order as WireOrder),
      lanes: (lanes) => decoded.lanes.restore(lanes as WireLanes, decoded.nowMs),
      skus: (wire) => decoded.restoreSku(wire as WireSku),
    });
    return decoded;
  }

  private fold(event: StockEvent, nowMs: number): void {
    let position = this.positions.find(event.sku, event.locationId);
    if (concernsPosition(event)) {
      position ??= this.positions.add(event.sku, event.locationId);
      const holdsBefore = position.holds?.size ?? 0;
      applyToPosition(position, event, nowMs);
      this.positions.touch(position.ordinal);
      this.holdCount += (position.holds?.size ?? 0) - holdsBefore;
      this.foldHold(event, position);
      if (event.more !== null && event.more.lots.length > 0) this.timers.awaitLotsOf(event, position);
    }
    if (concernsSku(event)) {
      this.skus.change(event.sku, (record) => applyToSku(record, event, nowMs));
      if (event.type === "demand-queued") this.timers.awaitPreOrder(event.sku, event.holdId);
    }
    this.orders.fold(event, nowMs);
    if (event.commandId !== "") {
      this.commands.remember(event, nowMs, position ?? newPosition(event.sku, event.locationId));
    }
  }

  /** What a hold's event means for its timer and for the lane that it was claimed from. */
  private foldHold(event: StockEvent, position: StockPosition): void {
    const { holdId, expiresAtMs } = event;
    if (expiresAtMs > 0 && (event.type === "stock-reserved" || event.type === "hold-extended")) {
      this.timers.awaitHold(position, holdId, expiresAtMs);
    }
    if (event.type === "hold-claimed") {
      const reference = event.more?.reference ?? "";
      const slash = reference.lastIndexOf("/");
      this.lanes.closeClaimed(reference.slice(0, slash), Number(reference.slice(slash + 1)));
    }
  }

  private restorePosition(wire: WirePosition): void {
    const position = this.positions.add(wire[0], wire[1]);
    fillFromWire(position, wire, this.texts);
    const { holds, details } = position;
    if (holds !== null) {
      for (const { holdId, reserved, expiresAtMs } of holds.values()) {
        this.holdCount += 1;
        if (reserved > 0 && expiresAtMs > 0) this.timers.awaitHold(position, holdId, expiresAtMs);
      }
    }
    for (const lot of details?.lots?.values() ?? []) this.timers.awaitLot(position, lot);
  }

  private restoreSku(wire: WireSku): void {
    const record = this.skus.restore(wire);
    for (const entry of record.demand.values()) this.timers.awaitPreOrder(record.sku, entry.holdId);
  }
}

function* mapped<T, U>(values: Iterable<T>, map: (value: T) => U): Generator<U> {
  for (const value of values) yield map(value);
}
