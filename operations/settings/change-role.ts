/**
 * Roles are made, changed, and switched off and on. Each is a change of the setting `role:<id>`. It counts
 * for the next request in every process, and open connections are looked at again at once.
 *
 * R1 `admin` stays whole, so that somebody can put right what others have set.
 * R2 Nobody gives a role what they do not have themselves. A role that counts in more places or for more
 *    channels than before, or again, is given all that it has.
 */
import type { ChangeRoleBody, CreateRoleBody } from "../../contract/roles.ts";
import { readRole, type StoredRole, unknownBounds, writeRole } from "../../store/access/roles.ts";
import type { Queryable } from "../../store/sql/database.ts";
import type { OperationContext } from "../context.ts";
import { type Refusal, refuse } from "../refusal.ts";
import { changeSetting, type SettingChanged } from "./change-setting.ts";

/** Who changes a role, and what there is to give. */
export type RoleGiver = {
  readonly by: string;
  /** Their own. */
  readonly permissions: ReadonlySet<string>;
  /** All that there are. */
  readonly known: readonly string[];
  /** What a built-in role was shipped with; of another one nothing. */
  shipped(role: string): ReadonlySet<string>;
};

const WHOLE = "admin";

function roleSubject(id: string): string {
  return `role:${id}`;
}

type Fields = Omit<StoredRole, "id" | "builtIn">;
/** The fields of the setting; a role that is not there yet has none. */
type Setting = Readonly<Record<string, unknown>>;

export async function createRole(
  context: OperationContext,
  { id, name, permissions, locations = null, channels = null, secondFactorDemanded = false }: CreateRoleBody,
  giver: RoleGiver,
): Promise<SettingChanged | Refusal> {
  const fields: Fields = { name, permissions, locations, channels, secondFactorDemanded, enabled: true };
  return changeSetting<Setting>(context, {
    subject: roleSubject(id),
    version: null,
    by: giver.by,
    read: async (client) => {
      if ((await readRole(client, id)) !== null)
        return refuse("role_exists", `There is a role "${id}" already: change it.`);
      return (await problemOf(client, fields, new Set(permissions), new Set(), giver)) ?? {};
    },
    next: () => fields,
    write: (client) => writeRole(client, { id, ...fields }),
  });
}

export async function changeRole(
  context: OperationContext,
  id: string,
  { version, ...change }: ChangeRoleBody,
  giver: RoleGiver,
): Promise<SettingChanged | Refusal> {
  return alter(context, id, version, giver, (now) => ({
    name: change.name ?? now.name,
    permissions: change.permissions === undefined ? now.permissions : change.permissions,
    locations: change.locations === undefined ? now.locations : change.locations,
    channels: change.channels === undefined ? now.channels : change.channels,
    secondFactorDemanded: change.secondFactorDemanded ?? now.secondFactorDemanded,
    enabled: now.enabled,
  }));
}

/** Switches a role off or on. Off, its members may do nothing. */
export async function enableRole(
  context: OperationContext,
  id: string,
  enabled: boolean,
  giver: RoleGiver,
): Promise<SettingChanged | Refusal> {
  return alter(context, id, null, giver, (now) => ({ ...now, enabled }));
}

async function alter(
  context: OperationContext,
  id: string,
  version: number | null,
  giver: RoleGiver,
  next: (now: Fields) => Fields,
): Promise<SettingChanged | Refusal> {
  let wanted: Fields | null = null;
  return changeSetting<Setting>(context, {
    subject: roleSubject(id),
    version,
    by: giver.by,
    read: async (client) => {
      const role = await readRole(client, id);
      if (role === null) return refuse("role_not_found", `There is no role "${id}".`);
      const { id: _id, builtIn, ...now } = role;
      wanted = next(now);
      if (wanted.permissions === null && !builtIn)
        return refuse("role_invalid", "Only a built-in role has permissions that it was shipped with.");
      if (id === WHOLE && !isWhole(wanted))
        return refuse("role_protected", "The role of administrators stays whole: make another role.");
      const given = new Set(wanted.permissions ?? giver.shipped(id));
      const before = countsMore(now, wanted)
        ? new Set<string>()
        : new Set(now.permissions ?? giver.shipped(id));
      return (await problemOf(client, wanted, given, before, giver)) ?? now;
    },
    next: (now) => wanted ?? now,
    write: async (client, fields) => writeRole(client, { id, ...(fields as Fields) }),
  });
}

function isWhole({ permissions, locations, channels, enabled }: Fields): boolean {
  return permissions === null && locations === null && channels === null && enabled;
}

/** Whether members may then do somewhere what they may not do there now. */
function countsMore(now: Fields, next: Fields): boolean {
  return (
    (next.enabled && !now.enabled) ||
    isWider(now.locations, next.locations) ||
    isWider(now.channels, next.channels)
  );
}

function isWider(now: readonly string[] | null, next: readonly string[] | null): boolean {
  return now !== null && (next === null || next.some((each) => !now.includes(each)));
}

async function problemOf(
  client: Queryable,
  role: Fields,
  given: ReadonlySet<string>,
  before: ReadonlySet<string>,
  { permissions: own, known }: RoleGiver,
): Promise<Refusal | null> {
  const unknown = role.permissions?.find((permission) => !known.includes(permission));
  if (unknown !== undefined) return refuse("role_invalid", `There is no permission "${unknown}".`);
  const foreign = [...given].find((permission) => !own.has(permission) && !before.has(permission));
  if (foreign !== undefined)
    return refuse("permission_not_yours", `You do not have ${foreign}, so you cannot give it.`);
  const { location, channel } = await unknownBounds(client, role);
  if (location !== undefined) return refuse("location_not_found", `There is no location "${location}".`);
  if (channel !== undefined) return refuse("channel_not_found", `There is no channel "${channel}".`);
  return null;
}
