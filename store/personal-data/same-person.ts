/** SQL that tells whether orders are one person's. */

/**
 * Whether two rows of `orders` are one person's: by their marks, or, as long as one of them is not encrypted
 * yet, by their e-mail addresses.
 */
export function samePerson(one: string, other: string): string {
  return `(exists (select from order_person p join order_person q on q.mark = p.mark
      where p.order_id = ${one}.id and q.order_id = ${other}.id)
    or lower(${one}.customer_email) = lower(${other}.customer_email))`;
}
