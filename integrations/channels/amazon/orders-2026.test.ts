/** Orders of Amazon's API of 2026-01-01 and its notifications: what v0 says of an order, in other words. */
import { describe, expect, test } from "vitest";
import { decimalText } from "../../../orders/money.ts";
import { captured, onlyOrder, sumAndTotal } from "../../../test-support/vendors/channel-orders.ts";
import { ownSample } from "../../../test-support/vendors/channel-samples.ts";
import { hasVendor, vendorExamples, vendorNote } from "../../../test-support/vendors/vendor-descriptions.ts";
import { amazonAdapter } from "./adapter.ts";

type Fields = Readonly<Record<string, unknown>>;

const usd = (amount: string, currencyCode = "USD") => ({ amount, currencyCode });
const sample = ownSample("amazon", "order-2026.json");
const sampleOrder = (): Record<string, unknown> => JSON.parse(sample).order;

function read(order: Fields = {}, item: Fields = {}) {
  const base = sampleOrder();
  const [first] = base["orderItems"] as Fields[];
  return onlyOrder(amazonAdapter, { order: { ...base, orderItems: [{ ...first, ...item }], ...order } });
}

const holds = (order: Fields, item: Fields = {}) => read(order, item).holdReasons.map(({ code }) => code);
const status = (fulfillmentStatus: string, fulfilledBy = "MERCHANT") => ({
  fulfillment: { fulfillmentStatus, fulfilledBy },
});

test("an order is read with every id, unit and cent, whatever its amounts are broken down to", () => {
  const incoming = read();
  expect(incoming).toMatchObject({
    externalId: "114-5550101-2260017",
    externalIds: { SellerOrderId: "QUAY-5", MarketplaceId: "ATVPDKIKX0DER" },
    placedAt: "2026-11-20T10:00:00Z",
    updatedAt: "2026-11-20T10:05:00Z",
    currency: "USD",
    lines: [
      {
        externalLineId: "90071992547409931",
        channelSku: "LAMP",
        quantity: 3,
        unitPrice: { minor: 1_500 },
        discount: { minor: 450 },
        fulfilledElsewhere: 1,
        charges: [{ kind: "gift_wrap", amount: { minor: 399 }, tax: { minor: 35 } }],
      },
    ],
    shippingPrice: { minor: 500 },
    discount: { minor: 200 },
    charges: [{ kind: "tip", amount: { minor: 200 } }],
    shippingAddress: { name: "Mara Holm", line1: "12 Quay St", postalCode: "89501", country: "US" },
    customer: { name: "Mara Holm", email: "relay17@marketplace.example" },
    holdReasons: [],
    paymentBy: "channel",
    attributes: { IsPrime: "true", LatestShipDate: "2026-11-23T07:59:59Z" },
  });
  expect(incoming.lines[0]?.taxes.map(({ amount }) => decimalText(amount))).toEqual(["3.58"]);
  expect(sumAndTotal(incoming)).toEqual([5_367, 5_367]);
  expect(captured(incoming).holds).toEqual([]);
});

test("each status waits for what v0's status waits for", () => {
  expect(holds(status("PENDING"))).toEqual(["payment_pending"]);
  expect(holds(status("PENDING_AVAILABILITY"))).toEqual(["payment_pending"]);
  expect(holds(status("CANCELLED"))).toEqual(["cancelled_at_channel"]);
  expect(holds(status("UNFULFILLABLE"))).toEqual(["cancelled_at_channel"]);
  expect(holds(status("SOMETHING_NEW"))).toEqual(["payment_pending"]);
  expect(read(status("SHIPPED", "AMAZON")).lines).toMatchObject([
    { fulfilledBy: "channel", fulfilledElsewhere: 3 },
  ]);
});

test("a pending order without prices is not free, and one without a breakdown costs its units", () => {
  expect(holds({ ...status("PENDING"), proceeds: undefined }, { proceeds: undefined, product: {} })).toEqual([
    "payment_pending",
    "price_missing",
  ]);
  const plain = read({ proceeds: { grandTotal: usd("45.00") } }, { proceeds: undefined });
  expect(sumAndTotal(plain)).toEqual([4_500, 4_500]);
});

test("an amount in another currency is in no sum, and one that is none keeps the order waiting", () => {
  const shipping = (subtotal: Fields) => ({
    proceeds: {
      breakdowns: [
        { type: "ITEM", subtotal: usd("45.00") },
        { type: "SHIPPING", subtotal },
      ],
    },
  });
  expect(read({}, shipping(usd("5.00", "CAD"))).holdReasons).toContainEqual({
    code: "sum_mismatch",
    detail: "Amounts in another currency than the order's: ShippingPrice 5.00 CAD.",
  });
  expect(holds({}, shipping(usd("five")))).toEqual(["price_missing"]);
  expect(holds({}, { proceeds: undefined, product: { price: { unitPrice: usd("1e9") } } })).toEqual([
    "price_missing",
  ]);
});

test("a discount counts as one whichever sign it has, and what Amazon calls other is a fee", () => {
  const breakdowns = [
    { type: "ITEM", subtotal: usd("45.00") },
    { type: "DISCOUNT", subtotal: usd("5.00") },
    { type: "OTHER", subtotal: usd("1.25") },
  ];
  const incoming = read({ proceeds: { grandTotal: usd("41.25") } }, { proceeds: { breakdowns } });
  expect(incoming.lines[0]).toMatchObject({
    discount: { minor: 500 },
    charges: [{ kind: "fee", amount: { minor: 125 } }],
  });
  expect(sumAndTotal(incoming)).toEqual([4_125, 4_125]);
});

test("what the buyer asks to cancel, a pick-up and a pre-order are told as v0 tells them", () => {
  const cancellation = { cancellationRequest: { requester: "BUYER", cancelReason: "Too late" } };
  expect(read({}, { cancellation }).holdReasons).toEqual([
    { code: "changed_at_channel", detail: "Amazon: the buyer asks to cancel (Too late)." },
  ]);
  expect(read({ programs: ["IN_STORE_PICK_UP"] }).delivery).toEqual({ method: "pickup" });
  expect(read({ programs: ["PREORDER"] }).releaseOn).toBe("2026-11-21");
});

test("a replacement is free, and cash is taken by our courier unless Amazon's brings it", () => {
  const associatedOrders = [{ orderId: "114-0-0", associationType: "REPLACEMENT_ORIGINAL_ID" }];
  const replacement = read({ associatedOrders, proceeds: undefined }, { proceeds: undefined, product: {} });
  expect(replacement.holdReasons).toEqual([]);
  expect(replacement.externalIds).toMatchObject({ ReplacedOrderId: "114-0-0" });
  const payment = { paymentExecutions: [{ paymentMethod: "CashOnDelivery", paymentAmount: usd("53.67") }] };
  expect(read({ payment }).paymentBy).toBe("on_delivery");
  expect(read({ payment, programs: ["AMAZON_EASY_SHIP"] }).paymentBy).toBe("channel");
});

test("what is known from v0 and from 2026 joins into one order, and the later word counts", () => {
  const id = "114-5550101-2260017";
  const old = { AmazonOrderId: id, OrderStatus: "Pending", LastUpdateDate: "2026-11-20T10:00:00Z" };
  const [joined, ...more] = amazonAdapter.join([sample, JSON.stringify({ payload: old })]);
  expect(more).toEqual([]);
  expect(onlyOrder(amazonAdapter, joined).holdReasons).toEqual([]);
});

describe("notifications", () => {
  const change = (OrderStatus: string, more: Fields = {}) => ({
    NotificationVersion: "1.0",
    NotificationType: "ORDER_CHANGE",
    PayloadVersion: "1.0",
    EventTime: "2026-11-20T10:05:00.000Z",
    Payload: {
      OrderChangeNotification: {
        NotificationLevel: "OrderLevel",
        SellerId: "A3HOLDFAST",
        AmazonOrderId: "114-5550101-2260017",
        OrderChangeType: "OrderStatusChange",
        OrderChangeTrigger: { TimeOfOrderChange: "2026-11-20T10:05:00.000Z", ChangeReason: "BuyerAsked" },
        Summary: { MarketplaceId: "ATVPDKIKX0DER", OrderStatus, OrderItems: [] },
      },
    },
    NotificationMetadata: { NotificationId: "n-1" },
    ...more,
  });
  const readAny = (document: unknown) => amazonAdapter.read(JSON.stringify(document), null);

  test("a change names its order, bare, out of a queue and off the event bus", () => {
    const expected = [{ kind: "changed", externalId: "114-5550101-2260017" }];
    const notification = change("Unshipped");
    expect(readAny(notification)).toEqual(expected);
    expect(readAny({ MessageId: "m-1", Body: JSON.stringify(notification) })).toEqual(expected);
    expect(readAny({ source: "aws.partner/sellingpartnerapi.amazon.com", detail: notification })).toEqual(
      expected,
    );
  });

  test("a cancellation says all there is to say", () => {
    expect(readAny(change("Canceled"))).toEqual([
      {
        kind: "cancellation",
        externalId: "114-5550101-2260017",
        reason: "cancelled at Amazon (BuyerAsked)",
      },
    ]);
  });

  const requestChange = (SellerFulfillmentOrderId: unknown) => ({
    ...change("Unshipped"),
    NotificationType: "FULFILLMENT_ORDER_STATUS",
    Payload: {
      FulfillmentOrderStatusNotification: {
        SellerId: "A3HOLDFAST",
        EventType: "Shipment",
        StatusUpdatedDateTime: "2026-11-20T10:05:00.000Z",
        SellerFulfillmentOrderId,
        FulfillmentOrderStatus: "Complete",
      },
    },
  });

  test("what has become of something in Amazon's warehouses names the request, and says nothing that is believed", () => {
    const expected = [{ kind: "request_changed", key: "amz-1-F1" }];
    const notification = requestChange("amz-1-F1");
    expect(readAny(notification)).toEqual(expected);
    expect(readAny({ MessageId: "m-1", Body: JSON.stringify(notification) })).toEqual(expected);
    expect(readAny({ Type: "Notification", Message: JSON.stringify(notification) })).toEqual(expected);
    for (const key of ["", undefined, null, { key: 1 }])
      expect(readAny(requestChange(key))).toMatchObject([
        { kind: "refused", refusal: { code: "malformed_payload" } },
      ]);
  });

  test.skipIf(!hasVendor("amazon"))(
    `Amazon's own example of it is read with its key${vendorNote("amazon")}`,
    () => {
      const [example] = vendorExamples("amazon").filter(({ file }) =>
        file.startsWith("notification.FulfillmentOrderStatusNotification"),
      );
      expect(amazonAdapter.read(example?.text ?? "", null)).toEqual([
        { kind: "request_changed", key: "SFOID2345" },
      ]);
    },
  );

  test("another notification is no order, and one without its order is malformed", () => {
    expect(readAny(change("Unshipped", { NotificationType: "FEED_PROCESSING_FINISHED" }))).toMatchObject([
      { kind: "refused", refusal: { code: "not_an_order" } },
    ]);
    expect(readAny(change("Unshipped", { Payload: {} }))).toMatchObject([
      { kind: "refused", refusal: { code: "malformed_payload" } },
    ]);
    expect(readAny({ Body: "not JSON" })).toMatchObject([{ kind: "refused" }]);
  });
});

test.skipIf(!hasVendor("amazon"))(
  `every example of Amazon's is read without throwing, its ids, units and total exact${vendorNote("amazon")}`,
  () => {
    const examples = vendorExamples("amazon").filter(({ file }) =>
      /^(orders_2026|ordersV0\.get).*\.200|^notification\./.test(file),
    );
    expect(examples.length).toBeGreaterThan(20);
    for (const { file, text } of examples) {
      const readings = amazonAdapter.read(text, null);
      expect([file, readings.length > 0]).toEqual([file, true]);
      if (!file.startsWith("orders_2026")) continue;
      const document = JSON.parse(text);
      const orders = document.orders ?? [document.order];
      expect(readings.map((reading) => (reading.kind === "order" ? reading.order : reading))).toMatchObject(
        orders.map((order: Fields) => ({
          externalId: order["orderId"],
          lines: (order["orderItems"] as readonly Fields[]).map((item) => ({
            externalLineId: item["orderItemId"],
            quantity: item["quantityOrdered"],
          })),
        })),
      );
      for (const [index, reading] of readings.entries())
        if (reading.kind === "order")
          expect([file, decimalText(reading.order.total)]).toEqual([
            file,
            orders[index].proceeds.grandTotal.amount,
          ]);
    }
  },
);
