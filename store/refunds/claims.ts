/** Claims about parcels. The one place that writes them; the caller holds the order's lock. */

import type { CarrierStatus, ClaimKind, ClaimStatus } from "../../orders/claim.ts";
import { sealerOf } from "../personal-data/vault.ts";
import type { Queryable } from "../sql/database.ts";

export type ClaimLine = {
  readonly lineId: string;
  readonly sku: string;
  readonly quantity: number;
  /** Of a parcel that came back. */
  readonly restocked: number;
  readonly damaged: number;
};

export type ClaimRecord = {
  readonly claimId: string;
  readonly orderId: string;
  readonly shipmentId: string;
  readonly kind: ClaimKind;
  readonly status: ClaimStatus;
  readonly carrierStatus: CarrierStatus;
  readonly lines: readonly ClaimLine[];
};

const CLAIM = `select c.id as "claimId", c.order_id as "orderId", c.shipment_id as "shipmentId", c.kind, c.status,
    c.carrier_status as "carrierStatus",
    (select jsonb_agg(jsonb_build_object('lineId', l.line_id, 'sku', l.sku, 'quantity', l.quantity,
        'restocked', l.restocked, 'damaged', l.damaged) order by length(l.line_id), l.line_id)
      from claim_line l where l.claim_id = c.id) as lines
  from claim c`;

export async function readClaim(client: Queryable, claimId: string): Promise<ClaimRecord | undefined> {
  const { rows } = await client.query<ClaimRecord>(`${CLAIM} where c.id = $1`, [claimId]);
  return rows[0];
}

export async function findClaim(client: Queryable, key: string): Promise<ClaimRecord | undefined> {
  const { rows } = await client.query<ClaimRecord>(`${CLAIM} where c.key = $1`, [key]);
  return rows[0];
}

/** Claims about a parcel that were not rejected. */
export async function readClaimsOfShipment(
  client: Queryable,
  shipmentId: string,
): Promise<readonly ClaimRecord[]> {
  const { rows } = await client.query<ClaimRecord>(
    `${CLAIM} where c.shipment_id = $1 and c.status <> 'rejected'`,
    [shipmentId],
  );
  return rows;
}

/** Adds a claim `<order>-C1`, `<order>-C2`, …; where its key is known, nothing changes. */
export async function addClaim(
  client: Queryable,
  claim: {
    readonly orderId: string;
    readonly shipmentId: string;
    readonly key: string;
    readonly kind: ClaimKind;
    readonly note: string;
    readonly by: string;
    readonly lines: readonly { readonly lineId: string; readonly sku: string; readonly quantity: number }[];
  },
): Promise<ClaimRecord> {
  const sealer = await sealerOf(client, claim.orderId);
  await client.query(
    `with added as (
       insert into claim (id, order_id, shipment_id, key, kind, status, note, opened_by)
       select $1 || '-C' || (count(*) + 1), $1, $2, $3, $4, 'open', $5, $6 from claim where order_id = $1
       on conflict (key) do nothing returning id
     )
     insert into claim_line (claim_id, line_id, sku, quantity)
     select added.id, l.* from added, unnest($7::text[], $8::text[], $9::integer[]) as l`,
    [
      claim.orderId,
      claim.shipmentId,
      claim.key,
      claim.kind,
      sealer.words(claim.note),
      claim.by,
      claim.lines.map((line) => line.lineId),
      claim.lines.map((line) => line.sku),
      claim.lines.map((line) => line.quantity),
    ],
  );
  const added = await findClaim(client, claim.key);
  if (added === undefined) throw new Error(`claim ${claim.key} vanished`);
  return added;
}

/** What was in a parcel that came back. A claim that is decided stays so. */
export async function setClaimReceived(
  client: Queryable,
  claimId: string,
  lines: readonly { readonly lineId: string; readonly restocked: number; readonly damaged: number }[],
  isUndecided: boolean,
): Promise<void> {
  await client.query(
    `with counted as (
       update claim_line c set restocked = l.restocked, damaged = l.damaged
       from unnest($2::text[], $3::integer[], $4::integer[]) as l(line_id, restocked, damaged)
       where c.claim_id = $1 and c.line_id = l.line_id
     )
     update claim set status = 'received' where id = $1 and $5`,
    [
      claimId,
      lines.map((line) => line.lineId),
      lines.map((line) => line.restocked),
      lines.map((line) => line.damaged),
      isUndecided,
    ],
  );
}

export async function decideClaim(
  client: Queryable,
  { claimId, orderId }: Pick<ClaimRecord, "claimId" | "orderId">,
  decision: {
    readonly status: "refunded" | "reshipped" | "rejected";
    readonly text: string;
    readonly by: string;
    readonly carrierStatus: CarrierStatus;
  },
): Promise<void> {
  const sealer = await sealerOf(client, orderId);
  await client.query(
    `update claim set status = $2, decision = $3, decided_by = $4, decided_at = now(), carrier_status = $5
     where id = $1`,
    [claimId, decision.status, sealer.words(decision.text), decision.by, decision.carrierStatus],
  );
}

export async function setCarrierStatus(
  client: Queryable,
  claimId: string,
  to: {
    readonly status: CarrierStatus;
    readonly reference: string | null;
    readonly paidMinor: number | null;
  },
): Promise<void> {
  await client.query(
    `update claim set carrier_status = $2, carrier_reference = coalesce($3, carrier_reference),
       carrier_paid_minor = coalesce($4, carrier_paid_minor)
     where id = $1`,
    [claimId, to.status, to.reference, to.paidMinor],
  );
}
