/**
 * Which orders a text is about that somebody types, pastes or scans. The one place that looks into what tells
 * of a shopper: name, e-mail address, telephone number, postcode.
 *
 * S1 Each way to find an order is a query of its own, and the ids of all are put together, so that a way with an index
 *    is not slowed by one without.
 * S2 Whoever does not see personal data finds nothing by it: else they could find out what it is.
 */
import { readScannedCode } from "../../orders/returns/scanned-code.ts";
import type { Parameters } from "../sql/parameters.ts";
import { beginning, containing } from "../sql/view-sql.ts";

export type OrderSearch = {
  readonly text: string;
  readonly isPersonalDataHidden: boolean;
};

/** Below it the beginning of a SKU would be the beginning of most. */
const SKU_BEGINNING_LEAST = 3;
/** Fewer digits are part of too many telephone numbers. */
const PHONE_DIGITS_LEAST = 7;

/** @returns a condition on the rows `o` of `orders` */
export function foundBySearch(search: OrderSearch, { add }: Pick<Parameters, "add">): string {
  const code = readScannedCode(search.text);
  const text = search.text.trim().toLowerCase();
  const part = add(containing(search.text.trim()));
  const whole = add(text);
  const sku = text.length < SKU_BEGINNING_LEAST ? `= ${whole}` : `like ${add(beginning(text))}`;
  const ways = [
    `select id from orders where id ilike ${part} or external_number ilike ${part}`,
    `select order_id from order_line where lower(sku) ${sku}`,
    `select order_id from order_line where lower(channel_sku) ${sku}`,
    `select order_id from return_authorization where lower(id) = ${whole}`,
  ];
  if (code.tracking.length > 0) {
    const numbers = add(code.tracking);
    ways.push(
      `select order_id from shipment where tracking_number = any(${numbers})`,
      `select order_id from done_elsewhere where upper(tracking_number) = any(${numbers})`,
    );
  }
  if (code.gtin !== null) {
    ways.push(
      `select order_id from order_line join product using (sku) where product.gtin = ${add(code.gtin)}`,
    );
  }
  if (code.serial !== null) {
    ways.push(`select f.order_id from packed_unit u join fulfillment_order f on f.id = u.fulfillment_order_id
                where u.serial = ${add(code.serial)}`);
  }
  return `o.id in (${[...ways, ordersOfShopper(search, { add })].join(" union all ")})`;
}

/**
 * Orders of the shoppers that a text tells of: by name, e-mail address, postcode or telephone number.
 *
 * @returns a query of their ids
 */
export function ordersOfShopper(
  { text, isPersonalDataHidden }: OrderSearch,
  { add }: Pick<Parameters, "add">,
): string {
  const part = add(containing(text.trim()));
  // Whoever packs sees the name on the parcel: it is no personal data here (docs/glossary.md).
  const byName = `select id from orders where customer_name ilike ${part}`;
  if (isPersonalDataHidden) return byName;
  const ways = [byName, `select id from orders where customer_email ilike ${part}`];
  const compact = text.replace(/[\s-]+/g, "").toUpperCase();
  if (/^[A-Z0-9]{3,10}$/.test(compact)) {
    ways.push(
      `select id from orders
        where upper(regexp_replace(document->'shippingAddress'->>'postalCode', '[[:space:]-]', '', 'g')) = ${add(compact)}`,
    );
  }
  const digits = text.replace(/\D+/g, "");
  if (/^[\d\s()+./-]+$/.test(text.trim()) && digits.length >= PHONE_DIGITS_LEAST) {
    // Its end: people leave the country's code out, and the zero in the place of it.
    const end = add(`%${digits.replace(/^0+/, "")}`);
    ways.push(
      ...["document->'customer'->>'phone'", "document->'shippingAddress'->>'phone'"].map(
        (phone) => `select id from orders where regexp_replace(${phone}, '[^0-9]', '', 'g') like ${end}`,
      ),
    );
  }
  return ways.join(" union all ");
}
