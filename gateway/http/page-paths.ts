/**
 * The addresses at which the dashboard draws a page, so that every other one is answered as not found. That
 * they are the dashboard's, a test looks up in its sources.
 */

/** `:name` stands for one part. */
export const PAGE_PATHS: readonly string[] = [
  "/",
  "/overview",
  "/orders",
  "/orders/new",
  "/orders/:id",
  "/stock",
  "/stock/:sku/:location",
  "/packing",
  "/returns",
  "/returns/unknown",
  "/returns/:id",
  "/finance",
  "/devices",
  "/channels",
  "/catalog",
  "/system",
  "/settings",
  "/account",
  // At the door, whoever is signed in.
  "/setup",
  "/forgot",
  "/password",
  "/single-sign-on",
  // The shopper's.
  "/track/:token",
];

const PAGES = PAGE_PATHS.map(
  (path) => new RegExp(`^${path.replaceAll(/:\w+/g, "[^/]+").replace(/\/$/, "")}/?$`),
);

export function isPagePath(path: string): boolean {
  return PAGES.some((page) => page.test(path));
}
