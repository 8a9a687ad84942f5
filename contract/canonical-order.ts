/**
 * Holdfast's own order format, as `POST /v1/orders` and the channel kind `holdfast` take it and as the
 * OpenAPI document serves it. Amounts are decimal text, so that no number is damaged on the way. What the
 * adapter makes of it: `integrations/channels/holdfast/`.
 */
import Type, { type Static } from "typebox";
import {
  ALLOCATION_POLICIES,
  type AllocationPolicy,
  CHARGE_KINDS,
  DELIVERY_METHODS,
  FULFILLERS,
  LINE_KINDS,
} from "../orders/order.ts";
import { SentCustomFields } from "./settings/custom-fields.ts";
import { closed, Id, oneOf } from "./shapes.ts";

/** As a connector sends it: cleaned for storage by the adapter. */
const SentText = Type.String({ maxLength: 1000 });
const SentId = Type.String({ minLength: 1, maxLength: 64 });
const Amount = Type.String({ pattern: "^\\d{1,13}(\\.\\d{1,6})?$", description: "Decimal text, e.g. 89.99" });

const Tax = Type.Object({ name: SentText, amount: Amount }, closed);

const Charges = Type.Array(
  Type.Object(
    {
      kind: oneOf(CHARGE_KINDS),
      name: Type.Optional(SentText),
      amount: Amount,
      tax: Type.Optional(Amount),
    },
    closed,
  ),
  { maxItems: 50, description: "Amounts beside prices and shipping; `tax` is the whole charge's" },
);

/** What a sender wants kept with the order, as it is. */
const Metadata = Type.Record(Type.String({ maxLength: 100 }), SentText, { maxProperties: 100 });

const Day = (description: string) =>
  Type.String({ pattern: "^\\d{4}-\\d{2}-\\d{2}$", description: `Calendar day, ISO 8601: ${description}` });

export const PostalAddress = Type.Object(
  {
    name: SentText,
    company: Type.Optional(SentText),
    line1: SentText,
    line2: Type.Optional(SentText),
    city: SentText,
    region: Type.Optional(SentText),
    postalCode: Type.Optional(SentText),
    country: Type.String({ maxLength: 100, description: "ISO 3166-1 alpha-2 or alpha-3" }),
    phone: Type.Optional(SentText),
    email: Type.Optional(SentText),
  },
  closed,
);

export const CanonicalLine = Type.Object(
  {
    id: Type.Optional(SentId),
    sku: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 200,
        description: "Needed for goods; others may go by their title",
      }),
    ),
    kind: Type.Optional(
      Type.Unsafe<(typeof LINE_KINDS)[number]>({
        ...oneOf(LINE_KINDS),
        description: "Only goods are reserved, picked and posted; default: goods",
      }),
    ),
    fulfilledBy: Type.Optional(
      Type.Unsafe<(typeof FULFILLERS)[number]>({
        ...oneOf(FULFILLERS),
        description: "Who hands it over; default: us. What others fulfil is not reserved",
      }),
    ),
    title: Type.Optional(SentText),
    quantity: Type.Integer(),
    unitPrice: Amount,
    discount: Type.Optional(Amount),
    taxes: Type.Optional(Type.Array(Tax, { maxItems: 20 })),
    charges: Type.Optional(Charges),
    attributes: Type.Optional(Type.Record(Type.String(), SentText)),
    customFields: Type.Optional(SentCustomFields),
    allowSubstitutes: Type.Optional(
      Type.Boolean({
        description:
          "Whether a substitute may be sent where no place has it; default: the channel's setting. Of goods only",
      }),
    ),
  },
  closed,
);

/** One order. */
export const canonicalOrderSchema = Type.Object(
  {
    id: Type.String({
      minLength: 1,
      maxLength: 64,
      description: "The sender's id; with the channel it identifies the order",
    }),
    number: Type.Optional(Type.String({ maxLength: 64, description: "Shown to the customer; default: id" })),
    placedAt: Type.Optional(Type.String({ maxLength: 40, description: "ISO 8601; default: when captured" })),
    currency: Type.String({ pattern: "^[A-Za-z]{3}$", description: "ISO 4217" }),
    lines: Type.Array(CanonicalLine),
    shippingPrice: Type.Optional(Amount),
    shippingTaxes: Type.Optional(Type.Array(Tax, { maxItems: 20 })),
    shippingService: Type.Optional(SentText),
    discount: Type.Optional(Amount),
    charges: Type.Optional(Charges),
    total: Type.Optional(
      Type.String({
        pattern: "^\\d{1,13}(\\.\\d{1,6})?$",
        description: "Checked against the sum where given",
      }),
    ),
    taxesIncluded: Type.Optional(Type.Literal(true, { description: "Prices contain the taxes" })),
    shippingAddress: Type.Optional(PostalAddress),
    billingAddress: Type.Optional(PostalAddress),
    customer: Type.Object(
      {
        name: SentText,
        email: Type.Optional(SentText),
        phone: Type.Optional(SentText),
        id: Type.Optional(SentId),
      },
      closed,
    ),
    delivery: Type.Optional(
      Type.Object(
        {
          method: oneOf(DELIVERY_METHODS),
          locationId: Type.Optional(
            Type.Unsafe<string>({ ...Id, description: "Our location where the customer collects the goods" }),
          ),
        },
        { ...closed, description: "Default: a parcel" },
      ),
    ),
    deliverOn: Type.Optional(Day("asked for by the customer")),
    releaseOn: Type.Optional(Day("nothing leaves before it")),
    tags: Type.Optional(Type.Array(Type.String({ minLength: 1, maxLength: 100 }), { maxItems: 100 })),
    metadata: Type.Optional(Metadata),
    customFields: Type.Optional(SentCustomFields),
    paymentBy: Type.Optional(
      Type.Union([Type.Literal("merchant"), Type.Literal("channel"), Type.Literal("on_delivery")], {
        description:
          "Who takes the money, where the channel's setting leaves that to the order; default: merchant. " +
          "`on_delivery`: who brings the parcel",
      }),
    ),
    paymentMethod: Type.Optional(
      Type.String({
        maxLength: 200,
        // A card number has no letters: it is turned away at the door.
        pattern: "^[A-Za-z][A-Za-z0-9_-]*$",
        description: "The payment provider's token; never card data",
      }),
    ),
    storeCredit: Type.Optional(
      Type.Object(
        {
          code: Type.String({ pattern: "^[A-Za-z0-9 -]{16,40}$", description: "The customer's code" }),
          amount: Type.Optional(
            Type.String({
              pattern: "^\\d{1,13}(\\.\\d{1,6})?$",
              description: "How much of it pays for the order; default: as much as the order costs",
            }),
          ),
        },
        { ...closed, description: "Pays for the order before the payment provider is asked for the rest" },
      ),
    ),
    allocation: Type.Optional(
      Type.Unsafe<AllocationPolicy>(
        Type.Union(
          ALLOCATION_POLICIES.map((policy) => Type.Literal(policy)),
          { description: "What to reserve where stock does not cover the order; default: all_or_nothing" },
        ),
      ),
    ),
    hold: Type.Optional(
      Type.Object(
        { reason: Type.String({ minLength: 1, maxLength: 500 }) },
        {
          ...closed,
          description: "It is on hold from its first moment, and reserves nothing until a person releases it",
        },
      ),
    ),
    note: Type.Optional(Type.String({ maxLength: 5000 })),
    language: Type.Optional(
      Type.String({
        maxLength: 35,
        pattern: "^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$",
        description:
          "That the shopper reads, as BCP 47: de, pt-BR. Mails are written in it where it has a template",
      }),
    ),
  },
  closed,
);

export type CanonicalOrder = Static<typeof canonicalOrderSchema>;
