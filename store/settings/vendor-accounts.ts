/** How much business is still open at each account of a payment provider or carrier. */
import type { Queryable } from "../sql/database.ts";

export type AccountInUse = {
  readonly kind: "payments" | "carriers";
  readonly provider: string;
  readonly account: string;
  /** Authorisations that can still be captured; parcels that have not arrived. */
  readonly open: number;
};

export async function accountsInUse(client: Queryable): Promise<readonly AccountInUse[]> {
  const { rows } = await client.query<AccountInUse>(
    `select 'payments' as kind, provider, account, (count(*) filter (where state = 'open'))::integer as open
       from payment_authorization group by provider, account
     union all
     select 'carriers', carrier_provider, carrier_account,
            (count(*) filter (where delivered_at is null and tracking_status not in ('return_to_sender', 'failure')))::integer
       from shipment group by carrier_provider, carrier_account`,
  );
  return rows;
}
