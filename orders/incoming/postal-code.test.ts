import { expect, test } from "vitest";
import { postalCodeProblem } from "./postal-code.ts";

const problem = (country: string, postalCode?: string) =>
  postalCodeProblem({
    name: "Ada",
    line1: "1 Mill Lane",
    city: "Anywhere",
    country,
    ...(postalCode === undefined ? {} : { postalCode }),
  });

test.each([
  ["US", "89431"],
  ["US", "89431-1234"],
  ["US", "894311234"],
  ["CA", "k1a 0b1"],
  ["GB", "SW1A 1AA"],
  ["GB", "BFPO 61"],
  ["DE", "D-80331"],
  ["CH", "8001"],
  ["NL", "1012 ab"],
  ["SE", "114 55"],
  ["JP", "100-0001"],
  ["HK", ""],
  ["IE", "anything"],
  ["US", undefined],
] as const)("%s %s may be an address", (country, code) => {
  expect(problem(country, code)).toBeNull();
});

test.each([
  ["US", "4101"],
  ["US", "K1A 0B1"],
  ["CA", "89431"],
  ["GB", "12345"],
  ["DE", "8033"],
  ["AU", "20000"],
] as const)("%s %s is none", (country, code) => {
  expect(problem(country, code)).toBe(`The postal code is none of ${country}.`);
});
