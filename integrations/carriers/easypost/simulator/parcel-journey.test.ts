import { expect, it } from "vitest";
import { nextScan, type ScanStatus } from "./parcel-journey.ts";

const reno = { city: "RENO", state: "NV", country: "US", zip: "89506" };
const york = { city: "NEW YORK", state: "NY", country: "US", zip: "10001" };
const parcel = { id: "shp_1", from: reno, to: york, isReturn: false };

it("a parcel is announced, taken, brought and delivered, within a minute at demo pace", () => {
  const scans = [];
  let last: ScanStatus | null = null;
  for (let scan = nextScan(parcel, last); scan !== null; scan = nextScan(parcel, last)) {
    scans.push(scan);
    last = scan.status;
  }
  expect(scans.map(({ status, place }) => [status, place.city])).toEqual([
    ["pre_transit", "RENO"],
    ["in_transit", "RENO"],
    ["out_for_delivery", "NEW YORK"],
    ["delivered", "NEW YORK"],
  ]);
  const total = scans.reduce((sum, { afterMs }) => sum + afterMs, 0);
  expect(total).toBeGreaterThan(10_000);
  expect(total).toBeLessThan(60_000);
});

it("a parcel keeps its pace, and parcels differ in theirs", () => {
  expect(nextScan(parcel, null)).toEqual(nextScan(parcel, null));
  const paces = Array.from(
    { length: 20 },
    (_, id) => nextScan({ ...parcel, id: `shp_${id}` }, null)?.afterMs,
  );
  expect(new Set(paces).size).toBeGreaterThan(10);
});

it("a return starts later: the shopper packs first", () => {
  const returned = nextScan({ ...parcel, isReturn: true }, "pre_transit");
  expect(returned?.afterMs).toBeGreaterThan(nextScan(parcel, "pre_transit")?.afterMs ?? 0);
});
