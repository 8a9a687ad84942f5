import { expect, test } from "vitest";
import { countryName, townLine } from "./town-line.ts";

test.each([
  [{ city: "Columbus", region: "OH", postalCode: "43215", country: "US" }, "Columbus OH 43215"],
  [{ city: "Berlin", postalCode: "10115", country: "DE" }, "10115 Berlin"],
  [{ city: "Dubai", country: "AE" }, "Dubai"],
])("%o is written %s", (address, line) => {
  expect(townLine(address)).toBe(line);
});

test("a country is named, and what is no country stays as it came", () => {
  expect(countryName("US", "en")).toBe("United States");
  expect(countryName("Nowhere", "en")).toBe("Nowhere");
});
