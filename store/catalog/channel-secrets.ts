/**
 * What channels sign their webhooks with: sealed, each with the time until which it counts. A channel has one
 * that is newest, and for a while those before it.
 */
import type { SecretBox } from "../../config/secret-box.ts";
import { type Database, inTransaction, type Queryable } from "../sql/database.ts";

/** When a secret was made, and until when it counts; null: it is the newest. */
export type ChannelSecretTimes = { readonly issuedAt: string; readonly countsUntil: string | null };

const purposeOf = (channelId: string): string => `webhook secret of channel ${channelId}`;

/**
 * Gives the channel its newest secret. Those before it count until `formerUntil` at the latest, and those of
 * them that count no longer are gone.
 */
export async function giveChannelSecret(
  client: Queryable,
  box: SecretBox,
  given: {
    readonly channelId: string;
    readonly clearText: string;
    readonly at: Date;
    readonly formerUntil: Date;
  },
): Promise<void> {
  const { channelId, clearText, at, formerUntil } = given;
  await client.query(
    "update channel_secret set expires_at = least(coalesce(expires_at, $2), $2) where channel_id = $1",
    [channelId, formerUntil],
  );
  await client.query("delete from channel_secret where channel_id = $1 and expires_at <= $2", [
    channelId,
    at,
  ]);
  await client.query("insert into channel_secret (channel_id, sealed, issued_at) values ($1, $2, $3)", [
    channelId,
    box.seal(clearText, purposeOf(channelId)),
    at,
  ]);
}

/** The secrets that count at a time, the newest first. */
export async function listChannelSecrets(
  client: Queryable,
  channelId: string,
  at: Date,
): Promise<readonly ChannelSecretTimes[]> {
  const { rows } = await client.query<{ issuedAt: Date; expiresAt: Date | null }>(
    `select issued_at as "issuedAt", expires_at as "expiresAt" from channel_secret
      where channel_id = $1 and (expires_at is null or expires_at > $2) order by expires_at is null desc, id desc`,
    [channelId, at],
  );
  return rows.map(({ issuedAt, expiresAt }) => ({
    issuedAt: issuedAt.toISOString(),
    countsUntil: expiresAt?.toISOString() ?? null,
  }));
}

/** What the edge needs of a channel before it takes anything for it. */
export type ChannelDoor = {
  readonly kind: string;
  readonly active: boolean;
  /** In clear text, the newest first; empty: its webhooks cannot be checked, and are refused. */
  readonly secrets: readonly string[];
};

/** @returns null where there is no such channel */
export async function readChannelDoor(
  database: Queryable,
  box: SecretBox,
  channelId: string,
  at: Date,
): Promise<ChannelDoor | null> {
  const { rows } = await database.query<{ kind: string; active: boolean; sealed: string[] }>(
    `select kind, active, array(select s.sealed from channel_secret s
              where s.channel_id = channel.id and (s.expires_at is null or s.expires_at > $2)
              order by s.expires_at is null desc, s.id desc) as sealed
       from channel where id = $1`,
    [channelId, at],
  );
  const [row] = rows;
  if (row === undefined) return null;
  const { kind, active, sealed } = row;
  return { kind, active, secrets: sealed.map((each) => box.open(each, purposeOf(channelId))) };
}

/** Forgets secrets that count no longer. */
export async function forgetChannelSecrets(database: Queryable): Promise<void> {
  await database.query("delete from channel_secret where expires_at < now()");
}

/**
 * Seals what a former version kept in clear text, and what is sealed under a key that is to go.
 *
 * @returns how many were sealed
 * @throws SealedSecretError where one cannot be opened; then nothing has changed
 */
export function sealChannelSecrets(database: Database, box: SecretBox): Promise<number> {
  return inTransaction(database, async (client) => {
    const { rows: clear } = await client.query<{ id: string; secret: string }>(
      "select id, webhook_secret as secret from channel where webhook_secret is not null order by id for update",
    );
    const at = new Date();
    for (const { id, secret } of clear) {
      await giveChannelSecret(client, box, { channelId: id, clearText: secret, at, formerUntil: at });
      await client.query("update channel set webhook_secret = null where id = $1", [id]);
    }
    const { rows: sealed } = await client.query<{ id: string; channelId: string; sealed: string }>(
      `select id, channel_id as "channelId", sealed from channel_secret order by id for update`,
    );
    // Each is opened, also those that stay: a key that is missing is found at start, not by a webhook.
    const opened = sealed.map((row) => ({
      ...row,
      clearText: box.open(row.sealed, purposeOf(row.channelId)),
    }));
    const renewed = opened.filter((row) => !box.isCurrent(row.sealed));
    for (const { id, channelId, clearText } of renewed)
      await client.query("update channel_secret set sealed = $2 where id = $1", [
        id,
        box.seal(clearText, purposeOf(channelId)),
      ]);
    return clear.length + renewed.length;
  });
}
