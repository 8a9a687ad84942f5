import { expect, test } from "vitest";
import type { TimelineEntry } from "../../../contract/orders.ts";
import { mergeTimeline } from "./timeline-merge.ts";

const entry = (key: string, second: number): TimelineEntry => ({
  key,
  type: "order.captured",
  summary: key,
  cause: "test",
  data: {},
  at: new Date(second * 1_000).toISOString(),
});

test("an entry told twice, by the list and by the feed, happens once; the newest is first", () => {
  const merged = mergeTimeline([entry("b", 2), entry("a", 1)], [entry("b", 2), entry("c", 3)]);
  expect(merged.map((one) => one.key)).toEqual(["c", "b", "a"]);
});

test("what one commit did is shown in its order, whether it is loaded or arrives", () => {
  const loaded = mergeTimeline([], [entry("captured", 1), entry("reserved", 1)]);
  const merged = mergeTimeline(loaded, [entry("reserved", 1), entry("packed", 2), entry("labelled", 2)]);
  expect(merged.map((one) => one.key)).toEqual(["labelled", "packed", "reserved", "captured"]);
});
