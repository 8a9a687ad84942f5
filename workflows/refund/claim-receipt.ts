/**
 * The saga that takes the goods of a parcel that came back into the stock. Workflow id = `<claim>:receipt`.
 */
import type { ClaimReceiptInput } from "../messages.ts";
import { internal } from "./steps.ts";

export async function claimReceipt({
  orderId,
  claimId,
}: ClaimReceiptInput): Promise<{ readonly status: "received" }> {
  await internal.restockClaim({ orderId, claimId });
  return { status: "received" };
}
