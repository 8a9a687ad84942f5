/**
 * A file becomes records, one after another: the cells of a row, and the line on which it begins. Reads CSV
 * (RFC 4180, by the library) and JSON lines. Owns what bounds a record; what its cells mean is
 * `read-rows.ts`'s.
 *
 * T1 No more of a file is in memory than a record and the chunk that it comes in.
 * T2 The same bytes give the same records: an import goes on by counting them.
 */
import { parse } from "csv-parse";
import { parse as parseLossless } from "lossless-json";
import type { TableDelimiter, TableFormat } from "../../contract/imports/imports.ts";

/** Characters of one row, everything in it included: an order's document with 500 lines has some 150 KiB. */
export const MAX_RECORD_CHARACTERS = 512 * 1024;
const MAX_COLUMNS = 1_000;
const FED_CHARACTERS = 16 * 1024;

export type TableRecord = {
  /** From 1: the line on which it begins. */
  readonly line: number;
  /** Of a row of cells. */
  readonly cells?: readonly string[];
  /** Of JSON lines: the object. */
  readonly document?: Readonly<Record<string, unknown>>;
  /** What was expected, where it is neither; the rows after it may still be read. */
  readonly broken?: string;
};

/** From where on nothing can be read any more. */
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
  // Taken here as they are made: what the library's stream holds is lost where a later row breaks it.
  const made: (readonly string[])[] = [];
  let failure: unknown = null;
  const parser = parse({
    delimiter,
    record_delimiter: ["\r\n", "\n", "\r"],
    relax_column_count: true,
    // A quote in the midst of an unquoted cell is a sign of inches.
    relax_quotes: true,
    max_record_size: MAX_RECORD_CHARACTERS,
    bom: true,
    on_record: (record: readonly string[]) => {
      made.push(record);
      return null;
    },
  });
  parser.on("error", (error) => {
    failure = error;
  });
  parser.resume();
  let line = 1;
  function* taken(): Generator<TableRecord> {
    for (const cells of made.splice(0)) {
      const first = line;
      line += 1 + cells.reduce((sum, cell) => sum + lineBreaks(cell), 0);
      if (cells.length === 1 && cells[0] === "") continue;
      if (cells.length > MAX_COLUMNS)
        throw new UnreadableTableError(first, `A row has more than ${MAX_COLUMNS} columns.`);
      // What Excel says to itself of a file.
      if (first === 1 && cells.length <= 2 && /^sep=/i.test(cells[0] ?? "")) continue;
      yield { line: first, cells };
    }
    if (failure !== null) throw unreadable(failure, line);
  }
  try {
    // Little by little: what is written is read at once, on a thread that others wait for.
    for await (const part of text)
      for (let from = 0; from < part.length; from += FED_CHARACTERS) {
        await new Promise<void>((resolve) =>
          parser.write(part.slice(from, from + FED_CHARACTERS), () => resolve()),
        );
        yield* taken();
      }
    await new Promise<void>((resolve) => {
      parser.once("close", resolve);
      parser.end();
    });
    yield* taken();
  } finally {
    parser.destroy();
  }
}

function lineBreaks(cell: string): number {
  if (!/[\r\n]/.test(cell)) return 0;
  return cell.match(/\r\n|\r|\n/g)?.length ?? 0;
}

function unreadable(error: unknown, line: number): unknown {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  if (!code.startsWith("CSV_")) return error;
  const what =
    code === "CSV_QUOTE_NOT_CLOSED"
      ? "A quote is opened in this row and never closed."
      : code === "CSV_MAX_RECORD_SIZE"
        ? `The row is longer than ${MAX_RECORD_CHARACTERS / 1024} KiB: is a quote in it never closed, or the delimiter another one?`
        : "The row is no CSV: a cell goes on after its closing quote.";
  return new UnreadableTableError(line, what, { cause: error });
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
