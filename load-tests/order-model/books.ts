/** What the books say of one sequence's orders: read after each step, in one statement. */
import type { Database } from "../../store/sql/database.ts";
import type { SagaActivities } from "../../workflows/all-activities.ts";
import type { ReferenceDocument } from "./reference-order.ts";

export type BookedLine = {
  readonly lineId: string;
  readonly sku: string | null;
  readonly unitPriceMinor: number;
  /** The line that was ordered, of one that is sent in its place. */
  readonly substituteFor: string | null;
  readonly ordered: number;
  readonly cancelled: number;
  readonly allocated: number;
  readonly fulfilled: number;
  readonly shipped: number;
  readonly elsewhere: number;
  readonly delivered: number;
  readonly returnRequested: number;
  readonly returnReceived: number;
  readonly returnDismissed: number;
  readonly writtenOff: number;
};

export type BookedFulfillmentOrder = {
  readonly id: string;
  readonly locationId: string;
  readonly status: string;
  readonly stage: string;
  readonly lines: readonly {
    readonly holdId: string;
    readonly lineId: string;
    readonly sku: string;
    readonly quantity: number;
    readonly picked: number;
  }[];
};

export type BookedOrder = {
  readonly id: string;
  readonly status: string;
  readonly paymentStatus: string;
  readonly holds: readonly string[];
  readonly revision: number;
  readonly token: string;
  readonly document: ReferenceDocument & { readonly paymentBy: string };
  readonly lines: readonly BookedLine[];
  readonly fulfillmentOrders: readonly BookedFulfillmentOrder[];
  readonly shipments: readonly {
    readonly id: string;
    readonly fulfillmentOrderId: string | null;
    readonly returnId: string | null;
    readonly trackingNumber: string;
    readonly shipped: boolean;
    readonly delivered: boolean;
  }[];
  readonly captured: number;
  readonly refunded: number;
  /** Of it, what went back because more had been captured than the order was worth then. */
  readonly corrected: number;
  readonly refunds: readonly {
    readonly id: string;
    readonly status: string;
    readonly reason: string;
    readonly returnId: string | null;
    readonly asked: number;
    readonly amount: number;
    /** Whether it was there when the order's saga ended it. */
    readonly isBeforeEnd: boolean;
  }[];
  readonly openDisputesBeforeEnd: number;
  readonly returns: readonly {
    readonly id: string;
    readonly status: string;
    readonly refundMinor: number;
    readonly lines: readonly {
      readonly lineId: string;
      readonly requested: number;
      readonly received: number;
      readonly inspected: number;
    }[];
  }[];
};

export async function readOrders(
  database: Database,
  orderIds: readonly string[],
): Promise<readonly BookedOrder[]> {
  const { rows } = await database.query<BookedOrder>({
    name: "model-orders",
    text: `select o.id, o.status, o.payment_status as "paymentStatus", o.revision, o.document,
      o.tracking_token as token,
      array(select r->>'code' from jsonb_array_elements(o.hold_reasons) r) as holds,
      (select coalesce(jsonb_agg(jsonb_build_object('lineId', l.line_id, 'sku', l.sku, 'ordered', l.ordered,
         'unitPriceMinor', l.unit_price_minor, 'substituteFor', l.substitute_for,
         'cancelled', l.cancelled, 'allocated', l.allocated, 'fulfilled', l.fulfilled, 'shipped', l.shipped,
         'elsewhere', l.fulfilled_elsewhere, 'delivered', l.delivered, 'returnRequested', l.return_requested,
         'returnReceived', l.return_received, 'returnDismissed', l.return_dismissed, 'writtenOff', l.written_off)
         order by l.line_id), '[]') from order_line l where l.order_id = o.id) as lines,
      (select coalesce(jsonb_agg(jsonb_build_object('id', f.id, 'locationId', f.location_id, 'status', f.status,
         'stage', f.stage, 'lines', (select coalesce(jsonb_agg(jsonb_build_object('holdId', fl.hold_id, 'lineId', fl.line_id,
           'sku', fl.sku, 'quantity', fl.quantity, 'picked', fl.picked) order by fl.hold_id), '[]')
           from fulfillment_order_line fl where fl.fulfillment_order_id = f.id)) order by f.id), '[]')
         from fulfillment_order f where f.order_id = o.id) as "fulfillmentOrders",
      (select coalesce(jsonb_agg(jsonb_build_object('id', s.id, 'fulfillmentOrderId', s.fulfillment_order_id,
         'returnId', s.return_id, 'trackingNumber', s.tracking_number, 'shipped', s.shipped_at is not null,
         'delivered', s.delivered_at is not null) order by s.id), '[]')
         from shipment s where s.order_id = o.id) as shipments,
      coalesce((select sum(p.captured_minor) from payment p where p.order_id = o.id), 0)::integer as captured,
      coalesce((select sum(p.refunded_minor) from payment p where p.order_id = o.id), 0)::integer as refunded,
      coalesce((select sum(r.payment_minor) from refund r where r.order_id = o.id and r.reason = 'overpayment'
        and r.status = 'done'), 0)::integer as corrected,
      (select coalesce(jsonb_agg(jsonb_build_object('id', f.id, 'status', f.status, 'reason', f.reason,
         'returnId', f.return_id, 'asked', f.asked_minor, 'amount', f.amount_minor,
         'isBeforeEnd', f.requested_at < coalesce(ended.at, '-infinity'))
         order by f.id), '[]') from refund f where f.order_id = o.id) as refunds,
      (select count(*) from payment_dispute d where d.order_id = o.id and d.status = 'open'
         and d.opened_at < coalesce(ended.at, '-infinity'))::integer as "openDisputesBeforeEnd",
      (select coalesce(jsonb_agg(jsonb_build_object('id', r.id, 'status', r.status, 'refundMinor', r.refund_minor,
         'lines', (select jsonb_agg(jsonb_build_object('lineId', rl.line_id, 'requested', rl.requested,
           'received', rl.received, 'inspected', (select coalesce(sum(p.quantity), 0) from return_piece p
              join return_inspection i on i.id = p.inspection_id
             where i.return_id = rl.return_id and p.line_id = rl.line_id))) from return_line rl where rl.return_id = r.id)) order by r.id), '[]')
         from return_authorization r where r.order_id = o.id) as returns
    from orders o left join order_event ended on ended.order_id = o.id and ended.key = 'completed'
    where o.id = any($1) order by o.id`,
    values: [orderIds],
  });
  return rows;
}

export type OutboxRow =
  | {
      readonly id: string;
      readonly topic: "workflow.start" | "workflow.signal";
      readonly payload: {
        readonly workflowId: string;
        readonly workflow?: string;
        readonly args?: readonly unknown[];
        readonly signal?: string;
        readonly message?: unknown;
      };
    }
  | {
      readonly id: string;
      readonly topic: "mail.send";
      readonly payload: Parameters<SagaActivities["sendMail"]>[0];
    };

/**
 * Messages that are still to be delivered, to workflows and about orders whose id begins with one of these.
 */
export async function readUndelivered(
  database: Database,
  prefixes: readonly string[],
): Promise<readonly OutboxRow[]> {
  const { rows } = await database.query<OutboxRow>({
    name: "model-outbox",
    text: `select id::text, topic, payload from outbox
      where done_at is null and coalesce(payload->>'workflowId', payload->>'orderId') ^@ any($1) order by id`,
    values: [prefixes],
  });
  return rows;
}

export async function markDelivered(database: Database, ids: readonly string[]): Promise<void> {
  await database.query("update outbox set done_at = now() where id = any($1)", [ids]);
}

export type StandingWork = {
  /** Reservations that were given units of which their orders have not heard. */
  readonly untoldReservations: readonly string[];
  /** Orders that lack units which are still to be settled. */
  readonly shortOrders: readonly string[];
};

/** What the standing jobs have to do for these orders. */
export async function readStandingWork(
  database: Database,
  orderIds: readonly string[],
): Promise<StandingWork> {
  const { rows } = await database.query<StandingWork>({
    name: "model-standing-work",
    text: `select
      array(select distinct reservation_id from demand_fill
        where applied_at is null and split_part(reservation_id, '#', 1) = any($1) order by 1) as "untoldReservations",
      array(select distinct order_id from shortage
        where settled_at is null and order_id = any($1) order by 1) as "shortOrders"`,
    values: [orderIds],
  });
  return rows[0] as StandingWork;
}
