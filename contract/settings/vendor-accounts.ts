/**
 * Accounts at vendors that people set: payment providers, carriers, mail. What is secret of one is stored
 * sealed and comes back in no answer.
 */
import Type from "typebox";
import { VENDOR_KINDS } from "../../ports/vendor-desk.ts";
import { Count, closed, Nullable, oneOf, type Shape, Text, Time, text, Version } from "../shapes.ts";

export const VendorKindName = oneOf(VENDOR_KINDS);

/** As part of addresses and of stored payments and parcels. */
const AccountName = Type.String({ pattern: "^[a-z][a-z0-9_]{0,31}$" });

/** By the names that the vendor declares; an empty text: as usual. */
const Values = Type.Record(Type.String({ pattern: "^[A-Z][A-Z0-9_]{0,63}$" }), text(2_000, 0));

const Services = Nullable(Type.Array(text(100), { minItems: 1, maxItems: 200, uniqueItems: true }));

/** What can be set for a vendor. */
export const VendorDeclarationView = Type.Object({
  kind: VendorKindName,
  provider: Text,
  settings: Type.Array(
    Type.Object({
      name: Text,
      meaning: Text,
      /** What counts where nothing is set, in words. */
      standard: Text,
      required: Type.Boolean(),
      /** Never shown once it is set. */
      secret: Type.Boolean(),
    }),
  ),
});
export type VendorDeclarationView = Shape<typeof VendorDeclarationView>;

export const VendorAccountDetail = Type.Object({
  kind: VendorKindName,
  provider: Text,
  account: Text,
  version: Count,
  name: Text,
  active: Type.Boolean(),
  /** Those of its kind are used in this order; of equals, the older one first. */
  place: Count,
  services: Nullable(Type.Array(Text)),
  /** What is set and no secret. */
  values: Type.Record(Text, Text),
  /** The names of the secrets that are set. */
  secrets: Type.Array(Text),
  /** Null: the vendor sends no webhooks. */
  webhook: Nullable(Type.Object({ url: Text, formerSecretCountsUntil: Nullable(Time) })),
  /** Business that is not over: payments to capture, parcels under way. */
  open: Nullable(Count),
});
export type VendorAccountDetail = Shape<typeof VendorAccountDetail>;

export const CreateVendorAccountBody = Type.Object(
  {
    kind: VendorKindName,
    provider: text(32),
    account: AccountName,
    name: Type.Optional(text(100)),
    values: Values,
    place: Type.Optional(Type.Integer({ minimum: 0, maximum: 1_000 })),
    services: Type.Optional(Services),
    /** Saved though the vendor does not answer. */
    untried: Type.Optional(Type.Boolean()),
  },
  closed,
);
export type CreateVendorAccountBody = Shape<typeof CreateVendorAccountBody>;

/** What is left out stays as it is, secrets too. */
export const ChangeVendorAccountBody = Type.Object(
  {
    version: Version,
    name: Type.Optional(text(100)),
    active: Type.Optional(Type.Boolean()),
    place: Type.Optional(Type.Integer({ minimum: 0, maximum: 1_000 })),
    services: Type.Optional(Services),
    values: Type.Optional(Values),
    untried: Type.Optional(Type.Boolean()),
  },
  closed,
);
export type ChangeVendorAccountBody = Shape<typeof ChangeVendorAccountBody>;

/** Values that are left out are those that are set. */
export const TryVendorAccountBody = Type.Object({ values: Type.Optional(Values) }, closed);

export const TriedView = Type.Object({ works: Type.Boolean(), detail: Text });
export type TriedView = Shape<typeof TriedView>;

export const RotateVendorSecretBody = Type.Object(
  {
    /** That the vendor has made; without one, one is made here and told once. */
    secret: Type.Optional(text(500, 16)),
    /** How long the one before counts on. Default: 24. */
    overlapHours: Type.Optional(Type.Integer({ minimum: 0, maximum: 720 })),
  },
  closed,
);
export type RotateVendorSecretBody = Shape<typeof RotateVendorSecretBody>;

export const IssuedVendorSecret = Type.Object({
  account: VendorAccountDetail,
  /** Null: it was given. */
  secret: Nullable(Text),
});
export type IssuedVendorSecret = Shape<typeof IssuedVendorSecret>;
