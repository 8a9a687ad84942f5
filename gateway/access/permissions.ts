/**
 * Who may do what. Denied by default: a permission that is not in the row of a role or scope is not given,
 * and a route names the permission that it needs or says that it is public. Stock commands are one route, and
 * each kind of them needs a permission of its own.
 */
import type { STOCK_COMMAND_SCHEMAS } from "../../contract/stock-commands.ts";
import type { ApiScope } from "../../store/access/api-keys.ts";
import { listRoles, type StoredRole } from "../../store/access/roles.ts";
import { STAFF_ROLES, type StaffRole } from "../../store/access/staff.ts";
import type { Queryable } from "../../store/sql/database.ts";

export const PERMISSIONS = [
  "orders.read",
  "orders.export",
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
  "stock.receive",
  "stock.adjust",
  "stock.count",
  "stock.approve-count",
  "stock.transfer",
  "stock.quarantine",
  "stock.safety-stock",
  "stock.pool",
  "stock.tracking",
  "stock.reserve",
  "stock.fulfill",
  "stock.limits",
  "catalog.read",
  "catalog.write",
  "catalog.map",
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
  "mail-templates.write",
  "custom-fields.write",
  "hold-reasons.write",
  "accounts.write",
  "webhooks.read",
  "webhooks.write",
  "refunds.limits",
  "people.read",
  "people.write",
  "keys.read",
  "keys.write",
  "company.write",
  "audit.read",
  "roles.read",
  "roles.write",
  "personal-data.read",
  "personal-data.export",
  "personal-data.erase",
  "retention.write",
  "metrics.read",
] as const;
export type Permission = (typeof PERMISSIONS)[number];

/** What each kind of stock command needs. A new kind does not compile without. */
export const STOCK_COMMAND_PERMISSIONS: Readonly<Record<keyof typeof STOCK_COMMAND_SCHEMAS, Permission>> = {
  receive: "stock.receive",
  expect: "stock.receive",
  "cancel-expected": "stock.receive",
  adjust: "stock.adjust",
  count: "stock.count",
  "approve-count": "stock.approve-count",
  "reject-count": "stock.approve-count",
  "transfer-out": "stock.transfer",
  "transfer-in": "stock.transfer",
  quarantine: "stock.quarantine",
  "release-quarantine": "stock.quarantine",
  "set-safety-stock": "stock.safety-stock",
  "set-pool": "stock.pool",
  "set-tracking": "stock.tracking",
  reserve: "stock.reserve",
  claim: "stock.reserve",
  extend: "stock.reserve",
  release: "stock.reserve",
  allocate: "stock.reserve",
  deallocate: "stock.reserve",
  "enqueue-demand": "stock.reserve",
  "cancel-demand": "stock.reserve",
  pick: "stock.fulfill",
  "short-pick": "stock.fulfill",
  ship: "stock.fulfill",
  "return-receive": "stock.fulfill",
};

/** Whoever has one of these may send stock commands; which of them, each command's own permission says. */
export const STOCK_COMMANDS_SOME: readonly Permission[] = [
  ...new Set(Object.values(STOCK_COMMAND_PERMISSIONS)),
];

/** What people in a warehouse do to stock. What it may promise to whom is not theirs to rule. */
const STOCK_BY_HAND: readonly Permission[] = [
  "stock.receive",
  "stock.adjust",
  "stock.count",
  "stock.approve-count",
  "stock.transfer",
  "stock.quarantine",
  "stock.fulfill",
];

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

/**
 * Whose gifts or corrections have a limit does not set it; whose acts are recorded does not read how; and who
 * could make people, keys or roles could do everything.
 */
const ADMINISTRATORS_OWN: ReadonlySet<Permission> = new Set<Permission>([
  "metrics.read",
  "refunds.limits",
  "stock.limits",
  "people.read",
  "people.write",
  "keys.read",
  "keys.write",
  "company.write",
  "accounts.write",
  "webhooks.read",
  "webhooks.write",
  "audit.read",
  "roles.write",
  "personal-data.export",
  "personal-data.erase",
  "retention.write",
]);

/** What the built-in roles have as shipped. What people have set instead is in the table of roles. */
export const ROLE_PERMISSIONS: Readonly<Record<StaffRole, ReadonlySet<Permission>>> = {
  admin: new Set(PERMISSIONS),
  operations: new Set(PERMISSIONS.filter((permission) => !ADMINISTRATORS_OWN.has(permission))),
  service: new Set<Permission>([
    ...SEE,
    // What an order waits for because the catalog does not know it is for service to say.
    "catalog.map",
    "personal-data.read",
    "orders.export",
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
    ...STOCK_BY_HAND,
    "returns.request",
    "returns.receive",
    "returns.inspect",
    "claims.open",
  ]),
  store: new Set<Permission>([
    ...SEE,
    "personal-data.read",
    "orders.notify",
    "fulfillment.pack",
    "fulfillment.collect",
    "returns.receive",
  ]),
  finance: new Set<Permission>([
    ...SEE,
    "settings.read",
    "orders.export",
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
  "orders:read": [
    "orders.read",
    "orders.export",
    "personal-data.read",
    "fulfillment.read",
    "shipments.label",
    "returns.read",
    "overview.read",
  ],
  "stock:read": ["stock.read", "stock.explain", "catalog.read"],
  "stock:write": [...STOCK_COMMANDS_SOME, "catalog.write", "catalog.map"],
  "refunds:write": [
    "orders.cash",
    "personal-data.read",
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
    "personal-data.read",
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

/** What a role was shipped with; nothing where it is none of the built-in ones. */
export function shippedWith(role: string): ReadonlySet<Permission> {
  const builtIn = STAFF_ROLES.find((each) => each === role);
  return builtIn === undefined ? NOTHING : ROLE_PERMISSIONS[builtIn];
}

const NOTHING: ReadonlySet<Permission> = new Set();

/** What a role may do now. Names that this version does not know count for nothing. */
export function permissionsOfRole(
  role: Pick<StoredRole, "id" | "permissions" | "enabled"> | null,
): ReadonlySet<Permission> {
  if (role === null || !role.enabled) return NOTHING;
  const { permissions } = role;
  if (permissions === null) return shippedWith(role.id);
  return new Set(PERMISSIONS.filter((permission) => permissions.includes(permission)));
}

/** Roles of staff that may give money away of their own decision. */
export async function rolesThatGive(database: Queryable): Promise<readonly string[]> {
  const roles = await listRoles(database);
  return roles.filter((role) => permissionsOfRole(role).has("refunds.give")).map(({ id }) => id);
}

/**
 * What a key that is bound to one channel can have at most: its channel's orders, and how much there is to
 * sell. What explains a position's stock names the orders of all channels; products, devices and the overview
 * are not of one channel.
 */
const CHANNEL_KEY_PERMISSIONS: ReadonlySet<Permission> = new Set<Permission>([
  "orders.read",
  "personal-data.read",
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
