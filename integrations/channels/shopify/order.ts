/** One Order of Shopify's, in our words. */
import type { Address } from "../../../orders/address.ts";
import type { IncomingOrder } from "../../../orders/incoming-order.ts";
import type { HoldCode } from "../../../orders/order.ts";
import { at, firstText, listAt, textAt, textRecord } from "../../vendor-kit/vendor-json.ts";
import { addressOf } from "../reading.ts";
import { readAmounts } from "./amounts.ts";
import { readDelivery } from "./delivery.ts";
import { speaksOfDisputes } from "./disputes.ts";
import { readHolds } from "./holds.ts";
import { gidNumber } from "./ids.ts";
import { readLine, setMoney } from "./lines.ts";
import { speaksOfParts } from "./parts.ts";
import { isPaidAtTheDoor } from "./payment.ts";

/** BCP 47, as `customer_locale` has it; what is none tells nothing. */
const LANGUAGE = /^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,4}$/;

export function toIncoming(order: unknown, externalId: string): IncomingOrder {
  const currency = textAt(order, "currency").toUpperCase();
  const read = listAt(order, "line_items").flatMap((line) => readLine(line, order, currency));
  const shipping = listAt(order, "shipping_lines").filter((line) => textAt(line, "is_removed") !== "true");
  const { charges, ...amounts } = readAmounts(order, read, shipping, currency);
  const delivery = readDelivery(shipping);
  const shippingAddress = readAddress(at(order, "shipping_address"));
  const billingAddress = readAddress(at(order, "billing_address"));
  const note = textAt(order, "note");
  const language = textAt(order, "customer_locale");
  const silentOn: readonly HoldCode[] = [
    ...(speaksOfParts(order) ? [] : (["held_at_channel"] as const)),
    ...(speaksOfDisputes(order) ? [] : (["payment_disputed"] as const)),
  ];
  const tags = textAt(order, "tags")
    .split(",")
    .map((tag) => tag.trim())
    .filter((tag) => tag !== "");
  return {
    externalId,
    externalNumber: firstText(textAt(order, "name"), textAt(order, "order_number"), externalId),
    externalIds: textRecord({
      id: textAt(order, "id"),
      admin_graphql_api_id: textAt(order, "admin_graphql_api_id"),
      order_number: textAt(order, "order_number"),
      number: textAt(order, "number"),
      token: textAt(order, "token"),
      cart_token: textAt(order, "cart_token"),
      checkout_id: textAt(order, "checkout_id"),
      checkout_token: textAt(order, "checkout_token"),
      confirmation_number: textAt(order, "confirmation_number"),
      po_number: textAt(order, "po_number"),
      source_identifier: textAt(order, "source_identifier"),
      "customer.id": textAt(order, "customer", "id"),
      "customer.admin_graphql_api_id": textAt(order, "customer", "admin_graphql_api_id"),
      "shipping_lines.id": shipping.map((line) => textAt(line, "id")).join(","),
    }),
    placedAt: firstText(textAt(order, "processed_at"), textAt(order, "created_at")),
    updatedAt: textAt(order, "updated_at"),
    currency,
    ...amounts,
    ...(charges.length === 0 ? {} : { charges }),
    ...(shippingAddress === undefined ? {} : { shippingAddress }),
    ...(billingAddress === undefined ? {} : { billingAddress }),
    customer: readCustomer(order),
    shippingService: shipping
      .map((line) => textAt(line, "title"))
      .filter((title) => title !== "")
      .join(" + "),
    ...(delivery === undefined ? {} : { delivery }),
    ...(tags.length === 0 ? {} : { tags }),
    paymentBy: isPaidAtTheDoor(order) ? "on_delivery" : "channel",
    ...(textAt(order, "taxes_included") === "true" ? { taxesIncluded: true as const } : {}),
    holdReasons: readHolds(order, currency),
    ...(silentOn.length === 0 ? {} : { silentOn }),
    ...(note === "" ? {} : { note }),
    ...(LANGUAGE.test(language) ? { language } : {}),
    attributes: textRecord({
      financial_status: textAt(order, "financial_status"),
      presentment_total: setMoney(order, "total_price_set"),
      presentment_shipping: setMoney(order, "total_shipping_price_set"),
      presentment_discounts: setMoney(order, "total_discounts_set"),
      presentment_tax: setMoney(order, "total_tax_set"),
      discount_codes: listAt(order, "discount_codes")
        .map((code) => textAt(code, "code"))
        .join(","),
      test: textAt(order, "test"),
      source_name: textAt(order, "source_name"),
      ...Object.fromEntries(
        listAt(order, "note_attributes").map((own) => [
          `note_attribute:${textAt(own, "name")}`,
          textAt(own, "value"),
        ]),
      ),
      payment_gateways: listAt(order, "payment_gateway_names")
        .map((name) => textAt({ name }, "name"))
        .join(","),
    }),
  };
}

function readCustomer(order: unknown): IncomingOrder["customer"] {
  const customer = at(order, "customer");
  const email = firstText(textAt(order, "email"), textAt(order, "contact_email"), textAt(customer, "email"));
  const phone = firstText(textAt(order, "phone"), textAt(customer, "phone"));
  const id = firstText(gidNumber(textAt(customer, "admin_graphql_api_id")), textAt(customer, "id"));
  return {
    name: firstText(
      `${textAt(customer, "first_name")} ${textAt(customer, "last_name")}`.trim(),
      textAt(order, "shipping_address", "name"),
      textAt(order, "billing_address", "name"),
      email,
    ),
    ...(email === "" ? {} : { email }),
    ...(phone === "" ? {} : { phone }),
    ...(id === "" ? {} : { externalId: id }),
  };
}

function readAddress(address: unknown): Address | undefined {
  return addressOf({
    name: firstText(
      textAt(address, "name"),
      `${textAt(address, "first_name")} ${textAt(address, "last_name")}`.trim(),
    ),
    company: textAt(address, "company"),
    line1: textAt(address, "address1"),
    line2: textAt(address, "address2"),
    city: textAt(address, "city"),
    region: firstText(textAt(address, "province_code"), textAt(address, "province")),
    postalCode: textAt(address, "zip"),
    country: firstText(textAt(address, "country_code"), textAt(address, "country")),
    phone: textAt(address, "phone"),
  });
}
