/**
 * Payloads of WooCommerce, Amazon and Walmart that were once read wrongly, or must go on being read rightly.
 * They lie beside the project, where they are. What each is about is tested with own data in the vendors'
 * folders.
 */
import { expect, test } from "vitest";
import { decimalText } from "../../orders/money.ts";
import { captured, onlyOrder, sumAndTotal } from "../../test-support/vendors/channel-orders.ts";
import { casesNote, channelCase, hasChannelCases } from "../../test-support/vendors/channel-samples.ts";
import { amazonAdapter } from "./amazon/adapter.ts";
import { walmartAdapter } from "./walmart/adapter.ts";
import { woocommerceAdapter } from "./woocommerce/adapter.ts";

const woo = (name: string) => onlyOrder(woocommerceAdapter, channelCase(name));
const amazon = (...names: readonly string[]) => {
  const joined = amazonAdapter.join(names.map(channelCase));
  expect(joined).toHaveLength(1);
  return onlyOrder(amazonAdapter, joined[0]);
};
const holds = (order: ReturnType<typeof woo>) => captured(order).holds;

test.skipIf(!hasChannelCases)(`WooCommerce's cases are read rightly${casesNote}`, () => {
  const fees = woo("w02-two-fees-same-name");
  expect(fees.charges?.map(({ amount, tax }) => [decimalText(amount), decimalText(tax)])).toEqual([
    ["3.00", "0.50"],
    ["3.00", "0.50"],
  ]);
  expect(woo("w04-cod").paymentBy).toBe("on_delivery");
  expect(woo("w05-partial-refund").holdReasons).toMatchObject([
    { code: "refunded_at_channel", detail: expect.stringContaining("100.00 USD") },
  ]);
  expect(woo("w06-no-gmt")).toMatchObject({
    placedAt: "2026-11-20T18:00:00.000Z",
    updatedAt: "2026-11-20T18:00:03.000Z",
  });
  expect(woo("w07-entities")).toMatchObject({
    note: "Ring & wait",
    lines: [{ title: 'Tom & Ada’s pack – 18"' }],
  });
  const fraction = woo("w03-fraction");
  expect(holds(fraction)).toEqual(["quantity_unusable"]);
  expect(captured(fraction).document.lines).toMatchObject([
    { quantity: 1, attributes: { quantity: "1.5" } },
    { quantity: 1 },
  ]);
  expect(woo("w03b-fraction-string").lines).toMatchObject([{ quantity: 2 }]);
  expect(holds(woo("w10-irt"))).toEqual(["currency_unusable"]);
  expect(woo("w16-bundle").lines.map(({ channelSku, kind }) => [channelSku, kind])).toEqual([
    ["BUNDLE-CAMP", "custom"],
    ["BAG-DAY-18L", undefined],
    ["BAG-DRY-18L", undefined],
  ]);
  const pickup = woo("w19-local-pickup");
  expect(pickup.delivery).toEqual({ method: "pickup", place: "Local pickup" });
  expect(pickup.shippingAddress).toBeUndefined();
  expect(woocommerceAdapter.read(channelCase("w27-draft"), "order.created")).toMatchObject([
    { kind: "refused", refusal: { code: "not_an_order" } },
  ]);
  expect(holds(woo("w25-2-on-hold"))).toEqual(["payment_pending"]);
  expect(holds(woo("w26-2-refunded"))).toEqual(["cancelled_at_channel"]);
});

const WOO_WITHOUT_A_HOLD: readonly (readonly [string, number])[] = [
  ["w02-two-fees-same-name", 5_700],
  ["w04-cod", 5_000],
  ["w07-entities", 5_000],
  ["w08-weird-types", 10_050],
  ["w09b-six-decimals", 11_500],
  ["w10b-jpy", 1_000],
  ["w10c-kwd", 9_999],
  ["w16-bundle", 12_000],
  ["w22-pending-then-processing-2", 5_000],
  ["w23-same-sec-2", 5_000],
  ["w25-1-processing", 5_000],
  ["w26-1-processing", 5_000],
];

test.skipIf(!hasChannelCases).each(WOO_WITHOUT_A_HOLD)(
  `%s adds up and waits for nothing${casesNote}`,
  (name, total) => {
    expect(sumAndTotal(woo(name))).toEqual([total, total]);
    expect(woo(name).holdReasons).toEqual([]);
  },
);

test.skipIf(!hasChannelCases)(`Amazon's cases are read rightly${casesNote}`, () => {
  const byAmazon = amazon("a02-1-afn", "a02-2-items");
  expect(byAmazon.lines).toMatchObject([{ fulfilledBy: "channel", quantity: 1 }]);
  expect(byAmazon.lines[0]?.fulfilledElsewhere).toBeUndefined();
  expect(holds(byAmazon)).toEqual([]);
  const shipped = amazon("a02b-1-afn-shipped-noaddr", "a02b-2-items");
  expect(shipped.lines).toMatchObject([{ fulfilledBy: "channel", fulfilledElsewhere: 1 }]);
  expect(holds(shipped)).toEqual([]);
  expect(holds(amazon("a03-1-nopii", "a03-2-items"))).toEqual(["address_missing"]);
  expect(holds(amazon("a03-1-nopii", "a03-2-items", "a03-3-address"))).toEqual([]);
  const promotion = amazon("a04-1-promo", "a04-2-items");
  expect(sumAndTotal(promotion)).toEqual([2_814, 2_814]);
  expect(holds(promotion)).toEqual([]);
  const replacement = amazon("a06-1-replacement", "a06-2-items");
  expect(sumAndTotal(replacement)).toEqual([0, 0]);
  expect(holds(replacement)).toEqual([]);
});

test.skipIf(!hasChannelCases)(`Walmart's cases are read rightly${casesNote}`, () => {
  const byWalmart = onlyOrder(walmartAdapter, channelCase("m01-wfs"));
  expect(byWalmart.lines).toMatchObject([{ fulfilledBy: "channel", quantity: 1 }]);
  expect(holds(byWalmart)).toEqual([]);
  expect(sumAndTotal(byWalmart)).toEqual([3_248, 3_248]);
});
