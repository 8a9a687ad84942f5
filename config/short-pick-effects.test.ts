import { expect, it } from "vitest";
import { shortPickEffect } from "./short-pick-effects.ts";

it.each([
  ["not_found", "write-off"],
  ["damaged", "quarantine"],
  ["out_of_reach", "none"],
  ["something that nobody foresaw", "write-off"],
  ["toString", "write-off"],
])("a short pick because of %s is a %s", (reason, effect) => {
  expect(shortPickEffect(reason)).toBe(effect);
});
