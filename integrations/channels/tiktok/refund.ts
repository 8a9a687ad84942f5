/**
 * Tells TikTok Shop that money is given back. A refund stands in a return there, also where nothing comes back:
 *
 * M1 What the buyer has asked for is answered where it waits for us and is of the same amount: a refund alone is
 *    approved, and of a return the parcel that has arrived. One of another amount is a person's.
 * M2 Else one is begun for as few units as cost so much, where TikTok lets a seller begin one (`aftersale.ts`).
 *    Where it does not, a person gives the money back in Seller Center.
 * M3 Both carry TikTok's key against repeats. Until its status says that the money has gone back, the refund is
 *    under way, and looked for by its id from then on.
 *
 * Bodies and statuses are those of TikTok's reference (Approve Return, Create Return 202309), as public
 * repositories hold it; no schema of them is collected beside the project.
 */
import { decimalText, type Money, rescale } from "../../../orders/money.ts";
import type { OrderWord, Told } from "../../../ports/channel-connection.ts";
import { ServiceFault } from "../../../ports/service-fault.ts";
import { amount, firstText, listAt, textAt } from "../../vendor-kit/vendor-json.ts";
import { askEligibility, type Eligibility, reasonFor } from "./aftersale.ts";
import type { Ask } from "./api.ts";
import { keyOf } from "./key.ts";
import { isCancelledUnit } from "./order.ts";
import { returnsOf } from "./read-returns.ts";
import { REFUNDED } from "./returns.ts";

type Word = OrderWord & { readonly kind: "refund" };

/** What we answer to what waits for us. */
const APPROVALS: Readonly<Record<string, string>> = {
  SELLER_RESPOND_REFUND: "APPROVE_REFUND",
  SELLER_RESPOND_RECEIVE_PACKAGE: "APPROVE_RECEIVED_PACKAGE",
};
/** It gives nothing back any more. */
const OVER = /REJECT|CANCEL/;

/** @param ask by which the order was read just now: what is refused here is the scope of returns alone */
export async function refund(ask: Ask, word: Word, order: unknown): Promise<Told> {
  try {
    return await giveBack(ask, word, order);
  } catch (error) {
    if (!(error instanceof ServiceFault) || error.code !== "unauthorized") throw error;
    return byHand("scope_missing", word, "the authorization lacks the scope Return and Refund Basic");
  }
}

async function giveBack(ask: Ask, word: Word, order: unknown): Promise<Told> {
  const { externalId } = word.order;
  const returns = await returnsOf(ask, externalId);
  if (word.underWay !== undefined) {
    const begun = returns.find((one) => textAt(one, "return_id") === word.underWay);
    return outcomeOf(begun ?? { return_id: word.underWay }, "told");
  }
  const waiting = returns.filter((one) => decisionFor(one) !== undefined);
  const asked = waiting.find((one) => isOf(one, word.amount));
  if (asked !== undefined) return approve(ask, word, asked);
  const [other] = waiting;
  if (other !== undefined) return byHand("request_open", word, `${sumOf(other)} are asked for by the buyer`);
  const eligibility = await askEligibility(ask, externalId, "REFUND");
  if (eligibility === null || eligibility.units.size === 0)
    return byHand("refund_not_offered", word, reasonOr(eligibility, "it does not say why"));
  const units = unitsFor(order, word.amount, eligibility);
  const reason = reasonFor(eligibility, units, nearestTo(word.reason));
  if (reason === "") return byHand("refund_not_offered", word, "it offers no reason for it");
  const answer = await ask({
    method: "POST",
    path: "/return_refund/202309/returns",
    query: { idempotency_key: keyOf(word.key) },
    body: {
      order_id: externalId,
      order_line_item_ids: units,
      return_type: "REFUND",
      return_reason: reason,
      refund_total: decimalText(word.amount),
      currency: word.amount.currency,
    },
  });
  if (answer.status === "refused") return { ...answer, message: inSellerCenter(word, answer.message) };
  const id = textAt(answer.data, "return_id");
  const isKnown = returns.some((one) => textAt(one, "return_id") === id);
  return outcomeOf(answer.data, isKnown ? "already" : "told");
}

async function approve(ask: Ask, word: Word, asked: unknown): Promise<Told> {
  const id = textAt(asked, "return_id");
  const answer = await ask({
    method: "POST",
    path: `/return_refund/202309/returns/${encodeURIComponent(id)}/approve`,
    query: { idempotency_key: keyOf(word.key) },
    body: { decision: decisionFor(asked) },
  });
  if (answer.status === "refused") return { ...answer, message: inSellerCenter(word, answer.message) };
  const now = (await returnsOf(ask, word.order.externalId)).find((one) => textAt(one, "return_id") === id);
  return outcomeOf({ return_id: id, return_status: textAt(now, "return_status") }, "told");
}

function decisionFor(one: unknown): string | undefined {
  const actions = listAt(one, "seller_next_action_response").map((action) => textAt(action, "action"));
  return actions.map((action) => APPROVALS[action]).find((decision) => decision !== undefined);
}

function isOf(one: unknown, wanted: Money): boolean {
  const currency = textAt(one, "refund_amount", "currency").toUpperCase();
  const total = textAt(one, "refund_amount", "refund_total");
  return (
    currency === wanted.currency && rescale(amount(total, currency, "refund_total"), 4) === rescale(wanted, 4)
  );
}

function sumOf(one: unknown): string {
  return `${textAt(one, "refund_amount", "refund_total")} ${textAt(one, "refund_amount", "currency")}`;
}

function outcomeOf(one: unknown, known: "told" | "already"): Told {
  const reference = textAt(one, "return_id");
  const status = firstText(textAt(one, "return_status"), textAt(one, "status"));
  if (status === REFUNDED) return { status: known, reference };
  if (!OVER.test(status)) {
    const message = `TikTok Shop has taken the refund and not given it yet (${firstText(status, "no status")}).`;
    return { status: "under_way", reference, message };
  }
  const message = `TikTok Shop gives nothing back for the return ${reference} (${status}).`;
  return { status: "refused", code: "refund_rejected", message };
}

/** As few units as cost so much: one that does alone, else the dearest first. */
function unitsFor(order: unknown, wanted: Money, { units }: Eligibility): readonly string[] {
  const minorOf = (unit: unknown) =>
    rescale(amount(textAt(unit, "sale_price"), wanted.currency, "sale_price"), wanted.exponent);
  const priced = listAt(order, "line_items")
    .filter((unit) => units.has(textAt(unit, "id")) && !isCancelledUnit(unit))
    .map((unit) => ({ id: textAt(unit, "id"), minor: minorOf(unit) }))
    .sort((a, b) => a.minor - b.minor);
  const alone = priced.find(({ minor }) => minor >= wanted.minor);
  if (alone !== undefined) return [alone.id];
  const chosen: string[] = [];
  let sum = 0;
  for (const { id, minor } of priced.reverse()) {
    if (sum >= wanted.minor) break;
    chosen.push(id);
    sum += minor;
  }
  return chosen;
}

function nearestTo(reason: string): readonly RegExp[] {
  const others = [/seller.*(agree|refund)/i, /other/i];
  if (/damag|broken|defect/i.test(reason)) return [/damag|defect|broken/i, ...others];
  if (/lost|not received|not arrived/i.test(reason)) return [/not_?(receiv|arriv|deliver)|lost/i, ...others];
  if (/wrong/i.test(reason)) return [/wrong/i, ...others];
  return /stock/i.test(reason) ? [/stock/i, ...others] : others;
}

function reasonOr(eligibility: Eligibility | null, otherwise: string): string {
  return firstText(eligibility?.problem ?? "", otherwise);
}

function byHand(code: string, word: Word, why: string): Told {
  return { status: "refused", code, message: inSellerCenter(word, why) };
}

function inSellerCenter({ amount: sum, order }: Word, why: string): string {
  const what = `${decimalText(sum)} ${sum.currency} of the order ${order.externalNumber}`;
  return `TikTok Shop does not take this refund by its API (${why}). Give back ${what} in Seller Center (Orders, Manage returns): once TikTok says that it is given, this is done by itself.`;
}
