/**
 * Whole tables as one moment has them, read as fast as somebody takes them: a transaction that sees no
 * change, and a cursor in it. It keeps a connection and holds back the database's housekeeping for as long as
 * it is read, so whoever reads too slowly is cut off (`gateway/http/streamed-body.ts`).
 *
 * X1 Nothing is sorted as a whole: each statement is read in the order of an index, so that the first row
 *    comes at once and a table of any size needs neither memory nor disk beside it.
 */
import type { OrderDocument } from "../../orders/order.ts";
import type { Database } from "../sql/database.ts";

const FETCHED = 500;

type Statement = { readonly text: string; readonly values: readonly unknown[] };

/** Rows of the statements, one statement after the other, all of one moment. */
async function* ofOneMoment<Row extends object>(
  database: Database,
  ...statements: readonly Statement[]
): AsyncGenerator<readonly Row[]> {
  const client = await database.connect();
  let isWell = false;
  try {
    await client.query("begin isolation level repeatable read read only");
    // The planner takes a sort for cheaper than an index where a table is small or read to its end.
    await client.query("set local enable_sort = off");
    for (const { text, values } of statements) {
      await client.query(`declare exported no scroll cursor for ${text}`, [...values]);
      while (true) {
        const { rows } = await client.query<Row>(`fetch ${FETCHED} from exported`);
        if (rows.length > 0) yield rows;
        if (rows.length < FETCHED) break;
      }
      await client.query("close exported");
    }
    await client.query("commit");
    isWell = true;
  } finally {
    // Where its reader has gone, or it broke, the connection goes with it: whatever is open in it ends.
    client.release(!isWell);
  }
}

export type ExportedProduct = {
  readonly sku: string;
  readonly name: string;
  readonly weightGrams: number;
  readonly lengthMm: number;
  readonly widthMm: number;
  readonly heightMm: number;
  readonly priceMinor: number;
  readonly currency: string;
  readonly hsCode: string;
  readonly originCountry: string;
  readonly gtin: string;
  readonly tagged: boolean;
};

export function exportedProducts(database: Database, companyId: string) {
  return ofOneMoment<ExportedProduct>(database, {
    text: `select sku, name, weight_grams as "weightGrams", length_mm as "lengthMm", width_mm as "widthMm",
            height_mm as "heightMm", price_minor as "priceMinor", currency, hs_code as "hsCode",
            origin_country as "originCountry", gtin, tagged
       from product where company_id = $1 order by sku`,
    values: [companyId],
  });
}

export type ExportedKit = {
  readonly kit: string;
  readonly components: readonly { readonly sku: string; readonly quantity: number }[];
};

export function exportedKits(database: Database, companyId: string) {
  return ofOneMoment<ExportedKit>(database, {
    text: `select c.kit_sku as kit,
            jsonb_agg(jsonb_build_object('sku', c.sku, 'quantity', c.quantity) order by c.position) as components
       from kit_component c join product p on p.sku = c.kit_sku
      where p.company_id = $1 group by c.kit_sku order by c.kit_sku`,
    values: [companyId],
  });
}

export type ExportedStock = {
  readonly sku: string;
  readonly location: string;
  readonly onHand: number;
  readonly reserved: number;
  readonly allocated: number;
  readonly picked: number;
  readonly unavailable: number;
  readonly safetyStock: number;
};

export function exportedStock(database: Database, companyId: string) {
  return ofOneMoment<ExportedStock>(database, {
    text: `select s.sku, s.location_id as location, s.on_hand as "onHand", s.reserved, s.allocated, s.picked, s.unavailable,
            s.safety_stock as "safetyStock"
       from stock_position s join location l on l.id = s.location_id
      where l.company_id = $1 order by s.sku, s.location_id`,
    values: [companyId],
  });
}

export type ExportedLocation = {
  readonly id: string;
  readonly name: string;
  readonly kind: string;
  readonly address: Readonly<Record<string, string>>;
  readonly latitude: number;
  readonly longitude: number;
  readonly timeZone: string | null;
  readonly priority: number;
};

export function exportedLocations(database: Database, companyId: string) {
  return ofOneMoment<ExportedLocation>(database, {
    text: `select id, name, kind, address, latitude, longitude, time_zone as "timeZone", priority
       from location where company_id = $1 order by id`,
    values: [companyId],
  });
}

export type ExportedOrder = {
  readonly channel: string;
  readonly status: string;
  readonly fulfillment: string;
  readonly document: OrderDocument;
};

/**
 * Those of the archive first, then the others, the oldest of each first: of one moment, so that an order that
 * is archived meanwhile is in it once.
 *
 * @param only.open without those that are completed or cancelled
 */
export function exportedOrders(
  database: Database,
  companyId: string,
  only: { readonly channel: string | null; readonly open: boolean },
) {
  const archived = {
    text: `select a.channel_id as channel, a.status, a.fulfillment_status as fulfillment,
                  d.rows->'orders'->0->'document' as document
             from archived_order a join archived_document d using (order_id, month)
            where a.company_id = $1 and ($2::text is null or a.channel_id = $2)
            order by a.captured_at, a.order_id`,
    values: [companyId, only.channel],
  };
  const others = {
    text: `select channel_id as channel, status, fulfillment_status as fulfillment, document from orders
            where company_id = $1 and ($2::text is null or channel_id = $2)
              and (not $3 or status in ('open', 'on_hold'))
            order by captured_at, id desc`,
    values: [companyId, only.channel, only.open],
  };
  return ofOneMoment<ExportedOrder>(database, ...(only.open ? [] : [archived]), others);
}

/** A person's newest order, by what tells one person from another. */
export type ExportedPerson = { readonly document: OrderDocument };

/**
 * Of orders in the archive too; a person who was erased is in neither. Whoever has a mark comes once, by the
 * newest of their orders; then each order that names nobody who could be told from others.
 */
export function exportedPersons(database: Database, companyId: string) {
  const marked = {
    text: `select coalesce(o.document, d.rows->'orders'->0->'document') as document
             from (select distinct on (p.mark) p.mark, p.order_id as id, a.month
                     from order_person p
                          left join orders every on every.id = p.order_id
                          left join archived_order a on a.order_id = p.order_id
                    where p.mark is not null and p.erased_at is null
                      and coalesce(every.company_id, a.company_id) = $1
                    order by p.mark, coalesce(every.captured_at, a.captured_at) desc, p.order_id) newest
                  left join orders o on o.id = newest.id
                  left join archived_document d on d.order_id = newest.id and d.month = newest.month
            order by newest.mark`,
    values: [companyId],
  };
  const archived = {
    text: `select d.rows->'orders'->0->'document' as document
             from archived_order a join archived_document d using (order_id, month)
                  left join order_person p using (order_id)
            where a.company_id = $1 and p.mark is null and p.erased_at is null
            order by a.captured_at, a.order_id`,
    values: [companyId],
  };
  const others = {
    text: `select o.document from orders o left join order_person p on p.order_id = o.id
            where o.company_id = $1 and p.mark is null and p.erased_at is null
            order by o.captured_at, o.id desc`,
    values: [companyId],
  };
  return ofOneMoment<ExportedPerson>(database, marked, archived, others);
}

export type ExportedCredit = { readonly email: string; readonly currency: string; readonly minor: number };

/** Store credit that somebody has left, by e-mail address. */
export function exportedCredit(database: Database, companyId: string) {
  return ofOneMoment<ExportedCredit>(database, {
    text: `select holder as email, currency, balance_minor as minor from store_credit_account
      where company_id = $1 and balance_minor > 0 and holder like '%@%' order by currency, holder`,
    values: [companyId],
  });
}

export type ExportedReturn = {
  readonly id: string;
  readonly status: string;
  readonly order: string;
  readonly reason: string;
  readonly method: string;
  readonly comment: string;
  readonly lines: readonly { readonly lineId: string; readonly sku: string; readonly quantity: number }[];
};

/** Those of archived orders first, then the others, the oldest of each first. */
export function exportedReturns(database: Database, companyId: string) {
  const archived = {
    text: `select r->>'id' as id, r->>'status' as status, a.order_id as "order", r->>'reason' as reason,
                  r->>'method' as method, r->>'comment' as comment,
                  (select jsonb_agg(jsonb_build_object('lineId', l->>'line_id', 'sku', l->>'sku',
                            'quantity', (l->>'requested')::integer) order by length(l->>'line_id'), l->>'line_id')
                     from jsonb_array_elements(d.rows->'return_line') l where l->>'return_id' = r->>'id') as lines
             from archived_order a join archived_document d using (order_id, month)
                  cross join jsonb_array_elements(d.rows->'return_authorization') r
            where a.company_id = $1
            order by a.captured_at, a.order_id`,
    values: [companyId],
  };
  const others = {
    text: `select r.id, r.status, r.order_id as "order", r.reason, r.method, r.comment,
                  (select jsonb_agg(jsonb_build_object('lineId', l.line_id, 'sku', l.sku, 'quantity', l.requested)
                            order by length(l.line_id), l.line_id)
                     from return_line l where l.return_id = r.id) as lines
             from return_authorization r join orders o on o.id = r.order_id
            where o.company_id = $1
            order by r.requested_at, r.id`,
    values: [companyId],
  };
  return ofOneMoment<ExportedReturn>(database, archived, others);
}
