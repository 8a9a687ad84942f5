/** TikTok Shop's orders, and its signatures of requests and webhooks. */
import { describe, expect, test } from "vitest";
import { captured, onlyOrder, sumAndTotal } from "../../../test-support/vendors/channel-orders.ts";
import { ownSample } from "../../../test-support/vendors/channel-samples.ts";
import { signatureVectors, vendorNote } from "../../../test-support/vendors/vendor-descriptions.ts";
import { tiktokAdapter } from "./adapter.ts";
import { signRequest, signWebhook } from "./signature.ts";

type Fields = Readonly<Record<string, unknown>>;

const sample = (): Record<string, unknown> => JSON.parse(ownSample("tiktok", "orders.json")).data.orders[0];
const read = (order: Fields = {}) => onlyOrder(tiktokAdapter, { ...sample(), ...order });
const holds = (order: Fields) => read(order).holdReasons.map(({ code }) => code);
const units = () => sample()["line_items"] as readonly Record<string, unknown>[];

test("units of one SKU are a line by its first unit's id, and TikTok's own discount is the seller's money", () => {
  const incoming = read();
  expect(incoming).toMatchObject({
    externalId: "576859029223086481",
    lines: [
      {
        externalLineId: "576859029223217553",
        channelSku: "LAMP",
        quantity: 3,
        unitPrice: { minor: 2_100 },
        discount: { minor: 600 },
        fulfilledElsewhere: 1,
      },
    ],
    total: { minor: 6_500, currency: "USD" },
    shippingAddress: { name: "Mara Holm", city: "Reno", region: "Nevada", country: "US" },
    attributes: { platformDiscount: "3.00 USD" },
    note: "Ring twice",
  });
  expect(sumAndTotal(incoming)).toEqual([6_500, 6_500]);
  expect(captured(incoming).holds).toEqual([]);
});

test("units that are cancelled are no part of the line; an order that is cancelled is kept as it was", () => {
  const [first, ...others] = units();
  const some = [{ ...first, display_status: "CANCELLED" }, ...others];
  expect(read({ line_items: some }).lines).toMatchObject([{ quantity: 2 }]);
  const all = units().map((unit) => ({ ...unit, display_status: "CANCELLED" }));
  expect(read({ status: "CANCELLED", line_items: all }).lines).toMatchObject([{ quantity: 3 }]);
  expect(holds({ status: "CANCELLED", cancel_reason: "Late" })).toEqual(["cancelled_at_channel"]);
});

test("what is not paid, on hold, or asked to be cancelled waits; TikTok's own parcels are TikTok's", () => {
  expect(holds({ status: "UNPAID" })).toEqual(["payment_pending"]);
  expect(holds({ status: "ON_HOLD" })).toEqual(["payment_pending"]);
  expect(holds({ is_buyer_request_cancel: true })).toEqual(["changed_at_channel"]);
  expect(holds({ payment: { currency: "USD" } })).toEqual(["price_missing"]);
  expect(read({ fulfillment_type: "FULFILLMENT_BY_TIKTOK" }).lines).toMatchObject([
    { fulfilledBy: "channel" },
  ]);
  expect(read({ is_cod: true }).paymentBy).toBe("on_delivery");
});

test("what was given back counts once the money has gone back, in its own currency", () => {
  const refund = (status: string, total: unknown, id = "4035") => ({
    return_id: id,
    return_status: status,
    refund_amount: { currency: "USD", refund_total: total },
  });
  const refunds = (...returns: readonly unknown[]) =>
    tiktokAdapter
      .read(JSON.stringify({ ...sample(), returns }), null)
      .filter(({ kind }) => kind === "refund");
  expect(
    refunds(
      refund("RETURN_OR_REFUND_REQUEST_COMPLETE", "12.30"),
      refund("RETURN_OR_REFUND_REQUEST_SUCCESS", "1.00", "4036"),
      refund("RETURN_OR_REFUND_REQUEST_COMPLETE", "0", "4037"),
    ),
  ).toMatchObject([{ refundId: "4035", amount: { minor: 1_230, currency: "USD" } }]);
});

describe("signatures", () => {
  const body = '{"type":1,"shop_id":"7","timestamp":1767225600,"data":{"order_id":"576859029223086481"}}';
  const secret = "appkey1:appsecret1";
  const open = (signature: string | undefined, content = body, credentials = secret) =>
    tiktokAdapter.openWebhook(
      signature === undefined ? {} : { authorization: signature },
      Buffer.from(content),
      credentials,
    );

  test("a webhook opens with key and secret of the application, and names its order", () => {
    const signature = signWebhook("appkey1", "appsecret1", Buffer.from(body));
    expect(open(signature)).toEqual({ topic: "1", eventId: null, signedId: null });
    expect(tiktokAdapter.read(body, "1")).toEqual([{ kind: "changed", externalId: "576859029223086481" }]);
  });

  test("another body, application or secret, and what is no signature, opens nothing", () => {
    const signature = signWebhook("appkey1", "appsecret1", Buffer.from(body));
    expect(open(signature, `${body} `)).toBeNull();
    expect(open(signature, body, "appkey2:appsecret1")).toBeNull();
    expect(open(signature, body, "appkey1:appsecret2")).toBeNull();
    for (const credentials of ["", "appkey1", ":appsecret1", "appkey1:"])
      expect(open(signature, body, credentials)).toBeNull();
    for (const wrong of [undefined, "", signature.slice(1), signature.toUpperCase(), "é".repeat(64)])
      expect(open(wrong)).toBeNull();
  });

  test("a request's covers path, sorted query and the exact body, and nothing of the token", () => {
    const query = { app_key: "appkey1", timestamp: "1767225600", shop_cipher: "C1" };
    const path = "/order/202309/orders/search";
    const text = '{"order_status":"AWAITING_SHIPMENT"}';
    const expected = "31541c6968882afc75f2f4650d15915e0cae0ebf945670133c9d2e9df3e99f6c";
    expect(signRequest("appsecret1", path, query, text)).toBe(expected);
    expect(signRequest("appsecret1", path, { sign: "x", access_token: "y", ...query }, text)).toBe(expected);
    expect(signRequest("appsecret1", path, query, `${text} `)).not.toBe(expected);
  });

  const vectors = signatureVectors("tiktok-shop").filter(({ body: content }) => content.includes("shop_id"));
  test.skipIf(vectors.length === 0)(
    `the public vectors open or not as they say${vendorNote("tiktok-shop")}`,
    () => {
      for (const vector of vectors)
        expect(open(vector.signature, vector.body, `appkey1:${vector.secret}`) !== null).toBe(vector.valid);
    },
  );
});
