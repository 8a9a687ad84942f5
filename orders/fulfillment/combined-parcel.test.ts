import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  type Companion,
  companionsFor,
  isSameAddress,
  isSameCustomer,
  tooMuchFor,
  whyLeavesAlone,
  whyNotCombined,
} from "./combined-parcel.ts";

const ADDRESS = { name: "Ada Example", line1: "1 Main Street", city: "Reno", country: "US" };

type Change = Omit<Partial<Companion>, "document"> & { readonly document?: Partial<Companion["document"]> };

function companion(orderId: string, change: Change = {}): Companion {
  return {
    id: `${orderId}-F1`,
    orderId,
    locationId: "reno",
    status: "in_progress",
    stage: "waiting",
    orderStatus: "open",
    holdReasons: [],
    goods: [],
    ...change,
    document: {
      companyId: "acme",
      channelId: "shop",
      currency: "USD",
      customer: { name: "Ada", email: "ada@example.test" },
      shippingAddress: ADDRESS,
      paymentBy: "merchant",
      ...change.document,
    },
  };
}

test("two open orders of one customer from one place to one address can leave together", () => {
  expect(whyNotCombined([companion("a"), companion("b"), companion("c")])).toBeNull();
});

describe("each condition that is not met has a name of its own", () => {
  const staffHold = { code: "put_by_staff", detail: "Ask." } as const;
  const cases: readonly (readonly [string, Change])[] = [
    ["combine_other_company", { document: { companyId: "other" } }],
    ["combine_other_customer", { document: { customer: { name: "Ada", email: "eve@example.test" } } }],
    ["combine_other_customer", { document: { customer: { name: "Ada" } } }],
    ["combine_other_address", { document: { shippingAddress: { ...ADDRESS, line1: "2 Main Street" } } }],
    ["combine_other_address", { document: { shippingAddress: null } }],
    ["combine_other_location", { locationId: "omaha" }],
    ["combine_other_currency", { document: { currency: "EUR" } }],
    ["combine_no_parcel", { document: { delivery: { method: "pickup", locationId: "reno" } } }],
    ["combine_no_parcel", { document: { delivery: { method: "local_delivery" } } }],
    ["combine_no_parcel", { document: { paymentBy: "on_delivery" } }],
    ["combine_begun", { stage: "picking" }],
    ["combine_begun", { stage: "packed" }],
    ["combine_begun", { status: "closed", stage: "shipped" }],
    ["combine_begun", { status: "cancelled" }],
    ["combine_on_hold", { status: "on_hold" }],
    ["combine_on_hold", { status: "scheduled" }],
    ["combine_on_hold", { holdReasons: [staffHold] }],
    ["combine_same_order", { id: "a-F2", orderId: "a" }],
  ];
  test.each(cases)("%s: %j", (code, change) => {
    const other = companion("b", change);
    expect(whyNotCombined([companion("a"), other])?.code).toBe(code);
    expect(whyNotCombined([other, companion("a")])?.code).toBe(code);
  });
});

test("a customer is known by the channel's number, else by mail address, and never by name", () => {
  const buyer = (channelId: string, customer: Companion["document"]["customer"]) => ({ channelId, customer });
  const numbered = (channelId: string, externalId: string) =>
    buyer(channelId, { name: "Ada", externalId, email: "ada@example.test" });
  expect(isSameCustomer(numbered("shop", "7"), numbered("shop", "7"))).toBe(true);
  expect(isSameCustomer(numbered("shop", "7"), numbered("shop", "8"))).toBe(false);
  // Numbers of two channels say nothing.
  expect(isSameCustomer(numbered("shop", "7"), numbered("web", "8"))).toBe(true);
  expect(isSameCustomer(buyer("shop", { name: "Ada" }), buyer("shop", { name: "Ada" }))).toBe(false);
});

test("capitals, spaces and whom to call make no other address; a name or a flat does", () => {
  expect(isSameAddress(ADDRESS, { ...ADDRESS, line1: " 1  MAIN street ", phone: "1" })).toBe(true);
  expect(isSameAddress(ADDRESS, { ...ADDRESS, line2: "Flat 2" })).toBe(false);
  expect(isSameAddress(ADDRESS, { ...ADDRESS, name: "Bob" })).toBe(false);
});

test("who may join may stay, and whoever of the others cannot stay could not have joined", () => {
  const status = fc.constantFrom("open", "in_progress", "scheduled", "on_hold", "closed", "cancelled");
  const made = fc.record({
    status: status as fc.Arbitrary<Companion["status"]>,
    orderStatus: fc.constantFrom("open", "on_hold", "completed", "cancelled") as fc.Arbitrary<
      Companion["orderStatus"]
    >,
    locationId: fc.constantFrom("reno", "omaha"),
    line1: fc.constantFrom("1 Main Street", "2 Main Street"),
    method: fc.constantFrom("parcel", "pickup") as fc.Arbitrary<"parcel" | "pickup">,
  });
  fc.assert(
    fc.property(made, ({ line1, method, ...facts }) => {
      const part = companion("b", {
        ...facts,
        document: { shippingAddress: { ...ADDRESS, line1 }, delivery: { method } },
      });
      const joins = whyNotCombined([companion("a"), part]) === null;
      const stays = whyLeavesAlone({ locationId: "reno", address: ADDRESS }, part) === null;
      expect(stays).toBe(joins);
    }),
  );
});

test("of candidates, those are chosen that can leave with it and with each other, one an order", () => {
  const candidates = [
    companion("b"),
    companion("b", { id: "b-F2" }),
    companion("c", { stage: "picked" }),
    companion("d"),
    companion("e"),
  ];
  const chosen = (most: number) =>
    companionsFor(companion("a"), candidates, most, () => true).map(({ id }) => id);
  expect(chosen(10)).toEqual(["b-F1", "d-F1", "e-F1"]);
  expect(chosen(2)).toEqual(["b-F1", "d-F1"]);
  expect(companionsFor(companion("a", { status: "on_hold" }), candidates, 10, () => true)).toEqual([]);
});

describe("a parcel takes only so much", () => {
  const of = (orderId: string, quantity: number) => companion(orderId, { goods: [{ sku: "MUG", quantity }] });
  const fits = (together: readonly Companion[]) =>
    together.flatMap(({ goods }) => goods).reduce((sum, { quantity }) => sum + quantity, 0) <= 10;
  const named = (companions: readonly Companion[]) => companions.map(({ orderId }) => orderId);

  test("of candidates the first that it has room for go along", () => {
    const chosen = companionsFor(of("a", 4), [of("b", 7), of("c", 5), of("d", 2), of("e", 1)], 10, fits);
    expect(named(chosen)).toEqual(["c", "e"]);
  });

  test("who has become too much leaves, the later ones first", () => {
    expect(named(tooMuchFor([of("a", 4), of("b", 5)], fits))).toEqual([]);
    expect(named(tooMuchFor([of("a", 4), of("b", 7), of("c", 6)], fits))).toEqual(["b"]);
    expect(named(tooMuchFor([of("a", 11), of("b", 5), of("c", 5)], fits))).toEqual(["a"]);
  });
});

test("what is packed may stay, though it could not join any more", () => {
  const packed = companion("a", { stage: "packed" });
  expect(whyLeavesAlone({ locationId: "reno", address: ADDRESS }, packed)).toBeNull();
});
