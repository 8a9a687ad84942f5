import { expect, it } from "vitest";
import { SharedTexts } from "./shared-texts.ts";

it("gives back equal texts, however many different ones pass by", () => {
  const texts = new SharedTexts();
  const given = Array.from({ length: 2_000 }, (_, index) => `cause ${index % 700}`);
  expect(given.map((text) => texts.share(text))).toEqual(given);
  expect(texts.share("")).toBe("");
});
