/** Nobody gives away what they do not have: not by a role, and not by the scopes of a key. */
import type { ApiScope } from "../../store/access/api-keys.ts";
import { readRole } from "../../store/access/roles.ts";
import type { Queryable } from "../../store/sql/database.ts";
import { ApiError } from "../wire/problem.ts";
import type { Principal } from "./authentication.ts";
import { type Permission, permissionsOfKey, permissionsOfRole } from "./permissions.ts";

/** @throws ApiError `permission_not_yours` where the role has more than the caller; one that is not there has nothing */
export async function requireRightsOf(database: Queryable, caller: Principal, roleId: string): Promise<void> {
  const role = await readRole(database, roleId);
  requireAll(caller, permissionsOfRole(role === null ? null : { ...role, enabled: true }));
}

/** @throws ApiError `permission_not_yours` where a key of these scopes had more than the caller */
export function requireScopes(caller: Principal, scopes: readonly string[], boundToChannel: boolean): void {
  requireAll(caller, permissionsOfKey(scopes as readonly ApiScope[], boundToChannel));
}

function requireAll({ permissions }: Principal, wanted: ReadonlySet<Permission>): void {
  const foreign = [...wanted].find((permission) => !permissions.has(permission));
  if (foreign !== undefined)
    throw new ApiError("permission_not_yours", `You do not have ${foreign}, so you cannot give it.`);
}
