/**
 * Everything that is stored of a person's orders, as it is told to them: by order, in the words of the
 * tables' documentation (docs/personal-data.md).
 */
import type { Queryable } from "../sql/database.ts";
import { iso } from "../sql/view-sql.ts";

/** One order with all that belongs to it. */
export async function collectOrder(
  client: Queryable,
  orderId: string,
): Promise<Record<string, unknown> | null> {
  const { rows } = await client.query<Record<string, unknown>>(
    `select o.id as "orderId", o.external_number as "orderNumber", o.channel_id as channel, o.status,
       ${iso("o.placed_at")} as "placedAt", o.document, o.customer_name as "customerName",
       o.customer_email as "customerEmail", o.raw_payload as "asSentByTheChannel",
       (select coalesce(jsonb_agg(jsonb_build_object('revision', r.revision, 'document', r.document, 'changes', r.changes,
            'changedBy', r.changed_by, 'until', ${iso("r.replaced_at")}) order by r.revision), '[]')
          from order_revision r where r.order_id = o.id) as "formerRevisions",
       (select coalesce(jsonb_agg(jsonb_build_object('at', ${iso("e.at")}, 'type', e.type, 'summary', e.summary,
            'cause', e.cause, 'data', e.data) order by e.id), '[]')
          from order_event e where e.order_id = o.id) as timeline,
       (select coalesce(jsonb_agg(jsonb_build_object('kind', n.kind, 'recipient', n.recipient, 'subject', n.subject,
            'sentAt', ${iso("n.sent_at")}) order by n.sent_at, n.key), '[]')
          from notification n where n.order_id = o.id) as mails,
       (select coalesce(jsonb_agg(jsonb_build_object('carrier', s.carrier, 'service', s.service,
            'trackingNumber', s.tracking_number, 'status', s.tracking_status, 'label', s.label_zpl,
            'reports', (select coalesce(jsonb_agg(jsonb_build_object('status', t.status, 'message', t.message,
               'place', t.place, 'at', ${iso("t.at")}) order by t.at, t.report_id), '[]')
               from tracking_report t where t.tracking_number = s.tracking_number)) order by s.created_at, s.id), '[]')
          from shipment s where s.order_id = o.id) as parcels,
       (select coalesce(jsonb_agg(jsonb_build_object('id', r.id, 'status', r.status, 'reason', r.reason,
            'comment', r.comment, 'decision', r.decision, 'requestedAt', ${iso("r.requested_at")},
            'inspections', (select coalesce(jsonb_agg(jsonb_build_object('note', i.note, 'at', ${iso("i.at")})
               order by i.number), '[]') from return_inspection i where i.return_id = r.id)) order by r.id), '[]')
          from return_authorization r where r.order_id = o.id) as returns,
       (select coalesce(jsonb_agg(jsonb_build_object('id', r.id, 'reason', r.reason, 'status', r.status,
            'amountMinor', r.amount_minor, 'currency', r.currency, 'note', r.note,
            'requestedAt', ${iso("r.requested_at")}) order by r.id), '[]')
          from refund r where r.order_id = o.id) as refunds,
       (select coalesce(jsonb_agg(jsonb_build_object('id', c.id, 'kind', c.kind, 'status', c.status, 'note', c.note,
            'decision', c.decision, 'openedAt', ${iso("c.opened_at")}) order by c.id), '[]')
          from claim c where c.order_id = o.id) as claims,
       (select coalesce(jsonb_agg(jsonb_build_object('type', p.type, 'amountMinor', p.amount_minor,
            'currency', p.currency, 'status', p.status, 'at', ${iso("p.at")}) order by p.at, p.key), '[]')
          from payment_transaction p where p.order_id = o.id) as payments,
       (select coalesce(jsonb_agg(jsonb_build_object('readyAt', ${iso("c.ready_at")}, 'arrivalNote', c.arrival_note,
            'collectedAt', ${iso("c.collected_at")}) order by c.ready_at), '[]')
          from collection c where c.order_id = o.id) as collections
     from orders o where o.id = $1`,
    [orderId],
  );
  return rows[0] ?? null;
}

/** Store credit of these holders and of these orders. */
export async function collectStoreCredit(
  client: Queryable,
  companyId: string,
  holders: readonly string[],
): Promise<readonly unknown[]> {
  const { rows } = await client.query<{ account: unknown }>(
    `select jsonb_build_object('holder', a.holder, 'currency', a.currency, 'balanceMinor', a.balance_minor,
       'since', ${iso("a.created_at")},
       'entries', (select coalesce(jsonb_agg(jsonb_build_object('kind', e.kind, 'amountMinor', e.amount_minor,
          'order', e.order_id, 'note', e.note, 'at', ${iso("e.at")}) order by e.id), '[]')
          from store_credit_entry e where e.account_id = a.id)) as account
     from store_credit_account a where a.company_id = $1 and a.holder = any($2) order by a.id`,
    [companyId, holders],
  );
  return rows.map(({ account }) => account);
}
