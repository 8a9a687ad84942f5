/** Products, channels' own SKUs, places and channels. */
import Type from "typebox";
import { PACKING_CHECKS } from "../orders/fulfillment/packing-check.ts";
import { CustomValuesView } from "./settings/custom-fields.ts";
import { Count, closed, Done, Id, Nullable, oneOf, type Shape, Sku, Text, text } from "./shapes.ts";

/** What may be sent in a product's place, the first choice first. */
const Substitutes = Type.Array(Sku, { maxItems: 20 });

export const ProductBody = Type.Object(
  {
    sku: Sku,
    name: text(500),
    weightGrams: Type.Integer({ minimum: 1, maximum: 10_000_000 }),
    lengthMm: Type.Optional(Type.Integer({ minimum: 1, maximum: 100_000 })),
    widthMm: Type.Optional(Type.Integer({ minimum: 1, maximum: 100_000 })),
    heightMm: Type.Optional(Type.Integer({ minimum: 1, maximum: 100_000 })),
    priceMinor: Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER }),
    currency: Type.String({ pattern: "^[A-Z]{3}$" }),
    hsCode: Type.String({ pattern: "^[0-9.]{4,14}$" }),
    originCountry: Type.String({ pattern: "^[A-Z]{2}$" }),
    gtin: Type.String({ pattern: "^[0-9]{8,14}$" }),
    /** Default true. */
    tagged: Type.Optional(Type.Boolean()),
    /** Default: none. */
    substitutes: Type.Optional(Substitutes),
  },
  closed,
);
export type ProductBody = Shape<typeof ProductBody>;

/** What is left out stays as it is. */
export const ChangeProductBody = Type.Partial(
  Type.Omit(ProductBody, ["sku", "tagged", "substitutes"]),
  closed,
);
export type ChangeProductBody = Shape<typeof ChangeProductBody>;

export const Product = Type.Object({
  sku: Text,
  name: Text,
  weightGrams: Count,
  lengthMm: Count,
  widthMm: Count,
  heightMm: Count,
  priceMinor: Count,
  currency: Text,
  hsCode: Text,
  originCountry: Text,
  gtin: Text,
  /** Whether its units bear RFID tags; a portal takes those of others as picked. */
  tagged: Type.Boolean(),
  /** Of one without tags: how whoever packs verifies its units; `null`: they are taken as picked. */
  check: Nullable(oneOf(PACKING_CHECKS)),
  /** What may be sent in its place where no place has it, the first choice first. */
  substitutes: Type.Array(Text),
  /** The company's own fields. */
  customFields: CustomValuesView,
  /** Of a kit: what one kit is picked as. It has no stock of its own. */
  components: Type.Optional(Type.Array(Type.Object({ sku: Text, quantity: Count }))),
});
export type Product = Shape<typeof Product>;

/** Without `check`, that stays as it is. */
export const ProductTaggingBody = Type.Object(
  { tagged: Type.Boolean(), check: Type.Optional(Nullable(oneOf(PACKING_CHECKS))) },
  closed,
);
export const ProductTagging = Type.Object({
  sku: Text,
  tagged: Type.Boolean(),
  check: Nullable(oneOf(PACKING_CHECKS)),
});
export type ProductTagging = Shape<typeof ProductTagging>;

/** The whole list from now on; empty: nothing is sent in its place. */
export const ProductSubstitutesBody = Type.Object({ substitutes: Substitutes }, closed);
export const ProductSubstitutes = Type.Object({ sku: Text, substitutes: Type.Array(Text) });
export type ProductSubstitutes = Shape<typeof ProductSubstitutes>;

/** What one of a kit is picked as: the whole list from now on; empty: it is no kit. */
export const ProductComponentsBody = Type.Object(
  {
    components: Type.Array(
      Type.Object({ sku: Sku, quantity: Type.Integer({ minimum: 1, maximum: 10_000 }) }, closed),
      { maxItems: 50 },
    ),
  },
  closed,
);
export type ProductComponentsBody = Shape<typeof ProductComponentsBody>;
export const ProductComponents = Type.Object({
  sku: Text,
  components: Type.Array(Type.Object({ sku: Text, quantity: Count })),
});
export type ProductComponents = Shape<typeof ProductComponents>;

export const SkuMappingBody = Type.Object({ channel: Id, channelSku: Sku, sku: Sku }, closed);

export const SkuMapping = Type.Object({ channel: Text, channelSku: Text, sku: Text });
export type SkuMapping = Shape<typeof SkuMapping>;

/** What orders on hold wait for in the catalog. */
export const UnmappedSku = Type.Object({ channel: Text, channelSku: Text, title: Text, orders: Count });
export type UnmappedSku = Shape<typeof UnmappedSku>;

export const LocationView = Type.Object({
  id: Text,
  name: Text,
  kind: Text,
  /** Whether orders are served from it. */
  active: Type.Boolean(),
  city: Text,
  country: Text,
});
export type LocationView = Shape<typeof LocationView>;

export const ChannelView = Type.Object({
  id: Text,
  name: Text,
  kind: Text,
  active: Type.Boolean(),
  onShortage: Text,
});
export type ChannelView = Shape<typeof ChannelView>;

/** What becomes of the fulfillment orders of a place that has closed. */
export const LocationClosed = Type.Object({
  ...Done.properties,
  // Their units come from elsewhere.
  givenUp: Type.Array(Text),
  // They have begun, and still leave from there.
  goingOn: Type.Array(Text),
});
export type LocationClosed = Shape<typeof LocationClosed>;
