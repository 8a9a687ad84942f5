/**
 * Invoices that channels are told of.
 *
 * V1 Numbers have no gap: a number is taken in the transaction that writes the invoice, and its row is locked
 *    until that ends. V2 a part of an order is invoiced once, and an invoice that is written never changes.
 */
import type { Money } from "../../orders/money.ts";
import type { InvoiceAmounts, InvoiceLine } from "../../orders/payment/invoicing.ts";
import type { Queryable } from "../sql/database.ts";

export type StoredInvoice = Omit<InvoiceAmounts, "lines"> & {
  readonly number: string;
  readonly currency: string;
  readonly issuedAt: Date;
  readonly lines: readonly (InvoiceLine & { readonly unitPrice: Money })[];
};

/** @returns the order's invoices, the first one first */
export async function invoicesOfOrder(client: Queryable, orderId: string): Promise<readonly StoredInvoice[]> {
  return readInvoices(client, "order_id = $1", orderId);
}

export async function readInvoice(client: Queryable, number: string): Promise<StoredInvoice | undefined> {
  return (await readInvoices(client, "number = $1", number))[0];
}

async function readInvoices(
  client: Queryable,
  which: "order_id = $1" | "number = $1",
  value: string,
): Promise<readonly StoredInvoice[]> {
  const { rows } = await client.query<
    Pick<StoredInvoice, "number" | "currency" | "issuedAt"> & {
      readonly amounts: Omit<StoredInvoice, "number" | "currency" | "issuedAt">;
    }
  >(
    `select number, currency, issued_at as "issuedAt", amounts from invoice where ${which}
      order by issued_at, number`,
    [value],
  );
  return rows.map(({ amounts, ...row }) => ({ ...row, ...amounts }));
}

export async function isInvoiced(client: Queryable, orderId: string, part: string): Promise<boolean> {
  const { rowCount } = await client.query("select from invoice where order_id = $1 and part = $2", [
    orderId,
    part,
  ]);
  return rowCount === 1;
}

/** Must run in a transaction that writes nothing else of long duration (V1). @returns the invoice's number */
export async function writeInvoice(
  client: Queryable,
  invoice: {
    readonly orderId: string;
    readonly channelId: string;
    readonly part: string;
    readonly currency: string;
    readonly amounts: Omit<StoredInvoice, "number" | "currency" | "issuedAt">;
  },
): Promise<string> {
  const { orderId, channelId, part, currency, amounts } = invoice;
  const { rows } = await client.query<{ number: string }>(
    `with next as (update invoice_number set last = last + 1 returning last)
     insert into invoice (number, order_id, channel_id, part, currency, total_minor, tax_minor, amounts)
     select 'INV-' || lpad(last::text, greatest(6, length(last::text)), '0'), $1, $2, $3, $4, $5, $6, $7 from next
     returning number`,
    [orderId, channelId, part, currency, amounts.totalMinor, amounts.taxMinor, JSON.stringify(amounts)],
  );
  return rows[0]?.number ?? "";
}
