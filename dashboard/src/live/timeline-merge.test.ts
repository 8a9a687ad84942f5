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
  const merged = mergeTimeline([entry("a", 1), entry("b", 2)], [entry("b", 2), entry("c", 3)]);
  expect(merged.map((one) => one.key)).toEqual(["c", "b", "a"]);
});
