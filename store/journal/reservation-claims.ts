/**
 * What is left to tell other engines of an order whose SKUs are at several: stock commands that make its holds
 * there last. They are written in the commit that decides of the order, and deleted when they are carried out.
 */
import type { Database, Transaction } from "../sql/database.ts";

export type ReservationClaim = {
  /** Names the reservation and its attempt. */
  readonly id: string;
  /** Stock commands; they change nothing when they are repeated. */
  readonly commands: readonly object[];
};

/** A caller's record, and the claims that are to commit with it. */
export type Claiming<R> = {
  /** Null: there is none. */
  readonly record: R | null;
  readonly claim: ReservationClaim | null;
};

type Writer<R> = {
  readonly name: string;
  write(transaction: Transaction, records: readonly R[]): Promise<void>;
};

/** Of one writer always the same, so that one commit writes the records of many orders together. */
const claiming = new WeakMap<object, Writer<Claiming<unknown>>>();

/** @returns a writer of claims that has `writer` write the records that come with them */
export function claimingWriter<R>(writer: Writer<R> = NO_RECORDS as Writer<R>): Writer<Claiming<R>> {
  let made = claiming.get(writer);
  if (made === undefined) {
    made = {
      name: `${writer.name}-and-claims`,
      write: async (transaction, all) => {
        const claims = all.flatMap(({ claim }) => (claim === null ? [] : [claim]));
        if (claims.length > 0) await insertClaims(transaction, claims);
        const records = all.flatMap(({ record }) => (record === null ? [] : [record as R]));
        if (records.length > 0) await writer.write(transaction, records);
      },
    };
    claiming.set(writer, made);
  }
  return made as Writer<Claiming<R>>;
}

const NO_RECORDS: Writer<never> = { name: "no-record", write: async () => {} };

async function insertClaims(transaction: Transaction, claims: readonly ReservationClaim[]): Promise<void> {
  await transaction.query(
    `insert into reservation_claim (id, commands)
     select id, commands from json_to_recordset($1::json) as claim (id text, commands jsonb)
     on conflict do nothing`,
    [JSON.stringify(claims)],
  );
}

/** Claims that nobody has carried out for so long, the oldest first. @param olderThanMs milliseconds */
export async function readOldClaims(
  database: Database,
  olderThanMs: number,
  most: number,
): Promise<readonly ReservationClaim[]> {
  const { rows } = await database.query<ReservationClaim>(
    `select id, commands from reservation_claim
     where written_at < now() - make_interval(secs => $1::double precision / 1000)
     order by written_at limit $2`,
    [olderThanMs, most],
  );
  return rows;
}

export async function deleteClaims(database: Database, ids: readonly string[]): Promise<void> {
  await database.query("delete from reservation_claim where id = any($1::text[])", [ids]);
}
