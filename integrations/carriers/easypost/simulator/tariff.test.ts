import { describe, expect, it } from "vitest";
import { quote } from "./tariff.ts";

const parcel = { ounces: 30, lengthIn: 12, widthIn: 8, heightIn: 5 };
const us = (zip: string) => ({ country: "US", zip });
const find = (answer: ReturnType<typeof quote>, service: string) =>
  answer.quotes.find((offered) => offered.service === service);

describe("the simulated tariff", () => {
  it("offers several carriers and charges more and takes longer the farther it goes", () => {
    const near = quote(us("89506"), us("89101"), parcel);
    const far = quote(us("89506"), us("04101"), parcel);
    expect(new Set(far.quotes.map(({ carrier }) => carrier))).toEqual(new Set(["USPS", "UPS", "FedEx"]));
    expect(find(far, "Ground")?.cents).toBeGreaterThan(find(near, "Ground")?.cents ?? 0);
    expect(find(far, "Ground")?.days).toBeGreaterThan(find(near, "Ground")?.days ?? 0);
  });

  it("charges for size where that is more than the weight", () => {
    const big = { ...parcel, lengthIn: 30, widthIn: 20, heightIn: 16 };
    const small = quote(us("89506"), us("10001"), parcel);
    expect(find(quote(us("89506"), us("10001"), big), "Ground")?.cents).toBeGreaterThan(
      find(small, "Ground")?.cents ?? 0,
    );
  });

  it("says for each service why it takes no parcel that is too heavy or too large", () => {
    const heavy = quote(us("89506"), us("10001"), { ...parcel, ounces: 100 * 16 });
    expect(heavy.quotes.every(({ carrier }) => carrier !== "USPS")).toBe(true);
    expect(
      heavy.messages.some(({ carrier, message }) => carrier === "USPS" && message.includes("70 lb")),
    ).toBe(true);
    const long = quote(us("89506"), us("10001"), { ...parcel, lengthIn: 200 });
    expect(long.quotes).toEqual([]);
    expect(long.messages.length).toBeGreaterThan(5);
  });

  it("takes 150 lb to the ounce, however its sides are named, and what is light and large", () => {
    const carriersOf = (part: Partial<typeof parcel>) =>
      new Set(quote(us("89506"), us("10001"), { ...parcel, ...part }).quotes.map(({ carrier }) => carrier));
    expect(carriersOf({ ounces: 2_400 })).toEqual(new Set(["UPS", "FedEx"]));
    expect(carriersOf({ ounces: 2_400.1 })).toEqual(new Set());
    // Billed for 155 lb by its size.
    expect(carriersOf({ lengthIn: 30, widthIn: 27, heightIn: 26.7 })).toContain("USPS");
    for (const sides of [
      { lengthIn: 8, widthIn: 10, heightIn: 100 },
      { lengthIn: 100, widthIn: 10, heightIn: 8 },
    ])
      expect(carriersOf(sides)).toContain("UPS");
  });

  it.each(["00000", "1234", ""])("delivers nothing to the ZIP code %j", (zip) => {
    const answer = quote(us("89506"), us(zip), parcel);
    expect(answer.quotes).toEqual([]);
    expect(answer.messages).toHaveLength(4);
  });

  it("has services for the European Union, for neighbours and for the world", () => {
    const names = (from: string, to: string) =>
      quote({ country: from, zip: "10115" }, { country: to, zip: "75001" }, parcel).quotes.map(
        ({ service }) => service,
      );
    expect(names("DE", "FR")).toContain("UPSStandard");
    expect(names("DE", "DE")).not.toContain("GroundAdvantage");
    expect(names("US", "JP")).toContain("ExpressWorldwideNonDoc");
    expect(names("DE", "JP")).not.toContain("PriorityMailInternational");
  });
});
