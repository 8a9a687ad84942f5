/** What each kind of table is called here, and which permission a person needs for it. */
import type { ImportState } from "../../../../../contract/imports/imports.ts";
import type { TableKind } from "../../../../../contract/imports/table-kinds.ts";
import { may } from "../../../api/session.ts";

type Kind = {
  readonly value: TableKind;
  readonly label: string;
  readonly imports: readonly string[];
  readonly exports: readonly string[];
};

const KINDS: readonly Kind[] = [
  { value: "products", label: "Products", imports: ["catalog.write"], exports: ["catalog.read"] },
  { value: "kits", label: "Kits", imports: ["catalog.write"], exports: ["catalog.read"] },
  { value: "stock", label: "Stock", imports: ["stock.receive", "stock.count"], exports: ["stock.read"] },
  { value: "locations", label: "Locations", imports: ["locations.write"], exports: ["catalog.read"] },
  { value: "orders", label: "Orders", imports: ["orders.capture"], exports: ["orders.export"] },
  {
    value: "customers",
    label: "Customers",
    imports: ["refunds.give"],
    exports: ["orders.export", "personal-data.read"],
  },
  {
    value: "returns",
    label: "Returns",
    imports: ["returns.request"],
    exports: ["orders.export", "returns.read"],
  },
];

export const importable = (): readonly Kind[] => KINDS.filter(({ imports }) => imports.every(may));
export const exportable = (): readonly Kind[] => KINDS.filter(({ exports }) => exports.every(may));

export function kindLabel(kind: TableKind): string {
  return KINDS.find(({ value }) => value === kind)?.label ?? kind;
}

export const STATES: Readonly<
  Record<ImportState, { readonly label: string; readonly tone: "plain" | "good" | "warn" | "bad" | "info" }>
> = {
  uploading: { label: "Being sent", tone: "info" },
  ready: { label: "Ready", tone: "plain" },
  checking: { label: "Being checked", tone: "info" },
  checked: { label: "Checked", tone: "plain" },
  running: { label: "Running", tone: "info" },
  done: { label: "Done", tone: "good" },
  stopped: { label: "Stopped", tone: "warn" },
  failed: { label: "Failed", tone: "bad" },
};
