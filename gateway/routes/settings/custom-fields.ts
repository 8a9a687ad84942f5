/** A company's own fields; and their values of products, locations and returns. Those of orders are edits. */
import Type from "typebox";
import {
  ChangeCustomFieldBody,
  CreateCustomFieldBody,
  CustomFieldView,
  CustomValuesBody,
  CustomValuesSet,
} from "../../../contract/settings/custom-fields.ts";
import { oneOf, pageOf } from "../../../contract/shapes.ts";
import { changeCustomField, createCustomField } from "../../../operations/settings/change-custom-field.ts";
import { setCustomValues } from "../../../operations/settings/set-custom-values.ts";
import {
  CUSTOM_FIELD_SUBJECTS,
  type CustomField,
  type CustomFieldSubject,
} from "../../../orders/custom-fields/custom-fields.ts";
import {
  customFieldSubject,
  readCustomFields,
  readCustomValues,
  type ValuedSubject,
} from "../../../store/catalog/custom-fields.ts";
import { settingVersion } from "../../../store/settings/setting-changes.ts";
import { type Call, callerOf, done, found, param, type Route, route } from "../../http/route.ts";

/** Pages show values under the fields' labels: whoever sees the one sees the other. */
const READ = { kind: "one-of", permissions: ["settings.read", "orders.read", "catalog.read"] } as const;
const WRITE = { kind: "permission", permission: "custom-fields.write" } as const;

export const customFieldRoutes: readonly Route[] = [
  route({
    method: "GET",
    path: "/v1/custom-fields",
    summary: "The company's own fields, in the order in which they were defined; retired ones too",
    access: READ,
    query: Type.Object({ subject: Type.Optional(oneOf(CUSTOM_FIELD_SUBJECTS)) }),
    reply: pageOf(CustomFieldView),
    handle: async (call) => {
      const { subject } = call.query;
      const fields = await readCustomFields(call.services.database, callerOf(call).companyId);
      const wanted = fields.filter((field) => subject === undefined || field.subject === subject);
      return {
        json: { items: await Promise.all(wanted.map((field) => viewOf(call, field))), next: null },
      };
    },
  }),
  route({
    method: "POST",
    path: "/v1/custom-fields",
    summary: "Defines a field; its subject, key and type, and whether it is personal data, are for good",
    access: WRITE,
    body: CreateCustomFieldBody,
    reply: CustomFieldView,
    idempotency: "accepted",
    handle: async (call) => {
      const { by, companyId } = callerOf(call);
      done(await createCustomField(call.services.operations, { body: call.body, companyId, by }));
      return { status: 201, json: await fieldOf(call, call.body.subject, call.body.key) };
    },
  }),
  route({
    method: "GET",
    path: "/v1/custom-fields/{subject}/{key}",
    summary: "One of them",
    access: READ,
    reply: CustomFieldView,
    handle: async (call) => ({ json: await fieldOf(call, param(call, "subject"), param(call, "key")) }),
  }),
  route({
    method: "PATCH",
    path: "/v1/custom-fields/{subject}/{key}",
    summary: "Changes one, retires it (`active: false`) or takes it up again",
    access: WRITE,
    body: ChangeCustomFieldBody,
    reply: CustomFieldView,
    idempotency: "accepted",
    handle: async (call) => {
      const { by, companyId } = callerOf(call);
      const { subject, key } = await fieldOf(call, param(call, "subject"), param(call, "key"));
      done(await changeCustomField(call.services.operations, { companyId, subject, key }, call.body, by));
      return { json: await fieldOf(call, subject, key) };
    },
  }),
  route({
    method: "POST",
    path: "/v1/products/{sku}/custom-fields",
    summary: "Sets custom fields of a product; what is left out stays as it is",
    access: { kind: "permission", permission: "catalog.write" },
    body: CustomValuesBody,
    reply: CustomValuesSet,
    idempotency: "accepted",
    handle: (call) => set(call, "product", param(call, "sku")),
  }),
  route({
    method: "POST",
    path: "/v1/locations/{id}/custom-fields",
    summary: "Sets custom fields of a location; what is left out stays as it is",
    access: { kind: "permission", permission: "locations.write" },
    body: CustomValuesBody,
    reply: CustomValuesSet,
    idempotency: "accepted",
    handle: (call) => set(call, "location", param(call, "id")),
  }),
  route({
    method: "POST",
    path: "/v1/returns/{id}/custom-fields",
    summary: "Sets custom fields of a return; what is left out stays as it is",
    access: { kind: "one-of", permissions: ["returns.decide", "returns.inspect"] },
    body: CustomValuesBody,
    reply: CustomValuesSet,
    idempotency: "accepted",
    handle: (call) => set(call, "return", param(call, "id")),
  }),
];

async function set(call: Call<unknown, CustomValuesBody>, subject: ValuedSubject, id: string) {
  const { by, companyId } = callerOf(call);
  const { operations, database } = call.services;
  done(await setCustomValues(operations, { subject, id, values: call.body.values, companyId, by }));
  return { json: { customFields: found((await readCustomValues(database, subject, id)) ?? null, subject) } };
}

async function fieldOf(call: Call<unknown, unknown>, subject: string, key: string): Promise<CustomFieldView> {
  const fields = await readCustomFields(call.services.database, callerOf(call).companyId);
  const field = fields.find((one) => one.subject === (subject as CustomFieldSubject) && one.key === key);
  return viewOf(call, found(field ?? null, "custom field"));
}

async function viewOf(call: Call<unknown, unknown>, field: CustomField): Promise<CustomFieldView> {
  return {
    ...field,
    choices: [...field.choices],
    version: await settingVersion(call.services.database, customFieldSubject(field)),
  };
}
