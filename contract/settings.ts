/**
 * What people set while the system runs: the rules of channels and stores, the limits of parcels and of what
 * a role may give away; the accounts at vendors, which are set by environment and only shown; and who has
 * changed what.
 *
 * A setting has a version. A change names the version that it was made from, and is refused where somebody
 * else has changed it since.
 */
import Type from "typebox";
import { SHORT_RESTS } from "../orders/fulfillment/shortage.ts";
import { ALLOCATION_POLICIES } from "../orders/order.ts";
import { VENDOR_KINDS } from "../ports/vendor-desk.ts";
import { OwnHoldCode } from "./settings/hold-reasons.ts";
import {
  AmountByCurrency,
  Count,
  closed,
  Id,
  Name,
  Nullable,
  oneOf,
  type Shape,
  Sku,
  Text,
  Time,
  text,
  Version,
} from "./shapes.ts";

export const CHARGED_BY = ["channel", "merchant", "order"] as const;
const ON_SHORTAGE = ["hold", "refuse"] as const;
/** A year: afterwards nobody changes an order any more. */
const MOST_CHANGE_MINUTES = 527_040;
/** A day. */
const MOST_COMBINE_MINUTES = 1_440;

export const CHANNEL_RULES = {
  /** What people call it. */
  name: text(100),
  /** Whether orders and webhooks of it are taken. */
  active: Type.Boolean(),
  /** Who takes the money of its orders; `order`: each order says so, which only our own format can. */
  chargedBy: oneOf(CHARGED_BY),
  /**
   * Whether an order that we charge may say that it is paid at the door; else we charge it all the same. Of a
   * channel that charges, that is the channel's to say.
   */
  payOnDelivery: Type.Boolean(),
  /** What becomes of an order that stock does not cover when it comes. */
  onShortage: oneOf(ON_SHORTAGE),
  /** What is reserved of it, unless the order says so itself. */
  allocation: oneOf(ALLOCATION_POLICIES),
  /**
   * What becomes of units that go missing later and that no place has; null: as the order's allocation says.
   */
  shortRest: Nullable(oneOf(SHORT_RESTS)),
  /** Whether products may be sent as substitutes in their place, where the order's line does not say. */
  allowSubstitutes: Type.Boolean(),
  /** How long after capture shoppers change or cancel their orders themselves; 0: never. */
  shopperChangesMinutes: Type.Integer({ minimum: 0, maximum: MOST_CHANGE_MINUTES }),
  /** How long new orders wait for others of their customer, to leave in one parcel; null: they do not. */
  combineMinutes: Nullable(Type.Integer({ minimum: 1, maximum: MOST_COMBINE_MINUTES })),
  /** The stock pool that its orders are reserved through; null: what everybody may sell. */
  stockPool: Nullable(Name),
  /** Units of each SKU that it is not told of, so that a sale elsewhere does not oversell it meanwhile. */
  stockBuffer: Type.Integer({ minimum: 0, maximum: 1_000_000_000 }),
};

const ChannelRules = Type.Object(CHANNEL_RULES);
export type ChannelRules = Shape<typeof ChannelRules>;

export const ChannelSettings = Type.Object({ channel: Text, version: Count, ...CHANNEL_RULES });
export type ChannelSettings = Shape<typeof ChannelSettings>;

/** What is left out stays as it is. */
export const ChannelSettingsBody = Type.Object(
  {
    version: Version,
    name: Type.Optional(CHANNEL_RULES.name),
    active: Type.Optional(CHANNEL_RULES.active),
    chargedBy: Type.Optional(CHANNEL_RULES.chargedBy),
    payOnDelivery: Type.Optional(CHANNEL_RULES.payOnDelivery),
    onShortage: Type.Optional(CHANNEL_RULES.onShortage),
    allocation: Type.Optional(CHANNEL_RULES.allocation),
    shortRest: Type.Optional(CHANNEL_RULES.shortRest),
    allowSubstitutes: Type.Optional(CHANNEL_RULES.allowSubstitutes),
    shopperChangesMinutes: Type.Optional(CHANNEL_RULES.shopperChangesMinutes),
    combineMinutes: Type.Optional(CHANNEL_RULES.combineMinutes),
    stockPool: Type.Optional(CHANNEL_RULES.stockPool),
    stockBuffer: Type.Optional(CHANNEL_RULES.stockBuffer),
  },
  closed,
);
export type ChannelSettingsBody = Shape<typeof ChannelSettingsBody>;

const APPROVAL_UNITS = Type.Integer({ minimum: 0, maximum: 1_000_000_000 });

/**
 * How far one person alone may correct a stock position, in units. Beyond it one counts and another approves.
 */
export const StockLimits = Type.Object({ version: Count, approvalUnits: APPROVAL_UNITS });
export type StockLimits = Shape<typeof StockLimits>;

export const StockLimitsBody = Type.Object({ version: Version, approvalUnits: APPROVAL_UNITS }, closed);
export type StockLimitsBody = Shape<typeof StockLimitsBody>;

const HOLD_RULES = {
  /** Orders that cost more. */
  aboveMinor: AmountByCurrency,
  /** Orders that sell one of these; `*` stands for any characters. */
  skus: Type.Array(Sku, { maxItems: 1_000 }),
  /** ISO 3166-1 alpha-2: orders that go there. */
  countries: Type.Array(Type.String({ pattern: "^[A-Z]{2}$" }), { maxItems: 250, uniqueItems: true }),
  /** Orders that bear a note. */
  notes: Type.Boolean(),
  /** The company's own reason under which they wait, by its code; null: none. */
  ownReason: Nullable(OwnHoldCode),
};

/** Which orders of a channel, new or changed, wait for a person to look at them. */
export const HoldRulesView = Type.Object({ channel: Text, version: Count, ...HOLD_RULES });
export type HoldRulesView = Shape<typeof HoldRulesView>;

/** What is left out stays as it is. */
export const HoldRulesBody = Type.Object(
  {
    version: Version,
    aboveMinor: Type.Optional(HOLD_RULES.aboveMinor),
    skus: Type.Optional(HOLD_RULES.skus),
    countries: Type.Optional(HOLD_RULES.countries),
    notes: Type.Optional(HOLD_RULES.notes),
    ownReason: Type.Optional(HOLD_RULES.ownReason),
  },
  closed,
);
export type HoldRulesBody = Shape<typeof HoldRulesBody>;

const PICKUP_RULES = {
  /** How many days a store keeps what is ready. */
  keptDays: Type.Integer({ minimum: 1, maximum: 365 }),
  /** After how many of them the customer is reminded; null: not at all. */
  reminderAfterDays: Nullable(Type.Integer({ minimum: 1, maximum: 364 })),
};

const PickupRules = Type.Object(PICKUP_RULES);
export type PickupRules = Shape<typeof PickupRules>;

export const PickupRulesView = Type.Object({ location: Text, version: Count, ...PICKUP_RULES });
export type PickupRulesView = Shape<typeof PickupRulesView>;

/** What is left out stays as it is. */
export const PickupRulesBody = Type.Object(
  {
    version: Version,
    keptDays: Type.Optional(PICKUP_RULES.keptDays),
    reminderAfterDays: Type.Optional(PICKUP_RULES.reminderAfterDays),
  },
  closed,
);
export type PickupRulesBody = Shape<typeof PickupRulesBody>;

const ParcelGrams = Nullable(Type.Integer({ minimum: 1, maximum: 1_000_000 }));

/** What one parcel may weigh, in grams; null: no limit of its own. The smallest counts. */
export const ParcelLimitsView = Type.Object({
  version: Count,
  company: ParcelGrams,
  places: Type.Array(Type.Object({ location: Text, name: Text, maxGrams: ParcelGrams })),
});
export type ParcelLimitsView = Shape<typeof ParcelLimitsView>;

/** What is left out stays as it is. */
export const ParcelLimitsBody = Type.Object(
  {
    version: Version,
    company: Type.Optional(ParcelGrams),
    places: Type.Optional(
      Type.Array(Type.Object({ location: Id, maxGrams: ParcelGrams }, closed), { maxItems: 1_000 }),
    ),
  },
  closed,
);
export type ParcelLimitsBody = Shape<typeof ParcelLimitsBody>;

const Limit = {
  role: text(32),
  /** Decimal text in the currency's own unit, e.g. `50.00`; `0` means: nothing. */
  amount: Type.String({ pattern: "^\\d{1,9}(\\.\\d{1,3})?$" }),
  /** ISO 4217; null: the company's. */
  currency: Nullable(Type.String({ pattern: "^[A-Z]{3}$" })),
};

const RoleGrants = Type.Object({
  /** A role of staff; `api-key`: keys. */
  role: Text,
  /** May give money back beyond what is due: appeasement, goodwill, store credit. */
  givesRefunds: Type.Boolean(),
  /** May pay an order with store credit, or issue the code again. */
  appliesStoreCredit: Type.Boolean(),
  /** May decide claims about parcels. */
  decidesClaims: Type.Boolean(),
  /** May make a return an exchange. */
  exchanges: Type.Boolean(),
});

/** A role without a limit gives what was paid; one with limits gives nothing in a currency without one. */
export const RefundLimits = Type.Object({
  version: Count,
  /** `environment`: nobody has set any since the process was started. */
  from: oneOf(["environment", "page"]),
  /** The company's, ISO 4217. */
  currency: Text,
  limits: Type.Array(Type.Object(Limit)),
  roles: Type.Array(RoleGrants),
});
export type RefundLimits = Shape<typeof RefundLimits>;

/** All limits that are to count from now on. */
export const RefundLimitsBody = Type.Object(
  { version: Version, limits: Type.Array(Type.Object(Limit, closed), { maxItems: 200 }) },
  closed,
);
export type RefundLimitsBody = Shape<typeof RefundLimitsBody>;

/** An account at a vendor, without its secrets. */
export const VendorAccountView = Type.Object({
  kind: oneOf(VENDOR_KINDS),
  provider: Text,
  account: Text,
  /** What people call it; of one that the environment lists, its account's name. */
  name: Text,
  /** Where it is set. */
  from: oneOf(["environment", "page"]),
  /**
   * `first`: new business begins here. `listed`: used where the ones before it refuse, and for what began
   * here. `off`: nothing new begins here. `missing`: business is open at it, and nothing names it any more.
   */
  state: oneOf(["first", "listed", "off", "missing"]),
  /** Payments that can still be captured, parcels that are under way; null: nothing stays open there. */
  open: Nullable(Count),
});
export type VendorAccountView = Shape<typeof VendorAccountView>;

const FieldChange = Type.Object({ field: Text, from: Type.Unknown(), to: Type.Unknown() });
export type FieldChange = Shape<typeof FieldChange>;

export const SettingChange = Type.Object({
  /**
   * `channel:<id>`, `hold-rules:<channel>`, `return-rules:<channel>`, `location:<id>`,
   * `pickup-rules:<location>`, `parcel-limits:<company>`, `sourcing-rules`, `refund-limits`, `device:<id>`,
   * `staff:<id>`, `key:<id>`, `company:<id>`, `mail-template:<company>:<kind>:<language>`,
   * `vendor-account:<kind>:<provider>:<account>`, `webhook:<id>`, `holidays:<company>`,
   * `custom-field:<subject>:<key>`, `custom-values:<subject>:<id>`,
   * `hold-reason:<code>`.
   */
  subject: Text,
  version: Count,
  /** A member of staff by name, `api-key:<id>`, or `set-up`. */
  changedBy: Text,
  at: Time,
  changes: Type.Array(FieldChange),
});
export type SettingChange = Shape<typeof SettingChange>;
