/**
 * Makes the invoice of what was handed over, for channels that take one: with each parcel, and for what needs
 * none. It is numbered and written with the place in the feed that it was derived from, in one transaction,
 * so that no crash makes a gap or a second one. What the channel has handed over itself it invoices itself.
 * Of an order that its channel wants no invoice of none is made, and no number is used up.
 */
import { wholeUnits } from "../../orders/kit-units.ts";
import { currencyExponent, zeroMoney } from "../../orders/money.ts";
import { type HandedOverUnits, invoiceFor } from "../../orders/payment/invoicing.ts";
import type { ChannelConnection, InvoiceTold } from "../../ports/channel-connection.ts";
import {
  invoicesOfOrder,
  isInvoiced,
  type StoredInvoice,
  writeInvoice,
} from "../../store/channels/invoices.ts";
import type { NewTelling } from "../../store/channels/tellings.ts";
import { type OrderAtOurs, readParcelToTell } from "../../store/channels/told-orders.ts";
import type { FeedEntry } from "../../store/orders/feed.ts";
import { readOrderProgress } from "../../store/orders/order-progress.ts";
import type { Queryable } from "../../store/sql/database.ts";

export async function invoiceTelling(
  client: Queryable,
  channelId: string,
  connection: Pick<ChannelConnection, "wantsInvoice">,
  entry: FeedEntry,
): Promise<readonly NewTelling[]> {
  const { orderId, key } = entry;
  const handedOver = await unitsHandedOver(client, entry);
  if (handedOver === null) return [];
  const { units, shipmentId } = handedOver;
  const part = shipmentId ?? key;
  const order = await readOrderProgress(client, orderId);
  if (order === undefined || (await isInvoiced(client, orderId, part))) return [];
  const { externalIds, attributes = {} } = order.document;
  if (connection.wantsInvoice?.({ externalIds, attributes }) === false) return [];
  const amounts = invoiceFor(order, await invoicesOfOrder(client, orderId), units);
  if (amounts === null) return [];
  const lines = amounts.lines.map((line) => {
    const known = order.document.lines.find(({ lineId }) => lineId === line.lineId);
    return { ...line, unitPrice: known?.unitPrice ?? zeroMoney(order.currency) };
  });
  const number = await writeInvoice(client, {
    orderId,
    channelId,
    part,
    currency: order.currency,
    amounts: { ...amounts, lines },
  });
  const facts = { number, ...(shipmentId === null ? {} : { shipmentId }) };
  return [{ channelId, key: `invoice:${number}`, orderId, kind: "invoice", facts }];
}

/** @returns null where the entry is about nothing that we hand over */
async function unitsHandedOver(
  client: Queryable,
  { type, cause, data }: FeedEntry,
): Promise<{ readonly units: HandedOverUnits; readonly shipmentId: string | null } | null> {
  if (type === "shipment.shipped") {
    const shipmentId = String(data["shipmentId"] ?? "");
    const parcel = await readParcelToTell(client, shipmentId);
    return parcel === undefined ? null : { units: wholeUnits(parcel.picked), shipmentId };
  }
  const isElsewhere = type === "order.fulfilled_elsewhere" || type === "fulfillment.done_elsewhere";
  if (type !== "fulfillment.handed_over_without_parcel" && !(isElsewhere && !cause.startsWith("channel:")))
    return null;
  return { units: (data["lines"] ?? []) as HandedOverUnits, shipmentId: null };
}

/** As the channel is told of it: by the channel's ids of its lines. */
export function invoiceTold(
  invoice: StoredInvoice,
  order: OrderAtOurs,
  shipmentId: string | null,
): Omit<InvoiceTold, "document"> {
  const { currency } = invoice;
  const exponent = currencyExponent(currency) ?? 2;
  const money = (minor: number) => ({ minor, currency, exponent });
  return {
    number: invoice.number,
    issuedAt: invoice.issuedAt.toISOString(),
    shipmentId,
    lines: invoice.lines.map((line) => {
      const known = order.lines.find(({ lineId }) => lineId === line.lineId);
      return {
        externalLineId: known?.externalLineId ?? "",
        channelSku: known?.channelSku ?? "",
        quantity: line.quantity,
        title: line.title,
        unitPrice: line.unitPrice,
        amount: money(line.amountMinor),
        tax: money(line.taxMinor),
      };
    }),
    shipping: money(invoice.shippingMinor),
    charges: money(invoice.chargesMinor),
    tax: money(invoice.taxMinor),
    total: money(invoice.totalMinor),
  };
}
