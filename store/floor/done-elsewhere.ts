/** What somebody else has handed over, and how it travels as far as that is known. */
import type { Queryable } from "../sql/database.ts";

export type Tracking = {
  readonly carrier?: string;
  readonly trackingNumber?: string;
  readonly trackingUrl?: string;
};

export async function addDoneElsewhere(
  client: Queryable,
  done: {
    readonly orderId: string;
    readonly key: string;
    readonly lines: readonly { readonly lineId: string; readonly quantity: number }[];
    readonly tracking: Tracking;
    readonly by: string;
  },
): Promise<void> {
  const { orderId, key, lines, tracking, by } = done;
  await client.query(
    `insert into done_elsewhere (order_id, key, lines, carrier, tracking_number, tracking_url, by)
     values ($1, $2, $3, $4, $5, $6, $7) on conflict do nothing`,
    [
      orderId,
      key,
      JSON.stringify(lines),
      tracking.carrier ?? null,
      tracking.trackingNumber ?? null,
      tracking.trackingUrl ?? null,
      by,
    ],
  );
}
