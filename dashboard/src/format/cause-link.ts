/** Where the cause of a stock movement or hold can be looked at. */

/**
 * @param cause as stock keeps it, e.g. `order web-7`, `return web-7-R1`, or the order's id alone
 * @param holdId of the units; those of orders begin with the order's id
 * @returns the path of a page, or null where the cause has none
 */
export function causeLink(cause: string, holdId: string | null): string | null {
  const [, kind, id] = /^(order|return) (\S.*)$/.exec(cause) ?? [];
  if (kind !== undefined && id !== undefined) return `/${kind}s/${encodeURIComponent(id)}`;
  return holdId?.startsWith(`${cause}:`) === true ? `/orders/${encodeURIComponent(cause)}` : null;
}
