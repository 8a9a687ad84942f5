/**
 * What our pages may load, show and call: nothing of other sites. Only on the shopper's pages, and only where
 * a payment provider's card form is configured, that provider is let in, because a card is given to it alone.
 */
import type { PaymentProvider } from "../../ports/payments.ts";
import type { VendorRoster } from "../../ports/vendor-roster.ts";

/** For every page and every answer. */
export const OWN_POLICY = policy([]);

/** For the shopper's pages. */
export function shopperPolicy({ vendors }: Pick<VendorRoster<PaymentProvider>, "vendors">): string {
  const form = vendors[0]?.port.cardForm ?? null;
  if (form === null) return OWN_POLICY;
  const own = "'self'";
  return policy([
    `script-src ${[own, ...form.scripts].join(" ")}`,
    `frame-src ${form.frames.join(" ")}`,
    `connect-src ${[own, ...form.calls].join(" ")}`,
  ]);
}

/**
 * For the reference of the API: what draws it makes its styles while it runs, and names them by this word, which
 * is another each time that the page is asked for.
 */
export function docsPolicy(nonce: string): string {
  return policy([`style-src 'self' 'nonce-${nonce}'`]);
}

function policy(more: readonly string[]): string {
  return [
    "default-src 'self'",
    "img-src 'self' data:",
    ...more,
    "object-src 'none'",
    "base-uri 'none'",
    "form-action 'self'",
    "frame-ancestors 'none'",
  ].join("; ");
}
