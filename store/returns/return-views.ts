/** Returns as staff reads them. */
import type { ReturnSort, ReturnSummary, ReturnView } from "../../contract/returns.ts";
import type { Page } from "../../contract/shapes.ts";
import { awaitedUnits, standingPieces, uninspectedUnits } from "../../orders/return-authorization.ts";
import { readScannedCode } from "../../orders/returns/scanned-code.ts";
import { ordersOfShopper } from "../orders/order-search.ts";
import { CURSOR_MICROSECONDS, CURSOR_TEXT, decodeCursor, toPage } from "../sql/cursor.ts";
import type { Queryable } from "../sql/database.ts";
import { parameters } from "../sql/parameters.ts";
import {
  containing,
  fromMicroseconds,
  iso,
  microseconds,
  RETURN_JSON,
  SHIPMENT_JSON,
} from "../sql/view-sql.ts";
import { type ReturnRecord, readReturn } from "./returns.ts";
import { UNKNOWN_ITEM_JSON } from "./unknown-items.ts";

/**
 * Newest first.
 *
 * @param filter.search a part of the return's or the order's number or of a SKU; a whole tracking number,
 *   GTIN or serial; or what tells of the shopper
 */
export async function listReturns(
  database: Queryable,
  filter: {
    readonly status?: string | undefined;
    readonly search?: string | undefined;
    readonly waiting?: boolean | undefined;
    /** The search does not look at what else than their name tells of shoppers. */
    readonly isPersonalDataHidden?: boolean;
    /** Default: the newest first. */
    readonly sort?: ReturnSort | undefined;
    readonly cursor?: string | undefined;
    readonly limit: number;
  },
): Promise<Page<ReturnSummary>> {
  const isOldestFirst = filter.sort === "requested";
  const direction = isOldestFirst ? "asc" : "desc";
  // A cursor of another order would skip rows.
  const kind = isOldestFirst ? [/^requested$/] : [];
  const [requestedAt, id] =
    filter.cursor === undefined
      ? []
      : decodeCursor(filter.cursor, [...kind, CURSOR_MICROSECONDS, CURSOR_TEXT]).slice(kind.length);
  const search = filter.search?.trim() ?? "";
  const code = readScannedCode(search);
  const statement = parameters([
    filter.status ?? null,
    requestedAt ?? null,
    id ?? null,
    filter.limit + 1,
    search === "" ? null : containing(search),
    code.gtin,
    code.serial,
    code.tracking,
    filter.waiting ?? false,
  ]);
  const byShopper = ordersOfShopper(
    database,
    { text: search, isPersonalDataHidden: filter.isPersonalDataHidden === true },
    statement,
  );
  const { rows } = await database.query<{ summary: ReturnSummary; position: string }>(
    `select ${RETURN_JSON} as summary, ${microseconds("r.requested_at")} as position
       from return_authorization r
      where ($1::text is null or r.status = $1)
        and ($2::text is null or (r.requested_at, r.id) ${isOldestFirst ? ">" : "<"} (${fromMicroseconds("$2")}, $3))
        and ($5::text is null or r.id ilike $5
          or exists (select from orders o where o.id = r.order_id and o.external_number ilike $5)
          or r.order_id in (${byShopper})
          or exists (select from return_line l where l.return_id = r.id and (l.sku ilike $5
            or exists (select from product p where p.sku = l.sku and p.gtin = $6)
            or exists (select from packed_unit u join fulfillment_order f on f.id = u.fulfillment_order_id
                        where f.order_id = r.order_id and u.sku = l.sku and u.serial = $7)))
          or exists (select from return_inspection i join return_piece p on p.inspection_id = i.id
                      where i.return_id = r.id and $7 = any(p.serials))
          or exists (select from shipment s where s.return_id = r.id and s.tracking_number = any($8)))
        and (not $9 or (r.waits_for_person and r.status = 'requested'))
      order by r.requested_at ${direction}, r.id ${direction} limit $4`,
    [...statement.values],
  );
  return toPage(
    rows,
    filter.limit,
    (row) => row.summary,
    (row) => [...(isOldestFirst ? ["requested"] : []), row.position, row.summary.id],
  );
}

type ReturnRow = Pick<
  ReturnView,
  "comment" | "requestedBy" | "decision" | "customFields" | "shipment" | "unknownItems"
> & {
  readonly summary: ReturnSummary;
  readonly inspections: readonly Omit<ReturnView["inspections"][number], "pieces" | "settled">[];
  readonly products: readonly {
    readonly lineId: string;
    readonly title: string;
    readonly insteadOf: string | null;
    readonly gtin: string | null;
  }[];
};

/** @returns null where there is no such return */
export async function readReturnView(database: Queryable, returnId: string): Promise<ReturnView | null> {
  const returned = await readReturn(database, returnId);
  const { rows } = await database.query<ReturnRow>(
    `select ${RETURN_JSON} as summary, r.comment, r.requested_by as "requestedBy", r.decision,
       r.custom_fields as "customFields",
       (select coalesce(jsonb_agg(jsonb_build_object('lineId', line.line_id, 'title', coalesce(ordered.title, line.sku),
            'insteadOf', wanted.title, 'gtin', product.gtin)), '[]')
          from return_line line
          left join order_line ordered on ordered.order_id = r.order_id and ordered.line_id = line.line_id
          left join order_line wanted on wanted.order_id = r.order_id and wanted.line_id = ordered.substitute_for
          left join product on product.sku = line.sku
         where line.return_id = r.id) as products,
       (select coalesce(jsonb_agg(jsonb_build_object('id', i.id, 'by', i.inspected_by, 'at', ${iso("i.at")},
            'note', i.note, 'reopenedAt', ${iso("i.reopened_at")}) order by i.number), '[]')
          from return_inspection i where i.return_id = r.id) as inspections,
       (select coalesce(jsonb_agg(${UNKNOWN_ITEM_JSON} order by u.at, u.id), '[]')
          from return_unknown_item u where u.return_id = r.id) as "unknownItems",
       (select ${SHIPMENT_JSON} from shipment where shipment.return_id = r.id
         order by shipment.created_at desc limit 1) as shipment
     from return_authorization r where r.id = $1`,
    [returnId],
  );
  const row = rows[0];
  if (row === undefined || returned === undefined) return null;
  const { summary, products, ...rest } = row;
  return {
    ...summary,
    ...rest,
    locationId: returned.locationId,
    refundTo: returned.refundTo,
    bonusPercent: returned.bonusPercent,
    lines: returned.lines.map((line) => {
      const product = products.find(({ lineId }) => lineId === line.lineId);
      return {
        ...line,
        title: product?.title ?? line.sku,
        insteadOf: product?.insteadOf ?? null,
        gtin: product?.gtin ?? null,
        awaited: awaitedUnits(line),
        uninspected: uninspectedUnits(returned, line),
        disposition: commonResult(returned, line.lineId),
      };
    }),
    inspections: row.inspections.map((inspection) => shownInspection(returned, inspection)),
  };
}

function commonResult(returned: ReturnRecord, lineId: string) {
  const results = new Set(standingPieces(returned, lineId).map(({ disposition }) => disposition));
  const [only] = results;
  return results.size === 1 ? (only ?? null) : null;
}

function shownInspection(
  { inspections }: ReturnRecord,
  shown: ReturnRow["inspections"][number],
): ReturnView["inspections"][number] {
  const inspection = inspections.find(({ inspectionId }) => inspectionId === shown.id);
  return {
    ...shown,
    settled:
      inspection?.isStocked === true && (inspection.isReopened ? inspection.isUndone : inspection.isRefunded),
    pieces: (inspection?.pieces ?? []).map(({ lineId, sku, quantity, disposition, locationId, serials }) => ({
      lineId,
      sku,
      quantity,
      disposition,
      locationId,
      serials,
    })),
  };
}
