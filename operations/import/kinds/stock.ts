/**
 * The file says how many units are there. Where there were none they are received, as opening stock; where
 * there were others they are counted, within the limits of whoever imports: a larger difference waits for
 * somebody else, as any count does. The movement names the import and the line.
 *
 * Units of a lot are a figure of their own, and so are those of each serial number: what the file does not name
 * stays as it is. A SKU that has no units yet is tracked from now on as the file tells its units apart.
 */
import type { StockCommand, StockOutcome, Tracking } from "../../../actors/commands.ts";
import type { NamedUnits } from "../../../engine/allocator-client.ts";
import { readUnitWeights } from "../../../store/catalog/catalog.ts";
import { listLocations } from "../../../store/catalog/catalog-views.ts";
import { kitsAmong } from "../../../store/stock/kits.ts";
import { runStockCommands } from "../../stock/run-stock-commands.ts";
import type { StockItem } from "../../tables/entry.ts";
import type { RowFault } from "../../tables/read-rows.ts";
import {
  type Bookable,
  type Booker,
  type Decision,
  faultOf,
  type ImportRun,
  type Plan,
  turnedAway,
} from "../booker.ts";

export const stock: Booker<StockItem> = {
  kind: "stock",
  decide: async (run, entries) => {
    const skus = [...new Set(entries.map(({ item }) => item.sku))];
    const { context } = run;
    const [known, kits, locations, positions, named] = await Promise.all([
      readUnitWeights(context.database, skus),
      kitsAmong(context.database, skus),
      listLocations(context.database, true),
      context.allocator.positions(skus),
      context.allocator.namedUnits(skus),
    ]);
    const there = new UnitsThere(named);
    // Former systems call a place by its name.
    const ids = new Map<string, string>();
    for (const { id, name } of locations.items) ids.set(name.trim().toLowerCase(), id);
    for (const { id } of locations.items) ids.set(id.toLowerCase(), id);
    const onHand = new Map<string, number>(positions.map((each) => [placeOf(each), each.onHand]));
    const used = new Set(
      positions.filter((each) => each.onHand > 0 || each.incoming > 0).map(({ sku }) => sku),
    );
    const atMs = context.now();
    const taken = new Set<string>();
    return entries.map((entry): Decision => {
      const { sku, location, onHand: units, lot, serials } = entry.item;
      if (!known.has(sku))
        return turnedAway(
          entry,
          "sku",
          "product_not_found",
          "a SKU of the catalog: import its product first",
        );
      if (kits.has(sku))
        return turnedAway(
          entry,
          "sku",
          "invalid_kit",
          "a product that is no kit: its components have the stock",
        );
      const locationId = ids.get(location.trim().toLowerCase());
      if (locationId === undefined)
        return turnedAway(
          entry,
          "location",
          "location_not_found",
          "the id or the name of a location: make it first",
        );
      const wanted: Tracking = serials !== undefined ? "serial" : lot !== undefined ? "lot" : "none";
      const tracking = there.trackingOf(sku);
      if (tracking !== wanted && tracking !== "none") {
        // Of all of a position's units together the figure may be right all the same.
        if (wanted === "none" && units === (onHand.get(placeOf({ sku, locationId })) ?? 0))
          return { do: "skip" };
        return tracking === "lot"
          ? turnedAway(entry, "lot", "lot_required", "a lot: the SKU is tracked by lot, a row for each")
          : turnedAway(entry, "serial", "serials_required", "serial numbers: the SKU is tracked by them");
      }
      const sets = tracking === wanted ? null : wanted;
      if (sets !== null && used.has(sku))
        return turnedAway(
          entry,
          "sku",
          "position_not_empty",
          "a SKU without units that are not told apart: count them as 0 first, or leave lot and serial out",
        );
      if (sets !== null && run.starter.setsTracking !== true)
        return turnedAway(
          entry,
          "sku",
          "not_tracked",
          `a SKU that is tracked by ${sets}: whoever may set that (stock.tracking) imports it, or sets it first`,
        );
      const place = placeOf({ sku, locationId });
      const unit = lot === undefined ? place : `${place}\n${lot.name}`;
      if (serials === undefined && taken.has(unit))
        return turnedAway(
          entry,
          null,
          "row_repeated",
          "each position once: another row says the same place otherwise",
        );
      taken.add(unit);
      used.add(sku);
      if (sets !== null) there.track(sku, sets);
      const shared = { locationId, atMs, sets };
      if (serials !== undefined) {
        const elsewhere = serials.find((serial) => (there.placeOf(sku, serial) ?? locationId) !== locationId);
        if (elsewhere !== undefined)
          return turnedAway(entry, "serial", "serial_exists", "units that are at no other location");
        const more = serials.filter((serial) => there.placeOf(sku, serial) === undefined);
        if (more.length === 0) return { do: "skip" };
        for (const serial of more) there.add(sku, serial, locationId);
        const before = serials.length - more.length;
        return { do: "book", plan: { ...shared, before, as: "receive", serials: more.join(",") } };
      }
      if (lot !== undefined) {
        const date = there.dateOf(sku, lot.name);
        if (date !== undefined && lot.expiresAtMs !== null && date !== lot.expiresAtMs)
          return turnedAway(
            entry,
            "expires",
            "lot_mismatch",
            "the date that the lot has: here it has another one",
          );
      }
      const before = lot === undefined ? (onHand.get(place) ?? 0) : there.unitsOf(sku, locationId, lot.name);
      if (before === units) return { do: "skip" };
      return { do: "book", plan: { ...shared, before, as: before === 0 ? "receive" : "count" } };
    });
  },
  book: async (run, entries, plans) => {
    const { context, importId, starter } = run;
    const tracking = new Map<string, StockCommand>();
    for (const [index, { line, item }] of entries.entries()) {
      const { sets, atMs, locationId } = plans[index] ?? {};
      if (sets !== "lot" && sets !== "serial") continue;
      tracking.set(item.sku, {
        type: "set-tracking",
        commandId: `import:${importId}:${line}:tracking`,
        atMs: Number(atMs),
        cause: `import ${importId} line ${line}`,
        sku: item.sku,
        locationId: String(locationId),
        tracking: sets,
      });
    }
    const commands = [
      ...tracking.values(),
      ...entries.map((entry, index) => commandOf(importId, entry, plans[index] ?? {})),
    ];
    const request = { commands, by: starter.by, isPerson: starter.isPerson };
    const done = await runStockCommands<StockOutcome>(context, request, (allowed) =>
      context.allocator.execute(allowed),
    );
    if (done.status === "refused") return entries.map((entry) => faultOf(entry, done));
    const outcomes = done.outcomes.slice(tracking.size);
    const waiting = await waitingCounts(run, entries, plans, outcomes);
    return entries.map((entry, index) => {
      const outcome = outcomes[index];
      if (outcome?.status === "refused") return faultOf(entry, outcome);
      return waiting.has(entry) ? countWaits(entry) : null;
    });
  },
};

function placeOf({ sku, locationId }: { readonly sku: string; readonly locationId: string }): string {
  return `${sku}\n${locationId}`;
}

function commandOf(importId: string, entry: Bookable<StockItem>, plan: Plan): StockCommand {
  const { sku, onHand, lot } = entry.item;
  const isOpening = plan["as"] === "receive";
  const shared = {
    commandId: `import:${importId}:${entry.line}:${plan["locationId"]}`.slice(0, 128),
    atMs: Number(plan["atMs"]),
    cause: `${isOpening ? "opening stock" : "stock taken"}, import ${importId} line ${entry.line}`,
    sku,
    locationId: String(plan["locationId"]),
    ...(lot === undefined ? {} : { lot: lot.name }),
  };
  if (isOpening) {
    const more = plan["serials"];
    const serials = typeof more === "string" ? more.split(",") : null;
    return {
      type: "receive",
      ...shared,
      quantity: serials?.length ?? onHand,
      ...(serials === null ? {} : { serials }),
      ...(lot === undefined || lot.expiresAtMs === null ? {} : { lotExpiresAtMs: lot.expiresAtMs }),
    };
  }
  return {
    type: "count",
    ...shared,
    countId: shared.commandId,
    counted: onHand,
    reason: `import ${importId}`,
    // As `runStockCommands` sets it.
    threshold: 0,
    // Of a lot the others of its place may move.
    ...(lot === undefined ? { expectedOnHand: Number(plan["before"]) } : {}),
  };
}

/** Entries whose count was taken down and not booked: the figure is still another one. */
async function waitingCounts(
  { context }: ImportRun,
  entries: readonly Bookable<StockItem>[],
  plans: readonly Plan[],
  outcomes: readonly StockOutcome[],
): Promise<ReadonlySet<Bookable<StockItem>>> {
  const waiting = new Set<Bookable<StockItem>>();
  const ofLots: { readonly entry: Bookable<StockItem>; readonly locationId: string; readonly lot: string }[] =
    [];
  for (const [index, entry] of entries.entries()) {
    const outcome = outcomes[index];
    if (plans[index]?.["as"] !== "count" || outcome?.status !== "applied") continue;
    const { lot, onHand } = entry.item;
    if (lot === undefined) {
      if (outcome.position.onHand !== onHand) waiting.add(entry);
    } else ofLots.push({ entry, locationId: String(plans[index]?.["locationId"]), lot: lot.name });
  }
  if (ofLots.length === 0) return waiting;
  const there = new UnitsThere(
    await context.allocator.namedUnits([...new Set(ofLots.map(({ entry }) => entry.item.sku))]),
  );
  for (const { entry, locationId, lot } of ofLots)
    if (there.unitsOf(entry.item.sku, locationId, lot) !== entry.item.onHand) waiting.add(entry);
  return waiting;
}

function countWaits({ line }: Pick<Bookable<StockItem>, "line">): RowFault {
  const expected =
    "somebody else's word: the difference is beyond the limit, and the count waits for its approval";
  return { line, column: null, code: "count_waits", expected };
}

/** Which units are where, of SKUs that tell theirs apart; what the rows before add is added. */
class UnitsThere {
  private readonly tracking = new Map<string, Tracking>();
  private readonly lots = new Map<string, number>();
  private readonly dates = new Map<string, number>();
  private readonly serials = new Map<string, string>();

  constructor(named: readonly NamedUnits[]) {
    for (const { sku, tracking, locations } of named) {
      this.tracking.set(sku, tracking);
      for (const { locationId, lots, serials } of locations) {
        for (const { lot, expiresAtMs, onHand } of lots) {
          this.lots.set(`${sku}\n${locationId}\n${lot}`, onHand);
          this.dates.set(`${sku}\n${lot}`, expiresAtMs);
        }
        for (const serial of serials) this.add(sku, serial, locationId);
      }
    }
  }

  trackingOf(sku: string): Tracking {
    return this.tracking.get(sku) ?? "none";
  }

  track(sku: string, tracking: Tracking): void {
    this.tracking.set(sku, tracking);
  }

  unitsOf(sku: string, locationId: string, lot: string): number {
    return this.lots.get(`${sku}\n${locationId}\n${lot}`) ?? 0;
  }

  /** When the lot expires, wherever it is; 0: never. */
  dateOf(sku: string, lot: string): number | undefined {
    return this.dates.get(`${sku}\n${lot}`);
  }

  placeOf(sku: string, serial: string): string | undefined {
    return this.serials.get(`${sku}\n${serial}`);
  }

  add(sku: string, serial: string, locationId: string): void {
    this.serials.set(`${sku}\n${serial}`, locationId);
  }
}
