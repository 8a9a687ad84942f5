/**
 * What payment providers have told, and the disputes that they have told of. The one place that writes them.
 * Decides nothing: what follows is in `operations/payments/`.
 */
import type { PaymentEvent, ProviderDispute } from "../../ports/payments.ts";
import type { VendorAccount } from "../../ports/vendor-roster.ts";
import type { Queryable } from "../sql/database.ts";

export type PaymentEventOutcome = "applied" | "unchanged" | "unknown_payment" | "ignored";

export async function readPaymentEvent(
  client: Queryable,
  { provider, account }: VendorAccount,
  eventId: string,
): Promise<PaymentEventOutcome | undefined> {
  const { rows } = await client.query<{ outcome: PaymentEventOutcome }>(
    "select outcome from payment_event where provider = $1 and account = $2 and event_id = $3",
    [provider, account, eventId],
  );
  return rows[0]?.outcome;
}

/** @returns whether it is new */
export async function addPaymentEvent(
  client: Queryable,
  { provider, account }: VendorAccount,
  { eventId, type, at, about }: PaymentEvent,
  came: { readonly orderId: string | null; readonly outcome: PaymentEventOutcome },
): Promise<boolean> {
  const { rowCount } = await client.query(
    `insert into payment_event (provider, account, event_id, type, reference, order_id, outcome, told_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8) on conflict do nothing`,
    [provider, account, eventId, type, about?.reference ?? null, came.orderId, came.outcome, at],
  );
  return rowCount === 1;
}

/**
 * Forgets events that no provider repeats any more. What they brought stays: a repeat would find nothing to
 * change.
 */
export async function forgetPaymentEvents(database: Queryable): Promise<void> {
  await database.query("delete from payment_event where at < now() - interval '90 days'");
}

/**
 * @returns what it was before; null: it is new. One that is over stays so, but that a lost one may be won on
 *   appeal
 */
export async function putDispute(
  client: Queryable,
  { provider, account }: VendorAccount,
  of: { readonly orderId: string; readonly authorizationKey: string; readonly currency: string },
  { reference, amountMinor, reason, status, respondBy }: ProviderDispute,
): Promise<ProviderDispute["status"] | null> {
  const { rows } = await client.query<{ status: ProviderDispute["status"] }>(
    `select status from payment_dispute where provider = $1 and account = $2 and reference = $3 for update`,
    [provider, account, reference],
  );
  const before = rows[0]?.status ?? null;
  if (isFinal(before, status)) return before;
  await client.query(
    `insert into payment_dispute (provider, account, reference, order_id, authorization_key, currency, amount_minor,
       reason, status, respond_by, closed_at, opened_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, case when $9 = 'open' then null else now() end, clock_timestamp())
     on conflict (provider, account, reference) do update set amount_minor = $7, reason = $8, status = $9,
       respond_by = $10, closed_at = excluded.closed_at`,
    [
      provider,
      account,
      reference,
      of.orderId,
      of.authorizationKey,
      of.currency,
      amountMinor,
      reason,
      status,
      respondBy,
    ],
  );
  return before;
}

/** What open and lost disputes take of each authorisation, by its key. */
export async function readDisputed(client: Queryable, orderId: string): Promise<ReadonlyMap<string, number>> {
  const { rows } = await client.query<{ key: string; minor: number }>(
    `select authorization_key as key, sum(amount_minor)::bigint as minor from payment_dispute
     where order_id = $1 and status in ('open', 'lost') group by 1`,
    [orderId],
  );
  return new Map(rows.map(({ key, minor }) => [key, minor]));
}

/** Whether a dispute that is `before` cannot become `status`. */
export function isFinal(
  before: ProviderDispute["status"] | null,
  status: ProviderDispute["status"],
): boolean {
  return before === "won" || before === "refunded" || (before === "lost" && status !== "won");
}

/** The oldest dispute of the order that is not over. */
export async function readOpenDispute(
  client: Queryable,
  orderId: string,
): Promise<
  { readonly reference: string; readonly amountMinor: number; readonly currency: string } | undefined
> {
  const { rows } = await client.query<{ reference: string; amountMinor: number; currency: string }>(
    `select reference, amount_minor as "amountMinor", currency from payment_dispute
     where order_id = $1 and status = 'open' order by opened_at, reference limit 1`,
    [orderId],
  );
  return rows[0];
}
