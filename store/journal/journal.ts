/**
 * The stock journal: one row a shard and commit, append only, each row chained to the one before by its hash.
 *
 * What the bytes mean is the engine's business; here they are written under a fence and read back in order.
 */
import { bigintOf, copyOut, literal } from "../sql/copy-out.ts";
import type { Queryable } from "../sql/database.ts";

export type JournalRow = {
  readonly shard: number;
  /** 1, 2, 3, … without gaps. */
  readonly sequence: number;
  readonly epoch: number;
  /** CRC-32 of `entries`. */
  readonly checksum: number;
  readonly previousHash: Buffer;
  readonly hash: Buffer;
  readonly entries: Buffer;
};

/**
 * Appends all rows, or none: none where the lease of any shard has another epoch than its row.
 *
 * The share lock makes a takeover wait for an append in flight, and every append after it come back empty.
 *
 * @returns whether the rows were written.
 */
export async function appendToJournal(database: Queryable, rows: readonly JournalRow[]): Promise<boolean> {
  // All entries go as one binary parameter and the server cuts them apart: an array of bytea would travel as
  // text, at twice the size and many times the work.
  let offset = 1;
  const offsets = rows.map((row) => {
    const start = offset;
    offset += row.entries.length;
    return start;
  });
  const result = await database.query({
    name: "journal-append",
    text: `with row as (
       select shard, sequence, epoch, checksum, previous_hash, hash,
         substring($7::bytea from start for length) as entries
       from unnest($1::integer[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bytea[], $6::bytea[],
           $8::integer[], $9::integer[])
         as row (shard, sequence, epoch, checksum, previous_hash, hash, start, length)
     ), fence as materialized (
       select lease.shard from shard_lease lease
       join row on row.shard = lease.shard and row.epoch = lease.epoch
       for share of lease
     )
     insert into journal (shard, sequence, epoch, checksum, previous_hash, hash, entries)
     select shard, sequence, epoch, checksum, previous_hash, hash, entries from row
     where (select count(*) from fence) = $10`,
    values: [
      rows.map((row) => row.shard),
      rows.map((row) => row.sequence),
      rows.map((row) => row.epoch),
      rows.map((row) => row.checksum),
      rows.map((row) => row.previousHash),
      rows.map((row) => row.hash),
      rows.length === 1 ? rows[0]?.entries : Buffer.concat(rows.map((row) => row.entries)),
      offsets,
      rows.map((row) => row.entries.length),
      rows.length,
    ],
  });
  return result.rowCount === rows.length;
}

/**
 * About how many bytes of entries a page has: rows of a busy commit are large, and pages are copied several
 * times on their way.
 */
const PAGE_BYTES = 2 * 1024 * 1024;

/** Where the reading of a shard's rows begins: behind `after`. */
export type JournalPlace = { readonly shard: number; readonly after: number };

/**
 * The next rows of each of these shards, shard by shard as given, in order of their sequence: at most `limit`
 * in all, and about 2 MB, but always one row.
 */
export async function readJournal(
  database: Queryable,
  places: readonly JournalPlace[],
  limit: number,
): Promise<readonly JournalRow[]> {
  const of = places.map(({ shard, after }, nth) => `(${literal(shard)}, ${literal(after)}::bigint, ${nth})`);
  const rows = await copyOut(
    database,
    `select shard::bigint, sequence, epoch, checksum, previous_hash, hash, entries
     from (
       select page.*, sum(octet_length(entries)) over (order by nth, sequence) - octet_length(entries) as before
       from (
         select place.nth, row.*
         from (values ${of.join(", ")}) as place (shard, after, nth)
         cross join lateral (
           select * from journal where journal.shard = place.shard and sequence > place.after
           order by sequence limit ${literal(limit)}
         ) as row
         order by nth, sequence limit ${literal(limit)}
       ) as page
     ) as sized
     where before < ${literal(PAGE_BYTES)} order by nth, sequence`,
  );
  return rows.map((columns) => {
    const [shard, sequence, epoch, checksum, previousHash, hash, entries] = columns as JournalColumns;
    return {
      shard: bigintOf(shard),
      sequence: bigintOf(sequence),
      epoch: bigintOf(epoch),
      checksum: bigintOf(checksum),
      previousHash,
      hash,
      entries,
    };
  });
}

type JournalColumns = readonly [
  shard: Buffer,
  sequence: Buffer,
  epoch: Buffer,
  checksum: Buffer,
  previousHash: Buffer,
  hash: Buffer,
  entries: Buffer,
];

/** The hash of each of these rows that exists, keyed `shard:sequence`. */
export async function readJournalHashes(
  database: Queryable,
  rows: readonly { readonly shard: number; readonly sequence: number }[],
): Promise<ReadonlyMap<string, Buffer>> {
  const { rows: found } = await database.query<{ shard: number; sequence: number; hash: Buffer }>(
    `select shard, sequence, hash from journal
     join unnest($1::integer[], $2::bigint[]) as wanted (shard, sequence) using (shard, sequence)`,
    [rows.map((row) => row.shard), rows.map((row) => row.sequence)],
  );
  return new Map(found.map((row) => [`${row.shard}:${row.sequence}`, row.hash]));
}
