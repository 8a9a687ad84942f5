import type { ReturnSummary } from "../../../contract/returns.ts";
import { Badge } from "./badge.tsx";

/**
 * How far a return is. Nobody is told that it is refunded as long as the money is not back: where a channel
 * still has to pay, or the payment provider has declined, that is what the badge says.
 */
export function ReturnBadge({
  of: { status, waitsForPerson, refund },
}: {
  readonly of: Pick<ReturnSummary, "status" | "waitsForPerson" | "refund">;
}) {
  if (waitsForPerson) return <Badge status="waits_for_decision" />;
  const isSaidToBePaid = status === "refunded" || status === "partially_refunded";
  const isOpen = refund !== null && ["due_at_channel", "failed"].includes(refund.status);
  if (isSaidToBePaid && isOpen)
    return refund.status === "failed" ? (
      <Badge status="failed" label="Refund declined" />
    ) : (
      <Badge status="due_at_channel" />
    );
  return <Badge status={status} />;
}
