/** How a system calls the fields of a kind of table in its exports. */
import type { TableSource } from "../../../contract/imports/imports.ts";
import type { TableKind } from "../../../contract/imports/table-kinds.ts";

export type Layout = {
  readonly source: TableSource;
  readonly kind: TableKind;
  /** Columns by which it is told from others: all of them are there. */
  readonly signature: readonly string[];
  /** For each field the column, by the names that it has had, the best first. */
  readonly columns: Readonly<Record<string, readonly string[]>>;
  /** What counts where a cell is empty, or there is no column. */
  readonly otherwise?: Readonly<Record<string, string>>;
  /** A field that stands in the first only of the rows that have the same in a column. */
  readonly carried?: { readonly field: string; readonly while: string };
  /** All columns but these are locations, with units on hand in them. */
  readonly locationsBut?: readonly string[];
};
