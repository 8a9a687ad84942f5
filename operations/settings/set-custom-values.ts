/** Values of the company's own fields are set, of a product, a location or a return. */
import { withoutCardNumbers } from "../../orders/card-number.ts";
import {
  type CustomField,
  type CustomFieldProblem,
  type CustomValue,
  type CustomValues,
  fieldProblem,
} from "../../orders/custom-fields/custom-fields.ts";
import {
  readCustomFields,
  readCustomValues,
  type ValuedSubject,
  writeCustomValues,
} from "../../store/catalog/custom-fields.ts";
import type { OperationContext } from "../context.ts";
import { type Refusal, type RefusalCode, refuse } from "../refusal.ts";
import { changeSetting, type SettingChanged } from "./change-setting.ts";

const NOT_FOUND: Readonly<Record<ValuedSubject, RefusalCode>> = {
  product: "product_not_found",
  location: "location_not_found",
  return: "return_not_found",
};

export async function setCustomValues(
  context: OperationContext,
  request: {
    readonly subject: ValuedSubject;
    /** SKU of a product, id of a location or return. */
    readonly id: string;
    /** What is left out stays as it is; null takes a value away. */
    readonly values: Readonly<Record<string, CustomValue | null>>;
    readonly companyId: string;
    readonly by: string;
  },
): Promise<SettingChanged | Refusal> {
  const { subject, id, companyId, by } = request;
  const given = withoutCardNumbers(request.values);
  return changeSetting<{ readonly values: CustomValues }>(context, {
    subject: `custom-values:${subject}:${id}`,
    version: null,
    by,
    read: async (client) => {
      const fields = (await readCustomFields(client, companyId)).filter((field) => field.subject === subject);
      const problem = problemOf(fields, subject, given);
      if (problem !== null) return refuse(problem.code, problem.detail);
      const values = await readCustomValues(client, subject, id);
      return values === undefined
        ? refuse(NOT_FOUND[subject], `There is no ${subject} "${id}".`)
        : { values };
    },
    next: ({ values }) => ({ values: changed(values, given) }),
    write: (client, { values }) => writeCustomValues(client, subject, id, values),
  });
}

function changed(values: CustomValues, given: Readonly<Record<string, CustomValue | null>>): CustomValues {
  return Object.fromEntries(
    Object.entries({ ...values, ...given }).filter(
      (entry): entry is [string, CustomValue] => entry[1] !== null,
    ),
  );
}

function problemOf(
  fields: readonly CustomField[],
  subject: ValuedSubject,
  given: Readonly<Record<string, CustomValue | null>>,
): CustomFieldProblem | null {
  for (const [key, value] of Object.entries(given)) {
    const problem = fieldProblem(
      fields.find((field) => field.key === key),
      subject,
      key,
      value,
    );
    if (problem !== null) return problem;
  }
  return null;
}
