import { describe, expect, test } from "vitest";
import { type SubstituteFacts, substitutesToTry } from "./substitutes.ts";

const facts = (change: Partial<SubstituteFacts> = {}): SubstituteFacts => ({
  channelAllows: false,
  substitutes: ["BLUE", "GREEN", "RED"],
  fellShort: ["TENT"],
  ...change,
});

describe("what may be sent in the place of what no place has", () => {
  test("is nothing, unless the line or its channel says so", () => {
    expect(substitutesToTry(facts())).toEqual([]);
    expect(substitutesToTry(facts({ channelAllows: true }))).toEqual(["BLUE", "GREEN", "RED"]);
    expect(substitutesToTry(facts({ allowSubstitutes: true }))).toEqual(["BLUE", "GREEN", "RED"]);
    expect(substitutesToTry(facts({ allowSubstitutes: false, channelAllows: true }))).toEqual([]);
  });

  test("is never what has fallen short of the same line already", () => {
    const tried = facts({ channelAllows: true, fellShort: ["TENT", "BLUE", "RED"] });
    expect(substitutesToTry(tried)).toEqual(["GREEN"]);
  });
});
