/** Returns: what was announced, what came back, in which condition, and what was refunded for it. */
import type {
  InspectionResult,
  ReturnAuthorizationStatus,
  ReturnReason,
} from "../../orders/return-authorization.ts";
import type { Queryable } from "../sql/database.ts";

export type ReturnRecord = {
  readonly returnId: string;
  readonly orderId: string;
  readonly status: ReturnAuthorizationStatus;
  readonly reason: ReturnReason;
  readonly currency: string;
  readonly refundMinor: number;
  readonly requestedAt: Date;
  readonly lines: readonly {
    readonly lineId: string;
    readonly sku: string;
    readonly requested: number;
    readonly received: number;
    readonly disposition: InspectionResult | null;
  }[];
};

const RETURN = `select r.id as "returnId", r.order_id as "orderId", r.status, r.reason, r.currency,
    r.refund_minor as "refundMinor", r.requested_at as "requestedAt",
    (select jsonb_agg(jsonb_build_object('lineId', l.line_id, 'sku', l.sku, 'requested', l.requested,
       'received', l.received, 'disposition', l.disposition) order by l.line_id)
     from return_line l where l.return_id = r.id) as lines
  from return_authorization r where r.id = $1`;

export async function readReturn(client: Queryable, returnId: string): Promise<ReturnRecord | undefined> {
  const { rows } = await client.query<ReturnRecord>(RETURN, [returnId]);
  return rows[0];
}

/** The same; locks the return, so that no other transaction changes it before this one ends. */
export async function lockReturn(client: Queryable, returnId: string): Promise<ReturnRecord | undefined> {
  await client.query("select from return_authorization where id = $1 for update", [returnId]);
  return readReturn(client, returnId);
}

/**
 * Adds a return `<order>-R1`, `<order>-R2`, … The caller holds the order's lock, so that no number is used
 * twice.
 */
export async function addReturn(
  client: Queryable,
  request: {
    readonly orderId: string;
    readonly reason: ReturnReason;
    readonly comment: string;
    readonly currency: string;
    readonly lines: readonly { readonly lineId: string; readonly sku: string; readonly quantity: number }[];
  },
): Promise<string> {
  const { rows } = await client.query<{ id: string }>(
    `insert into return_authorization (id, order_id, status, reason, comment, currency)
     select $1 || '-R' || (count(*) + 1), $1, 'requested', $2, $3, $4 from return_authorization where order_id = $1
     returning id`,
    [request.orderId, request.reason, request.comment, request.currency],
  );
  const id = rows[0]?.id as string;
  await client.query(
    `insert into return_line (return_id, line_id, sku, requested)
     select $1, * from unnest($2::text[], $3::text[], $4::integer[])`,
    [
      id,
      request.lines.map((line) => line.lineId),
      request.lines.map((line) => line.sku),
      request.lines.map((line) => line.quantity),
    ],
  );
  return id;
}

export async function setReturnStatus(
  client: Queryable,
  returnId: string,
  status: ReturnAuthorizationStatus,
): Promise<void> {
  await client.query("update return_authorization set status = $2, updated_at = now() where id = $1", [
    returnId,
    status,
  ]);
}

export async function setRefund(client: Queryable, returnId: string, refundMinor: number): Promise<void> {
  await client.query(
    "update return_authorization set refund_minor = $2, status = 'refunded', updated_at = now() where id = $1",
    [returnId, refundMinor],
  );
}

export async function setReceived(
  client: Queryable,
  returnId: string,
  lines: readonly { readonly lineId: string; readonly quantity: number }[],
): Promise<void> {
  await client.query(
    `update return_line r set received = l.quantity
     from unnest($2::text[], $3::integer[]) as l(line_id, quantity)
     where r.return_id = $1 and r.line_id = l.line_id`,
    [returnId, lines.map((line) => line.lineId), lines.map((line) => line.quantity)],
  );
}

export async function setInspectionResults(
  client: Queryable,
  returnId: string,
  lines: readonly { readonly lineId: string; readonly disposition: InspectionResult }[],
): Promise<void> {
  await client.query(
    `update return_line r set disposition = l.disposition
     from unnest($2::text[], $3::text[]) as l(line_id, disposition)
     where r.return_id = $1 and r.line_id = l.line_id`,
    [returnId, lines.map((line) => line.lineId), lines.map((line) => line.disposition)],
  );
}

/**
 * Where returned goods go: the fulfillment center that shipped the order, else the company's most preferred
 * one, else the place that shipped it.
 */
export async function returnLocation(client: Queryable, orderId: string): Promise<string | undefined> {
  const { rows } = await client.query<{ id: string }>(
    `select l.id from location l
     left join (select distinct location_id from fulfillment_order where order_id = $1 and status = 'closed') f
       on f.location_id = l.id
     where f.location_id is not null
        or (l.kind = 'fulfillment_center' and l.active
            and l.company_id = (select company_id from orders where id = $1))
     order by l.kind = 'fulfillment_center' desc, f.location_id is not null desc, l.priority, l.id limit 1`,
    [orderId],
  );
  return rows[0]?.id;
}

/** When the last unit of the order reached the shopper, as far as the carrier said so. */
export async function lastDelivery(client: Queryable, orderId: string): Promise<Date | null> {
  const { rows } = await client.query<{ at: Date | null }>(
    `select max(delivered_at) as at from shipment where order_id = $1 and return_id is null`,
    [orderId],
  );
  return rows[0]?.at ?? null;
}
