import { expect, test } from "vitest";
import { townLine as townLineOfPages } from "../dashboard/src/format/town-line.ts";
import { countryName, townLine } from "./address.ts";

const NOBODY = { name: "", line1: "" };

test("a town stands on paper and in mails as it does on pages, in every country", () => {
  const letters = [..."ABCDEFGHIJKLMNOPQRSTUVWXYZ"];
  for (const country of letters.flatMap((first) => letters.map((second) => first + second))) {
    const address = { ...NOBODY, city: "Springfield", region: "XY", postalCode: "12345", country };
    expect([country, townLine(address)]).toEqual([country, townLineOfPages(address)]);
  }
  expect(townLine({ ...NOBODY, city: "Columbus", region: "OH", postalCode: "43215", country: "US" })).toBe(
    "Columbus OH 43215",
  );
  expect(townLine({ ...NOBODY, city: "Berlin", postalCode: "10115", country: "DE" })).toBe("10115 Berlin");
});

test("a country is named, and what is none stays as it came", () => {
  expect(countryName("DE")).toBe("Germany");
  expect(countryName("Nowhere")).toBe("Nowhere");
});
