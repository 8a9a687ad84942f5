import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  dhlCheckDigit,
  dhlTrackingNumber,
  fedexCheckDigit,
  fedexTrackingNumber,
  gs1CheckDigit,
  upsCheckDigit,
  upsTrackingNumber,
  uspsTrackingNumber,
} from "./tracking-numbers.ts";

describe("the check digit of a published tracking number", () => {
  it.each(["1Z999AA10123456784", "1Z5R89390357567127", "1Z879E930346834440", "1Z12345E6605272234"])(
    "agrees: UPS %s",
    (number) => {
      expect(upsCheckDigit(number.slice(2, -1))).toBe(number.at(-1));
    },
  );

  it.each(["986578788855", "477179081230"])("agrees: FedEx %s", (number) => {
    expect(fedexCheckDigit(number.slice(0, -1))).toBe(number.at(-1));
  });

  it.each(["9205590164917312751089", "6291041500213"])("agrees: GS1 %s", (number) => {
    expect(gs1CheckDigit(number.slice(0, -1))).toBe(number.at(-1));
  });

  it.each(["3318810025", "8487135506"])("agrees: DHL %s", (number) => {
    expect(dhlCheckDigit(number.slice(0, -1))).toBe(number.at(-1));
  });
});

it("every number made has its carrier's form and check digit", () => {
  fc.assert(
    fc.property(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), (serial) => {
      const usps = uspsTrackingNumber(serial);
      expect(usps).toMatch(/^9400111\d{15}$/);
      expect(usps.at(-1)).toBe(gs1CheckDigit(usps.slice(0, -1)));
      const ups = upsTrackingNumber(serial, "03");
      expect(ups).toMatch(/^1ZHF\d{4}03\d{8}$/);
      expect(ups.at(-1)).toBe(upsCheckDigit(ups.slice(2, -1)));
      const fedex = fedexTrackingNumber(serial);
      expect(fedex).toMatch(/^77\d{10}$/);
      expect(fedex.at(-1)).toBe(fedexCheckDigit(fedex.slice(0, -1)));
      const dhl = dhlTrackingNumber(serial);
      expect(dhl).toMatch(/^4\d{9}$/);
      expect(dhl.at(-1)).toBe(dhlCheckDigit(dhl.slice(0, -1)));
    }),
  );
});
