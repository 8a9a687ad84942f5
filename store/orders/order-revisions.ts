/**
 * The revisions of an order: the newest is the order's document, former ones are kept with who replaced them
 * and why.
 *
 * Writes documents and the amounts of lines, never quantities or statuses: those are `order-progress.ts`'s,
 * which every revision is followed by.
 */
import type { OrderRevisionView } from "../../contract/orders.ts";
import type { ChangedField, LineAmounts } from "../../orders/change/order-change.ts";
import { newLedger } from "../../orders/line-ledger.ts";
import { rescale } from "../../orders/money.ts";
import type { OrderDocument } from "../../orders/order.ts";
import { sealerOf } from "../personal-data/vault.ts";
import type { Queryable } from "../sql/database.ts";
import { insertLines, type OrderProgress } from "./order-progress.ts";

export type Revision = {
  readonly document: OrderDocument;
  /** Of `amounts`. */
  readonly exponent: number;
  readonly amounts: readonly LineAmounts[];
  /** Names the change; a change is made once. */
  readonly key: string;
  /** Of the request, where somebody can send another one under the same key. */
  readonly fingerprint?: string;
  readonly changes: readonly ChangedField[];
  readonly by: string;
  /** What it no longer counts of what the channel has to pay back for units that were cancelled here. */
  readonly absorbedMinor?: number;
};

const REVISE = `
with former as (
  insert into order_revision (order_id, revision, document, change_key, changes, changed_by, absorbed_minor,
    change_fingerprint)
  select id, revision, document, $3, $4, $5, $14, $15 from orders where id = $1 and revision = $2
  returning order_id
), input as materialized (
  select * from json_to_recordset($6::json) as l(line_id text, sku text, channel_sku text, title text, kind text,
    fulfilled_by text, ordered integer, fulfilled_elsewhere integer, unit_price_minor bigint,
    discount_minor bigint, tax_minor bigint, share_minor bigint, substitute_for text)
), kept as (
  -- Lines that are in the new document no longer keep their amounts, at the order's new exponent.
  update order_line l set unit_price_minor = l.unit_price_minor * $7, discount_minor = l.discount_minor * $7,
    tax_minor = l.tax_minor * $7, share_minor = l.share_minor * $7
  where l.order_id = $1 and $7 <> 1 and not exists (select from input i where i.line_id = l.line_id)
), repriced as (
  update order_line l set sku = coalesce(l.sku, i.sku), title = i.title, unit_price_minor = i.unit_price_minor,
    discount_minor = i.discount_minor, tax_minor = i.tax_minor, share_minor = i.share_minor
  from input i where l.order_id = $1 and l.line_id = i.line_id
), fresh as (
  select $1::text as id, coalesce(jsonb_agg(to_jsonb(i)), '[]') as lines from input i
  where not exists (select from order_line l where l.order_id = $1 and l.line_id = i.line_id)
), added as (
  ${insertLines("fresh")}
), persons as (
  update order_person set mark = $16, tokens = $17 where order_id = $1 and wrapped is not null
)
update orders o set document = $8, revision = o.revision + 1, exponent = $9, total_minor = $10, unit_count = $11,
  customer_name = $12, customer_email = $13
from former where o.id = former.order_id`;

/**
 * Replaces the order's document. This transaction must have locked `order`.
 *
 * @returns the order as it is now, for the change of its ledger that comes with it
 */
export async function writeRevision(
  client: Queryable,
  order: OrderProgress,
  { document, exponent, amounts, key, fingerprint, changes, by, absorbedMinor = 0 }: Revision,
): Promise<OrderProgress> {
  const { orderId, revision } = order;
  const finer = 10 ** (exponent - order.exponent);
  const priced = new Map(amounts.map((line) => [line.lineId, line]));
  const rows = document.lines.map((line) => {
    const amount = priced.get(line.lineId);
    if (amount === undefined) throw new Error(`line ${line.lineId} of ${orderId} has no amounts`);
    return {
      line_id: line.lineId,
      sku: line.sku,
      channel_sku: line.channelSku,
      title: line.title,
      kind: line.kind ?? "goods",
      fulfilled_by: line.fulfilledBy ?? "us",
      ordered: amount.ordered,
      fulfilled_elsewhere: line.fulfilledElsewhere ?? 0,
      unit_price_minor: amount.unitPriceMinor,
      discount_minor: amount.discountMinor,
      tax_minor: amount.taxMinor,
      share_minor: amount.shareMinor,
      substitute_for: line.substituteFor ?? null,
    };
  });
  const sealer = await sealerOf(client, orderId);
  const { email } = document.customer;
  const { mark, tokens } = sealer.person(document);
  const { rowCount } = await client.query({
    name: "write-revision",
    text: REVISE,
    values: [
      orderId,
      revision,
      key,
      sealer.json(changes),
      by,
      JSON.stringify(rows),
      finer,
      JSON.stringify(sealer.document(document)),
      exponent,
      rescale(document.total, exponent),
      document.lines.reduce((units, line) => units + line.quantity, 0),
      sealer.text(document.customer.name),
      email === undefined ? null : sealer.text(email),
      absorbedMinor,
      fingerprint ?? null,
      mark,
      tokens,
    ],
  });
  if (rowCount !== 1) throw new Error(`order ${orderId} is not at revision ${revision}`);
  return {
    ...order,
    document,
    exponent,
    revision: revision + 1,
    lines: linesAfter(order, document, amounts),
  };
}

function linesAfter(
  order: OrderProgress,
  document: OrderDocument,
  amounts: readonly LineAmounts[],
): OrderProgress["lines"] {
  const known = new Set(order.lines.map(({ lineId }) => lineId));
  const added = document.lines
    .filter(({ lineId }) => !known.has(lineId))
    .map((line) => ({
      ...newLedger(line.quantity),
      fulfilledElsewhere: line.fulfilledElsewhere ?? 0,
      lineId: line.lineId,
      sku: line.sku,
      title: line.title,
      kind: line.kind ?? ("goods" as const),
      fulfilledBy: line.fulfilledBy ?? ("us" as const),
      unitPriceMinor: 0,
      discountMinor: 0,
      taxMinor: 0,
      shareMinor: 0,
    }));
  return [...order.lines, ...added].map((line) => {
    const amount = amounts.find(({ lineId }) => lineId === line.lineId);
    if (amount === undefined) return line;
    const { ordered: _, ...priced } = amount;
    return { ...line, ...priced };
  });
}

type MadeChange = {
  readonly revision: number;
  readonly changes: readonly ChangedField[];
  /** Of the request that made it; `null`: unknown, or nobody can send another one under its key. */
  readonly fingerprint: string | null;
};

/** What a change has made of the order, by the change's key; `null`: it has not happened. */
export async function findRevision(
  client: Queryable,
  orderId: string,
  key: string,
): Promise<MadeChange | null> {
  const { rows } = await client.query<MadeChange>(
    `select revision + 1 as revision, changes, change_fingerprint as fingerprint from order_revision
      where order_id = $1 and change_key = $2`,
    [orderId, key],
  );
  return rows[0] ?? null;
}

/** What made the order this revision, with the document before and after; undefined where nothing did. */
export async function readRevisionChange(
  client: Queryable,
  orderId: string,
  revision: number,
): Promise<
  { readonly before: OrderDocument; readonly after: OrderDocument; readonly by: string } | undefined
> {
  const { rows } = await client.query<{ before: OrderDocument; after: OrderDocument; by: string }>(
    `select r.document as before, coalesce(n.document, o.document) as after, r.changed_by as by
       from order_revision r join orders o on o.id = r.order_id
       left join order_revision n on n.order_id = r.order_id and n.revision = r.revision + 1
      where r.order_id = $1 and r.revision = $2 - 1`,
    [orderId, revision],
  );
  return rows[0];
}

/** Every revision, the newest first; each says what made it. Undefined where there is no such order. */
export async function readRevisions(
  client: Queryable,
  orderId: string,
  channelId: string | null,
): Promise<readonly OrderRevisionView[] | undefined> {
  const { rows } = await client.query<{ items: readonly OrderRevisionView[] }>(
    `with documents as (
       select revision, document from orders where id = $1
       union all select revision, document from order_revision where order_id = $1
     )
     select (select jsonb_agg(jsonb_build_object('revision', d.revision, 'document', d.document,
         'by', coalesce(r.changed_by, 'capture'), 'at', to_jsonb(coalesce(r.replaced_at, o.captured_at)),
         'changes', coalesce(r.changes, '[]')) order by d.revision desc)
       from documents d left join order_revision r on r.order_id = o.id and r.revision = d.revision - 1) as items
     from orders o where o.id = $1 and ($2::text is null or o.channel_id = $2)`,
    [orderId, channelId],
  );
  return rows[0]?.items;
}
