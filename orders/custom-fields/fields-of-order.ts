/** Which required fields an order and its lines lack. Pure. */
import { isOurs, type OrderDocument } from "../order.ts";
import { type CustomField, type CustomFieldProblem, missingFields } from "./custom-fields.ts";

export function fieldsMissingOf(
  fields: readonly CustomField[],
  document: Pick<OrderDocument, "lines" | "customFields" | "personalFields">,
): readonly CustomFieldProblem[] {
  return [
    ...missingFields(fields, "order", document),
    ...document.lines.filter(isOurs).flatMap((line) =>
      missingFields(fields, "order_line", line).map(({ code, detail }) => ({
        code,
        detail: `Line ${line.lineId}: ${detail}`,
      })),
    ),
  ];
}
