/**
 * Whose orders are whose, and what still needs to know it: the orders of a person, and for each why its
 * personal data cannot be erased yet.
 */
import { accountTerm, customerTerm, emailTerm, phoneTerm } from "../../orders/personal-data/search-terms.ts";
import { vaultOf } from "../personal-data/vault.ts";
import type { Queryable } from "../sql/database.ts";

/** By what somebody names a person: one of them. */
export type Person = { readonly email?: string; readonly phone?: string; readonly order?: string };

/** Why an order's personal data is still needed. */
export type NeededFor =
  | "order_open"
  | "return_open"
  | "claim_open"
  | "refund_open"
  | "dispute_open"
  | "store_credit_left"
  | "retention_runs";

export type PersonsOrder = {
  readonly orderId: string;
  readonly orderNumber: string;
  readonly erasedAt: string | null;
  readonly neededFor: NeededFor | null;
  /** Of `retention_runs`: the first day on which it may be erased. */
  readonly until: string | null;
};

/**
 * The ids of a person's orders, in their order: those that name the e-mail address or telephone number, or
 * that are of the same person as an order.
 */
export async function findPersonsOrders(
  client: Queryable,
  companyId: string,
  person: Person,
): Promise<readonly string[]> {
  const email = emailTerm(person.email ?? "");
  const phone = phoneTerm(person.phone ?? "");
  const vault = vaultOf(client);
  const tokens =
    vault === undefined ? [] : [email, phone].flatMap((term) => (term === null ? [] : [vault.token(term)]));
  const { rows } = await client.query<{ id: string }>(
    `select o.id from (select id, company_id, customer_email from orders
                       union all select order_id, company_id, null from archived_order) o
      where o.company_id = $1 and (
        o.id in (select p.order_id from order_person p where p.tokens && $2::bigint[])
        or o.id = $3
        or o.id in (select other.order_id from order_person mine join order_person other on other.mark = mine.mark
                     where mine.order_id = $3)
        -- Not encrypted yet.
        or lower(o.customer_email) = $4)
      order by o.id`,
    [companyId, tokens, person.order ?? null, email?.text ?? null],
  );
  return rows.map(({ id }) => id);
}

/** The ids of a channel's orders that are of one of these, in their order: of no other channel's. */
export async function findChannelsOrdersOf(
  client: Queryable,
  channelId: string,
  who: {
    readonly accounts: readonly string[];
    readonly customers: readonly string[];
    readonly orders: readonly string[];
  },
): Promise<readonly string[]> {
  const vault = vaultOf(client);
  const terms = [
    ...who.accounts.map((account) => accountTerm(channelId, account)),
    ...who.customers.map((customer) => customerTerm(channelId, customer)),
  ];
  const tokens = vault === undefined ? [] : terms.map((term) => vault.token(term));
  const { rows } = await client.query<{ id: string }>(
    `select o.id from (select id, channel_id, external_id from orders
                       union all select order_id, channel_id, external_id from archived_order) o
      where o.channel_id = $1 and (
        o.id in (select p.order_id from order_person p where p.tokens && $2::bigint[])
        or o.external_id = any($3))
      order by o.id`,
    [channelId, tokens, who.orders],
  );
  return rows.map(({ id }) => id);
}

/**
 * What keeps each of these orders from being erased.
 *
 * @param keepDays days for which the law wants an order kept whole after it has ended
 */
export async function readPersonsOrders(
  client: Queryable,
  orderIds: readonly string[],
  keepDays: number,
): Promise<readonly PersonsOrder[]> {
  const { rows } = await client.query<PersonsOrder>(
    `select o.id as "orderId", o.external_number as "orderNumber", p.erased_at as "erasedAt",
       case
         when o.status in ('open', 'on_hold') then 'order_open'
         when exists (select from return_authorization r where r.order_id = o.id
                       and r.status not in ('refunded', 'declined', 'cancelled'))
           then 'return_open'
         when exists (select from claim c where c.order_id = o.id
                       and (c.status in ('open', 'received') or c.carrier_status in ('to_file', 'filed')))
           then 'claim_open'
         when exists (select from refund r where r.order_id = o.id and r.status in ('requested', 'pending', 'failed',
                       'due_at_channel', 'owed_by_customer')) then 'refund_open'
         when exists (select from payment_dispute d where d.order_id = o.id and d.status = 'open') then 'dispute_open'
         when exists (select from store_credit_entry e join store_credit_account a on a.id = e.account_id
                       where e.order_id = o.id and a.balance_minor > 0) then 'store_credit_left'
         when o.updated_at > now() - $2 * interval '1 day' then 'retention_runs'
       end as "neededFor",
       case when o.updated_at > now() - $2 * interval '1 day'
         then to_char(o.updated_at + $2 * interval '1 day' + interval '1 day', 'YYYY-MM-DD') end as until
     from (select id, external_number, status, updated_at from orders where id = any($1)
           union all
           -- Of an archived order nothing is open (store/archive/finished-orders.ts).
           select order_id, external_number, status, updated_at from archived_order where order_id = any($1)) o
       left join order_person p on p.order_id = o.id
     order by o.id`,
    [orderIds, keepDays],
  );
  return rows.map(({ erasedAt, ...row }) => ({
    ...row,
    erasedAt: erasedAt === null ? null : new Date(erasedAt).toISOString(),
  }));
}
