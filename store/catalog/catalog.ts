/**
 * What capture has to know of every order: the channel, the product behind the channel's SKU, and where
 * locations are.
 *
 * Answers are cached in each process, because every order asks the same: a product or a mapping that was
 * found for a minute, a channel or the locations for some seconds. What was not found is not cached. A change
 * of a mapping or a channel in this process tells the cache (`forgetSku`, `forgetChannel`); another process
 * learns of a mapping within the minute, and of a channel or a location by a notification
 * (`forgetSettings`), where that is lost within seconds.
 */
import type { WorkCalendar } from "../../config/work-calendar.ts";
import type { CustomField } from "../../orders/custom-fields/custom-fields.ts";
import type { Store } from "../../orders/fulfillment/collection.ts";
import type { PackingCheck } from "../../orders/fulfillment/packing-check.ts";
import type { HoldRules } from "../../orders/incoming/hold-rules.ts";
import type { AllocationPolicy } from "../../orders/order.ts";
import { batched } from "../sql/batched.ts";
import type { Database, DatabaseClient, Queryable } from "../sql/database.ts";
import { givenList } from "../sql/given-list.ts";
import { readCustomFields } from "./custom-fields.ts";
import { CALENDAR_COLUMNS, type CalendarRow, calendarOf } from "./locations.ts";

export type NewProduct = {
  readonly sku: string;
  readonly name: string;
  readonly weightGrams: number;
  /** Default 200. */
  readonly lengthMm?: number;
  /** Default 150. */
  readonly widthMm?: number;
  /** Default 100. */
  readonly heightMm?: number;
  readonly priceMinor: number;
  readonly currency: string;
  readonly hsCode: string;
  readonly originCountry: string;
  readonly gtin: string;
  /** Whether its units bear RFID tags. Default true. */
  readonly tagged?: boolean;
};

export type Channel = {
  readonly id: string;
  readonly companyId: string;
  readonly kind: string;
  readonly onShortage: "hold" | "refuse";
  /** What its orders want reserved where stock does not cover them, unless they say so themselves. */
  readonly allocation: AllocationPolicy;
  /** Who takes the money of its orders; `order`: each order says so. */
  readonly chargedBy: "channel" | "merchant" | "order";
  /** Whether an order that we charge may say that it is paid at the door. */
  readonly payOnDelivery: boolean;
  readonly active: boolean;
  /** The stock pool that its orders are reserved through; null: what everybody may sell. */
  readonly stockPool: string | null;
  /** Units of each SKU that it is not told of. */
  readonly stockBuffer: number;
  /** By which of its new orders a person looks first. */
  readonly holdRules: Partial<HoldRules>;
};

export type ShippingOrigin = WorkCalendar & { readonly latitude: number; readonly country: string };

export type Catalog = {
  channel(id: string): Promise<Channel | undefined>;
  /**
   * The catalog's SKU for what a channel calls `channelSku`: its mapping, else the product of that very SKU.
   */
  skuFor(channelId: string, channelSku: string): Promise<string | null>;
  locations(): Promise<ReadonlyMap<string, ShippingOrigin>>;
  /** The company's stores that are open to customers, by their ids. */
  stores(companyId: string): Promise<readonly Store[]>;
  /** The company's own fields, retired ones too. */
  customFields(companyId: string): Promise<readonly CustomField[]>;
  forgetSku(channelSku: string): void;
  forgetChannel(id: string): void;
  /** Channels, locations and custom fields are read again. */
  forgetSettings(): void;
};

const SKU_TTL_MS = 60_000;
/** Some 20 MB at the most; beyond it the oldest entry goes. */
const MAX_CACHED_SKUS = 200_000;
const SETTINGS_TTL_MS = 5_000;

const catalogs = new WeakMap<Database, Catalog>();

/** The catalog of a database, one a process. */
export function catalogOf(database: Database): Catalog {
  const known = catalogs.get(database);
  if (known !== undefined) return known;
  const created = createCatalog(database);
  catalogs.set(database, created);
  return created;
}

function createCatalog(database: Database): Catalog {
  const skus = new Map<string, { readonly sku: string; readonly until: number }>();
  const channels = new Map<string, { readonly channel: Channel; readonly until: number }>();
  let locations: { readonly byId: ReadonlyMap<string, ShippingOrigin>; readonly until: number } | undefined;
  const stores = new Map<string, { readonly stores: readonly Store[]; readonly until: number }>();
  const fields = new Map<string, { readonly fields: readonly CustomField[]; readonly until: number }>();
  const findSku = batched((keys) => findSkus(database, keys));
  const findChannel = batched((ids) => findChannels(database, ids));

  return {
    channel: async (id) => {
      const cached = channels.get(id);
      if (cached !== undefined && cached.until > Date.now()) return cached.channel;
      const channel = await findChannel(id);
      if (channel !== undefined) channels.set(id, { channel, until: Date.now() + SETTINGS_TTL_MS });
      return channel;
    },
    skuFor: async (channelId, channelSku) => {
      const key = keyOf(channelId, channelSku);
      const cached = skus.get(key);
      if (cached !== undefined && cached.until > Date.now()) return cached.sku;
      const sku = await findSku(key);
      if (sku === undefined) return null;
      skus.delete(key);
      skus.set(key, { sku, until: Date.now() + SKU_TTL_MS });
      if (skus.size > MAX_CACHED_SKUS) {
        for (const oldest of skus.keys()) {
          skus.delete(oldest);
          break;
        }
      }
      return sku;
    },
    locations: async () => {
      if (locations === undefined || locations.until <= Date.now()) {
        locations = { byId: await readLocations(database), until: Date.now() + SETTINGS_TTL_MS };
      }
      return locations.byId;
    },
    stores: async (companyId) => {
      const cached = stores.get(companyId);
      if (cached !== undefined && cached.until > Date.now()) return cached.stores;
      const found = await readStores(database, companyId);
      stores.set(companyId, { stores: found, until: Date.now() + SETTINGS_TTL_MS });
      return found;
    },
    customFields: async (companyId) => {
      const cached = fields.get(companyId);
      if (cached !== undefined && cached.until > Date.now()) return cached.fields;
      const found = await readCustomFields(database, companyId);
      fields.set(companyId, { fields: found, until: Date.now() + SETTINGS_TTL_MS });
      return found;
    },
    forgetChannel: (id) => {
      channels.delete(id);
    },
    forgetSettings: () => {
      channels.clear();
      stores.clear();
      fields.clear();
      locations = undefined;
    },
    forgetSku: (channelSku) => {
      for (const key of skus.keys()) if (key.endsWith(keyOf("", channelSku))) skus.delete(key);
    },
  };
}

/** Channel ids have no space, so the first one ends it. */
function keyOf(channelId: string, channelSku: string): string {
  return `${channelId} ${channelSku}`;
}

async function findSkus(database: Database, keys: readonly string[]): Promise<ReadonlyMap<string, string>> {
  const { rows } = await database.query<{ key: string; sku: string }>({
    name: "find-skus",
    text: `select asked.key, coalesce(m.sku, p.sku) as sku
      from unnest(${givenList("$1")}, ${givenList("$2")}, ${givenList("$3")}) as asked(key, channel_id, channel_sku)
      join channel c on c.id = asked.channel_id
      left join sku_mapping m on m.channel_id = asked.channel_id and m.channel_sku = asked.channel_sku
      left join product p on p.sku = asked.channel_sku and p.company_id = c.company_id
      where coalesce(m.sku, p.sku) is not null`,
    values: [
      keys,
      keys.map((key) => key.slice(0, key.indexOf(" "))),
      keys.map((key) => key.slice(key.indexOf(" ") + 1)),
    ],
  });
  return new Map(rows.map((row) => [row.key, row.sku]));
}

async function findChannels(
  database: Database,
  ids: readonly string[],
): Promise<ReadonlyMap<string, Channel>> {
  const { rows } = await database.query<Channel>({
    name: "find-channels",
    text: `select id, company_id as "companyId", kind, on_shortage as "onShortage", allocation,
        charged_by as "chargedBy", pay_on_delivery as "payOnDelivery", active, stock_pool as "stockPool",
        stock_buffer as "stockBuffer", hold_rules as "holdRules"
      from channel where id = any($1)`,
    values: [ids],
  });
  return new Map(rows.map((row) => [row.id, row]));
}

export async function readLocations(client: Queryable): Promise<ReadonlyMap<string, ShippingOrigin>> {
  const { rows } = await client.query<
    CalendarRow & { id: string; latitude: number; longitude: number; country: string }
  >(
    `select id, latitude, longitude, coalesce(address->>'country', '') as country, ${CALENDAR_COLUMNS} from location`,
  );
  return new Map(
    rows.map(({ id, latitude, longitude, country, ...calendar }) => [
      id,
      { latitude, longitude, country, ...calendarOf(calendar) },
    ]),
  );
}

async function readStores(database: Database, companyId: string): Promise<readonly Store[]> {
  const { rows } = await database.query<Store>(
    `select id as "locationId", name from location
      where company_id = $1 and kind = 'store' and active order by id`,
    [companyId],
  );
  return rows;
}

type InsertedProduct = "created" | "exists" | "differs";

/**
 * Adds a product. Repeating it changes nothing; the same SKU with other data `differs`. `gtin` is a GTIN-14.
 */
export async function insertProduct(
  client: Queryable,
  companyId: string,
  product: NewProduct,
): Promise<InsertedProduct> {
  const values = [
    product.sku,
    companyId,
    product.name,
    product.weightGrams,
    product.lengthMm ?? 200,
    product.widthMm ?? 150,
    product.heightMm ?? 100,
    product.priceMinor,
    product.currency,
    product.hsCode,
    product.originCountry,
    product.gtin,
    product.tagged ?? true,
  ];
  const inserted = await client.query(
    `insert into product (sku, company_id, name, weight_grams, length_mm, width_mm, height_mm, price_minor, currency,
       hs_code, origin_country, gtin, tagged) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
     on conflict (sku) do nothing`,
    values,
  );
  if (inserted.rowCount === 1) return "created";
  const same = await client.query(
    `select from product where (sku, company_id, name, weight_grams, length_mm, width_mm, height_mm, price_minor, currency,
       hs_code, origin_country, gtin, tagged) = ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)`,
    values,
  );
  return same.rowCount === 1 ? "exists" : "differs";
}

/** What may be changed of a product, which nobody else changes until the transaction ends. */
export async function lockProduct(
  client: DatabaseClient,
  sku: string,
): Promise<Required<Omit<NewProduct, "tagged">> | undefined> {
  const { rows } = await client.query<Required<Omit<NewProduct, "tagged">>>(
    `select sku, name, weight_grams as "weightGrams", length_mm as "lengthMm", width_mm as "widthMm",
            height_mm as "heightMm", price_minor as "priceMinor", currency, hs_code as "hsCode",
            origin_country as "originCountry", gtin
       from product where sku = $1 for no key update`,
    [sku],
  );
  return rows[0];
}

export async function updateProduct(
  client: DatabaseClient,
  product: Required<Omit<NewProduct, "tagged">>,
): Promise<void> {
  await client.query(
    `update product set name = $2, weight_grams = $3, length_mm = $4, width_mm = $5, height_mm = $6, price_minor = $7,
       currency = $8, hs_code = $9, origin_country = $10, gtin = $11 where sku = $1`,
    [
      product.sku,
      product.name,
      product.weightGrams,
      product.lengthMm,
      product.widthMm,
      product.heightMm,
      product.priceMinor,
      product.currency,
      product.hsCode,
      product.originCountry,
      product.gtin,
    ],
  );
}

/**
 * Adds products of which none is there yet, in one statement. Every dimension is given, every GTIN a GTIN-14.
 */
export async function insertProducts(
  client: Queryable,
  companyId: string,
  products: readonly Required<NewProduct>[],
): Promise<void> {
  await client.query(
    `insert into product (sku, company_id, name, weight_grams, length_mm, width_mm, height_mm, price_minor, currency,
                          hs_code, origin_country, gtin, tagged)
     select sku, $1, name, "weightGrams", "lengthMm", "widthMm", "heightMm", "priceMinor", currency,
            "hsCode", "originCountry", gtin, tagged
       from jsonb_to_recordset($2) as row(
         sku text, name text, "weightGrams" integer, "lengthMm" integer, "widthMm" integer, "heightMm" integer,
         "priceMinor" bigint, currency text, "hsCode" text, "originCountry" text, gtin text, tagged boolean)`,
    [companyId, JSON.stringify(products)],
  );
}

/** Grams of one unit, by SKU; an SKU that is not in the catalog is not in the answer. */
export async function readUnitWeights(
  client: Queryable,
  skus: readonly string[],
): Promise<ReadonlyMap<string, number>> {
  const { rows } = await client.query<{ sku: string; grams: number }>(
    "select sku, weight_grams as grams from product where sku = any($1)",
    [skus],
  );
  return new Map(rows.map(({ sku, grams }) => [sku, grams]));
}

/** The company whose product it is; undefined where there is none. */
export async function companyOfProduct(client: Queryable, sku: string): Promise<string | undefined> {
  const { rows } = await client.query<{ id: string }>("select company_id as id from product where sku = $1", [
    sku,
  ]);
  return rows[0]?.id;
}

export type ProductPrice = {
  readonly name: string;
  /** ISO 4217 minor units. */
  readonly priceMinor: number;
  readonly currency: string;
};

/** Names and prices of the company's products, by SKU. */
export async function readProductPrices(
  client: Queryable,
  companyId: string,
  skus: readonly string[],
): Promise<ReadonlyMap<string, ProductPrice>> {
  const { rows } = await client.query<ProductPrice & { readonly sku: string }>(
    `select sku, name, price_minor as "priceMinor", currency from product
     where company_id = $1 and sku = any($2)`,
    [companyId, skus],
  );
  return new Map(rows.map(({ sku, ...price }) => [sku, price]));
}

type Tagging = { readonly tagged: boolean; readonly check: PackingCheck | null };

/**
 * Says whether units of the SKU bear RFID tags, and how those without are verified where they are packed,
 * from now on.
 *
 * @param check absent: stays as it is
 * @returns undefined where there is no such product
 */
export async function setTagged(
  client: Queryable,
  sku: string,
  { tagged, check }: { readonly tagged: boolean; readonly check?: PackingCheck | null | undefined },
): Promise<{ readonly before: Tagging; readonly after: Tagging } | undefined> {
  const { rows } = await client.query<{ before: Tagging; after: Tagging }>(
    `update product set tagged = $2, packing_check = case when $3 then $4 else product.packing_check end
       from (select sku, tagged, packing_check from product where sku = $1 for update) as was
      where product.sku = was.sku
      returning json_build_object('tagged', was.tagged, 'check', was.packing_check) as before,
                json_build_object('tagged', product.tagged, 'check', product.packing_check) as after`,
    [sku, tagged, check !== undefined, check ?? null],
  );
  return rows[0];
}

/**
 * Says what a channel means by its SKU, from now on. Returns which of ours it meant before, or undefined
 * where our SKU is no product of the channel's company.
 */
export async function upsertSkuMapping(
  client: Queryable,
  mapping: { readonly channelId: string; readonly channelSku: string; readonly sku: string },
): Promise<{ readonly before: string | null } | undefined> {
  const { rows } = await client.query<{ before: string | null }>(
    `insert into sku_mapping (channel_id, channel_sku, sku)
     select c.id, $2, p.sku from channel c join product p on p.company_id = c.company_id
     where c.id = $1 and p.sku = $3
     on conflict (channel_id, channel_sku) do update set sku = excluded.sku
     returning (select was.sku from sku_mapping was where was.channel_id = $1 and was.channel_sku = $2) as before`,
    [mapping.channelId, mapping.channelSku, mapping.sku],
  );
  return rows[0];
}

/** Which of these SKUs are no products of the order's company. */
export async function skusNotSold(
  client: Queryable,
  orderId: string,
  skus: readonly string[],
): Promise<readonly string[]> {
  const { rows } = await client.query<{ sku: string }>(
    `select asked.sku from unnest($2::text[]) as asked(sku)
     where not exists (select from product p join orders o on o.company_id = p.company_id
                       where o.id = $1 and p.sku = asked.sku)`,
    [orderId, skus],
  );
  return rows.map(({ sku }) => sku);
}
