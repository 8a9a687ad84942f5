/**
 * The checks: sees everything that becomes durable and everything that an owner says, and holds the one against the
 * other.
 *
 * What is durable is the truth. It is kept twice: as a ledger that adds up what is journaled (`stock-ledger.ts`), and as
 * a replica of each shard that replays its journal from the first row and never sees a snapshot.
 */

import type { PositionAddress, StockCommand, StockOutcome } from "../../../actors/commands.ts";
import { LANE_CODE, LANE_KIND } from "../../../actors/lanes/lane-operations.ts";
import type { StockEvent } from "../../../actors/position/events.ts";
import type { JournalRow } from "../../../store/journal/journal.ts";
import type { SnapshotRow } from "../../../store/journal/snapshot.ts";
import type { HoldView, Kit, OrderReservation, PlacedHold, PositionView } from "../../allocator-client.ts";
import { CHAIN_START, chainHash, checksumOf } from "../../journal/checksum.ts";
import { decodeEntries, type JournalBlob } from "../../journal/journal-codec.ts";
import { LANE_RECORD, readLaneBlob } from "../../journal/lane-journal.ts";
import { amendmentMark } from "../../planning/order-amendment.ts";
import { emptyRequest, Shard } from "../../shard/shard.ts";
import { shardOf } from "../../shard/shard-of.ts";
import type { ShardChanges } from "../../stock-view/stock-view.ts";
import type { JournalHead } from "../../storage/recovery.ts";
import type { DiskWitness, SimulatedDisk, SimulatedRecord } from "../world/simulated-disk.ts";
import type { Answer, Ask, Operation } from "./operation.ts";
import { OrderBook } from "./order-book.ts";
import { REMEMBERED_MS } from "./remembered.ts";
import {
  availableOf,
  BUCKETS,
  type Buckets,
  type LedgerPosition,
  StockLedger,
  stageOf,
} from "./stock-ledger.ts";
import { verdictOn } from "./verdict.ts";
import { Violation } from "./violation.ts";

/** What a committed command came to. */
type Effect = {
  /** `applied`, or the code of the refusal. */
  readonly outcome: string;
  readonly buckets: Buckets;
  readonly nowMs: number;
};

/** One shard's journal, replayed without snapshots. */
type Replica = {
  shard: Shard;
  sequence: number;
  /** Its state; `null` until somebody asks. */
  state: Buffer | null;
};

export class Checker implements DiskWitness {
  readonly ledger = new StockLedger();
  private readonly shardCount: number;
  private readonly blobs: (readonly JournalBlob[])[][];
  private readonly heads: { hash: Buffer; epoch: number }[];
  /** Who wrote under an epoch of a shard, by `shard@epoch`. */
  private readonly writers = new Map<string, string>();
  private readonly replicas: Replica[];
  private readonly asked = new Map<
    string,
    { readonly command: StockCommand; readonly operation: Operation }
  >();
  private readonly effects = new Map<string, Effect[]>();
  private readonly orders: OrderBook;
  /** Ids under which shards remember amendments, and what each shard has done under them. */
  private readonly marks = new Map<string, Map<string, number>>();
  /** Reservations of lanes that somebody was told of. */
  /** The journal's version when a lane reservation was first acknowledged, by its name. */
  private readonly laneAnswered = new Map<string, number>();
  /** Batches that have landed. */
  private batches = 0;
  /** Set by whoever makes the disk, which needs its witness first. */
  disk: SimulatedDisk | null = null;
  /** The first thing that went wrong. Kept rather than thrown: a throw would meet the error handling of what is tested. */
  broken: unknown = null;

  constructor(shardCount: number, kits: readonly Kit[]) {
    this.shardCount = shardCount;
    this.orders = new OrderBook(REMEMBERED_MS, kits);
    this.blobs = Array.from({ length: shardCount }, () => []);
    this.heads = Array.from({ length: shardCount }, () => ({ hash: CHAIN_START, epoch: 0 }));
    this.replicas = Array.from({ length: shardCount }, (_, shard) => ({
      shard: new Shard(shard),
      sequence: 0,
      state: null,
    }));
  }

  /** What has landed so far, as a number to hold later reads against. */
  get version(): number {
    return this.batches;
  }

  /** A client is about to ask this for the first time. */
  expect(operation: Operation): void {
    const { ask } = operation;
    if (ask.kind === "order") this.orders.expect(operation, ask.request, ask.record);
    if (ask.kind === "cancel") this.orders.expectChange(ask.cancellation.orderId);
    if (ask.kind === "amend") {
      this.orders.expectChange(ask.amendment.orderId);
      this.marks.set(amendmentMark(ask.amendment), new Map());
    }
    if (ask.kind !== "execute" || ask.flaw !== "none") return;
    for (const command of ask.commands) this.asked.set(command.commandId, { command, operation });
  }

  note(broken: unknown): void {
    this.broken ??= broken;
  }

  landed(owner: string, rows: readonly JournalRow[], records: readonly SimulatedRecord[]): void {
    this.watch(() => this.checkLanded(owner, rows, records));
  }

  private checkLanded(owner: string, rows: readonly JournalRow[], records: readonly SimulatedRecord[]): void {
    for (const row of rows) this.checkRow(owner, row);
    for (const record of records) {
      if (record.poison) throw new Violation("no refused record", `record ${record.id} was committed`);
    }
    const touchedOrders = new Set<string>();
    for (const row of rows) {
      const blobs = decodeEntries(row.entries);
      this.blobs[row.shard]?.push(blobs);
      for (const blob of blobs) this.postBlob(row.shard, blob, touchedOrders);
    }
    for (const orderId of touchedOrders) this.orders.checkWhole(orderId, this.disk?.records ?? new Set());
  }

  snapshotWritten(snapshot: SnapshotRow): void {
    this.watch(() => this.checkSnapshot(snapshot));
  }

  private checkSnapshot(snapshot: SnapshotRow): void {
    if (!snapshot.state.equals(this.stateAt(snapshot.shard, snapshot.sequence))) {
      throw new Violation(
        "a snapshot equals the replay of its journal prefix",
        `shard ${snapshot.shard} at ${snapshot.sequence}`,
      );
    }
  }

  /** An owner has rebuilt a shard from what it read and is about to put it to work. */
  recovered(owner: string, shard: Shard, head: JournalHead): void {
    this.watch(() => this.checkRecovered(owner, shard, head));
  }

  private checkRecovered(owner: string, shard: Shard, head: JournalHead): void {
    const journal = this.disk?.journals[shard.shard] ?? [];
    const stored = journal[head.sequence - 1];
    const name = `${owner}'s shard ${shard.shard} at ${head.sequence}`;
    if (head.sequence > 0 && !stored?.hash.equals(head.hash)) {
      throw new Violation("recovery is what is committed", `${name} stands on another row`);
    }
    if (this.disk?.isHeldBy(owner, shard.shard) === true && head.sequence !== journal.length) {
      throw new Violation("recovery is what is committed", `${name} lacks rows up to ${journal.length}`);
    }
    if (!this.stateAt(shard.shard, head.sequence).equals(shard.encodeState())) {
      throw new Violation("recovery is what is committed", `${name} is not the replay of its journal`);
    }
  }

  /** An owner shows these numbers to whoever reads without asking. */
  published(owner: string, changes: readonly ShardChanges[]): void {
    this.watch(() => {
      for (const {
        shard,
        changes: { units },
      } of changes) {
        const view = new DataView(units.buffer, units.byteOffset, units.byteLength);
        for (let at = 0; at < units.byteLength; at += 8) {
          this.checkShown(owner, shard, view.getInt32(at, true), view.getInt32(at + 4, true));
        }
      }
    });
  }

  /** An owner has answered. */
  answered(owner: string, operation: Operation, answer: Answer, askedAt: number): void {
    operation.isAcknowledged = true;
    this.watch(() => this.checkAnswer(owner, operation.ask, answer, askedAt));
  }

  private checkAnswer(owner: string, ask: Ask, answer: Answer, askedAt: number): void {
    switch (answer.kind) {
      case "execute":
        if (ask.kind === "execute") this.checkOutcomes(ask, answer.outcomes);
        break;
      case "order":
        if (ask.kind === "order") this.checkReservation(ask, answer.reservation);
        break;
      case "amend":
        if (answer.outcome.status === "amended") this.checkKnown(answer.outcome.holds);
        break;
      case "cancel":
        if (answer.outcome.status === "cancelled") this.checkKnown(answer.outcome.released);
        break;
      case "lane":
        if (ask.kind === "lane") this.checkLane(owner, ask, answer.codes, askedAt);
        break;
      case "record":
        if (ask.kind === "record") this.checkRecord(ask.record);
        break;
      case "positions":
        if (ask.kind === "positions") this.checkPositions(owner, ask.skus, answer.views, askedAt);
        break;
      case "holds":
        if (ask.kind === "holds") this.checkHolds(ask.address, answer.views);
        break;
    }
  }

  /** An owner has said that nothing was done, and nobody else was asked. */
  checkNothingDone(operation: Operation): void {
    const { ask } = operation;
    const done =
      ask.kind === "execute"
        ? ask.flaw === "none" && ask.commands.some((command) => this.effects.has(command.commandId))
        : ask.kind === "order"
          ? this.orders.isPlaced(ask.request.orderId)
          : ask.kind === "record" && this.disk?.records.has(ask.record.id) === true;
    if (done)
      this.note(
        new Violation("nothing was done", `what operation ${operation.number} asked for is committed`),
      );
  }

  /** What holds once every fault has stopped and nothing is under way. */
  checkAtRest(nowMs: number): void {
    for (const position of this.ledger.all()) {
      for (const hold of position.holds.values()) {
        if (hold.reserved > 0 && hold.expiresAtMs > 0 && hold.expiresAtMs <= nowMs) {
          throw new Violation(
            "expiry",
            `hold ${hold.holdId} outlived its time by ${nowMs - hold.expiresAtMs} ms`,
          );
        }
      }
    }
    for (const [name, reservation] of this.ledger.lanes.all()) {
      if (reservation.isOpen && reservation.expiresAtMs > 0 && reservation.expiresAtMs <= nowMs) {
        throw new Violation("expiry", `reservation ${name} outlived its time`);
      }
    }
    for (let shard = 0; shard < this.shardCount; shard += 1) {
      const journal = this.disk?.journals[shard] ?? [];
      const state = this.replicaAt(shard, journal.length).shard;
      checkReplica(
        state,
        [...this.ledger.all()].filter((one) => this.shardOf(one.sku) === shard),
        this.ledger,
      );
    }
  }

  private watch(check: () => void): void {
    try {
      check();
    } catch (error) {
      this.note(error);
    }
  }

  private shardOf(sku: string): number {
    return shardOf(sku, this.shardCount);
  }

  private checkRow(owner: string, row: JournalRow): void {
    const head = this.heads[row.shard];
    if (head === undefined) throw new RangeError(`there is no shard ${row.shard}`);
    const name = `row ${row.sequence} of shard ${row.shard}`;
    if (row.epoch < head.epoch) throw new Violation("epochs never go back", name);
    if (!row.previousHash.equals(head.hash) || !row.hash.equals(chainHash(head.hash, row, row.entries))) {
      throw new Violation("hash chain", `${name} does not follow from the row before`);
    }
    if (row.checksum !== checksumOf(row.entries))
      throw new Violation("hash chain", `${name} has a wrong checksum`);
    const term = `${row.shard}@${row.epoch}`;
    const writer = this.writers.get(term) ?? owner;
    if (writer !== owner) throw new Violation("one writer per epoch", `${writer} and ${owner} wrote ${term}`);
    if (this.disk?.isHeldBy(owner, row.shard) !== true || this.disk.epochOf(row.shard) !== row.epoch) {
      throw new Violation("one writer per epoch", `${owner} wrote ${name}, whose lease it lost`);
    }
    this.writers.set(term, writer);
    head.hash = row.hash;
    head.epoch = row.epoch;
  }

  private postBlob(shard: number, blob: JournalBlob, touchedOrders: Set<string>): void {
    this.batches += 1;
    const touched = new Set<LedgerPosition>();
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
    this.ledger.checkBatch(touched, blob.nowMs);
    for (const position of touched) position.versions.push({ batch: this.batches, ...position.buckets() });
  }

  private postEvent(
    event: StockEvent,
    shard: number,
    nowMs: number,
    touchedOrders: Set<string>,
  ): LedgerPosition | null {
    const mark = this.marks.get(event.commandId);
    if (mark !== undefined) checkMark(mark, event, nowMs);
    const isAsked = event.commandId !== "" && mark === undefined;
    if (isAsked) this.checkCommand(event, nowMs);
    if (event.orderId !== "" && this.orders.post(event, nowMs)) touchedOrders.add(event.orderId);
    const position = this.ledger.post(event, shard, nowMs);
    if (isAsked) {
      this.remember(event, position ?? this.ledger.blank(event.sku, event.locationId), nowMs);
    }
    return position;
  }

  private postLanes(
    shard: number,
    blob: JournalBlob,
    lanes: NonNullable<JournalBlob["lanes"]>,
    postUpTo: (events: number) => void,
    touched: Set<LedgerPosition>,
  ): void {
    const { nowMs } = blob;
    const ledger = this.ledger.lanes;
    readLaneBlob(lanes, {
      after: postUpTo,
      operation: (kind, lane, number, ordinal, quantity, expiresInMs) => {
        const name = `${lanes.names[lane]}/${number}`;
        const position = this.ledger.at(shard, ordinal);
        if (position === undefined) throw new Violation("conservation", `${name} is of no position`);
        touched.add(position);
        const expiresAtMs = expiresInMs === 0 ? 0 : nowMs + expiresInMs;
        if (kind === LANE_RECORD.reserve) ledger.reserve(name, position, quantity, expiresAtMs);
        else if (kind === LANE_RECORD.release) ledger.giveBack(name, position, quantity);
        else if (kind === LANE_RECORD.extend) ledger.extend(name, expiresAtMs);
        else ledger.expire(name, position, quantity, nowMs);
      },
    });
  }

  /** The event is what its command asked for, once, and what its position allows. */
  private checkCommand(event: StockEvent, nowMs: number): void {
    const asked = this.asked.get(event.commandId);
    if (asked === undefined) {
      throw new Violation(
        "no effect without a cause",
        `${event.type} under ${event.commandId}, which nobody asked for`,
      );
    }
    const { command, operation } = asked;
    if (operation.open === 0 && !operation.isAcknowledged) {
      throw new Violation("nothing was done", `${event.type} of ${event.commandId}, of which it was said`);
    }
    const before = this.effects.get(event.commandId)?.at(-1);
    if (before !== undefined && nowMs - before.nowMs <= REMEMBERED_MS) {
      throw new Violation("exactly one effect per key", `${event.commandId} has a second one: ${event.type}`);
    }
    const position = this.ledger.find(event.sku, event.locationId);
    const verdict = this.ledger.isTracked(event.sku)
      ? null
      : verdictOn(command, position ?? this.ledger.blank(event.sku, event.locationId));
    const what = `${command.type} ${command.commandId} on ${event.sku} at ${event.locationId}`;
    if (event.sku !== command.sku || event.locationId !== command.locationId) {
      throw new Violation("an effect is what was asked", `${what} was asked for ${command.sku}`);
    }
    if (verdict === null) return;
    if (typeof verdict === "string") {
      if (event.type === "command-refused" && event.reason === verdict) return;
      throw new Violation(
        "an effect is what was asked",
        `${what} should be ${verdict}, was ${event.type} ${event.reason}`,
      );
    }
    if (event.type === "command-refused") {
      throw new Violation(
        "an effect is what was asked",
        `${what} was refused with ${event.reason} without cause`,
      );
    }
    for (const bucket of BUCKETS) {
      // Fences and what is expected follow rules that the ledger knows.
      if (bucket === "fenced" || bucket === "incoming") continue;
      if (event[bucket] === (verdict[bucket] ?? 0)) continue;
      throw new Violation(
        "conservation",
        `${what} changed ${bucket} by ${event[bucket]} instead of ${verdict[bucket] ?? 0}`,
      );
    }
  }

  private remember(event: StockEvent, position: LedgerPosition, nowMs: number): void {
    const effect: Effect = {
      outcome: event.type === "command-refused" ? event.reason : "applied",
      buckets: position.buckets(),
      nowMs,
    };
    const known = this.effects.get(event.commandId);
    if (known === undefined) this.effects.set(event.commandId, [effect]);
    else known.push(effect);
  }

  private checkOutcomes(ask: Extract<Ask, { kind: "execute" }>, outcomes: readonly StockOutcome[]): void {
    if (outcomes.length !== ask.commands.length) {
      throw new Violation(
        "every command is answered",
        `${ask.commands.length} asked, ${outcomes.length} answered`,
      );
    }
    for (const [index, command] of ask.commands.entries()) {
      const outcome = outcomes[index];
      if (outcome !== undefined) this.checkOutcome(command, ask.flaw, outcome);
    }
  }

  private checkOutcome(
    command: StockCommand,
    flaw: "none" | "invalid" | "impostor",
    outcome: StockOutcome,
  ): void {
    const said = outcome.status === "applied" ? "applied" : outcome.code;
    if (flaw !== "none") {
      const due = flaw === "invalid" ? "invalid_command" : "command_id_reused";
      if (said === due) return;
      throw new Violation("exactly one effect per key", `${command.commandId} should be ${due}, was ${said}`);
    }
    const effects = this.effects.get(command.commandId) ?? [];
    const isCommitted = effects.some(
      (effect) =>
        effect.outcome === said &&
        (outcome.status === "refused" ||
          BUCKETS.every((bucket) => effect.buckets[bucket] === outcome.position[bucket])),
    );
    if (!isCommitted) {
      throw new Violation(
        "nothing uncommitted is seen",
        `${command.type} ${command.commandId} was answered ${said}, committed is ${effects.map((effect) => effect.outcome).join() || "nothing"}`,
      );
    }
  }

  private checkReservation(ask: Extract<Ask, { kind: "order" }>, reservation: OrderReservation): void {
    if (reservation.status !== "reserved") return;
    this.checkKnown(reservation.holds);
    this.orders.checkAnswer(ask.request.orderId, reservation.holds);
    if (ask.record !== null) this.checkRecord(ask.record);
  }

  private checkShown(owner: string, shard: number, ordinal: number, available: number): void {
    const position = this.ledger.at(shard, ordinal);
    if (position?.versions.some((version) => availableOf(version) === available) === true) return;
    throw new Violation(
      "nothing uncommitted is seen",
      `${owner} shows ${available} of ${position?.name ?? `position ${ordinal}`} to be available`,
    );
  }

  private checkKnown(holds: readonly PlacedHold[]): void {
    for (const { sku, locationId, holdId } of holds) {
      const position = this.ledger.find(sku, locationId);
      if (position?.holds.has(holdId) === true || position?.closed.has(holdId) === true) continue;
      throw new Violation("nothing uncommitted is seen", `hold ${holdId} was answered and is not committed`);
    }
  }

  private checkLane(
    owner: string,
    { lane, steps }: Extract<Ask, { kind: "lane" }>,
    codes: readonly (number | null)[],
    askedAt: number,
  ): void {
    for (const [index, step] of steps.entries()) {
      const code = codes[index];
      const known = this.ledger.lanes.find(lane, step.number);
      const name = `${lane}/${step.number}`;
      if (code === LANE_CODE.applied && known === undefined) {
        throw new Violation(
          "nothing uncommitted is seen",
          `reservation ${name} was answered and is not committed`,
        );
      }
      if (code === LANE_CODE.applied && step.kind === LANE_KIND.release && known?.isOpen === true) {
        throw new Violation(
          "nothing uncommitted is seen",
          `the release of ${name} was answered and is not committed`,
        );
      }
      if (
        code === LANE_CODE.hold_not_found &&
        known?.isOpen === true &&
        (this.laneAnswered.get(name) ?? Number.POSITIVE_INFINITY) <= askedAt &&
        // A refusal is not journaled, so a former owner that does not know it yet answers from what it had.
        this.disk?.isHeldBy(owner, this.shardOf(known.position.sku)) === true
      ) {
        throw new Violation(
          "no acknowledged effect is lost",
          `reservation ${name} is open and was not found`,
        );
      }
      if (code === LANE_CODE.applied && !this.laneAnswered.has(name)) {
        this.laneAnswered.set(name, this.batches);
      }
    }
  }

  private checkRecord(record: SimulatedRecord): void {
    if (this.disk?.records.has(record.id) !== true) {
      throw new Violation(
        "nothing uncommitted is seen",
        `record ${record.id} was answered and is not committed`,
      );
    }
  }

  private checkPositions(
    owner: string,
    skus: readonly string[],
    views: readonly PositionView[],
    askedAt: number,
  ): void {
    for (const view of views) {
      const position = this.ledger.find(view.sku, view.locationId);
      const isCurrent = this.disk?.isHeldBy(owner, this.shardOf(view.sku)) === true;
      if (position === undefined || !wasAt(position, view, isCurrent ? askedAt : 0)) {
        throw new Violation(
          "nothing uncommitted is seen",
          `${owner} showed ${view.sku} at ${view.locationId} as it never was: ${JSON.stringify(view)}`,
        );
      }
    }
    for (const position of this.ledger.all()) {
      if (!skus.includes(position.sku) || (position.versions[0]?.batch ?? 0) > askedAt) continue;
      if (this.disk?.isHeldBy(owner, this.shardOf(position.sku)) !== true) continue;
      if (!views.some((view) => view.sku === position.sku && view.locationId === position.locationId)) {
        throw new Violation("no acknowledged effect is lost", `${owner} does not know ${position.name}`);
      }
    }
  }

  private checkHolds(address: PositionAddress, views: readonly HoldView[]): void {
    const position = this.ledger.find(address.sku, address.locationId);
    const stages = new Map<string, { reserved: number; allocated: number; picked: number }>();
    for (const view of views) {
      const stage = stages.get(view.holdId) ?? { reserved: 0, allocated: 0, picked: 0 };
      stage[view.state] += view.quantity;
      stages.set(view.holdId, stage);
    }
    for (const [holdId, stage] of stages) {
      const hold = position?.holds.get(holdId) ?? position?.closed.get(holdId);
      if (hold?.stages.includes(stageOf(stage)) === true) continue;
      const slash = holdId.lastIndexOf("/");
      const ofLane = this.ledger.lanes.find(holdId.slice(0, slash), Number(holdId.slice(slash + 1)));
      if (ofLane !== undefined && ofLane.position === position && ofLane.quantity === stage.reserved)
        continue;
      throw new Violation("nothing uncommitted is seen", `hold ${holdId} was shown at ${stageOf(stage)}`);
    }
  }

  private replicaAt(shard: number, sequence: number): Replica {
    const rows = this.blobs[shard] ?? [];
    let replica = this.replicas[shard];
    // An owner of the past may still speak of where it stood.
    if (replica === undefined || replica.sequence > sequence) {
      replica = { shard: new Shard(shard), sequence: 0, state: null };
    }
    while (replica.sequence < sequence) {
      for (const blob of rows[replica.sequence] ?? []) replica.shard.replay(blob);
      replica.sequence += 1;
      replica.state = null;
    }
    return replica;
  }

  private stateAt(shard: number, sequence: number): Buffer {
    const replica = this.replicaAt(shard, sequence);
    replica.state ??= Buffer.from(replica.shard.encodeState());
    return replica.state;
  }
}

function checkMark(mark: Map<string, number>, event: StockEvent, nowMs: number): void {
  const bearer = `${event.sku} ${event.locationId}`;
  const before = mark.get(bearer);
  if (before !== undefined && nowMs - before <= REMEMBERED_MS) {
    throw new Violation("exactly one effect per key", `amendment ${event.commandId} was made twice`);
  }
  mark.set(bearer, nowMs);
}

/** Whether the position stood so at any time since `batch`. */
function wasAt(position: LedgerPosition, view: PositionView, batch: number): boolean {
  const { versions } = position;
  for (let index = versions.length - 1; index >= 0; index -= 1) {
    const version = versions[index];
    if (version === undefined) break;
    if (BUCKETS.every((bucket) => version[bucket] === view[bucket])) return true;
    // The next older version was replaced by this one, and that was before the time in question.
    if (version.batch <= batch) break;
  }
  return false;
}

/** The replayed shard shows what the ledger adds up to. */
function checkReplica(replica: Shard, positions: readonly LedgerPosition[], ledger: StockLedger): void {
  // On a copy, because a shard that is asked expires what is due.
  const copy = Shard.decodeState(replica.shard, replica.encodeState());
  const reply = copy.run({
    ...emptyRequest(replica.shard, 0),
    skus: [...new Set(positions.map((position) => position.sku))],
    addresses: positions.map(({ sku, locationId }) => ({ sku, locationId })),
  });
  for (const view of reply.positions) {
    const position = positions.find((one) => one.sku === view.sku && one.locationId === view.locationId);
    if (position === undefined || BUCKETS.some((bucket) => position[bucket] !== view[bucket])) {
      throw new Violation(
        "conservation",
        `${view.sku} at ${view.locationId} is not the sum of its movements`,
      );
    }
  }
  for (const [index, position] of positions.entries()) {
    const seen = new Map<string, number>();
    for (const view of reply.holds[index] ?? []) {
      seen.set(view.holdId, (seen.get(view.holdId) ?? 0) + view.quantity);
    }
    for (const hold of position.holds.values()) {
      const held = hold.reserved + hold.allocated + hold.picked;
      if (seen.get(hold.holdId) === held) seen.delete(hold.holdId);
      else throw new Violation("conservation", `hold ${hold.holdId} is not the sum of its movements`);
    }
    for (const holdId of [...seen.keys()]) {
      const slash = holdId.lastIndexOf("/");
      const ofLane = ledger.lanes.find(holdId.slice(0, slash), Number(holdId.slice(slash + 1)));
      if (ofLane?.isOpen === true && ofLane.quantity === seen.get(holdId)) seen.delete(holdId);
    }
    if (seen.size > 0)
      throw new Violation("conservation", `${position.name} has holds that nobody journaled`);
  }
}
