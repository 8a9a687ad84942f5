/**
 * Who may do what. Denied by default: a permission that is not in the row of a role or scope is not given,
 * and a route names the permission that it needs or says that it is public.
 */
import type { ApiScope } from "../../store/access/api-keys.ts";
import { STAFF_ROLES, type StaffRole } from "../../store/access/staff.ts";

export const PERMISSIONS = [
  "orders.read",
  "orders.capture",
  "orders.cancel",
  "orders.change",
  "orders.tracking-link",
  "orders.release-hold",
  "orders.payment",
  "orders.cash",
  "orders.notify",
  "orders.hold",
  "fulfillment.read",
  "fulfillment.change",
  "fulfillment.pack",
  "fulfillment.collect",
  "shipments.label",
  "stock.read",
  "stock.explain",
  "stock.command",
  "catalog.read",
  "catalog.write",
  "locations.write",
  "returns.read",
  "returns.request",
  "returns.decide",
  "returns.receive",
  "returns.inspect",
  "returns.rules",
  "refunds.read",
  "refunds.give",
  "refunds.confirm",
  "refunds.settle",
  "store-credit.read",
  "store-credit.apply",
  "claims.read",
  "claims.open",
  "claims.decide",
  "returns.exchange",
  "devices.read",
  "devices.write",
  "overview.read",
  "settings.read",
  "channels.write",
  "refunds.limits",
  "people.read",
  "people.write",
  "keys.read",
  "keys.write",
  "company.write",
  "metrics.read",
] as const;
export type Permission = (typeof PERMISSIONS)[number];

/** What every member of staff may see. */
const SEE: readonly Permission[] = [
  "orders.read",
  "fulfillment.read",
  "stock.read",
  "stock.explain",
  "catalog.read",
  "returns.read",
  "refunds.read",
  "claims.read",
  "devices.read",
  "overview.read",
];

/** Whose gifts have a limit does not set it; and who could make people or keys could do everything. */
const ADMINISTRATORS_OWN: ReadonlySet<Permission> = new Set<Permission>([
  "metrics.read",
  "refunds.limits",
  "people.read",
  "people.write",
  "keys.read",
  "keys.write",
  "company.write",
]);

export const ROLE_PERMISSIONS: Readonly<Record<StaffRole, ReadonlySet<Permission>>> = {
  admin: new Set(PERMISSIONS),
  operations: new Set(PERMISSIONS.filter((permission) => !ADMINISTRATORS_OWN.has(permission))),
  service: new Set<Permission>([
    ...SEE,
    "orders.capture",
    "orders.cancel",
    "orders.change",
    "orders.tracking-link",
    "orders.release-hold",
    "orders.payment",
    "orders.notify",
    "returns.request",
    "returns.decide",
    "refunds.give",
    "store-credit.read",
    "store-credit.apply",
    "orders.hold",
    "fulfillment.change",
    "claims.open",
    "claims.decide",
    "returns.exchange",
  ]),
  warehouse: new Set<Permission>([
    ...SEE,
    "orders.hold",
    "fulfillment.change",
    "fulfillment.pack",
    "fulfillment.collect",
    "shipments.label",
    "stock.command",
    "returns.request",
    "returns.receive",
    "returns.inspect",
    "claims.open",
  ]),
  store: new Set<Permission>([
    ...SEE,
    "orders.notify",
    "fulfillment.pack",
    "fulfillment.collect",
    "returns.receive",
  ]),
  finance: new Set<Permission>([
    ...SEE,
    "settings.read",
    "orders.payment",
    "orders.cash",
    "refunds.give",
    "refunds.confirm",
    "refunds.settle",
    "store-credit.read",
    "store-credit.apply",
    "claims.open",
    "claims.decide",
    "returns.exchange",
  ]),
};

export const SCOPE_PERMISSIONS: Readonly<Record<ApiScope, readonly Permission[]>> = {
  "orders:write": [
    "orders.capture",
    "orders.cancel",
    "orders.change",
    "orders.tracking-link",
    "orders.release-hold",
    "orders.payment",
    "orders.notify",
    "orders.hold",
    "fulfillment.change",
  ],
  "orders:read": ["orders.read", "fulfillment.read", "shipments.label", "returns.read", "overview.read"],
  "stock:read": ["stock.read", "stock.explain", "catalog.read"],
  "stock:write": ["stock.command", "catalog.write"],
  "refunds:write": [
    "orders.cash",
    "store-credit.read",
    "store-credit.apply",
    "refunds.read",
    "refunds.give",
    "refunds.confirm",
    "refunds.settle",
    "claims.read",
    "claims.open",
    "claims.decide",
    "returns.exchange",
  ],
  "returns:write": [
    "returns.read",
    "returns.request",
    "returns.decide",
    "returns.receive",
    "returns.inspect",
    "returns.rules",
  ],
  admin: PERMISSIONS,
};

/** What a key counts as where limits are by role. */
export const KEY_ROLE = "api-key";

/** Roles of staff that may give money away of their own decision. */
export function rolesThatGive(): readonly StaffRole[] {
  return STAFF_ROLES.filter((role) => ROLE_PERMISSIONS[role].has("refunds.give"));
}

/**
 * What a key that is bound to one channel can have at most: its channel's orders, and how much there is to
 * sell. What explains a position's stock names the orders of all channels; products, devices and the overview
 * are not of one channel.
 */
const CHANNEL_KEY_PERMISSIONS: ReadonlySet<Permission> = new Set<Permission>([
  "orders.read",
  "orders.capture",
  "orders.cancel",
  "orders.change",
  "orders.tracking-link",
  "stock.read",
  // A connector reads what its channel has to pay back, and says that it was paid.
  "refunds.read",
  "refunds.confirm",
]);

export function permissionsOfKey(
  scopes: readonly ApiScope[],
  boundToChannel: boolean,
): ReadonlySet<Permission> {
  const all = scopes.flatMap((scope) => SCOPE_PERMISSIONS[scope] ?? []);
  return new Set(boundToChannel ? all.filter((permission) => CHANNEL_KEY_PERMISSIONS.has(permission)) : all);
}
