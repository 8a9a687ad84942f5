/**
 * What the shopper's and the staff's form for a return have in common: the reason, the comment, and the
 * request that is made of them. Which lines and methods there are to choose from is each form's own.
 */
import type { ReturnRequest } from "../../../contract/returns.ts";
import { RETURN_REASONS } from "../format/return-words.ts";
import { Field } from "./field.tsx";
import { textOf } from "./form.tsx";

/** Units that are to come back, by line id. */
export type ReturnQuantities = Readonly<Record<string, number>>;

/** Why the goods come back; `returnRequest` reads it. */
export function ReturnReasonField() {
  return (
    <Field label="Why?">
      <select class="select" name="reason" required>
        <option value="">Please choose</option>
        {Object.entries(RETURN_REASONS).map(([value, label]) => (
          <option key={value} value={value}>
            {label}
          </option>
        ))}
      </select>
    </Field>
  );
}

export function ReturnCommentField({ label }: { readonly label: string }) {
  return (
    <Field label={label}>
      <textarea class="textarea" name="comment" maxLength={1000} />
    </Field>
  );
}

/** @param fields of the form: `reason`, `comment`, and `store` where the goods are brought to one. */
export function returnRequest(
  fields: FormData,
  quantities: ReturnQuantities,
  method: NonNullable<ReturnRequest["method"]>,
): ReturnRequest {
  const comment = textOf(fields, "comment");
  return {
    lines: Object.entries(quantities)
      .filter(([, quantity]) => quantity > 0)
      .map(([lineId, quantity]) => ({ lineId, quantity })),
    reason: textOf(fields, "reason") as ReturnRequest["reason"],
    method,
    ...(method === "store" ? { locationId: textOf(fields, "store") } : {}),
    ...(comment === "" ? {} : { comment }),
  };
}
