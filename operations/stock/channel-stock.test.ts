import { expect, test } from "vitest";
import { channelStockOf, sellableUnits } from "./channel-stock.ts";

test("a channel sells what is available less its buffer, and never less than nothing", () => {
  expect([sellableUnits(7, 0), sellableUnits(7, 2), sellableUnits(2, 2), sellableUnits(1, 2)]).toEqual([
    7, 5, 0, 0,
  ]);
  expect([sellableUnits(null, 0), sellableUnits(-3, 0)]).toEqual([0, 0]);
});

test("it sees stock as its pool does, in the order asked for", async () => {
  const units = new Map([
    ["TEE-1/shop", 9],
    ["TEE-1/", 4],
  ]);
  const allocator = {
    available: (sku: string, scope?: { readonly pool?: string }) =>
      units.get(`${sku}/${scope?.pool ?? ""}`) ?? null,
    availableByLocation: () => [],
  };
  const none = new Map();
  const skus = ["NONE", "TEE-1"];
  expect(await channelStockOf(allocator, { stockPool: "shop", stockBuffer: 3 }, skus, none)).toEqual([
    { sku: "NONE", available: null, sellable: 0 },
    { sku: "TEE-1", available: 9, sellable: 6 },
  ]);
  expect(await channelStockOf(allocator, { stockPool: null, stockBuffer: 0 }, ["TEE-1"], none)).toEqual([
    { sku: "TEE-1", available: 4, sellable: 4 },
  ]);
});
