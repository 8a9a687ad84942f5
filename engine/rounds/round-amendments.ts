/**
 * The amendments and cancellations of one round: what the shards know of their orders, and what is to happen.
 * Runs on the main thread.
 *
 * Only the shards know which of them hold parts of an order, so all of them are asked. A change that has
 * begun cannot be undone: the units that it gave back may have gone to waiting demand. Where a shard that it
 * touched is lost, the other shards that it touched are given up too, and all are rebuilt from what is
 * committed. So the change has happened wholly or not at all.
 */
import { ANY_LOCATION } from "../../actors/commands.ts";
import type { AmendmentOutcome, PlacedHold } from "../allocator-client.ts";
import type { EngineError } from "../errors.ts";
import {
  amendmentFingerprint,
  amendmentMark,
  currentHolds,
  planAmendment,
  planCancellation,
  takeAmendment,
} from "../planning/order-amendment.ts";
import { placementsOf, type SourcingSetup } from "../planning/order-reservation.ts";
import type { StockByLocation } from "../planning/round-stock.ts";
import type {
  AmendmentAnswer,
  AmendmentMark,
  AmendmentQuestion,
  DemandToQueue,
  DemandWithdrawal,
  HoldReduction,
  OrderDemand,
  OrderHoldState,
  Placement,
  ShardReply,
  ShardRequest,
} from "../shard/shard-request.ts";
import type { AmendWork, CancelWork, ChangeWork } from "./work.ts";

export type PlannedChange = {
  readonly work: ChangeWork;
  readonly withdrawals: readonly DemandWithdrawal[];
  readonly queue: readonly DemandToQueue[];
  readonly reductions: readonly HoldReduction[];
  readonly placements: readonly Placement[];
  /** One for each SKU that the change concerns; at least one, so that a repeat is recognised. */
  readonly marks: readonly AmendmentMark[];
  /** Tells the caller; to be called once the round has committed. */
  answer(): void;
  error: EngineError | null;
};

type Knowledge = {
  readonly holds: OrderHoldState[];
  readonly waiting: OrderDemand[];
  isRemembered: boolean;
  known: AmendmentAnswer["known"];
};

export class RoundAmendments {
  private readonly knowledge = new Map<string, Knowledge>();

  take(request: ShardRequest, reply: ShardReply): void {
    for (const [index, question] of (request.amend?.questions ?? []).entries()) {
      const answer = reply.amend?.answers[index];
      if (answer !== undefined) this.learn(question, answer);
    }
  }

  /** Decides the change by the round's stock, and takes from that stock what the change takes. */
  plan(work: ChangeWork, stock: StockByLocation, setup: SourcingSetup): PlannedChange {
    const known = this.knowledge.get(keyOf(questionOf(work))) ?? nothingKnown();
    return work.kind === "amend" ? planAmend(work, known, stock, setup) : planCancel(work, known);
  }

  private learn(question: AmendmentQuestion, answer: AmendmentAnswer): void {
    const key = keyOf(question);
    const known = this.knowledge.get(key) ?? nothingKnown();
    this.knowledge.set(key, known);
    if (answer.known !== null) known.known = answer.known;
    if (answer.holds === null) return;
    known.isRemembered = true;
    const waitsBefore = new Set(known.waiting.map((demand) => demand.holdId));
    known.waiting.push(...answer.waiting.filter((demand) => !waitsBefore.has(demand.holdId)));
    // Two orders of a round may have asked one shard the same question.
    const holdsBefore = new Set(known.holds.map((hold) => `${hold.holdId}\u001f${hold.locationId}`));
    known.holds.push(
      ...answer.holds.filter((hold) => !holdsBefore.has(`${hold.holdId}\u001f${hold.locationId}`)),
    );
  }
}

/** What the shards are asked before the change can be planned. */
export function questionOf(work: ChangeWork): AmendmentQuestion {
  return work.kind === "amend"
    ? {
        orderId: work.amendment.orderId,
        mark: amendmentMark(work.amendment),
        fingerprint: amendmentFingerprint(work.amendment),
      }
    : { orderId: work.cancellation.orderId, mark: null, fingerprint: 0 };
}

function planAmend(
  work: AmendWork,
  { holds, waiting, isRemembered, known }: Knowledge,
  stock: StockByLocation,
  setup: SourcingSetup,
): PlannedChange {
  const { amendment, resolve } = work;
  const settled = (outcome: AmendmentOutcome): PlannedChange => ({
    work,
    withdrawals: [],
    queue: [],
    reductions: [],
    placements: [],
    marks: [],
    answer: () => resolve(outcome),
    error: null,
  });
  if (known === "applied") {
    const explanation = ["amended before under this amendment id"];
    return settled({ status: "amended", holds: currentHolds(holds), explanation });
  }
  if (known === "refused") {
    const detail = `amendment ${amendment.amendmentId} of order ${amendment.orderId} was another one`;
    return settled({ status: "refused", code: "amendment_id_reused", detail, short: [] });
  }
  const [first] = [...holds, ...waiting];
  if (!isRemembered || first === undefined) {
    const detail = `nothing is known of an order ${amendment.orderId}`;
    return settled({ status: "refused", code: "order_not_found", detail, short: [] });
  }
  const plan = planAmendment(
    amendment,
    { held: holds, waiting },
    stock,
    setup,
    `+${nextNumber([...holds, ...waiting])}`,
  );
  if (plan.outcome.status === "refused") return settled(plan.outcome);
  takeAmendment(stock, plan);
  const bearers = new Map<string, string>([
    [first.sku, "locationId" in first ? first.locationId : ANY_LOCATION],
  ]);
  for (const { sku, locationId } of [...plan.reductions, ...plan.holds]) bearers.set(sku, locationId);
  const { orderId, atMs, cause } = amendment;
  return {
    work,
    withdrawals: plan.withdrawals,
    queue: plan.queue.map((demand) => ({ ...demand, orderId, atMs, cause })),
    reductions: plan.reductions,
    placements: placementsOf(amendment, plan.holds),
    marks: [...bearers].map(([sku, locationId]) => ({
      sku,
      locationId,
      mark: amendmentMark(amendment),
      fingerprint: amendmentFingerprint(amendment),
      atMs: amendment.atMs,
      cause: amendment.cause,
    })),
    answer: () => resolve(plan.outcome),
    error: null,
  };
}

function planCancel(work: CancelWork, { holds, waiting }: Knowledge): PlannedChange {
  const plan = planCancellation(work.cancellation, { held: holds, waiting });
  const { withdrawals, reductions, outcome } = plan;
  return {
    work,
    withdrawals,
    queue: [],
    reductions,
    placements: [],
    marks: [],
    answer: () => work.resolve(outcome),
    error: null,
  };
}

/** Above the number of every hold that the order ever had, so that no hold id is used twice. */
function nextNumber(holds: readonly Pick<PlacedHold, "holdId">[]): number {
  let highest = 0;
  for (const { holdId } of holds) {
    const number = /\+(\d+)$/.exec(holdId)?.[1];
    if (number !== undefined) highest = Math.max(highest, Number(number));
  }
  return highest + 1;
}

function nothingKnown(): Knowledge {
  return { holds: [], waiting: [], isRemembered: false, known: null };
}

function keyOf({ orderId, mark }: AmendmentQuestion): string {
  return mark ?? `cancellation\u001f${orderId}`;
}
