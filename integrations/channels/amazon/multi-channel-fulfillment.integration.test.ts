/** Amazon's warehouses over their simulator, each call and answer held against Amazon's description. */
import { describe, expect, test } from "vitest";
import { faultOfCall } from "../../../test-support/vendors/connection-contract.ts";
import { exchangeCheck } from "../../../test-support/vendors/described-exchanges.ts";
import {
  describeKeeper,
  type KeeperUnderTest,
  openKeeper,
  requestOf,
} from "../../../test-support/vendors/fulfillment-contract.ts";
import { hasVendor, vendorNote } from "../../../test-support/vendors/vendor-descriptions.ts";
import { type AmazonSimulator, amazonSimulator } from "./simulator/simulator.ts";
import type { SimulatedWarehouses } from "./simulator/warehouses.ts";
import { amazon } from "./vendor.ts";

const check = hasVendor("amazon")
  ? exchangeCheck(
      ["fulfillmentOutbound_2020-07-01.swagger.json", "fbaInventory_v1.swagger.json"].map(
        (file) => `amazon/${file}`,
      ),
      { isOther: ({ request }) => request.path === "/" || /^\/auth\//.test(request.path) },
    )
  : null;

const under: KeeperUnderTest<AmazonSimulator> = {
  vendor: amazon,
  simulator: amazonSimulator,
  keeperOf: (seller) => seller.warehouses,
  manyGoods: 130,
  refusals: { unknownSku: "the SellerSKU for Item Id: 1 is invalid.", tooLate: /cannot be cancelled/ },
  examine: (exchanges) =>
    expect(exchanges.flatMap((exchange) => check?.problemsOf(exchange) ?? [])).toEqual([]),
};

describe(`Amazon's warehouses${vendorNote("amazon")}`, () => describeKeeper(under));

describe("of Amazon alone", () => {
  const world = openKeeper(under);

  test("a page of the stock that has expired is begun anew; by time of change Amazon leaves goods out", async () => {
    const { provider, exchanges } = world();
    expect(await faultOfCall(() => provider.readStock("old"))).toMatchObject({ code: "page_unknown" });
    await provider.readStock(null);
    expect(exchanges.some(({ request }) => request.query.has("startDateTime"))).toBe(false);
  });

  test("a package that comes back is on its way back until it is there", async () => {
    const { provider, keeper, passed } = world();
    const request = requestOf("back-1", [["MUG", 1]]);
    await provider.request(request);
    passed(21_000);
    const [left] = (await provider.follow("back-1", request.items))?.packages ?? [];
    for (const word of ["UNDELIVERABLE", "RETURNING", "RETURNED", "RETURN_RECEIVED_IN_FC", "UNKNOWN"]) {
      (keeper as SimulatedWarehouses).journey = word;
      const status = { UNDELIVERABLE: "failure", UNKNOWN: "unknown" }[word] ?? "return_to_sender";
      expect(await provider.readJourney(left?.id ?? "")).toMatchObject({ status });
    }
  });
});
