/**
 * What is older than it is kept: found, counted and taken out, a few at a time. Each kind is a column that
 * says nothing any more, or an order whose person is erased (`erase-order.ts`).
 */
import { ERASED } from "../../config/person-seal.ts";
import type { Queryable } from "../sql/database.ts";

/** Kinds that are taken out of single columns. */
export type ColumnKind = "payloads" | "labels" | "mails";

const ENDED = "o.status in ('completed', 'cancelled')";

type Rule = {
  readonly from: string;
  /** With $1 as days. */
  readonly due: string;
  readonly by: string;
  readonly take: string;
};

const RULES: Readonly<Record<ColumnKind, Rule>> = {
  payloads: {
    from: "orders o",
    due: `${ENDED} and o.raw_payload <> '' and o.updated_at < now() - $1 * interval '1 day'`,
    by: "o.updated_at",
    take: "update orders set raw_payload = '' where ctid = any(array(select ctid from due))",
  },
  labels: {
    from: "shipment o",
    due: `o.label_zpl <> '' and o.created_at < now() - $1 * interval '1 day'`,
    by: "o.created_at",
    take: "update shipment set label_zpl = '', label_pdf = '' where ctid = any(array(select ctid from due))",
  },
  mails: {
    from: "notification o",
    due: `o.recipient <> '${ERASED}' and o.sent_at < now() - $1 * interval '1 day'`,
    by: "o.sent_at",
    take: `update notification set recipient = '${ERASED}' where ctid = any(array(select ctid from due))`,
  },
};

/** What of the same is in archived orders `a`; a row of theirs counts once. */
const IN_ARCHIVE: Readonly<Record<ColumnKind | "persons", string>> = {
  payloads: "a.has_payload and a.updated_at < now() - $1 * interval '1 day'",
  labels: "a.labels_since < now() - $1 * interval '1 day'",
  mails: "a.mails_since < now() - $1 * interval '1 day'",
  persons: "a.has_person and a.updated_at < now() - $1 * interval '1 day'",
};

export async function countDue(
  client: Queryable,
  kind: ColumnKind | "persons",
  days: number,
): Promise<number> {
  const { from, due } = kind === "persons" ? PERSONS : RULES[kind];
  const { rows } = await client.query<{ count: number }>(
    `select ((select count(*) from ${from} where ${due})
      + (select count(*) from archived_order a where ${IN_ARCHIVE[kind]}))::integer as count`,
    [days],
  );
  return rows[0]?.count ?? 0;
}

/** Archived orders in which something of the kind is due: it is taken out once they are back. */
export async function readDueArchived(
  client: Queryable,
  kind: ColumnKind | "persons",
  days: number,
  limit: number,
): Promise<readonly string[]> {
  const { rows } = await client.query<{ id: string }>(
    `select a.order_id as id from archived_order a where ${IN_ARCHIVE[kind]} order by a.updated_at limit $2`,
    [days, limit],
  );
  return rows.map(({ id }) => id);
}

/** Takes out the oldest. @returns how many */
export async function takeOut(
  client: Queryable,
  kind: ColumnKind,
  days: number,
  limit: number,
): Promise<number> {
  const { from, due, by, take } = RULES[kind];
  const { rowCount } = await client.query(
    `with due as (select o.ctid from ${from} where ${due} order by ${by} limit $2 for no key update skip locked) ${take}`,
    [days, limit],
  );
  return rowCount ?? 0;
}

const PERSONS = {
  from: "orders o",
  due: `${ENDED} and o.customer_name <> '${ERASED}' and o.updated_at < now() - $1 * interval '1 day'`,
};

/** `at`: when anything happened to it last, to the microsecond. */
export type DuePerson = { readonly orderId: string; readonly at: string };

/** Orders whose people are kept no longer, the oldest first. @param after the last of those before */
export async function readDuePersons(
  client: Queryable,
  days: number,
  after: DuePerson | null,
  limit: number,
): Promise<readonly DuePerson[]> {
  const { rows } = await client.query<DuePerson>(
    `select o.id as "orderId", o.updated_at::text as at from ${PERSONS.from}
      where ${PERSONS.due} and ($2::timestamptz is null or (o.updated_at, o.id) > ($2, $3))
      order by o.updated_at, o.id limit $4`,
    [days, after?.at ?? null, after?.orderId ?? null, limit],
  );
  return rows;
}
