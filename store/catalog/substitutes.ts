/** What may be sent in the place of a product, the first choice first. */
import type { Queryable } from "../sql/database.ts";

export async function readSubstitutes(client: Queryable, sku: string): Promise<readonly string[]> {
  const { rows } = await client.query<{ sku: string }>(
    "select substitute_sku as sku from product_substitute where sku = $1 order by position",
    [sku],
  );
  return rows.map((row) => row.sku);
}

/** The whole list of a product that is there, from now on. */
export async function writeSubstitutes(
  client: Queryable,
  sku: string,
  substitutes: readonly string[],
): Promise<void> {
  // Two that write the same list wait for each other: rows that both would delete and insert otherwise meet.
  await client.query("select from product where sku = $1 for no key update", [sku]);
  await client.query("delete from product_substitute where sku = $1", [sku]);
  await client.query(
    `insert into product_substitute (sku, position, substitute_sku)
     select $1, position, substitute from unnest($2::text[]) with ordinality as s(substitute, position)`,
    [sku, substitutes],
  );
}

/** Which of these SKUs are no products of the company. */
export async function unknownProducts(
  client: Queryable,
  companyId: string,
  skus: readonly string[],
): Promise<readonly string[]> {
  const { rows } = await client.query<{ sku: string }>(
    `select asked.sku from unnest($2::text[]) with ordinality as asked(sku, position)
     where not exists (select from product p where p.sku = asked.sku and p.company_id = $1)
     order by asked.position`,
    [companyId, skus],
  );
  return rows.map((row) => row.sku);
}

/** Which of these SKUs are kits with the product in them. */
export async function kitsContaining(
  client: Queryable,
  sku: string,
  skus: readonly string[],
): Promise<readonly string[]> {
  const { rows } = await client.query<{ sku: string }>(
    "select distinct kit_sku as sku from kit_component where sku = $1 and kit_sku = any($2) order by kit_sku",
    [sku, skus],
  );
  return rows.map((row) => row.sku);
}
