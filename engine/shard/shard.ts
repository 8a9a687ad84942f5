/**
 * One shard: the positions of its SKUs, the memory of its commands and orders, and the loop that applies a batch.
 *
 * Owns the order of things within a shard: first what has expired, then commands in the order given, then the parts of
 * orders, then what is undone of them, then reads. Synchronous and without a clock, so that a thread, a recovery, a test and a simulation run the
 * very same code. Leaves durability to the committer: what a batch returns must not be shown before it is committed.
 *
 * S1 State changes only by folding an event, live and in recovery alike.
 * S2 What is forgotten is forgotten at the end of a journaled batch by the batch's time, so a recovered shard equals
 *    the live one to the byte of its snapshot.
 * S3 A thrown error leaves the shard half changed: its owner must discard it and rebuild it from what is committed.
 */

import type { Supply } from "../../actors/capable-to-promise.ts";
import { CommandWindow, type RememberedCommand } from "../../actors/command-window.ts";
import {
  ANY_LOCATION,
  type PositionAddress,
  type RefusalCode,
  type StockCommand,
  type StockOutcome,
} from "../../actors/commands.ts";
import { type Due, ExpiryIndex } from "../../actors/expiry-index.ts";
import { commandFingerprint } from "../../actors/fingerprint.ts";
import { freeUnits } from "../../actors/position/channel-pools.ts";
import type { StockEvent } from "../../actors/position/events.ts";
import { applyToPosition } from "../../actors/position/fold-event.ts";
import type { Lot } from "../../actors/position/lots.ts";
import {
  applyToSku,
  concernsPosition,
  concernsSku,
  type SkuContext,
} from "../../actors/position/sku-stock.ts";
import { bucketsOf, newPosition, type StockPosition } from "../../actors/position/stock-position.ts";
import { decide } from "../../actors/rules/apply-command.ts";
import { invalidity } from "../../actors/rules/command-validity.ts";
import { nextFill } from "../../actors/rules/demand.ts";
import { withheldUnits } from "../../actors/rules/holds.ts";
import { transferConsequence } from "../../actors/rules/transfers.ts";
import type { DemandFill, HoldView, PlacedHold, PositionView } from "../allocator-client.ts";
import { encodeBlob, type JournalBlob } from "../journal/journal-codec.ts";
import type { DemandWithdrawal, HoldReduction } from "../planning/order-amendment.ts";
import type { PositionChanges } from "../stock-view/stock-view.ts";
import { type OrderDemand, type OrderHoldState, OrderMemory, type WireOrder } from "./order-memory.ts";
import { PositionBook } from "./position-book.ts";
import { fillFromWire, positionToWire, type WirePosition } from "./position-wire.ts";
import { type LaneRun, ShardLanes, type WireLanes } from "./shard-lanes.ts";
import { SharedTexts } from "./shared-texts.ts";
import { SkuBook, type WireSku } from "./sku-book.ts";
import { readState, StateWriter } from "./state-sections.ts";

/** Holds that expire in one batch at most: a million that fall due together must not stop the shard for seconds. */
const MAX_EXPIRIES_PER_BATCH = 20_000;

/** Marks the release of a hold whose order as a whole was not placed. */
const ORDER_UNDONE = "order-undone";

/** Marks units that an amendment or a cancellation took back. */
const ORDER_AMENDED = "order-amended";

/** Marks demand that was queued with its order, so that the order is remembered by it. */
const ORDER_QUEUED = "order-queued";

/** Who orders first is served first: orders have no other rank yet. */
const ORDER_PRIORITY = 100;

/** One part of an order: one hold of one line at one location. */
export type Placement = PlacedHold & {
  readonly orderId: string;
  readonly expiresAtMs: number;
  readonly atMs: number;
  readonly cause: string;
};

/** What one batch asks of one shard. */
export type ShardRequest = {
  readonly shard: number;
  /** The shard's time: expiry goes by it, and what is remembered is dated with it. */
  readonly nowMs: number;
  readonly commands: readonly StockCommand[];
  readonly placements: readonly Placement[];
  /** Parts of orders that another shard refused: they never were, and neither was the order. */
  readonly undo: readonly Placement[];
  /** Orders whose placed holds are wanted, to recognise a repeat. */
  readonly orders: readonly string[];
  /** What orders queue for the next units, after their parts are placed. Left out in most batches. */
  readonly queue?: readonly QueuedPlacement[];
  /** Queued demand of orders that never were. */
  readonly undoQueue?: readonly QueuedPlacement[];
  /** Of orders that are amended or cancelled. Left out in most batches. */
  readonly amend?: AmendmentRequest;
  /** Operations of reservation lanes. Left out where there are none. */
  readonly lanes?: readonly LaneRun[];
  /** Positions whose ordinals are wanted. Left out where there are none. */
  readonly open?: readonly PositionAddress[];
  /** SKUs whose positions are wanted. */
  readonly skus: readonly string[];
  /** SKUs of which it is wanted what is to come and who waits. Left out in most batches. */
  readonly outlooks?: readonly string[];
  /** Positions whose holds are wanted. */
  readonly addresses: readonly PositionAddress[];
};

/** A request that asks for nothing, to be filled in or spread. */
export function emptyRequest(shard: number, nowMs: number) {
  return {
    shard,
    nowMs,
    commands: [],
    placements: [],
    undo: [],
    orders: [],
    skus: [],
    addresses: [],
  } satisfies ShardRequest;
}

/** Demand of an order that waits for the next units of its SKU, wherever they come. */
export type QueuedPlacement = OrderDemand & {
  readonly orderId: string;
  readonly atMs: number;
  readonly cause: string;
};

export type AmendmentRequest = {
  /** Orders to be amended: what they hold is wanted, and whether the amendment has happened already. */
  readonly questions: readonly AmendmentQuestion[];
  /** Demand of theirs that waits no more, before their holds give anything back: or it would take it again. */
  readonly withdrawals: readonly DemandWithdrawal[];
  /** What their holds give back, before anything is placed. */
  readonly reductions: readonly HoldReduction[];
  /** Amendments to remember. */
  readonly marks: readonly AmendmentMark[];
};

export type RememberedOrder = {
  readonly holds: readonly PlacedHold[];
  readonly queued: readonly OrderDemand[];
};

/** `mark` is `null` for a cancellation, which needs no memory: what is given back is given back. */
export type AmendmentQuestion = {
  readonly orderId: string;
  readonly mark: string | null;
  readonly fingerprint: number;
};

export type AmendmentMark = PositionAddress & {
  readonly mark: string;
  readonly fingerprint: number;
  readonly atMs: number;
  readonly cause: string;
};

export type AmendmentAnswer = {
  /** `null` where the order is not remembered. */
  readonly holds: readonly OrderHoldState[] | null;
  /** What still waits in a queue. */
  readonly waiting: readonly OrderDemand[];
  /** `applied`: it has happened; `refused`: its id stands for another one; `null`: it is new. */
  readonly known: "applied" | "refused" | null;
};

export type ShardReply = {
  readonly shard: number;
  readonly outcomes: readonly StockOutcome[];
  readonly placed: readonly StockOutcome[];
  /** The holds placed for each order asked for; `null` where the order is not remembered. */
  readonly orders: readonly (RememberedOrder | null)[];
  /** Of each demand to be queued, whether it was. */
  readonly queued: readonly boolean[];
  /** `null` where nothing was asked about amendments. */
  readonly amend: {
    readonly answers: readonly AmendmentAnswer[];
    /** Of each reduction, whether it could be made. */
    readonly reduced: readonly boolean[];
  } | null;
  /** Of each lane's operations one code each; `null`: all of them were applied. */
  readonly laneCodes: readonly (Uint8Array | null)[];
  /** Of each position that was to be opened; -1 where there is none. */
  readonly ordinals: readonly number[];
  readonly positions: readonly PositionView[];
  readonly outlooks: readonly SkuOutlook[];
  /** Waiting demand that was given units in this batch. */
  readonly filled: readonly DemandFill[];
  readonly holds: readonly (readonly HoldView[])[];
  /** A journal blob; `null` where nothing happened. */
  readonly entries: Uint8Array | null;
  /** Positions whose numbers are others now, for the stock view; `null`: none. */
  readonly changes: PositionChanges | null;
  /** When the next hold expires; 0: none will. */
  readonly nextExpiryAtMs: number;
  readonly positionCount: number;
  readonly holdCount: number;
};

/** What `capableToPromise` needs to know of a SKU. */
export type SkuOutlook = {
  readonly sku: string;
  /** Units that wait in the queue. */
  readonly queued: number;
  readonly locations: readonly {
    readonly locationId: string;
    readonly available: number;
    readonly incoming: readonly Supply[];
  }[];
};

export class Shard {
  readonly shard: number;
  private readonly positions = new PositionBook();
  private readonly lanes = new ShardLanes(this.positions);
  private readonly commands = new CommandWindow();
  private readonly orders = new OrderMemory();
  private readonly skus = new SkuBook();
  private readonly expiries = new ExpiryIndex();
  /** Apart, because a lot past its date is marked before anything else can free or take its units. */
  private readonly lotDates = new ExpiryIndex();
  private readonly texts = new SharedTexts();
  private nowMs = 0;
  private holdCount = 0;

  constructor(shard: number) {
    this.shard = shard;
  }

  run(request: ShardRequest): ShardReply {
    const nowMs = Math.max(this.nowMs, this.lanes.nowMs, request.nowMs);
    const events: StockEvent[] = [];
    const freed = (position: StockPosition): void => this.serveWaiting(position.sku, position, nowMs, events);
    this.lanes.beginBatch(nowMs, events, this.skus.size > 0 ? freed : null);
    this.expire(nowMs, events);
    const laneCodes = (request.lanes ?? []).map((run) => this.lanes.apply(run));
    const outcomes: StockOutcome[] = [];
    for (const command of request.commands) outcomes.push(this.execute(command, nowMs, events));
    for (const withdrawal of request.amend?.withdrawals ?? []) {
      this.withdraw(withdrawal, ORDER_AMENDED, nowMs, events);
    }
    const given: StockEvent[] = [];
    const reduced = request.amend?.reductions.map((reduction) => {
      const event = this.reduce(reduction, nowMs, events);
      if (event !== null) given.push(event);
      return event !== null;
    });
    const placed: StockOutcome[] = [];
    for (const placement of request.placements) placed.push(this.place(placement, nowMs, events));
    // An amendment may take what it gave back itself; who waits is asked then.
    for (const event of given) this.follow(event, nowMs, events);
    const queued = (request.queue ?? []).map((demand) => this.queue(demand, nowMs, events));
    for (const demand of request.undoQueue ?? []) this.undoQueue(demand, nowMs, events);
    for (const placement of request.undo) this.undo(placement, nowMs, events);
    for (const mark of request.amend?.marks ?? []) this.mark(mark, nowMs, events);
    const laneBlob = this.lanes.takeJournal();
    const hasHappened = events.length > 0 || laneBlob !== null;
    if (hasHappened) this.endBatch(nowMs, events.length);
    return {
      shard: this.shard,
      outcomes,
      placed,
      orders: request.orders.map((orderId) => {
        const holds = this.orders.holdsOf(orderId);
        return holds === null ? null : { holds, queued: this.orders.queuedOf(orderId) };
      }),
      queued,
      amend:
        request.amend === undefined
          ? null
          : {
              answers: request.amend.questions.map((question) => this.answer(question)),
              reduced: reduced ?? [],
            },
      positions: request.skus.flatMap((sku) => this.positionsOf(sku)),
      outlooks: (request.outlooks ?? []).map((sku) => this.outlookOf(sku)),
      filled: events.flatMap((event) => (event.type === "demand-filled" ? [fillOf(event)] : [])),
      holds: request.addresses.map((address) => this.holdsOf(address)),
      laneCodes,
      ordinals: (request.open ?? []).map(
        ({ sku, locationId }) => this.positions.find(sku, locationId)?.ordinal ?? -1,
      ),
      entries: hasHappened ? encodeBlob(nowMs, events, laneBlob) : null,
      changes: this.positions.takeChanges(),
      ...this.figures(),
    };
  }

  /** All positions as changes, for a view that may know none of them. */
  allChanges(): PositionChanges {
    return this.positions.takeAllChanges();
  }

  figures(): { readonly nextExpiryAtMs: number; readonly positionCount: number; readonly holdCount: number } {
    return {
      nextExpiryAtMs: earlier(
        earlier(this.expiries.nextAtMs, this.lotDates.nextAtMs),
        this.lanes.nextExpiryAtMs(),
      ),
      positionCount: this.positions.size,
      holdCount: this.holdCount + this.lanes.open,
    };
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

  /** The whole state as bytes. Equal states have equal bytes. */
  encodeState(): Uint8Array {
    const state = new StateWriter();
    state.section("time", [this.nowMs]);
    state.section("positions", mapped(this.positions.values(), positionToWire));
    state.section("commands", this.commands.entries());
    state.section("orders", this.orders.toWire());
    state.section("lanes", [this.lanes.toWire()]);
    state.section("skus", this.skus.toWire());
    return state.finish();
  }

  static decodeState(shard: number, bytes: Uint8Array): Shard {
    const decoded = new Shard(shard);
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

  private expire(nowMs: number, events: StockEvent[]): void {
    let left = MAX_EXPIRIES_PER_BATCH;
    for (; left > 0; left -= 1) {
      const due = this.lotDates.takeDue(nowMs);
      if (due === undefined) break;
      this.fallDue(due, nowMs, events);
    }
    left -= this.lanes.expire(left);
    for (; left > 0; left -= 1) {
      const due = this.expiries.takeDue(nowMs);
      if (due === undefined) return;
      this.fallDue(due, nowMs, events);
    }
  }

  private fallDue(due: Due, nowMs: number, events: StockEvent[]): void {
    const position = this.positions.find(due.sku, due.locationId) ?? newPosition(due.sku, due.locationId);
    // A time that was put off has an entry of its own. Going by this one too would let a recovered shard, whose index
    // may still have it, do things in another order than the living one.
    if (this.dateOf(due, position) !== due.atMs) return;
    const command = timedCommand(due, nowMs);
    const event = decide(position, command, null, this.contextOf(due.sku, nowMs));
    if (event.type !== "nothing-changed") this.happen(event, nowMs, events);
  }

  /** When what the entry stands for falls due by now. */
  private dateOf(due: Due, position: StockPosition): number | undefined {
    switch (due.kind) {
      case "hold":
        return position.holds?.get(due.id)?.expiresAtMs;
      case "lot":
        return position.details?.lots?.get(due.id)?.expiresAtMs;
      case "pre-order":
        return this.skus.of(due.sku)?.demand.get(due.id)?.notBeforeMs;
    }
  }

  private execute(command: StockCommand, nowMs: number, events: StockEvent[]): StockOutcome {
    const wrong = invalidity(command);
    if (wrong !== undefined) return { status: "refused", code: "invalid_command", detail: wrong };
    const known = this.commands.outcomeOf(command.commandId, commandFingerprint(command));
    if (known !== undefined) return known;
    return this.apply(command, null, nowMs, events);
  }

  private place(placement: Placement, nowMs: number, events: StockEvent[]): StockOutcome {
    const command: StockCommand = {
      type: "reserve",
      commandId: placement.holdId,
      sku: placement.sku,
      locationId: placement.locationId,
      holdId: placement.holdId,
      quantity: placement.quantity,
      expiresAtMs: placement.expiresAtMs,
      atMs: placement.atMs,
      cause: placement.cause,
    };
    const wrong = invalidity(command);
    if (wrong !== undefined) return { status: "refused", code: "invalid_command", detail: wrong };
    return this.apply(command, placement, nowMs, events);
  }

  private undo(placement: Placement, nowMs: number, events: StockEvent[]): void {
    const position = this.positions.find(placement.sku, placement.locationId);
    if (position === undefined) return;
    const event = decide(
      position,
      {
        type: "release",
        commandId: placement.holdId,
        sku: placement.sku,
        locationId: placement.locationId,
        holdId: placement.holdId,
        atMs: placement.atMs,
        cause: placement.cause,
      },
      null,
      this.contextOf(placement.sku, nowMs),
    );
    const { orderId } = placement;
    if (event.type === "command-refused") return;
    // A hold that has expired is not given back, but its order is forgotten: nobody may be answered from it.
    if (event.type === "nothing-changed" && this.orders.holdsOf(orderId) === null) return;
    this.happen({ ...event, commandId: "", fingerprint: 0, orderId, reason: ORDER_UNDONE }, nowMs, events);
  }

  private answer({ orderId, mark, fingerprint }: AmendmentQuestion): AmendmentAnswer {
    return {
      holds: this.orders.statesOf(orderId, ({ sku, locationId, holdId }) => {
        const position = this.positions.find(sku, locationId);
        const hold = position?.holds?.get(holdId);
        if (position === undefined || hold === undefined) return undefined;
        const { reserved, allocated, picked } = hold;
        return { reserved, allocated, picked, withheld: withheldUnits(position, hold) };
      }),
      waiting: this.orders.queuedOf(orderId).flatMap((demand) => {
        const left = this.skus.of(demand.sku)?.demand.get(demand.holdId)?.quantity ?? 0;
        return left === 0 ? [] : [{ ...demand, quantity: left }];
      }),
      known: mark === null ? null : (this.commands.outcomeOf(mark, fingerprint)?.status ?? null),
    };
  }

  /** What it gives back is not offered to who waits yet. */
  private reduce(reduction: HoldReduction, nowMs: number, events: StockEvent[]): StockEvent | null {
    const { holdId, sku, locationId, quantity, atMs, cause } = reduction;
    const position = this.positions.find(sku, locationId);
    if (position === undefined) return null;
    const command = {
      type: "deallocate",
      commandId: holdId,
      sku,
      locationId,
      holdId,
      quantity,
      atMs,
      cause,
    } as const;
    const event = decide(position, command, null, this.contextOf(sku, nowMs));
    if (event.type !== "hold-deallocated") return null;
    const reduced: StockEvent = { ...event, commandId: "", fingerprint: 0, reason: ORDER_AMENDED };
    this.fold(reduced, nowMs);
    events.push(reduced);
    return reduced;
  }

  private queue(demand: QueuedPlacement, nowMs: number, events: StockEvent[]): boolean {
    const { sku } = demand;
    const command: StockCommand = {
      type: "enqueue-demand",
      commandId: demand.holdId,
      sku,
      locationId: ANY_LOCATION,
      holdId: demand.holdId,
      orderId: demand.orderId,
      lineId: demand.lineId,
      quantity: demand.quantity,
      priority: ORDER_PRIORITY,
      kind: "backorder",
      notBeforeMs: 0,
      atMs: demand.atMs,
      cause: demand.cause,
    };
    if (invalidity(command) !== undefined) return false;
    const event = decide(newPosition(sku, ANY_LOCATION), command, null, this.contextOf(sku, nowMs));
    if (event.type !== "demand-queued") return false;
    this.happen({ ...event, commandId: "", fingerprint: 0, reason: ORDER_QUEUED }, nowMs, events);
    return true;
  }

  private withdraw(demand: DemandWithdrawal, reason: string, nowMs: number, events: StockEvent[]): void {
    const { sku, holdId, atMs, cause } = demand;
    const event = decide(
      newPosition(sku, ANY_LOCATION),
      { type: "cancel-demand", commandId: holdId, sku, locationId: ANY_LOCATION, holdId, atMs, cause },
      null,
      this.contextOf(sku, nowMs),
    );
    if (event.type === "demand-cancelled") {
      this.happen({ ...event, commandId: "", fingerprint: 0, reason }, nowMs, events);
    }
  }

  /** The demand never was, nor were the holds that it was given at once. */
  private undoQueue(demand: QueuedPlacement, nowMs: number, events: StockEvent[]): void {
    this.withdraw(demand, ORDER_UNDONE, nowMs, events);
    for (const { sku, locationId, holds } of [...this.positions.ofSku(demand.sku)]) {
      const hold = holds?.get(demand.holdId);
      if (hold === undefined) continue;
      this.undo({ ...demand, locationId, quantity: hold.reserved, sku, expiresAtMs: 0 }, nowMs, events);
    }
  }

  private mark(mark: AmendmentMark, nowMs: number, events: StockEvent[]): void {
    const { sku, locationId, atMs, cause } = mark;
    const position = this.positions.find(sku, locationId) ?? newPosition(sku, locationId);
    // Giving back a hold that never was changes nothing, which is what there is to remember.
    const command = {
      type: "release",
      commandId: mark.mark,
      sku,
      locationId,
      holdId: "",
      atMs,
      cause,
    } as const;
    const event: StockEvent = {
      ...decide(position, command, null, this.contextOf(sku, nowMs)),
      fingerprint: mark.fingerprint,
    };
    this.fold(event, nowMs);
    events.push(event);
  }

  private apply(
    command: StockCommand,
    order: Placement | null,
    nowMs: number,
    events: StockEvent[],
  ): StockOutcome {
    const found = this.positions.find(command.sku, command.locationId);
    const position = found ?? newPosition(command.sku, command.locationId);
    const laneUnits = command.type === "claim" ? this.unitsToClaim(command, position) : 0;
    const event = decide(position, command, order, this.contextOf(command.sku, nowMs, laneUnits));
    if (event.type === "command-refused") {
      // The part of an order that is refused is undone with the order and never asked for under this id again.
      if (order === null) {
        this.fold(event, nowMs);
        events.push(event);
      }
      return { status: "refused", code: event.reason as RefusalCode, detail: event.detail };
    }
    if (event.type === "nothing-changed" && event.commandId === "") {
      return { status: "applied", position: bucketsOf(position) };
    }
    this.fold(event, nowMs);
    events.push(event);
    // What the command itself came to: a repeat is answered so, whoever was given the units in the same step.
    const buckets = bucketsOf(found ?? this.positions.find(command.sku, command.locationId) ?? position);
    // A part of an order frees nothing. What an amendment freed is for its next part first, then for who waits.
    if (order === null) this.follow(event, nowMs, events);
    return { status: "applied", position: buckets };
  }

  /** Folds an event and what follows from it. */
  private happen(event: StockEvent, nowMs: number, events: StockEvent[]): void {
    this.fold(event, nowMs);
    events.push(event);
    this.follow(event, nowMs, events);
  }

  private follow(event: StockEvent, nowMs: number, events: StockEvent[]): void {
    if (event.type === "transfer-sent" || event.type === "transfer-received") {
      const next = transferConsequence(event, this.contextOf(event.sku, nowMs));
      if (next !== null) {
        this.fold(next, nowMs);
        events.push(next);
      }
    }
    if (this.skus.size === 0) return;
    const isOfQueue = event.type === "demand-queued" || event.type === "demand-opened";
    const at = isOfQueue ? null : this.positions.find(event.sku, event.locationId);
    if (at !== undefined) this.serveWaiting(event.sku, at, nowMs, events);
  }

  /** Gives free units, at one position or at any, to who waits for them. */
  private serveWaiting(sku: string, at: StockPosition | null, nowMs: number, events: StockEvent[]): void {
    for (;;) {
      const record = this.skus.of(sku);
      if (record === null || record.demand.size === 0) return;
      const fill = nextFill(this.contextOf(sku, nowMs), at);
      if (fill === null) return;
      this.fold(fill, nowMs);
      events.push(fill);
    }
  }

  private contextOf(sku: string, nowMs: number, laneUnits = 0): SkuContext {
    return { positions: this.positions.ofSku(sku), record: this.skus.of(sku), nowMs, laneUnits };
  }

  private unitsToClaim(
    command: { readonly lane: string; readonly number: number },
    at: StockPosition,
  ): number {
    const open = this.lanes.openReservation(command.lane, command.number);
    return open !== null && open.ordinal === at.ordinal ? open.quantity : 0;
  }

  private fold(event: StockEvent, nowMs: number): void {
    let position = this.positions.find(event.sku, event.locationId);
    if (concernsPosition(event)) {
      position ??= this.positions.add(event.sku, event.locationId);
      const holdsBefore = position.holds?.size ?? 0;
      applyToPosition(position, event, nowMs);
      this.positions.touch(position.ordinal);
      this.holdCount += (position.holds?.size ?? 0) - holdsBefore;
      this.rememberHold(event, position, nowMs);
      if (event.more !== null && event.more.lots.length > 0) this.awaitLots(position, event);
    }
    if (concernsSku(event)) {
      this.skus.change(event.sku, (record) => applyToSku(record, event, nowMs));
      if (event.type === "demand-queued") this.awaitPreOrder(event.sku, event.holdId);
      if (event.type === "demand-queued" && event.reason === ORDER_QUEUED) this.orders.wait(event, nowMs);
      if (event.type === "demand-cancelled" && event.reason === ORDER_UNDONE) this.orders.drop(event.orderId);
    }
    if (event.type === "nothing-changed" && event.reason === ORDER_UNDONE) this.orders.drop(event.orderId);
    if (event.commandId !== "") {
      this.commands.remember(event, nowMs, position ?? newPosition(event.sku, event.locationId));
    }
  }

  /** What an event of a hold means to its timer, its lane and its order. */
  private rememberHold(event: StockEvent, position: StockPosition, nowMs: number): void {
    const { holdId, expiresAtMs } = event;
    if (expiresAtMs > 0 && (event.type === "stock-reserved" || event.type === "hold-extended")) {
      // The position's own texts: those of the event would be kept beside them for as long as the hold lives.
      const { sku, locationId } = position;
      this.expiries.add({ atMs: expiresAtMs, kind: "hold", sku, locationId, id: holdId });
    }
    if (event.type === "hold-claimed") {
      const reference = event.more?.reference ?? "";
      const slash = reference.lastIndexOf("/");
      this.lanes.closeClaimed(reference.slice(0, slash), Number(reference.slice(slash + 1)));
    }
    if (event.orderId === "") return;
    if (event.type === "stock-reserved" || event.type === "demand-filled" || event.type === "hold-claimed") {
      this.orders.remember(event, nowMs);
    } else if (event.type === "stock-shipped") this.orders.ship(event);
    else if (event.type === "hold-deallocated" && event.reason === ORDER_AMENDED) this.orders.reduce(event);
    else if (event.type === "hold-released" && event.reason === ORDER_UNDONE) this.orders.drop(event.orderId);
  }

  /** Sets the timer of each lot that the event brought here. */
  private awaitLots(position: StockPosition, event: StockEvent): void {
    for (const { lot: name, onHand } of event.more?.lots ?? []) {
      const lot = position.details?.lots?.get(name);
      if (lot !== undefined && lot.onHand === onHand) this.awaitLot(position, lot);
    }
  }

  private awaitLot(position: StockPosition, lot: Lot): void {
    if (lot.expiresAtMs === 0 || lot.expired) return;
    const { sku, locationId } = position;
    this.lotDates.add({ atMs: lot.expiresAtMs, kind: "lot", sku, locationId, id: lot.lot });
  }

  private awaitPreOrder(sku: string, holdId: string): void {
    const entry = this.skus.of(sku)?.demand.get(holdId);
    if (entry === undefined || entry.open) return;
    const { locationId, notBeforeMs } = entry;
    this.expiries.add({ atMs: notBeforeMs, kind: "pre-order", sku, locationId, id: holdId });
  }

  private endBatch(nowMs: number, eventCount: number): void {
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

  private outlookOf(sku: string): SkuOutlook {
    return {
      sku,
      queued: this.skus.of(sku)?.demand.units ?? 0,
      locations: this.positions.ofSku(sku).map((position) => ({
        locationId: position.locationId,
        available: freeUnits(position, ""),
        incoming: [...(position.details?.incoming?.values() ?? [])].map(({ dueAtMs, quantity }) => ({
          dueAtMs,
          quantity,
        })),
      })),
    };
  }

  private positionsOf(sku: string): PositionView[] {
    return this.positions.ofSku(sku).map((position) => ({
      sku,
      locationId: position.locationId,
      ...bucketsOf(position),
    }));
  }

  private holdsOf(address: PositionAddress): HoldView[] {
    const views: HoldView[] = [];
    const position = this.positions.find(address.sku, address.locationId);
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
    views.push(...this.lanes.holdsOf(position));
    return views;
  }

  private restorePosition(wire: WirePosition): void {
    const position = this.positions.add(wire[0], wire[1]);
    const { sku, locationId } = position;
    fillFromWire(position, wire, this.texts);
    const { holds, details } = position;
    if (holds !== null) {
      for (const { holdId, reserved, expiresAtMs } of holds.values()) {
        this.holdCount += 1;
        if (reserved > 0 && expiresAtMs > 0) {
          this.expiries.add({ atMs: expiresAtMs, kind: "hold", sku, locationId, id: holdId });
        }
      }
    }
    for (const lot of details?.lots?.values() ?? []) this.awaitLot(position, lot);
  }

  private restoreSku(wire: WireSku): void {
    const record = this.skus.restore(wire);
    for (const entry of record.demand.values()) this.awaitPreOrder(record.sku, entry.holdId);
  }
}

/** The earlier of two times of which 0 means never. */
function earlier(a: number, b: number): number {
  return a === 0 || b === 0 ? a + b : Math.min(a, b);
}

function fillOf(event: StockEvent): DemandFill {
  const { orderId, lineId, holdId, sku, locationId, pool } = event;
  return { orderId, lineId, holdId, sku, locationId, pool, quantity: event.reserved };
}

/** The command that the shard's own timer gives. */
function timedCommand(due: Due, nowMs: number): StockCommand {
  const { sku, locationId, id } = due;
  const shared = { commandId: "timer", sku, locationId, atMs: nowMs };
  switch (due.kind) {
    case "hold":
      return { ...shared, type: "expire", holdId: id, cause: "the hold's time was up" };
    case "lot":
      return { ...shared, type: "expire-lot", lot: id, cause: "the lot's date has come" };
    case "pre-order":
      return { ...shared, type: "open-demand", holdId: id, cause: "the pre-order's date has come" };
  }
}

function* mapped<T, U>(values: Iterable<T>, map: (value: T) => U): Generator<U> {
  for (const value of values) yield map(value);
}
