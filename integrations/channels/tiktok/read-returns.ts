/** Reads the returns of orders, and which of them have given money back (`returns.ts`). */
import { ServiceFault } from "../../../ports/service-fault.ts";
import { isObject, listAt, textAt } from "../../vendor-kit/vendor-json.ts";
import { type Ask, dataOf } from "./api.ts";
import { REFUNDED } from "./returns.ts";

const PAGE = 50;

/** @returns the orders, those of which something was given back with their returns */
export async function withReturns(ask: Ask, orders: readonly unknown[]): Promise<readonly unknown[]> {
  const ids = orders.map((order) => textAt(order, "id")).filter((id) => id !== "");
  const returns = new Map<string, unknown[]>();
  for (let from = 0; from < ids.length; from += PAGE) {
    const body = { order_ids: ids.slice(from, from + PAGE), return_status: [REFUNDED] };
    let page: string | null = "";
    while (page !== null) {
      const found: ReturnsPage = await searchReturns(ask, body, page);
      for (const one of found.returns) {
        const orderId = textAt(one, "order_id");
        returns.set(orderId, [...(returns.get(orderId) ?? []), one]);
      }
      page = found.next;
    }
  }
  return orders.map((order) => {
    const own = returns.get(textAt(order, "id"));
    return own === undefined || !isObject(order) ? order : { ...order, returns: own };
  });
}

/** A refused scope is not asked for with each order. */
const REFUSAL_LASTS_MS = 3_600_000;

/**
 * The same calls for a shop whose authorization lacks the scope of returns: they answer that there are none, so
 * that its orders are read all the same. Only for calls before which others were let in.
 */
export function withoutReturns(ask: Ask, now: () => number): Ask {
  let refusedUntilMs = 0;
  return async (asked) => {
    if (now() < refusedUntilMs) return { status: "ok", data: {} };
    try {
      return await ask(asked);
    } catch (error) {
      if (!(error instanceof ServiceFault) || error.code !== "unauthorized") throw error;
      refusedUntilMs = now() + REFUSAL_LASTS_MS;
      return { status: "ok", data: {} };
    }
  };
}

/** Whether the authorization has the scope of returns, asked now. @throws ServiceFault */
export async function mayReadReturns(ask: Ask): Promise<boolean> {
  try {
    await searchReturns(ask, { return_status: [REFUNDED] }, "");
    return true;
  } catch (error) {
    if (error instanceof ServiceFault && error.code === "unauthorized") return false;
    throw error;
  }
}

/** All returns of an order, whatever has become of them. @throws ServiceFault */
export async function returnsOf(ask: Ask, orderId: string): Promise<readonly unknown[]> {
  const returns: unknown[] = [];
  let page: string | null = "";
  while (page !== null) {
    const found: ReturnsPage = await searchReturns(ask, { order_ids: [orderId] }, page);
    returns.push(...found.returns);
    page = found.next;
  }
  return returns.filter((one) => textAt(one, "order_id") === orderId);
}

export type ReturnsPage = { readonly returns: readonly unknown[]; readonly next: string | null };

/** Refunds that changed in a stretch of time, seconds of the Unix epoch, oldest change first. */
export function changedReturns(
  ask: Ask,
  { since, until }: { readonly since: number; readonly until: number | null },
  page: string,
): Promise<ReturnsPage> {
  const body = {
    return_status: [REFUNDED],
    update_time_ge: since,
    ...(until === null ? {} : { update_time_lt: until }),
  };
  return searchReturns(ask, body, page);
}

async function searchReturns(ask: Ask, body: object, page: string): Promise<ReturnsPage> {
  const found = dataOf(
    await ask({
      method: "POST",
      path: "/return_refund/202309/returns/search",
      query: {
        page_size: String(PAGE),
        sort_field: "update_time",
        sort_order: "ASC",
        ...(page === "" ? {} : { page_token: page }),
      },
      body,
    }),
    "the returns",
  );
  const next = textAt(found, "next_page_token");
  return { returns: listAt(found, "return_orders"), next: next === "" ? null : next };
}
