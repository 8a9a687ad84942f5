/**
 * What lies at a provider, booked at the location that it runs. The provider's figure is what may be sold; by
 * our books the units that it was asked for are still on hand until their package has left.
 *
 * R1 What the provider does not name stays as it is: providers leave goods out of their lists.
 * R2 Its figure may be older than what it was asked for just now. While goods move, a lower figure counts and
 *    a higher one does not, so that nothing is sold twice.
 * R3 A figure is booked against what was on hand when it was compared: what changed meanwhile is left for the
 *    next reading.
 */
import type { ProviderStockPage } from "../../ports/fulfillment-provider.ts";
import { ServiceFault } from "../../ports/service-fault.ts";
import { goodsAtProvider, writeProviderStock } from "../../store/channels/provider-requests.ts";
import { causeOf, type ProviderLane } from "./provider-lane.ts";

/** A vendor's summaries may lag so far behind its own orders. */
const LAG_MS = 30 * 60_000;
const BATCH = 500;

export type StockRead = {
  readonly goods: number;
  readonly changed: number;
  /** What could not be booked, by SKU. */
  readonly refused: readonly { readonly sku: string; readonly detail: string }[];
};

export async function readProviderStock(lane: ProviderLane): Promise<StockRead | null> {
  const { context, provider, channelId, locationId } = lane;
  const { database, allocator } = context;
  const { rows } = await database.query<{ now: Date }>("select now()");
  const began = rows[0]?.now ?? new Date(context.now());
  if (!(await readPages(lane))) return null;
  const goods = await goodsAtProvider(database, channelId, locationId, began, LAG_MS);
  let changed = 0;
  const refused: { sku: string; detail: string }[] = [];
  for (let from = 0; from < goods.length; from += BATCH) {
    const some = goods.slice(from, from + BATCH);
    const positions = await allocator.positions(some.map(({ sku }) => sku));
    const onHand = new Map(
      positions.filter((one) => one.locationId === locationId).map((one) => [one.sku, one.onHand]),
    );
    const differing = some.flatMap(({ sku, sellable, outstanding, isMoving }) => {
      const before = onHand.get(sku) ?? 0;
      const delta = sellable + outstanding - before;
      return delta === 0 || (delta > 0 && isMoving) ? [] : [{ sku, delta, before, sellable }];
    });
    if (differing.length === 0) continue;
    const outcomes = await allocator.execute(
      differing.map(({ sku, delta, before, sellable }) => ({
        type: "adjust",
        commandId: `provider-stock:${channelId}:${sku}:${began.getTime()}`,
        sku,
        locationId,
        delta,
        reason: `${provider.shownName} has ${sellable} that may be sold`,
        expectedOnHand: before,
        atMs: context.now(),
        cause: causeOf(lane),
      })),
    );
    for (const [index, outcome] of outcomes.entries()) {
      const sku = differing[index]?.sku ?? "";
      if (outcome.status !== "refused") changed += 1;
      else if (outcome.code !== "on_hand_changed") refused.push({ sku, detail: outcome.detail });
    }
  }
  return { goods: goods.length, changed, refused };
}

/** @returns false where it was ended before, so that nothing is to be booked */
async function readPages({ context, provider, channelId, budget, isEnding }: ProviderLane): Promise<boolean> {
  let page: string | null = null;
  const seen = new Set<string>();
  for (let begun = 1; !isEnding(); ) {
    const token: string | null = page;
    try {
      const read: ProviderStockPage = await budget.call("stock", () => provider.readStock(token));
      await writeProviderStock(context.database, channelId, read.stock);
      if (read.next === null) return true;
      if (seen.has(read.next)) throw pageUnknown(provider.name);
      seen.add(read.next);
      page = read.next;
    } catch (error) {
      // Pages expire; what was read of them is as good as what is read now.
      if (!(error instanceof ServiceFault) || error.code !== "page_unknown" || begun === 3) throw error;
      begun += 1;
      page = null;
      seen.clear();
    }
  }
  return false;
}

/** It names a page that was there before, and would be asked for it for ever. */
function pageUnknown(service: string): ServiceFault {
  const detail = { service, code: "page_unknown", retryable: true };
  return new ServiceFault("the pages of the stock go round in a circle", detail);
}
