import { expect, test } from "vitest";
import { countryCode, distanceKm, placeOf } from "./geography.ts";
import { deliveryPromise, transitDays } from "./promise.ts";

const kentucky = { latitude: 38.0, longitude: -85.7, country: "US" };
const address = (region: string, country = "US") => ({
  name: "A",
  line1: "1 B St",
  city: "C",
  region,
  country,
});
const at = (iso: string) => Date.parse(iso);

function promiseTo(region: string, atIso: string, service = "Standard", country = "US") {
  return deliveryPromise({
    atMs: at(atIso),
    origins: [kentucky],
    destination: placeOf(address(region, country)),
    service,
  });
}

test("an order before the local cut-off of a business day ships the same day", () => {
  // 13:00 in Kentucky (UTC-6 by longitude) on a Tuesday.
  expect(promiseTo("KY", "2026-03-03T19:00:00Z").shipBy).toBe("2026-03-03");
  expect(promiseTo("KY", "2026-03-03T20:00:00Z").shipBy).toBe("2026-03-04");
});

test("an order of the weekend ships on Monday, and days in transit skip the weekend", () => {
  expect(promiseTo("KY", "2026-03-07T15:00:00Z")).toEqual({ shipBy: "2026-03-09", deliverBy: "2026-03-10" });
  expect(promiseTo("CA", "2026-03-06T15:00:00Z")).toEqual({ shipBy: "2026-03-06", deliverBy: "2026-03-13" });
});

test("a faster service shortens the way and never lengthens it", () => {
  const california = placeOf(address("CA"));
  expect(transitDays(kentucky, california, "Standard")).toBe(5);
  expect(transitDays(kentucky, california, "Expedited")).toBe(3);
  expect(transitDays(kentucky, california, "2-Day")).toBe(2);
  expect(transitDays(kentucky, california, "NextDay")).toBe(1);
  expect(transitDays(kentucky, placeOf(address("KY")), "Expedited")).toBe(1);
});

test("a parcel across a border takes longer, and one to an unknown place the longest", () => {
  expect(transitDays(kentucky, placeOf(address("ON", "CA")), "Standard")).toBe(5);
  expect(transitDays(kentucky, placeOf(address("", "DE")), "Standard")).toBe(8);
  expect(placeOf(address("", "AQ"))).toBeNull();
  expect(transitDays(kentucky, null, "Standard")).toBe(8);
});

test("the farthest location decides an order that ships from several", () => {
  const nevada = { latitude: 39.5, longitude: -119.8, country: "US" };
  const destination = placeOf(address("KY"));
  const promise = deliveryPromise({
    atMs: at("2026-03-03T15:00:00Z"),
    origins: [kentucky, nevada],
    destination,
    service: "",
  });
  expect(promise).toEqual({ shipBy: "2026-03-03", deliverBy: "2026-03-10" });
});

test("countries are told by code or name", () => {
  expect(countryCode("USA")).toBe("US");
  expect(countryCode("us")).toBe("US");
  expect(countryCode("UK")).toBe("GB");
  expect(countryCode("Germany")).toBe("DE");
  expect(countryCode("United States")).toBe("US");
  expect(countryCode("ZZ")).toBeUndefined();
  expect(countryCode("")).toBeUndefined();
});

test("distances are great circles", () => {
  const berlin = { latitude: 52.52, longitude: 13.405 };
  const sydney = { latitude: -33.87, longitude: 151.21 };
  expect(distanceKm(berlin, sydney)).toBeGreaterThan(16_000);
  expect(distanceKm(berlin, sydney)).toBeLessThan(16_200);
  expect(distanceKm(berlin, berlin)).toBe(0);
});

test("nothing is promised to leave before its day of release, nor on a weekend", () => {
  const promise = (releaseOn: string) =>
    deliveryPromise({
      atMs: at("2026-03-03T15:00:00Z"),
      origins: [kentucky],
      destination: placeOf(address("KY")),
      service: "",
      releaseOn,
    });
  expect(promise("2026-03-05")).toEqual({ shipBy: "2026-03-05", deliverBy: "2026-03-06" });
  expect(promise("2026-03-07")).toEqual({ shipBy: "2026-03-09", deliverBy: "2026-03-10" });
  expect(promise("2026-03-01")).toEqual({ shipBy: "2026-03-03", deliverBy: "2026-03-04" });
});

test("the day by which goods are to leave already stays, until it has passed", () => {
  const promise = (dueOut: string) =>
    deliveryPromise({
      // After the cut-off.
      atMs: at("2026-03-03T20:00:00Z"),
      origins: [kentucky],
      destination: placeOf(address("KY")),
      service: "",
      dueOut,
    });
  expect(promise("2026-03-03").shipBy).toBe("2026-03-03");
  expect(promise("2026-03-02").shipBy).toBe("2026-03-04");
  expect(promise("2026-03-09").shipBy).toBe("2026-03-04");
});
