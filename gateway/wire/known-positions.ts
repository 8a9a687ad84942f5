/**
 * Stock commands from outside, on positions that can be: of an SKU that the catalog has, at a location that
 * there is, open or closed. Any other is refused by name, and the rest of its message runs.
 *
 * What this process has seen before is looked up in memory, so that a message of known names waits for nobody.
 */
import type { StockCommand } from "../../actors/commands.ts";
import type { StockAnswer, UnknownPosition } from "../../contract/stock-commands.ts";
import type { AllocatorClient } from "../../engine/allocator-client.ts";
import { type KnownGoods, knownGoodsOf } from "../../store/catalog/known-goods.ts";
import type { Database } from "../../store/sql/database.ts";

/** Demand may wait wherever units come first. */
const ANYWHERE = "*";

type Services = { readonly database: Database; readonly allocator: AllocatorClient };

/** One outcome for each command, in their order. */
export async function executeOnKnownPositions(
  { database, allocator }: Services,
  commands: readonly StockCommand[],
): Promise<readonly StockAnswer[]> {
  const goods = knownGoodsOf(database);
  if (commands.every((command) => isSeen(goods, command))) return allocator.execute(commands);
  const refusalOf = await refusals(
    goods,
    commands.filter((command) => !isSeen(goods, command)),
  );
  const refused = commands.map(refusalOf);
  const outcomes = await allocator.execute(commands.filter((_, index) => refused[index] === null));
  let next = 0;
  return refused.map((refusal) => {
    if (refusal !== null) return refusal;
    const outcome = outcomes[next++];
    if (outcome === undefined) throw new Error("the engine answered fewer commands than it was given");
    return outcome;
  });
}

type Addressed = { readonly sku: string; readonly locationId: string; readonly toLocationId?: string };

/** Hot: two or three looks into sets, and nothing is made. */
function isSeen(goods: KnownGoods, { sku, locationId, toLocationId }: Addressed): boolean {
  return (
    goods.hasSku(sku) &&
    (locationId === ANYWHERE || goods.hasLocation(locationId)) &&
    (toLocationId === undefined || goods.hasLocation(toLocationId))
  );
}

/** Asks for all names at once. @returns why a position cannot be; null: it can */
async function refusals(
  goods: KnownGoods,
  unseen: readonly Addressed[],
): Promise<(position: Addressed) => UnknownPosition | null> {
  const places = unseen.flatMap(({ locationId, toLocationId }) => [
    locationId,
    ...(toLocationId === undefined ? [] : [toLocationId]),
  ]);
  const [skus, locations] = await Promise.all([
    goods.unknownSkus(new Set(unseen.map(({ sku }) => sku).filter((sku) => !goods.hasSku(sku)))),
    goods.unknownLocations(
      new Set(places.filter((place) => place !== ANYWHERE && !goods.hasLocation(place))),
    ),
  ]);
  return ({ sku, locationId, toLocationId }) => {
    if (skus.has(sku))
      return { status: "refused", code: "unknown_sku", detail: `The catalog has no SKU "${sku}".` };
    const missing = [locationId, toLocationId].find((place) => place !== undefined && locations.has(place));
    return missing === undefined
      ? null
      : { status: "refused", code: "unknown_location", detail: `There is no location "${missing}".` };
  };
}
