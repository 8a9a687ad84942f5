/** Roles of staff: what their members may do, and where. */
import { ChangeRoleBody, CreateRoleBody, PermissionView, RoleView } from "../../contract/roles.ts";
import { pageOf } from "../../contract/shapes.ts";
import { changeRole, createRole, enableRole, type RoleGiver } from "../../operations/settings/change-role.ts";
import { listShownRoles, readShownRole, type ShownRole } from "../../store/access/roles.ts";
import { PERMISSIONS, permissionsOfRole, shippedWith } from "../access/permissions.ts";
import { type Call, callerOf, done, param, type Route, route } from "../http/route.ts";
import { ApiError } from "../wire/problem.ts";

const READ = { kind: "permission", permission: "roles.read" } as const;
const WRITE = { kind: "permission", permission: "roles.write" } as const;
/** Whoever found a browser open must not give rights away, or take them. */
const PROOF = { kind: "recent" } as const;

export const roleRoutes: readonly Route[] = [
  route({
    method: "GET",
    path: "/v1/roles",
    summary: "Roles of staff with their permissions, the built-in ones first",
    access: READ,
    reply: pageOf(RoleView),
    handle: async ({ services: { database } }) => ({
      json: { items: (await listShownRoles(database)).map(viewOf), next: null },
    }),
  }),
  route({
    method: "POST",
    path: "/v1/roles",
    summary: "Makes a role; nobody gives it what they do not have themselves",
    access: WRITE,
    proof: PROOF,
    body: CreateRoleBody,
    reply: RoleView,
    idempotency: "accepted",
    handle: async (call) => {
      done(await createRole(call.services.operations, call.body, giverOf(call)));
      return { status: 201, json: await roleOf(call, call.body.id) };
    },
  }),
  route({
    method: "GET",
    path: "/v1/roles/{id}",
    summary: "One role",
    access: READ,
    reply: RoleView,
    handle: async (call) => ({ json: await roleOf(call, param(call, "id")) }),
  }),
  route({
    method: "PATCH",
    path: "/v1/roles/{id}",
    summary: "Changes a role; what is left out stays as it is. It counts for the next request",
    access: WRITE,
    proof: PROOF,
    body: ChangeRoleBody,
    reply: RoleView,
    idempotency: "accepted",
    handle: async (call) => {
      const id = param(call, "id");
      done(await changeRole(call.services.operations, id, call.body, giverOf(call)));
      return { json: await roleOf(call, id) };
    },
  }),
  route({
    method: "POST",
    path: "/v1/roles/{id}/disable",
    summary: "Switches a role off: its members may do nothing",
    access: WRITE,
    proof: PROOF,
    reply: RoleView,
    idempotency: "accepted",
    handle: (call) => enable(call, false),
  }),
  route({
    method: "POST",
    path: "/v1/roles/{id}/enable",
    summary: "Switches a role on again",
    access: WRITE,
    proof: PROOF,
    reply: RoleView,
    idempotency: "accepted",
    handle: (call) => enable(call, true),
  }),
  route({
    method: "GET",
    path: "/v1/permissions",
    summary: "All permissions that there are, and which of them the caller has",
    access: READ,
    reply: pageOf(PermissionView),
    handle: async (call) => {
      const { permissions } = callerOf(call);
      const items = PERMISSIONS.map((permission) => ({ permission, yours: permissions.has(permission) }));
      return { json: { items, next: null } };
    },
  }),
];

function giverOf(call: Call<unknown, unknown>): RoleGiver {
  const { by, permissions } = callerOf(call);
  return { by, permissions, known: PERMISSIONS, shipped: shippedWith };
}

async function enable(call: Call<unknown, unknown>, enabled: boolean) {
  const id = param(call, "id");
  done(await enableRole(call.services.operations, id, enabled, giverOf(call)));
  return { json: await roleOf(call, id) };
}

async function roleOf({ services: { database } }: Call<unknown, unknown>, id: string): Promise<RoleView> {
  const role = await readShownRole(database, id);
  if (role === null) throw new ApiError("role_not_found", `There is no role "${id}".`);
  return viewOf(role);
}

/** A role that is switched off is shown with what it has when it is on. */
function viewOf(role: ShownRole): RoleView {
  return {
    ...role,
    permissions: [...permissionsOfRole({ ...role, enabled: true })].sort(),
    asShipped: role.permissions === null,
  };
}
