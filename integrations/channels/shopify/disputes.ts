/**
 * Disputes of a Shopify order's payments: the shopper's bank asks (an inquiry) or takes the money back (a
 * chargeback). Shopify has taken the money and answers the bank; what is not sent yet waits here meanwhile.
 *
 * Only an order that was read over the API shows its disputes. Webhooks of orders do not have them, and those
 * of disputes name the order alone.
 */
import type { HoldReason } from "../../../orders/order.ts";
import type { ChannelReading } from "../../../ports/channels.ts";
import { at, firstText, listAt, textAt } from "../../vendor-kit/vendor-json.ts";
import { refused } from "../reading.ts";

/** Topics whose body is a Dispute. */
export const DISPUTE_TOPICS: ReadonlySet<string> = new Set(["disputes/create", "disputes/update"]);

/** Whether the payload has them at all. */
export function speaksOfDisputes(order: unknown): boolean {
  return Array.isArray(at(order, "disputes"));
}

/** Those that are open or have cost us the money: one reason each, in words that say where it stands. */
export function readDisputes(order: unknown): readonly HoldReason[] {
  return listAt(order, "disputes")
    .filter((dispute) => !isHarmless(dispute))
    .map((dispute) => {
      const id = textAt(dispute, "id");
      const kind = firstText(textAt(dispute, "initiated_as"), "dispute");
      const status = textAt(dispute, "status");
      const stands = STANDINGS[status] ?? `is ${firstText(status, "in an unknown status")}`;
      return {
        code: "payment_disputed",
        detail: `Shopify: the ${kind} ${id} about the payment ${stands}.`,
        id: `dispute:${id}`,
      };
    });
}

const STANDINGS: Readonly<Record<string, string>> = {
  needs_response: "needs a response",
  under_review: "is under review by the bank",
  lost: "is lost",
  accepted: "was accepted: the money is the shopper's",
  charge_refunded: "is over, the payment was refunded",
};

/**
 * The money stays with us; or an inquiry has ended with a refund, which the order shows by itself. One that
 * was lost or accepted has become a chargeback since: Shopify says as what a dispute began.
 */
function isHarmless(dispute: unknown): boolean {
  const status = textAt(dispute, "status");
  if (status === "won" || status === "prevented") return true;
  return status === "charge_refunded" && textAt(dispute, "initiated_as") === "inquiry";
}

/**
 * The topic is not signed, and what the body says of the dispute is not taken from it: the order is read.
 */
export function readDisputeEvent(dispute: unknown): ChannelReading {
  const externalId = textAt(dispute, "order_id");
  return /^\d{1,20}$/.test(externalId)
    ? { kind: "changed", externalId }
    : refused("not_an_order", `The dispute ${textAt(dispute, "id")} names no order.`);
}
