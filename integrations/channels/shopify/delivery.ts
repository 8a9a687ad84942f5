/** How the customer gets the goods, by the shipping lines. */
import type { Delivery } from "../../../orders/order.ts";
import { firstText, textAt } from "../../vendor-kit/vendor-json.ts";

const PICKUP = /pick.?up|in.?store|collect/i;

export function readDelivery(shipping: readonly unknown[]): Delivery | undefined {
  for (const line of shipping) {
    const category = textAt(line, "delivery_category");
    const place = firstText(textAt(line, "title"), textAt(line, "code"));
    const named = place === "" ? {} : { place };
    if (/curb/i.test(`${category} ${place}`)) return { method: "curbside", ...named };
    if (PICKUP.test(category) || PICKUP.test(textAt(line, "code"))) return { method: "pickup", ...named };
    if (/local/i.test(category)) return { method: "local_delivery", ...named };
  }
  return undefined;
}
