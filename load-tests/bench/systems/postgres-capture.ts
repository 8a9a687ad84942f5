/**
 * Whole orders in PostgreSQL, writing what Holdfast's capture writes, into the same tables with the same
 * indexes: the order with its document, the payload as it came and its idempotency key, the key's row of its
 * person, its lines, its holds, two entries of its history, the message to its saga, and a movement of stock
 * for each line; and stock is taken from one row a position, all lines or none. One function does it for one
 * order or for many, one statement each time, rows of stock locked in the order of their positions.
 *
 * What it does less: it encrypts nothing, reads no format (its document is made beside the payload), looks up
 * no SKU, chooses no location, keeps no journal, and wakes nobody.
 *
 * The one simplification of many in one call: after the first refusal for a position, orders behind it that
 * want that position are refused too.
 */
import { createHash, randomBytes, randomUUID } from "node:crypto";
import pg from "pg";
import type { PlannedOrder } from "../../../integrations/simulator-kit/planned-order.ts";
import { taxOf, totals } from "../../../integrations/simulator-kit/planned-order.ts";
import { APPLIED, type OperationBatch, REFUSED } from "../operations.ts";
import type { Driver, System } from "../system.ts";
import { type ChannelOrder, ChannelOrders, MAX_ORDER_LINES } from "./channel-orders.ts";
import { LOCATION } from "./holdfast-stock.ts";
import { createStockTable, loadStock, readRemaining } from "./postgres-tables.ts";

const FUNCTION_SQL = `
create sequence if not exists bench_movement;
create or replace function place_orders(input json) returns integer[] language plpgsql as $$
declare
  refused integer[];
begin
  with incoming as materialized (
    select * from json_to_recordset(input) as r(place integer, id text, channel_id text, external_id text,
      total_minor bigint, unit_count integer, customer_name text, customer_email text, placed_at timestamptz,
      content_hash text, document jsonb, raw_payload text, sourcing jsonb, tracking_token text, wrapped text,
      mark bigint, tokens bigint[], lines jsonb, entries jsonb, start jsonb)
  ), known as materialized (
    select orders.id from orders join incoming using (id)
  ), line as materialized (
    select i.place, i.id, l.* from incoming i cross join lateral jsonb_to_recordset(i.lines) as l(
        line_id text, position integer, sku text, quantity integer, unit_price_minor bigint, tax_minor bigint)
      where not exists (select from known where known.id = i.id)
  ), wanted as materialized (
    select distinct position from line
  ), locked as materialized (
    select stock.position, stock.available from stock join wanted using (position)
      order by stock.position for update of stock
  ), decided as materialized (
    select line.*,
        sum(quantity) over (partition by position order by place, line_id) <= locked.available as granted
      from line join locked using (position)
  ), refusal as materialized (
    select distinct place from decided where not granted
  ), granted as materialized (
    select * from incoming i where not exists (select from refusal where refusal.place = i.place)
      and not exists (select from known where known.id = i.id)
  ), taken as materialized (
    select decided.* from decided join granted using (place)
  ), changed as (
    update stock set available = available - change.units
      from (select position, sum(quantity) as units from taken group by position) as change
      where stock.position = change.position
  ), stored as (
    insert into orders (id, company_id, channel_id, external_id, external_number, status, payment_status,
        fulfillment_status, currency, total_minor, exponent, unit_count, customer_name, customer_email, ship_by,
        deliver_by, placed_at, content_hash, document, raw_payload, sourcing, tracking_token)
      select id, 'bench', channel_id, external_id, external_id, 'open', 'pending', 'unfulfilled', 'USD',
        total_minor, 2, unit_count, customer_name, customer_email, current_date + 1, current_date + 4, placed_at,
        decode(content_hash, 'hex'), document, raw_payload, sourcing, tracking_token from granted
  ), person as (
    insert into order_person (order_id, wrapped, mark, tokens, sealed_at)
      select id, decode(wrapped, 'hex'), mark, tokens, now() from granted
  ), lines as (
    insert into order_line (order_id, line_id, sku, channel_sku, title, ordered, unit_price_minor, discount_minor,
        tax_minor)
      select id, line_id, sku, sku, sku, quantity, unit_price_minor, 0, tax_minor from taken
  ), holds as (
    insert into order_hold (order_id, hold_id, line_id, sku, location_id, quantity)
      select id, id || ':' || line_id, line_id, sku, '${LOCATION}', quantity from taken
  ), moved as (
    insert into stock_movement (shard, sequence, entry, sku, location_id, kind, on_hand, reserved, allocated, picked,
        unavailable, safety_stock, hold_id, cause, at)
      select 0, nextval('bench_movement'), 0, sku, '${LOCATION}', 'stock-allocated', 0, 0, quantity, 0, 0, 0,
        id || ':' || line_id, id, now() from taken
  ), history as (
    insert into order_event (order_id, key, type, summary, cause, data)
      select id, e.value->>'key', e.value->>'key', e.value->>'summary', 'bench', e.value->'data'
        from granted cross join lateral jsonb_array_elements(entries) as e
  ), message as (
    insert into outbox (key, topic, payload) select 'start:' || id, 'workflow.start', start from granted
  )
  select array_agg(place) into refused from refusal;
  return refused;
end $$`;

const PLACE = { name: "place", text: "select place_orders($1) as refused" };

export const captureByFunction: System = {
  name: "postgres-function",
  title: "PostgreSQL, orders by a function",
  server: "postgres-catalog",
  exact: true,
  orders: true,
  note: "One call and one transaction an order, writing what Holdfast's capture writes.",
  variants: [8, 16, 32].map((connections) => ({
    name: `pool of ${connections}`,
    inFlight: connections,
    batch: MAX_ORDER_LINES,
    quick: connections === 16,
    connections,
  })),
  connect: async ({ url }, { connections }): Promise<Driver> => {
    const pool = new pg.Pool({ connectionString: url, max: connections });
    const orders = new ChannelOrders(randomUUID());
    return {
      load: (units) => load(pool, units),
      apply: async (_, batch) => {
        const row = rowOf(0, orders.next(batch), batch);
        const { rows } = await pool.query<{ refused: number[] | null }>({
          ...PLACE,
          values: [JSON.stringify([row])],
        });
        return new Uint8Array(batch.length).fill(rows[0]?.refused == null ? APPLIED : REFUSED);
      },
      remaining: (positions) => readRemaining(pool, positions),
      close: () => pool.end(),
    };
  },
};

export const captureInBatches: System = {
  name: "postgres-function-batched",
  title: "PostgreSQL, orders by a function, batched",
  server: "postgres-catalog",
  exact: true,
  orders: true,
  note: "All orders that wait go in one call and one commit; each of them as a whole or not at all.",
  variants: [64, 256, 512].flatMap((inFlight) =>
    [1, 2].map((connections) => ({
      name: `${inFlight} orders in flight, ${connections} ${connections === 1 ? "connection" : "connections"}`,
      inFlight,
      batch: MAX_ORDER_LINES,
      quick: inFlight === 256,
      connections,
    })),
  ),
  connect: async ({ url }, { connections, inFlight }): Promise<Driver> => {
    const pool = new pg.Pool({ connectionString: url, max: connections });
    const orders = new ChannelOrders(randomUUID());
    const gathering = new Gathering(pool, connections, Math.ceil(inFlight / connections));
    return {
      load: (units) => load(pool, units),
      apply: (_, batch) => gathering.place(orders.next(batch), batch),
      remaining: (positions) => readRemaining(pool, positions),
      close: () => pool.end(),
    };
  },
};

/** An order that waits for a connection. */
type Waiting = {
  readonly row: (place: number) => object;
  readonly answer: (isRefused: boolean) => void;
  readonly fail: (error: unknown) => void;
};

/** What has come while all connections were busy goes together as soon as one is free. */
class Gathering {
  private readonly pool: pg.Pool;
  private readonly mostAtOnce: number;
  private free: number;
  private waiting: Waiting[] = [];

  constructor(pool: pg.Pool, connections: number, mostAtOnce: number) {
    this.pool = pool;
    this.free = connections;
    this.mostAtOnce = mostAtOnce;
  }

  async place(order: ChannelOrder, batch: OperationBatch): Promise<Uint8Array> {
    const isRefused = await new Promise<boolean>((resolve, reject) => {
      this.waiting.push({
        row: (place) => rowOf(place, order, batch),
        answer: resolve,
        fail: reject,
      });
      // Once all that is ready in this turn has come.
      setImmediate(() => this.send());
    });
    return new Uint8Array(batch.length).fill(isRefused ? REFUSED : APPLIED);
  }

  private send(): void {
    if (this.free === 0 || this.waiting.length === 0) return;
    this.free -= 1;
    const together = this.waiting.slice(0, this.mostAtOnce);
    this.waiting = this.waiting.slice(together.length);
    this.pool
      .query<{ refused: number[] | null }>({
        ...PLACE,
        values: [JSON.stringify(together.map(({ row }, place) => row(place)))],
      })
      .then(({ rows }) => {
        const refused = new Set(rows[0]?.refused ?? []);
        for (const [place, { answer }] of together.entries()) answer(refused.has(place));
      })
      .catch((error: unknown) => {
        for (const { fail } of together) fail(error);
      })
      .finally(() => {
        this.free += 1;
        this.send();
      });
  }
}

async function load(pool: pg.Pool, units: Uint32Array): Promise<void> {
  await createStockTable(pool);
  await pool.query(FUNCTION_SQL);
  await loadStock(pool, units);
}

/** Words of a name, postcode, address, telephone: what a search of persons finds. */
const TOKENS = 6;
const WRAPPED_BYTES = 60;
const TOKEN_RANGE = 2 ** 40;

function rowOf(
  place: number,
  { channel, externalId, payload, planned }: ChannelOrder,
  batch: OperationBatch,
) {
  const id = `${channel}-${externalId}`;
  const { shopper, lines } = planned;
  const contentHash = createHash("sha256").update(payload).digest("hex");
  const units = lines.reduce((sum, { quantity }) => sum + quantity, 0);
  const holds = lines.map(({ channelSku, quantity }, index) => ({
    holdId: `${id}:${index + 1}`,
    lineId: String(index + 1),
    sku: channelSku,
    locationId: LOCATION,
    quantity,
  }));
  return {
    place,
    id,
    channel_id: channel,
    external_id: externalId,
    total_minor: totals(planned).total,
    unit_count: units,
    customer_name: `${shopper.firstName} ${shopper.lastName}`,
    customer_email: shopper.email,
    placed_at: planned.placedAt.toISOString(),
    content_hash: contentHash,
    document: documentOf(id, channel, externalId, planned),
    raw_payload: payload,
    sourcing: [`${units} units at ${LOCATION}`],
    tracking_token: randomBytes(16).toString("base64url"),
    wrapped: randomBytes(WRAPPED_BYTES).toString("hex"),
    mark: Math.floor(Math.random() * TOKEN_RANGE),
    tokens: Array.from({ length: TOKENS }, () => Math.floor(Math.random() * TOKEN_RANGE)),
    lines: lines.map((line, index) => ({
      line_id: String(index + 1),
      position: batch.position(index),
      sku: line.channelSku,
      quantity: line.quantity,
      unit_price_minor: line.priceMinor,
      tax_minor: taxOf(planned, line),
    })),
    entries: [
      {
        key: "order.captured",
        summary: `Order ${externalId} captured from ${channel}: ${units} units.`,
        data: { contentHash },
      },
      { key: "stock.reserved:1", summary: `${units} units reserved at ${LOCATION}.`, data: { holds } },
    ],
    start: { workflowId: id, workflowType: "orderFulfillment", args: [{ orderId: id }] },
  };
}

function documentOf(orderId: string, channelId: string, externalId: string, planned: PlannedOrder): object {
  const { shopper, lines } = planned;
  const money = (minor: number): object => ({ minor, currency: "USD", exponent: 2 });
  const name = `${shopper.firstName} ${shopper.lastName}`;
  const address = {
    name,
    line1: shopper.line1,
    line2: shopper.line2,
    city: shopper.city,
    region: shopper.region,
    postalCode: shopper.postalCode,
    country: "US",
    phone: shopper.phone,
  };
  return {
    orderId,
    companyId: "bench",
    channelId,
    externalId,
    externalNumber: externalId,
    placedAt: planned.placedAt.toISOString(),
    currency: "USD",
    lines: lines.map((line, index) => ({
      lineId: String(index + 1),
      sku: line.channelSku,
      channelSku: line.channelSku,
      title: line.title,
      quantity: line.quantity,
      unitPrice: money(line.priceMinor),
      discount: money(0),
      tax: money(taxOf(planned, line)),
    })),
    shippingPrice: money(planned.shippingMinor),
    discount: money(0),
    tax: money(totals(planned).tax),
    total: money(totals(planned).total),
    shippingService: planned.service,
    shippingAddress: address,
    billingAddress: address,
    customer: { name, email: shopper.email, phone: shopper.phone },
    paymentBy: "merchant",
  };
}
