/**
 * Payment disputes of an eBay order: the buyer has gone to the bank. What is not sent yet waits meanwhile. One
 * that was lost, or accepted, stays as what people have to see; one that was won lets the order go.
 *
 * eBay forgets closed disputes after some time. So an order beside which none are listed says nothing of them,
 * and a reason that is there stays.
 */
import type { HoldReason } from "../../../orders/order.ts";
import { firstText, textAt } from "../../vendor-kit/vendor-json.ts";

/** @param disputes as eBay lists them; of closed ones with the `resolution` of the dispute itself */
export function readDisputes(disputes: readonly unknown[]): readonly HoldReason[] {
  return disputes
    .filter((dispute) => !isWon(dispute))
    .map((dispute) => {
      const id = textAt(dispute, "paymentDisputeId");
      const reason = firstText(textAt(dispute, "reason"), "no reason given");
      const sum = `${textAt(dispute, "amount", "value")} ${textAt(dispute, "amount", "currency")}`.trim();
      const what = `the payment dispute ${id}${sum === "" ? "" : ` about ${sum}`} (${reason})`;
      return {
        code: "payment_disputed" as const,
        detail: `eBay: ${what} ${standingOf(dispute)}.`,
        id: `dispute:${id}`,
      };
    });
}

function isWon(dispute: unknown): boolean {
  return isClosed(dispute) && textAt(dispute, "resolution", "reasonForClosure") === "SELLER_WON";
}

export function isClosed(dispute: unknown): boolean {
  return textAt(dispute, "paymentDisputeStatus") === "CLOSED";
}

function standingOf(dispute: unknown): string {
  const status = textAt(dispute, "paymentDisputeStatus");
  if (status === "OPEN") return "is open";
  if (status === "ACTION_NEEDED") {
    const until = textAt(dispute, "respondByDate");
    return `needs an answer in Seller Hub${until === "" ? "" : ` until ${until}`}`;
  }
  if (!isClosed(dispute)) return `is ${firstText(status, "in an unknown status")}`;
  const outcome = textAt(dispute, "resolution", "reasonForClosure");
  if (outcome === "SELLER_LOST") return "is lost";
  if (outcome === "SELLER_ACCEPT") return "was accepted: the money is the buyer's";
  return `is closed (${firstText(outcome, "eBay does not say how")})`;
}
