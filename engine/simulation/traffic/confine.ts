/**
 * What a client of one node may ask for at once: with several nodes, of one shard. Clients that know all nodes
 * cut their calls apart in the same way.
 */
import { shardOf } from "../../shard/shard-of.ts";
import type { Ask } from "../audit/operation.ts";

/** The part of it that concerns the shard of its first SKU. Orders stay as they are. */
export function confined(ask: Ask, shardCount: number): Ask {
  const ofFirst = <T extends { readonly sku: string }>(parts: readonly T[]): readonly T[] => {
    const [first] = parts;
    if (first === undefined) return parts;
    const shard = shardOf(first.sku, shardCount);
    return parts.filter(({ sku }) => shardOf(sku, shardCount) === shard);
  };
  switch (ask.kind) {
    case "execute":
      return { ...ask, commands: ofFirst(ask.commands) };
    case "lane":
      return { ...ask, steps: ofFirst(ask.steps) };
    case "positions":
      return { ...ask, skus: ofFirst(ask.skus.map((sku) => ({ sku }))).map(({ sku }) => sku) };
    default:
      return ask;
  }
}
