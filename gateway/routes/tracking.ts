/** What a shopper sees and may ask for, by the token of the tracking link. */
import { ChangeAnswer, ShopperAddressBody, ShopperCancelBody } from "../../contract/order-changes.ts";
import { PaymentMethodBody } from "../../contract/orders.ts";
import { ReturnRequest, ReturnView } from "../../contract/returns.ts";
import { Done } from "../../contract/shapes.ts";
import { ArrivalBody, PaymentConfirmation, TrackingView } from "../../contract/tracking.ts";
import { shopperChange } from "../../operations/change/shopper-change.ts";
import { arrive } from "../../operations/collection/arrive.ts";
import { confirmPayment } from "../../operations/payments/confirm-payment.ts";
import { givePaymentMethod } from "../../operations/payments/give-payment-method.ts";

import { cancelReturn } from "../../operations/returns/end-return.ts";
import { requestReturn } from "../../operations/returns/request-return.ts";
import { ServiceFault } from "../../ports/service-fault.ts";
import { readReturnCode, readReturnLabel, readTracking } from "../../store/orders/tracking-view.ts";
import { readReturnView } from "../../store/returns/return-views.ts";
import {
  accepted,
  type Call,
  done,
  found,
  keyOf,
  param,
  type Route,
  route,
  type Services,
} from "../http/route.ts";
import { ApiError } from "../wire/problem.ts";

/**
 * A shopper has no account here. A caller with the 128-bit token of an order sees that order and nothing
 * else.
 */
const SHOPPER = { kind: "public" } as const;

/** Of a payment provider that could not be asked. */
const ASK_AGAIN_MS = 2_000;

export const trackingRoutes: readonly Route[] = [
  route({
    method: "GET",
    path: "/v1/track/{token}",
    summary: "A shopper's view of an order",
    access: SHOPPER,
    reply: TrackingView,
    handle: async (call) => {
      const { view } = await trackedOrder(call);
      const { returns, payment, ...rest } = view;
      const token = encodeURIComponent(param(call, "token"));
      return {
        json: {
          ...rest,
          payment: payment === null ? null : { ...payment, form: formOf(call.services) },
          returns: returns.map(({ hasLabel, ...entry }) => {
            const own = `/v1/track/${token}/returns/${encodeURIComponent(entry.id)}`;
            return {
              ...entry,
              labelUrl: hasLabel && entry.method === "label" ? `${own}/label.pdf` : null,
              codeUrl: hasLabel && entry.method === "qr_code" ? `${own}/code.svg` : null,
            };
          }),
        },
      };
    },
  }),
  route({
    method: "POST",
    path: "/v1/track/{token}/arrival",
    summary: "A shopper is in front of the store where their order waits",
    access: SHOPPER,
    body: ArrivalBody,
    reply: Done,
    idempotency: "accepted",
    handle: async (call) => {
      const { orderId } = await trackedOrder(call);
      return { json: done(await arrive(call.services.operations, { orderId, note: call.body.note ?? "" })) };
    },
  }),
  route({
    method: "POST",
    path: "/v1/track/{token}/returns",
    summary: "A shopper asks to return something",
    access: SHOPPER,
    body: ReturnRequest,
    reply: ReturnView,
    idempotency: "accepted",
    handle: async (call) => {
      const { orderId } = await trackedOrder(call);
      const key = call.request.headers["idempotency-key"];
      const { returnId } = done(
        await requestReturn(call.services.operations, {
          ...call.body,
          orderId,
          by: "shopper",
          ...(key === undefined ? {} : { key }),
        }),
      );
      const requested = found(await readReturnView(call.services.database, returnId), "return");
      // The shopper does not see what the label cost.
      return { status: 201, json: { ...requested, shipment: null } };
    },
  }),
  route({
    method: "POST",
    path: "/v1/track/{token}/payment-method",
    summary: "A shopper gives the order another means of payment",
    access: SHOPPER,
    body: PaymentMethodBody,
    reply: Done,
    idempotency: "accepted",
    handle: async (call) => {
      const { orderId } = await trackedOrder(call);
      const { paymentMethod } = call.body;
      return {
        json: done(
          await givePaymentMethod(call.services.operations, { orderId, paymentMethod, by: "shopper" }),
        ),
      };
    },
  }),
  route({
    method: "POST",
    path: "/v1/track/{token}/payment-confirmation",
    summary:
      "What a shopper needs to confirm the payment to the bank; asked again, it goes on by what the bank said",
    access: SHOPPER,
    reply: PaymentConfirmation,
    handle: async (call) => {
      const { orderId } = await trackedOrder(call);
      const { operations, payments, logger } = call.services;
      const asked = await confirmPayment(operations, payments, orderId).catch((fault: unknown) => {
        if (!(fault instanceof ServiceFault)) throw fault;
        logger.warn({ err: fault, orderId }, "a payment's confirmation could not be looked at");
        throw new ApiError("payment_provider_unavailable", "The payment provider could not be asked.", {
          retryAfterMs: ASK_AGAIN_MS,
        });
      });
      const { confirmation } = done(asked);
      return { json: { confirmation } };
    },
  }),
  route({
    method: "POST",
    path: "/v1/track/{token}/cancel",
    summary: "A shopper cancels the order or lines of it, within the channel's window and before the pick",
    access: SHOPPER,
    body: ShopperCancelBody,
    reply: ChangeAnswer,
    idempotency: "accepted",
    handle: async (call) => {
      const { orderId } = await trackedOrder(call);
      const { reason = "The shopper no longer wants it.", lines } = call.body;
      const changed = await shopperChange(call.services.operations, {
        action: "cancel",
        orderId,
        reason,
        key: keyOf(call),
        ...(lines === undefined ? {} : { lines }),
      });
      return { status: 202, json: accepted(changed) };
    },
  }),
  route({
    method: "POST",
    path: "/v1/track/{token}/address",
    summary: "A shopper corrects where the order goes, within the channel's window and before the pick",
    access: SHOPPER,
    body: ShopperAddressBody,
    reply: ChangeAnswer,
    idempotency: "accepted",
    handle: async (call) => {
      const { orderId } = await trackedOrder(call);
      const changed = await shopperChange(call.services.operations, {
        action: "address",
        orderId,
        address: call.body.address,
        key: keyOf(call),
      });
      return { json: accepted(changed) };
    },
  }),
  route({
    method: "POST",
    path: "/v1/track/{token}/returns/{id}/cancel",
    summary: "A shopper sends nothing back after all",
    access: SHOPPER,
    reply: Done,
    idempotency: "accepted",
    handle: async (call) => {
      const { view } = await trackedOrder(call);
      const own = view.returns.find(({ id }) => id === param(call, "id")) ?? null;
      const { id: returnId } = found(own, "return");
      return { json: done(await cancelReturn(call.services.operations, { returnId, by: "shopper" })) };
    },
  }),
  route({
    method: "GET",
    path: "/v1/track/{token}/returns/{id}/code.svg",
    summary: "The code of a shopper's return, for the counter",
    access: SHOPPER,
    handle: async (call) => {
      const { database, documents } = call.services;
      const code = found(await readReturnCode(database, param(call, "token"), param(call, "id")), "code");
      return {
        contentType: "image/svg+xml",
        bytes: await documents.qrCode(code),
        file: { name: "return-code.svg", shown: true },
      };
    },
  }),
  route({
    method: "GET",
    path: "/v1/track/{token}/returns/{id}/label.pdf",
    summary: "The label of a shopper's return",
    access: SHOPPER,
    handle: async (call) => {
      const label = await readReturnLabel(call.services.database, param(call, "token"), param(call, "id"));
      return {
        contentType: "application/pdf",
        bytes: found(label, "label"),
        file: { name: "return-label.pdf", shown: true },
      };
    },
  }),
];

async function trackedOrder(call: Call<unknown, unknown>) {
  const { database, payments } = call.services;
  const [first] = payments.vendors;
  const step = (currency: string) => first?.port.smallestChargeable(currency) ?? 1;
  return found(await readTracking(database, param(call, "token"), step), "order");
}

/** Of the account where new payments begin. */
function formOf({ payments }: Services): NonNullable<TrackingView["payment"]>["form"] {
  const form = payments.vendors[0]?.port.cardForm ?? null;
  if (form === null) return null;
  const { provider, scriptUrl, publishableKey } = form;
  return { provider, scriptUrl, publishableKey };
}
