import { expect, test } from "vitest";
import { isOfShoppers, personalSubject, withoutPersonalData } from "./personal-data.ts";

test("street, town, telephone and e-mail are left out wherever they stand; name and country stay", () => {
  const address = {
    name: "Ada Lovelace",
    line1: "1 Main Street",
    line2: "Flat 2",
    city: "New York",
    region: "NY",
    postalCode: "10001",
    country: "US",
    phone: "+1 212 555 0100",
    email: "ada@example.com",
  };
  const shown = withoutPersonalData({
    document: { shippingAddress: address, customer: { name: "Ada Lovelace", email: "ada@example.com" } },
    notices: [{ recipient: "ada@example.com", subject: "Your order" }],
    timeline: [
      { summary: "mail to ada@example.com, sent", data: { changes: [{ what: "address", from: address }] } },
    ],
    units: 3,
    nothing: null,
  });
  const text = JSON.stringify(shown);
  for (const secret of ["Main", "Flat", "New York", "10001", "555", "ada@", "example"])
    expect(text).not.toContain(secret);
  expect(shown).toMatchObject({
    document: {
      shippingAddress: { name: "Ada Lovelace", region: "NY", country: "US", line1: "(hidden)" },
      customer: { name: "Ada Lovelace", email: "(hidden)" },
    },
    timeline: [{ summary: "mail to (hidden), sent" }],
    units: 3,
    nothing: null,
  });
});

test("fields of the company's own that identify somebody are told by their keys alone, in changes too", () => {
  const own = { customFields: { po_number: "1" }, personalFields: { gift_for: "Ada", size: 38 } };
  const shown = withoutPersonalData({ document: own, changes: [{ what: "custom_fields", from: own }] });
  const hidden = { ...own, personalFields: { gift_for: "(hidden)", size: "(hidden)" } };
  expect(shown).toEqual({ document: hidden, changes: [{ what: "custom_fields", from: hidden }] });
});

test("what has none of it is as it was", () => {
  const view = { id: "web-1", lines: [{ sku: "TEE@1", quantity: 2 }], city: "of no address", ok: true };
  expect(withoutPersonalData(view)).toEqual(view);
});

test("which answers are gone through, and which looks are recorded", () => {
  expect(["/v1/orders/a", "/v1/store-credit", "/v1/returns/x"].map(isOfShoppers)).toEqual([true, true, true]);
  expect(["/v1/locations", "/v1/sessions/current", "/v1/audit"].map(isOfShoppers)).toEqual([
    false,
    false,
    false,
  ]);
  expect(personalSubject("GET /v1/orders/{id}", { id: "web-1" })).toBe("order:web-1");
  expect(personalSubject("GET /v1/orders", {})).toBeNull();
});
