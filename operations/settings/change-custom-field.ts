/**
 * A company's own fields are defined, changed, retired and taken up again, for what comes or is changed from then
 * on, in every process. What is stored stays: subject, key, type and whether it is personal never change.
 */
import type { ChangeCustomFieldBody, CreateCustomFieldBody } from "../../contract/settings/custom-fields.ts";
import type { CustomField } from "../../orders/custom-fields/custom-fields.ts";
import { catalogOf } from "../../store/catalog/catalog.ts";
import { customFieldSubject, readCustomFields, writeCustomField } from "../../store/catalog/custom-fields.ts";
import type { Queryable } from "../../store/sql/database.ts";
import type { OperationContext } from "../context.ts";
import { type Refusal, refuse } from "../refusal.ts";
import { changeSetting, type SettingChanged } from "./change-setting.ts";

/** Each is shown on every page of its subject. */
const MOST_FIELDS_OF_SUBJECT = 100;

type Fields = Readonly<Record<string, unknown>>;

export async function createCustomField(
  context: OperationContext,
  request: { readonly body: CreateCustomFieldBody; readonly companyId: string; readonly by: string },
): Promise<SettingChanged | Refusal> {
  const { companyId, by, body } = request;
  const {
    subject,
    key,
    label,
    type,
    choices = [],
    required = false,
    personal = false,
    attribute = null,
  } = body;
  const field: CustomField = {
    subject,
    key,
    label,
    type,
    choices,
    required,
    personal,
    attribute,
    active: true,
  };
  const problem = problemOf(field);
  if (problem !== null) return refuse("custom_field_impossible", problem);
  const changed = await changeSetting<Fields>(context, {
    subject: customFieldSubject(field),
    version: null,
    by,
    read: async (client) => {
      const others = (await readCustomFields(client, companyId)).filter((one) => one.subject === subject);
      if (others.some((one) => one.key === key))
        return refuse(
          "custom_field_exists",
          `There is a custom field "${key}" already: change it, or choose another key. A retired one keeps its key.`,
        );
      return others.length < MOST_FIELDS_OF_SUBJECT
        ? {}
        : refuse(
            "custom_field_impossible",
            `There are ${others.length} custom fields of it: no more are kept.`,
          );
    },
    next: () => field,
    write: (client) => writeCustomField(client, companyId, field),
  });
  if (changed.status === "done") catalogOf(context.database).forgetSettings();
  return changed;
}

/** What is left out stays as it is. */
export async function changeCustomField(
  context: OperationContext,
  which: Pick<CustomField, "subject" | "key"> & { readonly companyId: string },
  { version, ...body }: ChangeCustomFieldBody,
  by: string,
): Promise<SettingChanged | Refusal> {
  const { companyId } = which;
  const changed = await changeSetting<CustomField>(context, {
    subject: customFieldSubject(which),
    version,
    by,
    read: async (client) =>
      (await findCustomField(client, which)) ??
      refuse("custom_field_not_found", `There is no custom field "${which.key}" of this subject.`),
    next: (now) => {
      const next = {
        ...now,
        label: body.label ?? now.label,
        choices: body.choices ?? now.choices,
        required: body.required ?? now.required,
        attribute: body.attribute === undefined ? now.attribute : body.attribute,
        active: body.active ?? now.active,
      };
      const problem = problemOf(next);
      return problem === null ? next : refuse("custom_field_impossible", problem);
    },
    write: (client, next) => writeCustomField(client, companyId, next),
  });
  if (changed.status === "done") catalogOf(context.database).forgetSettings();
  return changed;
}

async function findCustomField(
  client: Queryable,
  { companyId, subject, key }: Pick<CustomField, "subject" | "key"> & { readonly companyId: string },
): Promise<CustomField | undefined> {
  const fields = await readCustomFields(client, companyId);
  return fields.find((field) => field.subject === subject && field.key === key);
}

/** Why there can be no such field; null: there can. */
function problemOf({ subject, type, choices, personal, attribute }: CustomField): string | null {
  const isOfOrders = subject === "order" || subject === "order_line";
  if (type === "choice" && choices.length === 0) return "A choice needs something to choose from.";
  if (type !== "choice" && choices.length > 0)
    return `Only a choice has choices, and this is of type ${type}.`;
  if (choices.some((choice) => choice.trim() !== choice))
    return "A choice begins or ends with a blank, which nobody would see.";
  if (personal && !isOfOrders) return "Only fields of orders and their lines hold personal data.";
  if (attribute !== null && !isOfOrders) return "Only orders and their lines come with attributes.";
  return null;
}
