/**
 * Disputes of a Square order's payments: the buyer's bank asks (an inquiry) or wants the money back. Square has
 * taken the money and passes on the seller's answer; what is not sent yet waits here meanwhile. One that was lost,
 * or accepted, stays as what people have to see; one that was won, and an inquiry that is closed, lets the order go.
 *
 * Square's orders do not have them: the connection adds those of an order's payments as `disputes`
 * (`dispute-calls.ts`). An order beside which none are listed says nothing of them, and a reason that is there stays.
 *
 * Neither states nor reasons are taken to be complete: Square sends reasons that its own description lacks.
 */
import { decimalText } from "../../../orders/money.ts";
import type { HoldReason } from "../../../orders/order.ts";
import { at, firstText, textAt } from "../../vendor-kit/vendor-json.ts";
import { moneyOf } from "./money.ts";

/**
 * Before the id of a dispute, where a webhook names it in the place of the order that it is about. No order's id
 * has a point.
 */
export const DISPUTE = "dispute.";

const LONGEST_ID = 40;

/** One reason for each that is open or has cost us the money, in words that say where it stands. */
export function readDisputes(disputes: readonly unknown[]): readonly HoldReason[] {
  return disputes
    .filter((dispute) => !isHarmless(textAt(dispute, "state")))
    .map((dispute) => {
      const id = disputeIdOf(dispute);
      const reason = firstText(textAt(dispute, "reason"), "no reason given");
      const sum = moneyOf(at(dispute, "amount_money"), "a dispute", "XXX");
      const about = sum.minor === 0 ? "" : ` about ${decimalText(sum)} ${sum.currency}`;
      return {
        code: "payment_disputed" as const,
        detail: `Square: the dispute ${id}${about} (${reason}) ${standingOf(dispute)}.`,
        id: `dispute:${id}`,
      };
    });
}

/** `id`; `dispute_id` is the name that it had before. */
export function disputeIdOf(dispute: unknown): string {
  return firstText(textAt(dispute, "id"), textAt(dispute, "dispute_id"));
}

export function disputedPaymentOf(dispute: unknown): string {
  return textAt(dispute, "disputed_payment", "payment_id");
}

/** Of an event `dispute.…`, whose words decide nothing: the dispute is read. Empty: it is about something else. */
export function disputeInEvent(event: unknown): string {
  const id = disputeIdOf(at(event, "data", "object", "dispute"));
  return /^[\w-]+$/.test(id) && id.length <= LONGEST_ID ? id : "";
}

function isHarmless(state: string): boolean {
  return state === "WON" || state === "INQUIRY_CLOSED";
}

const STANDINGS: Readonly<Record<string, string>> = {
  INQUIRY_PROCESSING: "is being looked at by the bank",
  PROCESSING: "is being decided by the bank",
  LOST: "is lost",
  ACCEPTED: "was accepted: the money is the buyer's",
};

function standingOf(dispute: unknown): string {
  const state = textAt(dispute, "state");
  if (state !== "EVIDENCE_REQUIRED" && state !== "INQUIRY_EVIDENCE_REQUIRED")
    return STANDINGS[state] ?? `is ${firstText(state, "in an unknown state")}`;
  const due = textAt(dispute, "due_at");
  return `needs an answer in Square's dashboard${due === "" ? "" : ` until ${due}`}`;
}
