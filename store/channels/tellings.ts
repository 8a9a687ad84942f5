/**
 * What channels are told of their orders: written down once, told in its order, and kept with what came of
 * it.
 *
 * T1 A telling is written with the place in the orders' feed that it was derived from, in one transaction: no
 *    crash loses one, and its key keeps a second one out.
 * T2 Of an order, one is told after the other. What is dead or dropped holds up nothing behind it, and neither
 *    does what the channel has taken and not done yet.
 */
import type { OrderWordKind } from "../../ports/channel-connection.ts";
import type { Queryable } from "../sql/database.ts";

/** What is told, by what the order does not say itself. */
export type TellingFacts = {
  readonly shipmentId?: string;
  readonly refundId?: string;
  readonly number?: string;
  readonly reason?: string;
  readonly isWhole?: boolean;
  /** Of what somebody else sent. */
  readonly carrier?: string;
  readonly trackingNumber?: string;
  readonly trackingUrl?: string;
  /** Units by the channel's lines. */
  readonly lines?: readonly { readonly externalLineId: string; readonly quantity: number }[];
};

export type NewTelling = {
  readonly channelId: string;
  readonly key: string;
  readonly orderId: string;
  readonly kind: OrderWordKind;
  readonly facts: TellingFacts;
};

export type Telling = NewTelling & {
  readonly id: string;
  readonly attempts: number;
  /** The channel's id of what came of it so far; null: nothing that it has named. */
  readonly reference: string | null;
};

/** Of one that the channel has taken and not done yet. */
export const UNDER_WAY = "under_way";

/** Those whose key is known already are left as they are. */
export async function addTellings(client: Queryable, tellings: readonly NewTelling[]): Promise<void> {
  if (tellings.length === 0) return;
  await client.query(
    `insert into channel_telling (channel_id, key, order_id, kind, facts)
     select "channelId", key, "orderId", kind, facts
       from jsonb_to_recordset($1)
         as t("channelId" text, key text, "orderId" text, kind text, facts jsonb, place integer)
      order by place
     on conflict (channel_id, key) do nothing`,
    [JSON.stringify(tellings.map((telling, place) => ({ ...telling, place })))],
  );
}

/** The first that waits of each order and all that are under way, where they are due, the oldest first (T2). */
export async function tellingsDue(
  client: Queryable,
  channelId: string,
  limit: number,
): Promise<readonly Telling[]> {
  const { rows } = await client.query<Telling>(
    `select id::text, channel_id as "channelId", key, order_id as "orderId", kind, facts, attempts, reference
       from channel_telling t
      where channel_id = $1 and state = 'waiting' and due_at <= now()
        and (code = $3 or not exists (
          select from channel_telling before
           where before.channel_id = t.channel_id and before.order_id = t.order_id and before.id < t.id
             and before.state = 'waiting' and before.code is distinct from $3))
      order by t.id limit $2`,
    [channelId, limit, UNDER_WAY],
  );
  return rows;
}

export type TellingOutcome =
  | { readonly state: "told"; readonly reference: string | null; readonly wasKnown: boolean }
  | { readonly state: "dead"; readonly code: string; readonly problem: string }
  | {
      readonly state: "waiting";
      readonly code: string;
      readonly problem: string;
      readonly pauseMs: number;
      /** False: the fault is none of this telling's. */
      readonly counts: boolean;
      /** The channel's id of what came of it so far; absent: as it was. */
      readonly reference?: string;
    };

export async function settleTelling(client: Queryable, id: string, outcome: TellingOutcome): Promise<void> {
  const isTold = outcome.state === "told";
  await client.query(
    `update channel_telling
        set state = $2, attempts = attempts + $3::integer, due_at = now() + $4 * interval '1 millisecond',
            reference = coalesce($5, reference), was_known = $6, code = $7, problem = $8,
            settled_at = case when $2 = 'waiting' then null else now() end
      where id = $1 and state = 'waiting'`,
    [
      id,
      outcome.state,
      outcome.state === "waiting" && !outcome.counts ? 0 : 1,
      outcome.state === "waiting" ? outcome.pauseMs : 0,
      outcome.state === "dead" ? null : (outcome.reference ?? null),
      isTold ? outcome.wasKnown : false,
      isTold ? null : outcome.code,
      isTold ? null : outcome.problem,
    ],
  );
}

/** A refund that a person was to give at the channel has been given there: its telling is done. */
export async function settleGivenRefund(
  client: Queryable,
  channelId: string,
  orderId: string,
): Promise<void> {
  await client.query(
    `update channel_telling t
        set state = 'told', was_known = true, code = null, problem = null, settled_at = now()
      where t.channel_id = $1 and t.order_id = $2 and t.kind = 'refund' and t.state = 'dead'
        and exists (select from refund r where r.id = t.facts->>'refundId' and r.status = 'confirmed_by_channel')`,
    [channelId, orderId],
  );
}

/** Whether the channel was told such a thing of the order, or is to be. */
export async function isToldOf(
  client: Queryable,
  channelId: string,
  orderId: string,
  kind: OrderWordKind,
): Promise<boolean> {
  const { rows } = await client.query<{ known: boolean }>(
    `select exists (select from channel_telling where channel_id = $1 and order_id = $2 and kind = $3
                       and state in ('waiting', 'told', 'dead')) as known`,
    [channelId, orderId, kind],
  );
  return rows[0]?.known === true;
}

export type StoredTelling = {
  readonly id: string;
  readonly channelId: string;
  readonly orderId: string;
  readonly key: string;
  readonly kind: OrderWordKind;
  readonly state: "waiting" | "told" | "dead" | "dropped";
};

/** It is not changed by others until the transaction ends. @returns undefined where there is none such */
export async function lockTelling(
  client: Queryable,
  channelId: string,
  id: string,
): Promise<StoredTelling | undefined> {
  const { rows } = await client.query<StoredTelling>(
    `select id::text, channel_id as "channelId", order_id as "orderId", key, kind, state from channel_telling
      where channel_id = $1 and id = $2 for update`,
    [channelId, id],
  );
  return rows[0];
}

/** A person has it told once more, from the first attempt on. */
export async function tellAgain(client: Queryable, id: string): Promise<void> {
  await client.query(
    `update channel_telling set state = 'waiting', attempts = 0, due_at = now(), settled_at = null,
       settled_by = null, reason = null where id = $1`,
    [id],
  );
  await client.query("select pg_notify('settings', 'channel_telling')");
}

export async function dropTelling(
  client: Queryable,
  id: string,
  { by, reason }: { readonly by: string; readonly reason: string },
): Promise<void> {
  await client.query(
    `update channel_telling set state = 'dropped', settled_at = now(), settled_by = $2, reason = $3
      where id = $1`,
    [id, by, reason],
  );
}

/** What was told of this kind is told once more, under the same keys. */
export async function tellKindAgain(
  client: Queryable,
  channelId: string,
  orderId: string,
  kind: OrderWordKind,
): Promise<void> {
  await client.query(
    `update channel_telling set state = 'waiting', attempts = 0, due_at = now(), settled_at = null
      where channel_id = $1 and order_id = $2 and kind = $3 and state = 'told'`,
    [channelId, orderId, kind],
  );
}
