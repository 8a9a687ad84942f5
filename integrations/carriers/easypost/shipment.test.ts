import { describe, expect, it } from "vitest";
import type { RateRequest } from "../../../ports/carriers.ts";
import { needsExportFiling, readPlace, readRates, readTrackingStatus, toShipmentBody } from "./shipment.ts";

const warehouse = {
  name: "Warehouse",
  line1: "500 Logistics Pkwy",
  city: "Reno",
  region: "NV",
  postalCode: "89506",
  country: "US",
};
const shopper = { name: "Anna", line1: "Hauptstr. 1", city: "Berlin", postalCode: "10115", country: "DE" };

const request: RateRequest = {
  idempotencyKey: "order-1:parcel-1",
  reference: "order-1",
  from: warehouse,
  to: shopper,
  parcel: { weightGrams: 850, lengthMm: 300, widthMm: 200, heightMm: 120 },
  customs: [
    {
      description: "Running shoe",
      quantity: 2,
      valueMinor: 25_800,
      currency: "USD",
      weightGrams: 800,
      hsCode: "6404.11",
      originCountry: "VN",
    },
  ],
  isReturn: false,
};

const shipmentOf = (of: RateRequest) => toShipmentBody(of).shipment;

describe("the shipment as EasyPost takes it", () => {
  it("rounds weight and sizes up to tenths of an ounce and of an inch", () => {
    expect(shipmentOf(request)["parcel"]).toEqual({ weight: 30, length: 11.9, width: 7.9, height: 4.8 });
    const light = { ...request, parcel: { ...request.parcel, weightGrams: 0 } };
    expect(shipmentOf(light)["parcel"]).toMatchObject({ weight: 0.1 });
  });

  it("declares customs values in decimal money, for all units of a line", () => {
    expect(shipmentOf(request)["customs_info"]).toMatchObject({
      contents_type: "merchandise",
      eel_pfc: "NOEEI 30.37(a)",
      customs_items: [
        {
          quantity: 2,
          value: 258,
          currency: "USD",
          weight: 28.3,
          hs_tariff_number: "6404.11",
          origin_country: "VN",
        },
      ],
    });
    expect(shipmentOf({ ...request, customs: [] })).not.toHaveProperty("customs_info");
  });

  it("gives a return's addresses the way EasyPost turns round itself", () => {
    const returned = { ...request, from: shopper, to: warehouse, isReturn: true };
    expect(shipmentOf(returned)).toMatchObject({
      is_return: true,
      to_address: { name: "Anna" },
      from_address: { name: "Warehouse" },
    });
  });

  it("leaves out what an address does not have", () => {
    expect(shipmentOf(request)["to_address"]).toEqual({
      name: "Anna",
      street1: "Hauptstr. 1",
      city: "Berlin",
      zip: "10115",
      country: "DE",
    });
  });
});

describe("an export filing", () => {
  const [item] = request.customs;
  const worth = (...minor: number[]): RateRequest => ({
    ...request,
    customs: minor.flatMap((valueMinor) => (item === undefined ? [] : { ...item, valueMinor })),
  });

  it("is needed above 2,500 USD under one tariff number, summed over lines", () => {
    expect(needsExportFiling(worth(250_000))).toBe(false);
    expect(needsExportFiling(worth(250_001))).toBe(true);
    expect(needsExportFiling(worth(150_000, 150_000))).toBe(true);
  });

  it("is not needed to Canada, within the country, or from elsewhere", () => {
    expect(needsExportFiling({ ...worth(900_000), to: { ...shopper, country: "CA" } })).toBe(false);
    expect(needsExportFiling({ ...worth(900_000), to: warehouse })).toBe(false);
    expect(needsExportFiling({ ...worth(900_000), from: shopper, to: warehouse })).toBe(false);
  });
});

describe("what EasyPost answers", () => {
  it("gives rates in exact minor units and leaves out one that cannot be read", () => {
    const offered = { id: "rate_1", carrier: "USPS", service: "Priority", rate: "7.58", currency: "USD" };
    const rates = readRates({
      rates: [
        { ...offered, delivery_days: 2 },
        { ...offered, id: "rate_2", delivery_days: null, est_delivery_days: 4 },
        { ...offered, id: "rate_3", delivery_days: null, est_delivery_days: null },
        { ...offered, id: "rate_4", rate: "n/a" },
        { ...offered, id: undefined },
      ],
    });
    expect(rates.map(({ rateId, costMinor, deliveryDays }) => [rateId, costMinor, deliveryDays])).toEqual([
      ["rate_1", 758, 2],
      ["rate_2", 758, 4],
      ["rate_3", 758, 30],
    ]);
    expect(readRates("no object")).toEqual([]);
  });

  it("maps every tracking status and calls what it does not know unknown", () => {
    for (const status of ["pre_transit", "in_transit", "out_for_delivery", "available_for_pickup"]) {
      expect(readTrackingStatus(status)).toBe(status);
    }
    for (const status of ["delivered", "return_to_sender", "failure"]) {
      expect(readTrackingStatus(status)).toBe(status);
    }
    for (const status of ["cancelled", "error", "toString", undefined]) {
      expect(readTrackingStatus(status)).toBe("unknown");
    }
  });

  it("words the place of a scan", () => {
    const tracking_location = { city: "RENO", state: "NV", country: "US", zip: "89506" };
    expect(readPlace({ tracking_location })).toBe("RENO, NV, US");
    expect(readPlace({ tracking_location: { city: null, state: null, country: null } })).toBe("");
    expect(readPlace({})).toBe("");
  });
});
