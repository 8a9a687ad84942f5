import { describe, expect, test } from "vitest";
import { coversFilter, filtersMeet, takesTopic } from "./topic-filter.ts";

describe("a topic filter", () => {
  test.each([
    ["uagv/v2/+/r1/state", "uagv/v2/acme/r1/state", true],
    ["uagv/v2/+/r1/state", "uagv/v2/acme/r2/state", false],
    ["uagv/v2/+/r1/state", "uagv/v2/acme/r1/state/more", false],
    ["holdfast/fc/+/c1/evt/+", "holdfast/fc/pack-out/c1/evt/scan", true],
    ["holdfast/fc/+/c1/evt/+", "holdfast/fc/pack-out/c1/cmd/divert", false],
    ["#", "anything/at/all", true],
    ["a/#", "a", true],
    ["#", "$SYS/broker/uptime", false],
  ])("%s takes %s: %s", (filter, topic, takes) => {
    expect(takesTopic(filter, topic)).toBe(takes);
  });

  test.each([
    ["a/+/c", "a/+/c", true],
    ["a/+/c", "a/b/c", true],
    ["a/+/c", "a/#", false],
    ["a/b/c", "a/+/c", false],
    ["a/#", "a/+/c", true],
    ["a/#", "#", false],
    ["#", "#", true],
    ["a/+", "+/b", false],
  ])("%s covers the subscription %s: %s", (outer, inner, covers) => {
    expect(coversFilter(outer, inner)).toBe(covers);
  });

  test.each([
    ["a/+/c", "a/b/+", true],
    ["a/+/c", "a/b/d", false],
    ["a/#", "a/b/c", true],
    ["a/b", "a/b/#", true],
    ["a/b", "a/b/c", false],
    ["a/b/c", "a/b", false],
  ])("%s and %s have a topic in common: %s", (one, other, meet) => {
    expect(filtersMeet(one, other)).toBe(meet);
    expect(filtersMeet(other, one)).toBe(meet);
  });
});
