import type { ChangeAnswer, OrderEditBody } from "../../../../contract/order-changes.ts";
import type { OrderView } from "../../../../contract/orders.ts";
import { post } from "../../api/client.ts";
import { orderPath } from "./order-path.ts";

/**
 * Sends edits of the revision that the page shows. Where somebody else has changed the order meanwhile, they
 * are refused, and the page shows the newer one.
 */
export function changeOrder(
  view: OrderView,
  edits: readonly OrderEditBody[],
  key?: string,
): Promise<ChangeAnswer> {
  const revision = view.document.revision ?? 1;
  return post<ChangeAnswer>(`${orderPath(view.summary.id)}/changes`, { revision, edits }, key);
}
