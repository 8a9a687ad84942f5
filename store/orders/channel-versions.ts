/**
 * What channels have said of their orders, as far as later messages are measured by it: when the newest
 * version was made, which version the order was made from, and words about orders that have not come yet.
 */
import { sealerOf } from "../personal-data/vault.ts";
import { batchedByDatabase } from "../sql/batched.ts";
import type { Database, Queryable } from "../sql/database.ts";
import { givenList } from "../sql/given-list.ts";

export type SeenVersions = {
  /** ISO 8601: of the newest version that was heard; `null` where the channel has not said. */
  readonly updatedAt: string | null;
  /** The first 24 digits of each version that was heard. */
  readonly contentHashes: readonly string[];
};

export async function readChannelVersion(
  client: Queryable,
  orderId: string,
): Promise<SeenVersions | undefined> {
  const { rows } = await client.query<SeenVersions>(
    `select to_char(coalesce(o.channel_updated_at, (o.document->>'channelUpdatedAt')::timestamptz) at time zone 'UTC',
         'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as "updatedAt",
       array(select split_part(e.key, ':', 2) from order_event e
             where e.order_id = o.id and e.type = 'channel.update_received'
             union select substr(e.data->>'contentHash', 1, 24) from order_event e
             where e.order_id = o.id and e.key = 'order.captured') as "contentHashes"
     from orders o where o.id = $1`,
    [orderId],
  );
  return rows[0];
}

/** @param version.accepted what the order was made from, from now on */
export async function noteChannelVersion(
  client: Queryable,
  orderId: string,
  version: {
    readonly updatedAt: string | null;
    readonly accepted?: { readonly rawPayload: string; readonly contentHash: string };
  },
): Promise<void> {
  const { accepted } = version;
  const sealer = accepted === undefined ? null : await sealerOf(client, orderId);
  await client.query(
    `update orders set channel_updated_at = greatest(channel_updated_at, $2::timestamptz),
       raw_payload = coalesce($3, raw_payload), content_hash = coalesce(decode($4, 'hex'), content_hash)
     where id = $1`,
    [
      orderId,
      version.updatedAt,
      accepted === undefined ? null : (sealer?.text(accepted.rawPayload) ?? null),
      accepted?.contentHash ?? null,
    ],
  );
}

/** Keeps what a channel says of an order that it has not sent yet. */
export async function keepChannelWord(
  client: Queryable,
  word: {
    readonly channelId: string;
    readonly externalId: string;
    readonly reason: string;
    readonly cause: string;
  },
): Promise<void> {
  await client.query(
    `insert into channel_word (channel_id, external_id, kind, reason, cause) values ($1, $2, 'cancelled', $3, $4)
     on conflict do nothing`,
    [word.channelId, word.externalId, word.reason, word.cause],
  );
}

/**
 * Why the channel has cancelled an order, said before it has sent it; `null`: it has not. Look-ups of many
 * orders at once share their queries.
 */
export async function cancelledBefore(
  database: Database,
  channelId: string,
  externalId: string,
): Promise<string | null> {
  // Channel ids have no space, so the first one ends it.
  return (await findCancellation(database, `${channelId} ${externalId}`)) ?? null;
}

const findCancellation = batchedByDatabase(findCancellations);

async function findCancellations(
  database: Database,
  keys: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  const { rows } = await database.query<{ key: string; reason: string }>(
    `select asked.key, w.reason
       from unnest(${givenList("$1")}, ${givenList("$2")}, ${givenList("$3")}) as asked(key, channel_id, external_id)
       join channel_word w on w.channel_id = asked.channel_id and w.external_id = asked.external_id
                          and w.kind = 'cancelled'`,
    [
      keys,
      keys.map((key) => key.slice(0, key.indexOf(" "))),
      keys.map((key) => key.slice(key.indexOf(" ") + 1)),
    ],
  );
  return new Map(rows.map(({ key, reason }) => [key, reason]));
}
