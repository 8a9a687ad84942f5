/** Many requests in one: each is answered for itself. */
import Type from "typebox";
import { MAX_BULK_REQUESTS } from "../../config/limits.ts";
import { Count, closed, Nullable, oneOf, type Shape } from "../shapes.ts";

export const BulkRequest = Type.Object(
  {
    method: oneOf(["POST", "PUT", "PATCH", "DELETE"]),
    path: Type.String({
      minLength: 5,
      maxLength: 2_000,
      pattern: "^/v1/[\\x21-\\x7e]+$",
      description: "As it would be sent by itself, with its query.",
    }),
    body: Type.Optional(Type.Unknown()),
    ifMatch: Type.Optional(Type.String({ minLength: 1, maxLength: 200, pattern: "^[\\x20-\\x7e]+$" })),
  },
  closed,
);

export const BulkBody = Type.Object(
  { requests: Type.Array(BulkRequest, { minItems: 1, maxItems: MAX_BULK_REQUESTS }) },
  closed,
);
export type BulkBody = Shape<typeof BulkBody>;

export const BulkAnswer = Type.Object({
  /** One for each request, in their order. */
  results: Type.Array(
    Type.Object({
      status: Count,
      etag: Nullable(Type.String()),
      /** What the request is answered with by itself; a refusal is a problem. */
      body: Type.Unknown(),
    }),
  ),
});
export type BulkAnswer = Shape<typeof BulkAnswer>;
