/**
 * A listing of a channel that is several units of one SKU, or a bundle of several. It is mapped to a kit of
 * just these components, so that orders reserve, pick, pack and return it as any kit; where there is none,
 * one is made under a SKU that follows from its components.
 */
import { createHash } from "node:crypto";
import type { MapListingBody } from "../../contract/settings/channel-accounts.ts";
import { lockProduct } from "../../store/catalog/catalog.ts";
import { inTransaction } from "../../store/sql/database.ts";
import { readKits, type StoredKit } from "../../store/stock/kits.ts";
import type { OperationContext } from "../context.ts";
import { type Refusal, refuse } from "../refusal.ts";
import { createProduct } from "./create-product.ts";
import { mapSku, type WaitingOrdersLookedAt } from "./map-sku.ts";
import { setComponents } from "./set-components.ts";

type Components = StoredKit["components"];

/** After a crash in between, a repeat does the rest. */
export async function mapListing(
  context: OperationContext,
  request: { readonly channelId: string; readonly body: MapListingBody; readonly by: string },
): Promise<(WaitingOrdersLookedAt & { readonly sku: string }) | Refusal> {
  const { channelId, by } = request;
  const { channelSku, components } = request.body;
  const sku = await soldAs(context, components, by);
  if (typeof sku !== "string") return sku;
  const mapped = await mapSku(context, { channelId, channelSku, sku, by });
  return mapped.status === "refused" ? mapped : { ...mapped, sku };
}

async function soldAs(
  context: OperationContext,
  components: Components,
  by: string,
): Promise<string | Refusal> {
  const [first, ...others] = components;
  if (first !== undefined && others.length === 0 && first.quantity === 1) return first.sku;
  const wanted = printOf(components);
  const known = (await readKits(context.database)).find((kit) => printOf(kit.components) === wanted);
  if (known !== undefined) return known.sku;
  return makeKit(context, components, by);
}

async function makeKit(
  context: OperationContext,
  components: Components,
  by: string,
): Promise<string | Refusal> {
  const parts = await inTransaction(context.database, (client) =>
    Promise.all(components.map(async ({ sku }) => [sku, await lockProduct(client, sku)] as const)),
  );
  const missing = parts.find(([, product]) => product === undefined);
  if (missing !== undefined) return refuse("product_not_found", `There is no product "${missing[0]}".`);
  const products = parts.flatMap(([, product]) => (product === undefined ? [] : [product]));
  const [first] = products;
  if (first === undefined) return refuse("invalid_kit", "A listing is at least one unit of a product.");
  const sum = (of: (product: (typeof products)[number]) => number) =>
    products.reduce((total, product, at) => total + of(product) * (components[at]?.quantity ?? 0), 0);
  const sku = kitSku(components);
  const made = await createProduct(
    context,
    {
      ...first,
      sku,
      name: products
        .map(({ name }, at) => `${components[at]?.quantity} x ${name}`)
        .join(" + ")
        .slice(0, 200),
      weightGrams: sum(({ weightGrams }) => weightGrams),
      priceMinor: sum(({ priceMinor }) => priceMinor),
      tagged: false,
    },
    by,
  );
  // Made under the same name before, and changed since: it is used as it is.
  if (made.status === "refused" && made.code !== "product_exists") return made;
  const set = await setComponents(context, sku, { components: [...components] }, by);
  return set.status === "refused" ? set : sku;
}

function kitSku(components: Components): string {
  const said = components.map(({ sku, quantity }) => `${sku}x${quantity}`).join("+");
  if (said.length <= 60) return said;
  return `KIT-${createHash("sha256").update(printOf(components)).digest("hex").slice(0, 16)}`;
}

function printOf(components: Components): string {
  return components
    .map(({ sku, quantity }) => `${quantity} ${sku}`)
    .sort()
    .join("\n");
}
