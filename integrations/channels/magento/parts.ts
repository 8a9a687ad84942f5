/** Shipments, invoices and credit memos of Magento orders, which are resources of their own. */
import type { RestClient } from "../../vendor-kit/rest-client.ts";
import { listAt, textAt } from "../../vendor-kit/vendor-json.ts";
import { type Filter, found, searchOf } from "./api.ts";

const PAGE_SIZE = 100;

/** All of these orders. */
export async function partsOf(
  call: RestClient,
  path: "/V1/shipments" | "/V1/invoices" | "/V1/creditmemos",
  orderIds: readonly string[],
): Promise<readonly unknown[]> {
  if (orderIds.length === 0) return [];
  const all: unknown[] = [];
  for (let lastId = 0; ; ) {
    const filters: Filter[] = [
      ["order_id", "in", orderIds.join(",")],
      ["entity_id", "gt", lastId],
    ];
    const reply = await call({ method: "GET", path, query: searchOf(filters, "entity_id", PAGE_SIZE) });
    const rows = listAt(found(reply, `read ${path}`), "items");
    all.push(...rows);
    if (rows.length < PAGE_SIZE) return all;
    lastId = Number(textAt(rows.at(-1), "entity_id"));
  }
}
