/**
 * The ledger of store credit: accounts, and entries that are only ever added. The one place that writes them.
 *
 * Invariants, kept by the database: C1 no balance is below zero. C2 an entry is neither changed nor removed.
 * C3 a balance is the sum of its entries: both are written by one statement.
 */
import { randomBytes } from "node:crypto";
import { apportion } from "../../orders/apportion.ts";
import { CODE_LETTERS, storeCreditCode } from "../../orders/store-credit.ts";
import type { Queryable } from "../sql/database.ts";

export type StoreCreditAccount = {
  readonly accountId: string;
  readonly companyId: string;
  readonly currency: string;
  readonly holder: string;
  readonly code: string;
  readonly balanceMinor: number;
};

const ACCOUNT = `select id as "accountId", company_id as "companyId", currency, holder, code,
    balance_minor as "balanceMinor"
  from store_credit_account`;

/** The account of a holder, opened where there is none; locked. */
export async function openStoreCredit(
  client: Queryable,
  of: { readonly companyId: string; readonly currency: string; readonly holder: string },
): Promise<StoreCreditAccount> {
  await client.query(
    `insert into store_credit_account (id, company_id, currency, holder, code) values ($1, $2, $3, $4, $5)
     on conflict (company_id, currency, holder) do nothing`,
    [
      `sc_${randomBytes(8).toString("hex")}`,
      of.companyId,
      of.currency,
      of.holder,
      storeCreditCode(randomBytes(CODE_LETTERS)),
    ],
  );
  const { rows } = await client.query<StoreCreditAccount>(
    `${ACCOUNT} where company_id = $1 and currency = $2 and holder = $3 for update`,
    [of.companyId, of.currency, of.holder],
  );
  return rows[0] as StoreCreditAccount;
}

/** Locked; undefined where there is none. */
export async function lockStoreCredit(
  client: Queryable,
  accountId: string,
): Promise<StoreCreditAccount | undefined> {
  const { rows } = await client.query<StoreCreditAccount>(`${ACCOUNT} where id = $1 for update`, [accountId]);
  return rows[0];
}

/** Locked; undefined where the company has no such code. */
export async function lockStoreCreditByCode(
  client: Queryable,
  companyId: string,
  code: string,
): Promise<StoreCreditAccount | undefined> {
  const { rows } = await client.query<StoreCreditAccount>(
    `${ACCOUNT} where company_id = $1 and code = $2 for update`,
    [companyId, code],
  );
  return rows[0];
}

export type StoreCreditEntry = {
  readonly accountId: string;
  /** Makes the entry happen once. */
  readonly key: string;
  readonly kind: "issued" | "bonus" | "spent" | "given_back" | "withdrawn";
  /** Positive: added to the balance. Negative for `spent` and `withdrawn`. */
  readonly amountMinor: number;
  readonly orderId?: string;
  readonly refundId?: string;
  /** Of who gave it of their own decision: it counts for the role's limit, now or when one is set. */
  readonly giverRole?: string | null;
  readonly note?: string;
  readonly by: string;
};

const ADD_ENTRY = `
with moved as (
  update store_credit_account set balance_minor = balance_minor + $4
  where id = $1 and not exists (select from store_credit_entry where key = $2) returning balance_minor
)
insert into store_credit_entry (account_id, key, kind, amount_minor, balance_minor, order_id, refund_id,
  limited_role, note, by)
select $1, $2, $3, $4, balance_minor, $5, $6, $7, $8, $9 from moved`;

/**
 * Adds an entry once. The caller has locked the account, and has seen that it covers what is taken: the
 * database refuses a balance below zero.
 *
 * @returns whether the entry is new
 */
export async function addStoreCreditEntry(client: Queryable, entry: StoreCreditEntry): Promise<boolean> {
  const { rowCount } = await client.query(ADD_ENTRY, [
    entry.accountId,
    entry.key,
    entry.kind,
    entry.amountMinor,
    entry.orderId ?? null,
    entry.refundId ?? null,
    entry.giverRole ?? null,
    entry.note ?? "",
    entry.by,
  ]);
  return rowCount === 1;
}

/** Whether an entry of this key is there. */
export async function hasStoreCreditEntry(client: Queryable, key: string): Promise<boolean> {
  const { rowCount } = await client.query("select from store_credit_entry where key = $1", [key]);
  return rowCount === 1;
}

type Spent = { readonly accountId: string; readonly minor: number };

/** Those of these accounts that have ever had anything, as their places in the list. */
export async function whoHadStoreCredit(
  client: Queryable,
  companyId: string,
  of: readonly { readonly currency: string; readonly holder: string }[],
): Promise<ReadonlySet<number>> {
  const { rows } = await client.query<{ place: number }>(
    `select asked.place from unnest($2::text[], $3::text[]) with ordinality as asked(currency, holder, place)
      where exists (select from store_credit_account a join store_credit_entry e on e.account_id = a.id
                     where a.company_id = $1 and a.currency = asked.currency and a.holder = asked.holder)`,
    [companyId, of.map(({ currency }) => currency), of.map(({ holder }) => holder)],
  );
  return new Set(rows.map(({ place }) => place - 1));
}

/** What is spent on an order and has not been given back, by account. */
async function spentOn(client: Queryable, orderId: string): Promise<readonly Spent[]> {
  const { rows } = await client.query<Spent>(
    `select account_id as "accountId", (-sum(amount_minor))::bigint as minor from store_credit_entry
     where order_id = $1 and kind in ('spent', 'given_back')
     group by account_id having sum(amount_minor) < 0 order by account_id`,
    [orderId],
  );
  return rows;
}

/**
 * Store credit that pays for the order: by so much less is authorised through the payment provider. In ISO
 * 4217 minor units.
 */
export async function storeCreditUsed(client: Queryable, orderId: string): Promise<number> {
  return (await spentOn(client, orderId)).reduce((sum, { minor }) => sum + minor, 0);
}

/**
 * What store credit has paid of an order, whatever refunds gave back of it since. In ISO 4217 minor units.
 */
export async function storeCreditPaid(client: Queryable, orderId: string): Promise<number> {
  const { rows } = await client.query<{ minor: number }>(
    `select coalesce(-sum(amount_minor), 0)::bigint as minor from store_credit_entry
     where order_id = $1 and kind in ('spent', 'given_back') and refund_id is null`,
    [orderId],
  );
  return rows[0]?.minor ?? 0;
}

/**
 * Gives back some of what was spent on an order, to the accounts that it came from; never more than that.
 *
 * @returns what was given back; 0 where the key is known
 */
export async function giveBackStoreCredit(
  client: Queryable,
  back: {
    readonly orderId: string;
    readonly amountMinor: number;
    readonly key: string;
    readonly refundId?: string;
    readonly by: string;
  },
): Promise<number> {
  const spent = await spentOn(client, back.orderId);
  const most = spent.reduce((sum, { minor }) => sum + minor, 0);
  const parts = apportion(
    Math.min(back.amountMinor, most),
    spent.map(({ minor }) => minor),
  );
  let given = 0;
  for (const [index, { accountId }] of spent.entries()) {
    const amountMinor = parts[index] ?? 0;
    if (amountMinor === 0) continue;
    await lockStoreCredit(client, accountId);
    const fresh = await addStoreCreditEntry(client, {
      accountId,
      key: `${back.key}:${accountId}`,
      kind: "given_back",
      amountMinor,
      orderId: back.orderId,
      by: back.by,
      ...(back.refundId === undefined ? {} : { refundId: back.refundId }),
    });
    if (fresh) given += amountMinor;
  }
  return given;
}

/** What members of a role with a limit have granted on an account within the last day. */
export async function grantedToday(client: Queryable, accountId: string, role: string): Promise<number> {
  const { rows } = await client.query<{ minor: number }>(
    `select coalesce(sum(amount_minor), 0)::bigint as minor from store_credit_entry
     where account_id = $1 and limited_role = $2 and kind in ('issued', 'bonus') and at > now() - interval '1 day'`,
    [accountId, role],
  );
  return rows[0]?.minor ?? 0;
}

/** What refunds gave as store credit, bonus included, with the account's balance; undefined where nothing. */
export async function readStoreCreditGiven(
  client: Queryable,
  refundIds: readonly string[],
): Promise<
  { readonly amountMinor: number; readonly balanceMinor: number; readonly code: string } | undefined
> {
  const { rows } = await client.query<{ amountMinor: number; balanceMinor: number; code: string }>(
    `select sum(e.amount_minor)::bigint as "amountMinor", a.balance_minor as "balanceMinor", a.code
     from store_credit_entry e join store_credit_account a on a.id = e.account_id
     where e.refund_id = any($1) and e.key not like 'exchange:%' group by a.id order by sum(e.amount_minor) desc limit 1`,
    [refundIds],
  );
  return rows[0];
}

/**
 * An account of a holder who was erased, with nothing left on it, is nobody's; an order under way may still
 * need it.
 */
export async function forgetHolder(client: Queryable, companyId: string, holder: string): Promise<void> {
  await client.query(
    `update store_credit_account a set holder = 'erased:' || id
      where company_id = $1 and holder = $2 and balance_minor = 0
        and not exists (select from store_credit_entry e join orders o on o.id = e.order_id
                         where e.account_id = a.id and o.status in ('open', 'on_hold'))`,
    [companyId, holder],
  );
}
