/** Amazon orders that were read wrongly, or easily could be. */
import { describe, expect, test } from "vitest";
import { decimalText } from "../../../orders/money.ts";
import { captured, onlyOrder, sumAndTotal } from "../../../test-support/vendors/channel-orders.ts";
import { amazonAdapter } from "./adapter.ts";

type Fields = Readonly<Record<string, unknown>>;

const US = "ATVPDKIKX0DER";
const GERMANY = "A1PA6795UKMFR9";

const money = (text: string, currency = "USD") => ({ CurrencyCode: currency, Amount: text });

function item(fields: Fields = {}): Fields {
  return {
    ASIN: "B0HLDFST77",
    OrderItemId: "41000000000001",
    SellerSKU: "LAMP",
    Title: "Lamp",
    QuantityOrdered: 2,
    QuantityShipped: 0,
    ItemPrice: money("40.00"),
    ...fields,
  };
}

function read(header: Fields = {}, items: readonly Fields[] = [item()]) {
  const AmazonOrderId = "114-0000001-0000001";
  return onlyOrder(amazonAdapter, {
    AmazonOrderId,
    order: {
      AmazonOrderId,
      PurchaseDate: "2026-11-20T10:00:00Z",
      LastUpdateDate: "2026-11-20T10:05:00Z",
      OrderStatus: "Unshipped",
      FulfillmentChannel: "MFN",
      MarketplaceId: US,
      ShipServiceLevel: "Std US D2D Dom",
      OrderTotal: money("40.00"),
      ShippingAddress: {
        Name: "Mara Holm",
        AddressLine1: "12 Quay St",
        City: "Reno",
        StateOrRegion: "NV",
        PostalCode: "89501",
        CountryCode: "US",
      },
      ...header,
    },
    items,
    itemsComplete: true,
  });
}

const holds = (header: Fields, items?: readonly Fields[]) =>
  read(header, items).holdReasons.map((reason) => reason.code);

describe("who fulfils", () => {
  test("what Amazon fulfils is Amazon's to ship, and waits for nothing", () => {
    const incoming = read({ FulfillmentChannel: "AFN" });
    expect(incoming.lines).toMatchObject([{ fulfilledBy: "channel" }]);
    expect(incoming.lines[0]?.fulfilledElsewhere).toBeUndefined();
    expect(incoming.holdReasons).toEqual([]);
  });

  test("once Amazon has shipped it, all of it is done, though no unit of it is counted", () => {
    const incoming = read({ FulfillmentChannel: "AFN", OrderStatus: "Shipped" });
    expect(incoming.lines).toMatchObject([{ fulfilledBy: "channel", fulfilledElsewhere: 2 }]);
    expect(incoming.holdReasons).toEqual([]);
  });

  test("of an order that is partly shipped, the shipped units are done and the others are ours", () => {
    const incoming = read({ OrderStatus: "PartiallyShipped" }, [item({ QuantityShipped: 1 })]);
    expect(incoming.lines).toMatchObject([{ quantity: 2, fulfilledElsewhere: 1 }]);
    expect(incoming.lines[0]?.fulfilledBy).toBeUndefined();
    expect(incoming.holdReasons).toEqual([]);
  });

  test("an order that is partly shipped, without a word which part, waits for a person", () => {
    expect(holds({ OrderStatus: "PartiallyShipped" })).toEqual(["partly_fulfilled_at_channel"]);
  });

  test("never more units are done than were ordered", () => {
    expect(read({}, [item({ QuantityShipped: 9 })]).lines).toMatchObject([{ fulfilledElsewhere: 2 }]);
  });

  test("an order to be collected in a store is no parcel", () => {
    const incoming = read({ IsISPU: true }, [item({ StoreChainStoreId: "QUAY-7" })]);
    expect(incoming.delivery).toEqual({ method: "pickup", place: "QUAY-7" });
    expect(read({ IsISPU: false }).delivery).toBeUndefined();
  });

  test("a pre-order does not leave before its day, and a scheduled delivery has one", () => {
    const incoming = read({ OrderType: "Preorder", EarliestShipDate: "2026-12-24T08:00:00Z" }, [
      item({ ScheduledDeliveryStartDate: "2026-12-27T09:00:00Z" }),
    ]);
    expect(incoming).toMatchObject({ releaseOn: "2026-12-24", deliverOn: "2026-12-27" });
    expect(read({ EarliestShipDate: "2026-12-24T08:00:00Z" }).releaseOn).toBeUndefined();
  });
});

describe("money", () => {
  test("gift wrap and its tax are charges of the line, from the item or from its buyer's part", () => {
    const wrap = { GiftWrapPrice: money("3.99"), GiftWrapTax: money("0.35"), GiftWrapLevel: "Classic" };
    const inItem = read({ OrderTotal: money("47.84") }, [item({ ItemTax: money("3.50"), BuyerInfo: wrap })]);
    expect(inItem.lines[0]?.charges).toMatchObject([
      { kind: "gift_wrap", name: "Classic", amount: { minor: 399 }, tax: { minor: 35 } },
    ]);
    expect(inItem.taxesIncluded).toBeUndefined();
    expect(sumAndTotal(inItem)).toEqual([4_784, 4_784]);
    const joined = amazonAdapter.join([
      JSON.stringify({
        payload: {
          AmazonOrderId: "1",
          OrderStatus: "Unshipped",
          MarketplaceId: US,
          OrderTotal: money("44.34"),
        },
      }),
      JSON.stringify({ payload: { AmazonOrderId: "1", OrderItems: [item()] } }),
      JSON.stringify({
        payload: { AmazonOrderId: "1", OrderItems: [{ OrderItemId: "41000000000001", ...wrap }] },
      }),
    ]);
    expect(joined).toHaveLength(1);
    expect(sumAndTotal(onlyOrder(amazonAdapter, joined[0]))).toEqual([4_434, 4_434]);
  });

  test("gift wrap does not make taxes on top look as if prices contained them", () => {
    // 20.00 with 5.00 tax, and gift wrap for 5.00: without the wrap, the total looks like prices with tax.
    const incoming = read({ OrderTotal: money("30.00") }, [
      item({
        ItemPrice: money("20.00"),
        ItemTax: money("5.00"),
        BuyerInfo: { GiftWrapPrice: money("5.00") },
      }),
    ]);
    expect(incoming.taxesIncluded).toBeUndefined();
    expect(sumAndTotal(incoming)).toEqual([3_000, 3_000]);
  });

  test("prices contain value added tax where the total says so, or the marketplace has it", () => {
    const taxed = [item({ ItemPrice: money("119.00", "EUR"), ItemTax: money("19.00", "EUR") })];
    const stated = { MarketplaceId: GERMANY, OrderTotal: money("119.00", "EUR") };
    expect(read(stated, taxed)).toMatchObject({ taxesIncluded: true, total: { minor: 11_900 } });
    expect(sumAndTotal(read(stated, taxed))).toEqual([11_900, 11_900]);
    const onTop = read({ ...stated, OrderTotal: money("138.00", "EUR") }, taxed);
    expect(onTop.taxesIncluded).toBeUndefined();
    expect(sumAndTotal(onTop)).toEqual([13_800, 13_800]);
    expect(read({ ...stated, OrderTotal: undefined }, taxed).taxesIncluded).toBe(true);
  });

  test("promotions and shipping discounts take their taxes with them", () => {
    const incoming = read({ OrderTotal: money("39.42") }, [
      item({
        ItemTax: money("4.00"),
        PromotionDiscount: money("5.00"),
        PromotionDiscountTax: money("0.50"),
        ShippingPrice: money("6.00"),
        ShippingTax: money("0.60"),
        ShippingDiscount: money("5.16"),
        ShippingDiscountTax: money("0.52"),
      }),
    ]);
    expect(incoming.lines).toMatchObject([{ discount: { minor: 500 }, taxes: [{ amount: { minor: 350 } }] }]);
    expect([incoming.shippingPrice, incoming.discount].map(decimalText)).toEqual(["6.00", "5.16"]);
    expect(sumAndTotal(incoming)).toEqual([3_942, 3_942]);
  });

  test("the fee for cash on delivery is charged less its discount, and the courier takes the money", () => {
    const cod = {
      PaymentMethod: "COD",
      OrderTotal: money("43.00"),
      PaymentExecutionDetail: [{ Payment: money("43.00"), PaymentMethod: "COD" }],
    };
    const items = [item({ CODFee: money("4.00"), CODFeeDiscount: money("1.00") })];
    const incoming = read(cod, items);
    expect(incoming).toMatchObject({ paymentBy: "on_delivery", attributes: { Payments: "COD 43.00 USD" } });
    expect(incoming.lines[0]?.charges).toMatchObject([{ kind: "fee", amount: { minor: 300 } }]);
    expect(sumAndTotal(incoming)).toEqual([4_300, 4_300]);
    // Amazon's own carriers and warehouses take it for Amazon.
    expect(read({ ...cod, EasyShipShipmentStatus: "PendingPickUp" }, items).paymentBy).toBe("channel");
    expect(read({ ...cod, FulfillmentChannel: "AFN" }, items).paymentBy).toBe("channel");
  });

  test("what has no price, or no total, is not free but waits", () => {
    const unpriced = read({}, [item(), item({ OrderItemId: "2", SellerSKU: "DESK", ItemPrice: undefined })]);
    expect(unpriced.holdReasons).toEqual([
      { code: "price_missing", detail: "Amazon has not stated the price of DESK." },
    ]);
    expect(holds({ OrderTotal: undefined })).toEqual(["price_missing"]);
    expect(
      holds({ OrderStatus: "Pending", OrderTotal: undefined }, [item({ ItemPrice: undefined })]),
    ).toEqual(["payment_pending", "price_missing"]);
  });

  test("a replacement is free, whether it says so or has no price", () => {
    const replacement = { IsReplacementOrder: "true", ReplacedOrderId: "114-0000001-0000000" };
    for (const [total, price] of [
      [money("0.00"), money("0.00")],
      [undefined, undefined],
    ]) {
      const incoming = read({ ...replacement, OrderTotal: total }, [item({ ItemPrice: price })]);
      expect(captured(incoming).holds).toEqual([]);
      expect(incoming).toMatchObject({
        total: { minor: 0, currency: "USD" },
        externalIds: { ReplacedOrderId: "114-0000001-0000000" },
      });
    }
  });

  test("an amount in another currency is in no sum, and the order waits and says which it is", () => {
    const incoming = read({}, [item({ BuyerInfo: { GiftWrapPrice: money("1.99", "GBP") } })]);
    expect(incoming.holdReasons).toEqual([
      {
        code: "sum_mismatch",
        detail: "Amounts in another currency than the order's: GiftWrapPrice 1.99 GBP.",
      },
    ]);
    expect(incoming.lines[0]?.charges).toBeUndefined();
  });
});

describe("what the buyer asks", () => {
  const asks = {
    BuyerRequestedCancel: { IsBuyerRequestedCancel: "true", BuyerCancelReason: "No longer needed" },
  };

  test("to cancel every item is to cancel the order", () => {
    expect(read({}, [item(asks)]).holdReasons).toEqual([
      { code: "changed_at_channel", detail: "Amazon: the buyer asks to cancel (No longer needed)." },
    ]);
  });

  test("to cancel one item of several is a change of the order, which is not cancelled", () => {
    const items = [
      item({ ItemPrice: money("20.00") }),
      item({ ...asks, OrderItemId: "2", SellerSKU: "DESK", ItemPrice: money("20.00") }),
    ];
    expect(read({}, items).holdReasons).toEqual([
      { code: "changed_at_channel", detail: "Amazon: the buyer asks to cancel DESK (No longer needed)." },
    ]);
    expect(holds({ OrderStatus: "Canceled" }, items)).toEqual(["cancelled_at_channel"]);
  });

  test("nothing, where the request was withdrawn", () => {
    expect(holds({}, [item({ BuyerRequestedCancel: { IsBuyerRequestedCancel: "false" } })])).toEqual([]);
  });
});

test("without the buyer's data the order waits for its address, and goes on when that comes", () => {
  const ShippingAddress = { City: "Reno", StateOrRegion: "NV", PostalCode: "89501", CountryCode: "US" };
  expect(captured(read({ ShippingAddress, BuyerInfo: {} })).holds).toEqual(["address_missing"]);
  const [joined] = amazonAdapter.join([
    JSON.stringify({
      AmazonOrderId: "1",
      order: { AmazonOrderId: "1", OrderStatus: "Unshipped", OrderTotal: money("40.00"), ShippingAddress },
      items: [item()],
      itemsComplete: true,
    }),
    JSON.stringify({
      payload: {
        AmazonOrderId: "1",
        ShippingAddress: { ...ShippingAddress, Name: "Mara Holm", AddressLine1: "12 Quay St" },
      },
    }),
  ]);
  const whole = onlyOrder(amazonAdapter, joined);
  expect(captured(whole).holds).toEqual([]);
  expect(whole.shippingAddress).toMatchObject({ name: "Mara Holm", line1: "12 Quay St" });
});

test("no substitute is sent for an item for which the customer wants none; other wishes are only kept", () => {
  const types = ["DO_NOT_SUBSTITUTE", "CUSTOMER_PREFERENCE"];
  const items = types.map((SubstitutionType) => item({ SubstitutionPreferences: { SubstitutionType } }));
  const { lines } = read({}, items);
  expect(lines.map((line) => line.allowSubstitutes)).toEqual([false, undefined]);
  expect(lines.map((line) => line.attributes["SubstitutionType"])).toEqual(types);
});

test("what else changes how an order is handled is kept", () => {
  const incoming = read(
    {
      IsIBA: true,
      EasyShipShipmentStatus: "PendingSchedule",
      FulfillmentInstruction: { FulfillmentSupplySourceId: "node-3" },
    },
    [
      item({
        PriceDesignation: "BusinessPrice",
        PointsGranted: { PointsNumber: 4, PointsMonetaryValue: money("0.40") },
        ShippingConstraints: { RecipientAgeVerification: "MANDATORY" },
      }),
    ],
  );
  expect(incoming.attributes).toMatchObject({
    IsIBA: "true",
    EasyShipShipmentStatus: "PendingSchedule",
    SupplySource: "node-3",
  });
  expect(incoming.lines[0]?.attributes).toMatchObject({
    PriceDesignation: "BusinessPrice",
    PointsGranted: "0.40 USD",
    RecipientAgeVerification: "MANDATORY",
  });
});
