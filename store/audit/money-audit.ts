/** What orders cost, what of them was handed over and came back, and what money moved for that. */
import type { OrderDocument } from "../../orders/order.ts";
import type { Queryable } from "../sql/database.ts";

/** Of a whole line, in units of the order's exponent. */
export type AuditedLine = {
  readonly lineId: string;
  readonly kind: string;
  readonly fulfilledBy: string;
  readonly ordered: number;
  readonly cancelled: number;
  readonly shipped: number;
  readonly delivered: number;
  readonly elsewhere: number;
  readonly cameBack: number;
  readonly unitPriceMinor: number;
  readonly discountMinor: number;
  readonly taxMinor: number;
  readonly shareMinor: number;
};

export type AuditedRefund = {
  readonly reason: string;
  readonly status: string;
  readonly amountMinor: number;
  readonly paymentMinor: number;
};

export type AuditedMoney = {
  readonly orderId: string;
  readonly status: string;
  readonly revision: number;
  readonly exponent: number;
  readonly document: OrderDocument;
  readonly lines: readonly AuditedLine[];
  /** Through our payment provider, and by who brought the parcel; ISO 4217 minor units, as refunds are. */
  readonly capturedMinor: number;
  readonly refundedMinor: number;
  readonly cashMinor: number;
  /** Store credit that paid for it. */
  readonly creditMinor: number;
  readonly refunds: readonly AuditedRefund[];
  /** Whether a return of it has not ended. */
  readonly isComingBack: boolean;
};

export async function readMoney(
  database: Queryable,
  orderIds: readonly string[],
): Promise<readonly AuditedMoney[]> {
  const { rows } = await database.query<AuditedMoney>(
    `select o.id as "orderId", o.status, o.revision, o.exponent, o.document,
       (select jsonb_agg(jsonb_build_object(
          'lineId', l.line_id, 'kind', l.kind, 'fulfilledBy', l.fulfilled_by, 'ordered', l.ordered,
          'cancelled', l.cancelled, 'shipped', l.shipped, 'delivered', l.delivered,
          'elsewhere', l.fulfilled_elsewhere, 'cameBack', l.return_received,
          'unitPriceMinor', l.unit_price_minor, 'discountMinor', l.discount_minor,
          'taxMinor', l.tax_minor, 'shareMinor', l.share_minor) order by l.line_id)
          from order_line l where l.order_id = o.id) as lines,
       coalesce(p.captured_minor, 0)::float as "capturedMinor",
       coalesce(p.refunded_minor, 0)::float as "refundedMinor",
       (select coalesce(sum(t.amount_minor), 0)::float from payment_transaction t
         where t.order_id = o.id and t.type = 'cash' and t.status = 'succeeded') as "cashMinor",
       (select coalesce(-sum(e.amount_minor), 0)::float from store_credit_entry e
         where e.order_id = o.id and e.kind in ('spent', 'given_back') and e.refund_id is null) as "creditMinor",
       coalesce((select jsonb_agg(jsonb_build_object(
          'reason', r.reason, 'status', r.status, 'amountMinor', r.amount_minor, 'paymentMinor', r.payment_minor))
          from refund r where r.order_id = o.id), '[]') as refunds,
       exists (select from return_authorization ra where ra.order_id = o.id
         and ra.status not in ('refunded', 'declined', 'cancelled')) as "isComingBack"
     from orders o left join payment p on p.order_id = o.id where o.id = any($1) order by o.id`,
    [orderIds],
  );
  return rows;
}
