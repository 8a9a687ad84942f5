/**
 * Orders that the customer collects: in the store, or at the curb in front of it.
 *
 * Such an order is sourced at that store only, no carrier touches it, and it is handed over against a code
 * that only the customer has been told. What nobody collects in time goes back on the shelf.
 */
import type { OrderDocument } from "../order.ts";

export function isCollected({ delivery }: Pick<OrderDocument, "delivery">): boolean {
  return delivery?.method === "pickup" || delivery?.method === "curbside";
}

/**
 * Our location where the order is collected; `null` where it is sent, or where the place is not known yet.
 */
export function pickupPlaceOf(document: Pick<OrderDocument, "delivery">): string | null {
  return isCollected(document) ? (document.delivery?.locationId ?? null) : null;
}

/** A code is read as people type it: small letters, spaces and dashes do not matter. */
export function plainCollectionCode(typed: string): string {
  return typed.toUpperCase().replace(/[\s-]/g, "");
}

/** One of our stores. */
export type Store = { readonly locationId: string; readonly name: string };

/**
 * The store that a channel means, by our id or our name for it; `null` where it can be none or several. A
 * company with one store means that one, whatever the channel calls it.
 */
export function storeNamed(place: string, stores: readonly Store[]): string | null {
  const wanted = place.trim().toLowerCase();
  const named = stores.filter(({ locationId, name }) =>
    [locationId, name].some((own) => own.toLowerCase() === wanted),
  );
  const [store, ...others] = named.length === 0 ? stores : named;
  return store === undefined || others.length > 0 ? null : store.locationId;
}
