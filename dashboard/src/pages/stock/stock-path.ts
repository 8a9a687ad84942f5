import { pathOf } from "../../api/client.ts";

export function stockPath(sku: string, locationId: string): string {
  return pathOf("stock", sku, locationId);
}
