/**
 * A file becomes records, one after another: the cells of a row, and the line on which it begins. Reads CSV
 * (`csv-rows.ts`) and JSON lines. Owns what bounds a record; what its cells mean is `read-rows.ts`'s.
 *
 * T1 No more of a file is in memory than a record and the chunk that it comes in.
 * T2 The same bytes give the same records: an import goes on by counting them.
 * T3 A record that cannot be read is told as such, and those behind it are read; but where a quote is never
 *    closed there is nothing behind it.
 */
import { parse as parseLossless } from "lossless-json";
import type { TableDelimiter, TableFormat } from "../../contract/imports/imports.ts";
import { type CsvRow, CsvRows, type RowProblem } from "./csv-rows.ts";

/** Characters of one row, everything in it included: an order's document with 500 lines has some 150 KiB. */
export const MAX_RECORD_CHARACTERS = 512 * 1024;
const MAX_COLUMNS = 1_000;

export type TableRecord = {
  /** From 1: the line on which it begins. */
  readonly line: number;
  /** Of a row of cells. */
  readonly cells?: readonly string[];
  /** Of JSON lines: the object. */
  readonly document?: Readonly<Record<string, unknown>>;
  /** What was expected, where it is neither; the rows after it may still be read. */
  readonly broken?: string;
  /** A row of cells that is broken: what it belonged to, nobody can tell. */
  readonly isTorn?: true;
};

/** Nothing more can be read, because of what stands in the line. */
export class UnreadableTableError extends Error {
  readonly line: number;

  constructor(line: number, message: string, options?: ErrorOptions) {
    super(message, options);
    this.line = line;
  }
}

/** @throws UnreadableTableError */
export async function* readRecords(
  text: AsyncIterable<string>,
  { format, delimiter }: { readonly format: TableFormat; readonly delimiter: TableDelimiter },
): AsyncGenerator<TableRecord> {
  if (format === "jsonl") yield* readDocuments(text);
  else yield* readCells(text, delimiter);
}

async function* readCells(
  text: AsyncIterable<string>,
  delimiter: TableDelimiter,
): AsyncGenerator<TableRecord> {
  const rows = new CsvRows(delimiter, { characters: MAX_RECORD_CHARACTERS, columns: MAX_COLUMNS });
  for await (const piece of text)
    for (const row of rows.read(piece)) {
      const record = recordOf(row);
      if (record !== null) yield record;
    }
  const last = rows.end();
  const record = last === null ? null : recordOf(last);
  if (record !== null) yield record;
  if (last === null || !("problem" in last) || last.problem.why !== "quote-open") return;
  const { quoteLine, endLine } = last.problem;
  throw new UnreadableTableError(
    quoteLine,
    `A quote is opened in line ${quoteLine} and never closed: what follows, up to line ${endLine}, is all one cell. ` +
      "Close it, or leave it out, and send the file again: what is booked of it is passed over.",
  );
}

/** @returns null for what is no row of the table */
function recordOf(row: CsvRow): TableRecord | null {
  const { line } = row;
  if ("problem" in row) return { line, broken: wanted(row.problem), isTorn: true };
  const { cells } = row;
  if (cells.length === 1 && cells[0] === "") return null;
  // What Excel says to itself of a file.
  if (line === 1 && cells.length <= 2 && /^sep=/i.test(cells[0] ?? "")) return null;
  return { line, cells };
}

/** What of a row was expected, in words that quote nothing of it. */
function wanted(problem: RowProblem): string {
  if (problem.why === "too-many-columns")
    return `at most ${MAX_COLUMNS} columns: is the delimiter another one?`;
  const { quoteLine, endLine } = problem;
  if (problem.why === "quote-open")
    return `a closing quote: one is opened in line ${quoteLine} and never closed, and the file ends in line ${endLine}`;
  const longest = `a row of at most ${MAX_RECORD_CHARACTERS / 1024} KiB`;
  return quoteLine === null
    ? `${longest}: this one ends in line ${endLine}`
    : `${longest}: this one ends in line ${endLine}, since a quote is opened in line ${quoteLine} that nothing closes before`;
}

async function* readDocuments(text: AsyncIterable<string>): AsyncGenerator<TableRecord> {
  let line = 0;
  let rest = "";
  const documentOf = (said: string): TableRecord | null => {
    line += 1;
    const trimmed = said.trim();
    if (trimmed === "") return null;
    try {
      // Numbers stay the digits that they are: ids of some systems have more than JavaScript keeps.
      const value = parseLossless(trimmed, null, { parseNumber: (digits) => digits });
      if (typeof value === "object" && value !== null && !Array.isArray(value))
        return { line, document: value as Readonly<Record<string, unknown>> };
    } catch {
      return { line, broken: "a line of JSON" };
    }
    return { line, broken: "a JSON object" };
  };
  // Of a line that is too long the rest is passed over.
  let isTooLong = false;
  const whole = (said: string): TableRecord | null => {
    if (!isTooLong) return documentOf(said);
    isTooLong = false;
    line += 1;
    return { line, broken: `a line of at most ${MAX_RECORD_CHARACTERS / 1024} KiB` };
  };
  for await (const part of text) {
    rest += part;
    let from = 0;
    for (let end = rest.indexOf("\n"); end >= 0; end = rest.indexOf("\n", from)) {
      if (end - from > MAX_RECORD_CHARACTERS) isTooLong = true;
      const record = whole(rest.slice(from, end));
      from = end + 1;
      if (record !== null) yield record;
    }
    rest = rest.slice(from);
    if (rest.length > MAX_RECORD_CHARACTERS) isTooLong = true;
    if (isTooLong) rest = "";
  }
  const last = whole(rest);
  if (last !== null) yield last;
}
