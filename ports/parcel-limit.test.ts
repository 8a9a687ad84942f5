import { expect, test } from "vitest";
import type { Carrier } from "./carriers.ts";
import { carriersFor, parcelLimitOf } from "./parcel-limit.ts";
import { VendorRoster } from "./vendor-roster.ts";

const carrier = (provider: string, maxParcelGrams: number, isOwnFleet?: true) => ({
  provider,
  account: "default",
  port: { maxParcelGrams, ...(isOwnFleet === undefined ? {} : { isOwnFleet }) } as Carrier,
});
const carriers = new VendorRoster("carriers", [carrier("own", 25_000, true), carrier("post", 68_038)]);

test("a parcel may weigh what the strongest carrier takes, and one of own drivers what they take", () => {
  const limit = parcelLimitOf(carriers);
  expect(limit({})).toBe(68_038);
  expect(limit({ delivery: { method: "parcel" } })).toBe(68_038);
  expect(limit({ delivery: { method: "local_delivery" } })).toBe(25_000);
  expect(carriersFor(carriers, { delivery: { method: "local_delivery" } })).toHaveLength(1);
});

test("what the customer collects, and what nobody is set up to bring, may weigh anything", () => {
  expect(parcelLimitOf(carriers)({ delivery: { method: "pickup" } })).toBeNull();
  expect(parcelLimitOf(carriers)({ delivery: { method: "curbside" } })).toBeNull();
  expect(parcelLimitOf(new VendorRoster("carriers", []))({})).toBeNull();
});
