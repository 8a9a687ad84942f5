/** Changes of an order after capture: what may be asked for, and what comes of it. */
import Type from "typebox";
import { LINE_KINDS } from "../orders/order.ts";
import { CustomFieldKey, CustomValue } from "./settings/custom-fields.ts";
import { Count, closed, Day, Email, oneOf, type Shape, Sku, Text, text } from "./shapes.ts";

/** Decimal text in the order's currency. */
const Amount = Type.String({ pattern: "^\\d{1,13}(\\.\\d{1,6})?$", description: "Decimal text, e.g. 89.99" });
const Units = Type.Integer({ minimum: 0, maximum: 100_000 });
const LineId = text(64);
const OptionalOrNull = (schema: ReturnType<typeof text>) => Type.Optional(Type.Union([schema, Type.Null()]));

export const AddressBody = Type.Object(
  {
    name: text(200),
    company: Type.Optional(text(200)),
    line1: text(200),
    line2: Type.Optional(text(200)),
    city: text(200, 0),
    region: Type.Optional(text(200)),
    postalCode: Type.Optional(text(40)),
    country: text(100),
    phone: Type.Optional(text(60)),
    email: Type.Optional(Email),
  },
  closed,
);

/** One edit. Several of a change are applied in their order, all of them or none. */
export const OrderEditBody = Type.Union([
  Type.Object({ kind: Type.Literal("address"), address: AddressBody }, closed),
  /** `null` takes it away; what is left out stays. */
  Type.Object(
    {
      kind: Type.Literal("contact"),
      name: Type.Optional(text(200)),
      email: Type.Optional(Type.Union([Email, Type.Null()])),
      phone: OptionalOrNull(text(60)),
    },
    closed,
  ),
  Type.Object(
    { kind: Type.Literal("shipping_service"), service: text(200), price: Type.Optional(Amount) },
    closed,
  ),
  /** Units of the line wanted in all, what was sent included. */
  Type.Object({ kind: Type.Literal("quantity"), lineId: LineId, quantity: Units }, closed),
  Type.Object(
    {
      kind: Type.Literal("add_line"),
      sku: Type.Optional(Sku),
      title: text(1000),
      quantity: Units,
      unitPrice: Amount,
      discount: Type.Optional(Amount),
      taxes: Type.Optional(
        Type.Array(Type.Object({ name: text(200), amount: Amount }, closed), { maxItems: 20 }),
      ),
      lineKind: Type.Optional(oneOf(LINE_KINDS)),
    },
    closed,
  ),
  Type.Object(
    {
      kind: Type.Literal("cancel_line"),
      lineId: LineId,
      quantity: Type.Optional(Type.Integer({ minimum: 1 })),
    },
    closed,
  ),
  Type.Object({ kind: Type.Literal("discount"), amount: Amount, lineId: Type.Optional(LineId) }, closed),
  Type.Object({ kind: Type.Literal("note"), note: Type.Union([text(5000, 0), Type.Null()]) }, closed),
  Type.Object({ kind: Type.Literal("tags"), tags: Type.Array(text(64), { maxItems: 50 }) }, closed),
  Type.Object({ kind: Type.Literal("deliver_on"), deliverOn: Type.Union([Day, Type.Null()]) }, closed),
  /** A field of the company's own; `null` takes its value away. With a line's id, a field of that line. */
  Type.Object(
    {
      kind: Type.Literal("custom_field"),
      key: CustomFieldKey,
      value: Type.Union([CustomValue, Type.Null()]),
      lineId: Type.Optional(LineId),
    },
    closed,
  ),
]);
export type OrderEditBody = Shape<typeof OrderEditBody>;

const Edits = Type.Array(OrderEditBody, { minItems: 1, maxItems: 100 });

export const OrderChangeBody = Type.Object(
  {
    /** The revision that the caller has seen; another one is refused. Absent: whichever there is. */
    revision: Type.Optional(Type.Integer({ minimum: 1 })),
    edits: Edits,
    reason: Type.Optional(text(500)),
  },
  closed,
);
export type OrderChangeBody = Shape<typeof OrderChangeBody>;

const CancelledLines = Type.Array(
  Type.Object({ lineId: LineId, quantity: Type.Optional(Type.Integer({ minimum: 1 })) }, closed),
  { minItems: 1, maxItems: 500 },
);

/** Without `lines`: everything that can still be cancelled. */
export const CancelBody = Type.Object({ reason: text(500), lines: Type.Optional(CancelledLines) }, closed);

export const ShopperCancelBody = Type.Object(
  { reason: Type.Optional(text(500)), lines: Type.Optional(CancelledLines) },
  closed,
);

export const ShopperAddressBody = Type.Object({ address: AddressBody }, closed);

/**
 * `done`: the order is at `revision`. `cancelling`: nothing is left of it, and what has been done for it is
 * being undone.
 */
export const ChangeAnswer = Type.Object({
  status: oneOf(["done", "cancelling"]),
  revision: Type.Optional(Count),
  changes: Type.Optional(
    Type.Array(
      Type.Object({
        what: Text,
        lineId: Type.Optional(Text),
        from: Type.Optional(Type.Unknown()),
        to: Type.Optional(Type.Unknown()),
      }),
    ),
  ),
});
export type ChangeAnswer = Shape<typeof ChangeAnswer>;
