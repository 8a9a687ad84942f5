/** Channels' accounts at their vendors' APIs, as people set them: one a channel, its secrets sealed. */
import type { SecretBox } from "../../config/secret-box.ts";
import type { Queryable } from "../sql/database.ts";
import { feedEnd } from "../sql/feed-cursor.ts";

/** What is shown of the stock at a channel. */
export type StockRules = {
  /** Of these locations; null: of all. */
  readonly locations: readonly string[] | null;
  /** Of each listing, kept back from the channel. */
  readonly bufferUnits: number;
  readonly bufferPercent: number;
  /** Null: as much as there is. */
  readonly mostShown: number | null;
};

export type ChannelAccount = StockRules & {
  readonly channelId: string;
  /** Of the channel's row: which vendor it is. */
  readonly kind: string;
  readonly stockPool: string | null;
  /** Whether the channel itself is switched on. */
  readonly channelActive: boolean;
  readonly active: boolean;
  readonly pollSeconds: number;
  readonly tellsOrders: boolean;
  readonly tellsStock: boolean;
  /** The hour of the UTC day; null: only on demand. */
  readonly comparesAt: number | null;
  /** The location of ours that the vendor runs: it keeps and sends the goods there. Null: none. */
  readonly runsLocation: string | null;
  /** What is no secret. */
  readonly plain: Readonly<Record<string, string>>;
  readonly secrets: Readonly<Record<string, string>>;
};

type SealedRow = Omit<ChannelAccount, "secrets"> & { readonly sealed: string | null };

const COLUMNS = `a.channel_id as "channelId", c.kind, c.stock_pool as "stockPool", c.active as "channelActive",
  a.active, a.poll_seconds as "pollSeconds", a.tells_orders as "tellsOrders", a.tells_stock as "tellsStock",
  a.compares_at as "comparesAt", a.locations, a.buffer_units as "bufferUnits",
  a.buffer_percent as "bufferPercent", a.most_shown as "mostShown", a.runs_location as "runsLocation", a.settings as plain, a.sealed`;

export const channelAccountSubject = (channelId: string): string => `channel-account:${channelId}`;

const purposeOf = (channelId: string): string => `secrets of the account of the channel ${channelId}`;

function opened(box: SecretBox, { sealed, ...row }: SealedRow): ChannelAccount {
  return {
    ...row,
    secrets:
      sealed === null
        ? {}
        : (JSON.parse(box.open(sealed, purposeOf(row.channelId))) as Record<string, string>),
  };
}

export async function readChannelAccounts(
  client: Queryable,
  box: SecretBox,
): Promise<readonly ChannelAccount[]> {
  const { rows } = await client.query<SealedRow>(
    `select ${COLUMNS} from channel_account a join channel c on c.id = a.channel_id order by a.channel_id`,
  );
  return rows.map((row) => opened(box, row));
}

/** @returns null where the channel is not connected */
export async function readChannelAccount(
  client: Queryable,
  box: SecretBox,
  channelId: string,
): Promise<ChannelAccount | null> {
  const { rows } = await client.query<SealedRow>(
    `select ${COLUMNS} from channel_account a join channel c on c.id = a.channel_id where a.channel_id = $1`,
    [channelId],
  );
  const [row] = rows;
  return row === undefined ? null : opened(box, row);
}

/** Whose vendor runs the location; null: we do. */
export async function channelThatRuns(client: Queryable, locationId: string): Promise<string | null> {
  const { rows } = await client.query<{ channelId: string }>(
    `select channel_id as "channelId" from channel_account where runs_location = $1`,
    [locationId],
  );
  return rows[0]?.channelId ?? null;
}

/** The location that the channel's vendor runs; null: none, or it is not connected. */
export async function locationRunBy(client: Queryable, channelId: string): Promise<string | null> {
  const { rows } = await client.query<{ location: string | null }>(
    "select runs_location as location from channel_account where channel_id = $1",
    [channelId],
  );
  return rows[0]?.location ?? null;
}

/**
 * A channel that is connected is read and told from now on: what was before comes by a backfill.
 *
 * @param readFrom from when on its orders are read, of one that is connected anew
 */
export async function writeChannelAccount(
  client: Queryable,
  box: SecretBox,
  account: Omit<ChannelAccount, "kind" | "stockPool" | "channelActive">,
  readFrom: Date,
): Promise<void> {
  const { channelId, secrets } = account;
  await client.query(
    `insert into channel_account (channel_id, settings, sealed, active, poll_seconds, tells_orders, tells_stock,
                                  locations, buffer_units, buffer_percent, most_shown, compares_at, runs_location)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
     on conflict (channel_id) do update
       set settings = excluded.settings, sealed = excluded.sealed, active = excluded.active,
           poll_seconds = excluded.poll_seconds, tells_orders = excluded.tells_orders,
           tells_stock = excluded.tells_stock, locations = excluded.locations, buffer_units = excluded.buffer_units,
           buffer_percent = excluded.buffer_percent, most_shown = excluded.most_shown,
           compares_at = excluded.compares_at, runs_location = excluded.runs_location`,
    [
      channelId,
      JSON.stringify(account.plain),
      Object.keys(secrets).length === 0 ? null : box.seal(JSON.stringify(secrets), purposeOf(channelId)),
      account.active,
      account.pollSeconds,
      account.tellsOrders,
      account.tellsStock,
      account.locations,
      account.bufferUnits,
      account.bufferPercent,
      account.mostShown,
      account.comparesAt,
      account.runsLocation,
    ],
  );
  const end = await feedEnd(client);
  await client.query(
    `insert into channel_progress (channel_id, read_to, position_tx, position_id)
     values ($1, $2, $3::text::xid8, $4::bigint)
     on conflict (channel_id) do update set problem_code = null, problem = null, problem_at = null`,
    [channelId, readFrom, end.transaction.toString(), end.id.toString()],
  );
}

/**
 * What the vendor has put in the place of secrets that there were.
 *
 * @returns false: it is not connected any more
 */
export async function replaceChannelSecrets(
  client: Queryable,
  box: SecretBox,
  channelId: string,
  replaced: Readonly<Record<string, string>>,
): Promise<boolean> {
  const { rows } = await client.query<{ sealed: string | null }>(
    "select sealed from channel_account where channel_id = $1 for update",
    [channelId],
  );
  const [row] = rows;
  if (row === undefined) return false;
  const before =
    row.sealed === null ? {} : (JSON.parse(box.open(row.sealed, purposeOf(channelId))) as object);
  const secrets = JSON.stringify({ ...before, ...replaced });
  await client.query("update channel_account set sealed = $2 where channel_id = $1", [
    channelId,
    box.seal(secrets, purposeOf(channelId)),
  ]);
  return true;
}

/** With its progress, its listings and what was compared. What it was told of orders stays. */
export async function removeChannelAccount(client: Queryable, channelId: string): Promise<void> {
  await client.query("delete from channel_account where channel_id = $1", [channelId]);
}

/** Seals anew what is sealed under a key that is to go. @returns how many were sealed */
export async function sealChannelAccounts(client: Queryable, box: SecretBox): Promise<number> {
  const { rows } = await client.query<{ channelId: string; sealed: string }>(
    `select channel_id as "channelId", sealed from channel_account where sealed is not null`,
  );
  let count = 0;
  for (const { channelId, sealed } of rows) {
    const text = box.open(sealed, purposeOf(channelId));
    if (box.isCurrent(sealed)) continue;
    await client.query("update channel_account set sealed = $2 where channel_id = $1", [
      channelId,
      box.seal(text, purposeOf(channelId)),
    ]);
    count += 1;
  }
  return count;
}
