/**
 * Roles of staff: what their members may do, and where. The built-in ones can be changed and not removed; of
 * `admin` only the name can.
 */
import Type from "typebox";
import { Count, closed, Id, Nullable, type Shape, Text, text, Version } from "./shapes.ts";

const RoleId = Type.String({ pattern: "^[a-z][a-z0-9-]{0,62}$" });
const RoleName = text(100);
const Permissions = Type.Array(text(64), { maxItems: 500, uniqueItems: true });
const Bounds = Nullable(Type.Array(Id, { minItems: 1, maxItems: 1_000, uniqueItems: true }));

export const RoleView = Type.Object({
  id: Text,
  name: Text,
  builtIn: Type.Boolean(),
  /** Switched off, its members may do nothing. */
  enabled: Type.Boolean(),
  permissions: Type.Array(Text),
  /** They are the ones that it was shipped with; what a later version adds is then its, too. */
  asShipped: Type.Boolean(),
  /** The only places where its members may do it; null: everywhere. */
  locations: Nullable(Type.Array(Text)),
  /** The only channels whose orders it is about; null: all. */
  channels: Nullable(Type.Array(Text)),
  /** Whoever signs in by a password here needs a second factor or a passkey before anything else. */
  secondFactorDemanded: Type.Boolean(),
  /** Members of staff who have it. */
  people: Count,
  version: Count,
});
export type RoleView = Shape<typeof RoleView>;

export const CreateRoleBody = Type.Object(
  {
    id: RoleId,
    name: RoleName,
    permissions: Permissions,
    locations: Type.Optional(Bounds),
    channels: Type.Optional(Bounds),
    /** Left out: no. */
    secondFactorDemanded: Type.Optional(Type.Boolean()),
  },
  closed,
);
export type CreateRoleBody = Shape<typeof CreateRoleBody>;

/** What is left out stays as it is. */
export const ChangeRoleBody = Type.Object(
  {
    version: Version,
    name: Type.Optional(RoleName),
    /** Null: those that the role was shipped with. */
    permissions: Type.Optional(Nullable(Permissions)),
    locations: Type.Optional(Bounds),
    channels: Type.Optional(Bounds),
    secondFactorDemanded: Type.Optional(Type.Boolean()),
  },
  closed,
);
export type ChangeRoleBody = Shape<typeof ChangeRoleBody>;

/** `yours`: whoever asks has it, and may give it to a role. */
export const PermissionView = Type.Object({ permission: Text, yours: Type.Boolean() });
export type PermissionView = Shape<typeof PermissionView>;
