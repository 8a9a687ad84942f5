import { expect, test } from "vitest";
import { chargeableMinor, multiplyMoney } from "../../orders/money.ts";
import { negated, partOf } from "./reading.ts";

const cents = (minor: number) => ({ minor, currency: "USD", exponent: 2 });

test("a part of a line bears its share, rounded", () => {
  expect(partOf(cents(1_000), 1, 3)).toEqual(cents(333));
  expect(partOf(cents(-1_000), 2, 3)).toEqual(cents(-667));
});

test("an amount that comes to nothing has no sign, as JSON has none", () => {
  expect(partOf(cents(-1), 1, 3)).toEqual(cents(0));
  expect(negated(cents(0))).toEqual(cents(0));
  expect(multiplyMoney(cents(0), -2)).toEqual(cents(0));
  expect(chargeableMinor({ ...cents(-1), exponent: 4 })).toBe(0);
});
