import { expect, test } from "vitest";
import { fieldName, subjectName, valueText } from "./setting-words.ts";

test("what was changed reads as a sentence would", () => {
  expect(subjectName("return-rules:web")).toBe("Return rules, web");
  expect(subjectName("refund-limits")).toBe("Refund limits");
  expect(subjectName("staff:p1f09c2")).toBe("Person, p1f09c2");
  expect([fieldName("chargedBy"), fieldName("service")]).toEqual(["Who charges", "Service"]);
});

test.each([
  [null, "none"],
  [false, "no"],
  ["all_or_nothing", "all or nothing"],
  [[], "none"],
  [["qr_code", "label"], "qr code, label"],
  [{ USD: 1_000, EUR: 900 }, "USD 1000, EUR 900"],
  [{}, "none"],
  [30, "30"],
])("the value %j reads %s", (value, text) => {
  expect(valueText(value)).toBe(text);
});
