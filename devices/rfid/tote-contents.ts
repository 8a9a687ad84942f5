/**
 * What the tags of a passage say is in a tote. Pure.
 *
 * A tag counts if its GTIN is in our catalog, or if its company prefix is one of ours. Tags that other
 * companies put on goods, wrappings and clothes are ignored.
 */
import type { CountedUnits } from "../../operations/floor/confirm-pack.ts";
import { decodeEpc, type Epc } from "../../orders/epc/epc.ts";

export function decodeTags(epcs: Iterable<string>): readonly Epc[] {
  return [...epcs].flatMap((epc) => decodeEpc(epc) ?? []);
}

export function gtinsOf(tags: readonly Epc[]): readonly string[] {
  return [...new Set(tags.flatMap((tag) => ("gtin" in tag ? [tag.gtin] : [])))];
}

/** Units by SKU, each serial once. An unknown unit with a prefix of ours counts under its GTIN. */
export function countUnits(
  tags: readonly Epc[],
  skuByGtin: ReadonlyMap<string, string>,
  ownPrefixes: readonly string[],
): readonly CountedUnits[] {
  const serials = new Map<string, Set<string>>();
  for (const tag of tags) {
    if (!("gtin" in tag)) continue;
    const isOwn = skuByGtin.has(tag.gtin) || ownPrefixes.includes(tag.companyPrefix);
    if (!isOwn) continue;
    const sku = skuByGtin.get(tag.gtin) ?? `GTIN ${tag.gtin}`;
    serials.set(sku, (serials.get(sku) ?? new Set()).add(tag.serial));
  }
  return [...serials].map(([sku, known]) => ({ sku, quantity: known.size, serials: [...known] }));
}

/**
 * Tags that were read in at least two of these passages. That leaves out a stray, and keeps a tag that was
 * missed once.
 */
export function readTwice(passages: readonly ReadonlySet<string>[]): ReadonlySet<string> {
  const once = new Set<string>();
  const twice = new Set<string>();
  for (const epcs of passages) for (const epc of epcs) (once.has(epc) ? twice : once).add(epc);
  return twice;
}
