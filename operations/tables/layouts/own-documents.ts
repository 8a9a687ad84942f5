/**
 * Orders, returns and kits as our own interface and exports have them: a document each, with its lines in it.
 */
import type { Layout } from "./layout.ts";

export const ownDocuments: readonly Layout[] = [
  {
    source: "holdfast",
    kind: "orders",
    signature: ["id", "currency", "customer.name", "lines.quantity", "lines.unitPrice"],
    columns: {
      channel: ["channel"],
      id: ["id"],
      number: ["number"],
      status: ["status"],
      placedAt: ["placedAt"],
      currency: ["currency"],
      customerName: ["customer.name"],
      customerEmail: ["customer.email"],
      total: ["total"],
      lineSku: ["lines.sku", "lines.title"],
      lineQuantity: ["lines.quantity"],
      linePrice: ["lines.unitPrice"],
    },
  },
  {
    source: "holdfast",
    kind: "kits",
    signature: ["kit", "components.sku", "components.quantity"],
    columns: { kit: ["kit"], component: ["components.sku"], quantity: ["components.quantity"] },
  },
  {
    source: "holdfast",
    kind: "returns",
    signature: ["id", "order", "lines.quantity"],
    columns: {
      id: ["id"],
      order: ["order"],
      status: ["status"],
      reason: ["reason"],
      method: ["method"],
      lineId: ["lines.lineId"],
      sku: ["lines.sku"],
      quantity: ["lines.quantity"],
    },
  },
];
