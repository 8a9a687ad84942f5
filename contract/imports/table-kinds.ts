/**
 * The kinds of tables that come in and go out as files. Without schemas: the command line names them at its
 * start.
 */
export const TABLE_KINDS = [
  "products",
  "kits",
  "stock",
  "locations",
  "orders",
  "customers",
  "returns",
] as const;
export type TableKind = (typeof TABLE_KINDS)[number];
