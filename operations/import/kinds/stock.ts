/**
 * The file says how many units are there. Where there were none they are received, as opening stock; where
 * there were others they are counted, within the limits of whoever imports: a larger difference waits for
 * somebody else, as any count does. The movement names the import and the line.
 */
import type { StockCommand, StockOutcome } from "../../../actors/commands.ts";
import { readUnitWeights } from "../../../store/catalog/catalog.ts";
import { listLocations } from "../../../store/catalog/catalog-views.ts";
import { runStockCommands } from "../../stock/run-stock-commands.ts";
import type { StockItem } from "../../tables/entry.ts";
import { type Booker, type Decision, faultOf, turnedAway } from "../booker.ts";

export const stock: Booker<StockItem> = {
  kind: "stock",
  decide: async ({ context }, entries) => {
    const skus = [...new Set(entries.map(({ item }) => item.sku))];
    const [known, locations, positions] = await Promise.all([
      readUnitWeights(context.database, skus),
      listLocations(context.database, true),
      context.allocator.positions(skus),
    ]);
    // Former systems call a place by its name.
    const ids = new Map<string, string>();
    for (const { id, name } of locations.items) ids.set(name.trim().toLowerCase(), id);
    for (const { id } of locations.items) ids.set(id.toLowerCase(), id);
    const onHand = new Map<string, number>(
      positions.map((each) => [`${each.sku}\n${each.locationId}`, each.onHand]),
    );
    const atMs = context.now();
    const taken = new Set<string>();
    return entries.map((entry): Decision => {
      const { sku, location, onHand: units } = entry.item;
      if (!known.has(sku))
        return turnedAway(
          entry,
          "sku",
          "product_not_found",
          "a SKU of the catalog: import its product first",
        );
      const locationId = ids.get(location.trim().toLowerCase());
      if (locationId === undefined)
        return turnedAway(
          entry,
          "location",
          "location_not_found",
          "the id or the name of a location: make it first",
        );
      const position = `${sku}\n${locationId}`;
      if (taken.has(position))
        return turnedAway(
          entry,
          null,
          "row_repeated",
          "each position once: another row says the same place otherwise",
        );
      taken.add(position);
      const before = onHand.get(position) ?? 0;
      if (before === units) return { do: "skip" };
      return { do: "book", plan: { locationId, before, atMs, as: before === 0 ? "receive" : "count" } };
    });
  },
  book: async (run, entries, plans) => {
    const { context, importId, starter } = run;
    const commands = entries.map((entry, index): StockCommand => {
      const plan = plans[index] ?? {};
      const { sku, onHand } = entry.item;
      const isOpening = plan["as"] === "receive";
      const shared = {
        commandId: `import:${importId}:${entry.line}:${plan["locationId"]}`.slice(0, 128),
        atMs: Number(plan["atMs"]),
        cause: `${isOpening ? "opening stock" : "stock taken"}, import ${importId} line ${entry.line}`,
        sku,
        locationId: String(plan["locationId"]),
      };
      return isOpening
        ? { type: "receive", ...shared, quantity: onHand }
        : {
            type: "count",
            ...shared,
            countId: shared.commandId,
            counted: onHand,
            reason: `import ${importId}`,
            // As `runStockCommands` sets it.
            threshold: 0,
            expectedOnHand: Number(plan["before"]),
          };
    });
    const request = { commands, by: starter.by, isPerson: starter.isPerson };
    const done = await runStockCommands<StockOutcome>(context, request, (allowed) =>
      context.allocator.execute(allowed),
    );
    if (done.status === "refused") return entries.map((entry) => faultOf(entry, done));
    return entries.map((entry, index) => {
      const outcome = done.outcomes[index];
      if (outcome?.status === "refused") return faultOf(entry, outcome);
      const isCount = plans[index]?.["as"] === "count";
      if (isCount && outcome !== undefined && outcome.position.onHand !== entry.item.onHand)
        return {
          line: entry.line,
          column: null,
          code: "count_waits",
          expected:
            "somebody else's word: the difference is beyond the limit, and the count waits for its approval",
        };
      return null;
    });
  },
};
