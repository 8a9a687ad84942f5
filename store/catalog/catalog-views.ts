/** Products, SKU mappings, what held orders wait for, places and channels. */
import type { ChannelView, LocationView, Product, SkuMapping, UnmappedSku } from "../../contract/catalog.ts";
import type { Page } from "../../contract/shapes.ts";
import { CURSOR_TEXT, toPage } from "../sql/cursor.ts";
import type { Queryable } from "../sql/database.ts";
import { readingOrder } from "../sql/reading-order.ts";
import { containing } from "../sql/view-sql.ts";

type PageRequest = {
  readonly sort?: string | undefined;
  readonly cursor?: string | undefined;
  readonly limit: number;
};

const PRODUCT = `sku, name, weight_grams as "weightGrams", length_mm as "lengthMm", width_mm as "widthMm",
  height_mm as "heightMm", price_minor as "priceMinor", currency, hs_code as "hsCode",
  origin_country as "originCountry", gtin, tagged, packing_check as "check", custom_fields as "customFields",
  array(select s.substitute_sku from product_substitute s where s.sku = product.sku order by s.position)
    as substitutes,
  (select jsonb_agg(jsonb_build_object('sku', c.sku, 'quantity', c.quantity) order by c.position)
     from kit_component c where c.kit_sku = product.sku) as components`;

export async function listProducts(
  database: Queryable,
  filter: PageRequest & { readonly text?: string | undefined },
): Promise<Page<Product>> {
  const order = readingOrder("sku", filter.sort);
  const [last] = order.placeIn(filter.cursor, [CURSOR_TEXT]);
  const { rows } = await database.query<Product>(
    `select ${PRODUCT} from product
      where ($1::text is null or sku ilike $1 or name ilike $1 or gtin = $4) and ($2::text is null or sku ${order.further} $2)
      order by sku ${order.direction} limit $3`,
    [
      filter.text === undefined ? null : containing(filter.text),
      last ?? null,
      filter.limit + 1,
      gtinOf(filter.text),
    ],
  );
  return toPage(rows, filter.limit, withoutEmptyKit, (row) => order.placeOf(row.sku));
}

/** A scanned code of 8 to 14 digits, as products have it; null: it is none. */
function gtinOf(text: string | undefined): string | null {
  return text !== undefined && /^\d{8,14}$/.test(text) ? text.padStart(14, "0") : null;
}

export async function findProduct(database: Queryable, sku: string): Promise<Product | null> {
  const { rows } = await database.query<Product>(`select ${PRODUCT} from product where sku = $1`, [sku]);
  return rows[0] === undefined ? null : withoutEmptyKit(rows[0]);
}

/** By SKU; those that the catalog does not know are left out. */
export async function findProducts(
  database: Queryable,
  skus: readonly string[],
): Promise<ReadonlyMap<string, Product>> {
  const { rows } = await database.query<Product>(`select ${PRODUCT} from product where sku = any($1)`, [
    skus,
  ]);
  return new Map(rows.map((row) => [row.sku, withoutEmptyKit(row)]));
}

function withoutEmptyKit({ components, ...product }: Product): Product {
  return components ? { ...product, components } : product;
}

export async function listSkuMappings(
  database: Queryable,
  filter: PageRequest & { readonly channelId?: string | undefined },
): Promise<Page<SkuMapping>> {
  const order = readingOrder("channel", filter.sort);
  const [channelId, channelSku] = order.placeIn(filter.cursor, [CURSOR_TEXT, CURSOR_TEXT]);
  const { rows } = await database.query<SkuMapping>(
    `select channel_id as channel, channel_sku as "channelSku", sku from sku_mapping
      where ($1::text is null or channel_id = $1) and ($2::text is null or (channel_id, channel_sku) ${order.further} ($2, $3))
      order by channel_id ${order.direction}, channel_sku ${order.direction} limit $4`,
    [filter.channelId ?? null, channelId ?? null, channelSku ?? null, filter.limit + 1],
  );
  return toPage(
    rows,
    filter.limit,
    (row) => row,
    (row) => order.placeOf(row.channel, row.channelSku),
  );
}

/** SKUs that orders on hold name and the catalog lacks, most wanted first. */
export async function listUnmappedSkus(database: Queryable, limit: number): Promise<Page<UnmappedSku>> {
  const { rows } = await database.query<UnmappedSku>(
    `select o.channel_id as channel, line.channel_sku as "channelSku", max(line.title) as title,
            count(distinct o.id)::int as orders
       from orders o join order_line line on line.order_id = o.id
      where o.status = 'on_hold' and line.sku is null
      group by o.channel_id, line.channel_sku
      order by orders desc, o.channel_id, line.channel_sku limit $1`,
    [limit],
  );
  return { items: rows, next: null };
}

/** @param all also those that serve no orders */
export async function listLocations(database: Queryable, all = false): Promise<Page<LocationView>> {
  const { rows } = await database.query<LocationView>(
    `select id, name, kind, active, coalesce(address->>'city', '') as city, coalesce(address->>'country', '') as country
       from location where active or $1 order by priority, id`,
    [all],
  );
  return { items: rows, next: null };
}

export async function listChannels(database: Queryable): Promise<Page<ChannelView>> {
  const { rows } = await database.query<ChannelView>(
    `select id, name, kind, active, on_shortage as "onShortage" from channel order by id`,
  );
  return { items: rows, next: null };
}
