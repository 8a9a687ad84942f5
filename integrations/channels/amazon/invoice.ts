/**
 * Uploads our invoice of a parcel as a PDF, where the order's marketplace has sellers do so
 * (UPLOAD_VAT_INVOICE).
 *
 * I1 Amazon keeps an invoice by its number: the same number comes with the same bytes and the same amounts,
 *    however often it is told.
 * I2 An invoice says the taxes that Amazon states of the order. Where it states none, nothing is uploaded:
 *    nobody would know whether the sale has no tax or Amazon does not work it out for this seller.
 * I3 Amazon takes an invoice once it knows the parcel, which may be a while after it was told.
 */

import { decimalText } from "../../../orders/money.ts";
import type { OrderToInvoice, OrderWord, Told } from "../../../ports/channel-connection.ts";
import { ServiceFault } from "../../../ports/service-fault.ts";
import { textAt } from "../../vendor-kit/vendor-json.ts";
import { type AmazonApi, SERVICE } from "./api.ts";
import { errorInTextReport, type FeedAnswer, runFeed } from "./feeds.ts";
import { TAKES_INVOICES } from "./marketplaces.ts";

export type InvoiceWord = Extract<OrderWord, { readonly kind: "invoice" }>;

/** Amazon's code for an order that it does not know to be dispatched. */
const NOT_DISPATCHED = "79517";
const DISPATCHED_MS = 15 * 60_000;

/** Amazon itself buys what a customer of its invoicing programme orders, and invoices the customer. */
export function wantsInvoice({ externalIds, attributes }: OrderToInvoice): boolean {
  return TAKES_INVOICES.has(externalIds["MarketplaceId"] ?? "") && attributes["IsIBA"] !== "true";
}

/** @param order as Amazon has it. @throws ServiceFault where it is to be told later */
export async function tellInvoice(
  api: AmazonApi,
  word: InvoiceWord,
  order: unknown,
  seller: readonly string[],
): Promise<Told> {
  const marketplaceId = textAt(order, "salesChannel", "marketplaceId");
  if (!TAKES_INVOICES.has(marketplaceId))
    return refused("no_invoices_here", `Amazon takes no invoices of the marketplace ${marketplaceId}.`);
  if (word.total.minor < 0) {
    const message = `${word.number} corrects an invoice: upload a credit note in Seller Central, where its transaction is.`;
    return refused("credit_note", message);
  }
  if (word.tax.minor === 0) {
    const message = `Amazon states no VAT of this order, so that ${word.number} would say none. Let Amazon work out VAT for the account, or upload the invoice in Seller Central.`;
    return refused("no_tax_stated", message);
  }
  const status = textAt(order, "fulfillment", "fulfillmentStatus");
  if (status === "CANCELLED") return refused("cancelled_at_channel", "Amazon: the order is CANCELLED.");
  if (status !== "SHIPPED" && status !== "PARTIALLY_SHIPPED") throw notDispatched(word);
  const answer = await upload(api, word, marketplaceId, await word.document(seller));
  if (answer === "not_allowed") {
    const message =
      "Amazon does not let this application upload invoices: it takes the role Tax Invoicing (Restricted), and the seller's authorization anew.";
    return refused("invoices_not_allowed", message);
  }
  const error = errorInTextReport(answer.report);
  if (error === null) return { status: "told", reference: answer.feedId };
  if (error.code === NOT_DISPATCHED) throw notDispatched(word);
  return { status: "refused", ...error };
}

/**
 * The order was read just now by the same account: what is not allowed is this feed alone, which must not
 * keep the channel's other words waiting.
 */
async function upload(
  api: AmazonApi,
  word: InvoiceWord,
  marketplaceId: string,
  content: Uint8Array<ArrayBuffer>,
): Promise<FeedAnswer | "not_allowed"> {
  try {
    return await runFeed(api, {
      feedType: "UPLOAD_VAT_INVOICE",
      contentType: "application/pdf",
      content,
      marketplaceIds: [marketplaceId],
      options: {
        "metadata:orderid": word.order.externalId,
        "metadata:invoicenumber": word.number,
        "metadata:documenttype": "Invoice",
        "metadata:totalamount": decimalText(word.total),
        "metadata:totalvatamount": decimalText(word.tax),
      },
    });
  } catch (error) {
    if (error instanceof ServiceFault && error.status === 403) return "not_allowed";
    throw error;
  }
}

function refused(code: string, message: string): Told {
  return { status: "refused", code, message };
}

function notDispatched({ number }: InvoiceWord): ServiceFault {
  return new ServiceFault(`Amazon does not know yet that the goods of ${number} have left`, {
    service: SERVICE,
    code: "not_dispatched",
    retryable: true,
    retryAfterMs: DISPATCHED_MS,
  });
}
