/** Records become rows: the value of each field, or what is wrong with its cell. */
import type { TableLayout } from "../../contract/imports/imports.ts";
import type { TableKind } from "../../contract/imports/table-kinds.ts";
import { type CellValue, isFault, readCell } from "./cells.ts";
import { FIELDS } from "./fields.ts";
import type { TableRecord } from "./read-table.ts";

/** What is wrong with a row, in words that quote nothing of it. */
export type RowFault = {
  readonly line: number;
  /** As the file calls it; null: the row as a whole. */
  readonly column: string | null;
  readonly code: string;
  readonly expected: string;
};

export type Row = {
  readonly line: number;
  readonly values: Readonly<Record<string, CellValue>>;
  readonly faults: readonly RowFault[];
  /** A document that is taken as it is: an order or a return in our own format. */
  readonly document?: Readonly<Record<string, unknown>>;
  /** A record that has more rows than this one is counted with the first of them. */
  readonly isFirst: boolean;
  /** It cannot be read, so that it may be part of the row before it, or of the one behind. */
  readonly isTorn?: true;
  /** Of stock: a place that does not have the goods, by the word that shops have for it. */
  readonly isUntracked?: boolean;
};

type Source = {
  readonly name: string;
  readonly type: (typeof FIELDS)[TableKind][number]["type"];
  readonly column: string | null;
  readonly index: number;
  readonly otherwise: string | null;
};

export function createRowReader(
  kind: TableKind,
  layout: TableLayout,
): (record: TableRecord) => readonly Row[] {
  const mapping = new Map(layout.fields.map((each) => [each.field, each] as const));
  const sources = FIELDS[kind].map(({ name, type }): Source => {
    const column = mapping.get(name)?.column ?? null;
    return {
      name,
      type,
      column,
      index: column === null ? -1 : layout.columns.indexOf(column),
      otherwise: mapping.get(name)?.otherwise ?? null,
    };
  });
  const carry = carrier(layout);
  const isOwnDocument =
    layout.format === "jsonl" && layout.source === "holdfast" && (kind === "orders" || kind === "returns");
  const rowOf = (line: number, cellOf: (source: Source) => string, isFirst: boolean): Row => {
    const values: Record<string, CellValue> = {};
    const faults: RowFault[] = [];
    let isUntracked = false;
    for (const source of sources) {
      const cell = cellOf(source);
      if (kind === "stock" && source.name === "onHand" && cell.trim().toLowerCase() === "not stocked") {
        isUntracked = true;
        continue;
      }
      const read = readCell(source.type, cell, layout.decimal, layout.dates);
      if (read !== null && isFault(read)) {
        faults.push({ line, column: source.column, code: read.code, expected: read.expected });
        continue;
      }
      const value = read ?? readCell(source.type, source.otherwise ?? "", ".");
      if (value !== null && !isFault(value)) values[source.name] = value.value;
    }
    return { line, values, faults, isFirst, ...(isUntracked ? { isUntracked } : {}) };
  };
  return (record) => {
    const { line } = record;
    if (record.broken !== undefined) {
      const row = broken(line, { line, column: null, code: "row_unreadable", expected: record.broken });
      return [record.isTorn === true ? { ...row, isTorn: true } : row];
    }
    if (record.document !== undefined) {
      if (isOwnDocument && Array.isArray(record.document["lines"])) {
        const channel = mapping.get("channel")?.otherwise ?? null;
        const document = channel === null ? record.document : { channel, ...record.document };
        return [{ line, values: {}, faults: [], document, isFirst: true }];
      }
      return flatRows(record.document).map((flat, index) =>
        rowOf(line, ({ column }) => (column === null ? "" : (flat.get(column) ?? "")), index === 0),
      );
    }
    const cells = fitted(record.cells ?? [], layout.columns);
    if (cells.length !== layout.columns.length) {
      const expected = `${layout.columns.length} columns; the row has ${cells.length}`;
      return [{ ...broken(line, { line, column: null, code: "row_columns", expected }), isTorn: true }];
    }
    if (layout.locationColumns.length === 0)
      return [
        carry(
          rowOf(line, ({ index }) => cells[index] ?? "", true),
          cells,
        ),
      ];
    return layout.locationColumns.map((column, position) =>
      rowOf(
        line,
        ({ name, index }) => {
          if (name === "location") return column;
          if (name === "onHand") return cells[layout.columns.indexOf(column)] ?? "";
          return cells[index] ?? "";
        },
        position === 0,
      ),
    );
  };
}

/**
 * A spreadsheet ends rows with cells that have nothing and no column, and leaves such cells out again: neither says
 * anything. Any other row of another length is returned as it is, since where its cells belong nobody can say.
 */
function fitted(cells: readonly string[], columns: readonly string[]): readonly string[] {
  const { length } = columns;
  if (cells.length > length)
    return cells.slice(length).every((cell) => cell.trim() === "") ? cells.slice(0, length) : cells;
  const isNameless = (column: string, place: number) => column === namelessColumn(place);
  return columns.every((column, place) => place < cells.length || isNameless(column, place))
    ? [...cells, ...new Array<string>(length - cells.length).fill("")]
    : cells;
}

/** What a column is called that has no name in the file. @param place from 0 */
export function namelessColumn(place: number): string {
  return `column ${place + 1}`;
}

/** Says again in a row what stands in the first of those that belong together. */
function carrier({ carried, columns }: TableLayout): (row: Row, cells: readonly string[]) => Row {
  if (carried === null) return (row) => row;
  const index = columns.indexOf(carried.while);
  let last: { readonly key: string; readonly value: CellValue } | null = null;
  return (row, cells) => {
    const key = cells[index] ?? "";
    const value = row.values[carried.field];
    if (value !== undefined) last = { key, value };
    else if (last !== null && last.key === key && key !== "")
      return { ...row, values: { ...row.values, [carried.field]: last.value } };
    return row;
  };
}

function broken(line: number, fault: RowFault): Row {
  return { line, values: {}, faults: [fault], isFirst: true };
}

const MOST_FIELDS = 2_000;

/** Some interfaces have their lists by number, such as `{"10": {…}, "11": {…}}`: that is each one's id. */
function listOf(value: unknown): readonly object[] | null {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return null;
  const entries = Object.entries(value);
  const isList =
    entries.length > 0 &&
    entries.every(([key, each]) => /^\d+$/.test(key) && typeof each === "object" && each !== null);
  return isList ? entries.map(([id, each]) => ({ id, ...each })) : null;
}

/**
 * A JSON document as rows of cells, named by their paths. Its first list of objects is its lines: each of them
 * is a row, which says again what the document says.
 */
export function flatRows(
  document: Readonly<Record<string, unknown>>,
): readonly ReadonlyMap<string, string>[] {
  const shared = new Map<string, string>();
  let lines: { readonly name: string; readonly items: readonly object[] } | null = null;
  const walk = (said: unknown, path: string, into: Map<string, string>, depth: number): void => {
    if (into.size > MOST_FIELDS || depth > 6) return;
    const value = listOf(said) ?? said;
    if (Array.isArray(value)) {
      const objects = value.filter((item): item is object => typeof item === "object" && item !== null);
      if (objects.length > 0 && into === shared && lines === null) lines = { name: path, items: objects };
      else if (objects.length > 0) walk(objects[0], path, into, depth + 1);
      else into.set(path, value.map(String).join(","));
      return;
    }
    if (typeof value === "object" && value !== null) {
      for (const [name, inner] of Object.entries(value))
        walk(inner, path === "" ? name : `${path}.${name}`, into, depth + 1);
      return;
    }
    if (path !== "" && value !== null && value !== undefined) into.set(path, String(value));
  };
  walk(document, "", shared, 0);
  const found = lines as { readonly name: string; readonly items: readonly object[] } | null;
  if (found === null) return [shared];
  return found.items.map((item) => {
    const row = new Map(shared);
    walk(item, found.name, row, 1);
    return row;
  });
}
