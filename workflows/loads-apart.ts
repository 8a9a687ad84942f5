/**
 * Keeps the books from promising units that are adrift: on a robot whose order is cancelled, in a tote that
 * is lost. The stock sets them apart as unavailable, under the reason `adrift`, until a person has settled
 * them.
 *
 * Both a saga, which gives back an order's holds, and the standing job on the floor come here, so it stands
 * below them. It owns when a load becomes adrift and how the stock hears of it;
 * `store/floor/robot-loads.ts` owns the rows.
 *
 * A1 each command has an id of its load and its try, written down before: told twice, it happens once
 * A2 what an order is about to give back is taken out of its hold first, in one command: the units are
 *    never free
 */
import type { StockCommand } from "../actors/commands.ts";
import type { AllocatorClient } from "../engine/allocator-client.ts";
import { adriftBecause, adriftInWords } from "../orders/fulfillment/robot-load.ts";
import { isPacked } from "../orders/fulfillment-order.ts";
import {
  type AdriftLoad,
  beginSettingApart,
  markAdrift,
  readCarriedLoads,
  readUntoldLoads,
  recordSettingApart,
} from "../store/floor/robot-loads.ts";
import { recordEntry } from "../store/orders/timeline.ts";
import { type Database, type DatabaseClient, inTransaction } from "../store/sql/database.ts";

/** Under which the stock sets them apart. */
export const ADRIFT_REASON = "adrift";

type Stock = {
  readonly database: Database;
  readonly allocator: Pick<AllocatorClient, "execute" | "holds" | "positions">;
  readonly now: () => number;
};

/** Before the order's holds are given back: what robots have of it, they keep. */
export async function holdBackLoads(stock: Stock, orderId: string): Promise<void> {
  await inTransaction(stock.database, (client) => reviewLoads(client, { orderId }));
  for (const load of await readUntoldLoads(stock.database, orderId)) {
    if (load.ending === null) await setApart(stock, load);
  }
}

/** Marks what is adrift by now. @returns how many loads */
export async function reviewLoads(
  client: DatabaseClient,
  which: { readonly orderId: string } | "all",
): Promise<number> {
  let adrift = 0;
  for (const load of await readCarriedLoads(client, which)) {
    const cause = which === "all" ? adriftBecause(load) : "cancelled";
    if (cause === null) continue;
    const fromHold = which !== "all";
    if (!(await markAdrift(client, { id: load.id, cause, fromHold }))) continue;
    adrift += 1;
    await recordEntry(client, {
      orderId: load.orderId,
      key: `adrift:${load.id}`,
      type: "fulfillment.load_adrift",
      summary: adriftInWords({ ...load, cause, lostAt: null, isPacked: isPacked(load.stage) }),
      cause: load.deviceId === null ? "floor" : `device:${load.deviceId}`,
      data: { fulfillmentOrderId: load.fulfillmentOrderId, loadId: load.id, sku: load.sku },
    });
  }
  return adrift;
}

/** One try to have the stock set it apart. Where too few units are free there will be another. */
export async function setApart(stock: Stock, load: AdriftLoad): Promise<void> {
  const isFree = load.isBeingSetApart || load.fromHold || (await freeUnits(stock, load)) >= load.quantity;
  if (!isFree || !(await beginSettingApart(stock.database, load.id))) return;
  await recordSettingApart(stock.database, load, await tellStock(stock, load));
}

/** Units on the shelf that nobody was promised. */
export async function freeUnits(
  { allocator }: Pick<Stock, "allocator">,
  { sku, locationId }: Pick<AdriftLoad, "sku" | "locationId">,
): Promise<number> {
  const at = (await allocator.positions([sku])).find((position) => position.locationId === locationId);
  if (at === undefined) return 0;
  return at.onHand - at.reserved - at.allocated - at.picked - at.unavailable;
}

async function tellStock(
  stock: Stock,
  load: AdriftLoad,
): Promise<"done" | "later" | { readonly never: string }> {
  const { sku, locationId, holdId, quantity, serials } = load;
  const shared = (step: string) => ({
    sku,
    locationId,
    commandId: `load:${load.id}:${step}`,
    atMs: stock.now(),
    cause: `load ${load.id} of ${load.fulfillmentOrderId}`,
    ...(serials.length === 0 ? {} : { serials }),
  });
  const run = async (command: StockCommand) => (await stock.allocator.execute([command]))[0];
  if (load.fromHold) {
    // Of units that are booked as taken, and of those that are not yet.
    const allocated = await run({
      ...shared("from-hold"),
      type: "short-pick",
      holdId,
      missing: quantity,
      reason: ADRIFT_REASON,
      effect: "quarantine",
    });
    if (allocated?.status === "applied") return "done";
    await run({ ...shared("from-pick"), type: "deallocate", holdId, quantity, of: "picked" });
  }
  const outcome = await run({
    ...shared(`apart:${load.apartTry}`),
    type: "quarantine",
    quantity,
    reason: ADRIFT_REASON,
  });
  if (outcome?.status === "applied") return "done";
  if (outcome === undefined || outcome.code === "insufficient_stock") return "later";
  return { never: `${outcome.code}: ${outcome.detail}` };
}
