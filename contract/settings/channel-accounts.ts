/**
 * Channels' accounts at their vendors' APIs, and what goes in and out by them. What is secret of an account
 * is stored sealed and comes back in no answer.
 */
import Type from "typebox";
import { ORDER_WORD_KINDS } from "../../ports/channel-connection.ts";
import { Count, closed, Id, Nullable, oneOf, type Shape, Text, Time, text, Version } from "../shapes.ts";

/** By the names that the vendor declares; an empty text: as usual. */
const Values = Type.Record(Type.String({ pattern: "^[A-Z][A-Z0-9_]{0,63}$" }), text(2_000, 0));

const RULES = {
  active: Type.Boolean(),
  /** Between two looks for orders that changed. */
  pollSeconds: Type.Integer({ minimum: 2, maximum: 86_400 }),
  tellsOrders: Type.Boolean(),
  tellsStock: Type.Boolean(),
  /** Whose stock is shown there; null: of every location. */
  locations: Nullable(Type.Array(Id, { minItems: 1, maxItems: 500, uniqueItems: true })),
  /** Kept back of each listing; of the two buffers the larger counts. */
  bufferUnits: Type.Integer({ minimum: 0, maximum: 1_000_000 }),
  bufferPercent: Type.Integer({ minimum: 0, maximum: 100 }),
  /** At most so many are shown; null: as many as there are. */
  mostShown: Nullable(Type.Integer({ minimum: 0, maximum: 1_000_000_000 })),
  /** The hour of the UTC day in which the books are compared; null: only when somebody asks. */
  comparesAt: Nullable(Type.Integer({ minimum: 0, maximum: 23 })),
  /** The location that the vendor runs: it is asked to send what orders get from there. Null: none. */
  runsLocation: Nullable(Id),
};

/** How a connected channel does. */
const StateOfChannel = {
  /** When its orders were last read to the end; null: never. */
  lookedAt: Nullable(Time),
  /** Everything that changed there before is here. */
  readTo: Time,
  /**
   * What it can be told of an order; for the rest its vendor has no word. Null: it was not worked for yet.
   */
  tells: Nullable(Type.Array(oneOf(ORDER_WORD_KINDS))),
  /**
   * What works less than it could since the vendor has not granted it to the account: sentences that say what to
   * do. Null: it was not asked for yet.
   */
  shortfalls: Nullable(Type.Array(Text)),
  /** Null: it can be worked with. */
  problem: Nullable(Type.Object({ code: Text, detail: Text, since: Time })),
  /** What it is still to be told of orders; what it would not take. */
  waiting: Count,
  dead: Count,
  /** When the oldest of those that wait was written down. */
  waitingSince: Nullable(Time),
  listings: Count,
  /** Listings that nothing of ours is mapped to. */
  unmapped: Count,
  /** Listings whose figure the channel has not got yet, and those that it refused. */
  stockWaiting: Count,
  stockRefused: Count,
  comparedAt: Nullable(Time),
  /** That a person has to look at. */
  differences: Count,
};

export const ChannelConnectionView = Type.Object({
  channel: Text,
  name: Text,
  kind: Text,
  /** Both the channel and its account are switched on. */
  active: Type.Boolean(),
  ...StateOfChannel,
});
export type ChannelConnectionView = Shape<typeof ChannelConnectionView>;

export const ChannelAccountDetail = Type.Object({
  channel: Text,
  kind: Text,
  version: Count,
  ...RULES,
  /** What is set and no secret. */
  values: Type.Record(Text, Text),
  /** The names of the secrets that are set. */
  secrets: Type.Array(Text),
  state: Type.Object(StateOfChannel),
});
export type ChannelAccountDetail = Shape<typeof ChannelAccountDetail>;

/** What is left out stays as it is, secrets too; of a channel that is connected anew it is as usual. */
export const ConnectChannelBody = Type.Object(
  {
    version: Type.Optional(Version),
    values: Type.Optional(Values),
    ...Type.Partial(Type.Object(RULES)).properties,
    /** From when on its orders are read, where it is connected anew; default: from now on. */
    readFrom: Type.Optional(Time),
    /** Saved though the channel does not answer. */
    untried: Type.Optional(Type.Boolean()),
  },
  closed,
);
export type ConnectChannelBody = Shape<typeof ConnectChannelBody>;

export const TryChannelBody = Type.Object({ values: Type.Optional(Values) }, closed);

export const TELLING_STATES = ["waiting", "told", "dead", "dropped"] as const;

export const ChannelTellingView = Type.Object({
  id: Text,
  channel: Text,
  orderId: Text,
  kind: oneOf(ORDER_WORD_KINDS),
  /** Of an invoice. */
  number: Nullable(Text),
  state: oneOf(TELLING_STATES),
  attempts: Count,
  /** Of one that waits: when it is tried next. */
  dueAt: Time,
  /** The channel's own id of what came of it. */
  reference: Nullable(Text),
  code: Nullable(Text),
  problem: Nullable(Text),
  /** Why somebody has dropped it. */
  reason: Nullable(Text),
  madeAt: Time,
  settledAt: Nullable(Time),
});
export type ChannelTellingView = Shape<typeof ChannelTellingView>;

export const DropTellingBody = Type.Object({ reason: text(500) }, closed);

export const BackfillBody = Type.Object({ since: Time, until: Type.Optional(Time) }, closed);

export const BackfillView = Type.Object({
  id: Text,
  since: Time,
  until: Time,
  orders: Count,
  refused: Count,
  askedAt: Time,
  endedAt: Nullable(Time),
  problem: Nullable(Text),
});
export type BackfillView = Shape<typeof BackfillView>;

export const LISTING_STATES = ["all", "unmapped", "waiting", "refused"] as const;

export const ChannelListingView = Type.Object({
  channelSku: Text,
  title: Text,
  gtin: Nullable(Text),
  /** Ours; null: nothing is mapped to it. */
  sku: Nullable(Text),
  /** `same_sku`, `same_gtin`, `person`. */
  mappedBy: Nullable(Text),
  /** Of a kit that it is sold as. */
  components: Nullable(Type.Array(Type.Object({ sku: Text, quantity: Count }))),
  /** As the channel had it when it was last read. */
  atChannel: Nullable(Count),
  wanted: Nullable(Count),
  told: Nullable(Count),
  toldAt: Nullable(Time),
  problem: Nullable(Text),
  /** Orders on hold that name it. */
  orders: Count,
  /** A product whose name or GTIN is like it, to map it to. */
  proposal: Nullable(Text),
});
export type ChannelListingView = Shape<typeof ChannelListingView>;

/** A listing that is several units of one SKU, or several SKUs. */
export const MapListingBody = Type.Object(
  {
    channelSku: text(200),
    components: Type.Array(
      Type.Object({ sku: text(200), quantity: Type.Integer({ minimum: 1, maximum: 10_000 }) }, closed),
      { minItems: 1, maxItems: 50 },
    ),
  },
  closed,
);
export type MapListingBody = Shape<typeof MapListingBody>;

export const ListingMapped = Type.Object({
  sku: Text,
  released: Type.Array(Text),
  stillOnHold: Type.Array(Text),
});

export const CompareBody = Type.Object(
  { days: Type.Optional(Type.Integer({ minimum: 1, maximum: 365 })) },
  closed,
);

export const ComparisonView = Type.Object({
  id: Text,
  since: Time,
  askedBy: Text,
  askedAt: Time,
  endedAt: Nullable(Time),
  orders: Count,
  listings: Count,
  /** Differences that it found first. */
  differences: Count,
  problem: Nullable(Text),
});
export type ComparisonView = Shape<typeof ComparisonView>;

export const DIFFERENCE_KINDS = ["order", "shipment", "cancellation", "money", "stock"] as const;
export const DIFFERENCE_STATES = ["repairing", "raised", "repaired", "accepted"] as const;

export const DifferenceView = Type.Object({
  id: Text,
  kind: oneOf(DIFFERENCE_KINDS),
  /** The order's id at the channel, or the listing's SKU. */
  subject: Text,
  line: Text,
  orderId: Nullable(Text),
  ours: Text,
  theirs: Text,
  /** `late`, `edited_at_channel`, `refused`, `not_told`, `drift`. */
  cause: Text,
  state: oneOf(DIFFERENCE_STATES),
  foundAt: Time,
  settledAt: Nullable(Time),
  reason: Nullable(Text),
});
export type DifferenceView = Shape<typeof DifferenceView>;

export const AcceptDifferenceBody = Type.Object({ reason: text(500) }, closed);
