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
import { decide, invalidity } from "../actors/apply-command.ts";
import { CommandWindow, type RememberedCommand } from "../actors/command-window.ts";
import type { PositionAddress, RefusalCode, StockCommand, StockOutcome } from "../actors/commands.ts";
import type { StockEvent } from "../actors/events.ts";
import { ExpiryIndex } from "../actors/expiry-index.ts";
import { commandFingerprint } from "../actors/fingerprint.ts";
import { applyToPosition, bucketsOf, newPosition } from "../actors/stock-position.ts";
import type { HoldView, PlacedHold, PositionView } from "./allocator-client.ts";
import { encodeBlob, type JournalBlob, packed, unpacked } from "./journal-codec.ts";
import type { HoldReduction } from "./order-amendment.ts";
import { type OrderHoldState, OrderMemory, type WireOrder } from "./order-memory.ts";
import { PositionBook } from "./position-book.ts";
import { fillFromWire, positionToWire, type WirePosition } from "./position-wire.ts";

export const SNAPSHOT_VERSION = 1;

/** Holds that expire in one batch at most: a million that fall due together must not stop the shard for seconds. */
const MAX_EXPIRIES_PER_BATCH = 20_000;

/** Marks the release of a hold whose order as a whole was not placed. */
const ORDER_UNDONE = "order-undone";

/** Marks units that an amendment or a cancellation took back. */
const ORDER_AMENDED = "order-amended";

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
  /** Of orders that are amended or cancelled. Left out in most batches. */
  readonly amend?: AmendmentRequest;
  /** SKUs whose positions are wanted. */
  readonly skus: readonly string[];
  /** Positions whose holds are wanted. */
  readonly addresses: readonly PositionAddress[];
};

export type AmendmentRequest = {
  /** Orders to be amended: what they hold is wanted, and whether the amendment has happened already. */
  readonly questions: readonly AmendmentQuestion[];
  /** What their holds give back, before anything is placed. */
  readonly reductions: readonly HoldReduction[];
  /** Amendments to remember. */
  readonly marks: readonly AmendmentMark[];
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
  /** `applied`: it has happened; `refused`: its id stands for another one; `null`: it is new. */
  readonly known: "applied" | "refused" | null;
};

export type ShardReply = {
  readonly shard: number;
  readonly outcomes: readonly StockOutcome[];
  readonly placed: readonly StockOutcome[];
  /** The holds placed for each order asked for; `null` where the order is not remembered. */
  readonly orders: readonly (readonly PlacedHold[] | null)[];
  /** `null` where nothing was asked about amendments. */
  readonly amend: {
    readonly answers: readonly AmendmentAnswer[];
    /** Of each reduction, whether it could be made. */
    readonly reduced: readonly boolean[];
  } | null;
  readonly positions: readonly PositionView[];
  readonly holds: readonly (readonly HoldView[])[];
  /** A journal blob; `null` where nothing happened. */
  readonly entries: Uint8Array | null;
  /** When the next hold expires; 0: none will. */
  readonly nextExpiryAtMs: number;
  readonly positionCount: number;
  readonly holdCount: number;
};

type WireState = readonly [
  nowMs: number,
  positions: readonly WirePosition[],
  commands: readonly RememberedCommand[],
  orders: readonly WireOrder[],
];

export class Shard {
  readonly shard: number;
  private readonly positions = new PositionBook();
  private readonly commands = new CommandWindow();
  private readonly orders = new OrderMemory();
  private readonly expiries = new ExpiryIndex();
  private nowMs = 0;
  private holdCount = 0;

  constructor(shard: number) {
    this.shard = shard;
  }

  run(request: ShardRequest): ShardReply {
    const nowMs = Math.max(this.nowMs, request.nowMs);
    const events: StockEvent[] = [];
    this.expire(nowMs, events);
    const outcomes: StockOutcome[] = [];
    for (const command of request.commands) outcomes.push(this.execute(command, nowMs, events));
    const reduced = request.amend?.reductions.map((reduction) => this.reduce(reduction, nowMs, events));
    const placed: StockOutcome[] = [];
    for (const placement of request.placements) placed.push(this.place(placement, nowMs, events));
    for (const placement of request.undo) this.undo(placement, nowMs, events);
    for (const mark of request.amend?.marks ?? []) this.mark(mark, nowMs, events);
    if (events.length > 0) this.endBatch(nowMs, events.length);
    return {
      shard: this.shard,
      outcomes,
      placed,
      orders: request.orders.map((orderId) => this.orders.holdsOf(orderId)),
      amend:
        request.amend === undefined
          ? null
          : {
              answers: request.amend.questions.map((question) => this.answer(question)),
              reduced: reduced ?? [],
            },
      positions: request.skus.flatMap((sku) => this.positionsOf(sku)),
      holds: request.addresses.map((address) => this.holdsOf(address)),
      entries: events.length > 0 ? encodeBlob(nowMs, events) : null,
      ...this.figures(),
    };
  }

  figures(): { readonly nextExpiryAtMs: number; readonly positionCount: number; readonly holdCount: number } {
    return {
      nextExpiryAtMs: this.expiries.nextAtMs,
      positionCount: this.positions.size,
      holdCount: this.holdCount,
    };
  }

  /** Applies a committed blob again. */
  replay(blob: JournalBlob): void {
    for (const event of blob.events) this.fold(event, blob.nowMs);
    this.endBatch(blob.nowMs, blob.events.length);
  }

  /** The whole state as bytes. Equal states have equal bytes. */
  encodeState(): Uint8Array {
    const positions: WirePosition[] = [];
    for (const position of this.positions.values()) positions.push(positionToWire(position));
    const state: WireState = [this.nowMs, positions, [...this.commands.entries()], this.orders.toWire()];
    const body = packed(state);
    const bytes = new Uint8Array(body.length + 1);
    bytes[0] = SNAPSHOT_VERSION;
    bytes.set(body, 1);
    return bytes;
  }

  static decodeState(shard: number, bytes: Uint8Array): Shard {
    if (bytes[0] !== SNAPSHOT_VERSION) {
      throw new Error(`snapshot version ${bytes[0]} is not known, ${SNAPSHOT_VERSION} is`);
    }
    const [nowMs, positions, commands, orders] = unpacked(bytes.subarray(1)) as WireState;
    const decoded = new Shard(shard);
    decoded.nowMs = nowMs;
    for (const wire of positions) decoded.restorePosition(wire);
    for (const command of commands) decoded.commands.add(command);
    for (const order of orders) decoded.orders.restore(order);
    return decoded;
  }

  private expire(nowMs: number, events: StockEvent[]): void {
    for (let count = 0; count < MAX_EXPIRIES_PER_BATCH; count += 1) {
      const due = this.expiries.takeDue(nowMs);
      if (due === undefined) return;
      const position = this.positions.find(due.sku, due.locationId);
      if (position === undefined) continue;
      const event = decide(
        position,
        {
          type: "expire",
          commandId: "expiry",
          sku: due.sku,
          locationId: due.locationId,
          holdId: due.holdId,
          atMs: nowMs,
          cause: "the hold's time was up",
        },
        null,
      );
      if (event.type !== "hold-expired") continue;
      this.fold(event, nowMs);
      events.push(event);
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
    );
    if (event.type !== "hold-released") return;
    const undone: StockEvent = { ...event, commandId: "", fingerprint: 0, reason: ORDER_UNDONE };
    this.fold(undone, nowMs);
    events.push(undone);
  }

  private answer({ orderId, mark, fingerprint }: AmendmentQuestion): AmendmentAnswer {
    return {
      holds: this.orders.statesOf(orderId, (hold) =>
        this.positions.find(hold.sku, hold.locationId)?.holds?.get(hold.holdId),
      ),
      known: mark === null ? null : (this.commands.outcomeOf(mark, fingerprint)?.status ?? null),
    };
  }

  private reduce(reduction: HoldReduction, nowMs: number, events: StockEvent[]): boolean {
    const { holdId, sku, locationId, quantity, atMs, cause } = reduction;
    const position = this.positions.find(sku, locationId);
    if (position === undefined) return false;
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
    const event = decide(position, command, null);
    if (event.type !== "hold-deallocated") return false;
    const reduced: StockEvent = { ...event, commandId: "", fingerprint: 0, reason: ORDER_AMENDED };
    this.fold(reduced, nowMs);
    events.push(reduced);
    return true;
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
    const event: StockEvent = { ...decide(position, command, null), fingerprint: mark.fingerprint };
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
    const event = decide(position, command, order);
    if (event.type === "command-refused") {
      // The part of an order that is refused is undone with the order and never asked for under this id again.
      if (order === null) {
        this.fold(event, nowMs);
        events.push(event);
      }
      return { status: "refused", code: event.reason as RefusalCode, detail: event.detail };
    }
    if (event.type !== "nothing-changed" || event.commandId !== "") {
      this.fold(event, nowMs);
      events.push(event);
    }
    return {
      status: "applied",
      position: bucketsOf(found ?? this.positions.find(command.sku, command.locationId) ?? position),
    };
  }

  private fold(event: StockEvent, nowMs: number): void {
    let position = this.positions.find(event.sku, event.locationId);
    if (event.type !== "command-refused" && event.type !== "nothing-changed") {
      position ??= this.positions.add(event.sku, event.locationId);
      const holdsBefore = position.holds?.size ?? 0;
      applyToPosition(position, event);
      this.holdCount += (position.holds?.size ?? 0) - holdsBefore;
      if (event.expiresAtMs > 0 && (event.type === "stock-reserved" || event.type === "hold-extended")) {
        this.expiries.add({
          atMs: event.expiresAtMs,
          sku: event.sku,
          locationId: event.locationId,
          holdId: event.holdId,
        });
      }
      if (event.type === "stock-reserved" && event.orderId !== "") this.orders.remember(event, nowMs);
      else if (event.type === "stock-shipped" && event.orderId !== "") this.orders.ship(event);
      else if (event.type === "hold-deallocated" && event.reason === ORDER_AMENDED) this.orders.reduce(event);
      else if (event.type === "hold-released" && event.reason === ORDER_UNDONE)
        this.orders.drop(event.orderId);
    }
    if (event.commandId !== "") {
      this.commands.remember(event, nowMs, bucketsOf(position ?? newPosition(event.sku, event.locationId)));
    }
  }

  private endBatch(nowMs: number, eventCount: number): void {
    this.nowMs = nowMs;
    this.commands.advance(nowMs);
    this.orders.forget(
      nowMs,
      2 * eventCount,
      (hold) => this.positions.find(hold.sku, hold.locationId)?.holds?.has(hold.holdId) === true,
    );
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
    for (const hold of this.positions.find(address.sku, address.locationId)?.holds?.values() ?? []) {
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
    return views;
  }

  private restorePosition(wire: WirePosition): void {
    const [sku, locationId] = wire;
    const position = this.positions.add(sku, locationId);
    fillFromWire(position, wire);
    for (const { holdId, reserved, expiresAtMs } of position.holds?.values() ?? []) {
      this.holdCount += 1;
      if (reserved > 0 && expiresAtMs > 0) this.expiries.add({ atMs: expiresAtMs, sku, locationId, holdId });
    }
  }
}
