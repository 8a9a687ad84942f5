/**
 * What somebody gave away of their own decision, whichever way: refunds, and prices below what was asked
 * (`order_gift`). The one place that adds both up.
 *
 * The caller holds the order's lock, so that two gifts never fill the same limit.
 */
import type { Queryable } from "../sql/database.ts";

export type Gift = {
  /** Names the decision: it counts once. */
  readonly key: string;
  readonly orderId: string;
  /**
   * `price`: a change made the order cheaper. `exchange`: goods below the catalog's price. `claim`: more than
   * the goods were worth.
   */
  readonly kind: "price" | "exchange" | "claim";
  /** In ISO 4217 minor units of `currency`. */
  readonly minor: number;
  readonly currency: string;
  /** Of who gave it: it counts for the role's limit, now or when one is set. */
  readonly role: string;
  readonly by: string;
};

/** Writes the gift; where its key is known, it is this much from now on. A gift of nothing is none. */
export async function writeGift(client: Queryable, gift: Gift): Promise<void> {
  if (gift.minor <= 0) return withdrawGift(client, gift.key);
  await client.query(
    `insert into order_gift (key, order_id, kind, amount_minor, currency, giver_role, given_by)
     values ($1, $2, $3, $4, $5, $6, $7)
     on conflict (key) do update set amount_minor = excluded.amount_minor, giver_role = excluded.giver_role,
       given_by = excluded.given_by, given_at = now()`,
    [gift.key, gift.orderId, gift.kind, gift.minor, gift.currency, gift.role, gift.by],
  );
}

/** Nothing came of it. */
export async function withdrawGift(client: Queryable, key: string): Promise<void> {
  await client.query("delete from order_gift where key = $1", [key]);
}

/**
 * What members of a role have given on an order within the last day.
 *
 * @param except the key of a gift that does not count, because it is the one in question
 */
export async function givenToday(
  client: Queryable,
  orderId: string,
  role: string,
  except: string | null = null,
): Promise<number> {
  const { rows } = await client.query<{ minor: number }>(
    `select ((select coalesce(sum(asked_minor + bonus_minor), 0) from refund
         where order_id = $1 and limited_role = $2 and status <> 'withdrawn'
           and requested_at > now() - interval '1 day')
       + (select coalesce(sum(amount_minor), 0) from order_gift
         where order_id = $1 and giver_role = $2 and key is distinct from $3
           and given_at > now() - interval '1 day'))::bigint as minor`,
    [orderId, role, except],
  );
  return rows[0]?.minor ?? 0;
}
