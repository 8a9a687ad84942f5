/** Locations as they are made and changed: where they are, when they work, what they can take on. */
import Type from "typebox";
import { AddressBody } from "./order-changes.ts";
import { CustomValuesView } from "./settings/custom-fields.ts";
import { Count, closed, Day, Nullable, oneOf, type Shape, Text, text, Version } from "./shapes.ts";

export const LOCATION_KINDS = ["fulfillment_center", "store", "supplier"] as const;
export const WEEKDAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"] as const;

/** `HH:MM` of the location's wall clock; `24:00` ends a day. */
const TimeOfDay = Type.String({ pattern: "^(([01]\\d|2[0-3]):[0-5]\\d|24:00)$" });
const Minor = Type.Integer({ minimum: 0, maximum: 1_000_000_000 });

const LocationHours = Type.Object(
  {
    day: oneOf(WEEKDAYS),
    opens: TimeOfDay,
    closes: TimeOfDay,
    /** From when on an order leaves a day later; null: as on other days. */
    cutOff: Nullable(TimeOfDay),
  },
  closed,
);
export type LocationHours = Shape<typeof LocationHours>;

const ShippingZone = Type.Object(
  {
    upToKm: Type.Number({ exclusiveMinimum: 0, maximum: 50_000 }),
    costMinor: Minor,
    days: Type.Integer({ minimum: 0, maximum: 365 }),
  },
  closed,
);

const LOCATION_SETTINGS = {
  name: text(100),
  kind: oneOf(LOCATION_KINDS),
  address: AddressBody,
  /** Degrees; sourcing measures from here. */
  latitude: Type.Number({ minimum: -90, maximum: 90 }),
  longitude: Type.Number({ minimum: -180, maximum: 180 }),
  /** Lower is preferred where all else is equal. */
  priority: Type.Integer({ minimum: 0, maximum: 1_000_000 }),
  /** IANA name, such as `Europe/Berlin`; null: local time by longitude. */
  timeZone: Nullable(text(64)),
  /** Weekdays on which it works; null: Monday to Friday. */
  hours: Nullable(Type.Array(LocationHours, { minItems: 1, maxItems: 7 })),
  /** From when on an order leaves a day later, where the weekday says nothing; null: 14:00. */
  cutOff: Nullable(TimeOfDay),
  /** Holidays and other days on which it does not work. */
  closedOn: Type.Array(Day, { maxItems: 400, uniqueItems: true }),
  /** Its own days that an order needs there before it leaves. */
  leadTimeDays: Type.Integer({ minimum: 0, maximum: 365 }),
  /** Parcels that it sends in a day; null: no limit. */
  dailyCapacity: Nullable(Type.Integer({ minimum: 0, maximum: 10_000_000 })),
  /** What a parcel costs before it travels, in minor units of the company's currency. */
  parcelCostMinor: Minor,
  unitCostMinor: Minor,
  /** Of one parcel, for distances that no zone reaches. */
  costPerKmMinor: Type.Number({ minimum: 0, maximum: 1_000_000 }),
  /** By distance; null: days in transit follow from the distance. */
  zones: Nullable(Type.Array(ShippingZone, { minItems: 1, maxItems: 50 })),
  /** Numbers for custom sourcing rules, by name. */
  attributes: Type.Record(
    Type.String({ minLength: 1, maxLength: 64 }),
    Type.Number({ minimum: 0, maximum: 1_000_000_000 }),
  ),
};

const LocationSettings = Type.Object(LOCATION_SETTINGS);
export type LocationSettings = Shape<typeof LocationSettings>;

export const LocationDetail = Type.Object({
  id: Text,
  version: Count,
  /** Whether orders are served from it. */
  active: Type.Boolean(),
  ...LOCATION_SETTINGS,
  /** Parcels that it can still take on today; null: no limit. */
  openCapacity: Nullable(Count),
  /** The company's own fields. */
  customFields: CustomValuesView,
});
export type LocationDetail = Shape<typeof LocationDetail>;

/** Beyond `LOCATION_SETTINGS`' required ones, what is left out is as usual. */
export const CreateLocationBody = Type.Object(
  {
    /** Also a level of its devices' topics. */
    id: Type.String({ pattern: "^[a-z0-9][a-z0-9_-]{0,63}$" }),
    name: LOCATION_SETTINGS.name,
    kind: LOCATION_SETTINGS.kind,
    address: LOCATION_SETTINGS.address,
    /** Absent: the middle of its state or country. */
    latitude: Type.Optional(LOCATION_SETTINGS.latitude),
    longitude: Type.Optional(LOCATION_SETTINGS.longitude),
    priority: Type.Optional(LOCATION_SETTINGS.priority),
    timeZone: Type.Optional(LOCATION_SETTINGS.timeZone),
    hours: Type.Optional(LOCATION_SETTINGS.hours),
    cutOff: Type.Optional(LOCATION_SETTINGS.cutOff),
    closedOn: Type.Optional(LOCATION_SETTINGS.closedOn),
    leadTimeDays: Type.Optional(LOCATION_SETTINGS.leadTimeDays),
    dailyCapacity: Type.Optional(LOCATION_SETTINGS.dailyCapacity),
    parcelCostMinor: Type.Optional(LOCATION_SETTINGS.parcelCostMinor),
    unitCostMinor: Type.Optional(LOCATION_SETTINGS.unitCostMinor),
    costPerKmMinor: Type.Optional(LOCATION_SETTINGS.costPerKmMinor),
    zones: Type.Optional(LOCATION_SETTINGS.zones),
    attributes: Type.Optional(LOCATION_SETTINGS.attributes),
  },
  closed,
);
export type CreateLocationBody = Shape<typeof CreateLocationBody>;

const { id: _, ...changeable } = CreateLocationBody.properties;

/** What is left out stays as it is. */
export const ChangeLocationBody = Type.Object(
  {
    version: Version,
    ...changeable,
    name: Type.Optional(LOCATION_SETTINGS.name),
    kind: Type.Optional(LOCATION_SETTINGS.kind),
    address: Type.Optional(LOCATION_SETTINGS.address),
  },
  closed,
);
export type ChangeLocationBody = Shape<typeof ChangeLocationBody>;
