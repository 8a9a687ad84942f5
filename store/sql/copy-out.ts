/**
 * Reads rows with large byte columns out of PostgreSQL, as the bytes that they are.
 *
 * The driver asks for every result as text, and can read no other: bytes come at twice their size, become a
 * string, lose its first two characters to another string and are decoded from that. Over COPY the server
 * sends the bytes themselves, one message a row, which saves reader and server much of their time (`npm run
 * measure:memory` times starts that read so).
 *
 * COPY takes no parameters: what varies in its statement is written into it, and may only be whole numbers.
 */
import type { Connection, Submittable } from "pg";
import type { Queryable } from "./database.ts";

/**
 * "PGCOPY\n", four more bytes that a transfer as text would damage, 32 bits of flags, and the length of an
 * extension.
 */
const SIGNATURE = Buffer.from("PGCOPY\n\xff\r\n\0", "latin1");
const HEADER_BYTES = SIGNATURE.length + 8;

const END_OF_ROWS = -1;

/** One row's columns, in the form in which the server sends their type; none of them null. */
type CopiedRow = readonly Buffer[];

/**
 * The rows of a `select`. Their buffers are cut out of one memory: copy those that are kept for long.
 *
 * @param select whole, without parameters; see `literal`.
 */
export function copyOut(database: Queryable, select: string): Promise<readonly CopiedRow[]> {
  return new Promise((resolve, reject) => {
    const copy = new CopyOut(`copy (${select}) to stdout (format binary)`);
    // Pool and client alike call back, and the pool takes its client back; the driver's types do not have
    // this form.
    const submit = database.query as unknown as (copy: CopyOut, values: undefined, done: Done) => unknown;
    submit.call(database, copy, undefined, (error) => {
      if (error) reject(error);
      else resolve(copy.rows);
    });
  });
}

/** A number as it may stand in the statement. Throws on what is not a whole one. */
export function literal(value: number): string {
  if (!Number.isSafeInteger(value)) throw new RangeError(`${value} is not a whole number`);
  return String(value);
}

/** The value of a `bigint` column; no counter here comes near 2^53. */
export function bigintOf(column: Buffer): number {
  return column.readInt32BE() * 2 ** 32 + column.readUInt32BE(4);
}

type Done = (error?: Error | null) => void;

/** What the driver calls with the messages that answer one statement. */
class CopyOut implements Submittable {
  rows: readonly CopiedRow[] = [];
  /** Set by the driver. */
  callback: Done | undefined;
  private readonly statement: string;
  private chunks: Buffer[] = [];

  constructor(statement: string) {
    this.statement = statement;
  }

  submit(connection: Connection): void {
    connection.query(this.statement);
  }

  handleCopyData({ chunk }: { readonly chunk: Buffer }): void {
    // A copy: the driver goes on to use the memory that it lies in.
    this.chunks.push(Buffer.from(chunk));
  }

  handleCommandComplete(): void {}

  handleReadyForQuery(): void {
    try {
      this.rows = rowsOf(Buffer.concat(this.chunks));
    } catch (error) {
      this.callback?.(error as Error);
      return;
    }
    this.callback?.();
  }

  handleError(error: Error): void {
    this.chunks = [];
    this.callback?.(error);
  }
}

/** Throws where the bytes are not those of a whole copy. */
function rowsOf(bytes: Buffer): readonly CopiedRow[] {
  if (!bytes.subarray(0, SIGNATURE.length).equals(SIGNATURE))
    throw new Error("the copy does not begin as one");
  const rows: CopiedRow[] = [];
  let at = HEADER_BYTES + bytes.readUInt32BE(HEADER_BYTES - 4);
  for (;;) {
    const columns = bytes.readInt16BE(at);
    at += 2;
    if (columns === END_OF_ROWS) return rows;
    const row: Buffer[] = [];
    for (let column = 0; column < columns; column += 1) {
      const length = bytes.readInt32BE(at);
      at += 4;
      if (length < 0) throw new Error(`column ${column} of a copied row is null`);
      row.push(bytes.subarray(at, at + length));
      at += length;
    }
    rows.push(row);
  }
}
