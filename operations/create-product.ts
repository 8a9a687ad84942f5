import type { NewProduct } from "../store/catalog.ts";
import type { OperationContext, Refusal } from "./context.ts";
import type { WaitingOrdersLookedAt } from "./map-sku.ts";

export async function createProduct(
  context: OperationContext,
  product: NewProduct,
  by: string,
): Promise<WaitingOrdersLookedAt | Refusal> {
  throw new Error(`being built: ${product.sku} ${by} ${context.now()}`);
}
