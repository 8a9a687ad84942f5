import { expect, test } from "vitest";
import { encodeEpc } from "../../orders/epc/epc.ts";
import { unitTag } from "../simulators/tags.ts";
import { countUnits, decodeTags, readTwice } from "./tote-contents.ts";

const GTIN = "09521234000013";
const SKUS = new Map([[GTIN, "A"]]);

test("serials are counted by SKU, strangers of our own prefix under their GTIN, other companies' not at all", () => {
  const tags = decodeTags([
    unitTag(GTIN, "1"),
    unitTag(GTIN, "2"),
    unitTag("09521234000020", "1"),
    unitTag("00614141999996", "1"),
    "E28011606000020A1234ABCD",
  ]);
  expect(countUnits(tags, SKUS, ["9521234"]).map(({ sku, quantity }) => [sku, quantity])).toEqual([
    ["A", 2],
    ["GTIN 09521234000020", 1],
  ]);
});

test("a unit is one unit, with whichever of its tags it is read", () => {
  const unit = { companyPrefix: "9521234", gtin: GTIN, serial: "5001", filter: 1 } as const;
  const tags = decodeTags([
    encodeEpc({ encoding: "sgtin-96", ...unit }),
    encodeEpc({ encoding: "sgtin-198", ...unit, filter: 0 }),
  ]);
  expect(countUnits(tags, SKUS, [])).toEqual([{ sku: "A", quantity: 1, serials: ["5001"] }]);
});

test("what two of three passages agree on heals a miss and forgets a stray", () => {
  const passages = [new Set(["A", "B", "STRAY"]), new Set(["A"]), new Set(["B", "A"])];
  expect([...readTwice(passages)].sort()).toEqual(["A", "B"]);
  expect([...readTwice(passages.slice(0, 1))]).toEqual([]);
});
