/**
 * What every resource of the public API is built of: texts, numbers, pages, problems.
 *
 * A file of this folder declares the shapes of one resource, each once: the schema, and
 * the type that comes from it under the same name. Requests are checked against the
 * schemas, `/openapi.json` shows them; read models, routes and clients use the types.
 * Clients take the types alone (`import type`), so that no schema reaches a browser.
 *
 * C1 What comes in is closed: an unknown field is refused, because a
 *    misspelt field that is ignored is an order that goes wrong quietly.
 * C2 What goes out is open: a client must not break when a later version adds a field.
 * C3 Money is integer minor units with currency and exponent; times are ISO 8601 unless a name ends in `Ms`.
 */
import Type, { type Static, type TSchema } from "typebox";
import { PAGE_MAX } from "../config/limits.ts";

/** The type of a schema's values. Read-only: a reader of an answer does not change it. */
export type Shape<S extends TSchema> = ReadOnly<Static<S>>;

type ReadOnly<T> = T extends readonly (infer Item)[]
  ? readonly ReadOnly<Item>[]
  : T extends object
    ? { readonly [Key in keyof T]: ReadOnly<T[Key]> }
    : T;

export const closed = { additionalProperties: false } as const;

/**
 * Printable text of a bounded length, without control characters and halves
 * of surrogate pairs. PostgreSQL takes no NUL and logs want no line breaks.
 * UTF-8 has no halves: one would come back from the store as another text.
 */
export const text = (maxLength: number, minLength = 1) =>
  Type.String({ minLength, maxLength, pattern: "^[^\\u0000-\\u001f\\u007f\\ud800-\\udfff]*$" });

export const oneOf = <const Value extends string>(values: readonly Value[]) =>
  Type.Unsafe<Value>({ type: "string", enum: values });

export const Id = text(200);
export const Sku = text(200);
/** Printable ASCII, as journal records take it. */
export const Name = Type.String({ minLength: 1, maxLength: 128, pattern: "^[\\x20-\\x7e]*$" });
/** Units that one position can hold, see actors/. */
export const Quantity = Type.Integer({ minimum: 1, maximum: 1_000_000_000 });

export const PageQuery = {
  cursor: Type.Optional(Type.String({ minLength: 1, maxLength: 1_000 })),
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: PAGE_MAX })),
};

/**
 * Of a list that is read from either end, by a field of its items.
 *
 * @param field as the items have it
 */
export const sortedPages = <const Field extends string>(field: Field) => ({
  sort: Type.Optional(
    Type.Unsafe<Field | `-${Field}`>({
      type: "string",
      enum: [field, `-${field}`],
      description: "By this field; with `-` from its end.",
    }),
  ),
  ...PageQuery,
});

/** Of what a change was made from, so that nobody overwrites what they have not seen. */
export const Version = Type.Integer({ minimum: 1, maximum: 1_000_000_000 });

export const Text = Type.String();
export const Count = Type.Integer();
/**
 * An instant, RFC 3339, with the offset of a zone that there may be. No year 0 and no leap second: neither
 * PostgreSQL nor JavaScript has both.
 */
export const Time = Type.String({
  pattern:
    "^(?!0000)\\d{4}-\\d\\d-\\d\\d[Tt]\\d\\d:\\d\\d:[0-5]\\d(\\.\\d+)?([Zz]|[+-](0\\d|1[0-5]):\\d\\d)$",
  format: "date-time",
});
/** A calendar day that there is, ISO 8601. No year 0. */
export const Day = Type.String({ pattern: "^(?!0000)\\d{4}-\\d{2}-\\d{2}$", format: "date" });
/** One `@`, and nothing that ends a line of a mail. */
export const Email = Type.String({
  maxLength: 254,
  pattern: "^[^\\s@\\u0000-\\u001f]+@[^\\s@\\u0000-\\u001f]+$",
});
export const Nullable = <T extends TSchema>(schema: T) => Type.Union([schema, Type.Null()]);

export const pageOf = <T extends TSchema>(item: T) =>
  Type.Object({ items: Type.Array(item), next: Nullable(Text) });

/** `next` is the cursor of the page that follows; `null`: this was the last. */
export type Page<Item> = { readonly items: readonly Item[]; readonly next: string | null };

/** RFC 9457 problem details, with the stable `code` that docs/errors.md lists. */
export const Problem = Type.Object({
  type: Text,
  title: Text,
  status: Count,
  code: Text,
  detail: Text,
  retryAfterMs: Type.Optional(Count),
});
export type Problem = Shape<typeof Problem>;

/** The answer of an action that has nothing to show except that it was done. */
export const Done = Type.Object({ status: Type.Literal("done") });

/** By ISO 4217 currency, in minor units. */
export const AmountByCurrency = Type.Record(
  Type.String({ pattern: "^[A-Z]{3}$" }),
  Type.Integer({ minimum: 0, maximum: 1_000_000_000_000 }),
  closed,
);
