import { expect, test } from "vitest";
import { isCollected, pickupPlaceOf, plainCollectionCode } from "./collection.ts";

test("only what is collected has a place where it is collected", () => {
  expect(isCollected({})).toBe(false);
  expect(isCollected({ delivery: { method: "local_delivery", locationId: "store-1" } })).toBe(false);
  expect(pickupPlaceOf({ delivery: { method: "parcel", locationId: "store-1" } })).toBeNull();
  expect(pickupPlaceOf({ delivery: { method: "curbside", locationId: "store-1" } })).toBe("store-1");
  expect(pickupPlaceOf({ delivery: { method: "pickup", place: "Downtown" } })).toBeNull();
});

test("a code is read as people type it", () => {
  expect(plainCollectionCode(" k7w-q2m ")).toBe("K7WQ2M");
});
