import { pathOf } from "../../api/client.ts";

/** Where an order's page is; order ids may hold characters that a path must escape. */
export function orderPath(orderId: string): string {
  return pathOf("orders", orderId);
}
