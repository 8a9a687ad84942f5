import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import type { PurchasedLabel, RateRequest } from "../../../ports/carriers.ts";
import {
  startTestSandbox,
  type TestSandbox,
  untilAnswered,
} from "../../../test-support/vendors/simulator-sandbox.ts";
import { createEasypostCarrier } from "./carrier.ts";

let sandbox: TestSandbox;
beforeAll(async () => {
  sandbox = await startTestSandbox();
});
afterAll(() => sandbox.stop());

const warehouse = {
  name: "Warehouse",
  line1: "500 Logistics Pkwy",
  city: "Reno",
  region: "NV",
  postalCode: "89506",
  country: "US",
};
const shopper = {
  name: "José Łukasz",
  line1: "1 Main St ^XZ",
  city: "New York",
  region: "NY",
  postalCode: "10001",
  country: "US",
};

let parcels = 0;
const newParcel = (change: Partial<RateRequest> = {}): RateRequest => {
  parcels += 1;
  return {
    idempotencyKey: `order-${parcels}:parcel-1`,
    reference: `order-${parcels}`,
    from: warehouse,
    to: shopper,
    parcel: { weightGrams: 850, lengthMm: 300, widthMm: 200, heightMm: 120 },
    customs: [],
    isReturn: false,
    ...change,
  };
};

const rate = async (request: RateRequest) => {
  const rated = await sandbox.carrier.rate(request);
  if (rated.status !== "rated") throw new Error(rated.message);
  return rated;
};

const buy = async (carrierShipmentId: string, rateId: string): Promise<PurchasedLabel> => {
  const bought = await sandbox.carrier.buyLabel({ idempotencyKey: "unused", carrierShipmentId, rateId });
  if (bought.status !== "bought") throw new Error(bought.message);
  return bought;
};

const labels = async () => {
  const audit = await sandbox.audit("labels");
  return audit as unknown as {
    labels: {
      shipmentId: string;
      trackingNumber: string;
      voided: boolean;
      orderReference: string;
      isReturn: boolean;
      status: string;
    }[];
    doubled: string[];
  };
};

describe("a label", () => {
  it.each(["USPS", "UPS", "FedEx"])("of %s is rated, bought and printed", async (carrier) => {
    const request = newParcel();
    const rated = await rate(request);
    const chosen = rated.rates.find((offered) => offered.carrier === carrier);
    if (chosen === undefined) throw new Error(`no rate of ${carrier}`);
    const label = await buy(rated.carrierShipmentId, chosen.rateId);
    expect(label).toMatchObject({
      carrierShipmentId: rated.carrierShipmentId,
      carrier,
      service: chosen.service,
      costMinor: chosen.costMinor,
      currency: "USD",
    });
    expect(label.zpl).toContain(`^FD${label.trackingNumber}^FS`);
    expect(label.zpl).toContain(request.reference);
    expect(label.zpl.match(/\^XZ/g)).toHaveLength(1);
    expect(Buffer.from(label.pdf.slice(0, 5)).toString()).toBe("%PDF-");
  });

  it("is one label however often it is rated and bought", async () => {
    const request = newParcel();
    const first = await rate(request);
    const label = await buy(first.carrierShipmentId, first.rates[0]?.rateId ?? "");
    const second = await rate(request);
    expect(second.carrierShipmentId).toBe(first.carrierShipmentId);
    expect(await buy(second.carrierShipmentId, second.rates.at(-1)?.rateId ?? "")).toEqual(label);
    const bought = (await labels()).labels.filter(
      ({ orderReference }) => orderReference === request.reference,
    );
    expect(bought).toHaveLength(1);
  });

  it("says when asked what its webhooks say, under the same ids, and nothing before it is bought", async () => {
    const { carrierShipmentId, rates } = await rate(newParcel());
    expect(await sandbox.carrier.trackingReports({ carrierShipmentId })).toEqual([]);
    expect(await sandbox.carrier.trackingReports({ carrierShipmentId: "shp_nobody" })).toEqual([]);
    const { trackingNumber } = await buy(carrierShipmentId, rates[0]?.rateId ?? "");
    const told = await vi.waitFor(
      () => {
        const reports = sandbox.webhooks.calls.flatMap((call) => call.reports ?? []);
        const own = reports.filter((report) => report.trackingNumber === trackingNumber);
        return own.length > 0 ? own : expect.fail("no webhook yet");
      },
      { timeout: 10_000 },
    );
    expect(await sandbox.carrier.trackingReports({ carrierShipmentId })).toEqual(
      expect.arrayContaining(told),
    );
  });

  it("of a return goes from the shopper to the warehouse", async () => {
    const request = newParcel({ from: shopper, to: warehouse, isReturn: true });
    const rated = await rate(request);
    const label = await buy(rated.carrierShipmentId, rated.rates[0]?.rateId ?? "");
    expect(label.zpl).toMatch(/\^FDRETURN TO:[\s\S]*\^FDWarehouse\^FS/);
    expect(
      (await labels()).labels.find(({ trackingNumber }) => trackingNumber === label.trackingNumber)?.isReturn,
    ).toBe(true);
  });

  it("across a border has its customs form", async () => {
    const berlin = { name: "Anna", line1: "Hauptstr. 1", city: "Berlin", postalCode: "10115", country: "DE" };
    const customs = [
      {
        description: "Running shoe",
        quantity: 2,
        valueMinor: 25_800,
        currency: "USD",
        weightGrams: 800,
        hsCode: "6404.11",
        originCountry: "VN",
      },
    ];
    const rated = await rate(newParcel({ to: berlin, customs }));
    const dhl = rated.rates.find(({ carrier }) => carrier === "DHLExpress");
    const label = await buy(rated.carrierShipmentId, dhl?.rateId ?? "");
    expect(label.trackingNumber).toMatch(/^\d{10}$/);
    expect(label.zpl).toContain("Contents: Running shoe");
    expect(await sandbox.carrier.rate(newParcel({ to: berlin }))).toMatchObject({
      status: "refused",
      code: "shipment_customs_info_required",
    });
  });

  it("that was given back is refunded once, and a parcel that was never bought needs nothing", async () => {
    const rated = await rate(newParcel());
    await sandbox.carrier.voidLabel({ carrierShipmentId: rated.carrierShipmentId });
    const label = await buy(rated.carrierShipmentId, rated.rates[0]?.rateId ?? "");
    await sandbox.carrier.voidLabel({ carrierShipmentId: rated.carrierShipmentId });
    await sandbox.carrier.voidLabel({ carrierShipmentId: rated.carrierShipmentId });
    await sandbox.carrier.voidLabel({ carrierShipmentId: "shp_neverwas" });
    const record = (await labels()).labels.find(
      ({ trackingNumber }) => trackingNumber === label.trackingNumber,
    );
    expect(record?.voided).toBe(true);
    expect(
      await sandbox.carrier.buyLabel({
        idempotencyKey: "k",
        carrierShipmentId: rated.carrierShipmentId,
        rateId: rated.rates[0]?.rateId ?? "",
      }),
    ).toMatchObject({ status: "refused", code: "label_voided" });
  });
});

it("writes other letters in Latin ones where they say how they are read, and tells of what", async () => {
  const to = { ...shopper, name: "Иван Петров", line1: "ul. Витоша 1" };
  const rated = await rate(newParcel({ to }));
  expect(rated.rewritten).toEqual(["name", "street"]);
  const { rateId = "" } = rated.rates[0] ?? {};
  const { zpl } = await buy(rated.carrierShipmentId, rateId);
  expect(zpl).toContain("Ivan Petrov");
  expect(zpl).toContain("ul. Vitosha 1");
  expect((await rate(newParcel({ to: { ...shopper, name: "Ana Souza" } }))).rewritten).toBeUndefined();
});

describe("a refusal", () => {
  it("of an address that nobody delivers to gives the carriers' reasons", async () => {
    const refused = await sandbox.carrier.rate(newParcel({ to: { ...shopper, postalCode: "00000" } }));
    expect(refused).toMatchObject({ status: "refused", code: "no_rates" });
    expect(refused.status === "refused" && refused.message).toContain("USPS: Address not found");
  });

  it("of an address whose letters do not say how they are read asks a person to write it", async () => {
    const before = await labels();
    const refused = await sandbox.carrier.rate(newParcel({ to: { ...shopper, name: "山田太郎" } }));
    expect(refused).toMatchObject({ status: "refused", code: "address_not_printable" });
    expect(refused.status === "refused" && refused.message).toContain('the name with "山"');
    expect(await labels()).toEqual(before);
  });

  it("of an address that lacks a field names the field", async () => {
    const refused = await sandbox.carrier.rate(newParcel({ to: { ...shopper, line1: "" } }));
    expect(refused).toMatchObject({ status: "refused", code: "shipment_invalid_params" });
    expect(refused.status === "refused" && refused.message).toContain("to_address.street1: cannot be blank");
  });

  it("of a rate of another shipment or of an unknown shipment is a value", async () => {
    const rated = await rate(newParcel());
    const other = await rate(newParcel());
    const request = {
      idempotencyKey: "k",
      carrierShipmentId: rated.carrierShipmentId,
      rateId: other.rates[0]?.rateId ?? "",
    };
    expect(await sandbox.carrier.buyLabel(request)).toMatchObject({
      status: "refused",
      code: "shipment_purchase_failure",
    });
    expect(await sandbox.carrier.buyLabel({ ...request, carrierShipmentId: "shp_neverwas" })).toMatchObject({
      status: "refused",
      code: "shipment_not_found",
    });
  });

  it("of the API key is a fault that is not worth repeating", async () => {
    const carrier = createEasypostCarrier({
      baseUrl: sandbox.url,
      apiKey: "EZAKproduction",
      webhookSecret: "",
    });
    await expect(carrier.rate(newParcel())).rejects.toMatchObject({
      service: "easypost",
      code: "apikey_inactive",
      status: 401,
      retryable: false,
    });
  });
});

it("no parcel gets two labels while a third of all requests and replies are lost", async () => {
  await sandbox.simulate({ faults: { dropRequestRate: 0.1, dropReplyRate: 0.2, errorRate: 0.05 }, seed: 11 });
  const counter = { attempts: 0 };
  const lossy = Array.from({ length: 20 }, () => newParcel());
  const bought = await Promise.all(
    lossy.map(async (request) => {
      const rated = await untilAnswered(() => rate(request), counter);
      return untilAnswered(() => buy(rated.carrierShipmentId, rated.rates[0]?.rateId ?? ""), counter);
    }),
  );
  await sandbox.simulate({ faults: {} });
  expect(counter.attempts).toBeGreaterThan(50);
  const audit = await labels();
  expect(audit.doubled).toEqual([]);
  for (const [index, request] of lossy.entries()) {
    const own = audit.labels.filter(({ orderReference }) => orderReference === request.reference);
    expect(own.map(({ trackingNumber }) => trackingNumber)).toEqual([bought[index]?.trackingNumber]);
  }
});

it("a parcel is reported from label to door by signed webhooks, in order, and can then not be voided", async () => {
  await sandbox.simulate({ speed: 200 });
  const rated = await rate(newParcel());
  const label = await buy(rated.carrierShipmentId, rated.rates[0]?.rateId ?? "");
  const own = () =>
    sandbox.webhooks.calls.flatMap(({ reports }) =>
      (reports ?? []).filter(({ trackingNumber }) => trackingNumber === label.trackingNumber),
    );
  await vi.waitFor(() => expect(own().some(({ status }) => status === "delivered")).toBe(true), {
    timeout: 10_000,
  });
  expect(sandbox.webhooks.calls.every(({ reports }) => reports !== null)).toBe(true);
  // Each event repeats the scans so far, under the same ids.
  const seen = new Map(own().map((report) => [report.reportId, report.status]));
  expect([...seen.values()]).toEqual(["pre_transit", "in_transit", "out_for_delivery", "delivered"]);
  await expect(
    sandbox.carrier.voidLabel({ carrierShipmentId: label.carrierShipmentId }),
  ).rejects.toMatchObject({
    code: "shipment_refund_unavailable",
    retryable: false,
  });
});
