/**
 * Asks Square for the disputes of a location. There is no list by payment, by order or by change, so that one list
 * serves a page of orders, and what changed is chosen from it by the moments that it states.
 *
 * An account without the permission DISPUTES_READ is served without them: that is an answer here (null), and no
 * fault.
 *
 * F1 A list that is younger than a minute serves orders that are read one by one, as a busy till has many. A poll,
 *    and a webhook about a dispute, look anew: what they read is never older than what was read before them.
 */
import { ServiceFault } from "../../../ports/service-fault.ts";
import type { RestClient } from "../../vendor-kit/rest-client.ts";
import { at, listAt, textAt } from "../../vendor-kit/vendor-json.ts";
import { paymentsOf } from "./adapter.ts";
import { found, isId, SERVICE } from "./api.ts";
import { disputedPaymentOf } from "./disputes.ts";

/** A refused permission is not asked for with each order. */
const REFUSAL_LASTS_MS = 3_600_000;
const LIST_LASTS_MS = 60_000;
/** A list that goes in circles ends all the same. */
const MOST_PAGES = 1_000;

export type Disputes = {
  /** Whether the account has the permission, asked now. @throws ServiceFault */
  isAllowed(): Promise<boolean>;
  /** Of the location, all that there ever were; null: not allowed. @throws ServiceFault */
  all(age: "now" | "lately"): Promise<readonly unknown[] | null>;
  /** The order that a dispute is about; null: there is none such, or it cannot be told. @throws ServiceFault */
  orderOf(dispute: unknown): Promise<string | null>;
  /** null: there is none such, or not allowed. @throws ServiceFault */
  one(id: string): Promise<unknown>;
};

export function createDisputes(call: RestClient, locationId: string, now: () => number): Disputes {
  let refusedUntilMs = 0;
  let lately: { readonly atMs: number; readonly disputes: readonly unknown[] } | null = null;

  async function unlessRefused<T>(work: () => Promise<T>): Promise<T | null> {
    if (now() < refusedUntilMs) return null;
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof ServiceFault) || error.code !== "unauthorized") throw error;
      refusedUntilMs = now() + REFUSAL_LASTS_MS;
      lately = null;
      return null;
    }
  }

  async function pageAt(cursor: string): Promise<unknown> {
    const query = { location_id: locationId, ...(cursor === "" ? {} : { cursor }) };
    return found(await call({ method: "GET", path: "/v2/disputes", query }), "list the disputes");
  }

  async function list(): Promise<readonly unknown[]> {
    const disputes: unknown[] = [];
    let cursor = "";
    for (let pages = 0; pages < MOST_PAGES; pages += 1) {
      const page = await pageAt(cursor);
      disputes.push(...listAt(page, "disputes"));
      cursor = textAt(page, "cursor");
      if (cursor === "") return disputes;
    }
    throw new ServiceFault(`Square's list of disputes has not ended after ${MOST_PAGES} pages`, {
      service: SERVICE,
      code: "endless_list",
      retryable: true,
    });
  }

  return {
    async isAllowed() {
      refusedUntilMs = 0;
      return (await unlessRefused(() => pageAt(""))) !== null;
    },
    async all(age) {
      if (age === "lately" && lately !== null && now() - lately.atMs < LIST_LASTS_MS) return lately.disputes;
      const atMs = now();
      const disputes = await unlessRefused(list);
      if (disputes !== null) lately = { atMs, disputes };
      return disputes;
    },
    async orderOf(dispute) {
      const paymentId = disputedPaymentOf(dispute);
      if (!isId(paymentId)) return null;
      const reply = await call({ method: "GET", path: `/v2/payments/${paymentId}` });
      const orderId = textAt(found(reply, "read a payment"), "payment", "order_id");
      return isId(orderId) ? orderId : null;
    },
    async one(id) {
      if (!isId(id)) return null;
      return unlessRefused(async () => {
        const reply = await call({ method: "GET", path: `/v2/disputes/${id}` });
        return at(found(reply, "read a dispute"), "dispute") ?? null;
      });
    },
  };
}

/** Those of the payments of an order. */
export function disputesOf(order: unknown, disputes: readonly unknown[]): readonly unknown[] {
  const payments = new Set(paymentsOf(order));
  return disputes.filter((dispute) => payments.has(disputedPaymentOf(dispute)));
}

/** When it was opened and when it last moved, milliseconds of the Unix epoch. */
export function momentsOf(dispute: unknown): readonly number[] {
  return ["created_at", "updated_at"]
    .map((name) => Date.parse(textAt(dispute, name)))
    .filter((moment) => Number.isFinite(moment));
}
