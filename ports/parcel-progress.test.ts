import { expect, test } from "vitest";
import type { TrackingStatus } from "./carriers.ts";
import { isBeforeLeaving, progressOf, reportInWords } from "./parcel-progress.ts";

const report = (status: TrackingStatus, at: string) => ({ status, at: `2026-11-28T${at}:00Z` });

test("reports move a parcel forward only, in their order of time", () => {
  const reports = [
    report("delivered", "12:00"),
    report("in_transit", "08:00"),
    report("out_for_delivery", "10:00"),
    report("in_transit", "09:00"),
    report("unknown", "13:00"),
  ];
  expect(progressOf("pre_transit", reports).map(({ status }) => status)).toEqual([
    "in_transit",
    "out_for_delivery",
    "delivered",
  ]);
  expect(progressOf("out_for_delivery", reports).map(({ status }) => status)).toEqual(["delivered"]);
  expect(progressOf("delivered", reports)).toEqual([]);
});

test("only what a carrier says of a parcel that it does not have yet comes before it has left", () => {
  const before = (["unknown", "pre_transit", "in_transit", "delivered"] as const).filter((status) =>
    isBeforeLeaving({ status }),
  );
  expect(before).toEqual(["unknown", "pre_transit"]);
});

test("a report is one sentence, with what is known", () => {
  expect(reportInWords({ status: "in_transit", message: "Scanned", place: "" })).toBe("On its way: Scanned");
});
