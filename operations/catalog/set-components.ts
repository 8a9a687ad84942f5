/**
 * Says what one of a kit is picked as: the whole list from now on, for orders that are reserved from then on, in
 * every process. Orders that hold kits keep the definition that they were reserved by. An empty list makes it a
 * product like any other.
 *
 * A kit has no stock of its own and no kit in it, so both are looked at while nobody else changes a kit.
 */
import type { ProductComponentsBody } from "../../contract/catalog.ts";
import { companyOfProduct } from "../../store/catalog/catalog.ts";
import { readSubstitutes, unknownProducts } from "../../store/catalog/substitutes.ts";
import { lockSetting, tellSettings } from "../../store/settings/setting-changes.ts";
import type { DatabaseClient } from "../../store/sql/database.ts";
import { hasStock, kitsAmong, kitsOf, readKits, replaceKit, type StoredKit } from "../../store/stock/kits.ts";
import type { OperationContext } from "../context.ts";
import { type Refusal, refuse } from "../refusal.ts";
import { changeSetting, type SettingChanged } from "../settings/change-setting.ts";

type Components = StoredKit["components"];

export async function setComponents(
  context: OperationContext,
  sku: string,
  body: ProductComponentsBody,
  by: string,
): Promise<SettingChanged | Refusal> {
  const [changed] = await setKits(context, [{ sku, components: body.components }], by);
  if (changed === undefined) throw new Error("one kit has one answer");
  return changed;
}

/** Several, one after the other; those that cannot be such kits are refused, and the others are set. */
export async function setKits(
  context: OperationContext,
  kits: readonly StoredKit[],
  by: string,
): Promise<readonly (SettingChanged | Refusal)[]> {
  const results: (SettingChanged | Refusal)[] = [];
  for (const kit of kits) results.push(await store(context, kit, by));
  if (results.some(({ status }) => status === "done"))
    context.allocator.setKits(await readKits(context.database));
  return results;
}

async function store(
  context: OperationContext,
  { sku, components }: StoredKit,
  by: string,
): Promise<SettingChanged | Refusal> {
  return changeSetting<{ readonly components: Components }>(context, {
    subject: `kit:${sku}`,
    version: null,
    by,
    read: async (client) => {
      await lockSetting(client, "kits");
      const companyId = await companyOfProduct(client, sku);
      if (companyId === undefined) return refuse("product_not_found", `There is no product "${sku}".`);
      const kits = await kitsAmong(client, [sku, ...components.map((each) => each.sku)]);
      const problem =
        components.length === 0 ? null : await problemOf(client, companyId, kits, { sku, components });
      return problem ?? { components: kits.get(sku) ?? [] };
    },
    next: () => ({ components }),
    write: async (client) => {
      await replaceKit(client, { sku, components });
      await tellSettings(client);
    },
  });
}

/** Why it cannot be such a kit; null: it can. */
async function problemOf(
  client: DatabaseClient,
  companyId: string,
  kits: ReadonlyMap<string, Components>,
  { sku, components }: StoredKit,
): Promise<Refusal | null> {
  const parts = components.map((component) => component.sku);
  if (parts.includes(sku)) return refuse("invalid_kit", `"${sku}" cannot be a part of itself.`);
  const twice = parts.find((part, index) => parts.indexOf(part) !== index);
  if (twice !== undefined) return refuse("invalid_kit", `"${twice}" is named twice.`);
  const [unknown] = await unknownProducts(client, companyId, parts);
  if (unknown !== undefined) return refuse("product_not_found", `There is no product "${unknown}".`);
  const nested = parts.find((part) => kits.has(part));
  if (nested !== undefined) return refuse("invalid_kit", `"${nested}" is a kit itself.`);
  const [around] = await kitsOf(client, [sku]);
  if (around !== undefined) return refuse("invalid_kit", `"${sku}" is a part of the kit "${around}".`);
  for (const part of parts)
    if ((await readSubstitutes(client, part)).includes(sku))
      return refuse("invalid_kit", `"${sku}" is sent where "${part}" is missing, and would need it.`);
  return (await hasStock(client, sku))
    ? refuse("invalid_kit", `"${sku}" has stock of its own: take it off its positions first.`)
    : null;
}
