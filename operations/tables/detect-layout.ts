/**
 * How a file is to be read, told from its beginning: format, encoding, delimiter, decimals, and which column
 * stands for which field. What was found is shown before anything is booked, and may be corrected.
 */
import type {
  ChangeImportBody,
  FieldMapping,
  TableDelimiter,
  TableFormat,
  TableLayout,
} from "../../contract/imports/imports.ts";
import { TABLE_DELIMITERS } from "../../contract/imports/imports.ts";
import type { TableKind } from "../../contract/imports/table-kinds.ts";
import { TABLE_KINDS } from "../../contract/imports/table-kinds.ts";
import { detectDecimal } from "./cells.ts";
import { FIELDS, plainName } from "./fields.ts";
import type { Layout } from "./layouts/layout.ts";
import { otherLayouts } from "./layouts/other-systems.ts";
import { ownDocuments } from "./layouts/own-documents.ts";
import { shopifyLayouts } from "./layouts/shopify.ts";
import { flatRows, namelessColumn } from "./read-rows.ts";
import { readRecords, type TableRecord } from "./read-table.ts";
import { decodeText, detectEncoding } from "./text-encoding.ts";
import { detectDates } from "./times.ts";

const LAYOUTS: readonly Layout[] = [...ownDocuments, ...shopifyLayouts, ...otherLayouts];
const SAMPLE_RECORDS = 200;
/** Rows that are shown. */
const SHOWN_ROWS = 5;
const SHOWN_CHARACTERS = 200;

/** A mapping that somebody has saved for files with these columns. */
export type KnownMapping = {
  readonly kind: TableKind;
  readonly columns: readonly string[];
  readonly fields: readonly Pick<FieldMapping, "field" | "column" | "otherwise">[];
  /** Null: it is told from each file. */
  readonly decimal?: TableLayout["decimal"] | null;
  readonly dates?: TableLayout["dates"] | null;
};

export type Detected = { readonly kind: TableKind | null; readonly layout: TableLayout };

/**
 * @param start the first bytes of the file
 * @param kind absent: told from the columns
 */
export async function detectLayout(
  start: Uint8Array,
  options: {
    readonly kind?: TableKind;
    readonly saved?: readonly KnownMapping[];
    /** What somebody has said of it. */
    readonly said?: Omit<ChangeImportBody, "kind">;
    /** What its columns stood for before that was said; absent: what they are told to stand for. */
    readonly before?: readonly FieldMapping[];
  } = {},
): Promise<Detected> {
  const encoding = options.said?.encoding ?? detectEncoding(start);
  let text = "";
  for await (const part of decodeText(only(start), encoding)) text += part;
  const format: TableFormat = text.trimStart().startsWith("{") ? "jsonl" : "csv";
  const delimiter = options.said?.delimiter ?? detectDelimiter(text);
  const records = await firstRecords(text, format, delimiter);
  const columns = columnsOf(records, format);
  const rows = format === "jsonl" ? records.flatMap(({ document = {} }) => flatRows(document)) : [];
  const cells = (column: number): readonly string[] =>
    format === "csv"
      ? records.slice(1).map((record) => record.cells?.[column] ?? "")
      : rows.map((row) => row.get(columns[column] ?? "") ?? "");
  const found = bestLayout(columns, options.kind, options.saved ?? []);
  const kind = options.kind ?? found?.kind ?? null;
  const told = kind === null ? [] : (options.before ?? found?.fields ?? plainMapping(kind, columns));
  const fields = kind === null ? told : withMapping(kind, options.said?.fields ?? [], told);
  const types = new Map(kind === null ? [] : FIELDS[kind].map(({ name, type }) => [name, type]));
  const cellsOf = (wanted: readonly string[]) =>
    fields.flatMap(({ field, column }) => {
      const index = columns.indexOf(column ?? "");
      return index < 0 || !wanted.includes(types.get(field) ?? "") ? [] : cells(index);
    });
  const { decimal = found?.decimal ?? detectDecimal(cellsOf(["amount", "number"])) } = options.said ?? {};
  const { dates = found?.dates ?? detectDates(cellsOf(["time"])) } = options.said ?? {};
  const source = found?.source ?? "holdfast";
  const { locationColumns = [], carried = null } = found ?? {};
  return {
    kind,
    layout: {
      format,
      encoding,
      delimiter,
      decimal,
      dates,
      source,
      columns,
      fields,
      locationColumns,
      carried,
    },
  };
}

/** First rows of the file as they are read, each cell shortened. */
export async function sampleRows(
  start: Uint8Array,
  layout: TableLayout,
): Promise<readonly (readonly string[])[]> {
  let text = "";
  for await (const part of decodeText(only(start), layout.encoding)) text += part;
  const records = await firstRecords(text, layout.format, layout.delimiter);
  const rows =
    layout.format === "csv"
      ? records.slice(1).map(({ cells = [] }) => layout.columns.map((_, index) => cells[index] ?? ""))
      : records.flatMap(({ document = {} }) =>
          flatRows(document).map((row) => layout.columns.map((column) => row.get(column) ?? "")),
        );
  return rows.slice(0, SHOWN_ROWS).map((row) => row.map((cell) => cell.slice(0, SHOWN_CHARACTERS)));
}

async function* only(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

/** A sample may end in the midst of a row: what cannot be read to its end is left out. */
async function firstRecords(
  text: string,
  format: TableFormat,
  delimiter: TableDelimiter,
): Promise<readonly TableRecord[]> {
  const records: TableRecord[] = [];
  async function* part() {
    yield text;
  }
  try {
    for await (const record of readRecords(part(), { format, delimiter })) {
      records.push(record);
      if (records.length > SAMPLE_RECORDS) break;
    }
  } catch {
    // What is wrong with the file is told where it is read to its end.
  }
  return records;
}

function columnsOf(records: readonly TableRecord[], format: TableFormat): readonly string[] {
  if (format === "csv") return uniqueNames(records[0]?.cells ?? []);
  const names = new Set<string>();
  for (const { document = {} } of records)
    for (const row of flatRows(document)) for (const name of row.keys()) names.add(name);
  return [...names];
}

/**
 * Of columns that have one name, the later ones are called by their number as well; one without a name by it.
 */
function uniqueNames(header: readonly string[]): readonly string[] {
  const seen = new Set<string>();
  return header.map((said, index) => {
    const name = said.trim().slice(0, 200) || namelessColumn(index);
    let unique = name;
    // A later one may have that very name.
    for (let tried = index + 1; seen.has(unique); tried += 1) unique = `${name.slice(0, 190)} (${tried})`;
    seen.add(unique);
    return unique;
  });
}

/** By what stands most often in the first row, outside of quotes. */
function detectDelimiter(text: string): TableDelimiter {
  const said = /^\ufeff?sep=([,;\t|])\r?\n/i.exec(text)?.[1];
  if (said !== undefined) return said as TableDelimiter;
  const counts = new Map<string, number>(TABLE_DELIMITERS.map((each) => [each, 0]));
  let quoted = false;
  for (const sign of text.slice(0, 64 * 1024)) {
    if (sign === '"') quoted = !quoted;
    else if (!quoted && (sign === "\n" || sign === "\r")) break;
    else if (!quoted && counts.has(sign)) counts.set(sign, (counts.get(sign) ?? 0) + 1);
  }
  return TABLE_DELIMITERS.reduce((best, each) =>
    (counts.get(each) ?? 0) > (counts.get(best) ?? 0) ? each : best,
  );
}

type Found = Pick<TableLayout, "source" | "fields"> & {
  readonly kind: TableKind;
  readonly decimal?: TableLayout["decimal"];
  readonly dates?: TableLayout["dates"];
  readonly locationColumns?: readonly string[];
  readonly carried?: TableLayout["carried"];
};

/** A saved mapping counts before ours, ours before those of other systems; of these the one that says most. */
function bestLayout(
  columns: readonly string[],
  kind: TableKind | undefined,
  saved: readonly KnownMapping[],
): Found | null {
  const names = new Set(columns.map(plainName));
  const mapping = saved.find(
    (each) =>
      (kind === undefined || each.kind === kind) &&
      each.columns.length === columns.length &&
      each.columns.every((column) => names.has(plainName(column))),
  );
  const ours = TABLE_KINDS.filter((each) => kind === undefined || each === kind)
    .map((each) => ({ each, fields: plainMapping(each, columns) }))
    .filter(({ fields }) => missingFields({ fields, locationColumns: [] }).length === 0)
    .map(({ each, fields }) => ({ source: "holdfast" as const, kind: each, fields }));
  const theirs = LAYOUTS.filter((layout) => kind === undefined || layout.kind === kind)
    .filter(({ signature }) => signature.every((column) => names.has(plainName(column))))
    .map(
      (layout): Found => ({
        source: layout.source,
        kind: layout.kind,
        fields: layoutMapping(layout, columns),
        locationColumns: locationsIn(layout, columns),
        carried: layout.carried ?? null,
      }),
    );
  if (mapping !== undefined) {
    // What it says of columns is kept; how their system fills its rows stays so.
    const { locationColumns = [], carried = null } = theirs.find((each) => each.kind === mapping.kind) ?? {};
    const byName = new Map(columns.map((column) => [plainName(column), column] as const));
    const fields = withMapping(
      mapping.kind,
      mapping.fields.map(({ column, ...rest }) => ({
        ...rest,
        // As this file writes it.
        column: column === null ? null : (byName.get(plainName(column)) ?? null),
      })),
    );
    const { decimal, dates } = mapping;
    return {
      source: "own",
      kind: mapping.kind,
      fields,
      locationColumns,
      carried,
      ...(decimal ? { decimal } : {}),
      ...(dates ? { dates } : {}),
    };
  }
  const said = ({ fields }: Found) => fields.filter(({ column }) => column !== null).length;
  // Of two that say as much, the one that knows the file by its own columns.
  const candidates: readonly Found[] = [...theirs, ...ours];
  return candidates.reduce<Found | null>(
    (best, each) => (best === null || said(each) > said(best) ? each : best),
    null,
  );
}

/** By the fields' own names. */
function plainMapping(kind: TableKind, columns: readonly string[]): readonly FieldMapping[] {
  const byName = new Map(columns.map((column) => [plainName(column), column] as const));
  return FIELDS[kind].map(({ name, meaning, required, otherwise }) => ({
    field: name,
    meaning,
    required,
    column: byName.get(plainName(name)) ?? null,
    otherwise: otherwise ?? null,
  }));
}

function layoutMapping(layout: Layout, columns: readonly string[]): readonly FieldMapping[] {
  const byName = new Map(columns.map((column) => [plainName(column), column] as const));
  return FIELDS[layout.kind].map(({ name, meaning, required, otherwise }) => {
    const column =
      (layout.columns[name] ?? []).map((each) => byName.get(plainName(each))).find(Boolean) ?? null;
    return {
      field: name,
      meaning,
      required,
      column,
      otherwise: layout.otherwise?.[name] ?? otherwise ?? null,
    };
  });
}

function locationsIn({ locationsBut }: Layout, columns: readonly string[]): readonly string[] {
  if (locationsBut === undefined) return [];
  const others = new Set(locationsBut.map(plainName));
  return columns.filter((column) => !others.has(plainName(column)));
}

/** The fields of a kind, mapped as somebody has said. */
export function withMapping(
  kind: TableKind,
  said: readonly Pick<FieldMapping, "field" | "column" | "otherwise">[],
  before: readonly FieldMapping[] = plainMapping(kind, []),
): readonly FieldMapping[] {
  const byField = new Map(said.map((each) => [each.field, each] as const));
  return before.map((field) => {
    const change = byField.get(field.field);
    return change === undefined ? field : { ...field, column: change.column, otherwise: change.otherwise };
  });
}

/** Fields that are needed and come from nowhere. */
export function missingFields({
  fields,
  locationColumns,
}: Pick<TableLayout, "fields" | "locationColumns">): readonly string[] {
  const isNamed = fields.some(({ field, column }) => field === "serial" && column !== null);
  const said = locationColumns.length > 0 ? ["location", "onHand"] : isNamed ? ["onHand"] : [];
  return fields
    .filter(({ required, column, otherwise }) => required && column === null && otherwise === null)
    .map(({ field }) => field)
    .filter((field) => !said.includes(field));
}
