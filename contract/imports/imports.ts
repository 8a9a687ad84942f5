/**
 * Import and export of tables: what is imported, how a file was read, how far its import is, and what came of
 * it.
 */
import Type from "typebox";
import { Count, closed, Id, Nullable, oneOf, type Shape, sortedPages, Text, Time, text } from "../shapes.ts";
import { TABLE_KINDS } from "./table-kinds.ts";

export const TABLE_FORMATS = ["csv", "jsonl"] as const;
export type TableFormat = (typeof TABLE_FORMATS)[number];

export const TABLE_ENCODINGS = ["utf-8", "utf-16le", "utf-16be", "windows-1252"] as const;
export type TableEncoding = (typeof TABLE_ENCODINGS)[number];

export const TABLE_DELIMITERS = [",", ";", "\t", "|"] as const;
export type TableDelimiter = (typeof TABLE_DELIMITERS)[number];

export const DECIMAL_SIGNS = [".", ","] as const;
export type DecimalSign = (typeof DECIMAL_SIGNS)[number];

/**
 * What stands first in dates such as 03/04/2026; `year`: the file has none of them. Dates that begin with the
 * year, name the month, or have points between (3.4.2026: day first) are read whatever this says.
 */
export const DATE_ORDERS = ["year", "month", "day"] as const;
export type DateOrder = (typeof DATE_ORDERS)[number];

/** Whose layout a file has. */
export const TABLE_SOURCES = [
  "holdfast",
  "shopify",
  "netsuite",
  "brightpearl",
  "orderhive",
  "tradegecko",
  "skubana",
  /** A layout that somebody has saved. */
  "own",
] as const;
export type TableSource = (typeof TABLE_SOURCES)[number];

/**
 * `uploading`: bytes are awaited. `ready`: read, and waits for a person's word. `checking`, `checked`: read to
 * its end without booking anything. `running`, `done`. `stopped`: by a person; it goes on when it is run again.
 * `failed`: it cannot go on as it is; `problem` says why.
 */
export const IMPORT_STATES = [
  "uploading",
  "ready",
  "checking",
  "checked",
  "running",
  "done",
  "stopped",
  "failed",
] as const;
export type ImportState = (typeof IMPORT_STATES)[number];

/** Where the value of a field comes from: a column of the file, and what counts where its cell is empty. */
export const FieldMapping = Type.Object({
  field: Text,
  /** What the field is, for people. */
  meaning: Text,
  required: Type.Boolean(),
  column: Nullable(Text),
  otherwise: Nullable(Text),
});
export type FieldMapping = Shape<typeof FieldMapping>;

export const TableLayout = Type.Object({
  format: oneOf(TABLE_FORMATS),
  encoding: oneOf(TABLE_ENCODINGS),
  delimiter: oneOf(TABLE_DELIMITERS),
  decimal: oneOf(DECIMAL_SIGNS),
  dates: oneOf(DATE_ORDERS),
  source: oneOf(TABLE_SOURCES),
  /** Columns of the file in its order. */
  columns: Type.Array(Text),
  fields: Type.Array(FieldMapping),
  /** Of stock: columns that are called as a location each, with its units on hand in them. */
  locationColumns: Type.Array(Text),
  /** A field that stands in the first only of the rows that have the same in a column; null: none. */
  carried: Nullable(Type.Object({ field: Text, while: Text })),
});
export type TableLayout = Shape<typeof TableLayout>;

/** Sums of one currency, in minor units; or of units. */
const Sums = Type.Object({ read: Count, booked: Count, skipped: Count, refused: Count });
export type Sums = Shape<typeof Sums>;

export const ImportReport = Type.Object({
  /** Rows of the file; `read` is the sum of the others. */
  rows: Sums,
  units: Sums,
  /** By ISO 4217 currency, in minor units. */
  money: Type.Record(Text, Sums),
  /** On hand at the positions that were booked, before and after; of stock alone. */
  onHand: Nullable(Type.Object({ before: Count, after: Count })),
});
export type ImportReport = Shape<typeof ImportReport>;

export const ImportView = Type.Object({
  id: Text,
  kind: oneOf(TABLE_KINDS),
  state: oneOf(IMPORT_STATES),
  fileName: Text,
  /** Bytes that are here, and that there are; null: the sender has not said. */
  bytes: Count,
  size: Nullable(Count),
  by: Text,
  createdAt: Time,
  startedAt: Nullable(Time),
  endedAt: Nullable(Time),
  /** Null until the whole file is here. */
  layout: Nullable(TableLayout),
  /** Fields that are needed and come from nowhere; it cannot run before each has a column or a value. */
  missing: Type.Array(Text),
  /** How far the file was read in the present state, of 100; null: it is not being read. */
  percent: Nullable(Count),
  report: ImportReport,
  /** Why it failed. */
  problem: Nullable(Type.Object({ code: Text, detail: Text, line: Nullable(Count) })),
  /** An import of the same file that was run before. */
  sameFileAs: Nullable(Text),
  /**
   * Imports that are read before it: the one of its kind that goes first, since of a kind one is read at a time, or
   * those of other kinds, since a few are. Empty: it is being read, or nobody has asked for it.
   */
  waitsFor: Type.Array(Text),
});
export type ImportView = Shape<typeof ImportView>;

/** An import with the first rows of its file, as they are read. */
export const ImportDetail = Type.Object({
  ...ImportView.properties,
  /** First rows of the file; empty where the caller may not see shoppers' data that is in them. */
  sample: Type.Array(Type.Array(Text)),
  /** The first faults; all of them are in the file of faults. */
  faults: Type.Array(Type.Object({ line: Count, column: Nullable(Text), code: Text, expected: Text })),
});
export type ImportDetail = Shape<typeof ImportDetail>;

export const StartImportQuery = {
  /** Absent: told from the file's columns. */
  kind: Type.Optional(oneOf(TABLE_KINDS)),
  file: Type.Optional(text(200)),
  /** Bytes of the whole file; absent: it ends with this request. */
  size: Type.Optional(Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER })),
};
export const ContinueImportQuery = {
  /** From which byte of the file this goes on; what is here already is left as it is. Default: its first. */
  offset: Type.Optional(Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER })),
};

/** How the file is to be read; what is left out stays as it is. */
export const ChangeImportBody = Type.Object(
  {
    kind: Type.Optional(oneOf(TABLE_KINDS)),
    encoding: Type.Optional(oneOf(TABLE_ENCODINGS)),
    delimiter: Type.Optional(oneOf(TABLE_DELIMITERS)),
    decimal: Type.Optional(oneOf(DECIMAL_SIGNS)),
    dates: Type.Optional(oneOf(DATE_ORDERS)),
    /** Only these fields are mapped otherwise. */
    fields: Type.Optional(
      Type.Array(
        Type.Object(
          { field: text(64), column: Nullable(text(200)), otherwise: Nullable(text(1_000)) },
          closed,
        ),
        { maxItems: 200 },
      ),
    ),
  },
  closed,
);
export type ChangeImportBody = Shape<typeof ChangeImportBody>;

/** A mapping is kept under a name, and counts for files with the same columns from then on. */
export const SaveMappingBody = Type.Object({ importId: Id, name: text(100) }, closed);
export type SaveMappingBody = Shape<typeof SaveMappingBody>;

export const SavedMapping = Type.Object({
  id: Text,
  name: Text,
  kind: oneOf(TABLE_KINDS),
  columns: Type.Array(Text),
  by: Text,
  at: Time,
});
export type SavedMapping = Shape<typeof SavedMapping>;

export const ImportListQuery = {
  kind: Type.Optional(oneOf(TABLE_KINDS)),
  state: Type.Optional(oneOf(IMPORT_STATES)),
  /** Part of the file's name. */
  q: Type.Optional(text(100)),
  ...sortedPages("createdAt"),
};

export const ExportQuery = {
  /** Default: csv. */
  format: Type.Optional(oneOf(TABLE_FORMATS)),
  /** Of orders: only those of this channel. */
  channel: Type.Optional(Id),
  /** Of orders: `open` leaves out those that are completed or cancelled. Default: all. */
  status: Type.Optional(oneOf(["open", "all"] as const)),
};
