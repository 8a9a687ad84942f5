/**
 * An invoice as the page that its buyer gets, for channels that want one. Everything on it is of the invoice
 * as it was written, and of the order's people as they are: one that was erased names nobody.
 *
 * A rate is printed where the amounts leave no doubt of it; amounts are printed always.
 */
import { type Address, countryName, townLine } from "../../orders/address.ts";
import { currencyExponent, decimalText } from "../../orders/money.ts";
import { taxRate } from "../../orders/payment/tax-rate.ts";
import { ServiceFault } from "../../ports/service-fault.ts";
import type { StoredInvoice } from "../../store/channels/invoices.ts";
import { readOrderProgress } from "../../store/orders/order-progress.ts";
import { DocumentsBusyError } from "../documents/documents-busy.ts";
import type { InvoicePage } from "../documents/invoice.ts";
import type { ChannelLane } from "./lane.ts";

/**
 * @param seller by lines, the name first
 * @throws ServiceFault where it is to be asked for later
 */
export async function invoiceDocument(
  { context, documents }: Pick<ChannelLane, "context" | "documents">,
  orderId: string,
  invoice: StoredInvoice,
  seller: readonly string[],
): Promise<Uint8Array<ArrayBuffer>> {
  const order = await readOrderProgress(context.database, orderId);
  if (order === undefined) throw notNow("the order of the invoice cannot be read");
  try {
    return await documents.invoice(invoicePage(invoice, order.document, seller));
  } catch (error) {
    if (error instanceof DocumentsBusyError) throw notNow("too many documents are being drawn");
    throw error;
  }
}

export function invoicePage(
  invoice: StoredInvoice,
  order: {
    readonly externalNumber: string;
    readonly placedAt: string;
    readonly billingAddress: Address | null;
    readonly shippingAddress: Address | null;
  },
  seller: readonly string[],
): InvoicePage {
  const { currency } = invoice;
  const exponent = currencyExponent(currency) ?? 2;
  const text = (minor: number) => decimalText({ minor, currency, exponent });
  const line = (title: string, quantity: string, grossMinor: number, taxMinor: number) => ({
    quantity,
    title,
    net: text(grossMinor - taxMinor),
    rate: taxRate(grossMinor - taxMinor, taxMinor) ?? "",
    tax: text(taxMinor),
    gross: text(grossMinor),
  });
  const lines = invoice.lines.map(({ title, quantity, amountMinor, taxMinor }) =>
    line(title, String(quantity), amountMinor, taxMinor),
  );
  const { shippingMinor, chargesMinor, taxMinor, totalMinor } = invoice;
  const otherTax = taxMinor - invoice.lines.reduce((sum, each) => sum + each.taxMinor, 0);
  // The tax beside the lines' is not divided among what it is in.
  const others = shippingMinor + chargesMinor;
  const isBoth = shippingMinor !== 0 && chargesMinor !== 0;
  const title = isBoth ? "Shipping and charges" : chargesMinor !== 0 ? "Charges" : "Shipping";
  if (others !== 0 || otherTax !== 0) lines.push(line(title, "", others, otherTax));
  const buyer = order.billingAddress ?? order.shippingAddress;
  const buyerLines = addressLines(buyer);
  const shipTo = addressLines(order.shippingAddress);
  return {
    number: invoice.number,
    issuedAt: invoice.issuedAt.toISOString(),
    orderNumber: order.externalNumber,
    orderedOn: order.placedAt.slice(0, 10),
    country: buyer?.country ?? null,
    seller,
    buyer: buyerLines,
    shipTo: shipTo.join("\n") === buyerLines.join("\n") ? [] : shipTo,
    currency,
    lines,
    net: text(totalMinor - taxMinor),
    tax: text(taxMinor),
    total: text(totalMinor),
  };
}

function addressLines(address: Address | null): readonly string[] {
  if (address === null) return [];
  const { name, company = "", line1, line2 = "", country } = address;
  return [company, name, line1, line2, townLine(address), countryName(country)].filter((each) => each !== "");
}

function notNow(why: string): ServiceFault {
  return new ServiceFault(why, { service: "documents", code: "document_not_drawn", retryable: true });
}
