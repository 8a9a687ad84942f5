/**
 * Channels as they are made and changed, and the secrets that sign their webhooks.
 *
 * A secret that was made here is in the answer that made it and nowhere else; a repeat of that request
 * answers without it. One that the shop's platform has given is given with the request and never shown.
 */
import Type from "typebox";
import { CHANNEL_RULES, ChannelSettingsBody } from "./settings.ts";
import { Count, closed, Nullable, type Shape, Text, Time, text } from "./shapes.ts";

const ChannelSecretView = Type.Object({
  issuedAt: Time,
  /** Null: it is the newest, and counts until another one is made. */
  countsUntil: Nullable(Time),
});

export const ChannelDetail = Type.Object({
  id: Text,
  /** Which adapter reads its orders. */
  kind: Text,
  version: Count,
  ...CHANNEL_RULES,
  webhook: Type.Object({
    /** Where the channel sends its webhooks. */
    url: Text,
    /** Those that count now, the newest first. */
    secrets: Type.Array(ChannelSecretView),
  }),
});
export type ChannelDetail = Shape<typeof ChannelDetail>;

export const IssuedChannel = Type.Object({
  channel: ChannelDetail,
  /** Shown once; null: it was given with the request, or this is a repeat. */
  secret: Nullable(Text),
});
export type IssuedChannel = Shape<typeof IssuedChannel>;

/** Which kinds of channels there are, for forms. */
export const ChannelKindView = Type.Object({
  kind: Text,
  chargedBy: Text,
  onShortage: Text,
  /** What has to be set to connect one to its vendor's API; null: it only sends. */
  settings: Nullable(
    Type.Array(
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
  ),
  /** Where its vendor keeps and sends goods, so that it may run a location; null: it keeps none. */
  keepsGoods: Nullable(
    Type.Object({
      where: Text,
      /** What the account has to have for it; null: nothing more. */
      needs: Nullable(Text),
    }),
  ),
});
export type ChannelKindView = Shape<typeof ChannelKindView>;

/** Printable ASCII without spaces; shorter ones can be guessed. */
const WebhookSecret = Type.String({ pattern: "^[\\x21-\\x7e]{16,256}$" });

const { version: _, name: __, ...rules } = ChannelSettingsBody.properties;

/** What is left out is as usual for its kind. */
export const CreateChannelBody = Type.Object(
  {
    /** Also the beginning of its orders' ids. */
    id: Type.String({ pattern: "^[a-z][a-z0-9_]{0,31}$" }),
    kind: text(32),
    /** Default: its id. */
    name: Type.Optional(CHANNEL_RULES.name),
    /** Where the shop's platform makes the secret. Absent: it is made here. */
    secret: Type.Optional(WebhookSecret),
    ...rules,
  },
  closed,
);
export type CreateChannelBody = Shape<typeof CreateChannelBody>;

/** What is left out stays as it is. */
export const ChangeChannelBody = ChannelSettingsBody;
export type ChangeChannelBody = Shape<typeof ChangeChannelBody>;

/** A month: until then the platform knows the new one. */
const MOST_OVERLAP_HOURS = 744;

export const RotateChannelSecretBody = Type.Object(
  {
    /** How long those before it count on; 0: not at all. Default 24. */
    overlapHours: Type.Optional(Type.Integer({ minimum: 0, maximum: MOST_OVERLAP_HOURS })),
    /** Where the shop's platform makes the secret. Absent: it is made here. */
    secret: Type.Optional(WebhookSecret),
  },
  closed,
);
export type RotateChannelSecretBody = Shape<typeof RotateChannelSecretBody>;
