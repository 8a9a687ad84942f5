/**
 * Access scopes that a shop may not have granted the app, each with what does not work without it. Those without
 * which nothing works at all are none of them: the calls themselves say so.
 */

const USED: Readonly<Record<string, string>> = {
  write_orders: "Cancellations and refunds are not told",
  write_inventory: "Stock is not told",
  read_inventory: "Listings show no stock",
  read_merchant_managed_fulfillment_orders: "Holds and moves at Shopify are not seen, and no parcel is told",
  write_merchant_managed_fulfillment_orders: "Parcels, holds and releases are not told",
  read_shopify_payments_disputes:
    "Where Shopify Payments takes the money, Shopify sends no webhooks of disputes (disputes/create, disputes/update), so that one may be seen only when its order is read for another reason",
};

/** @param granted as Shopify lists them; one to write has the one to read in it */
export function shortfallsOf(granted: readonly string[]): readonly string[] {
  const has = (scope: string) =>
    granted.includes(scope) || granted.includes(scope.replace(/^read_/, "write_"));
  return Object.entries(USED).flatMap(([scope, effect]) =>
    has(scope)
      ? []
      : [
          `${effect}: the app lacks the access scope ${scope}. Add it to the app in Shopify's Dev Dashboard, release the version, and accept it in the shop.`,
        ],
  );
}
