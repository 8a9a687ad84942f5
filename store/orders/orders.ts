/**
 * Orders as capture and holds write them. Both writers run within the engine's commit, so that an order and the stock
 * that it holds are written together or not at all, and a commit costs one statement however many orders it carries.
 *
 * Invariants: W1 an order that is there already, or twice in a batch, is written once, with the dependent rows of that
 * one only. W2 a change of a held order is applied once (its `marker` is a timeline key) and only while it is on hold.
 */
import { exponentOf } from "../../orders/capture.ts";
import { rescale } from "../../orders/money.ts";
import type {
  DeliveryPromise,
  HoldCode,
  HoldReason,
  OrderDocument,
  OrderStatus,
  PaymentStatus,
} from "../../orders/order.ts";
import { batched } from "../sql/batched.ts";
import type { Database, Queryable } from "../sql/database.ts";

/** What a writer of the engine's commit may use. */
type Transaction = {
  query(text: string, values?: readonly unknown[]): Promise<{ readonly rows: readonly unknown[] }>;
};

export type StoredHold = {
  readonly holdId: string;
  readonly lineId: string;
  readonly sku: string;
  readonly locationId: string;
  readonly quantity: number;
  /** Of a kit's component: how many of it one kit takes. Default 1. */
  readonly perUnit?: number;
};

export type TimelineEvent = {
  readonly key: string;
  readonly type: string;
  readonly summary: string;
  readonly cause: string;
  readonly data?: Readonly<Record<string, unknown>>;
};

export type CapturedOrder = {
  readonly document: OrderDocument;
  readonly rawPayload: string;
  /** SHA-256 in hex. */
  readonly contentHash: string;
  readonly holdReasons: readonly HoldReason[];
  readonly holds: readonly StoredHold[];
  readonly sourcing: readonly string[];
  readonly promise: DeliveryPromise | null;
  readonly trackingToken: string;
  readonly events: readonly TimelineEvent[];
  /** Message that starts the order's saga. */
  readonly start: object;
};

const INSERT_CAPTURED = `
with input as materialized (
  select * from json_to_recordset($1::json) as r(id text, company_id text, channel_id text, external_id text,
    external_number text, status text, payment_status text, hold_reasons jsonb, currency text, total_minor bigint,
    exponent integer, unit_count integer, customer_name text, customer_email text, ship_by date, deliver_by date,
    placed_at timestamptz, captured_at timestamptz, content_hash text, document jsonb, raw_payload text, sourcing jsonb,
    tracking_token text, lines jsonb, holds jsonb, events jsonb, start jsonb)
), stored as (
  insert into orders (id, company_id, channel_id, external_id, external_number, status, payment_status,
    fulfillment_status, hold_reasons, currency, total_minor, exponent, unit_count, customer_name, customer_email, ship_by,
    deliver_by, placed_at, captured_at, content_hash, document, raw_payload, sourcing, tracking_token)
  select id, company_id, channel_id, external_id, external_number, status, payment_status, 'unfulfilled', hold_reasons,
    currency, total_minor, exponent, unit_count, customer_name, customer_email, ship_by, deliver_by, placed_at,
    captured_at, decode(content_hash, 'hex'), document, raw_payload, sourcing, tracking_token
  from input on conflict do nothing returning id
), fresh as (
  select input.* from input join stored using (id)
), new_lines as (
  insert into order_line (order_id, line_id, sku, channel_sku, title, ordered, unit_price_minor, discount_minor, tax_minor)
  select f.id, l.line_id, l.sku, l.channel_sku, l.title, l.ordered, l.unit_price_minor, l.discount_minor, l.tax_minor
  from fresh f cross join lateral jsonb_to_recordset(f.lines) as l(line_id text, sku text, channel_sku text, title text,
    ordered integer, unit_price_minor bigint, discount_minor bigint, tax_minor bigint)
), new_holds as (
  insert into order_hold (order_id, hold_id, line_id, sku, location_id, quantity, per_unit)
  select f.id, h."holdId", h."lineId", h.sku, h."locationId", h.quantity, coalesce(h."perUnit", 1)
  from fresh f cross join lateral jsonb_to_recordset(f.holds)
    as h("holdId" text, "lineId" text, sku text, "locationId" text, quantity integer, "perUnit" integer)
), new_events as (
  insert into order_event (order_id, key, type, summary, cause, data)
  select f.id, e.value->>'key', e.value->>'type', e.value->>'summary', e.value->>'cause', coalesce(e.value->'data', '{}')
  from fresh f cross join lateral jsonb_array_elements(f.events) with ordinality as e(value, position)
  order by f.captured_at, f.id, e.position
), started as (
  insert into outbox (key, topic, payload)
  select 'start:' || f.id, 'workflow.start', f.start from fresh f on conflict (key) do nothing returning id
)
select pg_notify('outbox', '') from started limit 1`;

/** Inserts captured orders with their lines, holds, timeline and the start of their sagas. */
export const capturedOrderWriter = {
  name: "captured-order",
  async write(transaction: Transaction, records: readonly CapturedOrder[]): Promise<void> {
    const byId = new Map<string, CapturedOrder>();
    for (const record of records) {
      if (!byId.has(record.document.orderId)) byId.set(record.document.orderId, record);
    }
    await transaction.query(INSERT_CAPTURED, [JSON.stringify([...byId.values()].map(insertRow))]);
  },
};

function insertRow(order: CapturedOrder): object {
  return {
    id: order.document.orderId,
    company_id: order.document.companyId,
    channel_id: order.document.channelId,
    external_id: order.document.externalId,
    status: statusOf(order.holdReasons),
    hold_reasons: order.holdReasons,
    captured_at: order.document.capturedAt,
    ship_by: order.promise?.shipBy ?? null,
    deliver_by: order.promise?.deliverBy ?? null,
    sourcing: order.sourcing,
    tracking_token: order.trackingToken,
    holds: order.holds,
    events: order.events,
    start: order.start,
    ...documentColumns(order.document, order.holdReasons, order.rawPayload, order.contentHash),
  };
}

/** The columns that follow from what the channel sent. */
function documentColumns(
  document: OrderDocument,
  holdReasons: readonly HoldReason[],
  rawPayload: string,
  contentHash: string,
): object {
  const exponent = exponentOf(document);
  return {
    external_number: document.externalNumber,
    payment_status: initialPaymentStatus(document, holdReasons),
    currency: document.currency,
    total_minor: rescale(document.total, exponent),
    exponent,
    unit_count: document.lines.reduce((units, line) => units + line.quantity, 0),
    customer_name: document.customer.name,
    customer_email: document.customer.email ?? null,
    placed_at: document.placedAt,
    content_hash: contentHash,
    document,
    raw_payload: rawPayload,
    lines: document.lines.map((line) => ({
      line_id: line.lineId,
      sku: line.sku,
      channel_sku: line.channelSku,
      title: line.title,
      ordered: line.quantity,
      unit_price_minor: rescale(line.unitPrice, exponent),
      discount_minor: rescale(line.discount, exponent),
      // The ledger's tax comes on top of the price.
      tax_minor: document.taxesIncluded === true ? 0 : rescale(line.tax, exponent),
    })),
  };
}

function statusOf(holdReasons: readonly HoldReason[]): OrderStatus {
  return holdReasons.length > 0 ? "on_hold" : "open";
}

function initialPaymentStatus(document: OrderDocument, holdReasons: readonly HoldReason[]): PaymentStatus {
  const isPending = holdReasons.some((reason) => reason.code === "payment_pending");
  return document.paymentBy === "channel" && !isPending ? "paid_at_channel" : "pending";
}

/** A change of an order that is on hold. */
export type HeldOrderChange = {
  readonly orderId: string;
  /** Key of the first of `events`: the change happens once. */
  readonly marker: string;
  /** Reasons that go; a reason of `added` replaces the one of the same code. */
  readonly cleared: readonly HoldCode[];
  readonly added: readonly HoldReason[];
  readonly lineSkus: readonly { readonly lineId: string; readonly sku: string }[];
  readonly holds: readonly StoredHold[];
  readonly sourcing: readonly string[];
  readonly promise: DeliveryPromise | null;
  readonly events: readonly TimelineEvent[];
  /** Message to the order's saga; sent where no reason is left. */
  readonly signal: { readonly key: string; readonly payload: object } | null;
  /** The order as the channel knows it now, where it has sent more of it. */
  readonly replacement: {
    readonly document: OrderDocument;
    readonly rawPayload: string;
    readonly contentHash: string;
  } | null;
};

const CHANGE_HELD = `
with input as materialized (
  select * from json_to_recordset($1::json) as r(id text, marker text, cleared text[], added jsonb, line_skus jsonb,
    holds jsonb, sourcing jsonb, ship_by date, deliver_by date, events jsonb, signal_key text, signal jsonb,
    replaced boolean, external_number text, payment_status text, currency text, total_minor bigint, exponent integer,
    unit_count integer, customer_name text, customer_email text, placed_at timestamptz, content_hash text, document jsonb,
    raw_payload text, lines jsonb)
), changed as (
  update orders o set
    hold_reasons = (select coalesce(jsonb_agg(r), '[]') from jsonb_array_elements(o.hold_reasons) r
      where r->>'code' <> all(i.cleared)) || i.added,
    status = case when i.added = '[]' and not exists (select from jsonb_array_elements(o.hold_reasons) r
      where r->>'code' <> all(i.cleared)) then 'open' else 'on_hold' end,
    sourcing = o.sourcing || i.sourcing,
    ship_by = coalesce(i.ship_by, o.ship_by), deliver_by = coalesce(i.deliver_by, o.deliver_by),
    external_number = coalesce(i.external_number, o.external_number),
    -- Who clears the doubt about a payment that the channel takes says that it was made.
    payment_status = coalesce(i.payment_status, case when o.payment_status = 'pending'
      and o.document->>'paymentBy' = 'channel' and 'payment_pending' = any(i.cleared)
      and not i.added @> '[{"code": "payment_pending"}]' then 'paid_at_channel' else o.payment_status end), currency = coalesce(i.currency, o.currency),
    total_minor = coalesce(i.total_minor, o.total_minor), exponent = coalesce(i.exponent, o.exponent),
    unit_count = coalesce(i.unit_count, o.unit_count), customer_name = coalesce(i.customer_name, o.customer_name),
    customer_email = coalesce(i.customer_email, o.customer_email), placed_at = coalesce(i.placed_at, o.placed_at),
    content_hash = coalesce(decode(i.content_hash, 'hex'), o.content_hash),
    document = coalesce(i.document, o.document), raw_payload = coalesce(i.raw_payload, o.raw_payload),
    version = o.version + 1, updated_at = now()
  from input i
  where o.id = i.id and o.status = 'on_hold'
    and not exists (select from order_event e where e.order_id = i.id and e.key = i.marker)
  returning o.id, o.status
), fresh as (
  select input.*, changed.status from input join changed using (id)
), dropped_lines as (
  delete from order_line l using fresh f where f.replaced and l.order_id = f.id
    and not exists (select from jsonb_array_elements(f.lines) n where n->>'line_id' = l.line_id)
), new_lines as (
  insert into order_line (order_id, line_id, sku, channel_sku, title, ordered, unit_price_minor, discount_minor, tax_minor)
  select f.id, l.line_id, l.sku, l.channel_sku, l.title, l.ordered, l.unit_price_minor, l.discount_minor, l.tax_minor
  from fresh f cross join lateral jsonb_to_recordset(f.lines) as l(line_id text, sku text, channel_sku text, title text,
    ordered integer, unit_price_minor bigint, discount_minor bigint, tax_minor bigint)
  where f.replaced
  on conflict (order_id, line_id) do update set sku = excluded.sku, channel_sku = excluded.channel_sku,
    title = excluded.title, ordered = excluded.ordered, unit_price_minor = excluded.unit_price_minor,
    discount_minor = excluded.discount_minor, tax_minor = excluded.tax_minor
), mapped_lines as (
  update order_line l set sku = s.sku
  from fresh f cross join lateral jsonb_to_recordset(f.line_skus) as s("lineId" text, sku text)
  where not f.replaced and l.order_id = f.id and l.line_id = s."lineId" and l.sku is null
), new_holds as (
  insert into order_hold (order_id, hold_id, line_id, sku, location_id, quantity, per_unit)
  select f.id, h."holdId", h."lineId", h.sku, h."locationId", h.quantity, coalesce(h."perUnit", 1)
  from fresh f cross join lateral jsonb_to_recordset(f.holds)
    as h("holdId" text, "lineId" text, sku text, "locationId" text, quantity integer, "perUnit" integer)
  on conflict do nothing
), new_events as (
  insert into order_event (order_id, key, type, summary, cause, data)
  select f.id, e.value->>'key', e.value->>'type', e.value->>'summary', e.value->>'cause', coalesce(e.value->'data', '{}')
  from fresh f cross join lateral jsonb_array_elements(f.events) with ordinality as e(value, position)
  order by f.id, e.position
  on conflict do nothing
), signalled as (
  insert into outbox (key, topic, payload)
  select f.signal_key, 'workflow.signal', f.signal from fresh f where f.signal_key is not null and f.status = 'open'
  on conflict (key) do nothing returning id
)
select pg_notify('outbox', '') from signalled limit 1`;

/** Changes held orders: reasons go or come, stock is held, the saga hears of it. */
export const heldOrderWriter = {
  name: "held-order",
  async write(transaction: Transaction, records: readonly HeldOrderChange[]): Promise<void> {
    // A statement changes a row once; two changes of one order take two statements.
    let rest = [...records];
    while (rest.length > 0) {
      const round = new Map<string, HeldOrderChange>();
      const later: HeldOrderChange[] = [];
      for (const record of rest) {
        if (round.has(record.orderId)) later.push(record);
        else round.set(record.orderId, record);
      }
      await transaction.query(CHANGE_HELD, [JSON.stringify([...round.values()].map(changeRow))]);
      rest = later;
    }
  },
};

function changeRow(change: HeldOrderChange): object {
  return {
    id: change.orderId,
    marker: change.marker,
    cleared: [...change.cleared, ...change.added.map((reason) => reason.code)],
    added: change.added,
    line_skus: change.lineSkus,
    holds: change.holds,
    sourcing: change.sourcing,
    ship_by: change.promise?.shipBy ?? null,
    deliver_by: change.promise?.deliverBy ?? null,
    events: change.events,
    signal_key: change.signal?.key ?? null,
    signal: change.signal?.payload ?? null,
    replaced: change.replacement !== null,
    ...(change.replacement === null
      ? {}
      : documentColumns(
          change.replacement.document,
          change.added,
          change.replacement.rawPayload,
          change.replacement.contentHash,
        )),
  };
}

/** What an answer to a repeated capture needs. */
export type KnownOrder = {
  readonly orderId: string;
  readonly contentHash: string;
  readonly status: OrderStatus;
  readonly holdReasons: readonly HoldReason[];
  readonly promise: DeliveryPromise | null;
  readonly lines: readonly {
    readonly lineId: string;
    readonly sku: string | null;
    readonly channelSku: string;
    readonly quantity: number;
  }[];
};

const lookUps = new WeakMap<Database, (orderId: string) => Promise<KnownOrder | undefined>>();

/** The order as far as an answer needs it; look-ups of many orders at once share their queries. */
export function findKnownOrder(database: Database, orderId: string): Promise<KnownOrder | undefined> {
  let lookUp = lookUps.get(database);
  if (lookUp === undefined) {
    lookUp = batched((ids) => findKnownOrders(database, ids));
    lookUps.set(database, lookUp);
  }
  return lookUp(orderId);
}

async function findKnownOrders(
  database: Database,
  ids: readonly string[],
): Promise<ReadonlyMap<string, KnownOrder>> {
  const { rows } = await database.query<KnownOrder>({
    name: "find-known-orders",
    text: `select o.id as "orderId", encode(o.content_hash, 'hex') as "contentHash", o.status,
        o.hold_reasons as "holdReasons",
        case when o.ship_by is null then null
          else jsonb_build_object('shipBy', o.ship_by, 'deliverBy', o.deliver_by) end as promise,
        coalesce((select jsonb_agg(jsonb_build_object('lineId', l.line_id, 'sku', l.sku, 'channelSku', l.channel_sku,
          'quantity', l.ordered) order by length(l.line_id), l.line_id)
          from order_line l where l.order_id = o.id), '[]') as lines
      from orders o where o.id = any($1)`,
    values: [ids],
  });
  return new Map(rows.map((row) => [row.orderId, row]));
}

/** An order as the decision about its hold needs it. */
export type HeldOrder = {
  readonly orderId: string;
  readonly channelId: string;
  readonly status: OrderStatus;
  readonly version: number;
  readonly holdReasons: readonly HoldReason[];
  readonly document: OrderDocument;
  readonly rawPayload: string;
  readonly lines: readonly {
    readonly lineId: string;
    readonly sku: string | null;
    readonly channelSku: string;
    /** Ordered and not cancelled. */
    readonly wanted: number;
    readonly held: number;
  }[];
  /** How many reservations it has made. */
  readonly reservations: number;
};

export async function readHeldOrder(client: Queryable, orderId: string): Promise<HeldOrder | undefined> {
  const { rows } = await client.query<HeldOrder>(
    `select o.id as "orderId", o.channel_id as "channelId", o.status, o.version, o.hold_reasons as "holdReasons",
       o.document, o.raw_payload as "rawPayload",
       (select count(*)::integer from order_event e where e.order_id = o.id and e.type = 'stock.reserved') as reservations,
       coalesce((select jsonb_agg(jsonb_build_object('lineId', l.line_id, 'sku', l.sku, 'channelSku', l.channel_sku,
         'wanted', l.ordered - l.cancelled,
         'held', (select coalesce(min(whole), 0) from (
           select sum(h.quantity) / max(h.per_unit) as whole from order_hold h
           where h.order_id = l.order_id and h.line_id = l.line_id group by h.sku) component))
         order by length(l.line_id), l.line_id)
         from order_line l where l.order_id = o.id), '[]') as lines
     from orders o where o.id = $1`,
    [orderId],
  );
  return rows[0];
}

/** Which of these holds are written down as the order's. */
export async function recordedHolds(
  client: Queryable,
  orderId: string,
  holdIds: readonly string[],
): Promise<ReadonlySet<string>> {
  const { rows } = await client.query<{ hold_id: string }>(
    "select hold_id from order_hold where order_id = $1 and hold_id = any($2)",
    [orderId, holdIds],
  );
  return new Set(rows.map((row) => row.hold_id));
}

/** Held orders with an unmapped line of this channel SKU (of one channel, or of all), oldest first. */
export async function ordersWaitingForSku(
  client: Queryable,
  channelSku: string,
  channelId: string | null,
): Promise<readonly string[]> {
  const { rows } = await client.query<{ id: string }>(
    `select o.id from orders o
     where o.status = 'on_hold' and ($2::text is null or o.channel_id = $2)
       and exists (select from order_line l where l.order_id = o.id and l.sku is null and l.channel_sku = $1)
     order by o.captured_at, o.id`,
    [channelSku, channelId],
  );
  return rows.map((row) => row.id);
}

/** Orders held for nothing but stock, with a line of one of these SKUs, oldest first. */
export async function ordersWaitingForStock(
  client: Queryable,
  skus: readonly string[],
): Promise<readonly string[]> {
  const { rows } = await client.query<{ id: string }>(
    `select o.id from orders o
     where o.status = 'on_hold' and jsonb_array_length(o.hold_reasons) = 1
       and o.hold_reasons @> '[{"code": "insufficient_stock"}]'
       and exists (select from order_line l where l.order_id = o.id and l.sku = any($1))
     order by o.captured_at, o.id`,
    [skus],
  );
  return rows.map((row) => row.id);
}

/** SKUs that orders on hold wait for, whatever else they wait for. */
export async function skusOrdersWaitFor(client: Queryable): Promise<readonly string[]> {
  const { rows } = await client.query<{ sku: string }>(
    `select distinct line.sku
       from orders join order_line line on line.order_id = orders.id
      where orders.status = 'on_hold' and line.sku is not null
        and orders.hold_reasons @> '[{"code": "insufficient_stock"}]'`,
  );
  return rows.map((row) => row.sku);
}

export async function setPromise(
  client: Queryable,
  orderId: string,
  promise: DeliveryPromise,
): Promise<void> {
  await client.query("update orders set ship_by = $2, deliver_by = $3 where id = $1", [
    orderId,
    promise.shipBy,
    promise.deliverBy,
  ]);
}

/** What decides whether an order can still be cancelled. */
export async function readCancellable(
  client: Queryable,
  orderId: string,
): Promise<{ readonly status: OrderStatus; readonly shipped: number } | undefined> {
  const { rows } = await client.query<{ status: OrderStatus; shipped: number }>(
    `select o.status, (select coalesce(sum(l.shipped), 0)::integer from order_line l where l.order_id = o.id) as shipped
     from orders o where o.id = $1 for update`,
    [orderId],
  );
  return rows[0];
}
