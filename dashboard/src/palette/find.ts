/**
 * What the palette finds in the books: each kind by the list that has it, where who is signed in may see it.
 */
import type { Product } from "../../../contract/catalog.ts";
import type { OrderSummary } from "../../../contract/orders.ts";
import type { ReturnSummary } from "../../../contract/returns.ts";
import type { Page } from "../../../contract/shapes.ts";
import type { StockRow } from "../../../contract/stock.ts";
import { get, pathOf } from "../api/client.ts";
import { may } from "../api/session.ts";
import type { IconName } from "../components/icon.tsx";
import { words } from "../format/words.ts";

export type Found = {
  readonly id: string;
  readonly icon: IconName;
  readonly title: string;
  readonly detail: string;
  readonly href: string;
};

/** Of each kind. */
const MOST = 5;

/** @param q number, customer, SKU, tracking number, serial … */
export async function find(q: string, signal: AbortSignal): Promise<readonly Found[]> {
  const [orders, returns, stock, products] = await Promise.all([
    some<OrderSummary>("orders.read", "/orders", q, signal),
    some<ReturnSummary>("returns.read", "/returns", q, signal),
    some<StockRow>("stock.read", "/stock", q, signal),
    some<Product>("catalog.read", "/products", q, signal),
  ]);
  const stocked = new Set(stock.map(({ sku }) => sku));
  return [
    ...orders.map((order) => ({
      id: `order ${order.id}`,
      icon: "orders" as const,
      title: order.externalNumber,
      detail: `${order.customerName}, ${words(order.status).toLowerCase()}`,
      href: pathOf("orders", order.id),
    })),
    ...returns.map((one) => ({
      id: `return ${one.id}`,
      icon: "returns" as const,
      title: one.id,
      detail: `Return, ${words(one.status).toLowerCase()}`,
      href: pathOf("returns", one.id),
    })),
    ...stock.map((row) => ({
      id: `stock ${row.sku} ${row.locationId}`,
      icon: "stock" as const,
      title: row.sku,
      detail: `${row.availableToPromise.toLocaleString()} available at ${row.locationName}`,
      href: pathOf("stock", row.sku, row.locationId),
    })),
    ...products
      .filter(({ sku }) => !stocked.has(sku))
      .map((product) => ({
        id: `product ${product.sku}`,
        icon: "catalog" as const,
        title: product.sku,
        detail: product.name,
        href: `/catalog?q=${encodeURIComponent(product.sku)}`,
      })),
  ];
}

/** A list that cannot be asked now is left out: the others are worth showing. */
async function some<T>(
  permission: string,
  path: string,
  q: string,
  signal: AbortSignal,
): Promise<readonly T[]> {
  if (!may(permission)) return [];
  try {
    return (await get<Page<T>>(path, { q, limit: MOST }, signal)).items;
  } catch (error) {
    if (signal.aborted) throw error;
    return [];
  }
}
