/**
 * How a refund stands at Square. One that is pending waits for Square, or for a bank, and may still fail: it has
 * given nothing back yet. An order calls it `APPROVED` once it is done, the refund itself `COMPLETED`.
 */
import type { Told } from "../../../ports/channel-connection.ts";
import { textAt } from "../../vendor-kit/vendor-json.ts";

/** The money has gone back. */
export function isGiven(refund: unknown): boolean {
  return ["APPROVED", "COMPLETED"].includes(textAt(refund, "status"));
}

/** What has become of a refund that Square was told of. */
export function outcomeOf(refund: unknown, known: "told" | "already"): Told {
  const id = textAt(refund, "id");
  const status = textAt(refund, "status");
  if (isGiven(refund)) return { status: known, reference: id };
  if (status === "REJECTED" || status === "FAILED") {
    const message = `Square says of the refund: ${status.toLowerCase()}. Give the money back in Square's dashboard.`;
    return { status: "refused", code: "refund_rejected", message };
  }
  const message = "Square has taken the refund and not approved it yet.";
  return { status: "under_way", reference: id, message };
}
