/** What is booked as one: the entries of each kind of table. */
import type { CanonicalOrder } from "../../contract/canonical-order.ts";
import type { CellValue } from "./cells.ts";
import type { Row, RowFault } from "./read-rows.ts";

export type ProductItem = {
  readonly sku: string;
  readonly name: string;
  readonly weightGrams: number;
  readonly lengthMm?: number;
  readonly widthMm?: number;
  readonly heightMm?: number;
  readonly priceMinor: number;
  readonly currency: string;
  readonly hsCode: string;
  readonly originCountry: string;
  readonly gtin: string;
  readonly tagged: boolean;
};
export type KitItem = {
  readonly sku: string;
  readonly components: readonly { readonly sku: string; readonly quantity: number }[];
};
export type StockItem = {
  readonly sku: string;
  readonly location: string;
  readonly onHand: number;
  /** Of units that are told apart by lot. `expiresAtMs` null: the file does not say. */
  readonly lot?: { readonly name: string; readonly expiresAtMs: number | null };
  /** Of units that are told apart one by one: as many as `onHand`. */
  readonly serials?: readonly string[];
};
export type LocationItem = Readonly<Record<string, CellValue>>;
export type OrderItem = { readonly channel: string; readonly order: CanonicalOrder };
export type CustomerItem = {
  readonly email: string;
  /** Null: nothing is left for them. */
  readonly credit: { readonly currency: string; readonly minor: number } | null;
};
export type ReturnItem = {
  readonly id: string;
  readonly orderId: string;
  readonly reason: string;
  readonly method: string;
  readonly comment: string;
  readonly lines: readonly {
    readonly lineId: string | null;
    readonly sku: string | null;
    readonly quantity: number;
  }[];
};

export type Item = ProductItem | KitItem | StockItem | LocationItem | OrderItem | CustomerItem | ReturnItem;

export type Money = { readonly currency: string; readonly minor: number };

export type Entry = {
  /** From which line of the file, and how many rows of it. */
  readonly line: number;
  readonly rows: number;
  /** What it is booked under; null: it cannot be told. */
  readonly key: string | null;
  readonly units: number;
  readonly money: Money | null;
  /** Null: there is nothing to book. */
  readonly item: Item | null;
  readonly faults: readonly RowFault[];
};

/** What is built of the rows that belong together. */
export type Built = Omit<Entry, "line" | "rows"> & { readonly line?: number };

export const NOTHING: Built = { key: null, units: 0, money: null, item: null, faults: [] };

/** Faults of fields that are needed and have nothing in this row. */
export function wantingOf(row: Row, columnOf: (field: string) => string | null) {
  const bad = new Set(row.faults.map(({ column }) => column));
  return (...fields: readonly string[]): readonly RowFault[] =>
    fields
      .filter((field) => row.values[field] === undefined && !bad.has(columnOf(field) ?? field))
      .map((field) => ({
        line: row.line,
        column: columnOf(field) ?? field,
        code: "cell_missing",
        expected: `a value: ${field} is needed`,
      }));
}
export type Wanting = ReturnType<typeof wantingOf>;

export function textOf(row: Row, field: string): string {
  return String(row.values[field] ?? "");
}
