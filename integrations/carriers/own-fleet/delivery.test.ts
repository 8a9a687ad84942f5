import { expect, test } from "vitest";
import { readDeliveryEvent } from "./delivery.ts";

const event = (change: Readonly<Record<string, unknown>>) => ({
  id: "message-1",
  type: "delivery.event",
  trackingNumber: "OF000000000000018",
  event: {
    id: "event-1",
    at: "2026-11-23T10:30:00+01:00",
    step: "on_route",
    note: "On the way",
    place: "Reno",
    ...change,
  },
});

test("an event is a report about the parcel", () => {
  expect(readDeliveryEvent(event({}))).toEqual([
    {
      reportId: "event-1",
      trackingNumber: "OF000000000000018",
      status: "out_for_delivery",
      message: "On the way",
      at: "2026-11-23T09:30:00.000Z",
      place: "Reno",
    },
  ]);
});

test("a step that nobody knows says nothing of the parcel's status, whatever its name is", () => {
  for (const step of ["teleported", "toString", "constructor", "__proto__", "", null]) {
    expect(readDeliveryEvent(event({ step })), String(step)).toMatchObject([{ status: "unknown" }]);
  }
});

test("what has no id, or no moment that a store can hold, is no report", () => {
  for (const change of [{ id: "" }, { at: "soon" }, { at: "+275760-09-13T00:00:00.000Z" }, { at: null }]) {
    expect(readDeliveryEvent(event(change))).toEqual([]);
  }
});
