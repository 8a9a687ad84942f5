/** The contract of the carrier port, for every adapter in the registry, against its simulator over HTTP. */
import { randomUUID } from "node:crypto";
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import type { Address } from "../../orders/address.ts";
import type { Carrier, PurchasedLabel, RateRequest } from "../../ports/carriers.ts";
import { type EveryVendor, startEveryVendor } from "../../test-support/vendors/every-vendor.ts";
import { NO_FAULTS } from "../simulator-kit/faults.ts";
import type { LabelRecord } from "../simulator-kit/vendor-simulators.ts";
import { carrierVendors } from "./registry.ts";

const warehouse: Address = {
  name: "Warehouse",
  line1: "500 Logistics Pkwy",
  city: "Sparks",
  region: "NV",
  postalCode: "89431",
  country: "US",
};

let world: EveryVendor;
beforeAll(async () => {
  world = await startEveryVendor();
});
afterAll(() => world?.stop());
afterEach(() => world.simulate({ faults: NO_FAULTS, speed: 1 }));

describe.each(carrierVendors.map((vendor) => [vendor.provider, vendor] as const))(
  "%s",
  (provider, vendor) => {
    let carrier: Carrier;
    let to: Address;
    let undeliverable: Address;
    beforeAll(async () => {
      carrier = await vendor.create(world.settings("carriers", provider));
      ({ deliverable: to, undeliverable } = await vendor.simulator());
    });

    const parcel = (change: Partial<RateRequest> = {}): RateRequest => ({
      idempotencyKey: randomUUID(),
      reference: "order-1",
      from: warehouse,
      to,
      parcel: { weightGrams: 850, lengthMm: 300, widthMm: 200, heightMm: 120 },
      customs: [],
      isReturn: false,
      ...change,
    });
    const rate = async (request = parcel()) => {
      const rated = await carrier.rate(request);
      if (rated.status !== "rated") throw new Error(rated.message);
      return rated;
    };
    const buy = async (request = parcel()): Promise<PurchasedLabel> => {
      const { carrierShipmentId, rates } = await rate(request);
      const bought = await carrier.buyLabel({
        idempotencyKey: request.idempotencyKey,
        carrierShipmentId,
        rateId: rates[0]?.rateId ?? "",
      });
      if (bought.status !== "bought") throw new Error(bought.message);
      return bought;
    };
    const labelsOf = async (trackingNumber: string) =>
      (await world.audit<{ labels: LabelRecord[] }>("labels")).labels.filter(
        (label) => label.trackingNumber === trackingNumber,
      );

    test("a parcel has rates; rating it again finds the same shipment", async () => {
      const request = parcel();
      const rated = await rate(request);
      expect(rated.rates.length).toBeGreaterThan(0);
      for (const offered of rated.rates) {
        expect(Number.isSafeInteger(offered.costMinor) && offered.costMinor > 0).toBe(true);
        expect(offered.currency).toMatch(/^[A-Z]{3}$/);
        expect(offered.deliveryDays).toBeGreaterThan(0);
      }
      expect(await rate(request)).toEqual(rated);
    });

    test("a parcel of the greatest weight is taken, and one that is heavier is not", async () => {
      const weighing = (weightGrams: number) =>
        carrier.rate(parcel({ parcel: { weightGrams, lengthMm: 300, widthMm: 200, heightMm: 120 } }));
      expect(await weighing(carrier.maxParcelGrams)).toMatchObject({ status: "rated" });
      expect(await weighing(carrier.maxParcelGrams + 1)).toMatchObject({ status: "refused" });
    });

    test("a label is bought once, and printed for both kinds of printers", async () => {
      const request = parcel();
      const label = await buy(request);
      expect(await buy(request)).toEqual(label);
      expect(Buffer.from(label.pdf).subarray(0, 5).toString()).toBe("%PDF-");
      expect(label.zpl).toMatch(/^\^XA[\s\S]*\^XZ\s*$/);
      expect(label.zpl).toContain(label.trackingNumber);
      expect(await labelsOf(label.trackingNumber)).toHaveLength(1);
    });

    test("a return goes from the shopper to the warehouse", async () => {
      const label = await buy(parcel({ from: to, to: warehouse, isReturn: true }));
      expect(label.zpl).toContain("RETURN TO:");
      expect(label.zpl.indexOf(to.line1)).toBeLessThan(label.zpl.indexOf(warehouse.line1));
    });

    test("a label is given back, also twice; what was never bought or is unknown needs nothing", async () => {
      const label = await buy();
      await carrier.voidLabel(label);
      await carrier.voidLabel(label);
      expect(await labelsOf(label.trackingNumber)).toMatchObject([{ voided: true }]);
      await carrier.voidLabel(await rate());
      await carrier.voidLabel({ carrierShipmentId: "nobody-knows-it" });
      const { carrierShipmentId, trackingNumber: _ } = label;
      expect(await carrier.buyLabel({ idempotencyKey: "k", carrierShipmentId, rateId: "r" })).toMatchObject({
        status: "refused",
        code: "label_voided",
      });
    });

    test("where it does not deliver, and what it was not asked for, is refused with a code", async () => {
      const code = expect.stringMatching(/^[a-z_]+$/);
      expect(await carrier.rate(parcel({ to: undeliverable }))).toMatchObject({ status: "refused", code });
      const { carrierShipmentId } = await rate();
      for (const id of [carrierShipmentId, "nobody-knows-it"]) {
        const bought = await carrier.buyLabel({
          idempotencyKey: "k",
          carrierShipmentId: id,
          rateId: "no-such",
        });
        expect(bought).toMatchObject({ status: "refused", code });
      }
    });

    test("a parcel is reported by webhooks that only its own account opens", async () => {
      const label = await buy();
      await world.simulate({ speed: 500 });
      const path = `/v1/webhooks/carriers/${provider}/default`;
      const taken = () => world.webhooks.filter((webhook) => webhook.path === path);
      const reports = () =>
        taken()
          .flatMap(({ headers, body }) => carrier.readTrackingWebhook(headers, body) ?? [])
          .filter(({ trackingNumber }) => trackingNumber === label.trackingNumber);
      await vi.waitFor(() => expect(reports().some(({ status }) => status === "delivered")).toBe(true), {
        timeout: 20_000,
      });
      const asked = await carrier.trackingReports(label);
      expect(new Set(asked.map(({ reportId }) => reportId))).toEqual(
        new Set(reports().map(({ reportId }) => reportId)),
      );
      const [webhook] = taken();
      if (webhook === undefined) throw new Error("no webhook");
      const { headers, body } = webhook;
      expect(carrier.readTrackingWebhook(headers, body)).not.toBeNull();
      const other = await vendor.create(world.settings("carriers", provider, "another account"));
      expect(other.readTrackingWebhook(headers, body)).toBeNull();
      expect(carrier.readTrackingWebhook(headers, Buffer.concat([body, Buffer.from(" ")]))).toBeNull();
      expect(carrier.readTrackingWebhook({}, body)).toBeNull();
      const truncated = Object.entries(headers).map(([name, value]) => [name, value.slice(0, -1)] as const);
      expect(carrier.readTrackingWebhook(Object.fromEntries(truncated), body)).toBeNull();
    });

    test("a shipment that was never bought, or that nobody knows, has nothing to report", async () => {
      expect(await carrier.trackingReports(await rate())).toEqual([]);
      expect(await carrier.trackingReports({ carrierShipmentId: "nobody-knows-it" })).toEqual([]);
    });

    test("replies that were lost do not buy a second label", async () => {
      const request = parcel();
      const { carrierShipmentId, rates } = await rate(request);
      const purchase = { idempotencyKey: "k", carrierShipmentId, rateId: rates[0]?.rateId ?? "" };
      await world.simulate({ faults: { dropReplyRate: 1 } });
      await expect(carrier.buyLabel(purchase)).rejects.toMatchObject({ retryable: true });
      await world.simulate({ faults: NO_FAULTS });
      const bought = await carrier.buyLabel(purchase);
      expect(await carrier.buyLabel(purchase)).toEqual(bought);
      expect((await world.audit<{ doubled: string[] }>("labels")).doubled).toEqual([]);
    });

    test("slow is an answer; unreachable or overloaded is a fault to repeat", async () => {
      await world.simulate({ faults: { delayMs: 400 } });
      expect(await carrier.rate(parcel())).toMatchObject({ status: "rated" });
      await world.simulate({ faults: { errorRate: 1 } });
      const fault = { name: "ServiceFault", service: provider, retryable: true };
      await expect(carrier.rate(parcel())).rejects.toMatchObject(fault);
      const nobody = await vendor.create(world.settings("carriers", provider, "nobody there"));
      await expect(nobody.rate(parcel())).rejects.toMatchObject({ ...fault, code: "network_error" });
    });
  },
);
