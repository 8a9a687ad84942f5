import { expect, it } from "vitest";
import { shortPickReason } from "./short-pick-reasons.ts";

it.each([
  ["not_found", "write-off"],
  ["damaged", "quarantine"],
  ["out_of_reach", "none"],
  ["something that nobody foresaw", "write-off"],
  ["toString", "write-off"],
])("a short pick because of %s is a %s", (reason, effect) => {
  expect(shortPickReason(reason).effect).toBe(effect);
});

it("damaged units say nothing about the others of their place; missing ones do", () => {
  expect(shortPickReason("damaged").othersAreGood).toBe(true);
  expect(shortPickReason("not_found").othersAreGood).toBe(false);
});
