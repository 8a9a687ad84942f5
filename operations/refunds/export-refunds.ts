/** Refunds as the rows of a table, for finance's spreadsheets. */
import type { RefundView } from "../../contract/refunds.ts";
import { decimalText } from "../../orders/money.ts";
import { listRefunds, type RefundFilter } from "../../store/refunds/refund-views.ts";
import type { OperationContext } from "../context.ts";

/** Rows of one export: what a spreadsheet still opens at once. */
const EXPORT_ROWS = 20_000;

export const EXPORT_COLUMNS = [
  "refund",
  "requested_at",
  "status",
  "reason",
  "order",
  "order_number",
  "channel",
  "customer",
  "currency",
  "amount",
  "by_payment_provider",
  "as_store_credit",
  "by_channel",
  "confirmed_by_channel",
  "return",
  "claim",
  "note",
] as const;

type Row = readonly (string | null)[];

/** Newest first. */
export async function exportRefunds(
  { database }: OperationContext,
  filter: RefundFilter,
): Promise<readonly Row[]> {
  return (await listRefunds(database, { ...filter, limit: EXPORT_ROWS })).items.map(rowOf);
}

function rowOf(refund: RefundView): Row {
  const text = (minor: number) =>
    decimalText({ minor, currency: refund.currency, exponent: refund.exponent });
  return [
    refund.id,
    refund.requestedAt,
    refund.status,
    refund.reason,
    refund.orderId,
    refund.orderNumber,
    refund.channelName,
    refund.customerName,
    refund.currency,
    text(refund.amountMinor),
    text(refund.paymentMinor),
    text(refund.storeCreditMinor),
    text(refund.channelMinor),
    text(refund.confirmedMinor),
    refund.returnId,
    refund.claimId,
    refund.note,
  ];
}
