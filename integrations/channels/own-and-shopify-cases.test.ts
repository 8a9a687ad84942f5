/**
 * Payloads of Shopify and of our own format that were once read wrongly, or must go on being read rightly.
 * They lie beside the project, where they are. What each is about is tested with own data in the vendors'
 * folders.
 */
import { expect, test } from "vitest";
import { decimalText } from "../../orders/money.ts";
import { lineShares } from "../../orders/order-amounts.ts";
import { captured, onlyOrder, sumAndTotal } from "../../test-support/vendors/channel-orders.ts";
import { casesNote, channelCase, hasChannelCases } from "../../test-support/vendors/channel-samples.ts";
import { holdfastAdapter } from "./holdfast/adapter.ts";
import { shopifyAdapter } from "./shopify/adapter.ts";

const shopify = (name: string) => captured(onlyOrder(shopifyAdapter, channelCase(name)));

/** By case: the total, and what the order waits for. */
const SHOPIFY: readonly (readonly [name: string, total: string, ...holds: string[]])[] = [
  ["s01a-edited-discount-paid", "38.40"],
  ["s02-removed-discounted-line", "50.00"],
  ["s03-tip-line", "65.00"],
  ["s03b-tip-total-authorized", "65.00", "payment_pending"],
  ["s05-digital-only", "12.00"],
  ["s06-two-custom-items", "60.00"],
  ["s07-free-authorized", "0.00"],
  ["s07b-free-paid", "0.00"],
  ["s08-jpy-authorized", "14298", "payment_pending"],
  ["s08b-jpy-decimals", "4766", "payment_pending"],
  ["s08c-kwd-authorized", "12.345", "payment_pending"],
  ["s08d-kwd-split", "12.340", "payment_pending"],
  ["s08e-presentment-eur", "65.00", "payment_pending"],
  ["s09-shipping-discount-tax", "102.60", "payment_pending"],
  ["s10a-kosovo", "60.00"],
  ["s10b-hongkong-nozip", "60.00"],
  ["s10c-country-name-only", "60.00"],
  ["s10e-singapore-nocity", "60.00"],
  ["s10g-phone-only", "60.00"],
  ["s11-a", "165.00", "payment_pending"],
  ["s12c-1-cancelled", "60.00", "cancelled_at_channel"],
  ["s13b-2-fulfilled", "60.00"],
  ["s14-texts", "60.00"],
  ["s22-duplicate-sku-lines", "165.00", "payment_pending"],
  ["s23-sku-variants", "302.00"],
  ["s25-numeric-types", "119.70", "payment_pending"],
  ["s27-partial-fulfilled", "140.00"],
  ["s29-taxincl", "120.00", "payment_pending"],
  ["s31-duties", "72.50", "payment_pending"],
  ["s34-subscription", "54.00"],
  ["s35-rounding", "28.85", "payment_pending"],
  ["s36-sku-1e5", "2.00"],
  ["s39-authorized-then-paid-1", "60.00", "payment_pending"],
  ["s39-authorized-then-paid-2", "60.00"],
  ["s40-pos-null-shipping-lines", "60.00"],
  ["s41-partial-address", "60.00", "address_missing"],
  ["s42-orders-list-wrapper", "165.00", "payment_pending"],
  ["s42b-order-wrapper", "165.00", "payment_pending"],
];

test.skipIf(!hasChannelCases).each(SHOPIFY)(
  `%s adds up to %s and waits for what it should${casesNote}`,
  (name, total, ...holds) => {
    const { document, holds: codes } = shopify(name);
    expect([decimalText(document.total), ...codes]).toEqual([total, ...holds]);
    const [sum, stated] = sumAndTotal(onlyOrder(shopifyAdapter, channelCase(name)));
    expect(sum).toBe(stated);
  },
);

test.skipIf(!hasChannelCases)(`Shopify's lines and charges are read for what they are${casesNote}`, () => {
  const lines = (name: string) =>
    shopify(name).document.lines.map(({ kind, channelSku, quantity, fulfilledElsewhere }) =>
      [kind ?? "goods", channelSku, quantity, fulfilledElsewhere ?? 0].join(" "),
    );
  expect(lines("s03-tip-line")).toEqual(["goods BAG-DAY-18L 1 0", "tip Tip 1 0"]);
  expect(lines("s05-digital-only")).toEqual(["digital EBOOK-KNOTS 1 0"]);
  expect(lines("s06-two-custom-items")).toEqual(["custom Engraving 1 0", "custom Special strap 2 0"]);
  expect(lines("s13b-2-fulfilled")).toEqual(["goods BAG-DAY-18L 1 1"]);
  expect(lines("s27-partial-fulfilled")).toEqual(["goods BAG-DAY-18L 2 1", "goods BAG-DRY-18L 1 1"]);
  expect(shopify("s31-duties").document.charges).toMatchObject([{ kind: "duty", amount: { minor: 750 } }]);
  expect(shopify("s01a-edited-discount-paid").document.lines).toMatchObject([
    { quantity: 1, unitPrice: { minor: 4_800 }, discount: { minor: 960 } },
  ]);
  expect(shopify("s09-shipping-discount-tax").document).toMatchObject({
    shippingPrice: { minor: 500 },
    discount: { minor: 0 },
  });
});

test.skipIf(!hasChannelCases)(`an order without a total, or that cannot be read, is kept${casesNote}`, () => {
  expect(shopify("s21a-no-total-authorized").holds).toContain("price_missing");
  const readings = shopifyAdapter.read(channelCase("s37-list-one-broken"), null);
  expect(readings.map((reading) => reading.kind === "order" && captured(reading.order).holds)).toEqual([
    [],
    ["price_missing"],
  ]);
  expect(shopifyAdapter.read(channelCase("s12a-1-delete"), "orders/delete")).toMatchObject([
    { kind: "cancellation" },
  ]);
});

test.skipIf(!hasChannelCases)(`the cases of our own format are read rightly${casesNote}`, () => {
  const own = (name: string) => onlyOrder(holdfastAdapter, channelCase(name));
  expect(decimalText(own("h02-kwd").total)).toBe("12.345");
  expect(own("h04-lower").externalId).not.toBe(own("h04-upper").externalId);
  const { document, holds } = captured(own("h05-order-discount"));
  expect(lineShares(document)).toEqual([-1_000, -1_000]);
  expect(holds).toEqual(["payment_missing"]);
});
