/** A company's own fields of orders, their lines, products, locations and returns, and their values. */
import Type from "typebox";
import {
  CUSTOM_FIELD_SUBJECTS,
  CUSTOM_FIELD_TYPES,
  GREATEST_CUSTOM_NUMBER,
  LONGEST_CUSTOM_TEXT,
} from "../../orders/custom-fields/custom-fields.ts";
import { Count, closed, Nullable, oneOf, type Shape, Text, text, Version } from "../shapes.ts";

const KEY_PATTERN = "^[a-z][a-z0-9_]{0,49}$";
/** snake_case; unique within its subject, and never used again for anything else. */
export const CustomFieldKey = Type.String({ pattern: KEY_PATTERN });

const FIELD = {
  label: text(100),
  /** Of a `choice`. One that is taken away stays where it was chosen. */
  choices: Type.Array(text(100), { maxItems: 100, uniqueItems: true }),
  /**
   * Of orders and lines: one that comes without it waits, or is refused where it is our own shop's. Of the
   * others: its value cannot be taken away.
   */
  required: Type.Boolean(),
  /** The attribute of channels' orders or lines that is taken for it, in the channel's spelling; null: none. */
  attribute: Nullable(text(200)),
};

export const CustomFieldView = Type.Object({
  subject: oneOf(CUSTOM_FIELD_SUBJECTS),
  key: Text,
  version: Count,
  ...FIELD,
  type: oneOf(CUSTOM_FIELD_TYPES),
  /** Its values identify a shopper: they are sealed, told and erased with the order's people. */
  personal: Type.Boolean(),
  /** False: it is retired; its values stay to be seen. */
  active: Type.Boolean(),
});
export type CustomFieldView = Shape<typeof CustomFieldView>;

/** Subject, key, type and `personal` are said here and never change. */
export const CreateCustomFieldBody = Type.Object(
  {
    subject: oneOf(CUSTOM_FIELD_SUBJECTS),
    key: CustomFieldKey,
    label: FIELD.label,
    type: oneOf(CUSTOM_FIELD_TYPES),
    choices: Type.Optional(FIELD.choices),
    required: Type.Optional(FIELD.required),
    /** Of orders and lines only. Default: no. */
    personal: Type.Optional(Type.Boolean()),
    attribute: Type.Optional(FIELD.attribute),
  },
  closed,
);
export type CreateCustomFieldBody = Shape<typeof CreateCustomFieldBody>;

/** What is left out stays as it is. */
export const ChangeCustomFieldBody = Type.Object(
  {
    version: Version,
    label: Type.Optional(FIELD.label),
    choices: Type.Optional(FIELD.choices),
    required: Type.Optional(FIELD.required),
    attribute: Type.Optional(FIELD.attribute),
    active: Type.Optional(Type.Boolean()),
  },
  closed,
);
export type ChangeCustomFieldBody = Shape<typeof ChangeCustomFieldBody>;

const CustomNumber = Type.Number({ minimum: -GREATEST_CUSTOM_NUMBER, maximum: GREATEST_CUSTOM_NUMBER });

/** By the field's type: text, number, true or false, a calendar day, or one of its choices. */
export const CustomValue = Type.Union([text(LONGEST_CUSTOM_TEXT), CustomNumber, Type.Boolean()]);

/** As connectors send them: texts are cleaned for storage by the adapter. */
export const SentCustomFields = Type.Record(
  Type.String({ pattern: KEY_PATTERN }),
  Type.Union([Type.String({ maxLength: LONGEST_CUSTOM_TEXT }), CustomNumber, Type.Boolean()]),
  { ...closed, description: "The company's own fields, by their keys" },
);

/** By the field's key. */
export const CustomValuesView = Type.Record(Type.String(), Type.Union([Text, Type.Number(), Type.Boolean()]));

/** What is left out stays as it is; null takes a value away. */
export const CustomValuesBody = Type.Object(
  { values: Type.Record(Type.String({ pattern: KEY_PATTERN }), Nullable(CustomValue), closed) },
  closed,
);
export type CustomValuesBody = Shape<typeof CustomValuesBody>;

/** What a product, a location or a return has now. */
export const CustomValuesSet = Type.Object({ customFields: CustomValuesView });
export type CustomValuesSet = Shape<typeof CustomValuesSet>;
