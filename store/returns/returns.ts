/**
 * Returns as they are kept: what was announced, what came, what the inspections found. Reads and single rows;
 * what moves units is `return-progress.ts`.
 */

import type {
  InspectionResult,
  ReturnAuthorizationStatus,
  ReturnReason,
  ReturnState,
} from "../../orders/return-authorization.ts";
import type { RefundWay } from "../../orders/returns/refund-way.ts";
import { type ReturnRules, returnRules } from "../../orders/returns/return-rules.ts";
import { type Sealer, sealerOf } from "../personal-data/vault.ts";
import type { Queryable } from "../sql/database.ts";

export type ReturnRecord = ReturnState & {
  readonly returnId: string;
  readonly orderId: string;
  readonly channelId: string;
  readonly reason: ReturnReason;
  readonly currency: string;
  readonly refundMinor: number;
  /**
   * What the units are worth that have come back; null: inspected by a former version, not worked out yet.
   */
  readonly valueMinor: number | null;
  readonly requestedAt: Date;
  /** When it was approved, or goods of it came last. */
  readonly movedAt: Date;
  /** Where it goes; null: where returns of the order go. */
  readonly locationId: string | null;
  /** How what is not refunded yet pays out. */
  readonly refundTo: RefundWay;
  /** On top of store credit. */
  readonly bonusPercent: number;
};

const PIECES = `(select coalesce(jsonb_agg(jsonb_build_object('pieceId', p.id, 'lineId', p.line_id, 'sku', p.sku,
    'quantity', p.quantity, 'disposition', p.disposition, 'locationId', p.location_id, 'lot', p.lot,
    'lotExpiresAtMs', (extract(epoch from p.lot_expires_at) * 1000)::bigint, 'serials', p.serials,
    'isStocked', p.stocked) order by length(p.id), p.id), '[]')
  from return_piece p where p.inspection_id = i.id)`;

const INSPECTIONS = `(select coalesce(jsonb_agg(jsonb_build_object('inspectionId', i.id, 'number', i.number,
    'isStocked', i.stocked_at is not null, 'isRefunded', i.refunded_at is not null,
    'isReopened', i.reopened_at is not null, 'isUndone', i.undone_at is not null, 'pieces', ${PIECES})
    order by i.number), '[]')
  from return_inspection i where i.return_id = r.id)`;

const RETURN = `select r.id as "returnId", r.order_id as "orderId", o.channel_id as "channelId", r.status, r.reason,
    r.currency, r.refund_minor as "refundMinor", r.value_minor as "valueMinor", r.requested_at as "requestedAt",
    r.moved_at as "movedAt", r.refund_to as "refundTo", r.bonus_percent as "bonusPercent", r.method, r.location_id as "locationId", r.waits_for_person as "waitsForPerson",
    exists (select from shipment s where s.return_id = r.id) as "hasLabel",
    (select jsonb_agg(jsonb_build_object('lineId', l.line_id, 'sku', l.sku, 'requested', l.requested,
       'received', l.received, 'dismissed', l.dismissed) order by length(l.line_id), l.line_id)
     from return_line l where l.return_id = r.id) as lines,
    ${INSPECTIONS} as inspections
  from return_authorization r join orders o on o.id = r.order_id where r.id = $1`;

export async function readReturn(client: Queryable, returnId: string): Promise<ReturnRecord | undefined> {
  const { rows } = await client.query<ReturnRecord>(RETURN, [returnId]);
  return rows[0];
}

/** The same; locks the return, so that no other transaction changes it before this one ends. */
export async function lockReturn(client: Queryable, returnId: string): Promise<ReturnRecord | undefined> {
  await client.query("select from return_authorization where id = $1 for update", [returnId]);
  return readReturn(client, returnId);
}

export type NewReturn = {
  readonly orderId: string;
  readonly reason: ReturnReason;
  readonly comment: string;
  readonly currency: string;
  readonly method: ReturnState["method"];
  readonly locationId: string | null;
  readonly requestedBy: string;
  readonly lines: readonly { readonly lineId: string; readonly sku: string; readonly quantity: number }[];
};

/**
 * Adds a return `<order>-R1`, `<order>-R2`, … The caller holds the order's lock, so that no number is used
 * twice.
 */
export async function addReturn(client: Queryable, request: NewReturn): Promise<string> {
  const sealer = await sealerOf(client, request.orderId);
  const { rows } = await client.query<{ id: string }>(
    `insert into return_authorization (id, order_id, status, reason, comment, currency, method, location_id, requested_by,
       customer)
     select $1 || '-R' || (count(*) + 1), $1, 'requested', $2, $3, $4, $5, $6, $7,
       (select lower(customer_email) from orders o where id = $1
          and not exists (select from order_person p where p.order_id = o.id))
     from return_authorization where order_id = $1 returning id`,
    [
      request.orderId,
      request.reason,
      sealer.words(request.comment),
      request.currency,
      request.method,
      request.locationId,
      request.requestedBy,
    ],
  );
  const id = rows[0]?.id as string;
  await addReturnLines(client, id, request.lines);
  return id;
}

/** Announces units of the return; of a line that it has already, so many more. */
export async function addReturnLines(
  client: Queryable,
  returnId: string,
  lines: NewReturn["lines"],
): Promise<void> {
  await client.query(
    `insert into return_line (return_id, line_id, sku, requested)
     select $1, * from unnest($2::text[], $3::text[], $4::integer[])
     on conflict (return_id, line_id) do update set requested = return_line.requested + excluded.requested`,
    [
      returnId,
      lines.map((line) => line.lineId),
      lines.map((line) => line.sku),
      lines.map((line) => line.quantity),
    ],
  );
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

/** Under the key of the order that it is a return of. */
async function sealerOfReturn(client: Queryable, returnId: string): Promise<Sealer> {
  const { rows } = await client.query<{ orderId: string }>(
    'select order_id as "orderId" from return_authorization where id = $1',
    [returnId],
  );
  const [returned] = rows;
  if (returned === undefined) throw new Error(`there is no return ${returnId}`);
  return sealerOf(client, returned.orderId);
}

/** What was decided about a request; `approved` starts the time in which its goods are awaited. */
export async function setDecision(
  client: Queryable,
  returnId: string,
  decision: {
    readonly status: ReturnAuthorizationStatus;
    readonly detail: string;
    readonly waitsForPerson: boolean;
  },
): Promise<void> {
  const sealer = await sealerOfReturn(client, returnId);
  await client.query(
    `update return_authorization set status = $2, decision = $3, waits_for_person = $4, moved_at = now(),
       updated_at = now()
     where id = $1`,
    [returnId, decision.status, sealer.words(decision.detail), decision.waitsForPerson],
  );
}

/** How the return pays out what is not refunded yet. */
export async function setRefundWay(
  client: Queryable,
  returnId: string,
  way: { readonly refundTo: RefundWay; readonly bonusPercent: number },
): Promise<void> {
  await client.query(
    "update return_authorization set refund_to = $2, bonus_percent = $3, updated_at = now() where id = $1",
    [returnId, way.refundTo, way.bonusPercent],
  );
}

export async function setRefund(client: Queryable, returnId: string, refundMinor: number): Promise<void> {
  await client.query("update return_authorization set refund_minor = $2, updated_at = now() where id = $1", [
    returnId,
    refundMinor,
  ]);
}

export async function setReturnValue(
  client: Queryable,
  returnId: string,
  valueMinor: number | null,
): Promise<void> {
  await client.query("update return_authorization set value_minor = $2 where id = $1", [
    returnId,
    valueMinor,
  ]);
}

export async function hasReceipt(client: Queryable, returnId: string, key: string): Promise<boolean> {
  const { rowCount } = await client.query("select from return_receipt where return_id = $1 and key = $2", [
    returnId,
    key,
  ]);
  return rowCount === 1;
}

export async function addReceipt(
  client: Queryable,
  receipt: {
    readonly returnId: string;
    readonly key: string;
    readonly units: readonly { readonly lineId: string; readonly quantity: number }[];
    readonly by: string;
  },
): Promise<void> {
  await client.query(
    "insert into return_receipt (return_id, key, units, received_by) values ($1, $2, $3, $4)",
    [receipt.returnId, receipt.key, JSON.stringify(receipt.units), receipt.by],
  );
}

/** Units that a line has more of, or fewer where they are negative. */
export type LineMove = {
  readonly lineId: string;
  readonly received?: number;
  readonly dismissed?: number;
};

export async function moveLines(
  client: Queryable,
  returnId: string,
  moves: readonly LineMove[],
): Promise<void> {
  await client.query(
    `update return_line r set received = r.received + m.received, dismissed = r.dismissed + m.dismissed
     from (select line_id, sum(received)::integer as received, sum(dismissed)::integer as dismissed
       from unnest($2::text[], $3::integer[], $4::integer[]) as m(line_id, received, dismissed) group by line_id) m
     where r.return_id = $1 and r.line_id = m.line_id`,
    [
      returnId,
      moves.map(({ lineId }) => lineId),
      moves.map(({ received }) => received ?? 0),
      moves.map(({ dismissed }) => dismissed ?? 0),
    ],
  );
}

/** Goods of the return have come: its rest is awaited from now on. */
export async function touchReturn(client: Queryable, returnId: string): Promise<void> {
  await client.query("update return_authorization set moved_at = now() where id = $1", [returnId]);
}

export type NewPiece = {
  readonly lineId: string;
  readonly sku: string;
  readonly quantity: number;
  readonly disposition: InspectionResult;
  readonly locationId?: string;
  readonly lot?: string;
  readonly lotExpiresAtMs?: number;
  readonly serials?: readonly string[];
};

export async function findInspection(
  client: Queryable,
  returnId: string,
  key: string,
): Promise<string | undefined> {
  const { rows } = await client.query<{ id: string }>(
    "select id from return_inspection where return_id = $1 and key = $2",
    [returnId, key],
  );
  return rows[0]?.id;
}

/** Adds an inspection `<return>-I1`, `<return>-I2`, … with its pieces. */
export async function addInspection(
  client: Queryable,
  found: {
    readonly returnId: string;
    readonly key: string;
    readonly by: string;
    readonly note: string;
    readonly pieces: readonly NewPiece[];
  },
): Promise<string> {
  const sealer = await sealerOfReturn(client, found.returnId);
  const { rows } = await client.query<{ id: string }>(
    `insert into return_inspection (id, return_id, number, key, inspected_by, note)
     select $1 || '-I' || n, $1, n, $2, $3, $4
     from (select count(*) + 1 as n from return_inspection where return_id = $1) numbered returning id`,
    [found.returnId, found.key, found.by, sealer.words(found.note)],
  );
  const inspectionId = rows[0]?.id as string;
  await client.query(
    `insert into return_piece (id, inspection_id, line_id, sku, quantity, disposition, location_id, lot, lot_expires_at,
       serials)
     select $1 || ':' || number, $1, line_id, sku, quantity, disposition, location_id, lot,
       timestamptz 'epoch' + expires * interval '1 millisecond',
       array(select jsonb_array_elements_text(serials))
     from jsonb_to_recordset($2) as p(number integer, line_id text, sku text, quantity integer, disposition text,
       location_id text, lot text, expires bigint, serials jsonb)`,
    [
      inspectionId,
      JSON.stringify(
        found.pieces.map((piece, index) => ({
          number: index + 1,
          line_id: piece.lineId,
          sku: piece.sku,
          quantity: piece.quantity,
          disposition: piece.disposition,
          location_id: piece.locationId ?? null,
          lot: piece.lot ?? null,
          expires: piece.lotExpiresAtMs ?? null,
          serials: piece.serials ?? [],
        })),
      ),
    ],
  );
  return inspectionId;
}

export async function markReopened(client: Queryable, inspectionId: string, by: string): Promise<void> {
  await client.query(
    "update return_inspection set reopened_at = now(), reopened_by = $2 where id = $1 and reopened_at is null",
    [inspectionId, by],
  );
}

/** The saga has done this step of the inspection. */
export async function markInspection(
  client: Queryable,
  inspectionId: string,
  step: "stocked_at" | "refunded_at" | "undone_at",
): Promise<void> {
  await client.query(`update return_inspection set ${step} = coalesce(${step}, now()) where id = $1`, [
    inspectionId,
  ]);
}

/** The stock has taken these pieces. */
export async function markPiecesStocked(client: Queryable, pieceIds: readonly string[]): Promise<void> {
  await client.query("update return_piece set stocked = true where id = any($1)", [pieceIds]);
}

/**
 * Where goods of an order go that come back: where they are wanted, else to the fulfillment center that
 * shipped it, else to the company's most preferred one, else to the place that shipped it.
 */
export async function returnLocation(
  client: Queryable,
  orderId: string,
  wanted: string | null = null,
): Promise<string | undefined> {
  if (wanted !== null) return wanted;
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

/** Those of these locations that returned goods of the company can go to. */
export async function usableLocations(
  client: Queryable,
  companyId: string,
  locationIds: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  const { rows } = await client.query<{ id: string; kind: string }>(
    `select id, kind from location where company_id = $1 and id = any($2) and active and kind <> 'supplier'`,
    [companyId, locationIds],
  );
  return new Map(rows.map(({ id, kind }) => [id, kind]));
}

export async function readLocationName(client: Queryable, locationId: string): Promise<string | null> {
  const { rows } = await client.query<{ name: string }>("select name from location where id = $1", [
    locationId,
  ]);
  return rows[0]?.name ?? null;
}

/** Why the return was approved or declined. */
export async function readDecision(client: Queryable, returnId: string): Promise<string> {
  const { rows } = await client.query<{ decision: string }>(
    "select decision from return_authorization where id = $1",
    [returnId],
  );
  return rows[0]?.decision ?? "";
}

/** When the last unit of the order reached the shopper, as far as the carrier said so. */
export async function lastDelivery(client: Queryable, orderId: string): Promise<Date | null> {
  const { rows } = await client.query<{ at: Date | null }>(
    `select max(delivered_at) as at from shipment where order_id = $1 and return_id is null`,
    [orderId],
  );
  return rows[0]?.at ?? null;
}

/** @returns null where there is no such channel */
export async function findReturnRules(client: Queryable, channelId: string): Promise<ReturnRules | null> {
  const { rows } = await client.query<{ own: Partial<ReturnRules> }>(
    "select return_rules as own from channel where id = $1",
    [channelId],
  );
  return rows[0] === undefined ? null : returnRules(rows[0].own);
}

/** The rules of an order's channel, which is there. */
export async function readReturnRules(client: Queryable, channelId: string): Promise<ReturnRules> {
  return (await findReturnRules(client, channelId)) ?? returnRules({});
}

/** Changes nothing where there is no such channel. */
export async function setReturnRules(
  client: Queryable,
  channelId: string,
  own: Partial<ReturnRules>,
): Promise<void> {
  await client.query("update channel set return_rules = $2 where id = $1", [channelId, JSON.stringify(own)]);
}

/** Returns that the customer of an order has asked for within a year, by the e-mail address. */
export async function countReturnsOfCustomer(client: Queryable, orderId: string): Promise<number> {
  const { rows } = await client.query<{ count: number }>(
    `select count(*)::integer as count from return_authorization r
     where r.requested_at > now() - interval '1 year' and r.status <> 'cancelled'
       and (r.customer = (select lower(customer_email) from orders where id = $1)
         or r.order_id in (select other.order_id from order_person mine join order_person other
              on other.mark = mine.mark where mine.order_id = $1))`,
    [orderId],
  );
  return rows[0]?.count ?? 0;
}
