import { expect, it } from "vitest";
import { shardOf } from "./shard-of.ts";

it("never moves a SKU: databases have stock in these shards", () => {
  expect(
    ["SKU-1", "SKU-2", "TSHIRT-BLK-M", "Ä-ß-漢", ""].map((sku) => shardOf(sku, 16)),
  ).toMatchInlineSnapshot(`
    [
      13,
      5,
      9,
      9,
      1,
    ]
  `);
});

it("spreads SKUs that differ only in their last digits evenly", () => {
  const counts = new Array<number>(16).fill(0);
  for (let index = 0; index < 16_000; index += 1) {
    const shard = shardOf(`SKU-${String(index).padStart(6, "0")}`, 16);
    counts[shard] = (counts[shard] ?? 0) + 1;
  }
  expect(Math.min(...counts)).toBeGreaterThan(850);
  expect(Math.max(...counts)).toBeLessThan(1150);
});
