/**
 * What a channel may sell of a SKU. Whoever tells a channel of stock (the stream, webhooks, a channel's own
 * API) tells this number.
 *
 * It is what the channel's stock pool may promise now at the places that are open, safety stock and others'
 * fences left out, of a kit as many as all of its components make; less the channel's buffer. The buffer is
 * told of nobody, and keeps nothing back: an order of the channel that needs its units gets them.
 */
import { catalogOf } from "../../store/catalog/catalog.ts";
import type { Database } from "../../store/sql/database.ts";
import { kitPartsOf, kitsAmong, kitsOf, readStockRules, type StockRules } from "../../store/stock/kits.ts";
import type { OperationContext } from "../context.ts";

export type ChannelStockRules = { readonly stockPool: string | null; readonly stockBuffer: number };

export type ChannelStock = {
  readonly sku: string;
  /** As the channel's pool sees it; null: the SKU has no stock anywhere. */
  readonly available: number | null;
  readonly sellable: number;
};

/** @param available units; null: none anywhere. @param buffer units */
export function sellableUnits(available: number | null, buffer: number): number {
  return Math.max(0, (available ?? 0) - buffer);
}

/** @returns of each SKU, in the order asked for; null where there is no such channel */
export async function readChannelStock(
  { allocator, database }: Pick<OperationContext, "allocator" | "database">,
  channelId: string,
  skus: readonly string[],
): Promise<readonly ChannelStock[] | null> {
  const channel = await catalogOf(database).channel(channelId);
  if (channel === undefined) return null;
  return channelStockOf(allocator, channel, skus, await kitsAmong(database, skus));
}

type Components = readonly { readonly sku: string; readonly quantity: number }[];
type StockReader = Pick<OperationContext["allocator"], "available" | "availableByLocation">;

/**
 * The same by rules that are known already. @param kits those of the SKUs that are kits, with their
 * components
 */
export function channelStockOf(
  allocator: StockReader,
  { stockPool, stockBuffer }: ChannelStockRules,
  skus: readonly string[],
  kits: ReadonlyMap<string, Components>,
): Promise<readonly ChannelStock[]> {
  const scope = stockPool === null ? {} : { pool: stockPool };
  return Promise.all(
    skus.map(async (sku) => {
      const components = kits.get(sku);
      const available = await (components === undefined
        ? allocator.available(sku, scope)
        : kitsAvailable(allocator, components, scope));
      return { sku, available, sellable: sellableUnits(available, stockBuffer) };
    }),
  );
}

/**
 * How many of a kit there are: at each place as many as all of its components make there. Null: one has no
 * stock anywhere.
 */
async function kitsAvailable(
  allocator: StockReader,
  components: Components,
  scope: { readonly pool?: string },
): Promise<number | null> {
  const [first] = components;
  if (first === undefined) return null;
  for (const { sku } of components) if ((await allocator.available(sku)) === null) return null;
  let kits = 0;
  for (const { locationId } of await allocator.availableByLocation(first.sku)) {
    const counts = await Promise.all(
      components.map(async ({ sku, quantity }) => {
        const units = await allocator.available(sku, { ...scope, locationIds: [locationId] });
        return Math.floor((units ?? 0) / quantity);
      }),
    );
    kits += Math.min(...counts);
  }
  return kits;
}

/**
 * Follows what a channel may sell, for whoever is told of it as positions change.
 *
 * F1 What a channel may sell also changes without any position: by its pool, its buffer, places that open or
 *    close, kits. `isOutdated` says that it did; whoever follows then has to be told of everything anew.
 */
export class ChannelStockFollower {
  private readonly context: Pick<OperationContext, "allocator" | "database">;
  private readonly channelId: string;
  /** Asked for; null: all. */
  private readonly skus: ReadonlySet<string> | null;
  private readonly rules: StockRules;

  private constructor(
    context: Pick<OperationContext, "allocator" | "database">,
    channelId: string,
    skus: readonly string[] | null,
    rules: StockRules,
  ) {
    this.context = context;
    this.channelId = channelId;
    this.skus = skus === null ? null : new Set(skus);
    this.rules = rules;
  }

  /** @returns null where there is no such channel */
  static async start(
    context: Pick<OperationContext, "allocator" | "database">,
    channelId: string,
    skus: readonly string[] | null,
  ): Promise<ChannelStockFollower | null> {
    const rules = await readStockRules(context.database, channelId);
    return rules === null ? null : new ChannelStockFollower(context, channelId, skus, rules);
  }

  /** Whose positions decide about what was asked for: the SKUs, and the components of those that are kits. */
  static async positionsOf(database: Database, skus: readonly string[]): Promise<readonly string[]> {
    return [...new Set([...skus, ...(await kitPartsOf(database, skus))])];
  }

  async isOutdated(): Promise<boolean> {
    const now = await readStockRules(this.context.database, this.channelId);
    return now?.stamp !== this.rules.stamp;
  }

  isWanted(sku: string): boolean {
    return this.skus === null || this.skus.has(sku);
  }

  /** Of the SKUs whose positions have changed, and of the kits that have them. */
  async sellable(changed: readonly string[]): Promise<readonly ChannelStock[]> {
    const skus = [...new Set(changed)];
    const all = [...new Set([...skus, ...(await kitsOf(this.context.database, skus))])];
    const wanted = all.filter((sku) => this.isWanted(sku));
    const { allocator, database } = this.context;
    return channelStockOf(allocator, this.rules, wanted, await kitsAmong(database, wanted));
  }
}
