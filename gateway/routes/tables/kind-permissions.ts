/** What whoever imports or exports a kind of table has to be allowed to. */
import type { TableKind } from "../../../contract/imports/table-kinds.ts";
import { type Principal, requirePermission } from "../../access/authentication.ts";
import type { Permission } from "../../access/permissions.ts";
import { ApiError } from "../../wire/problem.ts";

const IMPORT: Readonly<Record<TableKind, readonly Permission[]>> = {
  products: ["catalog.write"],
  kits: ["catalog.write"],
  stock: ["stock.receive", "stock.count"],
  locations: ["locations.write"],
  orders: ["orders.capture"],
  customers: ["refunds.give"],
  returns: ["returns.request"],
};

/** Whoever has one of these may import something. */
export const IMPORT_SOME: readonly Permission[] = [
  ...new Set(Object.values(IMPORT).map(([first]) => first as Permission)),
];

const EXPORT: Readonly<Record<TableKind, readonly Permission[]>> = {
  products: ["catalog.read"],
  kits: ["catalog.read"],
  stock: ["stock.read"],
  locations: ["catalog.read"],
  orders: ["orders.export"],
  customers: ["orders.export", "personal-data.read"],
  returns: ["orders.export", "returns.read"],
};

export const EXPORT_SOME: readonly Permission[] = [
  ...new Set(Object.values(EXPORT).map(([first]) => first as Permission)),
];

/** @throws ApiError `forbidden`, `channel_forbidden` */
export function requireImport(principal: Principal, kind: TableKind): void {
  requireWhole(principal);
  for (const permission of IMPORT[kind]) requirePermission(principal, permission);
}

/** @throws ApiError `forbidden`, `channel_forbidden` */
export function requireExport(principal: Principal, kind: TableKind): void {
  requireWhole(principal);
  for (const permission of EXPORT[kind]) requirePermission(principal, permission);
}

/** A table is the company's: a key that is bound to a channel has its orders one by one. */
export function requireWhole({ channelId }: Principal): void {
  if (channelId !== null)
    throw new ApiError(
      "channel_forbidden",
      `The key is bound to the channel ${channelId}: tables are the company's.`,
    );
}

export function mayImport({ permissions }: Principal, kind: TableKind): boolean {
  return IMPORT[kind].every((permission) => permissions.has(permission));
}
