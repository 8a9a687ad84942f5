/**
 * What is left to tell other engines of an order whose SKUs are at several: stock commands that make its
 * holds there last. They are written in the commit that decides of the order, and deleted when they are
 * carried out.
 */
import type { Database, Transaction } from "../sql/database.ts";

export type ReservationConfirmation = {
  /** Names the reservation and its attempt. */
  readonly id: string;
  /** Stock commands; they change nothing when they are repeated. */
  readonly commands: readonly object[];
};

/** A caller's record, and the confirmations that are to commit with it. */
export type Confirming<R> = {
  /** Null: there is none. */
  readonly record: R | null;
  readonly confirmation: ReservationConfirmation | null;
};

type Writer<R> = {
  readonly name: string;
  write(transaction: Transaction, records: readonly R[]): Promise<void>;
};

/** Of one writer always the same, so that one commit writes the records of many orders together. */
const confirming = new WeakMap<object, Writer<Confirming<unknown>>>();

/** @returns a writer of confirmations that has `writer` write the records that come with them */
export function confirmingWriter<R>(writer: Writer<R> = NO_RECORDS as Writer<R>): Writer<Confirming<R>> {
  let made = confirming.get(writer);
  if (made === undefined) {
    made = {
      name: `${writer.name}-and-confirmations`,
      write: async (transaction, all) => {
        const confirmations = all.flatMap(({ confirmation }) =>
          confirmation === null ? [] : [confirmation],
        );
        if (confirmations.length > 0) await insertConfirmations(transaction, confirmations);
        const records = all.flatMap(({ record }) => (record === null ? [] : [record as R]));
        if (records.length > 0) await writer.write(transaction, records);
      },
    };
    confirming.set(writer, made);
  }
  return made as Writer<Confirming<R>>;
}

const NO_RECORDS: Writer<never> = { name: "no-record", write: async () => {} };

async function insertConfirmations(
  transaction: Transaction,
  confirmations: readonly ReservationConfirmation[],
): Promise<void> {
  await transaction.query(
    `insert into reservation_confirmation (id, commands)
     select id, commands from json_to_recordset($1::json) as confirmation (id text, commands jsonb)
     on conflict do nothing`,
    [JSON.stringify(confirmations)],
  );
}

/**
 * Confirmations that nobody has carried out for so long, the oldest first. @param olderThanMs milliseconds
 */
export async function readOldConfirmations(
  database: Database,
  olderThanMs: number,
  most: number,
): Promise<readonly ReservationConfirmation[]> {
  const { rows } = await database.query<ReservationConfirmation>(
    `select id, commands from reservation_confirmation
     where written_at < now() - make_interval(secs => $1::double precision / 1000)
     order by written_at limit $2`,
    [olderThanMs, most],
  );
  return rows;
}

export async function deleteConfirmations(database: Database, ids: readonly string[]): Promise<void> {
  await database.query("delete from reservation_confirmation where id = any($1::text[])", [ids]);
}
