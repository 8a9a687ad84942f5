/**
 * Asks eBay for payment disputes, which have a host and a consent of their own. A seller who has not consented
 * to the scope is served without them: that is an answer here (null), and no fault.
 *
 * Who is in a list: all that are open and those that were closed lately. There is no list by change, so that
 * one list serves a page of orders, and what changed is chosen from it by the moments that it states.
 */
import { ServiceFault } from "../../../ports/service-fault.ts";
import { countAt, listAt, textAt } from "../../vendor-kit/vendor-json.ts";
import { type Ask, answerOf } from "./api.ts";
import { isClosed } from "./disputes.ts";

const SUMMARIES = "/sell/fulfillment/v1/payment_dispute_summary";
const PAGE = 200;
/** A refused login is not repeated with each order. */
const REFUSAL_LASTS_MS = 3_600_000;

export type Disputes = {
  /** Whether the seller has consented, asked now. @throws ServiceFault */
  isAllowed(): Promise<boolean>;
  /** Open ones and those closed lately, of all orders; null: not allowed. @throws ServiceFault */
  all(): Promise<readonly unknown[] | null>;
  /** Of one order; null: not allowed. @throws ServiceFault */
  ofOrder(orderId: string): Promise<readonly unknown[] | null>;
  /** The same with the resolution of those that are closed. @throws ServiceFault */
  resolved(disputes: readonly unknown[]): Promise<readonly unknown[]>;
};

/** @param ask with the scope of disputes, at their host */
export function createDisputes(ask: Ask, now: () => number): Disputes {
  let refusedUntilMs = 0;

  async function unlessRefused<T>(call: () => Promise<T>): Promise<T | null> {
    if (now() < refusedUntilMs) return null;
    try {
      return await call();
    } catch (error) {
      if (!(error instanceof ServiceFault) || error.code !== "unauthorized") throw error;
      refusedUntilMs = now() + REFUSAL_LASTS_MS;
      return null;
    }
  }

  async function list(filter: Readonly<Record<string, string>>): Promise<readonly unknown[]> {
    const found: unknown[] = [];
    for (;;) {
      const query = { ...filter, limit: String(PAGE), offset: String(found.length) };
      const page = answerOf(await ask({ path: SUMMARIES, query }), "the payment disputes");
      const summaries = listAt(page, "paymentDisputeSummaries");
      found.push(...summaries);
      const isMore = found.length < (countAt(page, "total") || 0);
      if (!isMore || summaries.length === 0) return found;
    }
  }

  return {
    async isAllowed() {
      refusedUntilMs = 0;
      return (await unlessRefused(async () => answerOf(await ask({ path: SUMMARIES }), "disputes"))) !== null;
    },
    all: () => unlessRefused(() => list({})),
    ofOrder: (orderId) => unlessRefused(() => list({ order_id: orderId })),
    async resolved(disputes) {
      const whole: unknown[] = [];
      for (const dispute of disputes) {
        if (!isClosed(dispute)) {
          whole.push(dispute);
          continue;
        }
        const path = `/sell/fulfillment/v1/payment_dispute/${encodeURIComponent(textAt(dispute, "paymentDisputeId"))}`;
        const answer = answerOf(await ask({ path }), "a payment dispute") as { resolution?: unknown };
        whole.push({ ...(dispute as object), resolution: answer.resolution });
      }
      return whole;
    },
  };
}

/** When it was opened and closed, milliseconds of the Unix epoch. */
export function momentsOf(dispute: unknown): readonly number[] {
  return ["openDate", "closedDate"]
    .map((name) => Date.parse(textAt(dispute, name)))
    .filter((moment) => Number.isFinite(moment));
}
