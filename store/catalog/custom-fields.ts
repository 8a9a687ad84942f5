/**
 * A company's own fields, and their values of products, locations and returns. Those of orders are in the
 * order's document.
 */
import type {
  CustomField,
  CustomFieldSubject,
  CustomValues,
} from "../../orders/custom-fields/custom-fields.ts";
import type { Queryable } from "../sql/database.ts";

export const customFieldSubject = ({ subject, key }: Pick<CustomField, "subject" | "key">): string =>
  `custom-field:${subject}:${key}`;

const COLUMNS = "subject, key, label, type, choices, required, personal, attribute, active";

/** In the order in which they were defined; retired ones too. */
export async function readCustomFields(
  client: Queryable,
  companyId: string,
): Promise<readonly CustomField[]> {
  const { rows } = await client.query<CustomField>({
    name: "custom-fields",
    text: `select ${COLUMNS} from custom_field where company_id = $1 order by created_at, subject, key`,
    values: [companyId],
  });
  return rows;
}

/** @returns undefined where there is no such order */
export async function companyOfOrder(client: Queryable, orderId: string): Promise<string | undefined> {
  const { rows } = await client.query<{ id: string }>("select company_id as id from orders where id = $1", [
    orderId,
  ]);
  return rows[0]?.id;
}

/** Makes a field, or changes what may be changed of one. */
export async function writeCustomField(
  client: Queryable,
  companyId: string,
  field: CustomField,
): Promise<void> {
  const { subject, key, label, type, choices, required, personal, attribute, active } = field;
  await client.query(
    `insert into custom_field (company_id, ${COLUMNS}) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
     on conflict (company_id, subject, key) do update
       set label = excluded.label, choices = excluded.choices, required = excluded.required,
           attribute = excluded.attribute, active = excluded.active`,
    [companyId, subject, key, label, type, choices, required, personal, attribute, active],
  );
}

/** What has values in a row of its own, and is changed by itself. */
export type ValuedSubject = Exclude<CustomFieldSubject, "order" | "order_line">;

const PLACES: Readonly<Record<ValuedSubject, { readonly table: string; readonly id: string }>> = {
  product: { table: "product", id: "sku" },
  location: { table: "location", id: "id" },
  return: { table: "return_authorization", id: "id" },
};

/** @returns undefined where there is no such product, location or return */
export async function readCustomValues(
  client: Queryable,
  subject: ValuedSubject,
  id: string,
): Promise<CustomValues | undefined> {
  const { table, id: column } = PLACES[subject];
  const { rows } = await client.query<{ values: CustomValues }>(
    `select custom_fields as values from ${table} where ${column} = $1`,
    [id],
  );
  return rows[0]?.values;
}

export async function writeCustomValues(
  client: Queryable,
  subject: ValuedSubject,
  id: string,
  values: CustomValues,
): Promise<void> {
  const { table, id: column } = PLACES[subject];
  await client.query(`update ${table} set custom_fields = $2 where ${column} = $1`, [
    id,
    JSON.stringify(values),
  ]);
}
