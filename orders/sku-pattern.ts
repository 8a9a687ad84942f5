/**
 * Whether the SKU is one that the pattern means; `*` stands for any characters, so that a range of SKUs is a
 * category. Split at the stars, so that no pattern takes longer than the text is long for each of its parts.
 */
export function matchesSku(sku: string, pattern: string): boolean {
  const parts = pattern.split("*");
  const [first = "", ...rest] = parts;
  if (rest.length === 0) return sku === pattern;
  if (!sku.startsWith(first)) return false;
  const last = rest.pop() ?? "";
  let at = first.length;
  for (const part of rest) {
    const found = sku.indexOf(part, at);
    if (found < 0) return false;
    at = found + part.length;
  }
  return sku.length - last.length >= at && sku.endsWith(last);
}
