/**
 * From a channel's order to the order that is stored: checks what the channel claims, maps its SKUs to the
 * catalog's and finds the reasons to wait.
 *
 * A channel's order is a fact: whatever is odd about it becomes a hold reason, and nothing of it is lost. A
 * basket of our own shop is a wish: what could never be fulfilled as it stands is refused, so that the
 * customer corrects it.
 */
import type { Address } from "./address.ts";
import {
  type CustomField,
  type CustomFieldProblem,
  type CustomFieldRefusalCode,
  takeFields,
} from "./custom-fields/custom-fields.ts";
import { isCollected, pickupPlaceOf, type Store, storeNamed } from "./fulfillment/collection.ts";
import { countryCode, onlyCityOf } from "./geography.ts";
import { type HoldRules, ruleHold, whyHeldByRule } from "./incoming/hold-rules.ts";
import { postalCodeProblem } from "./incoming/postal-code.ts";
import { type Oddity, usableOrder } from "./incoming/usable-order.ts";
import type { IncomingLine, IncomingOrder } from "./incoming-order.ts";
import { readInstant } from "./instant.ts";
import { addMoney, type Money, zeroMoney } from "./money.ts";
import { isEmailAddress } from "./notices/email-address.ts";
import {
  type AllocationPolicy,
  type Delivery,
  type HoldCode,
  type HoldReason,
  isOurs,
  type OrderDocument,
  type OrderLine,
} from "./order.ts";
import { sumMismatch } from "./order-amounts.ts";

export type CaptureRefusalCode = Oddity["code"] | CustomFieldRefusalCode | "address_missing";

type CapturePlan =
  | {
      readonly status: "captured";
      readonly document: OrderDocument;
      readonly holdReasons: readonly HoldReason[];
      /** As in `IncomingOrder`. */
      readonly silentOn?: IncomingOrder["silentOn"];
    }
  | { readonly status: "refused"; readonly code: CaptureRefusalCode; readonly detail: string };

type CaptureFacts = {
  readonly orderId: string;
  readonly companyId: string;
  readonly channelId: string;
  readonly capturedAtMs: number;
  /** The catalog's SKU for the channel's, or `null`. */
  readonly skuOf: (channelSku: string) => string | null;
  /** Where customers may collect an order; needed of an order that is collected. */
  readonly stores?: readonly Store[];
  /** Whether the order is a wish, which is refused where a channel's order would wait. */
  readonly isWish: boolean;
  readonly chargedBy: "channel" | "merchant" | "order";
  /** Whether an order that we charge may say that it is paid at the door; absent: it may. */
  readonly payOnDelivery?: boolean;
  /** What to reserve where the channel's orders do not say it; absent: all or nothing. */
  readonly allocation?: AllocationPolicy;
  /** By which a person looks first; absent: nobody does. */
  readonly holdRules?: HoldRules;
  /** The company's own; absent: none. */
  readonly customFields?: readonly CustomField[];
};

export function planCapture(sent: IncomingOrder, facts: CaptureFacts): CapturePlan {
  const { order: incoming, oddities } = usableOrder(sent);
  const [oddity] = oddities;
  if (oddity !== undefined && facts.isWish) {
    return { status: "refused", code: oddity.code, detail: oddity.detail };
  }
  const shippingAddress = usableAddress(incoming.shippingAddress);
  if (shippingAddress === null && facts.isWish && needsAddress(incoming)) {
    const detail = "The order needs a shipping address with street, city and country.";
    return { status: "refused", code: "address_missing", detail };
  }
  const { customFields = [] } = facts;
  const { own, problems } = takeFields(customFields, "order", incoming, true);
  const ofLines = incoming.lines.map((line) => takeFields(customFields, "order_line", line, isOurs(line)));
  const fieldProblems = [
    ...problems,
    ...ofLines.flatMap(({ problems: ofLine }, index) =>
      ofLine.map(({ code, detail }) => ({ code, detail: `Line ${index + 1}: ${detail}` })),
    ),
  ];
  const [fieldProblem] = fieldProblems;
  if (fieldProblem !== undefined && facts.isWish) return { status: "refused", ...fieldProblem };
  const lines = incoming.lines.map((line, index) => ({
    ...orderLine(line, index, incoming.currency, facts),
    ...ofLines[index]?.own,
  }));
  const capturedAt = new Date(facts.capturedAtMs).toISOString();
  const updatedAt = readInstant(incoming.updatedAt);
  const document: OrderDocument = {
    orderId: facts.orderId,
    companyId: facts.companyId,
    channelId: facts.channelId,
    externalId: incoming.externalId,
    externalNumber: incoming.externalNumber,
    externalIds: incoming.externalIds,
    placedAt: readInstant(incoming.placedAt) ?? capturedAt,
    ...(updatedAt === undefined ? {} : { channelUpdatedAt: updatedAt }),
    capturedAt,
    currency: incoming.currency,
    lines,
    shippingPrice: incoming.shippingPrice,
    discount: incoming.discount,
    ...(incoming.charges === undefined ? {} : { charges: incoming.charges }),
    tax: taxesOf(incoming),
    total: incoming.total,
    shippingAddress,
    billingAddress: usableAddress(incoming.billingAddress),
    customer: incoming.customer,
    shippingService: incoming.shippingService,
    ...(incoming.delivery === undefined ? {} : { delivery: placed(incoming.delivery, facts) }),
    ...(incoming.deliverOn === undefined ? {} : { deliverOn: incoming.deliverOn }),
    ...(incoming.releaseOn === undefined ? {} : { releaseOn: incoming.releaseOn }),
    ...(incoming.tags === undefined ? {} : { tags: incoming.tags }),
    paymentBy: payerOf(incoming, facts),
    ...(incoming.paymentMethod === undefined ? {} : { paymentMethod: incoming.paymentMethod }),
    ...(incoming.taxesIncluded === undefined ? {} : { taxesIncluded: incoming.taxesIncluded }),
    ...(incoming.storeCredit === undefined ? {} : { storeCredit: incoming.storeCredit }),
    ...allocationOf(incoming, facts),
    ...(incoming.language === undefined ? {} : { language: incoming.language }),
    ...(incoming.note === undefined ? {} : { note: incoming.note }),
    ...(incoming.attributes === undefined ? {} : { attributes: incoming.attributes }),
    ...own,
  };
  const holdReasons = holdReasonsOf(incoming, document, oddities, fieldProblems, facts);
  const { silentOn } = incoming;
  return { status: "captured", document, holdReasons, ...(silentOn === undefined ? {} : { silentOn }) };
}

/**
 * The channel's setting decides. How a channel that charges takes its money is its own to say; where we
 * charge, an order is paid at the door only where the channel's setting lets it be.
 */
function payerOf(incoming: IncomingOrder, facts: CaptureFacts): OrderDocument["paymentBy"] {
  const { chargedBy, payOnDelivery = true } = facts;
  if (incoming.paymentBy === "on_delivery")
    return chargedBy === "channel" || payOnDelivery ? "on_delivery" : "merchant";
  return chargedBy === "order" ? incoming.paymentBy : chargedBy;
}

/** Whether anything of it has to be brought to the customer by us. */
function needsAddress(order: Pick<OrderDocument, "delivery"> & { readonly lines: readonly Kind[] }): boolean {
  return !isCollected(order) && order.lines.some(isOurs);
}

type Kind = Parameters<typeof isOurs>[0];

/** The store where the order is collected, as far as it can be known. An id is that of a store, or a name. */
function placed(delivery: Delivery, { stores = [] }: CaptureFacts): Delivery {
  if (!isCollected({ delivery })) return delivery;
  const { locationId: named, ...rest } = delivery;
  if (named === undefined) {
    const locationId = storeNamed(delivery.place ?? "", stores);
    return locationId === null ? delivery : { ...delivery, locationId };
  }
  return stores.some((store) => store.locationId === named) ? delivery : { ...rest, place: named };
}

/** All or nothing is the default and is not written down. */
function allocationOf(incoming: IncomingOrder, facts: CaptureFacts): Pick<OrderDocument, "allocation"> {
  if (incoming.allocation !== undefined) return { allocation: incoming.allocation };
  return facts.allocation === undefined || facts.allocation === "all_or_nothing"
    ? {}
    : { allocation: facts.allocation };
}

/** What our lines still lack in the catalog, as a hold reason; `null` where every one is mapped. */
export function unknownSkuReason(
  lines: readonly (Pick<OrderLine, "lineId" | "sku" | "channelSku"> & Kind)[],
): HoldReason | null {
  const unknown = lines.filter((line) => line.sku === null && isOurs(line));
  if (unknown.length === 0) return null;
  const names = unknown.map((line) => `line ${line.lineId} "${line.channelSku}"`).join(", ");
  return { code: "unknown_sku", detail: `Not in the catalog: ${names}.` };
}

function orderLine(line: IncomingLine, index: number, currency: string, facts: CaptureFacts): OrderLine {
  return {
    lineId: String(index + 1),
    externalLineId: line.externalLineId,
    sku: facts.skuOf(line.channelSku),
    channelSku: line.channelSku,
    title: line.title,
    quantity: line.quantity,
    unitPrice: line.unitPrice,
    discount: line.discount,
    tax: line.taxes.map((tax) => tax.amount).reduce(addMoney, zeroMoney(currency)),
    taxes: line.taxes,
    attributes: line.attributes,
    ...(line.kind === undefined ? {} : { kind: line.kind }),
    ...(line.fulfilledBy === undefined ? {} : { fulfilledBy: line.fulfilledBy }),
    ...(line.charges === undefined ? {} : { charges: line.charges }),
    ...(line.fulfilledElsewhere === undefined ? {} : { fulfilledElsewhere: line.fulfilledElsewhere }),
    ...(line.allowSubstitutes === undefined ? {} : { allowSubstitutes: line.allowSubstitutes }),
  };
}

/** All taxes: of lines, shipping and charges. */
function taxesOf(incoming: IncomingOrder): Money {
  const charges = [...(incoming.charges ?? []), ...incoming.lines.flatMap((line) => line.charges ?? [])];
  return [
    ...incoming.lines.flatMap((line) => line.taxes.map((tax) => tax.amount)),
    ...incoming.shippingTaxes.map((tax) => tax.amount),
    ...charges.map((charge) => charge.tax),
  ].reduce(addMoney, zeroMoney(incoming.currency));
}

function holdReasonsOf(
  incoming: IncomingOrder,
  document: OrderDocument,
  oddities: readonly Oddity[],
  fieldProblems: readonly CustomFieldProblem[],
  { holdRules }: CaptureFacts,
): readonly HoldReason[] {
  // Where we charge, what the channel says of its own payment is beside the point.
  const reasons = incoming.holdReasons.filter(
    ({ code }) => code !== "payment_pending" || document.paymentBy === "channel",
  );
  const add = (code: HoldCode, detail: string) => {
    if (!reasons.some((reason) => reason.code === code)) reasons.push({ code, detail });
  };
  for (const code of new Set(oddities.map(({ hold }) => hold))) {
    add(code, oddities.flatMap((oddity) => (oddity.hold === code ? [oddity.detail] : [])).join(" "));
  }
  if (fieldProblems.length > 0)
    add("custom_field_unusable", fieldProblems.map(({ detail }) => detail).join(" "));
  // Sums of amounts that are in doubt already say nothing.
  const doubts: readonly HoldCode[] = [
    "currency_unusable",
    "quantity_unusable",
    "price_missing",
    "lines_missing",
  ];
  if (!reasons.some(({ code }) => doubts.includes(code))) {
    const mismatch = sumMismatch(document);
    if (mismatch !== null) add("sum_mismatch", mismatch);
  }
  if (needsAddress(document)) {
    if (document.shippingAddress === null) {
      add("address_missing", "The order has no street, city or country to ship to.");
    } else {
      const problem = postalCodeProblem(document.shippingAddress);
      if (problem !== null) add("address_unusable", problem);
    }
  }
  const { email } = document.customer;
  if (email !== undefined && email !== null && email !== "" && !isEmailAddress(email)) {
    // Not quoted, as the postal code is not.
    add("email_unusable", "No mail can be sent to the customer's e-mail address as it is.");
  }
  if (isCollected(document) && pickupPlaceOf(document) === null) {
    const place = document.delivery?.place ?? "";
    add("pickup_place_unknown", `The order is to be collected at "${place}", which is no store of ours.`);
  }
  // What store credit leaves to be charged is known once it is spent: then the saga asks for a means of
  // payment.
  const isUnpaid = document.paymentMethod === undefined && document.storeCredit === undefined;
  if (document.paymentBy === "merchant" && isUnpaid && document.total.minor > 0) {
    add("payment_missing", "We are to charge the order, and it names no means of payment.");
  }
  const ruled = holdRules === undefined ? null : whyHeldByRule(holdRules, document);
  if (holdRules !== undefined && ruled !== null) reasons.push(ruleHold(holdRules, ruled));
  const unknown = unknownSkuReason(document.lines);
  if (unknown !== null) reasons.push(unknown);
  return reasons;
}

function usableAddress(address: Address | undefined): Address | null {
  if (address === undefined || address.line1 === "") return null;
  const country = countryCode(address.country);
  if (country === undefined) return null;
  const city = address.city === "" ? onlyCityOf(country) : address.city;
  return city === undefined ? null : { ...address, country, city };
}
