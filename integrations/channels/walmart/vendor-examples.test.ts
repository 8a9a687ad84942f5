/** Every answer with orders that Walmart gives as an example is read, its ids, units and charges exact. */
import { expect, test } from "vitest";
import { hasVendor, vendorExamples, vendorNote } from "../../../test-support/vendors/vendor-descriptions.ts";
import { computedTotal } from "../reading.ts";
import { walmartAdapter } from "./adapter.ts";

type Fields = Readonly<Record<string, never>>;

test.skipIf(!hasVendor("walmart"))(`Walmart's examples are read exactly${vendorNote("walmart")}`, () => {
  const examples = vendorExamples("walmart").filter(({ file }) => /^us-mp-orders\..*\.json$/.test(file));
  expect(examples.length).toBeGreaterThan(8);
  for (const { file, text, direction } of examples) {
    const readings = walmartAdapter.read(text, null);
    if (direction === "request") {
      expect(readings, file).toMatchObject([{ kind: "refused", refusal: { code: "not_an_order" } }]);
      continue;
    }
    const document = JSON.parse(text);
    const orders: readonly Fields[] = [document.list?.elements.order ?? document.order ?? document].flat();
    for (const [index, order] of orders.entries()) {
      const reading = readings[index];
      if (reading?.kind !== "order") throw new Error(`${file}: ${JSON.stringify(reading)}`);
      expect([file, reading.order.externalId]).toEqual([file, order["purchaseOrderId"]]);
      const lines: readonly Fields[] = Object(order["orderLines"]).orderLine ?? [];
      const numbers = lines.map((line) => String(line["lineNumber"]));
      for (const line of reading.order.lines) expect(numbers, file).toContain(line.externalLineId);
      if (order["orderSummary"] === undefined)
        expect(reading.order.total, file).toEqual(computedTotal(reading.order));
    }
  }
});
