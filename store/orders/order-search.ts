/**
 * Which orders a text is about that somebody types, pastes or scans. The one place that looks into what tells
 * of a shopper: name, e-mail address, telephone number, postcode.
 *
 * S1 Each way to find an order is a query of its own, and the ids of all are put together, so that a way with
 *    an index is not slowed by one without.
 * S2 Whoever does not see personal data finds nothing by it: else they could find out what it is.
 */
import { readScannedCode } from "../../orders/returns/scanned-code.ts";
import { searchTokens } from "../personal-data/vault.ts";
import type { Queryable } from "../sql/database.ts";
import type { Parameters } from "../sql/parameters.ts";
import { beginning, containing } from "../sql/view-sql.ts";

export type OrderSearch = {
  readonly text: string;
  readonly isPersonalDataHidden: boolean;
};

/** Below it the beginning of a SKU would be the beginning of most. */
const SKU_BEGINNING_LEAST = 3;

/** @returns a condition on the rows `o` of `orders` of this database */
export function foundBySearch(
  database: Queryable,
  search: OrderSearch,
  { add }: Pick<Parameters, "add">,
): string {
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
  return `o.id in (${[...ways, ordersOfShopper(database, search, { add })].join(" union all ")})`;
}

/**
 * Orders of the shoppers that a text tells of: by words of their names, e-mail address, postcode or telephone
 * number. Of what is encrypted, whole words are found, by their tokens (docs/personal-data.md); of orders
 * that a former version has left in clear, parts of names and e-mail addresses.
 *
 * @returns a query of their ids
 */
export function ordersOfShopper(
  database: Queryable,
  { text, isPersonalDataHidden }: OrderSearch,
  { add }: Pick<Parameters, "add">,
): string {
  const part = add(containing(text.trim()));
  const { names, others } = searchTokens(database, text);
  // Whoever packs sees the name on the parcel: it is no personal data here (docs/glossary.md).
  const ways = [`select id from orders where customer_name ilike ${part}`];
  if (names.length > 0)
    ways.push(`select order_id from order_person where tokens @> ${add(names)}::bigint[]`);
  if (isPersonalDataHidden) return ways.join(" union all ");
  ways.push(`select id from orders where customer_email ilike ${part}`);
  if (others.length > 0)
    ways.push(`select order_id from order_person where tokens && ${add(others)}::bigint[]`);
  return ways.join(" union all ");
}
