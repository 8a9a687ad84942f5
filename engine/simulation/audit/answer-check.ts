/**
 * What an owner says, against what is committed. An answer, a read, or a number shown without a question may
 * be old where the owner has lost its shard, but it must have been true once.
 */
import type { PositionAddress } from "../../../actors/commands.ts";
import { LANE_CODE, LANE_KIND } from "../../../actors/lanes/lane-operations.ts";
import type { HoldView, OrderReservation, PlacedHold, PositionView } from "../../allocator-client.ts";
import { shardOf } from "../../shard/shard-of.ts";
import type { SimulatedDisk, SimulatedRecord } from "../world/simulated-disk.ts";
import { availableOf, type BookedPosition, BUCKETS, stageOf } from "./booked-position.ts";
import type { CommandEffects } from "./command-effects.ts";
import type { Answer, Ask } from "./operation.ts";
import type { OrderBook } from "./order-book.ts";
import type { StockBook } from "./stock-book.ts";
import { Violation } from "./violation.ts";

/** What is committed, as the audit keeps it. */
type Committed = {
  readonly disk: SimulatedDisk;
  readonly book: StockBook;
  readonly orders: OrderBook;
  readonly effects: CommandEffects;
};

export class AnswerCheck {
  private readonly committed: Committed;
  /** The book's version when a lane's reservation was first acknowledged, by its name. */
  private readonly laneAnswered = new Map<string, number>();

  constructor(committed: Committed) {
    this.committed = committed;
  }

  /** @param askedAt the book's version when the owner was asked. */
  check(owner: string, ask: Ask, answer: Answer, askedAt: number): void {
    switch (answer.kind) {
      case "execute":
        if (ask.kind === "execute") this.committed.effects.checkAnswers(ask, answer.outcomes);
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

  /** An owner shows so many units of the shard's position to readers that do not ask. */
  checkShown(owner: string, shard: number, ordinal: number, available: number): void {
    const position = this.committed.book.at(shard, ordinal);
    if (position?.versions.some((version) => availableOf(version) === available) === true) return;
    throw new Violation(
      "nothing uncommitted is seen",
      `${owner} shows ${available} of ${position?.name ?? `position ${ordinal}`} to be available`,
    );
  }

  private checkReservation(
    ask: Extract<Ask, { readonly kind: "order" }>,
    reservation: OrderReservation,
  ): void {
    if (reservation.status !== "reserved") return;
    this.checkKnown(reservation.holds);
    this.committed.orders.checkAnswer(ask.request.orderId, reservation.holds);
    if (ask.record !== null) this.checkRecord(ask.record);
  }

  private checkKnown(holds: readonly PlacedHold[]): void {
    for (const { sku, locationId, holdId } of holds) {
      const position = this.committed.book.find(sku, locationId);
      if (position?.holds.has(holdId) === true || position?.closed.has(holdId) === true) continue;
      throw new Violation("nothing uncommitted is seen", `hold ${holdId} was answered and is not committed`);
    }
  }

  private checkRecord(record: SimulatedRecord): void {
    if (this.committed.disk.records.has(record.id)) return;
    throw new Violation(
      "nothing uncommitted is seen",
      `record ${record.id} was answered and is not committed`,
    );
  }

  private checkLane(
    owner: string,
    { lane, steps }: Extract<Ask, { readonly kind: "lane" }>,
    codes: readonly (number | null)[],
    askedAt: number,
  ): void {
    const { book } = this.committed;
    for (const [index, step] of steps.entries()) {
      const code = codes[index];
      const known = book.lanes.find(lane, step.number);
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
        // A refusal is not journaled. So a former owner that does not know it yet answers from its old state.
        this.isOwner(owner, known.position.sku)
      ) {
        throw new Violation(
          "no acknowledged effect is lost",
          `reservation ${name} is open and was not found`,
        );
      }
      if (code === LANE_CODE.applied && !this.laneAnswered.has(name)) {
        this.laneAnswered.set(name, book.version);
      }
    }
  }

  private checkPositions(
    owner: string,
    skus: readonly string[],
    views: readonly PositionView[],
    askedAt: number,
  ): void {
    const { book } = this.committed;
    for (const view of views) {
      const position = book.find(view.sku, view.locationId);
      if (position === undefined || !wasAt(position, view, this.isOwner(owner, view.sku) ? askedAt : 0)) {
        throw new Violation(
          "nothing uncommitted is seen",
          `${owner} showed ${view.sku} at ${view.locationId} as it never was: ${JSON.stringify(view)}`,
        );
      }
    }
    for (const position of book.all()) {
      if (!skus.includes(position.sku) || (position.versions[0]?.batch ?? 0) > askedAt) continue;
      if (!this.isOwner(owner, position.sku)) continue;
      if (!views.some((view) => view.sku === position.sku && view.locationId === position.locationId)) {
        throw new Violation("no acknowledged effect is lost", `${owner} does not know ${position.name}`);
      }
    }
  }

  private checkHolds(address: PositionAddress, views: readonly HoldView[]): void {
    const { book } = this.committed;
    const position = book.find(address.sku, address.locationId);
    const stages = new Map<string, { reserved: number; allocated: number; picked: number }>();
    for (const view of views) {
      const stage = stages.get(view.holdId) ?? { reserved: 0, allocated: 0, picked: 0 };
      stage[view.state] += view.quantity;
      stages.set(view.holdId, stage);
    }
    for (const [holdId, stage] of stages) {
      const hold = position?.holds.get(holdId) ?? position?.closed.get(holdId);
      if (hold?.stages.includes(stageOf(stage)) === true) continue;
      const ofLane = book.lanes.ofHold(holdId);
      if (ofLane !== undefined && ofLane.position === position && ofLane.quantity === stage.reserved)
        continue;
      throw new Violation("nothing uncommitted is seen", `hold ${holdId} was shown at ${stageOf(stage)}`);
    }
  }

  private isOwner(owner: string, sku: string): boolean {
    const { disk } = this.committed;
    return disk.isHeldBy(owner, shardOf(sku, disk.shardCount));
  }
}

/** Whether the position had these numbers at any time since `batch`. */
function wasAt(position: BookedPosition, view: PositionView, batch: number): boolean {
  const { versions } = position;
  for (let index = versions.length - 1; index >= 0; index -= 1) {
    const version = versions[index];
    if (version === undefined) break;
    if (BUCKETS.every((bucket) => version[bucket] === view[bucket])) return true;
    // This version replaced the next older one before the time in question.
    if (version.batch <= batch) break;
  }
  return false;
}
