/**
 * The audit of a run: sees everything that becomes durable and everything that an owner says, and compares
 * the two.
 *
 * What is durable is the truth. It is kept twice: in books that add up what is journaled (`stock-book.ts`),
 * and in replicas that replay it (`shard-replicas.ts`). This file takes the reports and passes each on to the
 * file that checks it.
 *
 * The first violation is kept and not thrown: the tested code would handle a throw like any error.
 */
import type { StockEvent } from "../../../actors/position/events.ts";
import type { JournalRow } from "../../../store/journal/journal.ts";
import type { SnapshotRow } from "../../../store/journal/snapshot.ts";
import type { Kit } from "../../allocator-client.ts";
import { decodeEntries, type JournalBlob } from "../../journal/journal-codec.ts";
import { LANE_RECORD, readLaneBlob } from "../../journal/lane-journal.ts";
import type { Shard } from "../../shard/shard.ts";
import { shardOf } from "../../shard/shard-of.ts";
import type { ShardChanges } from "../../stock-view/stock-changes.ts";
import type { JournalHead } from "../../storage/recovery.ts";
import type { DiskWitness, SimulatedDisk, SimulatedRecord } from "../world/simulated-disk.ts";
import { AnswerCheck } from "./answer-check.ts";
import type { BookedPosition } from "./booked-position.ts";
import { CommandEffects } from "./command-effects.ts";
import { JournalChain } from "./journal-chain.ts";
import type { Answer, Operation } from "./operation.ts";
import { OrderBook } from "./order-book.ts";
import { REMEMBERED_MS } from "./remembered.ts";
import { ShardReplicas } from "./shard-replicas.ts";
import { StockBook } from "./stock-book.ts";
import { Violation } from "./violation.ts";

export class Checker implements DiskWitness {
  readonly book = new StockBook();
  private readonly disk: SimulatedDisk;
  private readonly chain: JournalChain;
  private readonly replicas: ShardReplicas;
  private readonly effects = new CommandEffects(this.book);
  private readonly orders: OrderBook;
  private readonly answers: AnswerCheck;
  /** The epoch of a shard as an owner began to read its rows, by `owner:shard`. */
  private readonly readingAt = new Map<string, number>();
  /** The first thing that went wrong. */
  private firstBroken: unknown = null;

  constructor(disk: SimulatedDisk, kits: readonly Kit[]) {
    this.disk = disk;
    this.chain = new JournalChain(disk);
    this.replicas = new ShardReplicas(disk.shardCount);
    this.orders = new OrderBook(REMEMBERED_MS, kits);
    const { book, effects, orders } = this;
    this.answers = new AnswerCheck({ disk, book, effects, orders });
  }

  get broken(): unknown {
    return this.firstBroken;
  }

  note(broken: unknown): void {
    this.firstBroken ??= broken;
  }

  /** A client is about to ask this for the first time. */
  expect(operation: Operation): void {
    const { ask } = operation;
    if (ask.kind === "order") this.orders.expect(operation, ask.request, ask.record);
    if (ask.kind === "cancel") this.orders.expectChange(ask.cancellation.orderId);
    if (ask.kind === "amend") {
      this.orders.expectChange(ask.amendment.orderId);
      this.effects.expectAmendment(ask.amendment);
    }
    if (ask.kind === "execute" && ask.flaw === "none") this.effects.expect(operation, ask.commands);
  }

  landed(owner: string, rows: readonly JournalRow[], records: readonly SimulatedRecord[]): void {
    this.watch(() => {
      for (const row of rows) this.chain.check(owner, row);
      for (const record of records) {
        if (record.poison) throw new Violation("no refused record", `record ${record.id} was committed`);
      }
      const touchedOrders = new Set<string>();
      for (const row of rows) {
        const blobs = decodeEntries(row.entries);
        this.replicas.append(row.shard, blobs);
        for (const blob of blobs) this.postBlob(row.shard, blob, touchedOrders);
      }
      for (const orderId of touchedOrders) this.orders.checkWhole(orderId, this.disk.records);
    });
  }

  snapshotWritten({ shard, sequence, state }: SnapshotRow): void {
    this.watch(() => {
      if (state.equals(this.replicas.stateAt(shard, sequence))) return;
      throw new Violation(
        "a snapshot equals the replay of its journal prefix",
        `shard ${shard} at ${sequence}`,
      );
    });
  }

  /** An owner begins to read the rows of a shard. */
  recovering(owner: string, shard: number): void {
    this.readingAt.set(`${owner}:${shard}`, this.disk.epochOf(shard));
  }

  /**
   * An owner has rebuilt a shard from what it read and is about to put it to work. What a hung thread has
   * read before the shard went to others and came back lacks their rows; it is void, since the epoch is
   * another.
   */
  recovered(owner: string, shard: Shard, head: JournalHead): void {
    this.watch(() => {
      const journal = this.disk.journals[shard.shard] ?? [];
      const stored = journal[head.sequence - 1];
      const name = `${owner}'s shard ${shard.shard} at ${head.sequence}`;
      if (head.sequence > 0 && !stored?.hash.equals(head.hash)) {
        throw new Violation("recovery is what is committed", `${name} stands on another row`);
      }
      const isCurrent = this.readingAt.get(`${owner}:${shard.shard}`) === this.disk.epochOf(shard.shard);
      if (isCurrent && this.disk.isHeldBy(owner, shard.shard) && head.sequence !== journal.length) {
        throw new Violation("recovery is what is committed", `${name} lacks rows up to ${journal.length}`);
      }
      if (!this.replicas.stateAt(shard.shard, head.sequence).equals(shard.encodeState())) {
        throw new Violation("recovery is what is committed", `${name} is not the replay of its journal`);
      }
    });
  }

  /** An owner shows these numbers to readers that do not ask. */
  published(owner: string, changes: readonly ShardChanges[]): void {
    this.watch(() => {
      for (const {
        shard,
        changes: { units },
      } of changes) {
        const view = new DataView(units.buffer, units.byteOffset, units.byteLength);
        for (let at = 0; at < units.byteLength; at += 8) {
          this.answers.checkShown(owner, shard, view.getInt32(at, true), view.getInt32(at + 4, true));
        }
      }
    });
  }

  /** An owner has answered. */
  answered(owner: string, operation: Operation, answer: Answer, askedAt: number): void {
    operation.isAcknowledged = true;
    this.watch(() => this.answers.check(owner, operation.ask, answer, askedAt));
  }

  /** An owner has said that nothing was done, and no other owner was asked. */
  checkNothingDone(operation: Operation): void {
    if (!this.isDone(operation)) return;
    this.note(new Violation("nothing was done", `what operation ${operation.number} asked for is committed`));
  }

  /** What holds once every fault has stopped and nothing is under way. */
  checkAtRest(nowMs: number): void {
    for (const { holds } of this.book.all()) {
      for (const { holdId, reserved, expiresAtMs } of holds.values()) {
        if (reserved > 0 && expiresAtMs > 0 && expiresAtMs <= nowMs) {
          throw new Violation("expiry", `hold ${holdId} outlived its time by ${nowMs - expiresAtMs} ms`);
        }
      }
    }
    for (const [name, reservation] of this.book.lanes.all()) {
      if (reservation.isOpen && reservation.expiresAtMs > 0 && reservation.expiresAtMs <= nowMs) {
        throw new Violation("expiry", `reservation ${name} outlived its time`);
      }
    }
    const { shardCount } = this.disk;
    for (let shard = 0; shard < shardCount; shard += 1) {
      const positions = [...this.book.all()].filter(({ sku }) => shardOf(sku, shardCount) === shard);
      this.replicas.checkAgainst(this.book, shard, positions);
    }
  }

  private watch(check: () => void): void {
    try {
      check();
    } catch (error) {
      this.note(error);
    }
  }

  private isDone({ ask }: Operation): boolean {
    switch (ask.kind) {
      case "execute":
        return ask.flaw === "none" && ask.commands.some((command) => this.effects.isCommitted(command));
      case "order":
        return this.orders.isPlaced(ask.request.orderId);
      case "record":
        return this.disk.records.has(ask.record.id);
      default:
        return false;
    }
  }

  private postBlob(shard: number, blob: JournalBlob, touchedOrders: Set<string>): void {
    const touched = new Set<BookedPosition>();
    let posted = 0;
    const postUpTo = (count: number) => {
      for (; posted < count; posted += 1) {
        const event = blob.events[posted];
        if (event === undefined) return;
        const position = this.postEvent(event, shard, blob.nowMs, touchedOrders);
        if (position !== null) touched.add(position);
      }
    };
    if (blob.lanes !== null) this.postLanes(shard, blob, blob.lanes, postUpTo, touched);
    postUpTo(blob.events.length);
    this.book.endBatch(touched, blob.nowMs);
  }

  private postEvent(
    event: StockEvent,
    shard: number,
    nowMs: number,
    touchedOrders: Set<string>,
  ): BookedPosition | null {
    this.effects.check(event, nowMs);
    if (event.orderId !== "" && this.orders.post(event, nowMs)) touchedOrders.add(event.orderId);
    const position = this.book.post(event, shard, nowMs);
    const after = position ?? this.book.blank(event.sku, event.locationId);
    this.effects.remember(event, after.buckets(), nowMs);
    return position;
  }

  private postLanes(
    shard: number,
    blob: JournalBlob,
    lanes: NonNullable<JournalBlob["lanes"]>,
    postUpTo: (events: number) => void,
    touched: Set<BookedPosition>,
  ): void {
    const { nowMs } = blob;
    const laneBook = this.book.lanes;
    readLaneBlob(lanes, {
      after: postUpTo,
      operation: (kind, lane, number, ordinal, quantity, expiresInMs) => {
        const name = `${lanes.names[lane]}/${number}`;
        const position = this.book.at(shard, ordinal);
        if (position === undefined) throw new Violation("conservation", `${name} is of no position`);
        touched.add(position);
        const expiresAtMs = expiresInMs === 0 ? 0 : nowMs + expiresInMs;
        if (kind === LANE_RECORD.reserve) laneBook.reserve(name, position, quantity, expiresAtMs);
        else if (kind === LANE_RECORD.release) laneBook.giveBack(name, position, quantity);
        else if (kind === LANE_RECORD.extend) laneBook.extend(name, expiresAtMs);
        else laneBook.expire(name, position, quantity, nowMs);
      },
    });
  }
}
