/** The company: its name, its currency, and where its days begin. And how the first one is made. */
import Type from "typebox";
import { PASSWORD_MOST } from "../config/limits.ts";
import { Count, closed, Email, Nullable, type Shape, Text, text, Version } from "./shapes.ts";

const FIELDS = {
  name: text(100),
  /** IANA name; its days are the company's days. */
  timeZone: text(64),
  /** ISO 4217. */
  currency: Type.String({ pattern: "^[A-Z]{3}$" }),
};

/**
 * Of GS1, 6 to 12 digits: what the SSCCs on the company's parcels begin with. Null: it has none, and trading
 * partners are told of no SSCC.
 */
const GS1_PREFIX = Nullable(Type.String({ pattern: "^[0-9]{6,12}$" }));

export const CompanyView = Type.Object({ id: Text, version: Count, ...FIELDS, gs1Prefix: GS1_PREFIX });
export type CompanyView = Shape<typeof CompanyView>;

/** What is left out stays as it is. */
export const ChangeCompanyBody = Type.Object(
  {
    version: Version,
    name: Type.Optional(FIELDS.name),
    timeZone: Type.Optional(FIELDS.timeZone),
    currency: Type.Optional(FIELDS.currency),
    gs1Prefix: Type.Optional(GS1_PREFIX),
  },
  closed,
);
export type ChangeCompanyBody = Shape<typeof ChangeCompanyBody>;

/** Whose system this is, and others that a person may go to: what somebody may know who is not signed in. */
export const Companies = Type.Object({
  /** Name of the company here. */
  name: Text,
  others: Type.Array(Type.Object({ name: Text, url: Text })),
});
export type Companies = Shape<typeof Companies>;

const SETUP_LOCATION_KINDS = ["fulfillment_center", "store"] as const;

const SetupLocation = Type.Object(
  {
    name: text(100),
    kind: Type.Optional(Type.Unsafe<(typeof SETUP_LOCATION_KINDS)[number]>({ enum: SETUP_LOCATION_KINDS })),
    line1: text(200),
    city: text(100),
    region: Type.Optional(text(100)),
    postalCode: Type.Optional(text(32)),
    /** ISO 3166-1 alpha-2. */
    country: Type.String({ pattern: "^[A-Z]{2}$" }),
    /**
     * Degrees; left out: the middle of its region or country, which is enough to rank places that are far
     * apart.
     */
    latitude: Type.Optional(Type.Number({ minimum: -90, maximum: 90 })),
    longitude: Type.Optional(Type.Number({ minimum: -180, maximum: 180 })),
  },
  closed,
);

const SETUP = {
  company: Type.Object(FIELDS, closed),
  administrator: Type.Object(
    {
      name: text(100),
      email: Email,
      password: Type.String({ minLength: 1, maxLength: PASSWORD_MOST }),
    },
    closed,
  ),
  location: SetupLocation,
};

/** Everything that an empty system has to be told before it works. */
export const Setup = Type.Object(SETUP, closed);
export type Setup = Shape<typeof Setup>;

/** The same by a browser, with the token that the terminal or the log shows. */
export const SetupBody = Type.Object(
  { token: Type.String({ minLength: 1, maxLength: 128 }), ...SETUP },
  closed,
);
export type SetupBody = Shape<typeof SetupBody>;

export const SetUp = Type.Object({
  company: Text,
  administrator: Text,
  location: Text,
});
export type SetUp = Shape<typeof SetUp>;
