/**
 * What channels offer for sale, and how much of it each is to have and was told last.
 *
 * L1 A listing has one figure that is wanted and one that was told: a newer one takes the place of an older
 *    one, and nothing piles up.
 * L2 A figure counts as told only where the channel has not counted by itself since it was read (`counts`).
 */
import type { Listing } from "../../ports/channel-connection.ts";
import type { Queryable } from "../sql/database.ts";

/** Adds listings, or what is new about them. */
export async function writeListings(
  client: Queryable,
  channelId: string,
  listings: readonly Listing[],
  at: Date,
): Promise<void> {
  if (listings.length === 0) return;
  // The channel may offer one SKU several times: the last one counts, as it does there.
  const bySku = new Map(listings.map((listing) => [listing.channelSku, listing]));
  await client.query(
    `insert into channel_listing (channel_id, channel_sku, title, gtin, ids, at_channel, seen_at)
     select $1, l."channelSku", l.title, l.gtin, l.ids, l.quantity, $3
       from jsonb_to_recordset($2) as l("channelSku" text, title text, gtin text, ids jsonb, quantity integer)
     on conflict (channel_id, channel_sku) do update
       set title = excluded.title, gtin = excluded.gtin, at_channel = excluded.at_channel,
           seen_at = excluded.seen_at, ids = excluded.ids,
           -- Another listing under its name has another figure.
           told = case when channel_listing.ids = excluded.ids then channel_listing.told end`,
    [channelId, JSON.stringify([...bySku.values()]), at],
  );
}

/** Listings that the channel had and has not any more: they are told nothing. */
export async function dropUnseenListings(client: Queryable, channelId: string, before: Date): Promise<void> {
  await client.query(
    `update channel_listing set seen_at = null, wanted = null where channel_id = $1 and seen_at < $2`,
    [channelId, before],
  );
}

/** The channel has sold them itself, and so has counted itself: it is told anew how many there are. */
export async function recountListings(client: Queryable, channelId: string, orderId: string): Promise<void> {
  await client.query(
    `update channel_listing l set told = null, counts = counts + 1
      where l.channel_id = $1
        and l.channel_sku in (select o.channel_sku from order_line o where o.order_id = $2)`,
    [channelId, orderId],
  );
}

export type ListedGoods = {
  readonly channelSku: string;
  /** Null: nothing of ours is mapped to it. */
  readonly sku: string | null;
  /** Of a kit; null: it is none. */
  readonly components: readonly { readonly sku: string; readonly quantity: number }[] | null;
  readonly wanted: number | null;
};

/**
 * What each listing of a channel sells of ours.
 *
 * @param skus only listings that these have a part in; null: all
 */
export async function readListedGoods(
  client: Queryable,
  channelId: string,
  skus: readonly string[] | null,
): Promise<readonly ListedGoods[]> {
  const { rows } = await client.query<ListedGoods>(
    `select l.channel_sku as "channelSku", coalesce(m.sku, p.sku) as sku, l.wanted,
            (select jsonb_agg(jsonb_build_object('sku', k.sku, 'quantity', k.quantity))
               from kit_component k where k.kit_sku = coalesce(m.sku, p.sku)) as components
       from channel_listing l join channel c on c.id = l.channel_id
       left join sku_mapping m on m.channel_id = l.channel_id and m.channel_sku = l.channel_sku
       left join product p on p.sku = l.channel_sku and p.company_id = c.company_id
      where l.channel_id = $1 and l.seen_at is not null
        and ($2::text[] is null or coalesce(m.sku, p.sku) = any($2)
             or exists (select from kit_component k where k.kit_sku = coalesce(m.sku, p.sku) and k.sku = any($2)))`,
    [channelId, skus],
  );
  return rows;
}

/** @param wanted null: it is not to be told any more */
export async function writeWanted(
  client: Queryable,
  channelId: string,
  figures: readonly { readonly channelSku: string; readonly wanted: number | null }[],
): Promise<void> {
  if (figures.length === 0) return;
  await client.query(
    `update channel_listing l
        set wanted = f.wanted, wanted_at = now(), attempts = 0, due_at = now(), code = null, problem = null
       from unnest($2::text[], $3::integer[]) as f(channel_sku, wanted)
      where l.channel_id = $1 and l.channel_sku = f.channel_sku and l.wanted is distinct from f.wanted`,
    [channelId, figures.map(({ channelSku }) => channelSku), figures.map(({ wanted }) => wanted)],
  );
}

export type ListingDue = {
  readonly channelSku: string;
  readonly ids: Readonly<Record<string, string>>;
  readonly wanted: number;
  /** When this figure was worked out, microseconds: the same figure later is another. */
  readonly since: string;
  readonly counts: number;
  readonly attempts: number;
};

/** Those whose figure is not what the channel was told, the longest waiting first. */
export async function listingsDue(
  client: Queryable,
  channelId: string,
  limit: number,
): Promise<readonly ListingDue[]> {
  const { rows } = await client.query<ListingDue>(
    `select channel_sku as "channelSku", ids, wanted, counts, attempts,
            (extract(epoch from wanted_at) * 1000000)::bigint::text as since
       from channel_listing
      where channel_id = $1 and wanted is not null and wanted is distinct from told and due_at <= now()
        and seen_at is not null
      order by wanted_at, channel_sku limit $2`,
    [channelId, limit],
  );
  return rows;
}

/** A report of stock was made: the next one comes after this pause. */
export async function holdStock(client: Queryable, channelId: string, pauseMs: number): Promise<void> {
  await client.query(
    `update channel_progress set stock_held_until = now() + $2 * interval '1 millisecond' where channel_id = $1`,
    [channelId, pauseMs],
  );
}

/** @param pauseMs as it is set now: a longer one that was set before holds nothing any more */
export async function isStockHeld(client: Queryable, channelId: string, pauseMs: number): Promise<boolean> {
  const { rowCount } = await client.query(
    `select from channel_progress where channel_id = $1 and stock_held_until > now()
        and stock_held_until <= now() + $2 * interval '1 millisecond'`,
    [channelId, pauseMs],
  );
  return rowCount === 1;
}

/** By L2. */
export async function noteStockTold(
  client: Queryable,
  channelId: string,
  told: readonly { readonly channelSku: string; readonly quantity: number; readonly counts: number }[],
): Promise<void> {
  if (told.length === 0) return;
  await client.query(
    `update channel_listing l
        set told = t.quantity, told_at = now(), attempts = 0, code = null, problem = null
       from unnest($2::text[], $3::integer[], $4::integer[]) as t(channel_sku, quantity, counts)
      where l.channel_id = $1 and l.channel_sku = t.channel_sku and l.counts = t.counts`,
    [
      channelId,
      told.map(({ channelSku }) => channelSku),
      told.map(({ quantity }) => quantity),
      told.map(({ counts }) => counts),
    ],
  );
}

/** They are told once more after the pause; a newer figure does not wait for it. */
export async function noteStockRefused(
  client: Queryable,
  channelId: string,
  refused: readonly {
    readonly channelSku: string;
    readonly code: string;
    readonly problem: string;
    readonly pauseMs: number;
  }[],
): Promise<void> {
  if (refused.length === 0) return;
  await client.query(
    `update channel_listing l
        set attempts = l.attempts + 1, code = r.code, problem = r.problem,
            due_at = now() + r."pauseMs" * interval '1 millisecond'
       from jsonb_to_recordset($2) as r("channelSku" text, code text, problem text, "pauseMs" bigint)
      where l.channel_id = $1 and l.channel_sku = r."channelSku"`,
    [channelId, JSON.stringify(refused)],
  );
}

/** It is told once more what there is, whatever it was told before. */
export async function forgetStockTold(
  client: Queryable,
  channelId: string,
  channelSkus: readonly string[] | null,
): Promise<void> {
  await client.query(
    `update channel_listing set told = null, counts = counts + 1, attempts = 0, due_at = now()
      where channel_id = $1 and ($2::text[] is null or channel_sku = any($2))`,
    [channelId, channelSkus],
  );
}

/**
 * Maps what nothing is mapped to and what is certain: the SKU of one product by its GTIN. One of our own SKU
 * needs no mapping.
 *
 * @returns what was mapped
 */
export async function mapByGtin(
  client: Queryable,
  channelId: string,
): Promise<readonly { readonly channelSku: string; readonly sku: string }[]> {
  const { rows } = await client.query<{ channelSku: string; sku: string }>(
    `with proposed as (
       select l.channel_sku, min(p.sku) as sku
         from channel_listing l join channel c on c.id = l.channel_id
         join product p on p.company_id = c.company_id and p.gtin = lpad(l.gtin, 14, '0')
        where l.channel_id = $1 and l.seen_at is not null and l.gtin ~ '^[0-9]{8,14}$'
          and not exists (select from kit_component k where k.kit_sku = p.sku)
          and not exists (select from product own where own.sku = l.channel_sku and own.company_id = c.company_id)
          and not exists (select from sku_mapping m where m.channel_id = $1 and m.channel_sku = l.channel_sku)
        group by l.channel_sku having count(*) = 1)
     insert into sku_mapping (channel_id, channel_sku, sku, made_by)
     select $1, channel_sku, sku, 'same_gtin' from proposed
     on conflict do nothing returning channel_sku as "channelSku", sku`,
    [channelId],
  );
  return rows;
}
